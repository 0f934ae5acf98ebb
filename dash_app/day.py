"""Which day the page shows, and the line of its time: where it begins and ends, and what the clock showed meanwhile."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from dash_app.cards import day_text, moment
from dash_app.gateway import Dataset
from dash_app.view import View

NOON = "noon"
TICK_H = 3  # hours by the wall clock between grid lines; every second one is named
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Piece:
    """A stretch of time in which the clock was not moved.

    Args:
        start: UTC.
        end: UTC, left out.
        offset_min: Minutes that the local clock was ahead of UTC.
    """

    start: datetime
    end: datetime
    offset_min: int

    def local(self, at: datetime) -> datetime:
        """What the clock showed at an instant, without a zone."""
        return (at + timedelta(minutes=self.offset_min)).replace(tzinfo=None)


@dataclass(frozen=True)
class Span:
    """The time that the page shows: a local day, or from noon to noon around the night that ends on it.

    Args:
        day: Local day.
        pieces: In order of time, without gaps; at least one.
        is_noon: Whether it goes from noon to noon.
        is_known: Whether the clock is known; else these are hours of UTC.
    """

    day: date
    pieces: tuple[Piece, ...]
    is_noon: bool = False
    is_known: bool = True

    @property
    def start(self) -> datetime:
        """First instant, UTC."""
        return self.pieces[0].start

    @property
    def end(self) -> datetime:
        """First instant after it, UTC."""
        return self.pieces[-1].end

    @property
    def hours(self) -> float:
        """Hours that pass: 23 or 25 where the clock is moved by one."""
        return self.elapsed(self.end)

    def elapsed(self, at: datetime) -> float:
        """Hours from the first instant to another: the x of all charts."""
        return (at - self.start).total_seconds() / 3600

    def holds(self, at: datetime) -> bool:
        """Whether an instant lies within."""
        return self.start <= at < self.end

    def ticks(self) -> list[tuple[float, str]]:
        """Places of the axis, in hours elapsed, and what the clock showed there; "" for a line without a name."""
        found: list[tuple[float, str]] = []
        for piece in self.pieces:
            shown = piece.local(piece.start)
            midnight = shown.replace(hour=0, minute=0, second=0, microsecond=0)
            at = midnight + timedelta(hours=TICK_H) * -((midnight - shown) // timedelta(hours=TICK_H))
            while (instant := piece.start + (at - shown)) < piece.end:
                found.append((self.elapsed(instant), f"{at:%H:%M}" if not at.hour % (2 * TICK_H) else ""))
                at += timedelta(hours=TICK_H)
        last = self.pieces[-1].local(self.end)
        if last.hour % (2 * TICK_H) == 0 and not last.minute:
            found.append((self.hours, f"{last:%H:%M}"))
        return _apart(found)

    def changes(self) -> list[tuple[float, str]]:
        """Where clocks were moved within it, in hours elapsed, and that in words."""
        told = []
        for before, after in zip(self.pieces, self.pieces[1:], strict=False):
            told.append((self.elapsed(after.start), _moved(before, after)))
        return told

    def words(self) -> str:
        """ "Sat, 7 Mar 2026", or from noon to noon."""
        if not self.is_noon:
            return day_text(self.day)
        return f"noon of {moment(self.day - _ONE_DAY)} to noon of {moment(self.day)}"


def chosen(view: View) -> tuple[date, list[str]]:
    """The day that the address asks for, and what could not be understood in it. Never fails.

    Args:
        view: Its parameter "date" is year-month-day; without one, the day is the last of the data.
    """
    first, last = view.data_first or view.first, view.data_last or view.last
    text = view.params.get("date", "")
    if not text:
        return last, []
    try:
        # Other forms of ISO 8601, and digits of other scripts, are no dates here.
        day = date.fromisoformat(text) if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text) else None
    except ValueError:
        day = None
    if day is None:
        short = text if len(text) <= 40 else f"{text[:39]}…"
        return last, [f'"{short}" is no date (year-month-day, such as {last}). This is the last day of the data.']
    if day > last:
        return last, [f"{moment(day)} is after the data, which ends on {moment(last)}. This is its last day."]
    if day < first:
        return first, [f"{moment(day)} is before the data, which begins on {moment(first)}. This is its first day."]
    return day, []


def is_noon(view: View) -> tuple[bool, list[str]]:
    """Whether the address asks for noon to noon; a note where it asks for what there is not."""
    asked = view.params.get("span", "")
    if asked in ("", NOON):
        return asked == NOON, []
    return False, ["There is no such span (noon): this is the day from midnight to midnight."]


def span(data: Dataset, day: date, from_noon: bool = False) -> Span:
    """The time to show, by the table "clock"; by UTC where there is none."""
    rows: list[dict[str, Any]] = []
    if data.has_table("clock"):
        rows = data.table("clock", None, day - _ONE_DAY, day + _ONE_DAY).to_pylist()
    known = [(row["date"], Piece(row["start_utc"], row["end_utc"], row["utc_offset_min"])) for row in rows]
    return of_pieces(known, day, from_noon)


def of_pieces(known: Sequence[tuple[date, Piece]], day: date, from_noon: bool = False) -> Span:
    """The span of a day from the pieces of the day and of its neighbours."""
    pieces = {each: [piece for date_, piece in known if date_ == each] for each in (day - _ONE_DAY, day)}
    is_known = all(pieces.values()) if from_noon else bool(pieces[day])
    if not is_known:
        for each in pieces:
            begin = datetime(each.year, each.month, each.day, tzinfo=UTC)
            pieces[each] = [Piece(begin, begin + _ONE_DAY, 0)]
    if not from_noon:
        return Span(day, tuple(pieces[day]), False, is_known)
    begin, end = _noon(pieces[day - _ONE_DAY], day - _ONE_DAY), _noon(pieces[day], day)
    cut = [
        Piece(max(piece.start, begin), min(piece.end, end), piece.offset_min)
        for each in pieces.values()
        for piece in each
        if piece.start < end and piece.end > begin
    ]
    return Span(day, tuple(_joined(cut)), True, is_known)


def _noon(pieces: Sequence[Piece], day: date) -> datetime:
    """The first instant of a day at which the clock showed noon or later."""
    noon = datetime(day.year, day.month, day.day, 12)
    for piece in pieces:
        if piece.local(piece.end) > noon:
            return max(piece.start, piece.start + (noon - piece.local(piece.start)))
    return pieces[-1].end


def _joined(pieces: Sequence[Piece]) -> list[Piece]:
    """Neighbours of one offset as one."""
    found: list[Piece] = []
    for piece in pieces:
        if found and found[-1].offset_min == piece.offset_min:
            found[-1] = Piece(found[-1].start, piece.end, piece.offset_min)
        else:
            found.append(piece)
    return found


def _moved(before: Piece, after: Piece) -> str:
    by = after.offset_min - before.offset_min
    way = "forward" if by > 0 else "back"
    hours, minutes = divmod(abs(by), 60)
    far = " ".join(part for part in (f"{hours} h" if hours else "", f"{minutes} min" if minutes else "") if part)
    shown, then = before.local(before.end), after.local(after.start)
    return f"At {shown:%H:%M} the clock went {way} by {far}, to {then:%H:%M} ({utc_text(after.offset_min)})."


def utc_text(offset_min: int) -> str:
    """ "UTC+02:00"."""
    return f"UTC{offset_text(offset_min)}"


def offset_text(offset_min: int) -> str:
    """ "+02:00", "−04:00"."""
    hours, minutes = divmod(abs(offset_min), 60)
    return f"{'−' if offset_min < 0 else '+'}{hours:02}:{minutes:02}"


def _apart(ticks: Sequence[tuple[float, str]]) -> list[tuple[float, str]]:
    """Ticks whose names don't lie on each other: a name nearer than one step to the last loses its text."""
    found: list[tuple[float, str]] = []
    named = -float("inf")
    for at, text in ticks:
        keeps = text if at - named >= TICK_H else ""
        named = at if keeps else named
        found.append((at, keeps))
    return found
