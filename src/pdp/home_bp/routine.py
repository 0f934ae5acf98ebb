"""What the times of readings tell: missing mornings and evenings, the first of two readings, readings after a pause."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from pdp.home_bp.finding import Finding
from pdp.home_bp.readings import Floats, Readings
from pdp.home_bp.window_table import newest
from pdp.home_bp.windows import Window
from pdp.summarize.daily import EPOCH, split_by_day

SPAN_DAYS = 90
PAUSE_DAYS = 7  # a day after so many days without a reading begins anew
PAUSE_LEAST_N = 10  # beginnings; rarer than readings, and few say nothing
PRESSURES = ("systolic", "diastolic")


def missing(readings: Readings, windows: Sequence[Window], protocol: str, least_n: int) -> Iterator[Finding]:
    """Days without a morning, and without an evening: in the newest window, and in the last 90 days."""
    if not len(readings):
        return
    last = int(readings.day.max())
    spans = {"90d": (max(last - SPAN_DAYS + 1, int(readings.day.min())), last)}
    if (window := newest(windows, protocol)) is not None:
        spans["newest_window"] = ((window.from_date - EPOCH).days, (window.to_date - EPOCH).days)
    for daytime, chosen in (("morning", readings.is_morning), ("evening", readings.is_evening)):
        with_reading = readings.day[chosen]
        for item, (first, end) in spans.items():
            n = end - first + 1
            found = len(np.unique(with_reading[(with_reading >= first) & (with_reading <= end)]))
            check = f"missing_{daytime}s"
            if item == "90d" and n < least_n:
                sentence = f"Readings of {n} days: too few to tell of missing {daytime}s, which takes {least_n}."
                yield Finding(check, n, "too_few", sentence, item=item, expected=0.0)
                continue
            span = f"the {n} days of the newest protocol window" if item == "newest_window" else f"the last {n} days"
            gone = n - found
            sentence = (
                f"No {daytime} reading on {gone} of {span}." if gone else f"A {daytime} reading on each of {span}."
            )
            yield Finding(
                check,
                n,
                "seen" if gone else "as_expected",
                sentence,
                item=item,
                count=gone,
                value=gone / n,
                expected=0.0,
            )


def first_of_sitting(readings: Readings, least_n: int) -> Iterator[Finding]:
    """First minus second reading of each sitting that has two or more."""
    second = np.flatnonzero(~readings.is_first[1:] & readings.is_first[:-1]) + 1
    for pressure in PRESSURES:
        values: Floats = getattr(readings, pressure)
        differences = values[second] - values[second - 1]
        n, check = len(differences), f"first_of_sitting_{pressure}"
        if n < least_n:
            sentence = (
                f"{n} sittings of two or more readings: too few to compare the first with the second ({least_n})."
            )
            yield Finding(check, n, "too_few", sentence, expected=0.0, unit="mm[Hg]")
            continue
        value = -float(np.mean(differences))
        reach = _student(n - 1) * float(np.std(differences, ddof=1)) / n**0.5
        interval = f"95 % interval {value - reach:.1f} to {value + reach:.1f}, n = {n:,} sittings"
        is_seen = abs(value) > reach
        sentence = f"First and second {pressure} reading of a sitting do not differ beyond chance ({interval} mmHg)."
        if is_seen:
            more = "higher" if value > 0 else "lower"
            sentence = (
                f"The first {pressure} reading of a sitting is on average {abs(value):.1f} mmHg {more} than the second "
                f"({interval})."
            )
        yield Finding(
            check,
            n,
            "seen" if is_seen else "as_expected",
            sentence,
            value=value,
            expected=0.0,
            low=value - reach,
            high=value + reach,
            unit="mm[Hg]",
        )


def after_pause(readings: Readings) -> Iterator[Finding]:
    """Means of days that follow a pause of a week against the other days': are only certain days written down?"""
    days = split_by_day(readings.day)
    numbers = np.array(list(days), np.int64)
    begins = np.diff(numbers, prepend=numbers[:1]) > PAUSE_DAYS
    for pressure in PRESSURES:
        values: Floats = getattr(readings, pressure)
        means = np.array([float(np.mean(values[rows])) for rows in days.values()], np.float64)
        new, others = means[begins], means[~begins]
        n, check = len(new), f"after_pause_{pressure}"
        if n < PAUSE_LEAST_N or len(others) < PAUSE_LEAST_N:
            sentence = (
                f"{n} days with a reading come after a pause of {PAUSE_DAYS} days or more: too few to compare with the "
                f"others ({PAUSE_LEAST_N})."
            )
            yield Finding(check, n, "too_few", sentence, expected=0.0, unit="mm[Hg]")
            continue
        value, low, high = welch(new, others)
        is_seen = low > 0 or high < 0
        interval = f"95 % interval {low:.1f} to {high:.1f} mmHg, n = {n} and {len(others):,} days"
        sentence = (
            f"{pressure.capitalize()} means after a pause do not differ beyond chance from other days ({interval})."
        )
        if is_seen:
            more = "higher" if value > 0 else "lower"
            sentence = (
                f"{pressure.capitalize()} means of days after a pause of {PAUSE_DAYS} days or more are "
                f"{abs(value):.1f} mmHg {more} than of other days ({interval}). A series often begins "
                "high; or readings are taken on certain days, and then averages over months do not stand for all days."
            )
        yield Finding(
            check,
            n,
            "seen" if is_seen else "as_expected",
            sentence,
            value=value,
            expected=0.0,
            low=low,
            high=high,
            unit="mm[Hg]",
        )


def welch(a: Floats, b: Floats) -> tuple[float, float, float]:
    """Difference of means of n and m values, and its 95 % interval for unequal variances."""
    parts = float(np.var(a, ddof=1)) / len(a), float(np.var(b, ddof=1)) / len(b)
    value, variance = float(np.mean(a)) - float(np.mean(b)), parts[0] + parts[1]
    if variance == 0:
        return value, value, value
    freedom = variance**2 / (parts[0] ** 2 / (len(a) - 1) + parts[1] ** 2 / (len(b) - 1))
    reach = _student(freedom) * variance**0.5
    return value, value - reach, value + reach


def _student(freedom: float) -> float:
    """How many standard errors a 95 % interval reaches to each side."""
    from scipy.special import stdtrit  # a quarter of a second, which a job with too few readings need not spend

    return float(stdtrit(freedom, 0.975))
