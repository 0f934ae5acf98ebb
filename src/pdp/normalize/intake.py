"""One pass over an export: where its rows go, what is counted, and the proof that none is lost."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from pdp.errors import ConservationError, DamagedMemberError, UnreadableExportError
from pdp.formats import Extent, OutOfScope, Parsed, Rows, Unread, UnreadRecord
from pdp.normalize.coverage import Coverage
from pdp.normalize.placing import Origin, Stream, plain
from pdp.tables import columns
from pdp.tables.row_values import as_json, text_array
from pdp.timeframe import ZoneLedger
from pdp.vocabulary import EARLIEST_YEAR, LATEST_YEAR

if TYPE_CHECKING:
    from pdp.tables import SortingWriter

UNREAD = "unread"  # the name of its writer, beside the measures'
TALLY_KEY = "pdp.tally"  # in the metadata of unread
FORGOTTEN = "forgotten"  # the reason of rows of days that a person had erased
MAX_TEXT = 500  # characters of a record that are kept with it
_DAY_MS, _MINUTE_MS = 86_400_000, 60_000
_BLOCK = 10_000  # records told as text at a time
_EARLIEST_MS = int(datetime(EARLIEST_YEAR, 1, 1, tzinfo=UTC).timestamp() * 1000)
_END_MS = int(datetime(LATEST_YEAR + 1, 1, 1, tzinfo=UTC).timestamp() * 1000)

Writers = Mapping[str, "SortingWriter"]


@dataclass
class MemberTally:
    """What became of the records of one member. One record may give several readings."""

    records: int | None = None
    out_of_scope: Counter[str] = field(default_factory=Counter)
    unread: Counter[str] = field(default_factory=Counter)
    readings: Counter[str] = field(default_factory=Counter)
    read_as: str = ""


@dataclass
class Tally:
    """What became of an export.

    Attributes:
        unreadable: Why the export as a whole could not be read, or None.
        damaged: Why a member could not be read to its end, by member; nothing of it was taken.
        ignored: Members that the format did not open.
        members: All that were read.
    """

    unreadable: str | None = None
    damaged: dict[str, str] = field(default_factory=dict)
    ignored: list[str] = field(default_factory=list)
    members: dict[str, MemberTally] = field(default_factory=dict)

    def to_json(self) -> str:
        """Deterministic, without a measured value. `unread` counts rows of unread.parquet, by member."""
        members = {
            name: {
                "records": tally.records,
                "out_of_scope": dict(sorted(tally.out_of_scope.items())),
                "unread": tally.unread.total(),
                "unread_by_reason": dict(sorted(tally.unread.items())),
                "readings": dict(sorted(tally.readings.items())),
                **({"read_as": tally.read_as} if tally.read_as else {}),
            }
            for name, tally in sorted(self.members.items())
        }
        value = {
            "unreadable": self.unreadable,
            "damaged": dict(sorted(self.damaged.items())),
            "ignored": sorted(self.ignored),
            "members": members,
        }
        return json.dumps(value, ensure_ascii=False)


class Intake:
    """One pass over an export: where its rows go and what is counted."""

    def __init__(
        self, origin: Origin, ledger: ZoneLedger, writers: Writers, forgotten_days: Sequence[Sequence[str]] = ()
    ) -> None:
        self.tally = Tally()
        self._forgotten = np.array(forgotten_days, "datetime64[D]").astype(np.int64).reshape(-1, 2)
        self._origin, self._ledger, self._writers = origin, ledger, writers
        self._streams: dict[tuple[str, str, str, str], Stream] = {}
        self._coverage: dict[str, Coverage] = {}

    def take(self, parsed: Iterator[Parsed]) -> None:
        """Everything that the format yields."""
        for part in parsed:
            tally = self.tally.members.setdefault(part.member, MemberTally())
            coverage = self._coverage.setdefault(part.member, Coverage())
            match part:
                case Rows():
                    self._rows(part, tally, coverage)
                case Unread():
                    coverage.add(np.array([record.row for record in part.records], np.int64))
                    self._unread(part.member, part.records, tally)
                case OutOfScope():
                    coverage.add(part.rows)
                    tally.out_of_scope[part.reason] += len(part.rows)
                case Extent():
                    tally.records, tally.read_as = part.records, part.read_as
        for (member, measure, _, _), stream in self._streams.items():
            self._write(member, measure, stream.feed(None, is_last=True))

    def _rows(self, rows: Rows, tally: MemberTally, coverage: Coverage) -> None:
        table = plain(rows)
        coverage.add(columns.numbers(table["row"]))
        table = self._split_off(table, rows.member, tally)
        tally.readings[rows.measure] += len(table)
        key = (rows.member, rows.measure, rows.clock, rows.modality)
        if key not in self._streams:
            self._streams[key] = Stream(rows, self._origin, self._ledger)
        self._write(rows.member, rows.measure, self._streams[key].feed(table))

    def _write(self, member: str, measure: str, table: pa.Table | None) -> None:
        if table is None:
            return
        if len(self._forgotten):
            left = table.take(columns.to_arrow(np.flatnonzero(~_touches(table, self._forgotten))))
            tally, n = self.tally.members[member], len(table) - len(left)
            if n:  # else all is as if nothing had ever been forgotten
                tally.readings[measure] -= n  # a row of a forgotten day is nothing but this number
                tally.out_of_scope[FORGOTTEN] += n
            table = left
        self._writers[measure].write(table)

    def _split_off(self, table: pa.Table, member: str, tally: MemberTally) -> pa.Table:
        """Leave out what has no time, or one that no device can have recorded."""
        start = columns.integers(table["start"])
        is_out = _is_out(start)
        if "end" in table.column_names:
            end = columns.integers(table["end"])
            is_out |= _is_out(end) & (end != columns.NULL_KEY)
        if not is_out.any():
            return table
        for at in range(0, len(table), _BLOCK):
            block = np.flatnonzero(is_out[at : at + _BLOCK]) + at
            if not len(block):
                continue
            bad = table.take(columns.to_arrow(block))
            whole = zip(bad["row"].to_pylist(), start[block].tolist(), as_json(bad).to_pylist(), strict=True)
            self._unread(member, [_timeless(row, time, text) for row, time, text in whole], tally)
        return table.take(columns.to_arrow(np.flatnonzero(~is_out)))

    def _unread(self, member: str, records: Sequence[UnreadRecord], tally: MemberTally) -> None:
        tally.unread.update(record.reason for record in records)
        self._write_unread(member, records)

    def _write_unread(self, member: str, records: Sequence[UnreadRecord]) -> None:
        n = len(records)
        table = pa.table(
            {
                "source": columns.constant(self._origin.source, n),
                "export": columns.constant(self._origin.export, n),
                "member": columns.constant(member, n),
                "row": columns.to_arrow(np.array([record.row for record in records], np.int32)),
                "reason": text_array([record.reason for record in records]),
                "detail": text_array([record.detail or None for record in records]),
                "text": text_array([record.text[:MAX_TEXT] or None for record in records]),
            }
        )
        self._writers[UNREAD].write(table)

    def prove(self) -> None:
        """That every record of every member stands somewhere."""
        for member, tally in self.tally.members.items():
            where = f"{self._origin.export} {member}".strip()
            if tally.records is None:
                raise ConservationError("the format did not count the records.", where=where)
            self._coverage[member].prove(tally.records, where)

    def unreadable(self, error: UnreadableExportError) -> None:
        """The export as a whole is one unread record."""
        self.tally.unreadable = error.reason
        self._write_unread("", [UnreadRecord(0, error.reason, str(error))])

    def damaged(self, error: DamagedMemberError) -> None:
        """A member as a whole is one unread record."""
        self.tally.damaged[error.member] = error.reason
        self._write_unread(error.member, [UnreadRecord(0, error.reason, str(error))])

    def close(self) -> Tally:
        """Finish every table."""
        for name, writer in self._writers.items():
            writer.close({TALLY_KEY: self.tally.to_json()} if name == UNREAD else None)
        return self.tally

    def discard(self) -> None:
        """Leave nothing behind."""
        for writer in self._writers.values():
            writer.discard()


def _touches(table: pa.Table, periods: columns.Integers) -> columns.Mask:
    """Which rows touch a local day, by their own offset, of these periods (first and last day since 1970)."""
    offset = columns.integers(table["utc_offset_min"]).astype(np.int64) * _MINUTE_MS
    begin = columns.integers(table["start_utc"].cast(pa.int64())) + offset
    end = columns.integers(table["end_utc"].cast(pa.int64()))
    until = np.where(end == columns.NULL_KEY, begin, np.maximum(begin, end + offset - 1))
    found = np.zeros(len(table), np.bool_)
    for first, last in periods.tolist():
        found |= (begin // _DAY_MS <= last) & (until // _DAY_MS >= first)
    return found


def _is_out(times: columns.Integers) -> columns.Mask:
    return (times < _EARLIEST_MS) | (times >= _END_MS)


def _timeless(row: int, time: int, text: str) -> UnreadRecord:
    if time == columns.NULL_KEY:
        return UnreadRecord(row, "no_time", "the record has no time.", text)
    years = f"the years {EARLIEST_YEAR} to {LATEST_YEAR}"
    return UnreadRecord(row, "date_out_of_range", f"its time is not in {years}.", text)
