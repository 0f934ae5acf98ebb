"""What a change brought about, in words: rows of exports by fate, days and values before and after."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from pdp.discretion import is_discreet
from pdp.lineage import summary
from pdp.lineage.dataset_names import short_names

_MOST_EXPORTS, _MOST_KEYS, _MOST_CELLS, _MOST_COLUMNS = 8, 12, 3, 16
_FATES = ("accepted", "quarantined", "unread")
_ROWS = {"daily": "day", "nights": "night", "blood_pressure": "reading", "sleep_episode": "sleep"}


def exports_text(exports: Sequence[Mapping[str, Any]]) -> list[str]:
    """Exports that came and went, with their rows; a document that was edited is one line, not two."""
    lines = [_revised(*pair) if len(pair) > 1 else _alone(*pair) for pair in _pairs(exports)]
    more = len(lines) - _MOST_EXPORTS
    lines = lines[:_MOST_EXPORTS] + ([f"  and {more} more (--json lists them)"] if more > 0 else [])
    if any(one["is_new"] and (one["quarantined"] or one["unread"]) for one in exports):
        lines.append("  Which rows were quarantined or unread, and why: pdp rejected")
    return ["Exports", *lines] if lines else []


def _pairs(exports: Sequence[Mapping[str, Any]]) -> Iterator[tuple[Mapping[str, Any], ...]]:
    """The two revisions of a document together, the older one first."""
    alone: dict[tuple[Any, ...], list[Mapping[str, Any]]] = {}
    for one in exports:
        named = (one["source"], *one["documents"]) if one["documents"] else (one["source"], one["export"], "")
        alone.setdefault(named, []).append(one)
    for found in alone.values():
        went, came = ([one for one in found if one["is_new"] is is_new] for is_new in (False, True))
        if len(went) == len(came) == 1:
            yield went[0], came[0]
        else:
            yield from ((one,) for one in found)


def _revised(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    head = f"  {new['source']}{_called(new)} has new content ({old['export'][:8]} -> {new['export'][:8]})"
    known = [fate for fate in _FATES if None not in (old[fate], new[fate])]
    same = [fate for fate in known if old[fate] == new[fate]]
    told = [f"{old[fate]:,} -> {new[fate]:,} {fate}" for fate in known if fate not in same]
    told += [f"as before {', '.join(f'{new[fate]:,} {fate}' for fate in same)}"] if same else []
    return f"{head}: {', '.join(told) or 'rows unknown'}"


def _alone(one: Mapping[str, Any]) -> str:
    rows = ", ".join(f"{one[fate]:,} {fate}" for fate in _FATES if one[fate] is not None)
    came = "came" if one["is_new"] else "went"
    return f"  {one['source'] or 'export'} {one['export'][:8]}{_called(one)} {came}: {rows or 'rows unknown'}"


def _called(one: Mapping[str, Any]) -> str:
    return f" ({', '.join(one['documents'])})" if one["documents"] and not is_discreet() else ""


def table_text(told: Mapping[str, Any]) -> list[str]:
    """What differs in a table's values."""
    name = short_names(told["path"])[-1].removesuffix(".parquet")
    of = f", what rests on {' and '.join(told['only']).replace('_', ' ')}" if told["only"] else ""
    head = f"Values of {name}{of}, v{told['before']} -> v{told['after']}"
    effect = told["effect"]
    if effect is None:
        if told["is_erased"]:
            return [f"{head}: what they said is erased."]
        if told["is_pending"]:
            return [f"{head}: not noted yet, since the run that made it did not end; the next one does."]
        return [f"{head}: not noted when it happened."]
    if told["before"] == told["after"]:
        return [f"{head}: unchanged."]
    row = _ROWS.get(PurePosixPath(told["path"]).stem, "row")
    kinds = {"added": "added", "gone": "gone", "unknown": "not compared (went and came back, or several of one time)"}
    lines = [_keys(row, words, effect[what]) for what, words in kinds.items() if effect[what]]
    lines += [f"columns that one of them lacks: {', '.join(effect['columns'])}"] if effect["columns"] else []
    corrected = effect["corrected"]
    if effect["n_corrected"]:
        rows = f" in {summary.counted(len(corrected), row)}" if corrected else ""
        lines.append(f"{summary.counted(effect['n_corrected'], 'value')} changed{rows}")
    shown = list(corrected)
    if len(shown) > _MOST_KEYS:
        lines += [f"  {line}" for line in _by_column(row, corrected)]
        shown = _telling(corrected)
        lines.append("such as")
    lines += [f"  {_cells(key, corrected[key])}" for key in shown]
    left = [key for key in corrected if key not in shown]
    lines += [f"  and {_keys(row, 'more', left)} (--json has all)"] if left else []
    return [head, *(f"  {line}" for line in lines or ["no value differs"])]


def _columns(corrected: Mapping[str, Mapping[str, Sequence[Any]]]) -> dict[str, list[str]]:
    """The rows in which each column changed; what changed in few of them first, since it is lost among the others."""
    found: dict[str, list[str]] = {}
    for key, cells in corrected.items():
        for column in cells:
            found.setdefault(column, []).append(key)
    return dict(sorted(found.items(), key=lambda one: len(one[1])))


def _by_column(row: str, corrected: Mapping[str, Mapping[str, Sequence[Any]]]) -> Iterator[str]:
    """How many rows, from which to which, and by how much at the least and the most."""
    columns = _columns(corrected)
    for column, keys in list(columns.items())[:_MOST_COLUMNS]:
        place = "" if is_discreet() else f" ({keys[0]})" if len(keys) == 1 else f" ({keys[0]} to {keys[-1]})"
        apart = [
            after - before for before, after in (corrected[key][column] for key in keys) if _are_numbers(before, after)
        ]
        least, most = (f"{end(apart):+.4g}" for end in (min, max)) if apart and not is_discreet() else ("", "")
        by = f", by {least}" if least and least == most else f", by {least} to {most}" if least else ""
        yield f"{column}: {summary.counted(len(keys), row)}{place}{by}"
    if len(columns) > _MOST_COLUMNS:
        yield f"and {len(columns) - _MOST_COLUMNS} columns more (--json has all)"


def _telling(corrected: Mapping[str, Mapping[str, Sequence[Any]]]) -> list[str]:
    """Rows to show where there are too many: one for each column, then the first, in their order."""
    chosen = dict.fromkeys(keys[0] for keys in _columns(corrected).values())
    some = set(list(dict.fromkeys([*chosen, *corrected]))[:_MOST_KEYS])
    return [key for key in corrected if key in some]


def _are_numbers(*values: Any) -> bool:
    return all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)


def _keys(row: str, what: str, keys: Sequence[str]) -> str:
    shown = ["(withheld)"] if is_discreet() else keys[:_MOST_KEYS]
    more = f" and {len(keys) - _MOST_KEYS} more" if len(keys) > _MOST_KEYS and not is_discreet() else ""
    return f"{summary.counted(len(keys), row)} {what}: {', '.join(shown)}{more}"


def _cells(key: str, columns: Mapping[str, Sequence[Any]]) -> str:
    """The values of one row in a line; discreetly, only which."""
    if is_discreet():
        return f"(withheld): {', '.join(columns)}"
    told = [_cell(column, *pair) for column, pair in list(columns.items())[:_MOST_CELLS]]
    more = [f"and {len(columns) - _MOST_CELLS} more"] if len(columns) > _MOST_CELLS else []
    return f"{key} {'; '.join([*told, *more])}"


def _cell(column: str, before: Any, after: Any) -> str:
    apart = ""
    if _are_numbers(before, after):
        apart = f" ({after - before:+.4g})"
    return f"{column}: {_value(before)} -> {_value(after)}{apart}"


def _value(value: Any) -> str:
    if value is None:
        return "no value"
    return f"{value:.6g}" if isinstance(value, float) else str(value)
