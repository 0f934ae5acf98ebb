"""Through the day: the spread of readings by hour of the local day, over all time and over its end."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from pdp.home_bp.readings import Readings
from pdp.home_bp.table_shape import field, table_of_rows

PERIODS: dict[str, int | None] = {"all": None, "90d": 90, "30d": 30}  # local days to the last one with a reading
_QUARTERS = (("q1", 0.25, "lower quartile"), ("median", 0.5, "median"), ("q3", 0.75, "upper quartile"))
_PRESSURES = (("systolic", "Systolic pressure"), ("diastolic", "Diastolic pressure"))

PROFILE = pa.schema(
    [
        field("period", pa.string(), "Period", method="all, or the 90 or 30 local days to the last", is_nullable=False),
        field("from_date", pa.date32(), "First day of the period", method="local day", is_nullable=False),
        field("to_date", pa.date32(), "Last day of the period", method="last day with a reading", is_nullable=False),
        field("hour", pa.int8(), "Hour of the local day", method="0 to 23, by the reading's offset", is_nullable=False),
        field("n", pa.int64(), "Number of readings", unit="1", method="count; every single reading", is_nullable=False),
        field("n_days", pa.int64(), "Number of days", unit="1", method="days with such a reading", is_nullable=False),
        *(
            field(
                f"{name}_{quarter}_mmhg",
                pa.float64(),
                f"{title}, {words}",
                unit="mm[Hg]",
                method="linear between readings; null where n is below home_bp.profile_least_n",
            )
            for name, title in _PRESSURES
            for quarter, _, words in _QUARTERS
        ),
    ]
)


def table(readings: Readings, least_n: int) -> pa.Table:
    """bp_profile: 24 hours of each period; no rows where there is no reading at all."""
    if not len(readings):
        return table_of_rows([], PROFILE)
    last = int(readings.day.max())
    rows = []
    for period, days in PERIODS.items():
        first = int(readings.day.min()) if days is None else last - days + 1
        inside = readings.take(readings.day >= first)
        hours = inside.minute // 60
        for hour in range(24):
            of_hour = inside.take(hours == hour)
            row = {
                "period": period,
                "from_date": first,
                "to_date": last,
                "hour": hour,
                "n": len(of_hour),
                "n_days": len(np.unique(of_hour.day)),
            }
            for name, _ in _PRESSURES:
                for quarter, share, _ in _QUARTERS:
                    values = getattr(of_hour, name)
                    row[f"{name}_{quarter}_mmhg"] = (
                        float(np.quantile(values, share)) if len(values) >= least_n else None
                    )
            rows.append(row)
    return table_of_rows(rows, PROFILE)
