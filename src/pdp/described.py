"""Columns that say what they are: title, unit and method stand in the metadata of the field, and so in the file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from pdp import tables
from pdp.summarize.daily import table_of


def column(name: str, kind: pa.DataType, title: str, unit: str, method: str, *, is_required: bool = False) -> pa.Field:
    """A field with its description.

    Args:
        name: The column; ends in its unit where every row has the same one.
        unit: UCUM; "1" for counts and shares, "" for text and times.
        method: How it is computed, exactly.
        is_required: It is never null.
    """
    return pa.field(name, kind, nullable=not is_required, metadata={"title": title, "unit": unit, "method": method})


def table(values: Mapping[str, Sequence[Any]], schema: pa.Schema) -> pa.Table:
    """n rows from lists of Python values, None for null; times in ms, dates in days since 1970. Without pandas."""
    flags = [field.name for field in schema if pa.types.is_boolean(field.type)]
    made = table_of(values, pa.schema([f.with_type(pa.int8()) if f.name in flags else f for f in schema]))
    columns = [made[f.name].cast(f.type) if f.name in flags else made[f.name] for f in schema]
    return pa.Table.from_arrays(columns, schema=schema)


def write(path: Path, made: pa.Table) -> int:
    """Write a table that fits into memory, in the one order of rows. Returns its rows."""
    writer = tables.SortingWriter(path, made.schema)
    writer.write(made)
    return writer.close()


def days(table: pa.Table, name: str) -> np.ndarray[Any, np.dtype[np.int64]]:
    """A column of dates as days since 1970."""
    found: np.ndarray[Any, np.dtype[np.int64]] = np.asarray(
        table[name].cast(pa.int32()).to_numpy(zero_copy_only=False), np.int64
    )
    return found
