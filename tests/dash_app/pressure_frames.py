"""Small summary tables of blood pressure, whose every number a test can count by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from dash_app.gateway import Dataset
from dash_app.view import View

LAST = date(2026, 3, 31)
FIRST = LAST - timedelta(days=89)
BLANK = {"bp_n": 0, "bp_systolic_mean_mmhg": None, "bp_diastolic_mean_mmhg": None, "rhr_sleep_p05_bpm": None}
BLANK |= {"sleep_total_min": None, "bp_morning_systolic_mean_mmhg": None}
FULL = {"bp_n": 2, "bp_systolic_mean_mmhg": 134.5, "bp_diastolic_mean_mmhg": 80.0, "rhr_sleep_p05_bpm": 56.0}
FULL |= {"sleep_total_min": 400.0, "bp_morning_systolic_mean_mmhg": 134.5}
WINDOW = {
    "protocol": "esh",
    "is_default": True,
    "from_date": LAST - timedelta(days=6),
    "to_date": LAST,
    "n_readings": 14,
    "n_days": 4,
    "n_morning": 6,
    "n_evening": 8,
    "n_days_morning": 3,
    "n_days_evening": 4,
    "n_left_out": 2,
    "is_sufficient": True,
    "why_not": "",
    "systolic_mean_mmhg": 134.4,
    "diastolic_mean_mmhg": 80.0,
    "morning_systolic_mean_mmhg": 136.5,
    "morning_diastolic_mean_mmhg": 82.0,
    "evening_systolic_mean_mmhg": 131.0,
    "evening_diastolic_mean_mmhg": 78.0,
    "systolic_sd_mmhg": 4.0,
    "systolic_highest_mmhg": 141.0,
    "systolic_lowest_mmhg": 122.0,
    "diastolic_highest_mmhg": 88.0,
    "diastolic_lowest_mmhg": 72.0,
}
TREND = {"median": 130.0, "q1": 128.0, "q3": 132.0, "usual_q1": 126.0, "usual_q3": 131.0, "recent_n": 7}
SITTING = {"daytime": "morning", "utc_offset_min": 120, "n": 2, "systolic_mean_mmhg": 134.5}
SITTING |= {"diastolic_mean_mmhg": 80.0, "pulse_mean_bpm": 61.0}


def dataset(root: Path, missing: tuple[date, ...] = (), window: dict[str, Any] | None = None, **more: Any) -> Dataset:
    """Ninety days of the same reading, but for the missing ones, and a window with `window` changed.

    Args:
        root: An empty folder.
        missing: Days without any data.
        window: What differs in the newest window.
        more: Further tables by name, or None to leave a usual one out.
    """
    days = [FIRST + timedelta(days=at) for at in range(90)]
    there = [day for day in days if day not in missing]
    trends = {"bp_systolic_mean_mmhg": 134.0, "bp_diastolic_mean_mmhg": 80.0}
    tables: dict[str, list[dict[str, Any]] | None] = {
        "daily": [{"date": day, **(BLANK if day in missing else FULL)} for day in days],
        "trends": [
            {"figure": name, "date": day, "recent_mean": mean, **TREND} for name, mean in trends.items() for day in days
        ],
        "bp_sessions": [
            {"date": day, "start_utc": datetime(day.year, day.month, day.day, 5, tzinfo=UTC), **SITTING}
            for day in there
        ],
        "bp_windows": [{**WINDOW, **(window or {})}],
    }
    summary = root / "results/summary/demo"
    summary.mkdir(parents=True)
    for name, rows in (tables | more).items():
        if rows:
            pq.write_table(pa.Table.from_pylist(rows), summary / f"{name}.parquet")
    return Dataset(True, "demo", "v", datetime(2026, 4, 1, tzinfo=UTC), "run-1", root)


def view(**more: Any) -> View:
    """The ninety days."""
    return View(**{"first": FIRST, "last": LAST, "data_first": FIRST, "data_last": LAST, **more})
