"""What becomes of each row of one block: it stands, or another row stands for it, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pdp.merge import fusion, identity, twins
from pdp.merge.identity import Superseded
from pdp.tables import columns
from pdp.tables.columns import Integers, Mask
from pdp.vocabulary import MEASURES

if TYPE_CHECKING:
    from pdp.timeframe import ZoneLedger

REASONS = ("duplicate", "conflict", "twin", "other_device")
DUPLICATE, CONFLICT, TWIN, OTHER_DEVICE = range(1, len(REASONS) + 1)
MINUTE_MS = 60_000
LATEST_DAY_END_MS = 12 * 3_600_000  # clocks run at most 12 h behind UTC: by then a local day is over everywhere


@dataclass(frozen=True)
class Rules:
    """What the decision needs to know beside the rows.

    Attributes:
        fusion_ms: Slot, or gap within a session or night.
        devices: (source, device) to its code, in alphabetical order.
        ranks: By code, the device's place in the order of priority, 0 the best.
        newness: By input, rank of its export, larger is newer.
    """

    measure: str
    fusion_ms: int
    has_twins: bool
    devices: dict[tuple[str, ...], int]
    ranks: Integers
    newness: Integers

    @property
    def has_fusion(self) -> bool:
        return len(self.devices) > 1


@dataclass
class Decision:
    """The fate of n rows.

    Attributes:
        table: The rows, perhaps with flags added.
        order: Positions in the order of start.
        winner: For each row the row that stands for it; itself if it stands.
        reason: 0 if it stands, else 1 + index in REASONS.
    """

    table: pa.Table
    order: Integers
    winner: Integers
    reason: npt.NDArray[np.int8]

    def supersede(self, rows: Integers, found: Superseded, reason: npt.NDArray[np.int8] | int) -> None:
        """Record pairs of positions in `rows`."""
        losers = rows[found.losers]
        self.winner[losers] = rows[found.winners]
        self.reason[losers] = reason

    def standing(self) -> Integers:
        """Rows that still stand, by start."""
        rows: Integers = self.order[self.reason[self.order] == 0]
        return rows


def decide(table: pa.Table, rules: Rules, newness: Integers, ledger: ZoneLedger) -> Decision:
    """Decide n rows of one measure.

    Args:
        table: Unified; rows of one input in the order of its file, inputs in the order of source and export.
        newness: Rank of each row's export.
    """
    start = columns.integers(table["start_utc"])
    end = _ends(table, start)
    device = device_codes(table, rules)
    grouped = identity.groups(_identity(table, rules.measure, start, end, device))
    decision = Decision(table, grouped.order, np.arange(len(table)), np.zeros(len(table), np.int8))
    _resolve_copies(decision, grouped, newness, rules.measure)
    if MEASURES[rules.measure].fusion == "episode":
        rows = decision.standing()
        group = device[rows] * 2 + _is(table, "stage", "in_bed")[rows]
        found = fusion.recomputed(group, start[rows], end[rows], newness[rows])
        decision.supersede(rows, found, CONFLICT)
    if rules.has_twins:
        _resolve_twins(decision, ledger)
    if rules.has_fusion:
        _fuse(decision, rules, start, end, rules.ranks[device])
    _follow(decision)
    return decision


def held_from(table: pa.Table, rules: Rules) -> int | None:
    """The instant from which rows must wait for what the next window brings; None if none must.

    Rows before it and after it never decide about each other: resting values of a local day
    wait until the day is over everywhere, counts over long intervals until no interval is open.
    """
    start = columns.integers(table["start_utc"])
    slot_ms = rules.fusion_ms
    boundary = (int(start.max()) // slot_ms + 1) * slot_ms  # nothing before it is still to come
    if rules.measure == "heart_rate":
        resting = np.flatnonzero(_is(table, "context", "resting"))
        offset_ms = columns.integers(table["utc_offset_min"])[resting] * MINUTE_MS
        day = (start[resting] + offset_ms) // fusion.DAY_MS
        is_open = (day + 1) * fusion.DAY_MS + LATEST_DAY_END_MS > boundary
        return int(start[resting][is_open].min()) // slot_ms * slot_ms if is_open.any() else None
    if rules.measure == "step_count":
        order = np.argsort(start, kind="stable")
        last = fusion.last_slots(start, _ends(table, start), slot_ms)[order]
        first = start[order] // slot_ms
        reach = np.maximum.accumulate(last)
        if reach[-1] * slot_ms < boundary:
            return None
        is_free = np.append(True, first[1:] > reach[:-1])  # no interval before this row reaches its slot
        return int(first[np.flatnonzero(is_free)[-1]]) * slot_ms
    return None


def is_settled(table: pa.Table, rules: Rules) -> bool:
    """Is there clearly nothing to decide about these rows of one input? The common case, at the speed of a copy."""
    if rules.has_fusion or not MEASURES[rules.measure].is_dense:
        return False
    start = columns.integers(table["start_utc"])
    return bool((start[1:] > start[:-1]).all())


def device_codes(table: pa.Table, rules: Rules) -> Integers:
    """The code of each row's (source, device)."""
    if len(rules.devices) == 1:
        return np.zeros(len(table), np.int64)
    sources, names = columns.words(table["source"]), columns.words(table["device"])
    codes = np.array([[rules.devices.get((source, name), -1) for name in names] for source in sources], np.int64)
    found: Integers = codes[columns.codes(table["source"]), columns.codes(table["device"])]
    return found


def _ends(table: pa.Table, start: Integers) -> Integers:
    """The end of each row; its start where it has none."""
    if table["end_utc"].null_count == len(table):
        return start
    end = columns.integers(table["end_utc"])
    return np.where(end == columns.NULL_KEY, start, end)


def _is(table: pa.Table, name: str, word: str) -> Mask:
    """Which rows have this word in this column? No row if there is no such column."""
    if name not in table.column_names or word not in columns.words(table[name]):
        return np.zeros(len(table), bool)
    found: Mask = columns.codes(table[name]) == columns.words(table[name]).index(word)
    return found


def _identity(table: pa.Table, measure: str, start: Integers, end: Integers, device: Integers) -> list[Integers]:
    """Rows equal in all of these tell of the same event."""
    if measure == "blood_pressure":  # two different readings in one minute are both real
        values = [columns.ranks(table[name]) for name in ("systolic_mmhg", "diastolic_mmhg", "pulse_bpm")]
        return [start, device, *values]
    if measure == "heart_rate":  # the vendor's daily value is no sample
        return [start, device, _is(table, "context", "resting").astype(np.int64)]
    if measure == "step_count":  # an interval that was still open is told again with a later end
        return [start, device]
    if measure == "sleep_stage":  # time in bed holds beside the stages
        return [start, end, device, _is(table, "stage", "in_bed").astype(np.int64)]
    return [start, end, device]


def _resolve_copies(decision: Decision, grouped: identity.Groups, newness: Integers, measure: str) -> None:
    several = newness if newness.min() != newness.max() else None
    found = identity.copies(grouped, several)
    if not len(found.losers):
        return
    names = [column.name for column in MEASURES[measure].columns]
    same = identity.same_values(decision.table, ["end_utc", *names], found)
    decision.supersede(np.arange(len(newness)), found, np.where(same, DUPLICATE, CONFLICT).astype(np.int8))


def _resolve_twins(decision: Decision, ledger: ZoneLedger) -> None:
    rows = decision.standing()
    pairs, possible = twins.find(columns.take(decision.table, rows), ledger)
    decision.supersede(rows, pairs, TWIN)
    if len(possible):
        flags = decision.table["flags"].to_pylist()
        for row in rows[possible].tolist():
            flags[row] = ";".join(sorted({*(flags[row] or "").split(";"), twins.POSSIBLE_TWIN} - {""}))
        position = decision.table.column_names.index("flags")
        encoded = columns.strings(flags).dictionary_encode()
        decision.table = decision.table.set_column(position, decision.table.schema.field(position), encoded)


def _fuse(decision: Decision, rules: Rules, start: Integers, end: Integers, rank: Integers) -> None:
    rows = decision.standing()
    if rules.measure == "heart_rate":
        is_resting = _is(decision.table, "context", "resting")[rows]
        samples, resting = rows[~is_resting], rows[is_resting]
        decision.supersede(samples, fusion.slots(start[samples], rank[samples], rules.fusion_ms), OTHER_DEVICE)
        offset = columns.integers(decision.table["utc_offset_min"])[resting]
        found = fusion.local_days(start[resting], offset, rank[resting])
        decision.supersede(resting, found, OTHER_DEVICE)
    elif rules.measure == "step_count":
        found = fusion.spans(start[rows], end[rows], rank[rows], rules.fusion_ms)
        decision.supersede(rows, found, OTHER_DEVICE)
    elif rules.measure == "blood_pressure":
        found = fusion.sessions(start[rows], rank[rows], rules.fusion_ms)
        _supersede_readings(decision, rows, found, start)
    else:
        found = fusion.episodes(start[rows], end[rows], rank[rows], rules.fusion_ms)
        decision.supersede(rows, found, OTHER_DEVICE)


def _supersede_readings(decision: Decision, rows: Integers, found: Superseded, start: Integers) -> None:
    """A reading that a better source tells too, with equal values in the same minute, is a duplicate of it."""
    names = ("systolic_mmhg", "diastolic_mmhg", "pulse_bpm")
    values = list(zip(*(decision.table[name].to_pylist() for name in names), strict=True))
    loses = np.zeros(len(rows), bool)
    loses[found.losers] = True
    told: dict[tuple[int, float, float], list[int]] = {}
    for place in np.flatnonzero(~loses).tolist():
        row = int(rows[place])
        told.setdefault((int(start[row]) // MINUTE_MS, *values[row][:2]), []).append(place)
    winners, reasons = found.winners.copy(), np.full(len(found.losers), OTHER_DEVICE, np.int8)
    for i, place in enumerate(found.losers.tolist()):
        row = int(rows[place])
        pulse = values[row][2]
        for other in told.get((int(start[row]) // MINUTE_MS, *values[row][:2]), []):
            if pulse is None or values[int(rows[other])][2] in (None, pulse):
                winners[i], reasons[i] = other, DUPLICATE
                break
    decision.supersede(rows, Superseded(found.losers, winners), reasons)


def _follow(decision: Decision) -> None:
    """Hand rows on to the winner that stands in the end."""
    while True:
        further = decision.winner[decision.winner]
        if np.array_equal(further, decision.winner):
            return
        decision.winner = further
