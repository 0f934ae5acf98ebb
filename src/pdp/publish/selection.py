"""The rows of a range of local days."""

from __future__ import annotations

import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa

from pdp import tables
from pdp.publish.origin import MOST_ROWS, RangeError
from pdp.summarize.daily import EPOCH, MAX_OFFSET_MS, MS_PER_DAY, day_numbers, local_ms
from pdp.tables import columns

LOCAL_DAY, LOCAL_TIME = "date", "start_local"


def measure(path: Path, first: datetime.date, last: datetime.date) -> pa.Table:
    """Merged rows of the local days first to last, both included, each with its local day and wall clock in front.

    Args:
        path: results/merged/<subject>/<measure>.parquet.

    Raises:
        RangeError: More than MOST_ROWS rows.
        StoreError: No such table.
    """
    numbers = (first - EPOCH).days, (last - EPOCH).days
    low, high = numbers[0] * MS_PER_DAY - MAX_OFFSET_MS, (numbers[1] + 1) * MS_PER_DAY + MAX_OFFSET_MS
    found: list[pa.Table] = []
    n = 0
    empty = None
    for batch in tables.batches(path):
        empty = batch.schema.empty_table()
        start = columns.integers(batch["start_utc"])
        if not len(start) or start[-1] < low:
            continue
        if start[0] >= high:
            break
        day = day_numbers(local_ms(batch))
        chosen = batch.take(columns.to_arrow(np.flatnonzero((day >= numbers[0]) & (day <= numbers[1]))))
        found.append(chosen)
        n += len(chosen)
        if n > MOST_ROWS:
            raise too_many(path.stem, first, last)
    rows = pa.concat_tables(found or [empty if empty is not None else tables.read(path)]).unify_dictionaries()
    return _with_local_time(rows)


def as_it_stands(name: str, table: pa.Table, first: datetime.date, last: datetime.date) -> pa.Table:
    """A summary table's rows of that range, as they were read.

    Raises:
        RangeError: More than MOST_ROWS rows.
    """
    if len(table) > MOST_ROWS:
        raise too_many(name, first, last)
    return table


def too_many(name: str, first: datetime.date, last: datetime.date) -> RangeError:
    return RangeError(
        f"{first} to {last} has more than {MOST_ROWS:,} rows, the most that one file holds.",
        where=name.replace("_", " "),
        hint="Ask for fewer days at a time.",
    )


def wall_clock(utc_ms: int, offset_min: int) -> str:
    """2025-06-17T06:55:00.000+02:00, from ms since 1970 in UTC and minutes ahead of UTC."""
    zone = datetime.timezone(datetime.timedelta(minutes=offset_min))
    when = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC) + datetime.timedelta(milliseconds=utc_ms)
    return when.astimezone(zone).isoformat(timespec="milliseconds")


def _with_local_time(rows: pa.Table) -> pa.Table:
    utc, offset = columns.integers(rows["start_utc"]), columns.integers(rows["utc_offset_min"])
    days = pa.array(day_numbers(local_ms(rows)).astype(np.int32), pa.int32()).cast(pa.date32())
    clocks = pa.array([wall_clock(*pair) for pair in zip(utc.tolist(), offset.tolist(), strict=True)], pa.string())
    day = pa.field(LOCAL_DAY, pa.date32(), metadata=_about("Local day", "by the measurement's own offset"))
    clock = pa.field(LOCAL_TIME, pa.string(), metadata=_about("Wall clock", "start_utc at utc_offset_min"))
    return rows.add_column(0, clock, clocks).add_column(0, day, days)


def _about(title: str, method: str) -> dict[str, str]:
    return {"title": title, "unit": "", "method": method}
