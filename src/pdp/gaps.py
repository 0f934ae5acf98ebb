"""Days without data, as runs of days: what the daily table leaves empty."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa

# Measure, for people -> the column that is empty, or 0 where it counts, on a day without it.
COLUMNS: Mapping[str, str] = {
    "Blood pressure": "bp_n",
    "Heart rate": "hr_n",
    "Sleep": "sleep_episodes_n",
    "Steps": "steps_n",
}


@dataclass(frozen=True)
class Gap:
    """Days in a row without data of one measure, both ends included."""

    measure: str
    first: datetime.date
    last: datetime.date

    @property
    def days(self) -> int:
        """How many."""
        return (self.last - self.first).days + 1


@dataclass(frozen=True)
class Coverage:
    """How complete a measure is over n days. `newest` is None where there is no day with data."""

    measure: str
    days_with_data: int
    days: int
    newest: datetime.date | None
    gaps: tuple[Gap, ...]


def coverage(daily: pa.Table) -> list[Coverage]:
    """Of every measure, over the rows of the daily table; gaps longest first."""
    dates = daily["date"].to_pylist()
    found = []
    for measure, column in COLUMNS.items():
        has_data = [bool(value) for value in daily[column].to_pylist()]
        known = [day for day, has in zip(dates, has_data, strict=True) if has]
        gaps = sorted(_gaps(measure, dates, has_data), key=lambda gap: (-gap.days, gap.first))
        found.append(Coverage(measure, len(known), len(dates), known[-1] if known else None, tuple(gaps)))
    return found


def _gaps(measure: str, dates: list[datetime.date], has_data: list[bool]) -> list[Gap]:
    found: list[Gap] = []
    for day, has in zip(dates, has_data, strict=True):
        if has:
            continue
        if found and (day - found[-1].last).days == 1:
            found[-1] = Gap(measure, found[-1].first, day)
        else:
            found.append(Gap(measure, day, day))
    return found
