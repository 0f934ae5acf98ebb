"""The pages of `snakemake --report`: tables, plots and proofs as HTML that needs nothing beside it.

`write` makes those of a subject from its summary tables (rule report_pages); `lineage.write` tells what each run
did, from the registry, when the report is asked for. Every page refuses to load anything from anywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pdp import tables
from pdp.report_pages import days, devices, home_bp, nights, quality, trends

__all__ = ["PAGES", "TABLES", "write"]

TABLES = ("daily", "nights", "agreement", "bp_windows", "trends")
PAGES = ("home_bp", "trends", "days", "nights", "devices", "quality")


def write(
    out: Mapping[str, Path],
    summary: Mapping[str, Path],
    facts: bytes,
    account: Mapping[str, Any],
    *,
    quarantine: Iterable[Path],
    unread: Iterable[Path],
) -> None:
    """All pages of a subject.

    Args:
        out: Where to write, by page.
        summary: TABLES, by name.
        facts: report.json, as it stands on the disk.
        account: conservation.json.
        quarantine, unread: Of every export.
    """
    subject = str(account["subject"])
    daily = tables.read(summary["daily"])
    made = {
        "home_bp": home_bp.page(subject, facts, tables.read(summary["bp_windows"])),
        "trends": trends.page(subject, daily, tables.read(summary["trends"])),
        "days": days.page(subject, daily),
        "nights": nights.page(subject, tables.read(summary["nights"])),
        "devices": devices.page(subject, tables.read(summary["agreement"])),
        "quality": quality.page(account, quarantine, unread),
    }
    for name, text in made.items():
        out[name].write_text(text, encoding="utf-8")
