"""Time in each sleep stage, with nothing counted twice.

Stage rows may overlap: one app writes "in bed" around the whole night, another short wakes inside
long sleeps. At each instant the most telling stage counts, in the order of CLASSES: awake comes
first, so that time awake is never counted as asleep.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from pdp.tables.columns import Integers, integers, one

CLASSES = ("awake", "rem", "deep", "light", "asleep", "in_bed")
ASLEEP = tuple(CLASSES.index(name) for name in ("rem", "deep", "light", "asleep"))
NOT_IN_BED = tuple(CLASSES.index(name) for name in CLASSES if name != "in_bed")


def class_codes(column: pa.ChunkedArray) -> Integers:
    """Place in CLASSES of n stages (a dictionary column)."""
    array = one(column.unify_dictionaries())
    places = np.array([*(CLASSES.index(word) for word in array.dictionary.to_pylist()), -1], np.int64)
    found: Integers = places[integers(array.indices).clip(-1)]
    return found


@dataclass(frozen=True)
class StageLine:
    """Which class holds when: k pieces of time [start, end), in order, without overlap, UTC ms."""

    start: Integers
    end: Integers
    code: Integers

    @classmethod
    def of(cls, start: Integers, end: Integers, code: Integers) -> StageLine:
        """From n stage rows that may overlap."""
        bounds = np.unique(np.concatenate([start, end]))
        if len(bounds) < 2:
            return cls(bounds[:0], bounds[:0], bounds[:0])
        winner = np.full(len(bounds) - 1, len(CLASSES), np.int64)
        for place in reversed(range(len(CLASSES))):
            chosen = (code == place) & (end > start)
            opened = np.bincount(np.searchsorted(bounds, start[chosen]), minlength=len(bounds))
            closed = np.bincount(np.searchsorted(bounds, end[chosen]), minlength=len(bounds))
            winner[np.cumsum(opened - closed)[:-1] > 0] = place
        held = winner < len(CLASSES)
        return cls(bounds[:-1][held], bounds[1:][held], winner[held])

    def of_class(self, *codes: int) -> StageLine:
        chosen = np.isin(self.code, codes)
        return StageLine(self.start[chosen], self.end[chosen], self.code[chosen])

    def ms_within(self, start: Integers, end: Integers) -> Integers:
        """How much of this line lies in each of m intervals, in ms."""
        return self._ms_before(end) - self._ms_before(start)

    def _ms_before(self, instants: Integers) -> Integers:
        if not len(self.start):
            return np.zeros(len(instants), np.int64)
        whole = np.concatenate([[0], np.cumsum(self.end - self.start)])
        piece = np.searchsorted(self.start, instants, side="right") - 1  # the last that begins by then
        last = np.maximum(piece, 0)
        inside = np.minimum(instants, self.end[last]) - self.start[last]
        found: Integers = np.where(piece < 0, 0, whole[last] + inside)
        return found

    def first_within(self, start: Integers, end: Integers) -> Integers:
        """The first instant of this line in each of m intervals; the interval's start where there is none."""
        if not len(self.start):
            return start
        piece = np.searchsorted(self.end, start, side="right")
        begins = self.start[np.minimum(piece, len(self.start) - 1)]
        found: Integers = np.where((piece < len(self.start)) & (begins < end), np.maximum(begins, start), start)
        return found

    def last_within(self, start: Integers, end: Integers) -> Integers:
        """The last instant of this line in each of m intervals; the interval's end where there is none."""
        if not len(self.start):
            return end
        piece = np.searchsorted(self.start, end) - 1
        stops = self.end[np.maximum(piece, 0)]
        found: Integers = np.where((piece >= 0) & (stops > start), np.minimum(stops, end), end)
        return found
