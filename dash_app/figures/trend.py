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
MOST_POINTS = 1500  # of a line of medians: more than a chart has pixels; the rings of the crosshair know every day


def median(figure: go.Figure, view: View, found: Trend, colour: str, scale: float = 1.0) -> None:
    """The rolling median as a line over the band of its quartiles. Both break where the trend has no value.

    Args:
        figure: To draw on.
        view: Its days and theme.
        found: Rows of the table "trends" of one figure, by day.
        colour: Name of the palette.
        scale: By which the values are divided, such as 60 for minutes shown as hours.
    """
    xs: list[str | None] = []
    ys: list[float | None] = []
    line: tuple[list[str | None], list[float | None]] = [], []
    for run in runs(view.days(), found):
        some = thinned(run, -(-view.n_days // MOST_POINTS))
        names = [day.isoformat() for day in some]
        edges = [found[day]["q1"] for day in some] + [found[day]["q3"] for day in reversed(some)]
        xs += [*names, *reversed(names), None]
        ys += [*(_rounded(value / scale) for value in edges), None]
        line[0].extend([*names, None])
        line[1].extend([*(_rounded(found[day]["median"] / scale) for day in some), None])
    fill = view.palette.soft(colour)
    figure.add_scatter(x=xs, y=ys, mode="lines", line={"width": 0}, fill="toself", fillcolor=fill, name="band")
    stroke = {"color": view.palette.colour(colour), "width": 2.25}
    figure.add_scatter(x=line[0][:-1], y=line[1][:-1], mode="lines", line=stroke, connectgaps=False, name="median")


def thinned(run: Sequence[date], step: int) -> list[date]:
    """Every so many days of a stretch, with its first and its last."""
    some = list(run[::step])
    return some if some[-1] == run[-1] else [*some, run[-1]]


def _rounded(value: float) -> float:
    """Thousandths: finer than a pixel, half as long as a binary fraction written out."""
    return round(value, 3)


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
    stroke = {"color": view.palette.muted, "dash": "dot", "width": 1.25}
    shape = {"type": "line", "yref": "y domain", "y0": 0, "y1": 1, "line": stroke, "layer": "below"}
    # All at once: plotly copies those that are there with each that is added.
    lines = [{**shape, "x0": day, "x1": day, "name": f"event {letter}"} for letter, day in marks]
    figure.layout.shapes = [*figure.layout.shapes, *lines]
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
