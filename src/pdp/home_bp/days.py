"""bp_days: the level of each day's mean, so that any range of days can be counted."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from pdp.home_bp.guidelines import guidelines
from pdp.home_bp.readings import Readings
from pdp.home_bp.table_shape import field, table_of_rows
from pdp.summarize.daily import EPOCH, split_by_day

NO_LEVEL = ""  # of days with fewer readings than a level takes
_OF_DAY = "arithmetic mean of the day's readings"

DAYS = pa.schema(
    [
        field("date", pa.date32(), "Local day", method="of the measurement", is_nullable=False),
        field("guideline", pa.string(), "Guideline", method="see guidelines.yaml", is_nullable=False),
        field("is_default", pa.bool_(), "Shown unless asked", method="home_bp.guideline", is_nullable=False),
        field("n", pa.int64(), "Number of readings", unit="1", method="count", is_nullable=False),
        field("systolic_mean_mmhg", pa.float64(), "Systolic pressure", unit="mm[Hg]", method=_OF_DAY),
        field("diastolic_mean_mmhg", pa.float64(), "Diastolic pressure", unit="mm[Hg]", method=_OF_DAY),
        field(
            "level",
            pa.string(),
            "Level",
            method='of the day\'s mean; "" for days below home_bp.day_least_readings',
            is_nullable=False,
        ),
        field(
            "is_below_threshold",
            pa.bool_(),
            "Days below the threshold",
            unit="d",
            method="days whose mean, in whole mmHg, lies below the guideline's home threshold, of the days with at "
            "least home_bp.day_least_readings readings; null for the others",
        ),
    ]
)


@dataclass(frozen=True)
class Day:
    """A day with a reading.

    Args:
        date: By the clock of the measurement.
        n: Readings.
        systolic_mmhg, diastolic_mmhg: Their means.
        has_level: Whether they are enough for a level.
    """

    date: datetime.date
    n: int
    systolic_mmhg: float
    diastolic_mmhg: float
    has_level: bool

    def level(self, guideline: str) -> str:
        """Key of the level of the day's mean; NO_LEVEL for too few readings."""
        if not self.has_level:
            return NO_LEVEL
        return guidelines()[guideline].level_of(self.systolic_mmhg, self.diastolic_mmhg).key


def days(readings: Readings, day_least_readings: int) -> Iterator[Day]:
    """The days that have a reading, in order."""
    for number, rows in split_by_day(readings.day).items():
        date = EPOCH + datetime.timedelta(days=number)
        means = float(np.mean(readings.systolic[rows])), float(np.mean(readings.diastolic[rows]))
        yield Day(date, len(rows), *means, has_level=len(rows) >= day_least_readings)


def table(readings: Readings, day_least_readings: int, default_guideline: str) -> pa.Table:
    """bp_days: every day with a reading under each guideline."""
    rows = [
        {
            "date": day.date,
            "guideline": key,
            "is_default": key == default_guideline,
            "n": day.n,
            "systolic_mean_mmhg": day.systolic_mmhg,
            "diastolic_mean_mmhg": day.diastolic_mmhg,
            "level": (level := day.level(key)),
            "is_below_threshold": guideline.is_below(level) if level else None,
        }
        for day in days(readings, day_least_readings)
        for key, guideline in guidelines().items()
    ]
    return table_of_rows(rows, DAYS)
