"""The same blood pressure stored twice: once under its local time, once under UTC read as local.

Apps and scripts that mix up the two leave pairs of rows with equal values a whole number of hours apart.
Both stamps were placed as local times by the zone ledger, so local wall clocks are compared.
Equal values alone are no proof: a person can measure 120/80 twice. A pair is accepted
only with evidence, see `_has_evidence`; the others stay and are flagged.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa

from pdp.merge.identity import Superseded
from pdp.tables import columns
from pdp.tables.columns import Integers

if TYPE_CHECKING:
    from pdp.timeframe import ZoneLedger

MINUTE_MS = 60_000
HOUR_MS = 3_600_000
MAX_LAG_MS = 14 * HOUR_MS  # the farthest that a local clock runs from UTC
POSSIBLE_TWIN = "possible_twin"


class Twins(NamedTuple):
    """Pairs that are one reading, and rows that may be (positions)."""

    pairs: Superseded
    possible: Integers


class _Reading(NamedTuple):
    position: int
    utc: int
    local: int
    pulse: float | None
    present: int  # how many values it has
    is_recorded: bool  # the file itself states the offset, so the instant is certain


def find(table: pa.Table, ledger: ZoneLedger) -> Twins:
    """Twins among n readings of one or more sources, by start.

    A row belongs to one pair at most; pairs are formed in the order of time.
    """
    losers: list[int] = []
    winners: list[int] = []
    possible: set[int] = set()
    used: set[int] = set()
    utc = columns.integers(table["start_utc"])
    offsets = ledger.offsets(utc).astype(np.int64) * MINUTE_MS
    pairs = sorted(pair for readings in _alike(table) for pair in _lagging(readings, offsets))
    for _, _, earlier, later in pairs:
        if earlier.position in used or later.position in used:
            continue
        if not _has_evidence(earlier, later, offsets):
            possible |= {earlier.position, later.position}
            continue
        winner, loser = _in_order(earlier, later, offsets)
        used |= {winner.position, loser.position}
        winners.append(winner.position)
        losers.append(loser.position)
    found = Superseded(np.array(losers, np.int64), np.array(winners, np.int64))
    return Twins(found, np.array(sorted(possible - used), np.int64))


def _alike(table: pa.Table) -> Sequence[list[_Reading]]:
    """Readings of one source with the same systolic and diastolic, by local time."""
    utc = columns.integers(table["start_utc"])
    local = utc + columns.integers(table["utc_offset_min"]) * MINUTE_MS
    names = ("source", "systolic_mmhg", "diastolic_mmhg")
    keys = zip(*(table[name].to_pylist() for name in names), strict=True)
    pulses = table["pulse_bpm"].to_pylist()
    bases = table["offset_basis"].to_pylist()
    optional = [
        table[name].is_valid().to_pylist() for name in ("pulse_bpm", "body_posture", "measurement_location", "note")
    ]
    present = [sum(values) for values in zip(*optional, strict=True)]
    found: defaultdict[tuple[object, ...], list[_Reading]] = defaultdict(list)
    for i, key in enumerate(keys):
        found[key].append(_Reading(i, int(utc[i]), int(local[i]), pulses[i], present[i], bases[i] == "recorded"))
    return [sorted(readings, key=lambda reading: (reading.local, reading.position)) for readings in found.values()]


def _lagging(readings: list[_Reading], offsets: Integers) -> list[tuple[int, int, _Reading, _Reading]]:
    """Pairs whose clocks differ by whole hours or by the ledger's offset; sorts by time of the earlier row."""
    found = []
    for i, earlier in enumerate(readings):
        for later in readings[i + 1 :]:
            lag = later.local - earlier.local
            if lag > MAX_LAG_MS:
                break
            has_lag = lag > 0 and (lag % HOUR_MS == 0 or _is_offset(earlier, later, offsets))
            has_same_pulse = earlier.pulse is None or later.pulse is None or earlier.pulse == later.pulse
            if has_lag and has_same_pulse and not (earlier.is_recorded and later.is_recorded):
                found.append((earlier.local, later.local, earlier, later))
    return found


def _is_offset(earlier: _Reading, later: _Reading, offsets: Integers) -> bool:
    """Is the lag the offset of the zone ledger at the instant of the row that is rightly local?"""
    lag = later.local - earlier.local
    return lag in (offsets[later.position], -offsets[earlier.position])


def _has_evidence(earlier: _Reading, later: _Reading, offsets: Integers) -> bool:
    """Seconds that agree (1 in 60 by chance), or the ledger's own lag at a minute nobody rounds to."""
    has_seconds = later.local % MINUTE_MS != 0 and earlier.local % MINUTE_MS != 0
    is_odd_minute = later.local // MINUTE_MS % 5 != 0
    return has_seconds or (is_odd_minute and _is_offset(earlier, later, offsets))


def _in_order(earlier: _Reading, later: _Reading, offsets: Integers) -> tuple[_Reading, _Reading]:
    """Winner and loser. The loser's stamp is the winner's minus the offset; else the fuller row, else the earlier."""
    lag = later.local - earlier.local
    if lag == offsets[later.position]:
        return later, earlier
    if lag == -offsets[earlier.position]:
        return earlier, later
    return (later, earlier) if later.present > earlier.present else (earlier, later)
