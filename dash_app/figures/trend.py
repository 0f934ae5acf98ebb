"""What the day-by-day charts of several pages share: a median with its quartile band, events, ranges of an axis."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import plotly.graph_objects as go

from dash_app import event_marks
from dash_app.view import View

Trend = Mapping[date, Mapping[str, Any]]


def median(figure: go.Figure, view: View, found: Trend, colour: str, scale: float = 1.0) -> None:
    """The rolling median as a line over the band of its quartiles. Both break where the trend has no value.

    Args:
        figure: To draw on.
        view: Its days and theme.
        found: Rows of the table "trends" of one figure, by day.
        colour: Name of the palette.
        scale: By which the values are divided, such as 60 for minutes shown as hours.
    """
    xs: list[date | None] = []
    ys: list[float | None] = []
    for run in runs(view.days(), found):
        back = run[::-1]
        xs += [*run, *back, None]
        ys += [found[day]["q1"] / scale for day in run] + [found[day]["q3"] / scale for day in back] + [None]
    fill = view.palette.soft(colour)
    figure.add_scatter(x=xs, y=ys, mode="lines", line={"width": 0}, fill="toself", fillcolor=fill, name="band")
    line = [found.get(day, {}).get("median") for day in view.days()]
    known = [None if value is None else value / scale for value in line]
    stroke = {"color": view.palette.colour(colour), "width": 2.25}
    figure.add_scatter(x=view.days(), y=known, mode="lines", line=stroke, connectgaps=False, name="median")


def runs(days: Sequence[date], found: Trend) -> list[list[date]]:
    """Stretches of days that have a median."""
    stretches: list[list[date]] = [[]]
    for day in days:
        if found.get(day, {}).get("median") is None:
            stretches.append([])
        else:
            stretches[-1].append(day)
    return [run for run in stretches if run]


def newest(days: Sequence[date], found: Trend) -> float | None:
    """The last median there is."""
    known = [found[day]["median"] for day in days if found.get(day, {}).get("median") is not None]
    return known[-1] if known else None


def events(figure: go.Figure, view: View, marks: Sequence[tuple[str, date]], is_named: bool = False) -> None:
    """A dotted line at the day of each event; with `is_named`, its letter above, or one of several ("C–E")."""
    for letter, day in marks:
        stroke = {"color": view.palette.muted, "dash": "dot", "width": 1.25}
        figure.add_shape(
            type="line", x0=day, x1=day, yref="y domain", y0=0, y1=1, line=stroke, layer="below", name=f"event {letter}"
        )
    for mark in event_marks.placed(marks, view.first, view.n_days) if is_named else ():
        at = event_marks.day_at(view.first, mark)
        figure.add_annotation(
            x=at, y=1, yref="y domain", text=mark.text, showarrow=False, yanchor="bottom", font={"size": 12}
        )


def span(values: Iterable[float | None], step: int) -> list[float]:
    """Of an axis: whole steps around the values, so wide that no mark is cut; [0, step] without any."""
    known = [value for value in values if value is not None]
    if not known:
        return [0, step]
    room = 0.15 * step
    return [math.floor((min(known) - room) / step) * step, math.ceil((max(known) + room) / step) * step]
