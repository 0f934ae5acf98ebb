"""Columns of home blood pressure, and tables from rows of plain values."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from pdp import described
from pdp.summarize.daily import EPOCH

Row = Mapping[str, Any]


def field(
    name: str, kind: pa.DataType, title: str, *, unit: str = "", method: str = "", is_nullable: bool = True
) -> pa.Field:
    """A column that says what it is; unit is UCUM, "1" for counts and shares."""
    made = described.column(name, kind, title, unit, method, is_required=not is_nullable)
    return made.with_metadata({**made.metadata, "measure": "blood_pressure"})


def table_of_rows(rows: Sequence[Row], schema: pa.Schema) -> pa.Table:
    """n rows as a table; None is null. A row must have every column of the schema."""
    return described.table({each.name: [_plain(row[each.name]) for row in rows] for each in schema}, schema)


def _plain(value: Any) -> Any:
    return (value - EPOCH).days if isinstance(value, datetime.date) else value
