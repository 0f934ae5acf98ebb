"""Local days on the line of time: when each begins and ends, and where within it clocks were moved."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from pdp import described
from pdp.described import column
from pdp.summarize.daily import EPOCH, MS_PER_MIN, Day

if TYPE_CHECKING:
    from pdp.timeframe import ZoneLedger

_QUARTER_MS = 15 * MS_PER_MIN  # every clock on Earth is moved at a multiple of it
_ONE_DAY = datetime.timedelta(days=1)
_TIME = pa.timestamp("ms", tz="UTC")
SCHEMA = pa.schema(
    [
        column("date", pa.date32(), "Local day", "", "by the zone ledger", is_required=True),
        column("start_utc", _TIME, "From", "", "begin of the day, or of what follows a change", is_required=True),
        column("end_utc", _TIME, "To", "", "end of the day, or the change; left out", is_required=True),
        column(
            "utc_offset_min",
            pa.int16(),
            "Local clock ahead of UTC",
            "min",
            "by the zone ledger; a day is cut where it changes: daylight saving and journeys",
            is_required=True,
        ),
    ]
)


def clock(days: Sequence[datetime.date], ledger: ZoneLedger) -> pa.Table:
    """clock.parquet: a row per local day and offset, from a day before the first to a day after the last.

    Args:
        days: Of the daily table, in order.
        ledger: The subject's zones.
    """
    rows: list[tuple[int, int, int, int]] = []
    day = days[0] - _ONE_DAY if days else None
    while day is not None and day <= days[-1] + _ONE_DAY:
        rows += _pieces(Day.of(day, ledger), ledger)
        day += _ONE_DAY
    named = zip(SCHEMA.names, zip(*rows, strict=True), strict=True) if rows else ()
    return described.table({name: [] for name in SCHEMA.names} | {name: list(each) for name, each in named}, SCHEMA)


def _pieces(day: Day, ledger: ZoneLedger) -> list[tuple[int, int, int, int]]:
    """The day cut where the offset changes; a day that was skipped has none."""
    first = -(-day.start_ms // _QUARTER_MS) * _QUARTER_MS
    times = sorted({day.start_ms, *range(first, day.end_ms, _QUARTER_MS)} if day.start_ms < day.end_ms else ())
    offsets = ledger.offsets(np.array(times, np.int64)).tolist()
    begins = [at for at in range(len(times)) if not at or offsets[at] != offsets[at - 1]]
    bounds = [*(times[at] for at in begins), day.end_ms]
    number = (day.date - EPOCH).days
    return [(number, start, end, offsets[at]) for at, (start, end) in zip(begins, pairwise(bounds), strict=True)]
