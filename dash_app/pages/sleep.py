"""Sleep: how long, when and how regularly, night by night; the actogram; the newest nights with their stages."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from dash import html
from dash.development.base_component import Component

from dash_app import cards, charts, pressure, sleep, sleep_actogram, sleep_days, sleep_hypnogram, states, tables
from dash_app.figures import sleep as drawn
from dash_app.gateway import Dataset
from dash_app.native import Markup, Native, tag
from dash_app.pressure import Row, many
from dash_app.view import View
from pdp.trends.regularity import LEAST_PAIRS

TITLE = "Sleep"
SUBTITLE = "As devices tell it. Not a diagnosis."
PATH = "/sleep"
NAV = 40
NOT_MADE = "The runs have not made the table of the pieces of sleep yet: run the workflow (make run)."


def page(data: Dataset, view: View) -> list[Component]:
    """Four cards, length and times day by day, the actogram, the newest nights, regularity, where pressure is."""
    # Cards and the last row of the actogram look a little beyond the range.
    every = sleep.by_day(data, view.first - timedelta(days=28), view.last + timedelta(days=1))
    nights = {day: row for day, row in every.items() if view.first <= day <= view.last}
    if not nights:
        known = pressure.rows(data, "nights", ["night_date"], None, None)
        last = max((row["night_date"] for row in known), default=None)
        return [states.empty(view, "nights with sleep", last)]
    back = view.first - timedelta(days=28)
    regular = sleep.regularity(data, back, view.last, sleep.DEFAULT_WINDOW_DAYS)
    trend = pressure.trend(data, sleep.ASLEEP, view.first, view.last)
    window = sleep.window(view)
    chosen = regular if window == sleep.DEFAULT_WINDOW_DAYS else sleep.regularity(data, back, view.last, window)
    to_last = {day: row for day, row in every.items() if day <= view.last}
    shown = [
        states.stale(max(nights), pressure.today(data, view), "night with sleep"),
        cards.cards(
            sleep.last_night(view, to_last, trend),
            sleep.mid_sleep(view, regular, to_last),
            sleep.index(view, chosen, to_last, window),
            sleep.with_data(view, regular, to_last),
        ),
        sleep_days.section(data, view, nights, trend, regular),
        _actogram(data, view, every),
        _hypnograms(data, view, nights),
        _regularity(data, view, chosen, window),
        _pressure(view),
    ]
    return [part for part in shown if part is not None]


def _actogram(data: Dataset, view: View, every: dict[date, Row]) -> Component:
    title = "Sleep and waking, two days a row (actogram)"
    if not data.has_table("sleep_segments"):
        return cards.card(title, html.P(NOT_MADE, className="state state-few"), id="actogram")
    days, months = _months(view)
    found = pressure.rows(data, "sleep_segments", None, days[0] - timedelta(days=1), days[-1] + timedelta(days=2))
    note = (
        "Each row is 48 hours from noon to noon, by the local clock: the night of its day on the left, the next one on "
        "the right, so that a drift is a slope. Dotted is no data, not awake. On the right: by how much the local "
        "clock was moved. A night without stages is one bar from falling asleep to waking."
    )
    columns = [tables.Column("Night to"), tables.Column("What is drawn", is_text=True)]
    moves = sleep_actogram.clock_moves(every)
    body = [
        (
            tag("a", str(day), href=view.day_page(day)),
            sleep_actogram.row_text(day, every.get(day), moves.get(day)).partition(": ")[2],
        )
        for day in days
    ]
    when = f"{cards.moment(days[0])} to {cards.moment(days[-1])}"
    return cards.card(
        title,
        [
            *months,
            sleep_actogram.actogram(view, days, every, found),
            html.P(note, className="chart-note"),
            tables.behind(f"the actogram, {when}", columns, body),
        ],
        id="actogram",
    )


def _months(view: View) -> tuple[list[date], list[Component]]:
    """The rows, and links to the other months where there are more days than rows."""
    days = view.days()
    if len(days) <= sleep_actogram.MOST_ROWS:
        return days, []
    firsts = sorted({day.replace(day=1) for day in days})
    asked = view.params.get("month", "")
    month = next((first for first in firsts if f"{first:%Y-%m}" == asked), firsts[-1])
    years = sorted({first.year for first in firsts})
    rows = Markup()
    if len(years) > 1:
        rows += _links(view, [(str(year), _of_year(firsts, year, month), year == month.year) for year in years])
    of_year = [first for first in firsts if first.year == month.year]
    rows += _links(view, [(f"{first:%b %Y}", first, first == month) for first in of_year])
    nav = Native("nav", rows, {"class": "ranges night-months", "aria-label": "Month of the actogram"})
    return [day for day in days if day.replace(day=1) == month], [nav]


def _of_year(firsts: list[date], year: int, month: date) -> date:
    """The same month of another year, or the nearest there is."""
    return min((first for first in firsts if first.year == year), key=lambda first: abs(first.month - month.month))


def _links(view: View, entries: list[tuple[str, date, bool]]) -> Markup:
    items = Markup().join(
        tag(
            "li",
            tag(
                "a", text, href=f"{view.link(month=f'{first:%Y-%m}')}#actogram", aria_current="true" if is_now else None
            ),
        )
        for text, first, is_now in entries
    )
    return tag("ul", items)


def _hypnograms(data: Dataset, view: View, nights: dict[date, Row]) -> Component:
    newest = [nights[day] for day in sorted(nights)[-sleep_hypnogram.N_NIGHTS :]]
    title = "The newest night" if len(newest) == 1 else f"The newest {len(newest)} nights"
    if not data.has_table("sleep_segments"):
        return cards.card(title, html.P(NOT_MADE, className="state state-few"))
    first, last = newest[0]["night_date"], newest[-1]["night_date"]
    segments = pressure.rows(data, "sleep_segments", None, first, last)
    heart = sleep_hypnogram.heart_rate(data, newest)
    note = (
        "All on one axis of local time, hours; heart rate in bpm on one scale, on the right. Stages are the device's "
        "estimate. Where clocks moved in a night, it goes on by the earlier clock."
    )
    return cards.card(
        title,
        [*sleep_hypnogram.multiples(view, newest, segments, heart), html.P(note, className="chart-note")],
    )


def _regularity(data: Dataset, view: View, found: dict[date, Row], window: int) -> Component:
    title = f"Sleep regularity index, {window} days"
    words = html.P(sleep.REGULARITY, className="chart-note")
    switch = _switch(view, window)
    least = LEAST_PAIRS[window]
    rows = [found[day] for day in view.days() if day in found]
    if not any(row["sri"] is not None for row in rows):
        most = max((row["n_pairs"] for row in rows), default=0)
        few = states.too_few(most, least, "pairs of days with data", "No index is shown below that")
        return cards.card(title, [switch, few, words], id="regularity")
    events = [row for row in data.events().to_pylist() if view.first <= row["date"] <= view.last]
    marks, _ = pressure.letters(events)
    when = f"{cards.moment(view.first)} to {cards.moment(view.last)}"
    known = [row["sri"] for row in rows if row["sri"] is not None]
    columns = [tables.Column("Day"), tables.Column("Index", decimals=1), tables.Column("Pairs of days")]
    body: list[tuple[Any, ...]] = [(str(row["date"]), row["sri"], row["n_pairs"]) for row in reversed(rows)]
    chart = charts.chart(
        "sleep-regularity",
        title,
        drawn.index(view, found, marks),
        description=f"{when}: {many(len(known), 'day')} with an index, {min(known):.0f} to {max(known):.0f}.",
        table=tables.behind(f"the index, {when}", columns, body),
        note=f"Each day: of the {window} days that end with it; no line below {least} pairs of days with data.",
    )
    return html.Section([switch, chart, words], className="card", id="regularity")


def _switch(view: View, window: int) -> Native:
    items = Markup().join(
        tag(
            "li",
            tag(
                "a",
                f"{days} days",
                href=f"{view.link(window=days)}#regularity",
                aria_current="true" if days == window else None,
            ),
        )
        for days in LEAST_PAIRS
    )
    return Native("nav", tag("ul", items), {"class": "ranges guides", "aria-label": "Window of the index"})


def _pressure(view: View) -> Component:
    where = f"{view.link('/blood-pressure')}#pressure-sleep"
    link = html.A("Sleep and the next morning's systolic", href=where)
    return cards.card("Sleep and blood pressure", html.P([link, ", on the page about blood pressure."]))
