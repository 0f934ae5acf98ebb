"""Trends: rolling median and quartiles of a figure of the daily table, and what is usual for this person.

A day's value counts once, whatever number of readings stands behind it. A line is broken where two days with data
lie more than GAP_DAYS apart: inside such a gap there is no trend, and no window reaches over it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pdp import described
from pdp.described import column
from pdp.tables.columns import nulls, numbers

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]

GAP_DAYS = 7  # the dashboard's rule: no line over more than a week without data
RECENT_DAYS = 7  # what is compared with the usual
USUAL_DAYS = 28  # four whole weeks, so that each weekday weighs the same
USUAL_LEAST_DAYS = 10  # quartiles of fewer say little: the quarter of 10 days is 2 or 3 of them


@dataclass(frozen=True)
class Window:
    """Length of a trend's window, and the days with data that it must hold."""

    days: int
    least_days: int


FORTNIGHT = Window(14, 4)  # 4 days: the least on which home protocols average (PMC8030885 table 3)
FOUR_WEEKS = Window(28, 7)
FIGURES: Mapping[str, Window] = {
    **{
        f"bp_{part}{side}_mean_mmhg": FORTNIGHT
        for part in ("", "morning_", "evening_")
        for side in ("systolic", "diastolic")
    },
    **dict.fromkeys(
        ("rhr_sleep_p05_bpm", "rhr_lowest_30min_bpm", "rhr_vendor_bpm", "sleep_total_min", "steps"), FOUR_WEEKS
    ),
}

_WINDOW = (
    "days with data of the last window_days, the day itself included, and of these only such as no gap of more than "
    f"{GAP_DAYS} days parts from the day; null inside such a gap, and below {FORTNIGHT.least_days} days with data "
    f"({FORTNIGHT.days} days) or {FOUR_WEEKS.least_days} ({FOUR_WEEKS.days} days)"
)
_QUANTILE = "exact quantile, linear between neighbours (Hyndman-Fan 7)"
_USUAL = f"days with data of the {USUAL_DAYS} days before the last {RECENT_DAYS}; null below {USUAL_LEAST_DAYS} of them"
_RECENT = f"days with data of the last {RECENT_DAYS}, the day itself included"
_OF_FIGURE = "the unit of the figure's column in daily"
SCHEMA = pa.schema(
    [
        column("figure", pa.string(), "Figure", "", "name of the column of daily", is_required=True),
        column("date", pa.date32(), "Local day", "", "every day of daily", is_required=True),
        column("window_days", pa.int16(), "Length of the window", "d", "fixed for each figure", is_required=True),
        column("median", pa.float64(), "Median", _OF_FIGURE, f"{_QUANTILE} 0.5; {_WINDOW}"),
        column("q1", pa.float64(), "First quartile", _OF_FIGURE, f"{_QUANTILE} 0.25; {_WINDOW}"),
        column("q3", pa.float64(), "Third quartile", _OF_FIGURE, f"{_QUANTILE} 0.75; {_WINDOW}"),
        column("n", pa.int32(), "Days with data", "1", f"count; {_WINDOW}; 0 inside a gap", is_required=True),
        column("usual_median", pa.float64(), "Usual for you, median", _OF_FIGURE, f"{_QUANTILE} 0.5; {_USUAL}"),
        column("usual_q1", pa.float64(), "Usual for you, from", _OF_FIGURE, f"{_QUANTILE} 0.25; {_USUAL}"),
        column("usual_q3", pa.float64(), "Usual for you, to", _OF_FIGURE, f"{_QUANTILE} 0.75; {_USUAL}"),
        column("usual_n", pa.int32(), "Days behind the usual", "1", f"count; {_USUAL}", is_required=True),
        column("recent_mean", pa.float64(), "Mean of the last 7 days", _OF_FIGURE, f"arithmetic mean; {_RECENT}"),
        column("recent_n", pa.int32(), "Days behind that mean", "1", f"count; {_RECENT}", is_required=True),
    ]
)
_SHARES = {"q1": 0.25, "median": 0.5, "q3": 0.75}


def trends(daily: pa.Table) -> pa.Table:
    """trends.parquet from the daily table."""
    dates = described.days(daily, "date")
    parts = [_of_figure(name, window, dates, values_of(daily, name)) for name, window in FIGURES.items()]
    return pa.concat_tables(parts)


def values_of(daily: pa.Table, name: str) -> Floats:
    """A column of the daily table, NaN where null."""
    is_null = nulls(daily[name])
    values: Floats = numbers(daily[name]).astype(np.float64)
    return values if is_null is None else np.where(is_null, np.nan, values)


def _of_figure(name: str, window: Window, dates: Counts, values: Floats) -> pa.Table:
    line, line_n = _trend(values, window)
    before = np.concatenate([np.full(RECENT_DAYS, np.nan), values])[: len(values)]
    usual, usual_n = rolling(before, USUAL_DAYS)
    recent = _windows(values, RECENT_DAYS)
    recent_n = np.count_nonzero(~np.isnan(recent), axis=1)
    mean = np.where(recent_n > 0, np.nansum(recent, axis=1) / np.maximum(recent_n, 1), np.nan)
    return described.table(
        {
            "figure": [name] * len(dates),
            "date": dates.tolist(),
            "window_days": [window.days] * len(dates),
            **{share: known_or_none(line[share]) for share in _SHARES},
            "n": line_n.tolist(),
            **{f"usual_{share}": known_or_none(usual[share], usual_n >= USUAL_LEAST_DAYS) for share in _SHARES},
            "usual_n": usual_n.tolist(),
            "recent_mean": known_or_none(mean),
            "recent_n": recent_n.tolist(),
        },
        SCHEMA,
    )


def _trend(values: Floats, window: Window) -> tuple[dict[str, Floats], Counts]:
    """The line of n days: each stretch without a gap by itself."""
    line = {share: np.full(len(values), np.nan) for share in _SHARES}
    count = np.zeros(len(values), np.int64)
    for first, last in stretches(values):
        quantiles, n = rolling(values[first:last], window.days)
        count[first:last] = n
        for share, found in quantiles.items():
            line[share][first:last] = np.where(n >= window.least_days, found, np.nan)
    return line, count


def stretches(values: Floats) -> list[tuple[int, int]]:
    """[first, last) of each run of days that no gap parts; begins and ends with data."""
    known = np.flatnonzero(~np.isnan(values))
    if not len(known):
        return []
    cuts = np.flatnonzero(np.diff(known) > GAP_DAYS)
    firsts = known[np.concatenate([[0], cuts + 1])]
    lasts = known[np.concatenate([cuts, [len(known) - 1]])] + 1
    return list(zip(firsts.tolist(), lasts.tolist(), strict=True))


def rolling(values: Floats, days: int) -> tuple[dict[str, Floats], Counts]:
    """Quartiles and count of the known values of each day's window; NaN where it holds none."""
    windows = np.sort(_windows(values, days), axis=1)  # what is missing goes last
    count = np.count_nonzero(~np.isnan(windows), axis=1)
    rows = np.arange(len(values))
    found = {}
    for name, share in _SHARES.items():
        place = share * np.maximum(count - 1, 0)
        low = np.floor(place).astype(np.int64)
        below = windows[rows, low]
        above = windows[rows, np.minimum(low + 1, np.maximum(count - 1, 0))]
        found[name] = below + (above - below) * (place - low)
    return found, count


def _windows(values: Floats, days: int) -> Floats:
    """n rows: each day's value and those of the days - 1 before it, NaN before the first."""
    if not len(values):
        return np.zeros((0, days))
    padded = np.concatenate([np.full(days - 1, np.nan), values])
    found: Floats = np.lib.stride_tricks.sliding_window_view(padded, days)
    return found


def known_or_none(values: Floats, is_enough: npt.NDArray[np.bool_] | None = None) -> list[float | None]:
    shown = values if is_enough is None else np.where(is_enough, values, np.nan)
    return [None if value != value else value for value in shown.tolist()]
