"""Charts of the heart rate page, but for its zoom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from dash_app import charts
from dash_app.figures import trend
from dash_app.view import View

BIN_BPM = 5
STEP_BPM = 10  # of the colour bar
SHARE_WITHIN = 0.96  # of the fields lie within the colours' ends; the few above have the last colour
STATES = (("asleep", "sleep"), ("awake", "heart"), ("unknown", "edge"))
Marks = Sequence[tuple[str, date]]


def resting(view: View, values: Sequence[float | None], found: trend.Trend, marks: Marks) -> go.Figure:
    """One dot per night, the 28-day median with its middle half, events."""
    axis = charts.day_axis(view)
    margin = {**charts.MARGIN, "t": 20 if marks else 10}
    height = {"range": trend.span(values, 5), "nticks": 5}
    figure = charts.base(view, 240, xaxis=axis, yaxis=height, margin=margin)
    trend.events(figure, view, marks, is_named=True)
    dots = {"color": view.palette.soft("heart", 0.6), "size": 6}
    figure.add_scatter(x=view.days(), y=list(values), mode="markers", marker=dots, name="one night")
    trend.median(figure, view, found, "heart")
    if (end := trend.newest(view.days(), found)) is not None:
        charts.end_labels(figure, view, [charts.Label(end, f"{end:.0f} bpm", "heart")])
    return figure


def heat(view: View, columns: Sequence[date], days_wide: int, values: npt.NDArray[np.float64]) -> go.Figure:
    """A column per day or week, a row per local hour; what was not measured is grey.

    Args:
        view: Its days and theme.
        columns: First day of each of c columns.
        days_wide: 1 or 7.
        values: 24 x c, bpm, NaN for nothing measured.
    """
    known = values[~np.isnan(values)]
    low, high = limits(known)
    ticks = np.arange(low, high + 1, STEP_BPM).tolist()
    words = [f"{tick:.0f}" for tick in ticks]
    if len(known) and known.max() > high:
        words[-1] = f"≥{high:.0f}"
    bar = {"thickness": 10, "outlinewidth": 0, "tickvals": ticks, "ticktext": words, "x": 1.01, "xpad": 4}
    hours = {
        "range": [24, 0],
        "tickvals": [0, 6, 12, 18, 24],
        "ticktext": ["00:00", "06:00", "12:00", "18:00", "24:00"],
        "showgrid": False,
    }
    axis = charts.day_axis(view)
    figure = charts.base(view, 300, xaxis=axis, yaxis=hours, plot_bgcolor=view.palette.level_none)
    gap = 1 if len(columns) <= 62 else 0
    middle = [day + timedelta(days=days_wide // 2) for day in columns]
    figure.add_heatmap(
        x=middle,
        y=[hour + 0.5 for hour in range(24)],
        z=[[None if value != value else value for value in row] for row in values.round(1).tolist()],
        zmin=low,
        zmax=high,
        colorscale=scale(view),
        colorbar=bar,
        xgap=gap,
        ygap=gap,
        hoverongaps=False,
    )
    return figure


def limits(known: npt.NDArray[np.float64]) -> tuple[float, float]:
    """Ends of the colours, whole steps: a few hours of sport must not make all others alike."""
    if not len(known):
        return 40.0, 120.0
    low = float(np.floor(known.min() / STEP_BPM) * STEP_BPM)
    high = float(np.ceil(np.quantile(known, SHARE_WITHIN) / STEP_BPM) * STEP_BPM)
    return low, max(high, low + STEP_BPM)


def scale(view: View) -> list[tuple[float, str]]:
    """One hue from faint to full: low rates lie near the card, high ones far from it, in either theme."""
    colours = view.palette
    full = _mixed(colours.heart, colours.ink, 0.45) if view.theme == "dark" else colours.heart
    middle = colours.heart if view.theme == "dark" else _mixed(colours.heart, "#ff5a3c", 0.62)
    return [(0.0, _mixed(colours.card, middle, 0.22)), (0.55, middle), (1.0, full)]


def _mixed(one: str, other: str, share: float) -> str:
    """A colour that is `share` of the other."""
    parts = [(int(one[at : at + 2], 16), int(other[at : at + 2], 16)) for at in (1, 3, 5)]
    return "#" + "".join(f"{round(low + (high - low) * share):02x}" for low, high in parts)


def spread(view: View, bins: Mapping[str, Mapping[int, int]]) -> go.Figure:
    """Samples by bins of 5 bpm, asleep and awake upon each other.

    Args:
        view: Its theme.
        bins: Phase -> lowest rate of the bin -> samples.
    """
    title = {"text": "bpm", "standoff": 4, "font": {"size": charts.FONT_PX}}
    figure = charts.base(
        view,
        280,
        margin={"l": 64, "r": 12, "t": 10, "b": 44},
        xaxis={"title": title, "dtick": 20},
        yaxis={"rangemode": "tozero", "tickformat": ",d"},
    )
    figure.update_layout(barmode="stack", bargap=0.06)
    for phase, colour in STATES:
        if found := bins.get(phase):
            at = sorted(found)
            figure.add_bar(
                x=[low + BIN_BPM / 2 for low in at],
                y=[found[low] for low in at],
                width=BIN_BPM,
                marker={"color": view.palette.colour(colour), "line": {"color": view.palette.card, "width": 1}},
                name=phase,
            )
    return figure
