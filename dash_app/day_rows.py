"""What there is of one span of time: readings, pulse, sleep, events; selected, never computed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

from dash_app import pressure
from dash_app.day import Span
from dash_app.gateway import Dataset, NoDataError

Row = dict[str, Any]
RESTING, RESTING_N = "rhr_sleep_p05_bpm", "rhr_sleep_n"
HAS = ("bp_n", "hr_n", "sleep_total_min", "steps")  # a day with one of them has data
FIGURES = (
    *("bp_n", pressure.SYSTOLIC, pressure.DIASTOLIC),
    *(RESTING, RESTING_N, "hr_n", "hr_coverage"),
    *("sleep_total_min", "sleep_episodes_n", "steps", "steps_n", "steps_coverage"),
)
COUNTED = "counted"
CHUNK = timedelta(hours=12)  # of more, many samples would come in wider slots
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Found:
    """Rows within a span.

    Args:
        of_day: Readings that count of the local day, whatever the span.
        woke: When the night that ended on the day did, by the local clock; None without one.
        readings: Of bp_readings, by time; empty where the table is not there.
        sittings: Of bp_sessions, by time.
        sleep: Of sleep_segments, cut at the ends of the span.
        beats: Of the pyramid, by time: start_utc, n, min, median, max.
        level: Of the pyramid: "1min"; "" without heart rate.
        slots: Of the pyramid, a quarter of an hour each: what the table tells.
        events: Of the local days that the span touches: date, kind, text.
    """

    of_day: Sequence[Row]
    woke: datetime | None
    readings: Sequence[Row]
    sittings: Sequence[Row]
    sleep: Sequence[Row]
    beats: Sequence[Row]
    level: str
    slots: Sequence[Row]
    events: Sequence[Row]


def of_span(data: Dataset, span: Span) -> Found:
    """All of it."""
    first, last = span.day - _ONE_DAY, span.day + _ONE_DAY
    # Rows are of a local day by their own offset, which a device may have wrong; on the line of time they are within.
    near = {name: pressure.rows(data, name, None, first, last) for name in ("bp_readings", "bp_sessions")}
    within = {name: [row for row in rows if span.holds(row["start_utc"])] for name, rows in near.items()}
    level, beats = _beats(data, span)
    quarters = pressure.rows(data, "heart_rate_15min", None, first, last)
    days = (first, span.day) if span.is_noon else (span.day, span.day)
    night = [row for row in pressure.rows(data, "sleep_segments", None, span.day, span.day) if row["part"] != "nap"]
    return Found(
        of_day=[row for row in near["bp_readings"] if row["date"] == span.day and row["fate"] == COUNTED],
        woke=max((local(row, "end_utc") for row in night), default=None),
        readings=sorted(within["bp_readings"], key=lambda row: (row["start_utc"], row["reading"])),
        sittings=sorted(within["bp_sessions"], key=lambda row: row["start_utc"]),
        sleep=_sleep(data, span),
        beats=beats,
        level=level,
        slots=[row for row in quarters if span.holds(row["start_utc"])],
        events=[row for row in data.events().to_pylist() if days[0] <= row["date"] <= days[1]],
    )


def figures(data: Dataset, day: date) -> Row:
    """The row of the daily table; None for what it has not."""
    known = data.table("daily").schema.names if data.has_table("daily") else []
    names = [name for name in FIGURES if name in known]
    rows = data.table("daily", ["date", *names], day, day).to_pylist()
    return dict.fromkeys(FIGURES) | (rows[0] if rows else {})


def days_with_data(data: Dataset) -> list[date]:
    """Days of the daily table on which anything was recorded, in order."""
    names = data.table("daily").schema.names
    rows = data.table("daily", ["date", *(name for name in HAS if name in names)]).to_pylist()
    return [row["date"] for row in rows if any(row.get(name) for name in HAS)]


def local(row: Row, name: str = "start_utc") -> datetime:
    """What the clock showed at a row's time, by the row's own offset."""
    at: datetime = row[name] + timedelta(minutes=row["utc_offset_min"])
    return at.replace(tzinfo=None)


def _sleep(data: Dataset, span: Span) -> list[Row]:
    rows = pressure.rows(data, "sleep_segments", None, span.day - _ONE_DAY, span.day + _ONE_DAY)
    cut = [
        {**row, "start_utc": max(row["start_utc"], span.start), "end_utc": min(row["end_utc"], span.end)}
        for row in rows
        if row["start_utc"] < span.end and row["end_utc"] > span.start
    ]
    return sorted(cut, key=lambda row: row["start_utc"])


def _beats(data: Dataset, span: Span) -> tuple[str, list[Row]]:
    parts = math.ceil((span.end - span.start) / CHUNK)
    bounds = [span.start + (span.end - span.start) * at / parts for at in range(parts + 1)]
    rows: list[Row] = []
    for first, last in pairwise(bounds):
        try:
            level, found = data.heart_rate(_ms(first), _ms(last))
        except NoDataError:
            return "", []
        rows += [row for row in found.to_pylist() if first <= row["start_utc"] < last]
    return (level if rows else ""), rows


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)
