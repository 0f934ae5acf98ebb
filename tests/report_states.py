"""Subjects in all states that a report meets, and the report's facts by the functions that the rules call."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from pdp import events, home_bp, tables
from pdp.home_bp import HomeBpSettings
from pdp.report import model, select
from pdp.summarize.summary_settings import SummarySettings
from pdp.trends import rolling
from tests.summary_subject import Subject, summary_of

LAST = date(2026, 3, 31)
LONG = "Wilhelmina-Friederike von und zu Hohenlohe-Waldenburg-Schillingsfürst the Younger"


def facts_of(
    subject: Subject,
    folder: Path,
    *,
    happened: Sequence[Mapping[str, Any]] = (),
    settings: HomeBpSettings | None = None,
    name: str = "Jo Doe",
    born: str = "1970",
) -> model.Facts:
    """What stands on the report of a subject."""
    chosen, summary = settings or HomeBpSettings(), SummarySettings()
    merged = summary_of(subject, folder).merged["blood_pressure"]
    names = ("bp_sessions", "bp_windows", "bp_habits", "bp_profile", "bp_months")
    out = {each: folder / f"{each}.parquet" for each in names}
    home_bp.summarize(merged, settings=chosen, summary=summary, out=out)
    found = select.Tables(
        readings=tables.read(merged),
        **{each: tables.read(path) for each, path in out.items() if each != "bp_profile"},
        trends=rolling.trends(tables.read(folder / "daily.parquet")),
        events=events.from_config(happened),
    )
    return select.facts(found, settings=chosen, summary=summary, name=name, born=born)


def measured_days(
    days: int, *, last: date = LAST, systolic: float = 128, diastolic: float = 78, gaps: float = 0.0, **more: Any
) -> Subject:
    """The full schedule on each of so many days to the last one, but for gaps; values differ a little."""
    subject, draw = Subject(), random.Random(7)
    for back in range(days - 1, -1, -1):
        if back and draw.random() < gaps:
            continue
        day = last - timedelta(days=back)
        for time in ("07:00", "07:02", "20:00", "20:02"):
            by = draw.choice((-4, -2, 0, 0, 2, 4))
            subject.cuff(f"{day} {time}", systolic + by, diastolic + by / 2, 62, **more)
    return subject


def crowded() -> Subject:
    """Everything that makes words long: rounded values, many devices with long names, readings at all hours."""
    subject, draw = Subject(), random.Random(8)
    for back in range(600, -1, -1):
        day = LAST - timedelta(days=back)
        for place in range(8):
            device = f"A blood pressure monitor of the number {draw.randrange(9)} with a very long name of its own"
            pressures = draw.choice((110, 120, 134, 134, 180, 210)), draw.choice((70, 84, 84, 110))
            time = f"{(place * 3 + back) % 24:02d}:{draw.randrange(60):02d}"
            subject.cuff(f"{day} {time}", *pressures, 62, device=device, modality="self_reported")
    return subject


HAPPENED = [
    {"date": f"2026-03-{day:02d}", "kind": "medication", "text": "a medicine with a long name, 2.5 mg twice a day"}
    for day in range(1, 12)
]
