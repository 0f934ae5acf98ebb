"""From the date and time cells of a record to one moment."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from pdp.tabular.cells import Cell, Fault, is_missing, squeeze, text_of
from pdp.tabular.written_dates import OFFSETS_MIN, DateOrder, Written, every_order, read

SERIAL_ORIGIN = datetime(1899, 12, 30)  # Google Sheets' and Excel's day 0
# Whole days from 1970 to 2099: a smaller number in a date cell is a year, an hour or a slip.
SERIALS = range(25_569, 73_051)
MS_PER_DAY = 86_400_000

_OFFSET = re.compile(r"(?:utc|gmt)?\s?(?:([+\-−])\s?(\d{1,2})(?::?(\d{2}))?)?", re.ASCII)


@dataclass(frozen=True)
class Stamp:
    """One moment of a record.

    Attributes:
        wall: Date and time as written, milliseconds.
        offset_min: Minutes east of UTC, where the record states them.
        is_zulu: The offset is UTC's, which need not be the person's own.
    """

    wall: datetime
    offset_min: int | None
    is_zulu: bool


def written_in(cell: Cell) -> Written | Fault | None:
    """What a date or time cell says, typed or not; None for a missing one.

    A typed number is a spreadsheet's serial: days since 1899-12-30, below 1 a time of day. It says
    the same as the text that the sheet shows.
    """
    if cell is None or is_missing(cell):
        return None
    if isinstance(cell, datetime):
        if cell.tzinfo is not None:
            return Fault("not_a_date", "the cell's date has a zone of its own")
        whole = _to_ms(cell)
        return Written(every_order(whole.date()), whole.time())
    if isinstance(cell, date):
        return Written(every_order(cell))
    if isinstance(cell, time):
        return Written(time=_to_ms(datetime.combine(SERIAL_ORIGIN, cell)).time())
    if isinstance(cell, timedelta):
        return _serial(cell / timedelta(days=1))
    if isinstance(cell, int | float):
        return Fault("not_a_date", "the cell holds TRUE or FALSE") if isinstance(cell, bool) else _serial(cell)
    return read(cell) or Fault("not_a_date", "the cell holds no date or time that can be read")


def _serial(days: float) -> Written | Fault:
    if 0 <= days < 1:
        ms = round(days * MS_PER_DAY)
        return Written(time=(SERIAL_ORIGIN + timedelta(milliseconds=min(ms, MS_PER_DAY - 1))).time())
    if not SERIALS.start <= days < SERIALS.stop:
        return Fault("not_a_date", "the cell holds a number that is no date of 1970 to 2099")
    moment = SERIAL_ORIGIN + timedelta(milliseconds=round(days * MS_PER_DAY))
    return Written(every_order(moment.date()), None if days == int(days) else moment.time())


def _to_ms(moment: datetime) -> datetime:
    """Rounded to milliseconds, as serials are: 08:29:59.9999 is a double's 08:30."""
    try:
        return (moment + timedelta(microseconds=500)).replace(
            microsecond=(moment + timedelta(microseconds=500)).microsecond // 1000 * 1000
        )
    except OverflowError:
        return moment.replace(microsecond=0)


def read_offset(cell: Cell) -> int | Fault | None:
    """Minutes east of UTC from a cell such as "UTC+0200", "+02:00", "UTC" or 120 (minutes)."""
    if is_missing(cell):
        return None
    fault = Fault("not_an_offset", "the cell holds no offset from UTC such as +02:00")
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        # A bare number may be hours or minutes; from 15 on only minutes make an offset.
        return int(cell) if cell in OFFSETS_MIN and (cell == 0 or abs(cell) > 14) else fault
    match = _OFFSET.fullmatch(squeeze(text_of(cell)).casefold().removesuffix("z"))
    if match is None:
        return fault
    if not match[1]:
        return 0
    minutes = int(match[2]) * 60 + int(match[3] or 0)
    minutes = minutes if match[1] == "+" else -minutes
    return minutes if minutes in OFFSETS_MIN else fault


def combine(dated: Written | Fault | None, timed: Written | Fault | None, order: DateOrder | None) -> Stamp | Fault:
    """One moment from a record's date cell and its time cell (None where there is no such column)."""
    if isinstance(dated, Fault):
        return dated
    if isinstance(timed, Fault):
        return timed
    parts = [part for part in (dated, timed) if part]
    days = {part.dates.get(order or "dmy") for part in parts if part.dates}
    if not days:
        return Fault("no_date", "the record has no date")
    if None in days:
        return Fault("not_a_date", f"the date is none when read as {order} (day, month, year in this order)")
    if len(days) > 1:
        return Fault("two_dates", "the date cell and the time cell hold different dates")
    clocks = [part.time for part in parts if part.time is not None]
    if len(clocks) == 2 and clocks[0] == time():
        del clocks[0]  # a spreadsheet's date cell shows 00:00 where it means no time
    if not clocks:
        return Fault("no_time", "the record has no time of day")
    if len(set(clocks)) > 1:
        return Fault("two_times", "the date cell and the time cell hold different times")
    stated = next((part for part in parts if part.offset_min is not None), Written())
    day = days.pop()
    assert day is not None
    return Stamp(datetime.combine(day, clocks[0]), stated.offset_min, stated.is_zulu)


def to_utc(wall: datetime, offset_min: int) -> datetime | Fault:
    """The UTC instant (naive) of a wall clock that is `offset_min` east of UTC."""
    try:
        return wall - timedelta(minutes=offset_min)
    except OverflowError:
        return Fault("date_out_of_range", "the date lies outside the years 1 to 9999 in UTC")
