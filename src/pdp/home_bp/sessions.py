"""Sittings: readings taken one after another, as one point each."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from pdp.home_bp.readings import Readings, mean
from pdp.home_bp.table_shape import field, table_of_rows

_OF_SITTING = "arithmetic mean of the sitting's readings; a sitting: each within home_bp.session_gap_min of the last"

SESSIONS = pa.schema(
    [
        field("date", pa.date32(), "Local day", method="local day of the sitting's first reading", is_nullable=False),
        field(
            "daytime",
            pa.string(),
            "Time of day",
            method="morning, evening (windows of summary.morning, summary.evening) or other; of the first reading",
            is_nullable=False,
        ),
        field("start_utc", pa.timestamp("ms", tz="UTC"), "First reading", method="UTC", is_nullable=False),
        field("utc_offset_min", pa.int16(), "Minutes ahead of UTC", unit="min", method="recorded", is_nullable=False),
        field("n", pa.int64(), "Number of readings", unit="1", method="count", is_nullable=False),
        field("systolic_mean_mmhg", pa.float64(), "Systolic pressure", unit="mm[Hg]", method=_OF_SITTING),
        field("diastolic_mean_mmhg", pa.float64(), "Diastolic pressure", unit="mm[Hg]", method=_OF_SITTING),
        field("pulse_mean_bpm", pa.float64(), "Pulse at the cuff", unit="/min", method=_OF_SITTING),
        field("pulse_n", pa.int64(), "Number of readings with a pulse", unit="1", method="count", is_nullable=False),
    ]
)


def table(readings: Readings) -> pa.Table:
    """bp_sessions: one row per sitting, in order of time."""
    firsts = np.flatnonzero(readings.is_first)
    rows = []
    for first, end in zip(firsts.tolist(), [*firsts[1:].tolist(), len(readings)], strict=False):
        part = slice(first, end)
        rows.append(
            {
                "date": int(readings.day[first]),
                "daytime": readings.daytime(first),
                "start_utc": int(readings.utc[first]),
                "utc_offset_min": int(readings.offset[first]),
                "n": end - first,
                "systolic_mean_mmhg": mean(readings.systolic[part]),
                "diastolic_mean_mmhg": mean(readings.diastolic[part]),
                "pulse_mean_bpm": mean(readings.pulse[part]),
                "pulse_n": int(np.sum(~np.isnan(readings.pulse[part]))),
            }
        )
    return table_of_rows(rows, SESSIONS)
