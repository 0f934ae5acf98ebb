"""Day by day: the daily table as it is read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from pdp.report_pages import csv_link
from pdp.report_pages import page as pages
from pdp.report_pages.page import NONE, Column, day, length, pair, share, value, wall


def _range(row: Mapping[str, Any]) -> str:
    low, high = row["hr_min_bpm"], row["hr_max_bpm"]
    return NONE if low is None or high is None else f"{low:.0f}–{high:.0f}"


COLUMNS = (
    Column("Day", "local", day("date")),
    Column("Blood pressure", "mmHg, mean", pair("bp_systolic_mean_mmhg", "bp_diastolic_mean_mmhg")),
    Column("Readings", "n", value("bp_n")),
    Column("Pulse", "bpm, mean", value("bp_pulse_mean_bpm")),
    Column("Morning", "mmHg, mean", pair("bp_morning_systolic_mean_mmhg", "bp_morning_diastolic_mean_mmhg")),
    Column("Readings", "n", value("bp_morning_n")),
    Column("Evening", "mmHg, mean", pair("bp_evening_systolic_mean_mmhg", "bp_evening_diastolic_mean_mmhg")),
    Column("Readings", "n", value("bp_evening_n")),
    Column("Resting, asleep", "bpm, 5th percentile", value("rhr_sleep_p05_bpm")),
    Column("Resting, lowest", "bpm, half hour", value("rhr_lowest_30min_bpm")),
    Column("Resting, device's", "bpm", value("rhr_vendor_bpm")),
    Column("Heart rate", "bpm, median", value("hr_median_bpm")),
    Column("Range", "bpm", _range),
    Column("Samples", "n", value("hr_n")),
    Column("Covered", "% of the day", share("hr_coverage")),
    Column("Asleep", "h:mm", length("sleep_total_min")),
    Column("From", "local time", wall("sleep_onset_local_min")),
    Column("To", "local time", wall("sleep_offset_local_min")),
    Column("Sleeps", "n", value("sleep_episodes_n")),
    Column("Steps", "sum", value("steps")),
    Column("Covered", "% of the day", share("steps_coverage")),
)


def page(subject: str, daily: pa.Table) -> str:
    """Every day from the first to the last, the newest first."""
    rows = daily.to_pylist()[::-1]
    caption = (
        f"{len(rows):,} days, newest first; {NONE}: no data of that kind on that day; kinds without any are left out"
    )
    lead = "One row per local day, days without data included. Means are of all readings of the day."
    saved = csv_link.link(f"daily-{subject}", daily, "every figure of the daily table, unrounded")
    told = pages.table(caption, pages.used(COLUMNS, rows), rows)
    return pages.document(f"Day by day: {subject}", lead, f"{saved}{told}", pages.ACROSS)
