"""Heart rate of a day: its distribution, and resting heart rate by three named methods.

There is no standard definition of a wearable's resting heart rate: method and context change it by
15 bpm (standards: doi 10.1177/20552076251367506). So each method has its own column, and none of
them is the day's minimum, which one artefact decides.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pdp.summarize.daily import MS_PER_MIN, Day, Figure, Values, day_numbers, local_ms, share
from pdp.summarize.summary_settings import SummarySettings
from pdp.tables.columns import Integers, Mask, integers, numbers, one
from pdp.vocabulary import MEASURES

MEASURE = "heart_rate"
COLUMNS = ("start_utc", "utc_offset_min", "heart_rate_bpm", "context")
CONTEXTS = next(column.values for column in MEASURES[MEASURE].columns if column.name == "context")
RESTING = CONTEXTS.index("resting")
# Samples marked "sleep" repeat the automatic ones of the same minutes where a device exports both,
# so the day's distribution leaves them out; the two methods below that look for rest take them in.
SPREAD = (CONTEXTS.index("automatic"), CONTEXTS.index("manual"))
QUARTILES = {"min": 0.0, "q1": 0.25, "median": 0.5, "q3": 0.75, "max": 1.0}
SLEEP_SHARE = 0.05
LOWEST_WINDOW_MIN = 30  # stands in the figure's name

_QUANTILE = "exact NumPy quantile, method linear (Hyndman-Fan 7)"
_OF_DAY = "samples with context automatic or manual of the local day"
_LOWEST = (
    "lowest arithmetic mean over a window [t, t + 30 min) that begins at a sample t; only samples "
    "of the same local day, awake or asleep, context resting left out; the window holds at least "
    "summary.lowest_window_least_n samples that span at least summary.lowest_window_least_span_min; of equal means the "
    "earliest"
)
_TITLES = {"min": "lowest", "q1": "first quartile", "median": "median", "q3": "third quartile", "max": "highest"}

DAY_FIGURES = (
    Figure("hr_n", MEASURE, "1", "Heart rate samples", f"count of {_OF_DAY}", is_count=True),
    *(
        Figure(f"hr_{name}_bpm", MEASURE, "/min", f"Heart rate, {_TITLES[name]}", f"{_QUANTILE} {q:g}; {_OF_DAY}")
        for name, q in QUARTILES.items()
    ),
    Figure(
        "hr_coverage",
        MEASURE,
        "1",
        "Heart rate, share of the day covered",
        f"share of the day's slots of summary.heart_rate_slot_min that hold a sample; {_OF_DAY}; slots on the UTC grid",
    ),
)
VENDOR_FIGURES = (
    Figure(
        "rhr_vendor_bpm",
        MEASURE,
        "/min",
        "Resting heart rate, the device's own",
        "the last sample of the local day with context resting: devices revise it in the course of the day",
    ),
    Figure(
        "rhr_vendor_n",
        MEASURE,
        "1",
        "Resting heart rates the device gave",
        "count of samples of the local day with context resting",
        is_count=True,
    ),
)
SLEEP_FIGURES = (
    Figure(
        "rhr_sleep_p05_bpm",
        MEASURE,
        "/min",
        "Resting heart rate, 5th percentile in sleep",
        f"{_QUANTILE} 0.05; samples inside the main sleep of the night that belongs to the day, context resting left "
        "out; null below summary.sleep_rate_least_n samples",
    ),
    Figure(
        "rhr_sleep_n",
        MEASURE,
        "1",
        "Heart rate samples inside the main sleep",
        "count of samples inside the main sleep of the night that belongs to the day, context resting left out",
        is_count=True,
    ),
)
LOWEST_FIGURES = (
    Figure("rhr_lowest_30min_bpm", MEASURE, "/min", "Resting heart rate, lowest half hour", _LOWEST),
    Figure(
        "rhr_lowest_30min_n",
        MEASURE,
        "1",
        "Heart rate samples in the lowest half hour",
        "count of samples in the window of rhr_lowest_30min_bpm",
        is_count=True,
    ),
)
FIGURES = (*DAY_FIGURES, *VENDOR_FIGURES, *SLEEP_FIGURES, *LOWEST_FIGURES)
SLEEP_NAMES = frozenset(figure.name for figure in SLEEP_FIGURES)
_DAY_NAMES = frozenset(figure.name for figure in DAY_FIGURES)
_VENDOR_NAMES = frozenset(figure.name for figure in VENDOR_FIGURES)


@dataclass(frozen=True)
class Samples:
    """n samples in the order of the merged table: UTC ms ascending, local day number, bpm, place in CONTEXTS."""

    utc: Integers
    day: Integers
    bpm: npt.NDArray[np.float64]
    context: npt.NDArray[np.int8]

    @classmethod
    def of(cls, table: pa.Table) -> Samples:
        return cls(
            integers(table["start_utc"]),
            day_numbers(local_ms(table)),
            numbers(table["heart_rate_bpm"]).astype(np.float64),
            context_codes(table["context"]),
        )

    def take(self, chosen: Integers | Mask | slice) -> Samples:
        return Samples(self.utc[chosen], self.day[chosen], self.bpm[chosen], self.context[chosen])

    def followed_by(self, later: Samples) -> Samples:
        return Samples(
            np.concatenate([self.utc, later.utc]),
            np.concatenate([self.day, later.day]),
            np.concatenate([self.bpm, later.bpm]),
            np.concatenate([self.context, later.context]),
        )

    def __len__(self) -> int:
        return len(self.utc)


def context_codes(column: pa.ChunkedArray) -> npt.NDArray[np.int8]:
    """Place in CONTEXTS of n words (a dictionary column)."""
    array = one(column.unify_dictionaries())
    places = np.array([*(CONTEXTS.index(word) for word in array.dictionary.to_pylist()), -1], np.int8)
    found: npt.NDArray[np.int8] = places[integers(array.indices).clip(-1)]
    return found


def is_spread(samples: Samples) -> Mask:
    found: Mask = (samples.context == SPREAD[0]) | (samples.context == SPREAD[1])
    return found


def figures_of_day(samples: Samples, day: Day, settings: SummarySettings) -> Values:
    """Everything but sleep, from the samples of one local day."""
    found: Values = {}
    spread = samples.take(is_spread(samples))
    found["hr_n"] = len(spread)
    if len(spread):
        quantiles = np.quantile(spread.bpm, list(QUARTILES.values()))
        found |= {f"hr_{name}_bpm": float(value) for name, value in zip(QUARTILES, quantiles, strict=True)}
        slot_ms = settings.heart_rate_slot_min * MS_PER_MIN
        slots = 1 + int(np.count_nonzero(np.diff(spread.utc // slot_ms)))
        found["hr_coverage"] = share(slots, (day.end_ms - day.start_ms) / slot_ms)
    is_resting = samples.context == RESTING
    resting = samples.bpm[is_resting]
    found["rhr_vendor_n"] = len(resting)
    found["rhr_vendor_bpm"] = float(resting[-1]) if len(resting) else None
    found["rhr_lowest_30min_bpm"], found["rhr_lowest_30min_n"] = lowest_mean(samples.take(~is_resting), settings)
    return found


def figures_in_sleep(samples: Samples, settings: SummarySettings) -> Values:
    """From the samples inside one main sleep."""
    bpm = samples.bpm[samples.context != RESTING]
    is_enough = len(bpm) >= max(settings.sleep_rate_least_n, 1)
    return {
        "rhr_sleep_n": len(bpm),
        "rhr_sleep_p05_bpm": float(np.quantile(bpm, SLEEP_SHARE)) if is_enough else None,
    }


def lowest_mean(samples: Samples, settings: SummarySettings) -> tuple[float | None, int]:
    """The lowest mean over any window, and how many samples that window holds."""
    utc = samples.utc
    if not len(utc):
        return None, 0
    ends = np.searchsorted(utc, utc + LOWEST_WINDOW_MIN * MS_PER_MIN)  # first sample after each window
    starts = np.arange(len(utc))
    counts = ends - starts
    spans = utc[ends - 1] - utc
    is_full = (counts >= settings.lowest_window_least_n) & (spans >= settings.lowest_window_least_span_min * MS_PER_MIN)
    if not is_full.any():
        return None, 0
    sums = np.concatenate([[0.0], np.cumsum(samples.bpm)])
    means = np.where(is_full, (sums[ends] - sums[:-1]) / counts, np.inf)
    best = int(np.argmin(means))
    return float(np.mean(samples.bpm[best : ends[best]])), int(counts[best])


def rows(table: pa.Table, day: int, name: str, main_sleep: tuple[int, int] | None) -> Mask:
    """Which rows of the merged table a figure of the day is computed from.

    Args:
        main_sleep: UTC ms of the main sleep of the day's night, for figures in sleep.
    """
    samples = Samples.of(table)
    is_resting: Mask = samples.context == RESTING
    if name in SLEEP_NAMES:
        start, end = main_sleep if main_sleep is not None else (0, 0)
        return np.logical_and((samples.utc >= start) & (samples.utc < end), ~is_resting)
    of_day: Mask = samples.day == day
    if name in _DAY_NAMES:
        return of_day & is_spread(samples)
    return of_day & (is_resting if name in _VENDOR_NAMES else ~is_resting)


def compute(name: str, samples: Samples, day: Day, settings: SummarySettings) -> Values:
    """The group of figures that `name` stands in, from its own rows."""
    return figures_in_sleep(samples, settings) if name in SLEEP_NAMES else figures_of_day(samples, day, settings)
