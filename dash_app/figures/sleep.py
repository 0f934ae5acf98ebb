"""Charts of the page about sleep: minutes asleep, when, and how regularly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from math import ceil, floor
from typing import Any

import plotly.graph_objects as go

from dash_app import charts
from dash_app.figures import trend
from dash_app.pressure import Row
from dash_app.sleep import duration, middle, wall
from dash_app.view import View
from pdp.trends.rolling import FOUR_WEEKS

DAY_MS = 86_400_000
Nights = Mapping[date, Row]
Marks = Sequence[tuple[str, date]]


def minutes_asleep(view: View, nights: Nights, found: trend.Trend, marks: Marks) -> go.Figure:
    """One bar per night in hours, the 28-day median with the middle half. A night without data has no bar."""
    known = {day: row["total_sleep_min"] / 60 for day, row in nights.items() if row["total_sleep_min"] is not None}
    top = max(10, ceil(max(known.values(), default=0) + 0.2))
    ticks = list(range(0, top + 1, 2 if top <= 12 else 4))
    figure = _figure(view, 220, marks, {"range": [0, top], "tickvals": ticks}, is_last=False)
    bar = {"marker": {"color": view.palette.soft("sleep", 0.4)}, "width": 0.8 * DAY_MS}
    figure.add_bar(x=list(known), y=list(known.values()), **bar)
    trend.median(figure, view, found, "sleep", scale=60)
    if (end := trend.newest(view.days(), found)) is not None:
        charts.end_labels(figure, view, [charts.Label(end / 60, duration(end), "sleep")])
    return figure


def times(view: View, nights: Nights, regularity: Nights, marks: Marks) -> go.Figure:
    """From falling asleep to waking as a bar, mid-sleep as a dot, its 28-day median; time goes downwards."""
    spans = {
        day: (row["onset_local_min"] / 60, row["offset_local_min"] / 60)
        for day, row in nights.items()
        if row["onset_local_min"] is not None and row["offset_local_min"] is not None
    }
    low = floor(min((onset for onset, _ in spans.values()), default=-2) / 2) * 2
    high = ceil(max((offset for _, offset in spans.values()), default=10) / 2) * 2
    step = 2 if high - low <= 12 else 4 if high - low <= 24 else 6
    ticks = list(range(ceil(low / step) * step, high + 1, step))
    axis = {"range": [high, low], "tickvals": ticks, "ticktext": [wall(60 * tick) for tick in ticks]}
    figure = _figure(view, 260, marks, axis, is_last=True)
    long = [end - start for start, end in spans.values()]
    figure.add_bar(
        x=list(spans),
        y=long,
        base=[start for start, _ in spans.values()],
        width=0.8 * DAY_MS,
        marker={"color": view.palette.soft("sleep", 0.3)},
    )
    found = {
        day: {
            "median": row["mid_sleep_local_min"],
            "q1": row["mid_sleep_q1_local_min"],
            "q3": row["mid_sleep_q3_local_min"],
        }
        for day, row in regularity.items()
        if row["n_nights"] >= FOUR_WEEKS.least_days and row["mid_sleep_local_min"] is not None
    }
    middles = {day: at / 60 for day, row in nights.items() if (at := middle(row)) is not None}
    dot = {"color": view.palette.ink, "size": 4}
    figure.add_scatter(x=list(middles), y=list(middles.values()), mode="markers", marker=dot)
    trend.median(figure, view, found, "sleep", scale=60)
    if (end := trend.newest(view.days(), found)) is not None:
        figure.add_annotation(
            xref="x domain",
            x=1,
            xanchor="left",
            xshift=6,
            y=end / 60,
            yanchor="middle",
            text=wall(end),
            font={"color": view.palette.colour("sleep")},
            showarrow=False,
        )
    return figure


def index(view: View, found: Nights, marks: Marks) -> go.Figure:
    """The sleep regularity index day by day; no line where there are too few pairs of days."""
    days = view.days()
    values = [found.get(day, {}).get("sri") for day in days]
    low, high = trend.span([*values, 100.0], 10)
    figure = _figure(view, 200, marks, {"range": [low, min(high, 102)], "nticks": 6}, is_last=True)
    stroke: dict[str, Any] = {"color": view.palette.colour("sleep"), "width": 2.25}
    known = [value for value in values if value is not None]
    mode = "lines" if len(known) > 1 else "markers"
    figure.add_scatter(x=days, y=values, mode=mode, line=stroke, marker={"color": stroke["color"]}, connectgaps=False)
    if known:
        charts.end_labels(figure, view, [charts.Label(known[-1], f"{known[-1]:.0f}", "sleep")])
    return figure


def _figure(view: View, height: int, marks: Marks, y: Mapping[str, Any], is_last: bool) -> go.Figure:
    axis = {**charts.day_axis(view), "showticklabels": is_last}
    margin = {**charts.MARGIN, "t": 20 if marks else 10, "b": charts.MARGIN["b"] if is_last else 10}
    figure = charts.base(view, height, xaxis=axis, yaxis=dict(y), margin=margin)
    trend.events(figure, view, marks, is_named=True)
    return figure
