"""The export of a Google spreadsheet: JSON of our own that holds what its worksheets hold, cell by cell.

A cell is as Google delivers it unformatted: text, a number, true or false, "" for none, "#N/A" for an error. A cell
that the sheet shows as a date, time or duration is a pair: the serial number (days since 1899-12-30) and the text
shown, which tells midnight from a day without a time and 7:30 from 0.3125. Row i of a worksheet is rows[i - 1].

The bytes are a function of the content alone: the same cells make the same bytes, on any machine, however Google
writes a number. The spreadsheet's id and title are no part of them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

from pdp.errors import UnreadableExportError
from pdp.tabular.cells import Cell, Record
from pdp.tabular.numbers import MARKS
from pdp.tabular.stamps import MS_PER_DAY, SERIAL_ORIGIN
from pdp.tabular.written_dates import DateOrder

KIND = "pdp.google-sheet/1"
MAGIC = b'{"kind":"pdp.google-sheet/'
MAX_CELLS = 10_000_000  # Google's own limit for a spreadsheet

_EXACT = 2**53  # whole numbers below it are exact in a double, which is what Google holds
_DURATION = re.compile(r"-?(\d+)[:.]\d{2}(?:[:.]\d{2}(?:[.,]\d+)?)?")
_AGAIN = "Delete the raw export and run again: the sheet is read anew from Google."


@dataclass(frozen=True)
class SheetExport:
    """What the export of a spreadsheet holds.

    Attributes:
        locale: The spreadsheet's, such as "de_DE".
        time_zone: The spreadsheet's, an IANA name.
        worksheets: Records by title, in the spreadsheet's order. All of one worksheet are equally wide.
    """

    locale: str
    time_zone: str
    worksheets: dict[str, list[Record]]


@dataclass(frozen=True)
class Habits:
    """How people of a locale write: "" or None where that is not known."""

    locale: str
    order: DateOrder | None
    mark: str


def write(locale: str, time_zone: str, worksheets: Sequence[tuple[str, Sequence[Sequence[Any]]]]) -> bytes:
    """The export of worksheets (title, rows), the first row of each being row 1 of the sheet."""
    head = json.dumps({"kind": KIND, "locale": locale, "time_zone": time_zone}, **_COMPACT)
    sheets = [
        f'{{"title":{json.dumps(title, **_COMPACT)},"rows":[{_lines(_trimmed(rows))}]}}' for title, rows in worksheets
    ]
    return f'{head[:-1]},"worksheets":[{_joined(sheets)}]}}\n'.encode("utf-8", "replace")


_COMPACT: dict[str, Any] = {"ensure_ascii": False, "separators": (",", ":"), "allow_nan": False}


def _lines(rows: Sequence[list[Any]]) -> str:
    return _joined([json.dumps(row, **_COMPACT) for row in rows])


def _joined(lines: Sequence[str]) -> str:
    """Each on a line of its own, so that two exports can be compared by eye."""
    return "\n" + ",\n".join(lines) + "\n" if lines else ""


def _trimmed(rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
    """Canonical cells, without the empty ones at the end of a row and the empty rows at the end."""
    kept: list[list[Any]] = []
    for row in rows:
        cells = [_canonical(cell) for cell in row]
        while cells and cells[-1] == "":
            cells.pop()
        kept.append(cells)
    while kept and not kept[-1]:
        kept.pop()
    return kept


def _canonical(cell: Any) -> Any:
    if cell is None:
        return ""
    if isinstance(cell, bool | str):
        return cell
    if isinstance(cell, tuple | list):
        serial, shown = cell
        return [_canonical(serial), str(shown)]
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < _EXACT:
        return int(cell)
    # A whole number beyond what a double holds is that double, however many digits were delivered.
    return float(cell) if isinstance(cell, int) and abs(cell) >= _EXACT else cell


def read(data: bytes, limit: int | None = None) -> SheetExport:
    """What `write` wrote, the cells typed as those of a workbook are; `limit` records of each worksheet.

    Raises:
        UnreadableExportError: damaged_sheet, newer_sheet.
    """
    try:
        held = json.loads(data.decode("utf-8"), parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise _damaged() from None
    if not isinstance(held, dict) or held.get("kind") != KIND:
        if isinstance(held, dict) and str(held.get("kind", "")).startswith(KIND.partition("/")[0]):
            what = "the sheet's export was written by a newer version of this program."
            raise UnreadableExportError("newer_sheet", what, hint="Update this program.")
        raise _damaged()
    try:
        sheets = {str(sheet["title"]): _records(sheet["rows"], limit) for sheet in held["worksheets"]}
        return SheetExport(str(held["locale"]), str(held["time_zone"]), sheets)
    except (KeyError, TypeError, ValueError):
        raise _damaged() from None


def shown(data: bytes, title: str) -> list[list[str]]:
    """The rows of a worksheet as the sheet shows them: dates as written there; [] for a title that is not there.

    Raises:
        UnreadableExportError: As `read`.
    """
    from pdp.tabular.cells import text_of

    read(data)
    sheets = {sheet["title"]: sheet["rows"] for sheet in json.loads(data)["worksheets"]}
    return [[cell[1] if isinstance(cell, list) else text_of(cell) for cell in row] for row in sheets.get(title, [])]


def _no_number(text: str) -> float:
    raise ValueError(text)


def _damaged() -> UnreadableExportError:
    return UnreadableExportError("damaged_sheet", "the export of the sheet is damaged.", hint=_AGAIN)


def _records(rows: Any, limit: int | None) -> list[Record]:
    """Equally wide, as the rows of the sheet's CSV are."""
    width = max((len(row) for row in rows), default=0)
    if not isinstance(rows, list) or width * len(rows) > MAX_CELLS:
        raise ValueError("not a worksheet")
    return [[*(_cell(cell) for cell in _row(row)), *[None] * (width - len(row))] for row in rows[:limit]]


def _row(row: Any) -> list[Any]:
    if not isinstance(row, list):
        raise TypeError("not a row")
    return row


def _cell(cell: Any) -> Cell:
    if cell is None or isinstance(cell, str | bool):
        return cell
    if isinstance(cell, int | float):
        # json reads 1e999 as infinity; a double can't hold it, so Google did not write it
        return cell if abs(cell) < 1e308 else str(cell)
    serial, text = cell
    if isinstance(serial, bool) or not isinstance(serial, int | float) or not isinstance(text, str):
        raise TypeError("not a date cell")
    return _typed(serial, text)


def _typed(serial: float, text: str) -> Cell:
    """A date, a date and time, a time of day or a duration; the bare number where it is none that a calendar has."""
    match = _DURATION.fullmatch(text.strip())
    is_duration = bool(match) and not 0 <= serial < 1
    try:
        span = timedelta(milliseconds=round(serial * MS_PER_DAY))
        if is_duration:
            return span
        moment = SERIAL_ORIGIN + (span if serial >= 1 else min(span, timedelta(milliseconds=MS_PER_DAY - 1)))
    except (OverflowError, ValueError):
        return serial
    if 0 <= serial < 1:
        return moment.time()
    # Where ":" does not mark a clock ("15.3.2025 0.00"), four numbers are more than a date has.
    has_clock = ":" in text or len(re.findall(r"\d+", text)) > 3
    return moment if has_clock or serial != int(serial) else moment.date()


def habits(locale: str) -> Habits:
    """How a locale writes short dates and decimals (CLDR)."""
    from babel import Locale, UnknownLocaleError
    from babel.numbers import get_decimal_symbol

    try:
        known = Locale.parse(re.sub(r"^no(?=_|$)", "nb", locale.replace("-", "_")))  # Google says no, CLDR nb
    except (UnknownLocaleError, ValueError, TypeError):
        return Habits(locale, None, "")
    pattern = re.sub(r"'[^']*'", "", known.date_formats["short"].pattern)
    letters = "".join(dict.fromkeys(re.findall(r"[dMy]", pattern))).casefold()
    order = cast(DateOrder, letters) if letters in ("dmy", "mdy", "ymd") else None
    mark = get_decimal_symbol(known, numbering_system="latn")
    return Habits(locale, order, mark if mark in MARKS else "")
