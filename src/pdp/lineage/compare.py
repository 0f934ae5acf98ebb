"""Why two versions of a dataset differ: inputs, modules, settings, libraries; followed down to what people did."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from pdp.errors import RegistryError
from pdp.lineage import queries
from pdp.lineage.model import JobRun, JobRunOutput
from pdp.lineage.queries import Made, Version

Kind = Literal["input", "module", "setting", "library", "python"]
_EXPORT = re.compile(r"(?:^|/)([0-9a-f]{16})(?=[/.]|$)")
_CAME, _WENT = re.compile(r"new export (\w+) of (.+)"), re.compile(r"export gone: (\w+) of (.+)")
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


@dataclass(frozen=True)
class Comparison:
    """Two versions, the job runs that made them, what differs directly, and the causes at the root of it."""

    before: Version
    after: Version
    before_job: JobRun
    after_job: JobRun
    changes: tuple[Change, ...]
    causes: tuple[str, ...]


def compare(session: Session, path: str, before: int | None = None, after: int | None = None) -> Comparison:
    """Compare two versions; by default the current one with the one before.

    Raises:
        RegistryError: There are no two such versions, or no job is known to have made one.
    """
    known = {version.number: version for version in queries.versions(session, path)}
    last = max(known, default=0)
    after = after if after is not None else last
    before = before if before is not None else after - 1
    for number in (before, after):
        if number not in known:
            there = f"It has v1 to v{last}." if last > 1 else "It has v1 only." if last else "It has none."
            raise RegistryError(f"there is no v{number}.", where=path, hint=there)
    jobs = [_maker(session, known[before], before_seq_of=known[after]), _maker(session, known[after])]
    for version, job in zip((known[before], known[after]), jobs, strict=True):
        if job is None:
            raise RegistryError(
                f"no job on record made v{version.number}.", where=path, hint="It was only seen as an input."
            )
    first, second = (queries.made(session, job.id) for job in jobs if job)
    causes = tuple(_paired(list(dict.fromkeys(_causes(session, first, second, set())))))
    return Comparison(known[before], known[after], first.job, second.job, tuple(changes(first, second)), causes)


def cause_in_few_words(session: Session, path: str, number: int) -> str:
    """For a line of history."""
    if number == 1:
        return "first made"
    try:
        causes = compare(session, path, number - 1, number).causes
    except RegistryError:
        return "changed outside the pipeline"
    more = f" and {len(causes) - 3} more" if len(causes) > 3 else ""
    return "; ".join(causes[:3]) + more


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


def _maker(session: Session, version: Version, *, before_seq_of: Version | None = None) -> JobRun | None:
    """The job run to compare with: the one that made the version; for the older of two the last that
    still came to it, so that what changed without effect in between is not blamed."""
    jobs = queries.makers(session, version)
    if before_seq_of is None:
        return jobs[0] if jobs else None
    later = queries.makers(session, before_seq_of)
    earlier = [job for job in jobs if later and job.seq < later[0].seq]
    return earlier[-1] if earlier else (jobs[0] if jobs else None)


def _causes(session: Session, before: Made, after: Made, visited: set[tuple[str, str]]) -> Iterator[str]:
    """Follow changed inputs to the jobs that made them, down to new exports, code and settings."""
    if (before.job.id, after.job.id) in visited:
        return
    visited.add((before.job.id, after.job.id))
    old = {version.path: version for _, version in before.inputs}
    new = {version.path: version for _, version in after.inputs}
    found = list(changes(before, after))
    if not found:
        yield "the same inputs, code and settings gave other bytes"
    modules = [change.name for change in found if change.kind == "module"]
    if modules:
        yield f"code: {', '.join(modules[:3])}{f' and {len(modules) - 3} more' if len(modules) > 3 else ''}"
    for change in found:
        if change.kind == "input":
            if change.verb != "changed" or is_manifest(change.name):
                yield _about_input(change)
                continue
            jobs = [
                _job_of(session, version, side)
                for version, side in ((old[change.name], before), (new[change.name], after))
            ]
            if jobs[0] and jobs[1] and jobs[0].id != jobs[1].id:
                yield from _causes(
                    session, queries.made(session, jobs[0].id), queries.made(session, jobs[1].id), visited
                )
            else:
                yield f"{change.name} changed outside the pipeline"
        elif change.kind != "module":
            yield f"{change.kind} {change.name}"


def _job_of(session: Session, version: Version, reader: Made) -> JobRun | None:
    """The last job run before the reader that came to these bytes."""
    query = (
        select(JobRun)
        .join(JobRunOutput)
        .where(JobRunOutput.version_id == version.id, JobRun.seq < reader.job.seq)
        .order_by(JobRun.seq.desc())
    )
    return session.scalar(query.limit(1))


def _about_input(change: Change) -> str:
    export = _EXPORT.search(change.name)
    if export is None:
        return f"input {change.name} {change.verb}"
    parts = change.name[: export.start()].split("/")
    source = f" of {parts[-1]}" if len(parts) > 3 else ""
    return f"{'new export' if change.verb == 'added' else 'export gone:'} {export[1][:8]}{source}"


def _paired(causes: list[str]) -> Iterator[str]:
    """An export that came where another of the same source went is its new revision: one cause, not two."""
    came = [match for cause in causes if (match := _CAME.fullmatch(cause))]
    went = [match for cause in causes if (match := _WENT.fullmatch(cause))]
    pairs = {}
    for source in {match[2] for match in came}:
        new, old = ([m for m in found if m[2] == source] for found in (came, went))
        if len(new) == len(old) == 1:
            pairs[new[0][0]] = f"export {old[0][1]} of {source} replaced by {new[0][1]}"
            pairs[old[0][0]] = pairs[new[0][0]]
    yield from dict.fromkeys(pairs.get(cause, cause) for cause in causes)
