"""What differs in the values of two versions of a table: rows that came and went, values that were corrected.

Old versions are not kept. When a new one is there, what it changed is noted as one line of a file, by the digests of
both (pdp.lineage.noted); differences between any two versions are put together from such lines.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

Value = int | float | str | None
Pair = tuple[Value, Value]
MOST_CELLS = 50_000  # values noted of one change; more is a change of everything, and only counted


@dataclass(frozen=True)
class Effect:
    """What differs between two versions of a table.

    Attributes:
        added: Keys of rows that the newer one has alone: a local day, or an instant.
        gone: Keys of rows that the older one has alone.
        corrected: By key and column: the value before and after, in the column's unit.
        unknown: Keys of rows that went and came back in between; their values were not compared.
        columns: Columns that one of them lacks; their values are not compared.
        n_corrected: Values that differ; more than `corrected` has where there are more than MOST_CELLS.
    """

    added: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    corrected: Mapping[str, Mapping[str, Pair]] = field(default_factory=dict)
    columns: tuple[str, ...] = ()
    n_corrected: int = 0
    unknown: tuple[str, ...] = ()

    @property
    def is_nothing(self) -> bool:
        """Whether every row and value is the same."""
        return self == Effect()


def between(before: Path, after: Path, keys: tuple[str, ...], left_out: tuple[str, ...] = ()) -> Effect:
    """Compare two Parquet tables by key, some ten thousand rows each.

    Args:
        before, after: The files.
        keys: Columns that name a row; rows of the same key are told apart by their order.
        left_out: Columns that say where a value stands and not what it is.
    """
    old, new = _rows(before, keys), _rows(after, keys)
    names_old, names_new = ({name for row in rows.values() for name in row} for rows in (old, new))
    compared = sorted((names_old & names_new) - {*keys, *left_out}) if old and new else []
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
        columns=tuple(sorted(names_old ^ names_new)) if old and new else (),
        n_corrected=n_corrected,
    )


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


def _rows(path: Path, keys: tuple[str, ...]) -> dict[str, dict[str, Value]]:
    import pyarrow.parquet as pq

    seen: Counter[str] = Counter()
    found = {}
    for row in pq.read_table(path).to_pylist():
        plain = {name: _plain(value) for name, value in row.items()}
        key = " ".join(str(plain[name]) for name in keys)
        seen[key] += 1
        found[key if seen[key] == 1 else f"{key} #{seen[key]}"] = plain
    return found


def _plain(value: Any) -> Value:
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds" if value.microsecond else "seconds").replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    return value if isinstance(value, int | float | str) or value is None else str(value)
