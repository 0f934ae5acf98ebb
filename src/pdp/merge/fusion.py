"""Several devices at the same time: which one speaks. Never a mean of two, never a silent winner.

Every function takes rows sorted by start (any order of what starts together) and returns the rows that
do not stand with the row that stands for each. `rank` is the place of a row's device in the order of
priority, 0 the best, no two devices with the same rank.
"""

from __future__ import annotations

import numpy as np

from pdp.merge.identity import NOBODY, Superseded
from pdp.tables.columns import Integers, Mask

DAY_MS = 86_400_000


def slots(start: Integers, rank: Integers, slot_ms: int) -> Superseded:
    """Instants on a fixed grid of UTC: in each slot the best device present stands, alone."""
    return _best_per_group(start // slot_ms, rank)


def local_days(start: Integers, offset_min: Integers, rank: Integers) -> Superseded:
    """Values of a local day, such as the vendor's resting heart rate: the best device of each day stands."""
    day = (start + offset_min * 60_000) // DAY_MS
    order = np.argsort(day, kind="stable")
    found = _best_per_group(day[order], rank[order])
    return Superseded(order[found.losers], order[found.winners])


def _best_per_group(group: Integers, rank: Integers) -> Superseded:
    """Rows sorted by group; the winner named is the group's first row of its best device."""
    if len(group) == 0 or rank.min() == rank.max():
        return NOBODY
    begins = np.flatnonzero(np.diff(group, prepend=group[0] - 1))
    sizes = np.diff(np.append(begins, len(group)))
    best = np.minimum.reduceat(rank, begins)
    loses = rank != np.repeat(best, sizes)
    losers = np.flatnonzero(loses)
    if not len(losers):
        return NOBODY
    winner = np.minimum.reduceat(np.where(loses, len(group), np.arange(len(group))), begins)
    return Superseded(losers, np.repeat(winner, sizes)[losers])


def spans(start: Integers, end: Integers, rank: Integers, slot_ms: int) -> Superseded:
    """Counts over intervals (steps): a slot belongs to the best device that counts in it.

    A row no longer than a slot stands in the slot where it starts. A longer one (an hour, a whole day)
    claims every slot it touches and stands only if no better device has any of them: a day's total beside
    minutes of the same day would count them twice.
    """
    if len(start) == 0 or rank.min() == rank.max():
        return NOBODY
    base = int(start.min()) // slot_ms
    first = start // slot_ms - base
    last = last_slots(start, end, slot_ms) - base
    owner = np.full(int(last.max()) + 2, -1, np.int64)  # the row that claims a slot, -1 nobody
    losers: list[Integers] = []
    winners: list[Integers] = []
    for best in np.unique(rank):
        rows = np.flatnonzero(rank == best)
        claimed = np.flatnonzero(owner >= 0)
        next_claimed = np.searchsorted(claimed, first[rows])
        is_taken = np.zeros(len(rows), bool)
        inside = next_claimed < len(claimed)
        is_taken[inside] = claimed[next_claimed[inside]] <= last[rows[inside]]
        losers.append(rows[is_taken])
        winners.append(owner[claimed[next_claimed[is_taken]]])
        standing = rows[~is_taken][::-1]  # the first row of a slot is written last and so stays
        counts = last[standing] - first[standing] + 1
        touched = np.repeat(first[standing], counts) + _steps(counts)
        owner[touched] = np.repeat(standing, counts)
    return Superseded(np.concatenate(losers), np.concatenate(winners))


def last_slots(start: Integers, end: Integers, slot_ms: int) -> Integers:
    """The last slot that each row claims, see `spans`; `end` is `start` for instants."""
    return np.where(end - start > slot_ms, (end - 1) // slot_ms, start // slot_ms)


def _steps(counts: Integers) -> Integers:
    """0, 1, ..., counts[0]-1, 0, 1, ..., counts[1]-1, ..."""
    total = int(counts.sum())
    return np.arange(total) - np.repeat(np.cumsum(counts) - counts, counts)


def sessions(start: Integers, rank: Integers, gap_ms: int) -> Superseded:
    """Single readings: those no further apart than gap_ms are one session; its best device stands whole."""
    if len(start) == 0:
        return NOBODY
    session = np.cumsum(np.diff(start, prepend=start[0]) > gap_ms, dtype=np.int64)
    return _nearest(start, _best_per_group(session, rank), session, rank)


def _nearest(start: Integers, found: Superseded, session: Integers, rank: Integers) -> Superseded:
    """Name as winner the standing row of the session that is nearest in time, the earlier of two."""
    if not len(found.losers):
        return found
    stands = np.ones(len(start), bool)
    stands[found.losers] = False
    standing = np.flatnonzero(stands)
    after = np.searchsorted(start[standing], start[found.losers])
    left = standing[np.maximum(after - 1, 0)]
    right = standing[np.minimum(after, len(standing) - 1)]
    mine = session[found.losers]
    far = np.iinfo(np.int64).max
    to_left = np.where(session[left] == mine, np.abs(start[found.losers] - start[left]), far)
    to_right = np.where(session[right] == mine, np.abs(start[right] - start[found.losers]), far)
    return Superseded(found.losers, np.where(to_left <= to_right, left, right))


def episodes(start: Integers, end: Integers, rank: Integers, gap_ms: int) -> Superseded:
    """Nights: rows of one device no further apart than gap_ms are one episode, which stands or goes whole.

    Devices are asked in the order of priority; an episode stands if it is further than gap_ms from every one
    that stands already, so that no night is mixed from two devices.
    The winner named is the last row that begins no later than the loser does, of the episode that stands there.
    """
    if len(start) == 0 or rank.min() == rank.max():
        return NOBODY
    end = np.maximum(end, start + 1)
    taken_start = taken_end = taken_row = np.zeros(0, np.int64)  # the episodes that stand, disjoint, by start
    standing: list[Integers] = []
    losers: list[Integers] = []
    against: list[Integers] = []  # for each loser: first row of the episode that stands there
    for best in np.unique(rank):
        rows = np.flatnonzero(rank == best)
        reach = np.maximum.accumulate(end[rows])
        opens = np.ones(len(rows), bool)
        opens[1:] = start[rows][1:] > reach[:-1] + gap_ms
        begins = np.flatnonzero(opens)
        ends = reach[np.append(begins[1:], len(rows)) - 1]
        overlapped = np.searchsorted(taken_start, ends + gap_ms, side="right") - 1  # the last that could be near
        is_beaten = overlapped >= 0
        is_beaten[is_beaten] = taken_end[overlapped[is_beaten]] + gap_ms >= start[rows[begins[is_beaten]]]
        episode = np.cumsum(opens) - 1
        loses = is_beaten[episode]
        losers.append(rows[loses])
        against.append(taken_row[overlapped[episode[loses]]])
        standing.append(rows[~loses])
        kept = begins[~is_beaten]
        taken_row = np.concatenate([taken_row, rows[kept]])
        taken_end = np.concatenate([taken_end, ends[~is_beaten]])
        order = np.argsort(start[taken_row], kind="stable")
        taken_row, taken_end = taken_row[order], taken_end[order]
        taken_start = start[taken_row]
    lost = np.concatenate(losers)
    if not len(lost):
        return NOBODY
    stands = np.sort(np.concatenate(standing))
    first = np.concatenate(against)
    near = stands[np.maximum(np.searchsorted(start[stands], start[lost], side="right") - 1, 0)]
    # A row before the episode's first, or one that belongs to another episode: the first row is named.
    limit = np.append(taken_start, np.iinfo(np.int64).max)[np.searchsorted(taken_start, start[first], side="right")]
    is_inside = (start[near] >= start[first]) & (start[near] < limit)
    return Superseded(lost, np.where(is_inside, near, first))


def recomputed(group: Integers, start: Integers, end: Integers, newness: Integers) -> Superseded:
    """Nights of one device that a newer export tells with other bounds: the newer export stands.

    Args:
        group: n whole numbers; only rows of one group can contradict each other.
        newness: Rank of each row's export, larger is newer. Rows of one export are left as they are.
    """
    if len(start) == 0 or newness.min() == newness.max():
        return NOBODY
    end = np.maximum(end, start + 1)
    low = int(start.min())
    span = int(end.max()) - low + 1
    _, group = np.unique(group, return_inverse=True)
    begin, stop = start - low + group * span, end - low + group * span  # groups side by side on one axis
    chosen = _contested(begin, stop, newness)
    kept_begin = kept_stop = kept_row = np.zeros(0, np.int64)
    losers: list[Integers] = []
    winners: list[Integers] = []
    for newest in np.unique(newness[chosen])[::-1]:
        rows = chosen[newness[chosen] == newest]
        before = np.searchsorted(kept_begin, stop[rows]) - 1
        reach = np.maximum.accumulate(kept_stop) if len(kept_stop) else kept_stop
        loses = before >= 0
        loses[loses] = reach[before[loses]] > begin[rows[loses]]
        if loses.any():
            holder = np.maximum.accumulate(np.where(kept_stop == reach, np.arange(len(reach)), 0))
            losers.append(rows[loses])
            winners.append(kept_row[holder[before[loses]]])
        kept_row = np.concatenate([kept_row, rows[~loses]])
        kept_row = kept_row[np.argsort(begin[kept_row], kind="stable")]
        kept_begin, kept_stop = begin[kept_row], stop[kept_row]
    return Superseded(np.concatenate(losers), np.concatenate(winners)) if losers else NOBODY


def _contested(begin: Integers, stop: Integers, newness: Integers) -> Integers:
    """The rows, by begin, that lie in a chain of overlaps with a row of another export."""
    order = np.argsort(begin, kind="stable")
    reach = np.maximum.accumulate(stop[order])
    opens: Mask = np.ones(len(order), bool)
    opens[1:] = begin[order][1:] >= reach[:-1]
    begins = np.flatnonzero(opens)
    ranks = newness[order]
    is_mixed = np.minimum.reduceat(ranks, begins) != np.maximum.reduceat(ranks, begins)
    contested: Integers = order[is_mixed[np.cumsum(opens) - 1]]
    return contested
