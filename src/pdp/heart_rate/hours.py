"""Heart rate by the local hour of each day, the hours that clocks skip and repeat among them.

Both passes of an hour that occurs twice are one row, from all of its samples; an hour without samples has a row with
n = 0 and no values, and length_min says whether there was such an hour at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from pdp.described import column
from pdp.pyramid.levels import Floats32, rows
from pdp.summarize.daily import MAX_OFFSET_MS, MS_PER_DAY, MS_PER_MIN
from pdp.summarize.daily_heart_rate import Samples, is_spread
from pdp.tables.columns import Integers, integers, numbers, to_arrow

if TYPE_CHECKING:
    from pdp.timeframe import ZoneLedger

TABLE = "heart_rate_hours"
HOURS = 24
_MS_PER_HOUR = 60 * MS_PER_MIN
_QUARTER_MIN = 15  # every clock on Earth is moved at a multiple of it
_OF = "samples with context automatic or manual, as in the daily table, that start in the hour by their own offset"
_QUANTILE = "exact quantile, linear between neighbours (Hyndman-Fan 7)"
_VALUES = (
    ("min", "lowest", "minimum"),
    ("q1", "first quartile", f"{_QUANTILE} 0.25"),
    ("median", "median", f"{_QUANTILE} 0.5"),
    ("q3", "third quartile", f"{_QUANTILE} 0.75"),
    ("max", "highest", "maximum"),
)
SCHEMA = pa.schema(
    [
        column("date", pa.date32(), "Local day", "", "every day from the first sample to the last", is_required=True),
        column("hour", pa.int8(), "Local hour", "", "0 is midnight to one", is_required=True),
        column(
            "length_min",
            pa.int16(),
            "Length of the hour",
            "min",
            "by the zone ledger: 0 where clocks skipped it, 120 where it occurred twice",
            is_required=True,
        ),
        column("n", pa.int32(), "Heart rate samples", "1", f"count of {_OF}; both passes of an hour", is_required=True),
        *(
            column(name, pa.float32(), f"Heart rate, {title}", "/min", f"{method}; {_OF}; null without any")
            for name, title, method in _VALUES
        ),
    ]
)


def lengths(first: int, last: int, ledger: ZoneLedger) -> Integers:
    """Minutes that each local hour of the days [first, last] had: days x 24."""
    step = _QUARTER_MIN * MS_PER_MIN
    utc = np.arange(first * MS_PER_DAY - MAX_OFFSET_MS, (last + 1) * MS_PER_DAY + MAX_OFFSET_MS, step)
    hour = (utc + ledger.offsets(utc).astype(np.int64) * MS_PER_MIN) // _MS_PER_HOUR - first * HOURS
    whole = (last - first + 1) * HOURS
    inside = hour[(hour >= 0) & (hour < whole)]
    return np.bincount(inside, minlength=whole).reshape(-1, HOURS) * _QUARTER_MIN


def of_day(day: int, samples: Samples, offset_min: Integers, length_min: Integers) -> pa.Table:
    """The 24 rows of one local day.

    Args:
        day: Days since 1970.
        samples: Of that day; none for a day without.
        offset_min: Of each sample.
        length_min: Of each of the 24 hours.
    """
    chosen = np.flatnonzero(is_spread(samples))
    local = samples.utc[chosen] + offset_min[chosen] * MS_PER_MIN
    hour = local // _MS_PER_HOUR % HOURS
    order = np.argsort(hour, kind="stable")
    none = np.zeros(len(order), np.int64)
    made = rows(none, none, samples.bpm[chosen][order].astype(np.float32), hour[order])
    known = np.unique(hour)
    n = np.zeros(HOURS, np.int32)
    n[known] = integers(made["n"])
    columns = [
        to_arrow(np.full(HOURS, day, np.int32), pa.date32()),
        to_arrow(np.arange(HOURS, dtype=np.int8)),
        to_arrow(length_min.astype(np.int16)),
        to_arrow(n),
    ]
    for name, *_ in _VALUES:
        values: Floats32 = np.zeros(HOURS, np.float32)
        values[known] = numbers(made[name])
        columns.append(to_arrow(values, is_null=n == 0))
    return pa.Table.from_arrays(columns, schema=SCHEMA)


def grid(
    table: pa.Table, first: int, days: int, days_wide: int
) -> tuple[np.ndarray[tuple[int, int], np.dtype[np.float64]], Integers]:
    """Medians as 24 x columns, NaN without samples, and how many samples stand behind each.

    Args:
        table: Of SCHEMA: date, hour, n, median.
        first: Days since 1970 of the first column's first day.
        days: How many days; rows of others are left out.
        days_wide: Of a column: 1, or 7 for the median of the days' medians.
    """
    at = np.asarray(table["date"].cast(pa.int32()).to_numpy(zero_copy_only=False), np.int64) - first
    inside = (at >= 0) & (at < days)
    hour, n = integers(table["hour"])[inside].astype(np.int64), integers(table["n"])[inside].astype(np.int64)
    columns = -(-days // days_wide)
    cube = np.full((HOURS, columns * days_wide), np.nan)
    cube[hour, at[inside]] = np.where(n > 0, numbers(table["median"])[inside], np.nan)
    counts = np.zeros(cube.shape, np.int64)
    counts[hour, at[inside]] = n
    parts = np.sort(cube.reshape(HOURS, columns, days_wide), axis=2)  # what is missing goes last
    known = np.count_nonzero(~np.isnan(parts), axis=2)
    low, high = np.maximum(known - 1, 0) // 2, np.maximum(known, 1) // 2
    ends = [np.take_along_axis(parts, place[:, :, None], axis=2)[:, :, 0] for place in (low, high)]
    return (ends[0] + ends[1]) / 2, counts.reshape(HOURS, columns, days_wide).sum(axis=2)
