"""One crosshair for all charts of a page: a readout that stays in sight, and a slider for keys and screen readers.

Plotly's own hover shows another day's value under a day that has none. Here the server writes down what each day's
readout says; assets/crosshair.js only picks the day, which is always one that has data.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from dash import html
from dash.development.base_component import Component

from dash_app import ids
from dash_app.cards import day_text
from dash_app.native import Markup, Native, tag
from dash_app.tables import NO_READING
from dash_app.view import View

PAGE_STEP_DAYS = 7  # of PageUp and PageDown


@dataclass(frozen=True)
class Measure:
    """What the readout says about one measure.

    Args:
        name: Such as "Blood pressure".
        texts: One per day of `view.days()`, with unit and n, as "130/81 mmHg (4 readings)"; None for no reading.
    """

    name: str
    texts: Sequence[str | None]


@dataclass(frozen=True)
class Ring:
    """A ring that the crosshair draws on a curve.

    Args:
        values: One per day of `view.days()`, in the unit of the axis; None for none.
        axis: Plotly's name of the y axis: "y", "y2".
    """

    values: Sequence[float | None]
    axis: str = "y"


def section(view: View, measures: Sequence[Measure], charts: Sequence[Component], hint: str = "") -> Component:
    """A card with the readout, charts (`charts.chart(..., rings=...)`) and the slider. One per page.

    Args:
        view: Its days.
        measures: What the readout says.
        charts: From top to bottom.
        hint: A line below, such as what a dashed line is.
    """
    days = view.days()
    if any(len(measure.texts) != len(days) for measure in measures):
        raise ValueError("crosshair: a measure has another number of texts than view.days() has days")
    has_data = [any(measure.texts[at] is not None for measure in measures) for at in range(len(days))]
    if not any(has_data):
        return html.Section(list(charts), className="card")
    at = max(at for at, has in enumerate(has_data) if has)
    told = "Move over a chart, or use ← → on the slider: the line stops at days that have data. Enter opens the day."
    parts = [
        _readout(view, days, measures, has_data, at),
        *charts,
        _slider(view, days, measures, at),
        html.P(f"{told} {hint}".strip(), className="hint"),
    ]
    return html.Section(parts, className="card crossed", **{"aria-label": "Day by day"})


def marks(rings: Sequence[Ring]) -> Native:
    """The layer above a chart on which the crosshair is drawn; `charts.chart` adds it."""
    told = [{"axis": ring.axis, "values": [_rounded(value) for value in ring.values]} for ring in rings]
    return Native("div", "", {"class": "crosshair", "aria-hidden": "true", "data-rings": _json(told)})


def text_of(day: date, measures: Sequence[Measure], at: int) -> str:
    """The readout of one day as one sentence, which a screen reader says at the slider."""
    return "; ".join([day_text(day), *(f"{measure.name} {measure.texts[at] or NO_READING}" for measure in measures)])


def _readout(view: View, days: Sequence[date], measures: Sequence[Measure], has_data: list[bool], at: int) -> Native:
    told = {
        "days": [day.isoformat() for day in days],
        "labels": [day_text(day) for day in days],
        "hasData": [int(has) for has in has_data],
        "names": [measure.name for measure in measures],
        "texts": [list(measure.texts) for measure in measures],
        "missing": NO_READING,
        "dayPage": view.day_page(date(1, 1, 1)).replace("0001-01-01", "{day}"),
        "step": PAGE_STEP_DAYS,
    }
    link = tag("a", day_text(days[at]), href=view.day_page(days[at]), class_="day")
    shown = [_measure(measure, at) for measure in measures]
    return Native(
        "div", Markup().join([link, *shown]), {"class": "readout", "data-readout": _json(told)}, id=ids.READOUT
    )


def _measure(measure: Measure, at: int) -> Markup:
    text = measure.texts[at]
    value = tag("b", text or NO_READING, class_=None if text else "missing")
    return tag("span", Markup(f"{tag('span', measure.name, class_='name')} {value}"), class_="measure")


def _slider(view: View, days: Sequence[date], measures: Sequence[Measure], at: int) -> Native:
    told = {"aria-label": "Day", "aria-valuetext": text_of(days[at], measures, at)}
    field = tag("input", type="range", id=ids.SLIDER, min=0, max=max(len(days) - 1, 0), step=1, value=at, **told)
    return Native("div", field, {"class": "slider"})


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
