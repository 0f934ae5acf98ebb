"""The overview's lower part: three measures day by day under one crosshair, and twelve months as a calendar."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from dash import html
from dash.development.base_component import Component

from dash_app import cards, charts, crosshair, pressure, states, tables
from dash_app.figures import overview as drawn
from dash_app.gateway import Dataset
from dash_app.pressure import DIASTOLIC, SYSTOLIC, Row, many
from dash_app.view import View
from pdp.home_bp.guidelines import Guideline

RESTING, SLEEP = "rhr_sleep_p05_bpm", "sleep_total_min"
COLUMNS = ("date", "bp_n", SYSTOLIC, DIASTOLIC, RESTING, SLEEP)


def section(data: Dataset, view: View, guide: Guideline, trends: dict[str, Any], daily: dict[date, Row]) -> Component:
    days = view.days()
    values = {name: [daily.get(day, {}).get(name) for day in days] for name in COLUMNS[2:]}
    counts = [daily.get(day, {}).get("bp_n") for day in days]
    events = [row for row in data.events().to_pylist() if view.first <= row["date"] <= view.last]
    marks, told = pressure.letters(events)
    both = [
        None if (shown := pressure.pair(top, bottom)) is None else f"{shown} mmHg ({many(n or 0, 'reading')})"
        for top, bottom, n in zip(values[SYSTOLIC], values[DIASTOLIC], counts, strict=True)
    ]
    rates = [None if value is None else f"{value:.0f} bpm" for value in values[RESTING]]
    nights = [None if value is None else drawn.clock(value) for value in values[SLEEP]]
    measures = [("Blood pressure", both), ("Resting heart rate", rates), ("Sleep", nights)]
    when = f"{cards.moment(view.first)} to {cards.moment(view.last)}"
    lines = values[SYSTOLIC], values[DIASTOLIC]
    # Of the charts that have something to draw, the lowest names the days.
    known = [name for name in (SYSTOLIC, RESTING, SLEEP) if any(value is not None for value in values[name])]
    blocks = [
        _nothing(data, view, "Blood pressure", SYSTOLIC, "blood pressure readings")
        if SYSTOLIC not in known
        else charts.chart(
            "overview-pressure",
            "Blood pressure (mmHg)",
            drawn.pressure(view, lines, (trends[SYSTOLIC], trends[DIASTOLIC]), guide, marks, known[-1] == SYSTOLIC),
            description=_described("Daily means in mmHg with the 14-day median", when, values[SYSTOLIC], "systolic"),
            table=_table("Blood pressure", when, days, [("Systolic", "mmHg"), ("Diastolic", "mmHg")], lines),
            legend=[
                charts.Key("systolic, 14-day median", "systolic"),
                charts.Key("diastolic", "diastolic"),
                charts.Key("middle half of days", "systolic", "band"),
                charts.Key("one day", "systolic", "dot"),
            ],
            rings=[crosshair.Ring(line) for line in lines],
        ),
        _nothing(data, view, "Resting heart rate", RESTING, "resting heart rate")
        if RESTING not in known
        else charts.chart(
            "overview-resting",
            "Resting heart rate (bpm)",
            drawn.resting(view, values[RESTING], trends[RESTING], marks, known[-1] == RESTING),
            description=_described("5th percentile while asleep, with the 28-day median", when, values[RESTING], "bpm"),
            table=_table("Resting heart rate", when, days, [("Resting heart rate", "bpm")], [values[RESTING]]),
            rings=[crosshair.Ring(values[RESTING])],
        ),
        _nothing(data, view, "Sleep", SLEEP, "nights with sleep")
        if SLEEP not in known
        else charts.chart(
            "overview-sleep",
            "Sleep (hours)",
            drawn.sleep(view, values[SLEEP], trends[SLEEP], marks),
            description=_described("Time asleep, with the 28-day median", when, values[SLEEP], "minutes"),
            table=_table("Sleep", when, days, [("Asleep", "min")], [values[SLEEP]]),
            rings=[crosshair.Ring([None if one is None else one / 60 for one in values[SLEEP]])],
        ),
    ]
    if told:
        blocks.append(html.P(told, className="chart-note"))
    dashed = pressure.threshold_words(guide) if SYSTOLIC in known else ""
    return crosshair.section(view, [crosshair.Measure(*one) for one in measures], blocks, dashed)


def _nothing(data: Dataset, view: View, title: str, name: str, what: str) -> Component:
    every = data.table("daily", ["date", name]).to_pylist()
    return charts.blank(
        title, states.empty(view, what, max((row["date"] for row in every if row[name] is not None), default=None))
    )


def _described(what: str, when: str, values: Sequence[float | None], unit: str) -> str:
    known = [value for value in values if value is not None]
    if not known:
        return f"No data, {when}."
    return f"{what}, {when}: {len(known)} of {len(values)} days, {min(known):.0f} to {max(known):.0f} {unit}."


def _table(
    title: str, when: str, days: Sequence[date], heads: Sequence[tuple[str, str]], lines: Sequence[Sequence[Any]]
) -> Component:
    columns = [tables.Column("Day"), *(tables.Column(*head) for head in heads)]
    return tables.behind(f"{title}, {when}", columns, zip(map(str, days), *lines, strict=True))
