"""Heart rate by the local hour, and how often which rate was measured asleep and awake: one pass over the samples.

Millions of samples are streamed in the order of the merged table; what is held at a time is one batch and the samples
of the local days that are not over yet.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from pdp import tables
from pdp.heart_rate import counts, hours
from pdp.heart_rate.phases import NOBODY_SLEPT, Phases
from pdp.pyramid.reading import row_groups
from pdp.summarize.daily import EPOCH, MAX_OFFSET_MS, MS_PER_DAY, walk
from pdp.summarize.daily_heart_rate import COLUMNS, Samples
from pdp.tables.columns import Integers, integers
from pdp.tables.parquet_file import open_file
from pdp.trends.segments import pieces

if TYPE_CHECKING:
    from pdp.summarize.summary_settings import SummarySettings
    from pdp.timeframe import ZoneLedger

__all__ = ["TABLES", "build", "of_days"]

TABLES = (hours.TABLE, counts.TABLE)
SCHEMAS = {hours.TABLE: hours.SCHEMA, counts.TABLE: counts.SCHEMA}
GROUPS_AT_A_TIME = 4


@dataclass(frozen=True)
class _Timed:
    """Samples, each with its offset in minutes."""

    samples: Samples
    offset: Integers

    @property
    def utc(self) -> Integers:
        return self.samples.utc

    @property
    def day(self) -> Integers:
        return self.samples.day

    def take(self, chosen: Integers | slice) -> _Timed:
        return _Timed(self.samples.take(chosen), self.offset[chosen])

    def followed_by(self, later: _Timed) -> _Timed:
        return _Timed(self.samples.followed_by(later.samples), np.concatenate([self.offset, later.offset]))


_NONE = np.zeros(0, np.int64)
NO_SAMPLES = _Timed(Samples(_NONE, _NONE, np.zeros(0), np.zeros(0, np.int8)), _NONE)


def build(
    merged: Mapping[str, Path], *, settings: SummarySettings, ledger: ZoneLedger, out: Mapping[str, Path]
) -> dict[str, int]:
    """Write both tables.

    Args:
        merged: heart_rate, sleep_episode and sleep_stage -> merged table.
        settings: How nights are found.
        ledger: The subject's zones.
        out: Table -> file to write.

    Returns:
        Rows of each table.
    """
    writers = {name: tables.SortingWriter(out[name], schema) for name, schema in SCHEMAS.items()}
    phases = Phases.of(pieces(merged, settings, ledger))
    for made in _days(merged["heart_rate"], ledger, phases, None, None):
        for name, table in made.items():
            writers[name].write(table)
    return {name: writer.close() for name, writer in writers.items()}


def of_days(
    name: str,
    merged: Mapping[str, Path],
    settings: SummarySettings,
    ledger: ZoneLedger,
    first: datetime.date,
    last: datetime.date,
) -> pa.Table:
    """The rows of one table of a range of local days, computed from the samples of these days alone.

    heart_rate_hours has rows for days without samples, too; of days before the first sample of all or after the last
    there is nothing.
    """
    begin, end = _days_held(merged["heart_rate"])
    low, high = max((first - EPOCH).days, begin), min((last - EPOCH).days, end)
    if low > high:
        return SCHEMAS[name].empty_table()
    phases = Phases.of(pieces(merged, settings, ledger)) if name == counts.TABLE else NOBODY_SLEPT
    found = [made[name] for made in _days(merged["heart_rate"], ledger, phases, low, high)]
    return pa.concat_tables([SCHEMAS[name].empty_table(), *found])


def _days(
    path: Path, ledger: ZoneLedger, phases: Phases, first: int | None, last: int | None
) -> Iterator[dict[str, pa.Table]]:
    """Rows of each day from the first to the last (None: that has samples), without samples as well."""
    before = None if first is None else first - 1
    for _, day, timed in walk(_pieces(path, first, last)):
        if (first is not None and day < first) or (last is not None and day > last):
            continue
        begin = day if before is None else before + 1
        length = hours.lengths(begin, day, ledger)
        for empty in range(begin, day):
            yield _of_day(empty, NO_SAMPLES, length[empty - begin], phases)
        yield _of_day(day, timed, length[-1], phases)
        before = day
    if before is not None and last is not None:
        for empty in range(before + 1, last + 1):
            yield _of_day(empty, NO_SAMPLES, hours.lengths(empty, empty, ledger)[0], phases)


def _days_held(path: Path) -> tuple[int, int]:
    """Days since 1970 of the first and the last sample, UTC; the local ones may be a day earlier or later."""
    columns = ["start_utc"]
    with open_file(path) as file:
        n = file.num_row_groups
        ends = [integers(file.read_row_group(at, columns=columns)["start_utc"]) for at in {0, n - 1}] if n else []
    found = [int(each[at]) // MS_PER_DAY for each in ends if len(each) for at in (0, -1)]
    return (min(found) - 1, max(found) + 1) if found else (0, -1)


def _of_day(day: int, timed: _Timed, length: Integers, phases: Phases) -> dict[str, pa.Table]:
    return {
        hours.TABLE: hours.of_day(day, timed.samples, timed.offset, length),
        counts.TABLE: counts.of_day(day, timed.samples, phases),
    }


def _pieces(path: Path, first: int | None, last: int | None) -> Iterator[_Timed]:
    """The samples, of a range of days only the row groups that can hold some."""
    low = None if first is None else first * MS_PER_DAY - MAX_OFFSET_MS
    high = None if last is None else (last + 1) * MS_PER_DAY + MAX_OFFSET_MS
    with open_file(path) as file:
        groups = row_groups(file, -(2**62) if low is None else low, 2**62 if high is None else high)
        for at in range(0, len(groups), GROUPS_AT_A_TIME):
            table = file.read_row_groups(groups[at : at + GROUPS_AT_A_TIME], columns=list(COLUMNS))
            yield _Timed(Samples.of(table), integers(table["utc_offset_min"]))
