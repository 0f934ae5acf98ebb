"""From values to pixels: scales, ticks, dates in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil, floor

# English whatever the machine's locale is: strftime's names are not the same everywhere.
MONTH_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True)
class Scale:
    """Values [low, high] on pixels [start, end]; end may be the smaller (upwards)."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)


def pressures(values: Iterable[float], start: float, end: float, *, step: int = 20) -> Scale:
    """An axis in mmHg for these values: 60 to 160, and further where the values go."""
    known = [60.0, 160.0, *values]
    low, high = min(known), max(known)
    return Scale(
        floor((low - (3 if low < 60 else 0)) / step) * step,
        ceil((high + (3 if high > 160 else 0)) / step) * step,
        start,
        end,
    )


def ticks(scale: Scale, most: int) -> list[int]:
    """Round values on the axis, at most so many."""
    for step in (10, 20, 50, 100):
        found = list(range(ceil(scale.low / step) * step, floor(scale.high / step) * step + 1, step))
        if len(found) <= most:
            return found
    return [int(scale.low), int(scale.high)]


def day_ticks(last: date, days: int, every: int) -> list[date]:
    """Every so many days, back from the last one."""
    return [last - timedelta(days=back) for back in range(0, days, every)][::-1]


def apart(wanted: dict[str, float], least: float) -> dict[str, float]:
    """Places for labels near the wanted ones, no two nearer than `least`."""
    order = sorted(wanted, key=lambda name: wanted[name])
    placed = [wanted[name] for name in order]
    for _ in range(len(placed) * 4):
        for above in range(len(placed) - 1):
            lack = least - (placed[above + 1] - placed[above])
            if lack > 1e-9:
                placed[above] -= lack / 2
                placed[above + 1] += lack / 2
    return dict(zip(order, placed, strict=True))


def day(of: date, *, year: bool = True) -> str:
    """ "21 Nov 2026"."""
    told = f"{of.day} {MONTH_NAMES[of.month - 1]}"
    return f"{told} {of.year}" if year else told


def days(first: date, last: date) -> str:
    """ "15–21 Nov 2026", "24 Oct – 21 Nov 2026"."""
    if first == last:
        return day(last)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}–{day(last)}"
    return f"{day(first, year=first.year != last.year)} – {day(last)}"


def clock(minute: int) -> str:
    """ "06:30"."""
    return f"{minute // 60:02d}:{minute % 60:02d}"
