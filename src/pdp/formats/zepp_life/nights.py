"""Zepp Life's minute rows of sleep: which day are they really of?

SLEEP_MINUTE states a local date and a local time of day. The time can be trusted, the date can't:
in some exports it is the date of the night's end, so that the evening's rows are a day late; in
others the whole night is a day late. The SLEEP file of the same export states each night in UTC,
so the convention is found by trying each against those nights, and each row is then checked alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

DAY_MS = 86_400_000
MINUTE_MS = 60_000
_NOON_MS = DAY_MS // 2

# (days to add to evening rows, to morning rows); the first wins a tie, since then nothing need be corrected
_CONVENTIONS = ((0, 0), (-1, 0), (-1, -1), (0, 1), (1, 1))
_BOUNDARY_ROWS = 30  # a night whose first or last minute is met exactly says as much as so many rows inside


@dataclass(frozen=True)
class Anchored:
    """n minute rows placed on the local wall clock.

    Attributes:
        start_ms: int64[n], local ms since 1970.
        is_corrected: The stated date was wrong.
        is_unanchored: No night of the export holds the row at any date near the stated one.
    """

    start_ms: Ints
    is_corrected: Bools
    is_unanchored: Bools


def anchor(day: Ints, time_ms: Ints, nights: Ints) -> Anchored:
    """Find the true dates of minute rows.

    Args:
        day: int64[n], stated local days since 1970.
        time_ms: int64[n], ms since local midnight.
        nights: int64[w, 2], start and end of each night, local ms.

    Returns:
        n rows: at the date that the export's convention gives if a night holds it, else at the
        stated date, else a day before or after it; where no night holds any of them, at the date
        that the convention gives, unanchored.
    """
    stated = day * DAY_MS + time_ms
    if not len(day) or not len(nights):
        return Anchored(stated, np.zeros(len(day), bool), np.ones(len(day), bool))
    merged = _merged(nights)
    shift = _convention_shift(day, time_ms, nights, merged)
    start = stated + shift * DAY_MS
    is_held = _is_inside(start, merged)
    for candidate in (0, -1, 1):
        here = stated + candidate * DAY_MS
        is_better = ~is_held & _is_inside(here, merged)
        start[is_better] = here[is_better]
        is_held |= is_better
    return Anchored(start, start != stated, ~is_held)


def _merged(nights: Ints) -> Ints:
    """Overlapping nights joined, ascending, so that one search finds the only one that can hold an instant."""
    ordered = nights[np.argsort(nights[:, 0], kind="stable")]
    reach = np.maximum.accumulate(ordered[:, 1])
    is_new = np.concatenate(([True], ordered[1:, 0] > reach[:-1]))
    first = np.flatnonzero(is_new)
    last = np.append(first[1:] - 1, len(ordered) - 1)
    return np.stack((ordered[first, 0], reach[last]), axis=1)


def _is_inside(start: Ints, nights: Ints) -> Bools:
    at = np.searchsorted(nights[:, 0], start, side="right") - 1
    # a minute row that begins before the end, or in the minute in which the night begins
    before = (at >= 0) & (start < nights[np.maximum(at, 0), 1])
    following = np.minimum(at + 1, len(nights) - 1)
    begins = nights[following, 0]
    inside: Bools = before | ((begins > start) & (begins - start < MINUTE_MS))
    return inside


def _convention_shift(day: Ints, time_ms: Ints, nights: Ints, merged: Ints) -> Ints:
    """Days to add to each row, by the convention that fits best around that row's date.

    The fit is rows inside nights per 30 stated days, since apps change their convention with an
    update, and over the whole file where that does not decide.
    """
    is_evening = time_ms >= _NOON_MS
    period = (day - day.min()) // 30
    used, period = np.unique(period, return_inverse=True)
    edges = np.concatenate((nights[:, 0], nights[:, 1] - 1)) // MINUTE_MS
    local_fit = np.zeros((len(_CONVENTIONS), len(used)))
    whole_fit = np.zeros(len(_CONVENTIONS))
    for i, (evening, morning) in enumerate(_CONVENTIONS):
        start = (day + np.where(is_evening, evening, morning)) * DAY_MS + time_ms
        inside = _is_inside(start, merged)
        met = int(np.count_nonzero(np.isin(edges, start // MINUTE_MS)))
        local_fit[i] = np.bincount(period, weights=inside, minlength=len(used))
        whole_fit[i] = inside.sum() + _BOUNDARY_ROWS * met
    # whole_fit, scaled below one row, only breaks ties; argmax takes the first of equals
    fit = local_fit + (whole_fit / (whole_fit.max() + 1))[:, None] * 0.999
    best = np.argmax(fit, axis=0)[period]
    shifts = np.array(_CONVENTIONS, np.int64)
    chosen: Ints = np.where(is_evening, shifts[best, 0], shifts[best, 1])
    return chosen
