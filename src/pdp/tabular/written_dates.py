"""Dates and times as people and vendors write them.

`read` takes a text apart without deciding whether it is day-first or month-first: it gives the date
under each order in which it is one. `decide` settles the order from all the dates of a file: a 13th
in one position proves it. What the data can't prove, the settings must.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, time
from types import MappingProxyType
from typing import Literal

from pdp.errors import UnreadableExportError
from pdp.tabular.cells import squeeze
from pdp.tabular.month_names import MONTHS, WEEKDAYS, plain

DateOrder = Literal["dmy", "mdy", "ymd"]
ORDERS: tuple[DateOrder, ...] = ("dmy", "mdy", "ymd")

PIVOT = 70  # 69 is 2069, 70 is 1970: the vocabulary's earliest year, and POSIX's own rule but for 69
MAX_LENGTH = 80  # characters; the longest real form, a Greek weekday and month with seconds and offset, has 60

# Offsets in use in the tz database, minutes. Anything else after a time is something else: "08:05-08:10".
_HALF_HOURS = (-570, -210, -150, 210, 270, 330, 345, 390, 525, 570, 630, 765, 825)
OFFSETS_MIN = frozenset((*range(-720, 841, 60), *_HALF_HOURS))

_NUMERIC = re.compile(r"(\d{1,4})\s?([-/.])\s?(\d{1,2})\s?\2\s?(\d{1,4})\.?", re.ASCII)
_FILLERS = frozenset({"de", "del", "of", "the", "den", "le", "el", "il", "d", "г", "года", "р", "року"})
_ORDINAL = re.compile(r"(\d{1,2})(?:st|nd|rd|th|er|eme|º|°|ª|o|a|\.)", re.ASCII)
_TIME = (
    r"(?P<hour>\d{1,2})(?:(?:[:.]|\s?h\s?)(?P<minute>\d{2})(?:[:.](?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9}))?)?)?"
    r"(?:\s?(?P<half>[ap])\.?\s?m\.?)?(?P<hours_word>\s?(?:uhr|h|hrs|o'clock))?"
    r"(?:\s?(?P<zulu>z|utc|gmt)?(?:\s?(?P<sign>[+\-−])(?P<off_h>\d{1,2})(?::?(?P<off_m>\d{2}))?)?)?"
)
# Alone, "09.30.15" is a date; seconds after a dot are read only beside a date (Finnish "12.1.2025 9.30.15").
_ONLY_TIME = re.compile(_TIME.replace("(?:[:.](?P<second>", "(?::(?P<second>"), re.ASCII)
_DATE_TIME = re.compile(
    r"(?P<date>.+?)(?:(?<=\d)t(?=\d)|,?\s-\s|,?\s(?:at\s|um\s|à\s|a\slas\s|om\s|klo?\.?\s|v\s|в\s|alle\s|às\s)?|,)"
    + _TIME,
    re.ASCII,
)
_TIME_DATE = re.compile(_TIME + r",?\s(?:on\s|am\s)?(?P<date>\S.*)", re.ASCII)


@dataclass(frozen=True)
class Written:
    """What a text or a typed cell says.

    Attributes:
        dates: The date under each order in which the text is one; empty where it gives only a time.
        time: Time of day, if it gives one.
        offset_min: Minutes east of UTC, if written; 0 for Z, UTC and GMT.
        is_zulu: The offset was written Z, UTC, GMT or as zero: UTC, which need not be the
            writer's own offset.
        separator: Between the numbers of an all-numeric date, else "".
    """

    dates: Mapping[DateOrder, date] = field(default_factory=lambda: MappingProxyType({}))
    time: time | None = None
    offset_min: int | None = None
    is_zulu: bool = False
    separator: str = ""

    @property
    def votes(self) -> frozenset[DateOrder]:
        """The orders in which a careful reader would take this date; all three if it decides nothing.

        A two-digit year first ("25/01/15") counts only beside "-", as Swedes and French Canadians
        write it, or where nothing else fits: no European locale writes it with "/", "." or a name.
        """
        if len(set(self.dates.values())) == 1 and len(self.dates) == len(ORDERS):
            return frozenset(ORDERS)
        orders = frozenset(self.dates)
        return orders - {"ymd"} if self.separator != "-" and len(orders) > 1 else orders


def every_order(day: date) -> Mapping[DateOrder, date]:
    """A date that is the same in any order."""
    return MappingProxyType(dict.fromkeys(ORDERS, day))


def read(text: str) -> Written | None:
    """What `text` says of date and time; None if it is neither."""
    text = squeeze(text).casefold()
    if not text or len(text) > MAX_LENGTH:
        return None
    if (match := _ONLY_TIME.fullmatch(text)) and (written := _with_time(match, {}, "")):
        return written
    dates, separator = _dates(text)
    if dates:
        return Written(MappingProxyType(dates), separator=separator)
    for pattern in (_DATE_TIME, _TIME_DATE):
        if match := pattern.fullmatch(text):
            dates, separator = _dates(match["date"].strip(" ,"))
            if dates and (written := _with_time(match, dates, separator)):
                return written
    return None


def _with_time(match: re.Match[str], dates: dict[DateOrder, date], separator: str) -> Written | None:
    """The time in a match of _TIME; None where its figures are no time or "8" alone."""
    hour, minute, second = (int(match[part] or 0) for part in ("hour", "minute", "second"))
    half = match["half"]
    if not (match["minute"] or half or match["hours_word"]):
        return None
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "p" else 0)
    if hour > 23 or minute > 59 or second > 59:
        return None
    micros = int((match["fraction"] or "0").ljust(6, "0")[:6])
    offset: int | None = 0 if match["zulu"] else None
    if match["sign"]:
        if len(match["off_h"]) == 1 and (match["off_m"] or not match["zulu"]):
            return None  # "8:05-9" is a span of time, not an offset
        offset = int(match["off_h"]) * 60 + int(match["off_m"] or 0)
        offset = offset if match["sign"] == "+" else -offset
        if offset not in OFFSETS_MIN:
            return None
    return Written(
        MappingProxyType(dates), time(hour, minute, second, micros // 1000 * 1000), offset, offset == 0, separator
    )


def _dates(text: str) -> tuple[dict[DateOrder, date], str]:
    """The date that a text without a time is, under each order; and the separator of a numeric one."""
    if match := _NUMERIC.fullmatch(text):
        return _numeric(match[1], match[3], match[4]), match[2]
    return _named(text), ""


def _numeric(first: str, second: str, third: str) -> dict[DateOrder, date]:
    if len(first) == 4 and len(third) <= 2:  # ISO and its like: no one writes year, day, month
        day = _date(first, second, third)
        return dict.fromkeys(ORDERS, day) if day else {}
    if len(third) not in (2, 4) or len(first) > 2:
        return {}
    tries: dict[DateOrder, date | None] = {"dmy": _date(third, second, first), "mdy": _date(third, first, second)}
    if len(first) == 2 and len(third) == 2:
        tries["ymd"] = _date(first, second, third)
    return {order: day for order, day in tries.items() if day}


def _named(text: str) -> dict[DateOrder, date]:
    """Dates with the month's name: "Jan 6 2025", "Mo, 6. Januar 2025", "6 de enero de 2025", "06-Jan-25"."""
    tokens = [match[1] if (match := _ORDINAL.fullmatch(t)) else t for t in re.split(r"[\s,/.\-]+", plain(text)) if t]
    tokens = [t for t in tokens if t not in _FILLERS and (t in MONTHS or t not in WEEKDAYS)]
    if len(tokens) == 4 and tokens[0] in WEEKDAYS:  # "mar" is Tuesday and March
        tokens = tokens[1:]
    if len(tokens) != 3 or sum(t in MONTHS for t in tokens) != 1:
        return {}
    place = next(i for i, t in enumerate(tokens) if t in MONTHS)
    numbers = [t for t in tokens if t not in MONTHS]
    if place == 2 or not all(re.fullmatch(r"\d{1,2}|\d{4}", n, re.ASCII) for n in numbers):
        return {}
    month = str(MONTHS[tokens[place]])
    first, last = numbers
    if place == 1 and len(first) == 4:
        year_first = _date(first, month, last) if len(last) <= 2 else None
        return dict.fromkeys(ORDERS, year_first) if year_first else {}
    if len(last) == 1 or len(first) == 4:
        return {}
    day_first = _date(last, month, first)
    if place == 1 and len(first) == 2 and len(last) == 2:  # 06-Jan-25: the year comes first only if so set
        tries = {"dmy": day_first, "mdy": day_first, "ymd": _date(first, month, last)}
        return {order: day for order, day in tries.items() if day}  # type: ignore[misc]
    return dict.fromkeys(ORDERS, day_first) if day_first else {}


def _date(year: str, month: str, day: str) -> date | None:
    number = int(year)
    if len(year) == 2:
        number += 2000 if number < PIVOT else 1900
    try:
        return date(number, int(month), int(day))
    except ValueError:
        return None


def decide(written: Iterable[tuple[int, Written]], where: str, otherwise: DateOrder | None = None) -> DateOrder | None:
    """The one order in which every date of a file is a date.

    Args:
        written: Record numbers and what their date cells say; in the order of the file.
        where: Names the columns, for the error: '"Date"'.
        otherwise: The order of the spreadsheet's locale: decides where the dates leave it open, and only there.

    Returns:
        The order; None where nothing depends on it.

    Raises:
        UnreadableExportError: mixed_date_orders or date_order_undecided.
    """
    left = frozenset(ORDERS)
    seen: dict[frozenset[DateOrder], int] = {}  # the orders that a date allows -> the first record that says so
    open_dates = False
    for row, one in written:
        votes = one.votes
        if not votes or (votes == frozenset(ORDERS) and len(set(one.dates.values())) == 1):
            continue
        for other, other_row in seen.items():
            if not other & votes:
                raise UnreadableExportError(
                    "mixed_date_orders",
                    f"some dates in {where} are only valid day-first and some only month-first or year-first "
                    f"(records {other_row} and {row}).",
                    hint="Set settings.date_order to dmy, mdy or ymd; rows that do not fit are then set aside.",
                )
        left, seen = left & votes, {**seen, votes: seen.get(votes, row)}
        open_dates = open_dates or len({one.dates[order] for order in votes}) > 1
    if not seen or len(left) == 1:
        return next(iter(left)) if seen else None
    if left and not open_dates:
        return next(order for order in ORDERS if order in left)
    if otherwise in left:
        return otherwise
    raise UnreadableExportError(
        "date_order_undecided",
        f"the file can't decide whether the day or the month stands first in {where}: no date has a number above 12 "
        "in one place only.",
        hint="Set settings.date_order to dmy, mdy or ymd.",
    )
