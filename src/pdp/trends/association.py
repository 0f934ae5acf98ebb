"""Whether two figures of the daily table go together: robust slope and rank correlation, with how sure they are."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyarrow as pa

from pdp import described
from pdp.described import column
from pdp.tables.columns import Integers
from pdp.trends import resampling
from pdp.trends.rolling import Floats, values_of

LEAST_PAIRS = 20  # below, a line through points says more than they do


@dataclass(frozen=True)
class Pair:
    """Two figures of one row of daily: the night that ended on a day, and that day's morning."""

    x: str
    y: str
    per: float  # x is told per this many of its unit, so that a slope is a number one can picture
    slope_unit: str
    words: str


PAIRS = (
    Pair(
        "sleep_total_min",
        "bp_morning_systolic_mean_mmhg",
        60.0,
        "mm[Hg]/h",
        "minutes asleep in the night that ended on the day, and the mean systolic pressure of that morning",
    ),
)
LAST_DAYS = 365  # what went together years ago says little of today
RHO_DRAWS, SLOPE_DRAWS = 1_000, 200  # a slope costs n squared

_OF = f"days that have both figures, of the last {LAST_DAYS} days up to the last such day"
_RESAMPLED = (
    "95 %, circular block bootstrap over whole weeks of calendar days ({} resamples, fixed seed), so that neighbouring "
    "days that are alike don't count as independent; wider where there are few weeks (pdp.trends.resampling)"
)
_SLOPE, _RHO = _RESAMPLED.format(SLOPE_DRAWS), _RESAMPLED.format(RHO_DRAWS)
SCHEMA = pa.schema(
    [
        column("x", pa.string(), "First figure", "", "column of daily", is_required=True),
        column("y", pa.string(), "Second figure", "", "column of daily, same row", is_required=True),
        column("words", pa.string(), "What is compared", "", "for people", is_required=True),
        column("n", pa.int32(), "Pairs", "1", f"count of {_OF}", is_required=True),
        column("from_date", pa.date32(), "First pair", "", "local day"),
        column("to_date", pa.date32(), "Last pair", "", "local day"),
        column("slope_unit", pa.string(), "Unit of the slope", "", "UCUM", is_required=True),
        column(
            "theil_sen_slope",
            pa.float64(),
            "Slope",
            "slope_unit",
            f"median of the slopes between all two pairs with different x (Theil-Sen); {_OF}",
        ),
        column("slope_low", pa.float64(), "Slope, 95 % from", "slope_unit", _SLOPE),
        column("slope_high", pa.float64(), "Slope, 95 % to", "slope_unit", _SLOPE),
        column(
            "intercept",
            pa.float64(),
            "Intercept",
            "unit of y",
            "median of y less the slope times the median of x (in the unit of x times its factor, see slope_unit)",
        ),
        column("spearman_rho", pa.float64(), "Rank correlation", "1", f"Spearman, ties share their mean rank; {_OF}"),
        column("rho_low", pa.float64(), "Rank correlation, 95 % from", "1", _RHO),
        column("rho_high", pa.float64(), "Rank correlation, 95 % to", "1", _RHO),
        column(
            "is_shown",
            pa.bool_(),
            "Enough pairs",
            "",
            f"n >= {LEAST_PAIRS} and both figures vary; else every number is null",
            is_required=True,
        ),
        column(
            "verdict",
            pa.string(),
            "In a word",
            "",
            "too_few; cannot_tell: the interval of the rank correlation holds 0; lower or higher: y where x is higher. "
            "An association, not a cause",
            is_required=True,
        ),
    ]
)


def associations(daily: pa.Table) -> pa.Table:
    """associations.parquet from the daily table."""
    rows = [_row(pair, daily) for pair in PAIRS]
    return described.table({name: [row[name] for row in rows] for name in SCHEMA.names}, SCHEMA)


def _row(pair: Pair, daily: pa.Table) -> dict[str, object]:
    x, y = values_of(daily, pair.x) / pair.per, values_of(daily, pair.y)
    dates = described.days(daily, "date")
    known = np.flatnonzero(~np.isnan(x) & ~np.isnan(y))
    known = known[dates[known] > dates[known[-1]] - LAST_DAYS] if len(known) else known
    row: dict[str, object] = dict.fromkeys(SCHEMA.names)
    row |= {"x": pair.x, "y": pair.y, "words": pair.words, "slope_unit": pair.slope_unit, "n": len(known)}
    row |= {"is_shown": False, "verdict": "too_few"}
    if not len(known):
        return row
    row |= {"from_date": int(dates[known[0]]), "to_date": int(dates[known[-1]])}
    if len(known) < LEAST_PAIRS or not np.ptp(x[known]) or not np.ptp(y[known]):
        return row
    return row | _numbers(x[known[0] : known[-1] + 1], y[known[0] : known[-1] + 1], f"{pair.x} {pair.y}")


def _numbers(x: Floats, y: Floats, name: str) -> dict[str, object]:
    """Of d consecutive days, NaN where there is none."""
    is_pair = ~np.isnan(x) & ~np.isnan(y)
    blocks = resampling.blocks(len(x))
    drawn = [days[is_pair[days]] for days in resampling.draws(len(x), name, RHO_DRAWS)]
    slope, rho = theil_sen(x[is_pair], y[is_pair]), spearman(x[is_pair], y[is_pair])
    slopes = [theil_sen(x[days], y[days]) for days in drawn[:SLOPE_DRAWS]]
    slope_low, slope_high = resampling.interval(slope, slopes, blocks)
    rhos = [spearman(x[days], y[days]) for days in drawn]
    rho_low, rho_high = resampling.interval(rho, rhos, blocks, scale=(_fisher, np.tanh))
    return {
        "theil_sen_slope": slope,
        "slope_low": slope_low,
        "slope_high": slope_high,
        "intercept": float(np.median(y[is_pair]) - slope * np.median(x[is_pair])),
        "spearman_rho": rho,
        "rho_low": rho_low,
        "rho_high": rho_high,
        "is_shown": True,
        "verdict": "higher" if rho_low > 0 else "lower" if rho_high < 0 else "cannot_tell",
    }


def _fisher(rho: Floats) -> Floats:
    found: Floats = np.arctanh(np.clip(rho, -0.9999, 0.9999))
    return found


def theil_sen(x: Floats, y: Floats) -> float:
    """Median slope of n points; NaN where all x are the same."""
    first, second = _pairs(len(x))
    step = x[second] - x[first]
    is_step = step != 0
    slopes = (y[second] - y[first])[is_step] / step[is_step]
    return float(np.median(slopes)) if len(slopes) else float("nan")


@lru_cache(maxsize=64)
def _pairs(n: int) -> tuple[Integers, Integers]:
    first, second = np.triu_indices(n, 1)
    return first, second


def spearman(x: Floats, y: Floats) -> float:
    """Correlation of the ranks of n points; NaN where one of them does not vary."""
    a, b = ranks(x), ranks(y)
    a, b = a - a.mean(), b - b.mean()
    scale = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / scale if scale > 0 else float("nan")


def ranks(values: Floats) -> Floats:
    """Ranks of n values from 1; equal ones share the mean of theirs."""
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    found: Floats = (last - (count - 1) / 2)[place]
    return found
