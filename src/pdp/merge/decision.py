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
from pdp.tables.columns import Integers
from pdp.vocabulary import MEASURES

if TYPE_CHECKING:
    from pdp.timeframe import ZoneLedger

REASONS = ("duplicate", "conflict", "twin", "other_device")
DUPLICATE, CONFLICT, TWIN, OTHER_DEVICE = range(1, len(REASONS) + 1)
MINUTE_MS = 60_000


@dataclass(frozen=True)
class Rules:
    """What the decision needs to know beside the rows.

    Attributes:
        fusion_ms: Slot, or gap within a session or night.
        devices: (source, device) to its code, in alphabetical order.
        ranks: By code, the device's place in the order of priority, 0 the best.
        newness: By input, rank of its export, larger is newer.
        shared: Exports that several sources hold.
    """

    measure: str
    fusion_ms: int
    has_twins: bool
    devices: dict[tuple[str, ...], int]
    ranks: Integers
    newness: Integers
    shared: frozenset[str] = frozenset()

    @property
    def has_fusion(self) -> bool:
        return len(self.devices) > 1

    @property
    def has_windows(self) -> bool:
        """Can the measure be decided window by window? A twin of a blood pressure may be 14 hours away."""
        return self.measure != "blood_pressure"

    @property
    def is_chained(self) -> bool:
        """May rows of one window depend on the next one's? Nights do even of one device: exports tell them anew."""
        return self.has_fusion or MEASURES[self.measure].fusion == "episode"


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
    end = identity.ends(table, start)
    device = device_codes(table, rules)
    grouped = identity.groups(identity.event_keys(table, rules.measure, start, end, device))
    decision = Decision(table, grouped.order, np.arange(len(table)), np.zeros(len(table), np.int8))
    if rules.shared:
        _resolve_shared(decision, rules, start, end)
    _resolve_copies(decision, grouped, newness, rules.measure)
    if MEASURES[rules.measure].fusion == "episode":
        rows = decision.standing()
        group = device[rows] * 2 + identity.is_word(table, "stage", "in_bed")[rows]
        found = fusion.recomputed(group, start[rows], end[rows], newness[rows])
        decision.supersede(rows, found, CONFLICT)
    if rules.has_twins:
        _resolve_twins(decision, ledger)
    if rules.has_fusion:
        _fuse(decision, rules, start, end, rules.ranks[device])
    _follow(decision)
    return decision


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


def _resolve_shared(decision: Decision, rules: Rules, start: Integers, end: Integers) -> None:
    """A record of an export that several sources hold stands in the best source alone: it is one record, told twice."""
    table = decision.table
    is_shared = np.array([word in rules.shared for word in columns.words(table["export"])], bool)
    rows = np.flatnonzero(is_shared[columns.codes(table["export"])])
    if not len(rows):
        return
    names = columns.words(table["source"])
    best = [min((int(rules.ranks[code]) for d, code in rules.devices.items() if d[0] == n), default=0) for n in names]
    source = columns.codes(table["source"])[rows]
    anyone = np.zeros(len(table), np.int64)  # the device's name may be one that the source was given
    keys = [key[rows] for key in identity.event_keys(table, rules.measure, start, end, anyone)]
    record = [columns.codes(table[name])[rows].astype(np.int64) for name in ("export", "member")]
    grouped = identity.groups([*keys, *record, columns.integers(table["row"])[rows]])
    found = identity.copies(grouped, len(rules.devices) - np.array(best, np.int64)[source])
    is_other = source[found.losers] != source[found.winners]
    decision.supersede(rows, Superseded(found.losers[is_other], found.winners[is_other]), DUPLICATE)


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
        is_resting = identity.is_word(decision.table, "context", "resting")[rows]
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
        decision.supersede(rows, _nearest_equal(decision, rows, found, start), OTHER_DEVICE)
    else:
        found = fusion.episodes(start[rows], end[rows], rank[rows], rules.fusion_ms)
        decision.supersede(rows, found, OTHER_DEVICE)


def _nearest_equal(decision: Decision, rows: Integers, found: Superseded, start: Integers) -> Superseded:
    """A reading that a better source tells too, with equal values in the same minute, names that one as its winner."""
    names = ("systolic_mmhg", "diastolic_mmhg", "pulse_bpm")
    values = list(zip(*(decision.table[name].to_pylist() for name in names), strict=True))
    loses = np.zeros(len(rows), bool)
    loses[found.losers] = True
    told: dict[tuple[int, float, float], list[int]] = {}
    for place in np.flatnonzero(~loses).tolist():
        row = int(rows[place])
        told.setdefault((int(start[row]) // MINUTE_MS, *values[row][:2]), []).append(place)
    winners = found.winners.copy()
    for i, place in enumerate(found.losers.tolist()):
        row = int(rows[place])
        pulse = values[row][2]
        for other in told.get((int(start[row]) // MINUTE_MS, *values[row][:2]), []):
            if pulse is None or values[int(rows[other])][2] in (None, pulse):
                winners[i] = other
                break
    return Superseded(found.losers, winners)


def _follow(decision: Decision) -> None:
    """Hand rows on to the winner that stands in the end."""
    while True:
        further = decision.winner[decision.winner]
        if np.array_equal(further, decision.winner):
            return
        decision.winner = further
