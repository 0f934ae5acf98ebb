"""Share of days by level, month by month."""

from __future__ import annotations

import datetime

import pyarrow as pa

from pdp.home_bp.days import NO_LEVEL, Day, days
from pdp.home_bp.guidelines import guidelines
from pdp.home_bp.readings import Readings
from pdp.home_bp.table_shape import field, table_of_rows

MONTHS = pa.schema(
    [
        field("month", pa.date32(), "Month", method="its first day", is_nullable=False),
        field("guideline", pa.string(), "Guideline", method="see guidelines.yaml", is_nullable=False),
        field("is_default", pa.bool_(), "Shown unless asked", method="home_bp.guideline", is_nullable=False),
        field("level_order", pa.int8(), "Order of the level", method="0 is the lowest; -1 for none", is_nullable=False),
        field(
            "level",
            pa.string(),
            "Level",
            method='of the mean of the day\'s readings; "" for days below home_bp.day_least_readings',
            is_nullable=False,
        ),
        field("n_days", pa.int64(), "Number of days at this level", unit="1", method="count", is_nullable=False),
        field(
            "n_days_with_level", pa.int64(), "Number of days with a level", unit="1", method="count", is_nullable=False
        ),
        field(
            "n_days_with_reading",
            pa.int64(),
            "Number of days with a reading",
            unit="1",
            method="count",
            is_nullable=False,
        ),
        field("n_days_of_month", pa.int64(), "Days of the month", unit="1", method="calendar", is_nullable=False),
    ]
)


def table(readings: Readings, day_least_readings: int, default_guideline: str) -> pa.Table:
    """bp_months: every month from the first to the last with a reading, each guideline, each level and none."""
    of_month: dict[datetime.date, list[Day]] = {}
    for day in days(readings, day_least_readings):
        of_month.setdefault(day.date.replace(day=1), []).append(day)
    found = []
    for month in _months(min(of_month), max(of_month)) if of_month else ():
        known = of_month.get(month, [])
        for key, guideline in guidelines().items():
            levels = [day.level(key) for day in known]
            for level, order in ((NO_LEVEL, -1), *((each.key, each.order) for each in guideline.levels)):
                found.append(
                    {
                        "month": month,
                        "guideline": key,
                        "is_default": key == default_guideline,
                        "level": level,
                        "level_order": order,
                        "n_days": levels.count(level),
                        "n_days_with_level": len(levels) - levels.count(NO_LEVEL),
                        "n_days_with_reading": len(known),
                        "n_days_of_month": (_next(month) - month).days,
                    }
                )
    return table_of_rows(found, MONTHS)


def _next(month: datetime.date) -> datetime.date:
    return (month + datetime.timedelta(days=31)).replace(day=1)


def _months(first: datetime.date, last: datetime.date) -> list[datetime.date]:
    months = [first]
    while months[-1] < last:
        months.append(_next(months[-1]))
    return months
