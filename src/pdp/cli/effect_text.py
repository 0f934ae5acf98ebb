"""What a change brought about, in words: rows of exports by fate, days and values before and after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pdp.lineage import summary
from pdp.lineage.queries import short_names

_MOST_EXPORTS, _MOST_KEYS, _MOST_CELLS = 8, 4, 12
_FATES = ("accepted", "quarantined", "unread")


def exports_text(exports: Sequence[Mapping[str, Any]]) -> list[str]:
    """Exports that came and went, with their rows."""
    lines = []
    for one in exports[:_MOST_EXPORTS]:
        rows = ", ".join(f"{one[fate]:,} {fate}" for fate in _FATES if one[fate] is not None)
        names = f" ({', '.join(one['documents'])})" if one["documents"] else ""
        came = "came" if one["is_new"] else "went"
        lines.append(f"  {one['source'] or 'export'} {one['export'][:8]}{names} {came}: {rows or 'rows unknown'}")
    more = len(exports) - _MOST_EXPORTS
    lines += [f"  and {more} more (--json lists them)"] if more > 0 else []
    return ["Exports", *lines] if lines else []


def table_text(told: Mapping[str, Any]) -> list[str]:
    """What differs in a table's values."""
    name = short_names(told["path"])[-1]
    head = f"Values of {name}, v{told['before']} -> v{told['after']}"
    effect = told["effect"]
    if effect is None:
        return [f"{head}: not noted when it happened."]
    if told["before"] == told["after"]:
        return [f"{head}: unchanged."]
    kinds = {"added": "added", "gone": "gone", "unknown": "went and came back, not compared"}
    lines = [_keys(words, effect[what]) for what, words in kinds.items() if effect[what]]
    lines += [f"columns that one of them lacks: {', '.join(effect['columns'])}"] if effect["columns"] else []
    cells = [(key, column, *pair) for key, columns in effect["corrected"].items() for column, pair in columns.items()]
    if effect["n_corrected"]:
        rows = f" in {summary.counted(len(effect['corrected']), 'row')}" if effect["corrected"] else ""
        lines.append(f"{summary.counted(effect['n_corrected'], 'value')} changed{rows}")
    lines += [f"  {_cell(*cell)}" for cell in cells[:_MOST_CELLS]]
    lines += [f"  and {len(cells) - _MOST_CELLS} more (--json lists them)"] if len(cells) > _MOST_CELLS else []
    return [head, *(f"  {line}" for line in lines or ["no value differs"])]


def _keys(what: str, keys: Sequence[str]) -> str:
    more = f" and {len(keys) - _MOST_KEYS} more" if len(keys) > _MOST_KEYS else ""
    return f"{summary.counted(len(keys), 'row')} {what}: {', '.join(keys[:_MOST_KEYS])}{more}"


def _cell(key: str, column: str, before: Any, after: Any) -> str:
    apart = ""
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in (before, after)):
        apart = f" ({after - before:+.4g})"
    return f"{key} {column}: {_value(before)} -> {_value(after)}{apart}"


def _value(value: Any) -> str:
    if value is None:
        return "no value"
    return f"{value:.6g}" if isinstance(value, float) else str(value)
