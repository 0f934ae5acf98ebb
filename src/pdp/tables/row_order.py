"""The one order of rows in every table: total, so that bytes do not depend on the order of arrival."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from pdp.tables.columns import Integers, integers, is_constant, ranks, to_arrow

# Those that a schema has, nulls first. What these leave undecided is decided by the other columns.
SORT_KEYS = ("start_utc", "end_utc", "source", "device", "export", "member", "row")


def _lead(table: pa.Table) -> Integers:
    return integers(table["start_utc"]) if "start_utc" in table.column_names else np.zeros(len(table), np.int64)


def order(table: pa.Table) -> Integers | None:
    """Indices that put the rows in order; None if they stand in order already.

    Only rows that start together, and of these only groups that are out of order, are looked at closely.

    Args:
        table: n rows; dictionaries may differ between chunks.
    """
    lead = _lead(table)
    if len(lead) < 2:
        return None
    indices: Integers | None = None
    if (lead[1:] < lead[:-1]).any():
        indices = np.argsort(lead, kind="stable")
        lead = lead[indices]
    steps = lead[1:] != lead[:-1]
    tied = np.flatnonzero(~steps) + 1  # rows that start with the one before them
    if not len(tied):
        return indices
    others = [name for name in table.column_names if name != "start_utc"]
    others.sort(key=lambda name: SORT_KEYS.index(name) if name in SORT_KEYS else len(SORT_KEYS))
    wrong = _out_of_order(table, others, indices, tied)
    if not len(wrong):
        return indices
    groups = np.concatenate([[0], np.cumsum(steps)])
    is_wrong = np.zeros(len(lead), bool)
    is_wrong[groups[wrong]] = True
    rows = np.flatnonzero(is_wrong[groups])  # every row of a group with a row out of order
    if indices is None:
        indices = np.arange(len(lead), dtype=np.int64)
    subset = table.select(others).take(to_arrow(indices[rows])).unify_dictionaries()
    indices[rows] = indices[rows][_lexical([lead[rows], *(ranks(subset[name]) for name in others)])]
    return indices


def _out_of_order(table: pa.Table, names: Sequence[str], indices: Integers | None, tied: Integers) -> Integers:
    """Those of the rows `tied` that should stand before the row before them."""
    wrong: list[Integers] = []
    for name in names:
        if not len(tied):
            break
        if is_constant(table[name]):
            continue
        key = ranks(table[name].unify_dictionaries() if _is_text(table[name].type) else table[name])
        if indices is not None:
            key = key[indices]
        mine, before = key[tied], key[tied - 1]
        wrong.append(tied[mine < before])
        tied = tied[mine == before]
    return np.concatenate(wrong) if wrong else tied[:0]


def _lexical(keys: Sequence[Integers]) -> Integers:
    """np.lexsort, first key first, without the keys that decide nothing."""
    deciding = [key for key in keys if key.min() != key.max()]
    if not deciding:
        return np.arange(len(keys[0]))
    return np.lexsort(deciding[::-1])


def key_at(table: pa.Table, position: int) -> tuple[tuple[bool, Any], ...]:
    """The sort key of one row, comparable between tables of one schema. Whole row, sort keys first."""
    names = [name for name in SORT_KEYS if name in table.column_names]
    names += [name for name in table.column_names if name not in names]
    row = table.slice(position, 1)
    values = (row[name][0].value if _is_time(row[name].type) else row[name][0].as_py() for name in names)
    return tuple((value is not None, 0 if value is None else value) for value in values)


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_dictionary(kind))


def _is_time(kind: pa.DataType) -> bool:
    return bool(pa.types.is_timestamp(kind))
