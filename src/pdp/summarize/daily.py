"""What a figure of a day is, and what a day is."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar

import numpy as np
import pyarrow as pa

from pdp.tables.columns import Integers, Mask, integers, strings, to_arrow

if TYPE_CHECKING:
    from pdp.timeframe import ZoneLedger

MS_PER_MIN = 60_000
MS_PER_DAY = 86_400_000
EPOCH = datetime.date(1970, 1, 1)
# No clock on Earth stands further from UTC (14 h ahead, 12 h behind), and java.time allows no more.
MAX_OFFSET_MS = 18 * 3_600_000

Value = float | int | None
Values = dict[str, Value]  # figure name -> value; a missing figure is None, never 0


@dataclass(frozen=True)
class Figure:
    """One number of the daily table.

    Attributes:
        name: The column; ends in its unit where it has one.
        measure: Where it comes from: a name in the vocabulary.
        unit: UCUM; "1" for shares and counts.
        title: For people.
        method: How it is computed, exactly.
        is_count: Counts are 0 on a day without data; every other figure is null there.
    """

    name: str
    measure: str
    unit: str
    title: str
    method: str
    is_count: bool = False

    def field(self) -> pa.Field:
        """The column's Arrow field; title, unit, method and measure stand in its metadata."""
        metadata = {"title": self.title, "unit": self.unit, "method": self.method, "measure": self.measure}
        kind = pa.int64() if self.is_count or self.unit == "{steps}" else pa.float64()
        return pa.field(self.name, kind, nullable=not self.is_count, metadata=metadata)


@dataclass(frozen=True)
class Day:
    """A local day of the subject: 23, 24 or 25 hours, and what a journey makes of it.

    Attributes:
        number: Days since 1970-01-01.
        start_ms, end_ms: Its bounds in UTC, by the zone ledger.
    """

    number: int
    start_ms: int
    end_ms: int

    @classmethod
    def of(cls, date: datetime.date, ledger: ZoneLedger) -> Day:
        start_ms, end_ms = ledger.day_bounds(date)
        return cls((date - EPOCH).days, int(start_ms), int(end_ms))

    @property
    def date(self) -> datetime.date:
        return EPOCH + datetime.timedelta(days=self.number)

    @property
    def length_min(self) -> float:
        return (self.end_ms - self.start_ms) / MS_PER_MIN


def local_ms(table: pa.Table) -> Integers:
    """Local wall clock at the start of n rows, in ms since 1970-01-01T00:00 local. By each row's own offset."""
    return integers(table["start_utc"]) + integers(table["utc_offset_min"]) * MS_PER_MIN


def day_numbers(local: Integers) -> Integers:
    """Days since 1970-01-01 of n local times in ms."""
    return local // MS_PER_DAY


def split_by_day(days: Integers) -> dict[int, Integers]:
    """Day number -> indices of its rows, in the order of the rows, for the day numbers of n rows.

    Rows sorted in UTC are not sorted by local day where a journey turned the clock back.
    """
    if not len(days):
        return {}
    order = np.argsort(days, kind="stable")
    placed = days[order]
    cuts = np.flatnonzero(np.diff(placed)) + 1
    firsts = placed[np.concatenate([[0], cuts])].tolist()
    return dict(zip(firsts, np.split(order, cuts), strict=True))


def is_in_window(local: Integers, bounds: tuple[int, int]) -> Mask:
    """Which of n local times fall into a window of the day, in minutes."""
    minute = local % MS_PER_DAY // MS_PER_MIN
    return np.logical_and(minute >= bounds[0], minute < bounds[1])


def share(part: float, whole: float) -> float | None:
    """A share of 0..1; None of nothing. Rows whose own offset differs from the ledger's can't push it over 1."""
    return min(part / whole, 1.0) if whole > 0 else None


def table_of(values: Mapping[str, Sequence[Any]], schema: pa.Schema) -> pa.Table:
    """n rows from lists of Python values, None for null, times in ms and dates in days since 1970.

    By hand: pa.array would import pandas, half a second of every job.
    """
    return pa.Table.from_arrays([_array(values[field.name], field.type) for field in schema], schema=schema)


def _array(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    if pa.types.is_string(kind):
        return strings(values)
    is_null = np.array([value is None for value in values], bool)
    dtype = np.dtype(f"{'f' if pa.types.is_floating(kind) else 'i'}{kind.bit_width // 8}")
    plain = np.array([0 if value is None else value for value in values], dtype)
    return to_arrow(plain, kind, is_null=is_null if is_null.any() else None)


Dated = TypeVar("Dated", bound="Records")


class Records(Protocol):
    """n records of a dense measure as arrays, sorted by UTC."""

    @property
    def utc(self) -> Integers: ...
    @property
    def day(self) -> Integers: ...
    def take(self: Dated, chosen: Integers | slice) -> Dated: ...
    def followed_by(self: Dated, later: Dated) -> Dated: ...


def walk(
    pieces: Iterator[Dated], spans: Sequence[tuple[int, int, int]] = ()
) -> Iterator[tuple[Literal["day", "span"], int, Dated]]:
    """Cut a stream of records into local days, and into spans of time, in bounded memory.

    Args:
        pieces: Records sorted by UTC, piece by piece; about two days beyond a piece are held.
        spans: (number, start, end) in UTC ms, sorted, without overlap: main sleeps.

    Yields:
        ("day", number, its records) for each local day that has any, and ("span", number, the
        records within) for each span, each once and whole.
    """
    held: Dated | None = None
    told = -(2**62)  # days before this one are out
    spans_left = list(reversed(spans))
    for piece, is_last in _with_last(pieces):
        held = piece if held is None else held.followed_by(piece)
        if not len(held.utc):
            continue
        seen = int(held.utc[-1])
        whole = 2**62 if is_last else (seen - MAX_OFFSET_MS) // MS_PER_DAY
        for day, rows in split_by_day(np.where((held.day >= told) & (held.day < whole), held.day, -(2**62))).items():
            if day > -(2**62):
                yield "day", day, held.take(rows)
        told = max(told, whole)
        while spans_left and (is_last or spans_left[-1][2] <= seen):
            number, start, end = spans_left.pop()
            first, last = np.searchsorted(held.utc, np.array([start, end])).tolist()
            yield "span", number, held.take(slice(first, last))
        later = held.day >= told
        keep = int(np.argmax(later)) if later.any() else len(later)
        if spans_left:
            keep = min(keep, int(np.searchsorted(held.utc, spans_left[-1][1])))
        held = held.take(slice(keep, None))


def _with_last(pieces: Iterator[Dated]) -> Iterator[tuple[Dated, bool]]:
    before: Dated | None = None
    for piece in pieces:
        if before is not None:
            yield before, False
        before = piece
    if before is not None:
        yield before, True
