"""Whether two figures of the daily table go together: robust slope and rank correlation, with how sure they are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from pdp import described
from pdp.described import column
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
_OF = "days that have both figures"
_RESAMPLED = (
    f"2.5 % and 97.5 % quantile over {resampling.DRAWS} resamples of whole blocks of {resampling.BLOCK_DAYS} calendar "
    "days (circular block bootstrap, fixed seed), so that neighbouring days that are alike don't count as independent"
)
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
        column("slope_low", pa.float64(), "Slope, 95 % from", "slope_unit", _RESAMPLED),
        column("slope_high", pa.float64(), "Slope, 95 % to", "slope_unit", _RESAMPLED),
        column(
            "intercept",
            pa.float64(),
            "Intercept",
            "unit of y",
            "median of y less the slope times the median of x (in the unit of x times its factor, see slope_unit)",
        ),
        column("spearman_rho", pa.float64(), "Rank correlation", "1", f"Spearman, ties share their mean rank; {_OF}"),
        column("rho_low", pa.float64(), "Rank correlation, 95 % from", "1", _RESAMPLED),
        column("rho_high", pa.float64(), "Rank correlation, 95 % to", "1", _RESAMPLED),
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
    is_pair = ~np.isnan(x) & ~np.isnan(y)
    dates = described.days(daily, "date")[is_pair]
    row: dict[str, object] = dict.fromkeys(SCHEMA.names)
    row |= {"x": pair.x, "y": pair.y, "words": pair.words, "slope_unit": pair.slope_unit, "n": len(dates)}
    row |= {"is_shown": False, "verdict": "too_few"}
    if len(dates):
        row |= {"from_date": int(dates[0]), "to_date": int(dates[-1])}
    varies = len(dates) >= LEAST_PAIRS and bool(np.ptp(x[is_pair])) and bool(np.ptp(y[is_pair]))
    if not varies:
        return row
    slope = theil_sen(x[is_pair], y[is_pair])
    drawn = resampling.draws(dates, f"{pair.x} {pair.y}")
    slopes = [theil_sen(x[is_pair][each], y[is_pair][each]) for each in drawn[: resampling.SLOPE_DRAWS]]
    rhos = [spearman(x[is_pair][each], y[is_pair][each]) for each in drawn]
    slope_low, slope_high = resampling.interval(slopes)
    rho_low, rho_high = resampling.interval(rhos)
    return row | {
        "theil_sen_slope": slope,
        "slope_low": slope_low,
        "slope_high": slope_high,
        "intercept": float(np.median(y[is_pair]) - slope * np.median(x[is_pair])),
        "spearman_rho": spearman(x[is_pair], y[is_pair]),
        "rho_low": rho_low,
        "rho_high": rho_high,
        "is_shown": True,
        "verdict": "higher" if rho_low > 0 else "lower" if rho_high < 0 else "cannot_tell",
    }


def theil_sen(x: Floats, y: Floats) -> float:
    """Median slope of n points; NaN where all x are the same."""
    first, second = np.triu_indices(len(x), 1)
    step = x[second] - x[first]
    is_step = step != 0
    slopes = (y[second] - y[first])[is_step] / step[is_step]
    return float(np.median(slopes)) if len(slopes) else float("nan")


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
