"""Local wall clocks to UTC, by the subject's zone ledger.

The ledger (a zone, and the changes of zone with their dates) is one piecewise constant offset
function of UTC: daylight saving and journeys are the same thing, a change of offset. Each piece claims
the local times that clocks showed while it held. A local time that no piece claims was skipped
(`nonexistent`); one that several claim occurred more than once (`ambiguous`).

The order of the rows decides an ambiguous time where only one choice keeps the file's instants ascending
(or all descending, for a file that runs backwards). That is why placing is done by a Placer that follows one
file: what a block ends on is settled by what the next block begins with.

From vocabulary.EARLIEST_YEAR to LATEST_YEAR; before and after, the nearest offset holds on, so that any
instant of the years 1 to 9999 can be placed without overflow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from pdp.errors import ConfigError, LedgerGapError
from pdp.timeframe import zones
from pdp.timeframe.local_pieces import FOREVER_MS, LocalPieces, Placed, settle
from pdp.vocabulary import DAY_MS, EARLIEST_YEAR, LATEST_YEAR, MINUTE_MS

Int64s = npt.NDArray[np.int64]
Int16s = npt.NDArray[np.int16]

__all__ = ["Placed", "Placer", "ZoneEntry", "ZoneLedger"]

_EPOCH = datetime(1970, 1, 1)
_HINT = 'Write a list of {zone: "Europe/Berlin"} with, from the second entry on, since: "2024-05-01T08:00".'


@dataclass(frozen=True)
class ZoneEntry:
    """A zone, and the local date or date-time in that zone from which the subject's clocks showed it."""

    zone: str
    since: str | None = None


@dataclass(frozen=True)
class ZoneLedger:
    """The zones of one subject's clocks in order of time.

    Raises:
        ConfigError: Unknown zone, unreadable or not ascending `since`.
        LedgerGapError: The first entry has a `since`, so that earlier times have no zone.
    """

    entries: tuple[ZoneEntry, ...]

    def __post_init__(self) -> None:
        if not self.entries:
            raise ConfigError("there is no zone.", where="time_zone", hint=_HINT)
        if self.entries[0].since is not None:
            raise LedgerGapError(
                f'times before {self.entries[0].since} have no zone, because the first entry, "{self.entries[0].zone}",'
                " begins there.",
                where="time_zone",
                hint="Put the zone of the time before it first, without since.",
            )
        for entry in self.entries:
            zones.load(entry.zone)
        for place, entry in enumerate(self.entries[1:], start=2):
            if entry.since is None:
                raise ConfigError(f'entry {place}, "{entry.zone}", has no since.', where="time_zone", hint=_HINT)
        for before, after in zip(self.entries, self.entries[1:], strict=False):
            if _begin_ms(after) <= _begin_ms(before):
                raise ConfigError(
                    f'"{after.zone}" since {after.since} does not come after "{before.zone}"'
                    f"{f' since {before.since}' if before.since else ''}.",
                    where="time_zone",
                    hint="Put the entries in the order of time.",
                )

    @classmethod
    def from_config(cls, value: str | Sequence[Mapping[str, Any]]) -> ZoneLedger:
        """The ledger from `time_zone`: one name, or a list of {zone, since}."""
        if isinstance(value, str):
            return cls((ZoneEntry(value),))
        entries: list[ZoneEntry] = []
        for entry in value:
            if (
                not isinstance(entry, Mapping)
                or not isinstance(entry.get("zone"), str)
                or set(entry) - {"zone", "since"}
            ):
                raise ConfigError(f"entry {len(entries) + 1} is not a zone.", where="time_zone", hint=_HINT)
            since = entry.get("since")
            text = since.isoformat() if isinstance(since, date) else since  # YAML makes dates of dates
            entries.append(ZoneEntry(entry["zone"], text))
        return cls(tuple(entries))

    def placer(self) -> Placer:
        """A Placer for one stream of rows in file order."""
        return Placer(self)

    def place_local(self, local_ms: Int64s) -> Placed:
        """Place n naive local times (ms since 1970 by the wall clock), all the rows of one file in its order."""
        return self.placer().place(local_ms, is_last=True)

    def place_ends(self, end_local_ms: Int64s, starts: Placed) -> Placed:
        """Place the ends of intervals whose starts are placed.

        An end lies as long after its start as the clock says, if the offset did not change between; else at
        the first instant not before its start at which clocks showed it. Undecided where a later pass would do
        as well and the start is not in the same repeated hour.
        """
        return _pieces_of(self, end_local_ms).place_ends(end_local_ms, starts)

    def offsets(self, utc_ms: Int64s) -> Int16s:
        """Minutes ahead of UTC at n instants."""
        return _pieces_of(self, utc_ms).offsets(utc_ms)

    def day_bounds(self, day: date) -> tuple[int, int]:
        """The UTC instants in ms at which a local day begins and ends.

        A day begins when the clock first shows it or later, and ends when the next one begins: days have no
        gaps between them, and one that was skipped begins and ends at once.
        """
        midnight = (datetime(day.year, day.month, day.day) - _EPOCH).days * DAY_MS
        pieces = _pieces_of(self, np.array([midnight, midnight + DAY_MS]))
        return pieces.first_at_or_after(midnight), pieces.first_at_or_after(midnight + DAY_MS)


class Placer:
    """Places one stream of local times block by block.

    Rows at the end of a block that stand in a repeated hour can't be settled before what follows is seen, so
    `place` may settle fewer rows than it is given. The caller keeps the rest and gives it again
    at the head of the next block; `is_last` settles all.
    """

    def __init__(self, ledger: ZoneLedger) -> None:
        self._ledger = ledger
        self._before_ms: int | None = None  # the instant of the last settled row

    def place(self, local_ms: Int64s, *, is_last: bool = False) -> Placed:
        """Place the first k of n local times in file order; k = n if is_last, or if the block ends clearly."""
        local = np.ascontiguousarray(local_ms, dtype=np.int64)
        pieces = _pieces_of(self._ledger, local)
        utc, offset, basis, undecided, settled = settle(pieces, local, self._before_ms, is_last)
        if settled:
            self._before_ms = int(utc[settled - 1])
        return Placed(utc[:settled], offset[:settled], basis[:settled], undecided[:settled])


def _begin_ms(entry: ZoneEntry) -> int:
    """The instant from which an entry holds; the first pass of a repeated hour, the gap's end for a skipped one."""
    zone = zones.load(entry.zone)
    if entry.since is None:
        return -FOREVER_MS
    try:
        local = datetime.fromisoformat(entry.since)
    except (TypeError, ValueError):
        local = None
    if local is None or local.tzinfo is not None or not EARLIEST_YEAR < local.year <= LATEST_YEAR:
        raise ConfigError(
            f'since: "{entry.since}" of "{entry.zone}" is not a local date or date-time'
            f" of the years {EARLIEST_YEAR + 1} to {LATEST_YEAR}.",
            where="time_zone",
            hint=_HINT,
        )
    local_ms = (local - _EPOCH).total_seconds() * 1000
    offset = local.replace(tzinfo=zone).utcoffset()
    assert offset is not None
    return int(local_ms) - int(offset.total_seconds() / 60) * MINUTE_MS


def _pieces_of(ledger: ZoneLedger, times_ms: Int64s) -> LocalPieces:
    """The pieces around some times, with a year to spare on both sides."""
    if len(times_ms) == 0:
        return _pieces(ledger, EARLIEST_YEAR, EARLIEST_YEAR)
    years = (
        np.array([times_ms.min(), times_ms.max()]).astype("datetime64[ms]").astype("datetime64[Y]").astype(int) + 1970
    )
    # By whole decades, so that a few tables serve every block.
    first = max(EARLIEST_YEAR, min(LATEST_YEAR, (int(years[0]) - 1) // 10 * 10))
    last = max(EARLIEST_YEAR, min(LATEST_YEAR, (int(years[1]) + 1) // 10 * 10 + 9))
    return _pieces(ledger, first, last)


@lru_cache(maxsize=256)
def _pieces(ledger: ZoneLedger, first_year: int, last_year: int) -> LocalPieces:
    """The offset function of the ledger from one year to another; it holds on at both ends."""
    begins = [_begin_ms(entry) for entry in ledger.entries]
    found: list[tuple[int, int]] = []
    opening_s = int((datetime(first_year, 1, 1) - _EPOCH).total_seconds())
    for entry, begin, end in zip(ledger.entries, begins, [*begins[1:], FOREVER_MS], strict=True):
        # Changes before the first year are left out: the piece begins with the offset that then holds.
        seen_s = max(begin // 1000, opening_s - 1) if end // 1000 > opening_s else begin // 1000
        found.append((begin, zones.offset_min(entry.zone, seen_s if begin > -FOREVER_MS else opening_s - 1)))
        for year in range(first_year, last_year + 1):
            found += [(instant, offset) for instant, offset in zones.changes(entry.zone, year) if begin < instant < end]
    return LocalPieces.of(found)
