"""The base of every chart: a box of final height with its name, legend and table; axes, thresholds, labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import plotly.graph_objects as go
from dash import dcc, html
from dash.development.base_component import Component

from dash_app import crosshair, day_ticks
from dash_app.native import Markup, Native, tag
from dash_app.view import View

# Drawn once: no hover, no zoom, no capture of a finger that wants to scroll. No button that sends data to a cloud.
STILL: dict[str, Any] = {
    "staticPlot": True,
    "displayModeBar": False,
    "displaylogo": False,
    "showSendToCloud": False,
    "plotlyServerURL": "",
    "responsive": True,
}
# For a chart that is zoomed by its own callback.
ZOOMED: dict[str, Any] = {**STILL, "staticPlot": False, "doubleClick": "reset", "scrollZoom": False}
FONT = "Inter, system-ui, sans-serif"
FONT_PX = 13
MARGIN = {"l": 44, "r": 76, "t": 10, "b": 40}  # px; equal on all charts of a crosshair, so that one day is one line
LONGEST_BRIDGE_DAYS = 7  # a line over a longer gap would tell of days that nobody measured
LABEL_PX = 15  # height of a label at a line's end


@dataclass(frozen=True)
class Key:
    """An entry of a legend.

    Args:
        text: What it is.
        colour: Name of the palette.
        shape: line, dashed, band, dot, ring, diamond, square, box (a hollow square) or bar.
    """

    text: str
    colour: str = "muted"
    shape: str = "line"


@dataclass(frozen=True)
class Label:
    """A label right of a chart, at a line's end.

    Args:
        y: Where, in the axis's unit.
        text: Such as "130 sys".
        colour: Name of the palette.
        axis: "y", "y2".
    """

    y: float
    text: str
    colour: str
    axis: str = "y"


def chart(
    ident: str,
    title: str,
    figure: go.Figure,
    *,
    description: str,
    table: Component | None,
    legend: Sequence[Key] = (),
    note: str = "",
    rings: Sequence[crosshair.Ring] | None = None,
    config: dict[str, Any] | None = None,
    level: int = 2,
) -> Component:
    """A chart with its name, legend, note and table.

    Args:
        ident: Id of the dcc.Graph.
        title: Its heading.
        figure: From `base(...)`; its height is the box's.
        description: What a person who does not see it should know: what is drawn, from when to when, from how much to
            how much. Becomes its accessible name.
        table: `tables.behind(...)`: the same data.
        legend: Entries.
        note: A line below: n, method, source of a threshold.
        rings: Where the page's crosshair draws rings; () for a line only, None where the x axis is not the view's days.
        config: `ZOOMED` for charts with a callback; `STILL` otherwise.
        level: Of the heading: 2 on a page, 3 within a card that has one.
    """
    height = {"height": f"{int(figure.layout.height)}px"}
    graph = dcc.Graph(
        id=ident, figure=figure, config=config or STILL, responsive=True, style={**height, "width": "100%"}
    )
    drawn: list[Component] = [html.Div(graph, role="img", **{"aria-label": f"{title}. {description}"})]
    if rings is not None:
        drawn.append(crosshair.marks(rings))
    heading = (html.H2 if level == 2 else html.H3)(title, className="chart-title")
    parts = [
        heading,
        legend_of(legend) if legend else None,
        html.Div(drawn, className="chart", style=height),
        html.P(note, className="chart-note") if note else None,
        table,
    ]
    return html.Div([part for part in parts if part is not None], className="chart-block")


def blank(title: str, told: Component) -> Component:
    """What stands in the place of a chart of nothing: its name and a sentence; no axis that nothing was measured on."""
    return html.Div([html.H2(title, className="chart-title"), told], className="chart-block")


def base(view: View, height: int, **layout: Any) -> go.Figure:
    """An empty figure in the theme's colours, without hover, legend and title.

    Args:
        view: Its theme.
        height: px.
        layout: More of plotly's layout.
    """
    colours = view.palette
    axis = {
        "gridcolor": colours.line,
        "linecolor": colours.line,
        "zeroline": False,
        "fixedrange": True,
        "title": {"font": {"size": FONT_PX, "color": colours.muted}, "standoff": 4},
        "automargin": False,
    }
    figure = go.Figure(
        layout={
            "height": height,
            "margin": MARGIN,
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "font": {"family": FONT, "size": FONT_PX, "color": colours.ink},
            "hovermode": False,
            "dragmode": False,
            "showlegend": False,
            "xaxis": {**axis, "showgrid": False},
            "yaxis": {**axis, "nticks": 6},
        }
    )
    # Plotly's template is 6 kB of JSON per figure of which nothing is used.
    figure.layout.template = None
    return figure.update_layout(**layout)


def day_axis(view: View) -> dict[str, Any]:
    """The x axis of the view's days, with half a day at either end so that the points there are whole."""
    half = timedelta(hours=12)
    first, last = datetime.combine(view.first, time()) - half, datetime.combine(view.last, time()) + half
    at, names = day_ticks.ticks(view.first, view.last)
    return {"type": "date", "range": [first, last], "tickvals": at, "ticktext": names, "tickangle": 0}


def line(days: Sequence[date], values: Sequence[float | None]) -> tuple[list[date], list[float | None]]:
    """Points of a line that bridges days without a value, but no more than LONGEST_BRIDGE_DAYS of them.

    Args:
        days: In ascending order.
        values: One per day.

    Returns:
        Days and values without the missing ones; a None stands where the line must break.
    """
    xs: list[date] = []
    ys: list[float | None] = []
    for day, value in zip(days, values, strict=True):
        if value is None:
            continue
        if xs and (day - xs[-1]).days > LONGEST_BRIDGE_DAYS:
            xs.append(xs[-1] + timedelta(days=1))
            ys.append(None)
        xs.append(day)
        ys.append(value)
    return xs, ys


def threshold(figure: go.Figure, view: View, y: float, axis: str = "y") -> None:
    """A dashed line across at a threshold; its label is a `Label` of the chart's end."""
    line_ = {"color": view.palette.threshold, "dash": "8px,6px", "width": 1.5}
    figure.add_shape(type="line", xref="x domain", x0=0, x1=1, yref=axis, y0=y, y1=y, line=line_, layer="below")


def end_labels(figure: go.Figure, view: View, labels: Sequence[Label]) -> None:
    """Labels right of the chart, each at its line's end, pushed apart where they would lie on each other.

    The y axes must have a range. Only labels of the same axis are pushed.
    """
    for axis in dict.fromkeys(label.axis for label in labels):
        drawn = figure.layout[f"yaxis{axis[1:]}"]
        low, high = drawn.range
        top, bottom = (drawn.domain or (0, 1))[1], (drawn.domain or (0, 1))[0]
        inner_px = (figure.layout.height - figure.layout.margin.t - figure.layout.margin.b) * (top - bottom)
        least = LABEL_PX * (high - low) / inner_px
        chosen = sorted((label for label in labels if label.axis == axis), key=lambda label: label.y)
        for label, y in zip(chosen, apart([label.y for label in chosen], least, low, high), strict=True):
            text = {"text": str(Markup.escape(label.text)), "font": {"color": view.palette.colour(label.colour)}}
            place = {
                "xref": "x domain",
                "x": 1,
                "xanchor": "left",
                "xshift": 6,
                "yref": axis,
                "y": y,
                "yanchor": "middle",
            }
            figure.add_annotation(**text, **place, showarrow=False, align="left")


def apart(heights: Sequence[float], least: float, low: float, high: float) -> list[float]:
    """Ascending heights moved as little as need be so that neighbours are `least` apart, within low and high."""
    moved = [min(max(height, low), high) for height in heights]
    for _ in range(4 * len(moved)):
        for at in range(1, len(moved)):
            if (short := least - (moved[at] - moved[at - 1])) > 1e-9:
                moved[at - 1] -= short / 2
                moved[at] += short / 2
        if moved:
            moved[0] = max(moved[0], low)
            moved[-1] = min(moved[-1], high)
    return moved


def legend_of(keys: Sequence[Key]) -> Native:
    """The entries of a legend, for what is drawn without plotly, too."""
    entries = Markup()
    for key in keys:
        mark = tag("span", class_=f"key key-{key.shape} mark-{key.colour.replace('_', '-')}", aria_hidden="true")
        entries += tag("li", mark + tag("span", key.text))
    return Native("ul", entries, {"class": "legend"})
