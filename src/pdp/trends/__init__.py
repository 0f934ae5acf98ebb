"""What the days say together: trends, what is usual, regularity of sleep, associations, before and after an event."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pdp import described, tables
from pdp.summarize.summary_settings import SummarySettings
from pdp.trends import association, before_after, clock, regularity, rolling, segments

if TYPE_CHECKING:
    from pdp.timeframe import ZoneLedger

TABLES = ("trends", "regularity", "associations", "event_effects", "sleep_segments", "clock")


def write(
    daily: Path,
    events: Path,
    merged: Mapping[str, Path],
    *,
    settings: SummarySettings,
    ledger: ZoneLedger,
    out: Mapping[str, Path],
) -> dict[str, int]:
    """Write every table of TABLES.

    Args:
        daily, events: Tables of the summary.
        merged: sleep_episode and sleep_stage -> merged table.
        settings: How days and nights were computed.
        ledger: The subject's zones.
        out: Table -> file to write.

    Returns:
        Rows of each table.
    """
    days = tables.read(daily)
    sleep = segments.segments(merged, settings, ledger)
    made = {
        "trends": rolling.trends(days),
        "regularity": regularity.regularity(days, sleep, ledger),
        "associations": association.associations(days),
        "event_effects": before_after.before_after(days, tables.read(events)),
        "sleep_segments": sleep,
        "clock": clock.clock(days["date"].to_pylist(), ledger),
    }
    return {name: described.write(out[name], table) for name, table in made.items()}
