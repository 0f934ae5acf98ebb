"""Twelve months of systolic pressure as calendars: a cell per day, as many months in a row as there is room for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta

from dash import html
from dash.development.base_component import Component

from dash_app import cards, charts, tables
from dash_app.native import Markup, Native, tag
from dash_app.pressure import many, whole_mmhg
from dash_app.view import View
from pdp.home_bp.guidelines import Guideline

TITLE = "Systolic by day, 12 months"
WIDTH, CELL, STEP = 96, 12, 14  # px of the drawing, which is as wide as its month's place
STEP_MMHG = 10  # between two colours: far more than a day's mean is uncertain


def section(view: View, first: date, systolic: Mapping[date, float], guide: Guideline) -> Component:
    """A card.

    Args:
        view: Whose last day is the calendar's.
        first: Its first day.
        systolic: Daily means of the days that have one, in order.
        guide: Whose threshold the colours turn at.
    """
    if not systolic:
        return cards.card(TITLE, html.P("No reading in these 12 months.", className="state state-empty"))
    when = f"{cards.moment(first)} to {cards.moment(view.last)}"
    limit = guide.threshold.systolic_mmhg
    blocks = Markup().join(_month(view, month, first, systolic, limit) for month in _months(first, view.last))
    low, high = limit - STEP_MMHG, limit + STEP_MMHG
    words = [f"below {low}", f"{low} to {limit - 1}", f"{limit} to {high - 1}", f"{high} or above"]
    keys = [charts.Key(word, f"level_{at}", "square") for at, word in enumerate(words, 1)]
    columns = [tables.Column("Day"), tables.Column("Systolic", "mmHg")]
    note = (
        f"Daily mean, mmHg; {many(len(systolic), 'day')} with a reading, {when}; an empty cell is a day without one. "
        f"The colour turns at {limit} ({guide.name}). One day is no verdict."
    )
    parts = [
        html.H2(TITLE, className="chart-title"),
        charts.legend_of(keys),
        Native("ul", blocks, {"class": "months"}),
        html.P(note, className="chart-note"),
        tables.behind(f"systolic by day, {when}", columns, ((str(day), value) for day, value in systolic.items())),
    ]
    return html.Section(parts, className="card", id="overview-calendar")


def _month(view: View, month: date, first: date, systolic: Mapping[date, float], limit: int) -> Markup:
    """Its name as a link to its days, and a row per week from Monday on."""
    last = (month + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    days = [month + timedelta(days=n) for n in range(last.day)]
    cells = Markup().join(_cell(day, month, systolic.get(day), limit) for day in days if first <= day <= view.last)
    known = [day for day in days if day in systolic]
    name = f"{month:%b %Y}"
    told = f"{name}: {many(len(known), 'day')} with a reading"
    drawing = tag("svg", cells, viewBox=f"0 0 {WIDTH} {STEP * 6}", role="img", aria_label=told)
    link = tag("a", name, href=view.link(from_=max(month, first), to=min(last, view.last)))
    return tag("li", link + drawing)


def _cell(day: date, month: date, value: float | None, limit: int) -> Markup:
    week = (day.day - 1 + month.weekday()) // 7
    place = {"x": day.weekday() * STEP, "y": week * STEP, "width": CELL, "height": CELL, "rx": 2}
    if value is None:
        return tag("rect", **place, class_="none")
    title = tag("title", f"{cards.day_text(day)}: {whole_mmhg(value)} mmHg")
    return tag("rect", title, **place, class_=f"mark-level-{level(value, limit)}")


def level(systolic: float, limit: int) -> int:
    """Colour of a mean, 1 to 4: 3 from the threshold on, in whole mmHg as it is shown."""
    above = whole_mmhg(systolic) - limit
    return 1 if above < -STEP_MMHG else 2 if above < 0 else 3 if above < STEP_MMHG else 4


def _months(first: date, last: date) -> Iterator[date]:
    month = first.replace(day=1)
    while month <= last:
        yield month
        month = (month + timedelta(days=31)).replace(day=1)
