"""An answer for where anyone may read it (PDP_DISCREET): without what was measured and what the owner named.

What is on the lists is told and everything else is not, so a new part of an answer is withheld until it is put on one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pdp.discretion import is_discreet

WORD = "(withheld)"
_TOLD = {
    *("dataset", "subject", "source", "measure", "path", "sha256", "bytes", "run", "rule", "ended", "key", "python"),
    *("inputs", "format", "export", "exports", "row", "rows", "version", "number", "versions", "seen"),
    *("since", "until", "what", "cause", "causes", "older", "times_made", "revisions", "proof", "matching", "where"),
    *("day", "figure", "title", "unit", "method", "name", "n_figure", "fate", "reason", "count", "accepted"),
    *("quarantined", "unread", "unread_without_measure", "kind", "verb", "only", "n_corrected", "columns", "made_by"),
    *("before", "after", "id", "is_equal", "is_intact", "is_new", "is_day", "is_there", "is_noted", "is_erased"),
    *("is_pending", "is_same_bytes"),
}
_COUNTED = {"added", "gone", "unknown", "corrected", "lost"}  # of an effect, whose keys are days and instants
_WHOLE = {"code", "libraries"}  # digests and versions by name
_NEVER = {"values", "figures", "night", "settings"}  # whatever they call what is in them


def for_anyone(answer: Any) -> Any:
    """The answer as it is; where anyone may read it, a word in the place of what is not told (None and "" stay)."""
    return _part(answer, is_told=False) if is_discreet() else answer


def _part(value: Any, *, is_told: bool) -> Any:
    if isinstance(value, Mapping):
        return {name: _named(name, part, value) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_part(one, is_told=is_told) for one in value]
    return value if is_told or value in (None, "") else WORD


def _named(name: str, value: Any, beside: Mapping[str, Any]) -> Any:
    if name in _NEVER:
        return _nothing(value)
    if name in _COUNTED and not isinstance(value, str | None):
        return len(value)
    if name == "rows" and isinstance(value, list):  # records say how they were proven or what became of them
        return [_part(one, is_told=True) if _is_record(one) else _nothing(one) for one in value]
    is_setting = beside.get("kind") == "setting" and name in ("before", "after")
    return value if name in _WHOLE else _part(value, is_told=name in _TOLD and not is_setting)


def _is_record(one: Any) -> bool:
    return not isinstance(one, Mapping) or "proof" in one or "fate" in one


def _nothing(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _nothing(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_nothing(one) for one in value]
    return value if value in (None, "") else WORD
