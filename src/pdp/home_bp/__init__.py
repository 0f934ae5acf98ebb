"""Home blood pressure: sittings, protocol windows with a verdict on their sufficiency, habits, profile, months.

Reads the merged blood pressure alone. Every function works without a workflow:

    readings = home_bp.Readings.of(table, summary_settings, settings.session_gap_min)
    windows = home_bp.find(readings, home_bp.protocols()["esh"])
    home_bp.newest(windows, "esh")

Nothing here is a diagnosis: an average is compared with a guideline's number only where the
protocol's minimum of readings is met, and never a single reading.
"""

from __future__ import annotations

from pdp.home_bp.guidelines import Guideline, Level, guideline, guidelines, whole_mmhg
from pdp.home_bp.habits import HABITS
from pdp.home_bp.home_bp_settings import CustomProtocol, HomeBpSettings
from pdp.home_bp.months import MONTHS
from pdp.home_bp.profile import PROFILE
from pdp.home_bp.protocols import Protocol, chosen, protocols
from pdp.home_bp.readings import COLUMNS, Readings
from pdp.home_bp.sessions import SESSIONS
from pdp.home_bp.verdict import DIPPING, NOT_A_DIAGNOSIS, Counts, Verdict, judge
from pdp.home_bp.window_table import best, newest, of_table
from pdp.home_bp.window_table import schema as windows_schema
from pdp.home_bp.windows import Window, at, find

__all__ = [
    "COLUMNS",
    "DIPPING",
    "HABITS",
    "MONTHS",
    "NOT_A_DIAGNOSIS",
    "PROFILE",
    "SESSIONS",
    "Counts",
    "CustomProtocol",
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
    "find",
    "guideline",
    "guidelines",
    "judge",
    "newest",
    "of_table",
    "protocols",
    "whole_mmhg",
    "windows_schema",
]
