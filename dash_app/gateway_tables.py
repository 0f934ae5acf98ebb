"""Reading the summary tables: few columns, a range of local days, nothing kept."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pdp import manifest
from pdp.errors import PdpError

# The column that says to which local day a row belongs; the first one that a table has.
DAYS = ("date", "night_date", "to_date", "month")
INSTANT, OFFSET = "start_utc", "utc_offset_min"
FARTHEST_OFFSET = timedelta(hours=15)  # UTC+14 is the farthest there is
MS_PER_MIN = 60_000
NO_EVENTS = pa.schema([("date", pa.date32()), ("kind", pa.string()), ("text", pa.string())])


class NoDataError(PdpError):
    """There is nothing to show; the text says why, and what to do."""


def read(path: Path, columns: Sequence[str] | None, first: date | None, last: date | None) -> pa.Table:
    """A table's columns on a range of local days, both ends included.

    Raises:
        NoDataError: The file or a column is not there, or it can't be read.
    """
    name = path.stem
    try:
        schema = pq.read_schema(path)
        missing = [column for column in columns or () if column not in schema.names]
        if missing:
            raise NoDataError(f"has no column {', '.join(missing)}.", where=name, hint="Run the workflow again.")
        if first is None and last is None:
            return pq.read_table(path, columns=_listed(columns))
        return _ranged(path, schema, _listed(columns) or schema.names, first or date.min, last or date.max)
    except FileNotFoundError:
        raise NoDataError("is not there yet.", where=name, hint="Run the workflow: make run.") from None
    except (OSError, pa.ArrowInvalid):  # their texts may hold values and paths
        raise NoDataError("can't be read.", where=name, hint="Run the workflow again: make run.") from None


def document(root: Path, subject: str, path: str) -> bytes:
    """A file of one person below results/.

    Raises:
        NoDataError: It is not there, or the path does not lead to this person's.
    """
    parts = Path(path).parts
    if subject not in {part.split(".")[0] for part in parts} or ".." in parts or Path(path).is_absolute():
        raise NoDataError("is no file of this data set.", where=Path(path).name)
    try:
        return (root / "results" / path).read_bytes()
    except OSError:
        raise NoDataError("is not there yet.", where=Path(path).name, hint="Run the workflow: make run.") from None


def beginning(folder: Path) -> str:
    """How a person's data began, from the manifests in a folder; "" where there are none that can be read."""
    try:
        return manifest.beginning(json.loads(path.read_bytes()) for path in sorted(folder.glob("*.json")))
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _ranged(path: Path, schema: pa.Schema, columns: list[str], first: date, last: date) -> pa.Table:
    for day in DAYS:
        if day in schema.names and pa.types.is_date32(schema.field(day).type):
            return pq.read_table(path, columns=columns, filters=(pc.field(day) >= first) & (pc.field(day) <= last))
    if INSTANT not in schema.names:
        raise NoDataError("has no days to choose from.", where=path.stem, hint="Ask for all of it.")
    kind = schema.field(INSTANT).type
    # Row groups are chosen by UTC with room for any zone, rows then by their own local day.
    lowest = _instant(first, -FARTHEST_OFFSET)
    highest = _instant(last, FARTHEST_OFFSET + timedelta(days=1))
    near = (pc.field(INSTANT) >= pa.scalar(lowest, kind)) & (pc.field(INSTANT) < pa.scalar(highest, kind))
    ways = [INSTANT, *([OFFSET] if OFFSET in schema.names else [])]
    found = pq.read_table(path, columns=list(dict.fromkeys([*columns, *ways])), filters=near)
    local_ms = found[INSTANT].cast(pa.timestamp("ms", tz="UTC")).cast(pa.int64()).to_numpy()
    if OFFSET in schema.names:
        local_ms = local_ms + found[OFFSET].cast(pa.int64()).to_numpy() * MS_PER_MIN
    days = local_ms.astype("datetime64[ms]").astype("datetime64[D]")
    is_within = (days >= np.datetime64(first)) & (days <= np.datetime64(last))
    return found.filter(pa.array(is_within)).select(columns)


def _instant(day: date, shift: timedelta) -> datetime:
    if day in (date.min, date.max):
        return datetime(1, 1, 2, tzinfo=UTC) if day == date.min else datetime(9999, 12, 30, tzinfo=UTC)
    return datetime.combine(day, time(), UTC) + shift


def _listed(columns: Sequence[str] | None) -> list[str] | None:
    return None if columns is None else list(columns)
