"""Rows of sleep as stretches of time: which overlap, which belong together, whose they are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from pdp.tables.columns import Integers, Mask, integers, one


@dataclass(frozen=True)
class Spans:
    """n rows that hold over [start, end)."""

    start: Integers
    end: Integers
    offset: Integers
    device: Integers

    @classmethod
    def of(cls, table: pa.Table) -> tuple[Spans, list[tuple[str, str]]]:
        """The rows, and the (source, device) that their device numbers stand for."""
        end = integers(table["end_utc"])
        start = integers(table["start_utc"])
        sources, source = _words(table["source"])
        names, device = _words(table["device"])
        codes, place = np.unique(source * len(names) + device, return_inverse=True)
        pairs = [(sources[code // len(names)], names[code % len(names)]) for code in codes.tolist()]
        return cls(start, np.maximum(start, end), integers(table["utc_offset_min"]), place.astype(np.int64)), pairs

    def take(self, chosen: Integers | Mask) -> Spans:
        return Spans(self.start[chosen], self.end[chosen], self.offset[chosen], self.device[chosen])

    def followed_by(self, other: Spans) -> Spans:
        return Spans(
            np.concatenate([self.start, other.start]),
            np.concatenate([self.end, other.end]),
            np.concatenate([self.offset, other.offset]),
            np.concatenate([self.device, other.device]),
        )


def overlap_groups(start: Integers, end: Integers, gap_ms: int | None = None) -> Integers:
    """Group number of n intervals sorted by start: 0, 0, 1, ... A group ends where nothing reaches on.

    Args:
        gap_ms: Join also what lies no further apart than this; None joins only what overlaps.
    """
    if not len(start):
        return start
    reach = np.maximum.accumulate(end)[:-1]
    is_new = start[1:] >= reach if gap_ms is None else start[1:] - reach > gap_ms
    return np.concatenate([[0], np.cumsum(is_new)]).astype(np.int64)


def is_overlapping(start: Integers, end: Integers, of_start: Integers, of_end: Integers) -> Mask:
    """Which of n intervals share time with one of m that are sorted and free of overlap."""
    if not len(of_start):
        return np.zeros(len(start), bool)
    before = np.searchsorted(of_start, end) - 1  # the last that begins before the interval's end
    return np.logical_and(before >= 0, of_end[np.maximum(before, 0)] > start)


def first_of_each(group: Integers, key: Integers) -> Integers:
    """Per group, in order of the groups, the row with the least key; of equal ones the first."""
    order = np.lexsort([key, group])
    return order[np.flatnonzero(np.diff(group[order], prepend=-1))]


def period_of(rows: Spans, start: Integers, end: Integers) -> Integers:
    """Which of m periods n rows share time with, the last where they are several; -1 for none."""
    inside = is_overlapping(rows.start, rows.end, start, end)
    return np.where(inside, np.searchsorted(start, rows.end) - 1, -1)


def devices_of(
    rows: Spans, group: Integers, staged: Spans, start: Integers, end: Integers
) -> tuple[Integers, Integers]:
    """Least and greatest device of each period's rows and of the stages inside it."""
    low = np.full(len(start), np.iinfo(np.int64).max)
    high = np.full(len(start), -1)
    within = period_of(staged, start, end)
    inside = within >= 0
    for places, device in ((group, rows.device), (within[inside], staged.device[inside])):
        np.minimum.at(low, places, device)
        np.maximum.at(high, places, device)
    return low, high


def join(rows: Spans, joined: Integers) -> Integers:
    """Period number of n rows: hulls of what belongs together already, joined where they overlap."""
    if not len(joined):
        return joined
    _, place = np.unique(joined, return_inverse=True)
    start = np.full(place.max() + 1, np.iinfo(np.int64).max)
    end = np.full(place.max() + 1, np.iinfo(np.int64).min)
    np.minimum.at(start, place, rows.start)
    np.maximum.at(end, place, rows.end)
    order = np.lexsort([end, start])
    of_hull = np.empty(len(order), np.int64)
    of_hull[order] = overlap_groups(start[order], end[order])
    found: Integers = of_hull[place]
    return found


def _words(column: pa.ChunkedArray) -> tuple[list[str], Integers]:
    array = one(column.unify_dictionaries())
    return array.dictionary.to_pylist(), integers(array.indices)


def read_spans(episodes: pa.Table, stages: pa.Table) -> tuple[Spans, Spans, tuple[tuple[str, str], ...]]:
    """Both tables' rows, with devices numbered alike in the order of their names."""
    (told, told_pairs), (staged, staged_pairs) = Spans.of(episodes), Spans.of(stages)
    devices = tuple(sorted({*told_pairs, *staged_pairs}))
    place = {pair: number for number, pair in enumerate(devices)}
    numbered = []
    for spans, pairs in ((told, told_pairs), (staged, staged_pairs)):
        codes = np.array([*(place[pair] for pair in pairs), 0], np.int64)
        numbered.append(Spans(spans.start, spans.end, spans.offset, codes[spans.device]))
    return numbered[0], numbered[1], devices
