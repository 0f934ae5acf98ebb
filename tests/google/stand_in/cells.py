"""A spreadsheet's cells as the Sheets API writes them, and A1 ranges."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from babel.core import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime, format_time
from babel.numbers import format_decimal

from tests.google.stand_in.wire import Refused

# Day 0 of a serial number, which counts days, times as their fractions (Sheets' DateTimeRenderOption).
DAY_0 = datetime(1899, 12, 30)
RANGE = re.compile(r"(?:(?P<title>'(?:[^']|'')+'|[^'!]+)!)?(?P<cells>[^!]*)")
CORNER = re.compile(r"\$?([A-Za-z]{0,3})\$?(\d*)")


@dataclass(frozen=True)
class Formula:
    """A cell with a formula and the value that Sheets works out of it."""

    text: str
    value: Any


@dataclass(frozen=True)
class Area:
    """Half-open bounds of a range, counted from 0; None = to the grid's end."""

    title: str | None
    top: int = 0
    left: int = 0
    bottom: int | None = None
    right: int | None = None


def rendered(cell: Any, render: str, dates: str, locale: str) -> Any:
    """One cell's value by valueRenderOption and dateTimeRenderOption; "" for an empty one."""
    if isinstance(cell, Formula):
        if render == "FORMULA":
            return cell.text
        cell = cell.value
    if cell is None:
        return ""
    if render != "FORMATTED_VALUE":
        is_time = isinstance(cell, date | time | timedelta)
        return (
            serial(cell) if is_time and (dates != "FORMATTED_STRING" or render == "FORMULA") else _plain(cell, locale)
        )
    if isinstance(cell, bool):
        return str(cell).upper()
    return format_decimal(cell, locale=_babel(locale)) if isinstance(cell, int | float) else _plain(cell, locale)


def serial(moment: date | time | timedelta) -> float | int:
    """A date, time or duration as days."""
    if isinstance(moment, timedelta):
        span = moment
    elif isinstance(moment, datetime):
        span = moment - DAY_0
    elif isinstance(moment, date):
        return (datetime.combine(moment, time()) - DAY_0).days
    else:
        span = datetime.combine(DAY_0, moment) - DAY_0
    days = span / timedelta(days=1)
    return int(days) if days.is_integer() else days


def _plain(cell: Any, locale: str) -> Any:
    if isinstance(cell, datetime):
        return format_datetime(cell, "short", locale=_babel(locale))
    if isinstance(cell, date):
        return format_date(cell, "short", locale=_babel(locale))
    if isinstance(cell, time):
        return format_time(cell, "medium", locale=_babel(locale))
    if isinstance(cell, timedelta):  # as Sheets shows a duration: hours go on after 24
        minutes, seconds = divmod(round(cell.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02d}:{seconds:02d}"
    return cell


def _babel(locale: str) -> Locale:
    try:
        return Locale.parse(locale)
    except (UnknownLocaleError, ValueError):
        return Locale("en", "US")


def area(text: str, titles: list[str]) -> Area:
    """The range that an A1 text names: a whole sheet, or cells of a named or of the first sheet."""
    bare = re.fullmatch(r"'((?:[^']|'')+)'", text)
    whole = bare[1].replace("''", "'") if bare else text
    if whole in titles and (bare or re.fullmatch(r"[A-Za-z]{1,3}\d+", text) is None):
        return Area(whole)
    found = RANGE.fullmatch(text)
    if found is None:
        raise unparsable(text)
    title = found["title"]
    if title is not None:
        title = title[1:-1].replace("''", "'") if title.startswith("'") else title
        if title not in titles:
            raise unparsable(text)
    first, colon, last = found["cells"].partition(":")
    start, end = CORNER.fullmatch(first), CORNER.fullmatch(last or first)
    if start is None or end is None or not first or (colon and not last):
        raise unparsable(text)
    if not colon and not (start[1] and start[2]):
        raise unparsable(text)
    return Area(
        title,
        int(start[2]) - 1 if start[2] else 0,
        column(start[1]) if start[1] else 0,
        int(end[2]) if end[2] else None,
        column(end[1]) + 1 if end[1] else None,
    )


def column(letters: str) -> int:
    """A column's number from 0: A = 0, Z = 25, AA = 26."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number - 1


def letters(number: int) -> str:
    """A column's letters: 0 = A."""
    text = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        text = chr(65 + rest) + text
    return text


def unparsable(text: str) -> Refused:
    """Google's 400 for a range or a sheet that is not there."""
    return Refused(400, f"Unable to parse range: {text}")
