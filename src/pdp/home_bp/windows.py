"""Protocol windows: the average of home readings over some days in a row, and whether it is enough for a verdict.

One window ends on each local day with a reading, so windows of neighbouring days overlap. A window
without enough readings has no level, only the reasons why.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from pdp.home_bp.guidelines import guidelines
from pdp.home_bp.protocols import Protocol
from pdp.home_bp.readings import Floats, Readings, mean
from pdp.home_bp.verdict import Counts, judge
from pdp.summarize.daily import EPOCH
from pdp.tables.columns import Integers, Mask

SD_LEAST_DAYS = 3  # the spread of two days is one difference


@dataclass(frozen=True)
class Window:
    """One protocol window. Pressures in mmHg; the counts are of what the protocol counts; None is missing.

    Attributes:
        levels: Guideline -> key of the level, "" where the window is insufficient.
    """

    protocol: str
    from_date: datetime.date
    to_date: datetime.date
    n_readings: int
    n_days: int
    n_morning: int
    n_evening: int
    n_days_morning: int
    n_days_evening: int
    n_left_out: int
    is_sufficient: bool
    why_not: str
    systolic_mean_mmhg: float | None
    diastolic_mean_mmhg: float | None
    pulse_mean_bpm: float | None
    pulse_n: int
    morning_systolic_mean_mmhg: float | None
    morning_diastolic_mean_mmhg: float | None
    evening_systolic_mean_mmhg: float | None
    evening_diastolic_mean_mmhg: float | None
    systolic_sd_mmhg: float | None
    diastolic_sd_mmhg: float | None
    systolic_highest_mmhg: float | None
    systolic_lowest_mmhg: float | None
    diastolic_highest_mmhg: float | None
    diastolic_lowest_mmhg: float | None
    levels: Mapping[str, str]


def find(readings: Readings, protocol: Protocol) -> list[Window]:
    """Every window: one per local day with a reading, its last day; oldest first."""
    by_day = readings.take(np.argsort(readings.day, kind="stable"))
    ends = np.unique(by_day.day)
    firsts = np.searchsorted(by_day.day, ends - protocol.days + 1).tolist()
    lasts = np.searchsorted(by_day.day, ends, side="right").tolist()
    return [
        _window(by_day.take(slice(first, last)), protocol, end)
        for end, first, last in zip(ends.tolist(), firsts, lasts, strict=True)
    ]


def at(readings: Readings, protocol: Protocol, to_date: datetime.date) -> Window:
    """The window that ends on this local day, whether or not the day has a reading."""
    last = (to_date - EPOCH).days
    return _window(readings.take(_inside(readings, protocol, last)), protocol, last)


def contributing(readings: Readings, protocol: Protocol, to_date: datetime.date) -> Integers:
    """Places of the readings that the window ending on this local day averages, by local day, then UTC."""
    inside = _inside(readings, protocol, (to_date - EPOCH).days)
    chosen: Integers = inside[counted(readings.take(inside), protocol)]
    return chosen


def _inside(readings: Readings, protocol: Protocol, last: int) -> Integers:
    inside = np.flatnonzero((readings.day > last - protocol.days) & (readings.day <= last))
    return inside[np.argsort(readings.day[inside], kind="stable")]


def _window(inside: Readings, protocol: Protocol, last: int) -> Window:
    kept = inside.take(counted(inside, protocol))
    morning, evening = kept.take(kept.is_morning), kept.take(kept.is_evening)
    counts = Counts(
        readings=len(kept),
        days=_n_days(kept),
        mornings=_n_days(morning),
        evenings=_n_days(evening),
        left_out=len(inside) - len(kept),
    )
    verdict = judge(counts, protocol)
    systolic, diastolic = mean(kept.systolic), mean(kept.diastolic)
    levels = dict.fromkeys(guidelines(), "")
    if verdict.is_sufficient and systolic is not None and diastolic is not None:
        levels = {key: each.level_of(systolic, diastolic).key for key, each in guidelines().items()}
    return Window(
        protocol=protocol.key,
        from_date=EPOCH + datetime.timedelta(days=last - protocol.days + 1),
        to_date=EPOCH + datetime.timedelta(days=last),
        n_readings=counts.readings,
        n_days=counts.days,
        n_morning=len(morning),
        n_evening=len(evening),
        n_days_morning=counts.mornings,
        n_days_evening=counts.evenings,
        n_left_out=counts.left_out,
        is_sufficient=verdict.is_sufficient,
        why_not=verdict.why_not,
        systolic_mean_mmhg=systolic,
        diastolic_mean_mmhg=diastolic,
        pulse_mean_bpm=mean(kept.pulse),
        pulse_n=int(np.sum(~np.isnan(kept.pulse))),
        morning_systolic_mean_mmhg=mean(morning.systolic),
        morning_diastolic_mean_mmhg=mean(morning.diastolic),
        evening_systolic_mean_mmhg=mean(evening.systolic),
        evening_diastolic_mean_mmhg=mean(evening.diastolic),
        systolic_sd_mmhg=_sd_of_days(kept.day, kept.systolic),
        diastolic_sd_mmhg=_sd_of_days(kept.day, kept.diastolic),
        systolic_highest_mmhg=max(kept.systolic.tolist(), default=None),
        systolic_lowest_mmhg=min(kept.systolic.tolist(), default=None),
        diastolic_highest_mmhg=max(kept.diastolic.tolist(), default=None),
        diastolic_lowest_mmhg=min(kept.diastolic.tolist(), default=None),
        levels=levels,
    )


def counted(inside: Readings, protocol: Protocol) -> Mask:
    """Which readings of one window the protocol averages.

    The first day that is left out is the first with a counted reading: a series that begins in the
    middle of the window begins with its own first day.
    """
    chosen = np.zeros(len(inside), bool)
    if "morning" in protocol.daytimes:
        chosen |= inside.is_morning
    if "evening" in protocol.daytimes:
        chosen |= inside.is_evening
    if "other" in protocol.daytimes:
        chosen |= ~(inside.is_morning | inside.is_evening)
    skipped = np.unique(inside.day[chosen])[: protocol.skip_days]
    chosen &= ~np.isin(inside.day, skipped)
    if protocol.skip_first_of_sitting:
        chosen &= ~inside.is_first
    return chosen


def _n_days(readings: Readings) -> int:
    return len(np.unique(readings.day))


def _sd_of_days(days: Integers, values: Floats) -> float | None:
    means = [float(np.mean(values[days == day])) for day in np.unique(days)]
    return float(np.std(means, ddof=1)) if len(means) >= SD_LEAST_DAYS else None
