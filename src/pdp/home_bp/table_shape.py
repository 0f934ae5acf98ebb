"""Fields that describe themselves, and tables from rows of plain values."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from pdp.summarize.daily import EPOCH, table_of

Row = Mapping[str, Any]


def field(
    name: str, kind: pa.DataType, title: str, *, unit: str = "", method: str = "", is_nullable: bool = True
) -> pa.Field:
    """A column that says what it is; unit is UCUM, "1" for counts and shares."""
    metadata = {"title": title, "unit": unit, "method": method, "measure": "blood_pressure"}
    return pa.field(name, kind, nullable=is_nullable, metadata=metadata)


def table_of_rows(rows: Sequence[Row], schema: pa.Schema) -> pa.Table:
    """n rows as a table; None and NaN are null. A row must have every column of the schema."""
    plain = pa.schema([each.with_type(pa.int8()) if pa.types.is_boolean(each.type) else each for each in schema])
    table = table_of({each.name: [_plain(row[each.name]) for row in rows] for each in schema}, plain)
    columns = [table[each.name].cast(each.type) for each in schema]
    return pa.Table.from_arrays(columns, schema=schema)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime.date):
        return (value - EPOCH).days
    if isinstance(value, float | np.floating) and np.isnan(value):
        return None
    return value
