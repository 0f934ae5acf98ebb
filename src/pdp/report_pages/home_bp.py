"""Home blood pressure: the doctor's sheet, and every window of the chosen protocol."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from pdp.home_bp import guideline, protocols
from pdp.report import model, sheet, style
from pdp.report_pages import csv_link
from pdp.report_pages import page as pages
from pdp.report_pages.page import Column, day, pair, text, value


def _level(key: str) -> Any:
    chosen = guideline(key)

    def tell(row: Mapping[str, Any]) -> str:
        found = row.get(f"level_{key}")
        return chosen.level(found).title if found else pages.NONE

    return tell


def page(subject: str, facts: bytes, windows: pa.Table) -> str:
    """The sheet above, the windows below."""
    known = model.parse(facts)
    chosen = guideline(known.guideline)
    columns = (
        Column("From", "", day("from_date")),
        Column("To", "", day("to_date")),
        Column("Average", "mmHg", pair("systolic_mean_mmhg", "diastolic_mean_mmhg")),
        Column("Level", chosen.name, _level(chosen.key), is_text=True),
        Column("Readings", "n", value("n_readings")),
        Column("Days", "n", value("n_days")),
        Column("Morning", "mmHg", pair("morning_systolic_mean_mmhg", "morning_diastolic_mean_mmhg")),
        Column("Readings", "n", value("n_morning")),
        Column("Evening", "mmHg", pair("evening_systolic_mean_mmhg", "evening_diastolic_mean_mmhg")),
        Column("Readings", "n", value("n_evening")),
        Column("Pulse", "bpm", value("pulse_mean_bpm")),
        Column("Left out", "n", value("n_left_out")),
        Column("What is missing", "for a verdict", text("why_not"), is_text=True),
    )
    rows = [row for row in windows.to_pylist()[::-1] if row["is_default"]]
    known_protocols, key = protocols(), rows[0]["protocol"] if rows else ""
    protocol = f", {known_protocols[key].title if key in known_protocols else f'protocol {key}'}" if rows else ""
    marks = sheet.Marks(hashlib.sha256(facts).hexdigest())
    drawn = sheet.article(known, chosen, marks, is_for_screens=True)
    body = (
        f"{pages.figure(drawn, 'The sheet for a doctor')}<h2>Window by window</h2>"
        "<p>A window ends on each day with a reading. Where it has too few readings it has no level.</p>"
        + csv_link.link(f"bp_windows-{subject}", windows, "every protocol, level by every guideline, unrounded")
        + pages.table(f"{len(rows):,} windows{protocol}, newest first", columns, rows)
    )
    lead = "A summary of readings taken at home, compared with a guideline's numbers. Not a diagnosis."
    return pages.document(f"Home blood pressure: {subject}", lead, body, style.SHEET + style.SCREENS)
