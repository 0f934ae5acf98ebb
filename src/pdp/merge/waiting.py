"""Which rows of a window of time must wait for what the next window brings."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from pdp.merge import fusion, identity
from pdp.merge.decision import Rules
from pdp.tables import columns
from pdp.tables.columns import Integers, Mask
from pdp.vocabulary import MEASURES, MINUTE_MS

LATEST_DAY_END_MS = 12 * 3_600_000  # clocks run at most 12 h behind UTC: by then a local day is over everywhere


def held_from(table: pa.Table, rules: Rules) -> int | None:
    """The instant from which rows must wait for what the next window brings; None if none must.

    Rows before it and after it never decide about each other: resting values of a local day
    wait until the day is over everywhere, counts over long intervals until no interval is open,
    nights until nothing was recorded for longer than parts of one night are apart.
    """
    start = columns.integers(table["start_utc"])
    slot_ms = rules.fusion_ms
    boundary = (int(start.max()) // slot_ms + 1) * slot_ms  # nothing before it is still to come
    if rules.measure == "heart_rate":
        resting = np.flatnonzero(identity.is_word(table, "context", "resting"))
        offset_ms = columns.integers(table["utc_offset_min"])[resting] * MINUTE_MS
        day = (start[resting] + offset_ms) // fusion.DAY_MS
        is_open = (day + 1) * fusion.DAY_MS + LATEST_DAY_END_MS > boundary
        return _whole_days(start[resting], day, is_open, slot_ms) if is_open.any() else None
    if rules.measure == "step_count":
        last = fusion.last_slots(start, identity.ends(table, start), slot_ms)
        free = _last_free(start // slot_ms, last + 1, boundary // slot_ms)
        return None if free is None else free * slot_ms
    if MEASURES[rules.measure].fusion == "episode":
        return _last_free(start, np.maximum(identity.ends(table, start), start + 1) + slot_ms + 1, boundary)
    return None


def _whole_days(start: Integers, day: Integers, is_open: Mask, slot_ms: int) -> int:
    """The slot from which on the open days lie, moved back until it cuts no day: days of two offsets overlap."""
    limit = int(start[is_open].min()) // slot_ms * slot_ms
    while True:
        earlier = int(start[np.isin(day, day[start >= limit])].min()) // slot_ms * slot_ms
        if earlier == limit:
            return limit
        limit = earlier


def _last_free(first: Integers, reach: Integers, boundary: int) -> int | None:
    """The start of the last of n rows that no row before it reaches; None if none reaches beyond the boundary.

    Args:
        first: Where each row begins.
        reach: From where on another row has nothing to do with it.
        boundary: Rows still to come begin no earlier.
    """
    order = np.argsort(first, kind="stable")
    first, reach = first[order], np.maximum.accumulate(reach[order])
    if reach[-1] <= boundary:
        return None
    is_free = np.append(True, first[1:] >= reach[:-1])
    return int(first[np.flatnonzero(is_free)[-1]])
