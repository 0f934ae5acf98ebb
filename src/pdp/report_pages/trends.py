"""Trends over the whole record: each day a dot, the median of neighbouring days a line, their quartiles a band."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pdp.report import colors, scales, svg
from pdp.report.scales import Scale
from pdp.report_pages import csv_link
from pdp.report_pages import page as pages

WIDTH, HEIGHT = 960.0, 220.0
LEFT, RIGHT, TOP, BOTTOM = 52.0, 888.0, 12.0, 192.0
_SIZE = 13.0


@dataclass(frozen=True)
class Plot:
    """One plot.

    Attributes:
        title, unit: Above it.
        figures: Columns of the daily table, each with its colour and, of several, its name.
        factor: From the table's unit to the plot's.
        steps: Distances of grid lines to choose from.
    """

    title: str
    unit: str
    figures: tuple[tuple[str, str, str], ...]
    factor: float
    steps: tuple[float, ...]


PLOTS = (
    Plot(
        "Blood pressure",
        "mmHg",
        (
            ("bp_systolic_mean_mmhg", colors.SYSTOLIC, "systolic"),
            ("bp_diastolic_mean_mmhg", colors.DIASTOLIC, "diastolic"),
        ),
        1,
        (20, 40),
    ),
    Plot("Resting heart rate, asleep", "bpm", (("rhr_sleep_p05_bpm", "#5c0000", ""),), 1, (5, 10, 20)),
    Plot("Asleep in the night", "hours", (("sleep_total_min", "#5b3fb0", ""),), 1 / 60, (1, 2, 4)),
    Plot("Steps", "steps a day", (("steps", colors.SYSTOLIC, ""),), 1, (1000, 2000, 5000, 10000, 20000, 50000)),
)


def page(subject: str, daily: pa.Table, trends: pa.Table) -> str:
    """All plots that have a value."""
    dates: list[date] = daily["date"].to_pylist()
    body = "".join(_section(plot, dates, daily, trends) for plot in PLOTS) or "<p>No day has a value yet.</p>"
    lead = (
        "A dot is the value of a day. The line is the median of as many days up to that day as stand above the plot, "
        "the band their quartiles; where too few days have a value there is neither, and no line crosses a gap."
    )
    saved = csv_link.link(f"trends-{subject}", trends, "medians and quartiles by figure, day and window")
    return pages.document(f"Trends: {subject}", lead, f"{body}{saved}")


def _section(plot: Plot, dates: Sequence[date], daily: pa.Table, trends: pa.Table) -> str:
    values = {name: _scaled(daily[name].to_pylist(), plot.factor) for name, _, _ in plot.figures}
    known = [value for found in values.values() for value in found if value is not None]
    if not known:
        return ""
    n = sum(value is not None for value in values[plot.figures[0][0]])
    low, high = _bounds(known, plot)
    x, y = Scale(0, max(len(dates) - 1, 1), LEFT, RIGHT), Scale(low, high, BOTTOM, TOP)
    window = _window(trends, plot.figures[0][0])
    parts = [*_grid(dates, plot, x, y)]
    for name, color, label in plot.figures:
        parts.append(_dots(values[name], x, y, color))
        for run in _runs(trends, name, window, dates, plot.factor):
            parts.append(
                svg.area(
                    [(x(at), y(q1)) for at, q1, _, _ in run],
                    [(x(at), y(q3)) for at, _, _, q3 in run],
                    color=color,
                    opacity=0.16,
                )
            )
            parts.append(svg.path([(x(at), y(median)) for at, _, median, _ in run], color=color, width=2))
        if label and (last := [value for value in values[name] if value is not None]):
            parts.append(svg.text(RIGHT + 8, y(last[-1]) + 4.5, label, color=color, bold=True, size=_SIZE))
    span = scales.days(dates[0], dates[-1])
    days = f"{n:,} {'day' if n == 1 else 'days'}"
    alt = f"{plot.title}, {plot.unit}, {span}: {days} with a value, from {min(known):,.0f} to {max(known):,.0f}."
    heading = f'{plot.title} <span class="muted">{plot.unit}, n = {days}, {span}; median of {window} days</span>'
    return f"<h2>{heading}</h2>" + pages.figure(svg.drawing(WIDTH, HEIGHT, alt, parts), plot.title)


def _scaled(values: Sequence[Any], factor: float) -> list[float | None]:
    return [None if value is None else value * factor for value in values]


def _bounds(known: Sequence[float], plot: Plot) -> tuple[float, float]:
    """Whole grid steps around all values."""
    step = _step(min(known), max(known), plot)
    low, high = min(known) // step * step, -(-max(known) // step) * step
    return low, high if high > low else low + step


def _step(low: float, high: float, plot: Plot) -> float:
    return next((step for step in plot.steps if (high - low) / step <= 6), plot.steps[-1])


def _grid(dates: Sequence[date], plot: Plot, x: Scale, y: Scale) -> Iterator[str]:
    step = _step(y.low, y.high, plot)
    for number in range(round((y.high - y.low) / step) + 1):
        value = y.low + number * step
        yield svg.line(LEFT, y(value), RIGHT, y(value), color=colors.LINE)
        yield svg.text(LEFT - 8, y(value) + 4.5, f"{value:,.0f}", color=colors.INK, anchor="end", size=_SIZE)
    firsts = [at for at, day in enumerate(dates) if day.day == 1]
    every = max(1, -(-len(firsts) // 10))
    for at in firsts[::every]:
        day = dates[at]
        yield svg.line(x(at), BOTTOM, x(at), BOTTOM + 4, color=colors.MUTED)
        told = f"{scales.MONTH_NAMES[day.month - 1]} {day.year}"
        if LEFT + 24 < x(at) < RIGHT - 24:
            yield svg.text(x(at), BOTTOM + 20, told, color=colors.INK, anchor="middle", size=_SIZE)


def _dots(values: Sequence[float | None], x: Scale, y: Scale, color: str) -> str:
    """All in one path: strokes of no length with round ends."""
    d = "".join(
        f"M{svg.number(x(at))} {svg.number(y(value))}h0" for at, value in enumerate(values) if value is not None
    )
    return svg.element(
        "path", d=d, stroke=color, stroke_width=3, stroke_linecap="round", stroke_opacity=0.45, fill="none"
    )


def _window(trends: pa.Table, figure: str) -> int:
    """Days of the longest window that the figure has a trend of; 0 for none."""
    return int(pc.max(trends.filter(pc.equal(trends["figure"], figure))["window_days"]).as_py() or 0)


def _runs(
    trends: pa.Table, figure: str, window: int, dates: Sequence[date], factor: float
) -> Iterator[list[tuple[int, float, float, float]]]:
    """Stretches of days that have a median: place of the day, first quartile, median, third quartile."""
    chosen = trends.filter(pc.and_(pc.equal(trends["figure"], figure), pc.equal(trends["window_days"], window)))
    by_date: Mapping[date, Mapping[str, Any]] = {row["date"]: row for row in chosen.to_pylist()}
    run: list[tuple[int, float, float, float]] = []
    for at, day in enumerate(dates):
        row = by_date.get(day)
        if row is not None and row["median"] is not None:
            run.append((at, row["q1"] * factor, row["median"] * factor, row["q3"] * factor))
        elif run:
            yield run
            run = []
    if run:
        yield run
