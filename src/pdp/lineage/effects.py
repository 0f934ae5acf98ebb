"""What differs in the values of two versions of a table: rows that came and went, values that were corrected.

Old versions are not kept. When a new one is there, what it changed is noted as one line of a file, by the digests of
both (pdp.lineage.noted); differences between any two versions are put together from such lines.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

Value = int | float | str | None
Pair = tuple[Value, Value]
_BESIDE = " ("  # in a key: what follows tells rows of one instant apart
MOST_CELLS = 50_000  # values noted of one change; more is a change of everything, and only counted


@dataclass(frozen=True)
class Effect:
    """What differs between two versions of a table.

    Attributes:
        added: Keys of rows that the newer one has alone: a local day, or an instant.
        gone: Keys of rows that the older one has alone.
        corrected: By key and column: the value before and after, in the column's unit.
        unknown: Keys of rows that went and came back in between, or that several rows had at times; their values
            were not compared.
        columns: Columns that one of them lacks; their values are not compared.
        n_corrected: Values that differ; more than `corrected` has where there are more than MOST_CELLS.
        lost: Values of rows that are gone, by key and column, nulls left out; of one noted change of some tables.
    """

    added: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    corrected: Mapping[str, Mapping[str, Pair]] = field(default_factory=dict)
    columns: tuple[str, ...] = ()
    n_corrected: int = 0
    unknown: tuple[str, ...] = ()
    lost: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)

    @property
    def back(self) -> Effect:
        """What differs the other way round."""
        corrected = {
            key: {name: (after, before) for name, (before, after) in cells.items()}
            for key, cells in self.corrected.items()
        }
        return replace(self, added=self.gone, gone=self.added, corrected=corrected, lost={})


def between(
    before: Path, after: Path, keys: tuple[str, ...], left_out: tuple[str, ...] = (), told_by: tuple[str, ...] = ()
) -> Effect:
    """Compare two Parquet tables by key, some ten thousand rows each.

    Args:
        before, after: The files.
        keys: Columns that name a row.
        left_out: Columns that say where a value stands and not what it is.
        told_by: Columns that name a row besides where either table has several of one key: by their order, a row that
            came to stand before another would be taken for a correction of it.
    """
    tables = [_plain_rows(path) for path in (before, after)]
    several = {key for rows in tables for key, n in Counter(_key(row, keys) for row in rows).items() if n > 1}
    old, new = (_named(rows, keys, several, told_by) for rows in tables)
    names_old, names_new = (list(dict.fromkeys(name for row in rows for name in row)) for rows in tables)
    compared = [name for name in names_new if name in names_old and name not in {*keys, *left_out}]
    corrected: dict[str, dict[str, Pair]] = {}
    n_corrected = 0
    for key in old.keys() & new.keys():
        left, right = old[key], new[key]
        cells = {name: (left[name], right[name]) for name in compared if left[name] != right[name]}
        n_corrected += len(cells)
        if cells:
            corrected[key] = cells
    is_all = n_corrected > MOST_CELLS
    return Effect(
        added=tuple(sorted(new.keys() - old.keys())),
        gone=tuple(sorted(old.keys() - new.keys())),
        corrected={} if is_all else {key: corrected[key] for key in sorted(corrected)},
        columns=tuple(sorted({*names_old} ^ {*names_new})) if old and new else (),
        n_corrected=n_corrected,
    )


def values_of(path: Path, keys: tuple[str, ...], wanted: Set[str]) -> dict[str, dict[str, Value]]:
    """Rows of a table by key, without keys and nulls; none where they hold more than MOST_CELLS values."""
    rows = {key: row for row in _plain_rows(path) if (key := _key(row, keys)) in wanted}
    told: dict[str, dict[str, Value]] = {
        key: {name: value for name, value in row.items() if name not in keys and value is not None}
        for key, row in sorted(rows.items())
    }
    return told if sum(map(len, told.values())) <= MOST_CELLS else {}


def together(effects: Iterable[Effect]) -> Effect:
    """Effects that followed each other, as one: the first value before, the last one after."""
    state: dict[str, str] = {}  # added or gone, against the first version
    values: dict[str, dict[str, Pair]] = {}
    columns: set[str] = set()
    returned: set[str] = set()
    uncounted = 0
    for effect in effects:
        columns.update(effect.columns)
        returned.update(effect.unknown)
        uncounted += effect.n_corrected - sum(map(len, effect.corrected.values()))
        for key, cells in effect.corrected.items():
            if key not in state:
                known = values.setdefault(key, {})
                for name, (before, after) in cells.items():
                    known[name] = (known[name][0] if name in known else before, after)
        for key in effect.added:
            if state.get(key) == "gone":
                returned.add(key)
                del state[key]
            else:
                state[key] = "added"
        for key in effect.gone:
            if state.get(key) == "added":
                del state[key]
            else:
                state[key] = "gone"
    mixed = _mixed({*values, *state})
    returned |= mixed
    for key in [one for one in {*values, *state} if one.partition(_BESIDE)[0] in mixed]:
        state.pop(key, None)
        values.pop(key, None)
    corrected = {
        key: changed
        for key in sorted(values.keys() - returned - state.keys())
        if (changed := {name: pair for name, pair in values[key].items() if pair[0] != pair[1]})
    }
    return Effect(
        added=tuple(sorted(key for key, what in state.items() if what == "added")),
        gone=tuple(sorted(key for key, what in state.items() if what == "gone")),
        corrected=corrected,
        columns=tuple(sorted(columns)),
        n_corrected=sum(map(len, corrected.values())) + uncounted,
        unknown=tuple(sorted(returned - state.keys())),
    )


def _mixed(keys: Set[str]) -> set[str]:
    """Keys that one row had at one time and several at another: which of them is the one, nobody can say."""
    return {key for one in keys if (key := one.partition(_BESIDE)[0]) != one and key in keys}


def _plain_rows(path: Path) -> list[dict[str, Value]]:
    import pyarrow.parquet as pq

    return [{name: _plain(value) for name, value in row.items()} for row in pq.read_table(path).to_pylist()]


def _named(
    rows: Iterable[dict[str, Value]], keys: tuple[str, ...], several: Set[str], told_by: tuple[str, ...]
) -> dict[str, dict[str, Value]]:
    """Rows by key; where there are several of it, by key and values, whatever their order."""
    seen: Counter[str] = Counter()
    found = {}
    for row in rows:
        key = _key(row, keys)
        if key in several:
            said = ", ".join(str(row[name]) for name in told_by if row.get(name) is not None)
            key = f"{key}{_BESIDE}{said})"
        seen[key] += 1
        found[key if seen[key] == 1 else f"{key} #{seen[key]}"] = row
    return found


def _key(row: Mapping[str, Value], keys: tuple[str, ...]) -> str:
    return " ".join(str(row[name]) for name in keys)


def _plain(value: Any) -> Value:
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds" if value.microsecond else "seconds").replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    return value if isinstance(value, int | float | str) or value is None else str(value)
