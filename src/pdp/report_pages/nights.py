"""Night by night."""

from __future__ import annotations

import pyarrow as pa

from pdp.report_pages import csv_link
from pdp.report_pages import page as pages
from pdp.report_pages.page import NONE, Column, day, length, share, text, value, wall

COLUMNS = (
    Column("Night", "date on which it ends", day("night_date")),
    Column("Asleep", "h:mm", length("total_sleep_min")),
    Column("Main sleep", "h:mm", length("main_sleep_min")),
    Column("From", "local time", wall("onset_local_min")),
    Column("To", "local time", wall("offset_local_min")),
    Column("Deep", "h:mm", length("deep_min")),
    Column("Light", "h:mm", length("light_min")),
    Column("REM", "h:mm", length("rem_min")),
    Column("Awake", "h:mm", length("awake_min")),
    Column("Efficiency", "%", share("efficiency")),
    Column("Stages known", "% of the night", share("stage_coverage")),
    Column("Sleeps", "n", value("episodes_n")),
    Column("Naps", "n", value("naps_n")),
    Column("In naps", "h:mm", length("naps_min")),
    Column("Source", "", text("source"), is_text=True),
    Column("Minutes from", "", text("basis"), is_text=True),
    Column("Flags", "", text("flags"), is_text=True),
)


def page(subject: str, nights: pa.Table) -> str:
    """Every night, the newest first."""
    rows = [row for row in nights.to_pylist()[::-1] if row["episodes_n"]]
    caption = f"{len(rows):,} nights with a recorded sleep, newest first; {NONE}: not known"
    lead = "One row per night, by the date on which it ends. Consumer devices estimate the stages of sleep."
    saved = csv_link.link(f"nights-{subject}", nights, "nights without a recorded sleep, too; unrounded")
    told = pages.table(caption, pages.used(COLUMNS, rows), rows)
    return pages.document(f"Night by night: {subject}", lead, f"{saved}{told}", pages.ACROSS)
