"""Charts of the blood pressure page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import plotly.graph_objects as go

from dash_app import charts
from dash_app.figures import trend
from dash_app.pressure import Row, whole_mmhg
from dash_app.view import View
from pdp.home_bp.guidelines import Guideline

SIDES = (("systolic", "systolic_mean_mmhg"), ("diastolic", "diastolic_mean_mmhg"))
SYMBOLS = {"morning": "circle-open", "evening": "diamond", "other": "square-open"}
DENSE_DAYS = 120
MORE_HEIGHT = 260
NARROW = {"l": 44, "r": 12, "t": 14, "b": 44}


def sittings(
    view: View, found: Sequence[Row], trends: Sequence[trend.Trend], guide: Guideline, marks: Sequence[tuple[str, date]]
) -> go.Figure:
    """Every sitting by its daytime, the 14-day medians with their bands, the thresholds.

    Args:
        view: Its days and theme.
        found: Rows of bp_sessions.
        trends: Of the systolic and of the diastolic daily mean.
        guide: Whose threshold is drawn.
        marks: Letters and days of events.
    """
    bounds = guide.threshold.systolic_mmhg, guide.threshold.diastolic_mmhg
    values = [row[column] for row in found for _, column in SIDES]
    margin = {**charts.MARGIN, "t": 20 if marks else 10}
    height = {"range": trend.span([*values, *bounds], 10)}
    figure = charts.base(view, 400, xaxis=charts.day_axis(view), yaxis=height, margin=margin)
    trend.events(figure, view, marks, is_named=True)
    # A year's marks must not hide their median.
    size, alpha = (7, 0.75) if view.n_days <= DENSE_DAYS else (4, 0.45)
    labels = []
    for (colour, column), line, bound in zip(SIDES, trends, bounds, strict=True):
        charts.threshold(figure, view, bound)
        labels.append(charts.Label(bound, f"{bound} limit", "threshold"))
        for daytime, symbol in SYMBOLS.items():
            rows = [row for row in found if row["daytime"] == daytime]
            if rows:
                marker = {"color": view.palette.soft(colour, alpha), "symbol": symbol, "size": size}
                points = {"x": [row["date"] for row in rows], "y": [row[column] for row in rows]}
                figure.add_scatter(**points, mode="markers", marker=marker, name=daytime)
        trend.median(figure, view, line, colour)
        if (end := trend.newest(view.days(), line)) is not None:
            labels.append(charts.Label(end, f"{whole_mmhg(end)} {colour[:3]}", colour))
    charts.end_labels(figure, view, labels)
    return figure


def through_the_day(view: View, hours: Sequence[Row], guide: Guideline) -> go.Figure:
    """Middle half and median of each hour that has enough readings; the others are blank."""
    known = [row for row in hours if row["systolic_median_mmhg"] is not None]
    bounds = guide.threshold.systolic_mmhg, guide.threshold.diastolic_mmhg
    every = [row[f"{colour}_{share}_mmhg"] for row in known for colour, _ in SIDES for share in ("q1", "q3")]
    axis = {"range": [-0.5, 23.5], "tickvals": [0, 6, 12, 18], "ticktext": ["00:00", "06:00", "12:00", "18:00"]}
    figure = charts.base(
        view, MORE_HEIGHT, margin=NARROW, xaxis=axis, yaxis={"range": trend.span([*every, *bounds], 10)}
    )
    figure.update_layout(barmode="overlay")
    for (colour, _), bound in zip(SIDES, bounds, strict=True):
        charts.threshold(figure, view, bound)
        low = [row[f"{colour}_q1_mmhg"] for row in known]
        tall = [row[f"{colour}_q3_mmhg"] - row[f"{colour}_q1_mmhg"] for row in known]
        at = [row["hour"] for row in known]
        edge = {"color": view.palette.soft(colour, 0.25), "line": {"color": view.palette.colour(colour), "width": 1}}
        figure.add_bar(x=at, y=tall, base=low, width=0.8, marker=edge, name=f"{colour} middle half")
        dot = {"color": view.palette.colour(colour), "size": 7}
        middle = [row[f"{colour}_median_mmhg"] for row in known]
        figure.add_scatter(x=at, y=middle, mode="markers", marker=dot, name=f"{colour} median")
    return figure


def levels(view: View, months: Sequence[Row], guide: Guideline) -> go.Figure:
    """Share of each month's days by level, in percent; a month without such days has no bar."""
    axis = {"type": "category", "tickangle": 0}
    figure = charts.base(
        view, MORE_HEIGHT, margin={**NARROW, "t": 24}, xaxis=axis, yaxis={"range": [0, 100], "tickvals": [0, 50, 100]}
    )
    every = sorted({row["month"] for row in months})
    names = [
        f"{month:%b}<br>{month:%Y}" if month.month == 1 or not at else f"{month:%b}" for at, month in enumerate(every)
    ]
    places = list(range(len(every)))
    figure.update_layout(barmode="stack", bargap=0.2)
    figure.update_xaxes(
        type="linear", tickvals=places[:: 1 + len(places) // 7], ticktext=names[:: 1 + len(places) // 7]
    )
    whole = {row["month"]: row["n_days_with_level"] for row in months}
    for level in guide.levels:
        days = {row["month"]: row["n_days"] for row in months if row["level"] == level.key}
        share = [100 * days.get(month, 0) / whole[month] if whole[month] else None for month in every]
        figure.add_bar(x=places, y=share, marker={"color": view.palette.colour(level.color)}, name=level.title)
    for at, month in zip(places, every, strict=True):
        if whole[month]:
            figure.add_annotation(
                x=at, y=100, text=f"{whole[month]}", yanchor="bottom", showarrow=False, font={"size": 11}
            )
    return figure


def last_digits(view: View, sides: Mapping[str, Sequence[Row]]) -> go.Figure:
    """Share of each last digit in percent, systolic beside diastolic, against a tenth each.

    Args:
        view: Its theme.
        sides: "systolic", "diastolic" -> the ten rows of bp_habits, by digit.
    """
    shares = {side: [100 * row["value"] for row in rows] for side, rows in sides.items()}
    top = max(12, *(share for each in shares.values() for share in each))
    axis = {"type": "linear", "range": [-0.6, 9.6], "tickvals": list(range(10))}
    figure = charts.base(
        view, 220, margin=NARROW | {"b": 28}, xaxis=axis, yaxis={"range": [0, top * 1.08], "nticks": 5}
    )
    figure.update_layout(barmode="group", bargap=0.25)
    for side, values in shares.items():
        figure.add_bar(x=list(range(10)), y=values, marker={"color": view.palette.colour(side)}, name=side)
    charts.threshold(figure, view, 10)
    figure.layout.shapes[-1].layer = "above"
    return figure


def sleep_and_morning(view: View, pairs: Sequence[tuple[float, float]], found: Mapping[str, Any]) -> go.Figure:
    """A dot per night and the morning after it, and the line of the association.

    Args:
        view: Its theme.
        pairs: Minutes asleep, systolic pressure of the morning.
        found: The row of "associations".
    """
    hours = [minutes / 60 for minutes, _ in pairs]
    systolic = [pressure for _, pressure in pairs]
    axis = {"title": {"text": "hours asleep", "standoff": 4, "font": {"size": charts.FONT_PX}}}
    figure = charts.base(
        view, MORE_HEIGHT, margin=NARROW, xaxis=axis, yaxis={"range": trend.span(systolic, 5), "nticks": 5}
    )
    dots = {"color": view.palette.soft("systolic", 0.45), "size": 5}
    figure.add_scatter(x=hours, y=systolic, mode="markers", marker=dots, name="pairs")
    ends = [min(hours), max(hours)]
    line = [found["intercept"] + found["theil_sen_slope"] * end for end in ends]
    figure.add_scatter(x=ends, y=line, mode="lines", line={"color": view.palette.ink, "width": 2}, name="line")
    return figure
