"""The one order of rows in every table: total, so that bytes do not depend on the order of arrival."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from pdp.columns import Integers, integers, ranks, to_arrow

# Those that a schema has, nulls first. What these leave undecided is decided by the other columns.
SORT_KEYS = ("start_utc", "end_utc", "source", "device", "export", "member", "row")


def _lead(table: pa.Table) -> Integers:
    return integers(table["start_utc"]) if "start_utc" in table.column_names else np.zeros(len(table), np.int64)


def order(table: pa.Table) -> Integers | None:
    """Indices that put the rows in order; None if they stand in order already.

    Args:
        table: n rows; dictionaries may differ between chunks.
    """
    lead = _lead(table)
    if len(lead) < 2:
        return None
    steps = np.diff(lead)
    is_sorted = bool((steps >= 0).all())
    if is_sorted and bool((steps > 0).all()):
        return None
    indices = np.arange(len(lead)) if is_sorted else np.argsort(lead, kind="stable")
    placed = lead[indices]
    is_tied = np.zeros(len(lead) + 1, bool)
    is_tied[1:-1] = placed[1:] == placed[:-1]
    tied = np.flatnonzero(is_tied[1:] | is_tied[:-1])  # positions whose neighbour starts at the same time
    if len(tied):
        indices[tied] = indices[tied][_tie_order(table, indices[tied], placed[tied])]
    if is_sorted and bool((indices == np.arange(len(indices))).all()):
        return None
    return indices.astype(np.int64, copy=False)


def _tie_order(table: pa.Table, chosen: Integers, lead: Integers) -> Integers:
    """Order of the rows `chosen` (m indices, lead ascending) by lead, then by every other column."""
    subset = table.select([name for name in table.column_names if name != "start_utc"])
    subset = (
        subset if len(chosen) == len(table) and _is_identity(chosen) else subset.take(to_arrow(chosen))
    ).unify_dictionaries()
    first = [name for name in SORT_KEYS if name in subset.column_names]
    keys = [lead, *(ranks(subset[name]) for name in first)]
    by_keys = _lexical(keys)
    is_same = np.ones(len(chosen) - 1, bool)
    for key in keys:
        placed = key[by_keys]
        is_same &= placed[1:] == placed[:-1]
    if not is_same.any():
        return by_keys
    others = [ranks(subset[name]) for name in subset.column_names if name not in first]
    return _lexical([*keys, *others])


def _lexical(keys: Sequence[Integers]) -> Integers:
    """np.lexsort, first key first, without the keys that decide nothing."""
    deciding = [key for key in keys if key.min() != key.max()]
    if not deciding:
        return np.arange(len(keys[0]))
    return np.lexsort(deciding[::-1])


def _is_identity(indices: Integers) -> bool:
    return bool((indices == np.arange(len(indices))).all())


def key_at(table: pa.Table, position: int) -> tuple[tuple[bool, Any], ...]:
    """The sort key of one row, comparable between tables of one schema. Whole row, sort keys first."""
    names = [name for name in SORT_KEYS if name in table.column_names]
    names += [name for name in table.column_names if name not in names]
    row = table.slice(position, 1)
    values = (row[name][0].value if _is_time(row[name].type) else row[name][0].as_py() for name in names)
    return tuple((value is not None, 0 if value is None else value) for value in values)


def _is_time(kind: pa.DataType) -> bool:
    return bool(pa.types.is_timestamp(kind))
