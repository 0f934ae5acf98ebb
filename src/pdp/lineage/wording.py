"""Causes of a difference in words: new exports, new revisions, renamed sources, erasures, code, settings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import product

from pdp.lineage import erased
from pdp.lineage.differences import Change

Cause = Change | str  # what people did; or what can only be told in words

_EXPORT = re.compile(r"(?:^|/)([0-9a-f]{16})(?=[/.]|$)")
_CODE, _MOST_MODULES = "code: ", 4
_CAME, _WENT = re.compile(r"new export (\w+) of (.+)"), re.compile(r"export gone: (\w+) of (.+)")


def told(causes: Iterable[Cause]) -> list[str]:
    """Each cause once; modules, of whichever job, in one."""
    found = list(dict.fromkeys(map(_worded, causes)))
    modules = [cause.removeprefix(_CODE) for cause in found if cause.startswith(_CODE)]
    more = f" and {len(modules) - _MOST_MODULES} more" if len(modules) > _MOST_MODULES else ""
    code = [f"{_CODE}{', '.join(modules[:_MOST_MODULES])}{more}"] if modules else []
    return code + list(_paired([cause for cause in found if not cause.startswith(_CODE)]))


def export_in(change: Change) -> tuple[str, str] | None:
    """Source ("" for raw bytes, which may be of several) and name of the export that an input belongs to."""
    export = _EXPORT.search(change.name) if change.kind == "input" else None
    if export is None:
        return None
    parts = change.name[: export.start()].split("/")
    return (parts[-1] if len(parts) > 3 else "", export[1])


def _worded(cause: Cause) -> str:
    if isinstance(cause, str):
        return cause
    if cause.kind == "module":
        return f"{_CODE}{cause.name}"
    if cause.kind == "setting" and cause.name.startswith("forgotten_days"):
        return "a period was erased at the owner's wish"
    return _about_input(cause) if cause.kind == "input" else f"{cause.kind} {cause.name}"


def _about_input(change: Change) -> str:
    place = export_in(change)
    if f"/{erased.MARK}" in change.name:
        source = change.name.partition(f"/{erased.MARK}")[0].rpartition("/")[2]
        return f"an export of {source} was erased at the owner's wish"
    if place is None:
        return f"input {change.name} {change.verb}"
    source, export = place
    return (
        f"{'new export' if change.verb == 'added' else 'export gone:'} {export[:8]}{f' of {source}' if source else ''}"
    )


def _paired(causes: list[str]) -> Iterator[str]:
    """An export that came where another of the same source went is its new revision: one cause, not two.

    So is one that came under the name of another source: that was renamed.
    """
    came = [match for cause in causes if (match := _CAME.fullmatch(cause))]
    went = [match for cause in causes if (match := _WENT.fullmatch(cause))]
    pairs = {}
    for new, old in product(came, went):
        if new[1] == old[1]:
            pairs[new[0]] = pairs[old[0]] = f"export {new[1]} is of {new[2]} now, was of {old[2]}"
    came, went = ([match for match in found if match[0] not in pairs] for found in (came, went))
    for source in {match[2] for match in came}:
        ours, theirs = ([match for match in found if match[2] == source] for found in (came, went))
        if len(ours) == len(theirs) == 1:
            pairs[ours[0][0]] = f"export {theirs[0][1]} of {source} replaced by {ours[0][1]}"
            pairs[theirs[0][0]] = pairs[ours[0][0]]
    yield from dict.fromkeys(pairs.get(cause, cause) for cause in causes)
