"""Published files read back by plain means: the csv module, pyarrow, JSON."""

from __future__ import annotations

import csv
import datetime
import io
import json
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pdp.publish import Origin

ORIGIN = Origin(
    "20260214T061500Z-0a1b2c3d", datetime.datetime(2026, 2, 14, 6, 15, 9, 120000, datetime.UTC), True, "demo"
)


def rows_of_csv(content: bytes) -> list[dict[str, str]]:
    """Rows as text."""
    return list(csv.DictReader(io.StringIO(content.decode("utf-8"), newline="")))


def table_of(content: bytes) -> pa.Table:
    """The table of a Parquet file."""
    return pq.read_table(pa.BufferReader(content))


def resources_of(content: bytes, kind: str = "Observation", loinc: str = "") -> list[dict[str, Any]]:
    """Resources of a bundle."""
    found = [entry["resource"] for entry in json.loads(content)["entry"]]
    found = [one for one in found if one["resourceType"] == kind]
    return [one for one in found if not loinc or one["code"]["coding"][0]["code"] == loinc]
