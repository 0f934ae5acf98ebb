"""Charts of one day: heart rate, sleep, blood pressure; on the hours that pass, named by what the clock showed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import plotly.graph_objects as go

from dash_app import charts
from dash_app.day import Span
from dash_app.figures import trend
from dash_app.pressure import pair
from dash_app.view import View

Row = dict[str, Any]
MARGIN = {"l": 60, "r": 24, "t": 10, "b": 30}  # px; equal on all three, so that one instant is one line
LONGEST_BRIDGE = timedelta(minutes=15)  # a line over a longer gap would tell of minutes that nobody measured
STAGES = {"awake": "Awake", "rem": "REM", "light": "Light", "deep": "Deep", "asleep": "Asleep", "in_bed": "In bed"}
COLOURS = {name: f"stage_{name}" for name in STAGES} | {"in_bed": "level_none"}
LABEL_H = 4.5  # hours that the label of a sitting takes up on a narrow screen
SIDES = (("systolic", "circle"), ("diastolic", "diamond"))


def heart_rate(view: View, span: Span, beats: Sequence[Row]) -> go.Figure:
    """Median of each slot as a line over the band from lowest to highest; both break at gaps.

    Args:
        view: Its theme.
        span: The axis.
        beats: Rows of the pyramid within it, by time.
    """
    values = [row[name] for row in beats for name in ("min", "max")]
    low, high = trend.span(values, 10)
    # Room above the curve for the words at a change of the clock.
    room = 0.12 * (high - low) if span.changes() else 0
    figure = _base(view, span, 240, {"range": [low, high + room], "nticks": 5})
    for at, _ in span.changes():
        # The words stand in the note above; the chart says only why its hours jump.
        side = "right" if at > span.hours / 2 else "left"
        said = {"text": "clock moved", "font": {"size": 12, "color": view.palette.note}}
        figure.add_annotation(x=at, y=1, yref="y domain", yanchor="top", xanchor=side, showarrow=False, **said)
    xs: list[float | None] = []
    edges: list[float | None] = []
    alone = []
    for run in runs(beats):
        places = [round(span.elapsed(row["start_utc"]), 4) for row in run]
        if len(run) == 1:
            alone.append((places[0], run[0]["median"]))
        xs += [*places, *places[::-1], None]
        edges += [*(row["min"] for row in run), *(row["max"] for row in reversed(run)), None]
    if any(row["max"] > row["min"] for row in beats):
        fill = {"fill": "toself", "fillcolor": view.palette.soft("heart")}
        figure.add_scatter(x=xs, y=edges, mode="lines", line={"width": 0}, **fill, name="lowest to highest")
    line_x, line_y = _broken([[(span.elapsed(row["start_utc"]), row["median"]) for row in run] for run in runs(beats)])
    colour = view.palette.colour("heart")
    stroke = {"color": colour, "width": 1.5}
    figure.add_scatter(x=line_x, y=line_y, mode="lines", line=stroke, connectgaps=False, name="median")
    if alone:
        lone_x, lone_y = zip(*alone, strict=True)
        figure.add_scatter(x=lone_x, y=lone_y, mode="markers", marker={"color": colour, "size": 4}, name="alone")
    return figure


def sleep(view: View, span: Span, pieces: Sequence[Row]) -> go.Figure:
    """A row per stage, a bar per piece of it.

    Args:
        view: Its theme.
        span: The axis.
        pieces: Rows of sleep_segments, cut at the span's ends.
    """
    told = [name for name in STAGES if any(row["stage"] == name for row in pieces)]
    shown = [
        name for name in STAGES if name in told or (name in ("awake", "rem", "light", "deep") and told != ["asleep"])
    ]
    places = {name: -at for at, name in enumerate(shown)}
    rows = {"tickvals": list(places.values()), "ticktext": [STAGES[name] for name in places], "showgrid": True}
    height = 44 + 26 * max(len(shown), 1)
    figure = _base(view, span, height, {**rows, "range": [0.6 - len(shown), 0.6]})
    for name in told:
        bars = [row for row in pieces if row["stage"] == name]
        starts = [span.elapsed(row["start_utc"]) for row in bars]
        wide = [span.elapsed(row["end_utc"]) - start for row, start in zip(bars, starts, strict=True)]
        edge = {"color": view.palette.muted, "width": 1 if name == "in_bed" else 0}
        figure.add_bar(
            x=wide,
            base=starts,
            y=[places[name]] * len(bars),
            width=0.8,
            orientation="h",
            marker={"color": view.palette.colour(COLOURS[name]), "line": edge},
            name=STAGES[name],
        )
    figure.update_layout(barmode="overlay")
    return figure


def pressure(
    view: View, span: Span, readings: Sequence[Row], sittings: Sequence[Row], bounds: Sequence[float]
) -> go.Figure:
    """Each reading as a circle over a diamond, joined by a line; each sitting with its mean and time; thresholds.

    Args:
        view: Its theme.
        span: The axis, whose hours are named here.
        readings: Rows of bp_readings that count.
        sittings: Rows of bp_sessions.
        bounds: Thresholds for averages taken at home, mmHg.
    """
    values = [row[f"{side}_mmhg"] for row in readings for side, _ in SIDES if row[f"{side}_mmhg"] is not None]
    low, high = trend.span([*values, *bounds], 20)
    figure = _base(view, span, 250, {"range": [low, high + 0.35 * (high - low)], "dtick": 20})
    for bound in bounds:
        charts.threshold(figure, view, bound)
    at = [round(span.elapsed(row["start_utc"]), 4) for row in readings]
    joined = [[(x, row["diastolic_mmhg"]), (x, row["systolic_mmhg"])] for x, row in zip(at, readings, strict=True)]
    xs, ys = _broken(joined)
    figure.add_scatter(x=xs, y=ys, mode="lines", line={"color": view.palette.edge, "width": 1.5}, name="one reading")
    for side, symbol in SIDES:
        marker = {"color": view.palette.colour(side), "symbol": symbol, "size": 9}
        heights = [row[f"{side}_mmhg"] for row in readings]
        figure.add_scatter(x=at, y=heights, mode="markers", marker=marker, name=side)
    _labels(figure, span, sittings)
    return figure


def runs(beats: Sequence[Row]) -> list[list[Row]]:
    """Stretches of slots without a gap of more than LONGEST_BRIDGE."""
    found: list[list[Row]] = []
    before: datetime | None = None
    for row in beats:
        if before is None or row["start_utc"] - before > LONGEST_BRIDGE:
            found.append([])
        found[-1].append(row)
        before = row["start_utc"]
    return found


def _broken(lines: Sequence[Sequence[tuple[float, float | None]]]) -> tuple[list[float | None], list[float | None]]:
    """Lines as one trace with a None between them."""
    xs: list[float | None] = []
    ys: list[float | None] = []
    for line in lines:
        xs += [*(round(x, 4) for x, _ in line), None]
        ys += [*(y for _, y in line), None]
    return xs[:-1], ys[:-1]


def _labels(figure: go.Figure, span: Span, sittings: Sequence[Row]) -> None:
    """ "131/82, 07:28" above the marks, in two rows where sittings are near; what would not fit is left out."""
    free = [-LABEL_H, -LABEL_H]  # where the last label of either row stands
    for row in sittings:
        at = span.elapsed(row["start_utc"])
        place = min(max(at, LABEL_H / 2), span.hours - LABEL_H / 2)
        level = next((level for level, last in enumerate(free) if place - last >= LABEL_H), None)
        shown = pair(row["systolic_mean_mmhg"], row["diastolic_mean_mmhg"])
        if level is None or shown is None:
            continue
        free[level] = place
        local = (row["start_utc"] + timedelta(minutes=row["utc_offset_min"])).replace(tzinfo=None)
        figure.add_annotation(
            x=place,
            y=1 if level == 0 else 0.82,
            yref="y domain",
            yanchor="top",
            text=f"<b>{shown}</b><br>{local:%H:%M}",
            showarrow=False,
            font={"size": 12},
            name="sitting",
        )


def _base(view: View, span: Span, height: int, y: dict[str, Any]) -> go.Figure:
    ticks = span.ticks()
    axis: dict[str, Any] = {
        "type": "linear",
        "range": [0, span.hours],
        "tickvals": [round(at, 4) for at, _ in ticks],
        "ticktext": [text for _, text in ticks],
        "tickangle": 0,
        "showgrid": True,
    }
    figure = charts.base(view, height, xaxis=axis, yaxis=y, margin=MARGIN)
    figure.update_xaxes(gridcolor=view.palette.line)
    for at, _ in span.changes():
        stroke = {"color": view.palette.note, "dash": "dot", "width": 1.5}
        figure.add_shape(type="line", x0=at, x1=at, yref="y domain", y0=0, y1=1, line=stroke, name="clock moved")
    return figure
