"""One local day: heart rate, sleep and blood pressure hour by hour, every single reading, what was noted."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from dash_app import day, day_charts, day_parts, day_rows, pressure
from dash_app.gateway import Dataset
from dash_app.view import View

TITLE = "Day"
SUBTITLE = "Midnight to midnight by the clock of the place, or noon to noon. Not a diagnosis."
PATH = "/day"
NAV = 50
HAS_RANGE = False


def page(data: Dataset, view: View) -> list[Component]:
    """The way to other days, four cards, three charts on one axis, the single readings."""
    when, notes = day.chosen(view)
    from_noon, more = day.is_noon(view)
    span = day.span(data, when, from_noon)
    found = day_rows.of_span(data, span)
    guide, unknown = pressure.chosen(data, view)
    return [
        *(html.P(note, className="state state-note", role="status") for note in [*notes, *more]),
        *unknown,
        html.H2(span.words()[:1].upper() + span.words()[1:], className="day-title"),
        day_parts.steps(view, span, day_rows.days_with_data(data)),
        *day_parts.notes(span, found),
        day_parts.number_cards(data, view, span, day_rows.figures(data, when), found),
        day_charts.section(view, span, found, guide),
        day_charts.readings(view, span, found),
        html.P("Keys, while no field or link has the focus: ← the day before, → the day after.", className="hint"),
    ]
