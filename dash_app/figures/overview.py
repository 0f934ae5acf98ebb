"""Charts of the overview: three measures under one crosshair, and the year as a calendar."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import plotly.graph_objects as go

from dash_app import charts
from dash_app.figures import trend
from dash_app.pressure import whole_mmhg
from dash_app.view import View
from pdp.home_bp.guidelines import Guideline

Values = Sequence[float | None]
Marks = Sequence[tuple[str, date]]


def _figure(view: View, height: int, marks: Marks, y: Mapping[str, Any], is_last: bool = False) -> go.Figure:
    axis = {**charts.day_axis(view), "showticklabels": is_last}
    margin = {**charts.MARGIN, "t": 20 if marks else 10, "b": charts.MARGIN["b"] if is_last else 10}
    height += margin["b"] - 10
    figure = charts.base(view, height, xaxis=axis, yaxis=dict(y), margin=margin)
    trend.events(figure, view, marks, is_named=True)
    return figure


def pressure(
    view: View,
    values: tuple[Values, Values],
    trends: tuple[trend.Trend, trend.Trend],
    guide: Guideline,
    marks: Marks,
    is_last: bool = False,
) -> go.Figure:
    """Daily means as dots, 14-day medians with bands, the threshold."""
    bounds = guide.threshold.systolic_mmhg, guide.threshold.diastolic_mmhg
    figure = _figure(view, 260, marks, {"range": trend.span([*values[0], *values[1], *bounds], 10)}, is_last)
    labels = []
    for each, found, bound, colour in zip(values, trends, bounds, ("systolic", "diastolic"), strict=True):
        charts.threshold(figure, view, bound)
        labels.append(charts.Label(bound, f"{bound} limit", "threshold"))
        _dots(figure, view, each, colour)
        trend.median(figure, view, found, colour)
        if (end := trend.newest(view.days(), found)) is not None:
            labels.append(charts.Label(end, f"{whole_mmhg(end)} {colour[:3]}", colour))
    charts.end_labels(figure, view, labels)
    return figure


def resting(view: View, values: Values, found: trend.Trend, marks: Marks, is_last: bool = False) -> go.Figure:
    """One dot per night, 28-day median with band."""
    figure = _figure(view, 150, marks, {"range": trend.span(values, 5), "nticks": 4}, is_last)
    _dots(figure, view, values, "heart")
    trend.median(figure, view, found, "heart")
    if (end := trend.newest(view.days(), found)) is not None:
        charts.end_labels(figure, view, [charts.Label(end, f"{end:.0f} bpm", "heart")])
    return figure


def sleep(view: View, minutes: Values, found: trend.Trend, marks: Marks) -> go.Figure:
    """One bar per night in hours, 28-day median with band. A night without data has no bar."""
    hours = [None if value is None else value / 60 for value in minutes]
    top = max([value for value in hours if value is not None], default=0)
    figure = _figure(view, 160, marks, {"range": [0, max(10, top)], "tickvals": [0, 4, 8, 12]}, is_last=True)
    known = [(day, value) for day, value in zip(view.days(), hours, strict=True) if value is not None]
    bars = {"x": [day for day, _ in known], "y": [value for _, value in known]}
    figure.add_bar(**bars, marker={"color": view.palette.soft("sleep", 0.4)}, width=0.8 * 86_400_000)
    trend.median(figure, view, found, "sleep", scale=60)
    if (end := trend.newest(view.days(), found)) is not None:
        charts.end_labels(figure, view, [charts.Label(end / 60, clock(end), "sleep")])
    return figure


def clock(minutes: float) -> str:
    """ "6 h 40"."""
    whole = round(minutes)
    return f"{whole // 60} h {whole % 60:02}"


def _dots(figure: go.Figure, view: View, values: Values, colour: str) -> None:
    figure.add_scatter(
        x=view.days(), y=list(values), mode="markers", marker={"color": view.palette.soft(colour, 0.55), "size": 5}
    )
