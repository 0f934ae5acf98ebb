"""Heart rate of any stretch: median, middle half, lowest to highest of each slot; of a short one, single samples."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go
import pyarrow as pa

from dash_app import charts
from dash_app.figures import trend
from dash_app.view import View
from pdp.pyramid import LEVELS, RAW

HEIGHT = 340
# Many devices measure every 5 or 10 minutes: that is no gap. A longer silence is one, and breaks the line.
LONGEST_BRIDGE_MS = 15 * 60_000
MOST_DOTS = 320  # more would cover the line
WIDTHS = {level.name: level.width_ms for level in LEVELS} | {RAW: 0}
Numbers = npt.NDArray[np.float32]  # as the tables have them: half the bytes of the answer
Times = npt.NDArray[np.object_]
Places = npt.NDArray[np.int64]


def local_ms(table: pa.Table) -> npt.NDArray[np.int64]:
    """Begin of each of n rows by its own local clock, ms since 1970."""
    start = table["start_utc"].cast(pa.int64()).to_numpy()
    offset: npt.NDArray[np.int64] = table["utc_offset_min"].to_numpy().astype(np.int64) * 60_000
    return np.asarray(start + offset, np.int64)


def runs(level: str, table: pa.Table) -> list[tuple[int, int]]:
    """[first, last) of the rows that one line joins: no gap between them, and the clock not moved."""
    if not len(table):
        return []
    width = WIDTHS[level]
    start = table["start_utc"].cast(pa.int64()).to_numpy()
    # Local days have 23 to 25 hours, and are neighbours all the same.
    is_gap = np.diff(start) - width > max(LONGEST_BRIDGE_MS, width // 2)
    is_moved = (np.diff(table["utc_offset_min"].to_numpy()) != 0) & (width <= 3_600_000)
    cuts = (np.flatnonzero(is_gap | is_moved) + 1).tolist()
    return list(zip([0, *cuts], [*cuts, len(table)], strict=True))


def zoom(view: View, level: str, table: pa.Table, first: datetime, last: datetime) -> go.Figure:
    """The stretch [first, last), local time.

    Args:
        view: Its theme.
        level: Of pdp.pyramid, or "raw".
        table: Its rows.
        first, last: Ends of the axis.
    """
    axis = {"type": "date", "range": [first, last], "fixedrange": False, "nticks": 5, "tickangle": 0}
    values = {name: table[name].to_numpy().astype(np.float32) for name in ("min", "q1", "median", "q3", "max")}
    height = trend.span([float(values["min"].min()), float(values["max"].max())], 10) if len(table) else [40, 120]
    figure = charts.base(
        view,
        HEIGHT,
        margin={**charts.MARGIN, "r": 16},
        xaxis={**axis, "tickformatstops": TICKS},
        yaxis={"range": height},
        dragmode="zoom",
    )
    # A slot stands at its middle, that of a minute at its begin, of a week on its Thursday: short times, short answers.
    shift = WIDTHS[level] // 2 // 60_000 * 60_000
    unit: Literal["s", "m", "D"] = "s" if level == RAW else "D" if level == LEVELS[-1].name else "m"
    at = np.append(np.datetime_as_string((local_ms(table) + shift).astype("datetime64[ms]"), unit), [""])
    # Arrays, as plotly looks at each element of a list. The last place stands for "break here".
    times: Times = at.astype(object)
    times[-1] = None
    found = runs(level, table)
    if level != RAW:
        joined = [np.arange(low, high) for low, high in found if high - low > 1]
        _band(figure, view, times, (values["min"], values["max"]), joined, 0.16)
        _band(figure, view, times, (values["q1"], values["q3"]), joined, 0.34)
        _poles(figure, view, times, values, np.array([low for low, high in found if high - low == 1], np.int64))
    line = _places([np.arange(low, high) for low, high in found])
    colour = view.palette.colour("heart")
    is_dotted = level == RAW or len(table) <= MOST_DOTS
    shown = {
        "mode": "lines+markers" if is_dotted else "lines",
        "line": {"color": colour if level != RAW else view.palette.soft("heart", 0.4), "width": 1.5},
        "marker": {"color": colour, "size": 4},
    }
    name = "single samples" if level == RAW else "median"
    figure.add_scatter(x=times[line], y=_at(values["median"], line), connectgaps=False, name=name, **shown)
    return figure


def _band(
    figure: go.Figure, view: View, times: Times, ends: tuple[Numbers, Numbers], joined: Sequence[Places], opacity: float
) -> None:
    """An area per run of slots: along the lower ends, and back along the upper ones."""
    there = _places([np.append(run, run[::-1]) for run in joined])
    is_back = _places([np.append(np.zeros(len(run), np.int64), np.ones(len(run), np.int64)) for run in joined]) == 1
    fill = view.palette.soft("heart", opacity)
    y = np.where(is_back, _at(ends[1], there), _at(ends[0], there))
    figure.add_scatter(x=times[there], y=y, mode="lines", line={"width": 0}, fill="toself", fillcolor=fill, name="band")


def _poles(figure: go.Figure, view: View, times: Times, values: dict[str, Numbers], alone: Places) -> None:
    """Slots with a gap on either side: a band would have no width."""
    if not len(alone):
        return
    there = _places([np.repeat(place, 2) for place in alone])
    y = _at(values["min"], there)
    y[1::3] = values["max"][alone]
    line = {"color": view.palette.soft("heart", 0.5), "width": 2}
    dots = {"color": view.palette.colour("heart"), "size": 5}
    figure.add_scatter(x=times[there], y=y, mode="lines", line=line, name="lowest to highest")
    figure.add_scatter(x=times[alone], y=values["median"][alone], mode="markers", marker=dots, name="median alone")


def _places(parts: Sequence[Places]) -> Places:
    """Places one after another, -1 after each part: there the line breaks."""
    return np.concatenate([np.zeros(0, np.int64), *(np.append(part, -1) for part in parts)])


def _at(values: Numbers, places: Places) -> Numbers:
    found: Numbers = np.append(values, np.float32(np.nan))[places]
    return found


TICKS = [
    {"dtickrange": [None, 1000], "value": "%-H:%M:%S\n%a, %-d %b"},
    {"dtickrange": [1000, 60_000], "value": "%-H:%M:%S\n%a, %-d %b"},
    {"dtickrange": [60_000, 86_400_000], "value": "%-H:%M\n%a, %-d %b"},
    {"dtickrange": [86_400_000, "M1"], "value": "%-d %b\n%Y"},
    {"dtickrange": ["M1", None], "value": "%b\n%Y"},
]
