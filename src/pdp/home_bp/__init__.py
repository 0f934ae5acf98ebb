"""Home blood pressure: sittings, protocol windows with a verdict on their sufficiency, habits, profile, months.

Reads the merged blood pressure alone. Every function works without a workflow:

    readings = home_bp.Readings.of(table, summary_settings, settings.session_gap_min)
    windows = home_bp.find(readings, home_bp.protocols()["esh"])
    home_bp.newest(windows, "esh")

Nothing here is a diagnosis: an average is compared with a guideline's number only where the
protocol's minimum of readings is met, and never a single reading.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pdp import described, tables
from pdp.home_bp import days, habits, months, profile, sessions, window_table
from pdp.home_bp.days import DAYS
from pdp.home_bp.finding import HABITS, Finding
from pdp.home_bp.guidelines import Guideline, Level, guideline, guidelines, whole_mmhg
from pdp.home_bp.home_bp_settings import CustomProtocol, HomeBpSettings
from pdp.home_bp.months import MONTHS
from pdp.home_bp.profile import PROFILE
from pdp.home_bp.protocols import Protocol, chosen, protocols
from pdp.home_bp.readings import COLUMNS, Readings
from pdp.home_bp.sessions import SESSIONS
from pdp.home_bp.verdict import DIPPING, NOT_A_DIAGNOSIS, Counts, Verdict, judge
from pdp.home_bp.window_table import best, newest, of_table
from pdp.home_bp.window_table import schema as windows_schema
from pdp.home_bp.windows import Window, at, contributing, find
from pdp.summarize.summary_settings import SummarySettings

__all__ = [
    "COLUMNS",
    "DAYS",
    "DIPPING",
    "HABITS",
    "MONTHS",
    "NOT_A_DIAGNOSIS",
    "PROFILE",
    "SESSIONS",
    "Counts",
    "CustomProtocol",
    "Finding",
    "Guideline",
    "HomeBpSettings",
    "Level",
    "Protocol",
    "Readings",
    "Verdict",
    "Window",
    "at",
    "best",
    "chosen",
    "contributing",
    "find",
    "guideline",
    "guidelines",
    "judge",
    "newest",
    "of_table",
    "protocols",
    "summarize",
    "whole_mmhg",
    "windows_schema",
]


def summarize(
    merged: Path, *, settings: HomeBpSettings, summary: SummarySettings, out: Mapping[str, Path]
) -> dict[str, int]:
    """Write the tables.

    Args:
        merged: The merged blood pressure.
        settings: Protocol, guideline and minimums.
        summary: Where morning and evening lie.
        out: bp_sessions, bp_windows, bp_habits, bp_profile, bp_days, bp_months -> file to write.

    Returns:
        Rows of each table.
    """
    readings = Readings.of(tables.read(merged, COLUMNS), summary, settings.session_gap_min)
    windows = [window for protocol in chosen(settings).values() for window in find(readings, protocol)]
    made = {
        "bp_sessions": sessions.table(readings),
        "bp_windows": window_table.table(windows, settings.protocol),
        "bp_habits": habits.table(readings, windows, settings),
        "bp_profile": profile.table(readings, settings.profile_least_n),
        "bp_days": days.table(readings, settings.day_least_readings, settings.guideline),
        "bp_months": months.table(readings, settings.day_least_readings, settings.guideline),
    }
    return {name: described.write(place, made[name]) for name, place in out.items()}
