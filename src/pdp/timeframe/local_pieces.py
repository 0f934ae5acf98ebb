"""A piecewise constant offset function of UTC, seen from the local clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pdp.vocabulary import MINUTE_MS, OFFSET_BASES

FOREVER_MS = 2**60  # beyond any year that is placed; sums of two do not overflow

_LEDGER, _AMBIGUOUS, _NONEXISTENT = (OFFSET_BASES.index(basis) for basis in ("ledger", "ambiguous", "nonexistent"))

Int64s = npt.NDArray[np.int64]
Int16s = npt.NDArray[np.int16]
Int8s = npt.NDArray[np.int8]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Placed:
    """n local times on the UTC line.

    Attributes:
        utc_ms: Instants in ms since 1970; utc_ms + offset_min gives the local time as written.
        offset_min: Minutes ahead of UTC.
        basis: Index into vocabulary.OFFSET_BASES: ledger, ambiguous or nonexistent.
        is_undecided: Ambiguous, and the order of the rows does not decide; placed in the first pass.
    """

    utc_ms: Int64s
    offset_min: Int16s
    basis: Int8s
    is_undecided: Bools

    def __len__(self) -> int:
        return len(self.utc_ms)


@dataclass(frozen=True)
class LocalPieces:
    """p pieces of constant offset, and the s stretches of local time that they divide the wall clock into.

    Attributes:
        begins_ms: p UTC instants, ascending; the first is -FOREVER_MS.
        offsets_min: p offsets.
        stretch_begins_ms: s local times, ascending; the first is -FOREVER_MS.
        stretch_offset_min: s offsets: of the first piece that claims the stretch, or of the one before a gap.
        stretch_basis: s indexes into OFFSET_BASES.
        stretch_claims: s lists of the offsets in minutes of all the pieces that claim the stretch, first to last.
        stretch_region: s numbers: neighbouring ambiguous stretches have the same, -1 for all that are not.
    """

    begins_ms: Int64s
    offsets_min: Int16s
    stretch_begins_ms: Int64s
    stretch_offset_min: Int16s
    stretch_basis: Int8s
    stretch_claims: tuple[tuple[int, ...], ...]
    stretch_region: npt.NDArray[np.int32]

    @classmethod
    def of(cls, changes: Sequence[tuple[int, int]]) -> LocalPieces:
        """From (UTC instant in ms, offset in minutes from then on), ascending, the first at -FOREVER_MS."""
        begins = np.array([instant for instant, _ in changes], dtype=np.int64)
        offsets = np.array([offset for _, offset in changes], dtype=np.int64)
        first_local = begins + offsets * MINUTE_MS
        first_local[0] = -FOREVER_MS
        end_local = np.append(begins[1:], FOREVER_MS) + offsets * MINUTE_MS
        end_local[-1] = FOREVER_MS
        cuts = np.unique(np.append(first_local, end_local[:-1]))
        is_claimed = (first_local[None, :] <= cuts[:, None]) & (cuts[:, None] < end_local[None, :])
        claims = tuple(tuple(offsets[row].tolist()) for row in is_claimed)
        has_begun = first_local[None, :] <= cuts[:, None]
        latest = len(begins) - 1 - np.argmax(has_begun[:, ::-1], axis=1)
        counts = is_claimed.sum(axis=1)
        first = np.where(counts > 0, np.argmax(is_claimed, axis=1), latest)
        is_fold = counts > 1
        is_new_region = is_fold & ~np.append(False, is_fold[:-1])
        return cls(
            begins,
            offsets.astype(np.int16),
            cuts,
            offsets[first].astype(np.int16),
            np.where(is_fold, _AMBIGUOUS, np.where(counts == 1, _LEDGER, _NONEXISTENT)).astype(np.int8),
            claims,
            np.where(is_fold, np.cumsum(is_new_region), -1).astype(np.int32),
        )

    def offsets(self, utc_ms: Int64s) -> Int16s:
        """Offsets in minutes at n instants."""
        return self.offsets_min[_find(self.begins_ms, utc_ms)]

    def first_at_or_after(self, local_ms: int) -> int:
        """The first UTC instant at which the clock shows a local time or a later one."""
        ends = np.append(self.begins_ms[1:], FOREVER_MS) + self.offsets_min.astype(np.int64) * MINUTE_MS
        piece = int(np.argmax(ends > local_ms))
        return max(int(self.begins_ms[piece]), local_ms - int(self.offsets_min[piece]) * MINUTE_MS)

    def place_ends(self, end_local_ms: Int64s, starts: Placed) -> Placed:
        """See ZoneLedger.place_ends."""
        offset_ms = starts.offset_min.astype(np.int64) * MINUTE_MS
        utc = end_local_ms - offset_ms
        offset = starts.offset_min.copy()
        change_ms = np.append(self.begins_ms[1:], FOREVER_MS)[_find(self.begins_ms, starts.utc_ms)]
        is_plain = (utc >= starts.utc_ms) & (utc <= change_ms)
        stretch = _find(self.stretch_begins_ms, end_local_ms)
        basis = self.stretch_basis[stretch].copy()
        # An interval that ends when clocks spring forward ends at a time they never show.
        basis[(basis == _NONEXISTENT) & (end_local_ms == self.stretch_begins_ms[stretch])] = _LEDGER
        undecided = np.zeros(len(utc), dtype=np.bool_)
        start_region = self.stretch_region[_find(self.stretch_begins_ms, starts.utc_ms + offset_ms)]
        for i in np.flatnonzero(~is_plain | (basis == _AMBIGUOUS)).tolist():
            claims = self.stretch_claims[stretch[i]] or (int(self.stretch_offset_min[stretch[i]]),)
            later = [claim for claim in claims if end_local_ms[i] - claim * MINUTE_MS >= starts.utc_ms[i]]
            if not is_plain[i]:
                offset[i] = (later or claims)[0]
                utc[i] = end_local_ms[i] - int(offset[i]) * MINUTE_MS
            undecided[i] = len(later) > 1 and start_region[i] != self.stretch_region[stretch[i]]
        return Placed(utc, offset, basis, undecided)


def settle(
    pieces: LocalPieces, local_ms: Int64s, before_ms: int | None, is_last: bool
) -> tuple[Int64s, Int16s, Int8s, Bools, int]:
    """Place n local times in file order.

    Args:
        pieces: Offsets around those times.
        local_ms: n local times.
        before_ms: The instant of the row before them, None at the beginning of the file.
        is_last: Nothing follows.

    Returns:
        n instants, offsets, bases, undecided marks, and how many of them are settled: all but a last run of
        ambiguous times, unless is_last.
    """
    stretch = _find(pieces.stretch_begins_ms, local_ms)
    offset = pieces.stretch_offset_min[stretch]
    basis = pieces.stretch_basis[stretch]
    utc = local_ms - offset.astype(np.int64) * MINUTE_MS
    undecided = np.zeros(len(local_ms), dtype=np.bool_)
    rows = np.flatnonzero(basis == _AMBIGUOUS)
    if len(rows) == 0:
        return utc, offset, basis, undecided, len(local_ms)
    region = pieces.stretch_region[stretch[rows]]
    is_new_run = (np.diff(rows) > 1) | (np.diff(region) != 0)
    for run in np.split(rows, np.flatnonzero(is_new_run) + 1):
        first, last = int(run[0]), int(run[-1])
        if last + 1 == len(local_ms) and not is_last:
            return utc, offset, basis, undecided, first
        before = int(utc[first - 1]) if first else before_ms
        after = int(utc[last + 1]) if last + 1 < len(local_ms) else None
        claims = [pieces.stretch_claims[i] for i in stretch[first : last + 1].tolist()]
        chosen, is_decided = _decide(local_ms[first : last + 1].tolist(), claims, before, after)
        offset[first : last + 1] = chosen
        undecided[first : last + 1] = ~np.array(is_decided)
    utc = local_ms - offset.astype(np.int64) * MINUTE_MS
    return utc, offset, basis, undecided, len(local_ms)


def _decide(
    local: list[int], claims: list[tuple[int, ...]], before: int | None, after: int | None
) -> tuple[list[int], list[bool]]:
    """Offsets of a run of ambiguous times, and whether the order of the rows allows no other."""
    ascending = _in_order(local, claims, before, after)
    descending = _in_order(local[::-1], claims[::-1], after, before)
    if (ascending is None) == (descending is None):  # neither direction, or nothing says which
        return [claim[0] for claim in claims], [False] * len(local)
    if ascending is not None:
        return ascending
    assert descending is not None
    return descending[0][::-1], descending[1][::-1]


def _in_order(
    local: list[int], claims: list[tuple[int, ...]], before: int | None, after: int | None
) -> tuple[list[int], list[bool]] | None:
    """The earliest choice of offsets that keeps the instants ascending, and where the latest is the same."""
    earliest: list[int] = []
    floor = -FOREVER_MS if before is None else before
    for time, offsets in zip(local, claims, strict=True):
        fitting = [offset for offset in offsets if time - offset * MINUTE_MS >= floor]
        if not fitting:
            return None
        earliest.append(fitting[0])
        floor = time - fitting[0] * MINUTE_MS
    ceiling = FOREVER_MS if after is None else after
    if floor > ceiling:
        return None
    latest: list[int] = []
    for time, offsets in zip(reversed(local), reversed(claims), strict=True):
        offset = [offset for offset in offsets if time - offset * MINUTE_MS <= ceiling][-1]
        latest.append(offset)
        ceiling = time - offset * MINUTE_MS
    latest.reverse()
    return earliest, [one == other for one, other in zip(earliest, latest, strict=True)]


def _find(begins: Int64s, times: Int64s) -> npt.NDArray[np.intp]:
    """For each time the last of the ascending begins that is not after it. Blocks of one piece cost two comparisons."""
    if len(times) == 0:
        return np.zeros(0, dtype=np.intp)
    low, high = (int(i) for i in np.searchsorted(begins, [times.min(), times.max()], side="right"))
    if low == high:
        return np.full(len(times), low - 1, dtype=np.intp)
    return np.searchsorted(begins[low:high], times, side="right") + (low - 1)
