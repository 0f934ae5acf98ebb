"""The page's part under the crosshair: minutes asleep and when, night by night, with the table behind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from dash.development.base_component import Component

from dash_app import cards, charts, crosshair, pressure, tables
from dash_app.figures import sleep as drawn
from dash_app.gateway import Dataset
from dash_app.native import tag
from dash_app.pressure import Row, many
from dash_app.sleep import BASES, BELONGING, duration, middle, oddities, span, wall
from dash_app.view import View

COLUMNS = (
    tables.Column("Night to"),
    tables.Column("Asleep", "min"),
    tables.Column("From, to", is_text=True),
    tables.Column("Mid-sleep", is_text=True),
    tables.Column("Efficiency", "%"),
    tables.Column("Naps"),
    tables.Column("In naps", "min"),
    tables.Column("Time asleep is", is_text=True),
    tables.Column("Notes", is_text=True),
)


def section(
    data: Dataset, view: View, nights: Mapping[date, Row], trend: Mapping[date, Row], regularity: Mapping[date, Row]
) -> Component:
    """Two charts with one cursor.

    Args:
        data: For the events.
        view: Its days.
        nights: Rows of the table "nights" by day; at least one within the view.
        trend: Of minutes asleep, by day.
        regularity: Rows of the table "regularity" of 28 days, by day.
    """
    days = view.days()
    shown = {day: nights[day] for day in days if day in nights}
    events = [row for row in data.events().to_pylist() if view.first <= row["date"] <= view.last]
    marks, told = pressure.letters(events)
    when = f"{cards.moment(view.first)} to {cards.moment(view.last)}"
    counted = f"{when}: {len(shown)} of {many(len(days), 'night')} with data"
    lengths = [shown.get(day, {}).get("total_sleep_min") for day in days]
    middles = [middle(shown[day]) if day in shown else None for day in days]
    known = [value for value in lengths if value is not None]
    spread = f", {duration(min(known))} to {duration(max(known))}" if known else ""
    blocks = [
        charts.chart(
            "sleep-duration",
            "Asleep, night by night (hours)",
            drawn.minutes_asleep(view, shown, trend, marks),
            description=f"Time asleep with the 28-day median, {counted}{spread}.",
            table=tables.behind(f"nights, {when}", COLUMNS, _rows(view, days, shown)),
            legend=[
                charts.Key("one night", "sleep", "soft"),
                charts.Key("28-day median", "sleep"),
                charts.Key("middle half of 28 days", "sleep", "band"),
            ],
            rings=[crosshair.Ring([None if value is None else value / 60 for value in lengths])],
        ),
        charts.chart(
            "sleep-times",
            "From falling asleep to waking (local time)",
            drawn.times(view, shown, regularity, marks),
            description=f"The wall clock of each night, and mid-sleep with its 28-day median, {counted}.",
            table=tables.behind(f"local times, {when}", TIMES, _times(view, days, shown, regularity)),
            legend=[
                charts.Key("asleep from, to", "sleep", "soft"),
                charts.Key("mid-sleep", "ink", "dot"),
                charts.Key("mid-sleep, 28-day median", "sleep"),
            ],
            note=f"{BELONGING} {told}".strip(),
            rings=[crosshair.Ring([None if at is None else at / 60 for at in middles])],
        ),
    ]
    return crosshair.section(view, measures(days, shown), blocks)


def measures(days: Iterable[date], nights: Mapping[date, Row]) -> list[crosshair.Measure]:
    """What the readout says of each day."""
    found = [nights.get(day) for day in days]
    return [
        crosshair.Measure("Asleep", [_asleep(night) for night in found]),
        crosshair.Measure("From, to", [None if night is None else span(night) for night in found]),
        crosshair.Measure("Mid-sleep", [None if night is None else wall(middle(night)) for night in found]),
        crosshair.Measure("Naps", [_naps(night) for night in found]),
    ]


def _asleep(night: Row | None) -> str | None:
    if night is None or night["total_sleep_min"] is None:
        return None
    odd = "; ".join(part for part in (BASES.get(night["basis"], night["basis"]), oddities(night)) if part)
    return f"{duration(night['total_sleep_min'])} ({odd})"


def _naps(night: Row | None) -> str | None:
    """None of a day without a night: nothing says that its naps would be known."""
    if night is None:
        return None
    if not night["naps_n"]:
        return "none"
    return many(night["naps_n"], "nap") + (f", {duration(night['naps_min'])}" if night["naps_min"] is not None else "")


def _rows(view: View, days: Iterable[date], nights: Mapping[date, Row]) -> Iterable[list[Any]]:
    for day in reversed(list(days)):
        night = nights.get(day)
        head = tag("a", str(day), href=view.day_page(day))
        if night is None:
            yield [head, *[None] * (len(COLUMNS) - 2), ""]
            continue
        share = night["efficiency"]
        yield [
            head,
            night["total_sleep_min"],
            span(night),
            wall(middle(night)),
            None if share is None else 100 * share,
            night["naps_n"],
            night["naps_min"] if night["naps_n"] else "",
            BASES.get(night["basis"], night["basis"]),
            oddities(night),
        ]


TIMES = (
    tables.Column("Night to"),
    tables.Column("Asleep at", is_text=True),
    tables.Column("Awake at", is_text=True),
    tables.Column("Mid-sleep", is_text=True),
    tables.Column("Mid-sleep, median of 28 days", is_text=True),
    tables.Column("Nights behind it"),
)


def _times(
    view: View, days: Iterable[date], nights: Mapping[date, Row], regularity: Mapping[date, Row]
) -> Iterable[list[Any]]:
    for day in reversed(list(days)):
        night, row = nights.get(day), regularity.get(day)
        own = [wall(night["onset_local_min"]), wall(night["offset_local_min"]), wall(middle(night))] if night else []
        median = [wall(row["mid_sleep_local_min"]), row["n_nights"]] if row else [None, None]
        yield [str(day), *(own or [None] * 3), *median]
