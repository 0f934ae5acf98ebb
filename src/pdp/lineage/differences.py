"""What differs between two job runs: what they read, and what their keys hold."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pdp.lineage.queries import Made

Kind = Literal["input", "module", "setting", "library", "python"]
_ABSENT = ""


@dataclass(frozen=True)
class Change:
    """One difference between two job runs. `before` or `after` is "" where there was none."""

    kind: Kind
    name: str
    before: str
    after: str

    @property
    def verb(self) -> str:
        """added, gone or changed."""
        return "added" if not self.before else "gone" if not self.after else "changed"


def changes(before: Made, after: Made) -> Iterator[Change]:
    """What differs between two job runs: inputs first, then modules, settings, libraries, Python."""
    old = {version.path: version for _, version in before.inputs}
    new = {version.path: version for _, version in after.inputs}
    found = []
    for path in sorted(old.keys() | new.keys()):
        left, right = old.get(path), new.get(path)
        if left is None or right is None or left.sha256 != right.sha256:
            numbers = f"v{left.number}" if left else _ABSENT, f"v{right.number}" if right else _ABSENT
            found.append(Change("input", path, *numbers))
    found += _of_key(before.key, after.key)
    # A manifest differs after every poll, if only in its time, and no job runs for it.
    yield from [change for change in found if not is_manifest(change.name)] or found


def _of_key(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    yield from _differences("module", before.get("code") or {}, after.get("code") or {})
    settings = before.get("settings") or {}, after.get("settings") or {}
    found = list(_differences("setting", dict(_flat(settings[0])), dict(_flat(settings[1]))))
    names = [change.name for change in found]
    # "summary: {}" gives way to "summary.morning": the inner key says it
    found = [
        change for change in found if not any(name.startswith((f"{change.name}.", f"{change.name}[")) for name in names)
    ]
    if not found and json.dumps(settings[0]) != json.dumps(settings[1]):
        found = [Change("setting", "order of keys", " ".join(_keys(settings[0])), " ".join(_keys(settings[1])))]
    yield from found
    yield from _differences("library", before.get("libraries") or {}, after.get("libraries") or {})
    if before.get("python") != after.get("python"):
        yield Change("python", "Python", str(before.get("python") or _ABSENT), str(after.get("python") or _ABSENT))


def is_manifest(path: str) -> bool:
    """Whether a path is what a source said when it was last asked."""
    return path.startswith("results/manifests/")


def key_changes(recorded: Mapping[str, Any], present: Mapping[str, Any]) -> list[Change]:
    """How a key file differs from the one that a job ran with."""
    return list(_of_key(recorded, present))


def _differences(kind: Kind, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    for name in sorted(before.keys() | after.keys()):
        left, right = str(before.get(name, _ABSENT)), str(after.get(name, _ABSENT))
        if left != right:
            yield Change(kind, name, left, right)


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Leaves of nested settings by key path: settings.columns.systolic, zones[1].since."""
    if isinstance(value, Mapping) and (value or not path):
        for key, inner in value.items():
            yield from _flat(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list) and any(isinstance(item, Mapping | list) for item in value):
        for position, inner in enumerate(value):
            yield from _flat(inner, f"{path}[{position}]")
    else:
        yield path, json.dumps(value, ensure_ascii=False)


def _keys(value: Any) -> Iterator[str]:
    for path, _ in _flat(value):
        yield path
