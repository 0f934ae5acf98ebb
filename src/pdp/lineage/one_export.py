"""Readings and unread records of one measure in one raw export, read again: by instant, by place, by text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pdp.vocabulary import MEASURES

ACCEPTED, QUARANTINED, UNREAD = "accepted", "quarantined", "unread"


@dataclass(frozen=True)
class Occurrence:
    """A reading as one export has it, or the record that stands where it stood.

    Attributes:
        fate: accepted, quarantined or unread.
        reason: The rule or reason, "" of an accepted one.
        detail: That in a sentence.
        member, row: Where it stands.
        start_utc, end_utc: ISO 8601; start_utc "" of an unread record.
        utc_offset_min: Of the local time.
        values: The measure's own columns; {} of an unread record.
        text: The unread record as it stands.
    """

    fate: str
    reason: str
    detail: str
    member: str
    row: int
    start_utc: str
    end_utc: str
    utc_offset_min: int | None
    values: Mapping[str, Any]
    text: str

    @property
    def place(self) -> tuple[str, int]:
        """Member and row."""
        return self.member, self.row

    def says_the_same(self, other: Occurrence) -> bool:
        """Whether values, times and fate are those of the other, wherever it stands."""
        mine, theirs = (
            (one.fate, one.reason, one.start_utc, one.end_utc, dict(one.values), one.text) for one in (self, other)
        )
        return mine == theirs


class OneExport:
    """One measure of one export.

    Args:
        measure: Which.
        readings: The table of all readings (pdp.schemas.normalized).
        unread: That of records without a reading (pdp.schemas.UNREAD).
        quarantine: That of refused readings (pdp.schemas.QUARANTINE).
    """

    def __init__(self, measure: str, readings: Path, unread: Path, quarantine: Path) -> None:
        self._measure, self.readings, self._unread_records, self._quarantine = measure, readings, unread, quarantine

    @property
    def fault(self) -> str:
        """Why the export, or a file in it, can't be read; "" if all can."""
        return next((one.detail for one in self._unread(lambda table: pc.equal(table["row"], 0))), "")

    def at_instant(self, start_utc: str) -> list[Occurrence]:
        """Readings that begin then, by place."""
        if not start_utc:
            return []
        moment = pa.scalar(datetime.fromisoformat(start_utc), pa.timestamp("ms", "UTC"))
        return self._readings(lambda table: pc.equal(table["start_utc"], moment))

    def at_place(self, place: tuple[str, int]) -> list[Occurrence]:
        """Readings, and unread records, of one record."""
        member, row = place

        def stands_there(table: pa.Table) -> Any:
            return pc.and_(pc.equal(table["row"], row), pc.equal(table["member"].cast(pa.string()), member))

        return [*self._readings(stands_there), *self._unread(stands_there)]

    def with_text(self, text: str) -> list[Occurrence]:
        """Unread records that say just this."""
        return self._unread(lambda table: pc.equal(table["text"], text)) if text else []

    def _readings(self, chosen: Callable[[pa.Table], Any]) -> list[Occurrence]:
        found = sorted(_rows(self.readings, chosen), key=lambda row: (row["member"], row["row"]))
        return [self._occurrence(row) for row in found]

    def _unread(self, chosen: Callable[[pa.Table], Any]) -> list[Occurrence]:
        return [
            Occurrence(
                UNREAD,
                str(row["reason"]),
                str(row["detail"] or ""),
                str(row["member"]),
                int(row["row"]),
                "",
                "",
                None,
                {},
                str(row["text"] or ""),
            )
            for row in _rows(self._unread_records, chosen)
        ]

    def _occurrence(self, row: Mapping[str, Any]) -> Occurrence:
        names = [column.name for column in MEASURES[self._measure].columns]
        refused = self._refused(row)
        return Occurrence(
            fate=QUARANTINED if refused else ACCEPTED,
            reason=str(refused["rule"]) if refused else "",
            detail=_detail(refused) if refused else "",
            member=str(row["member"]),
            row=int(row["row"]),
            start_utc=row["start_utc"].isoformat(),
            end_utc=row["end_utc"].isoformat() if row["end_utc"] else "",
            utc_offset_min=row["utc_offset_min"],
            values={name: row[name] for name in names if row[name] is not None},
            text="",
        )

    def _refused(self, row: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """The line of the quarantine that is about a reading."""
        wanted = {"measure": self._measure, **{name: row[name] for name in ("member", "row", "start_utc", "end_utc")}}

        def is_about(table: pa.Table) -> Any:
            return pc.equal(table["row"], row["row"])

        found = _rows(self._quarantine, is_about)
        return next((one for one in found if all(one[name] == value for name, value in wanted.items())), None)


def _detail(refused: Mapping[str, Any]) -> str:
    about = " ".join(str(part) for part in (refused["column"], refused["value"]) if part)
    return ": ".join(part for part in (about, str(refused["detail"] or "")) if part)


def _rows(path: Path, chosen: Callable[[pa.Table], Any]) -> Iterator[dict[str, Any]]:
    from pdp import tables

    for batch in tables.batches(path):
        yield from batch.filter(chosen(batch)).to_pylist()
