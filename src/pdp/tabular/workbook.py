"""XLSX worksheets as tables of typed cells."""

from __future__ import annotations

import io
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import islice
from xml.etree.ElementTree import ParseError

from pdp.errors import UnreadableExportError
from pdp.tabular.cells import Cell, Record, is_blank

MAGIC = b"PK\x03\x04"
MAX_UNPACKED_BYTES = 512 * 1024**2  # Excel's own million rows of a log stay below; more is a zip bomb

# What openpyxl lets through on damaged files, by what it trips over: the zip, the XML, missing parts,
# and attributes that are absent or no numbers.
_DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError),
    *(ParseError, UnicodeError),
    *(KeyError, IndexError, AttributeError),
    *(TypeError, ValueError, OverflowError, ArithmeticError, AssertionError),
)


def read_sheets(data: bytes, limit: int | None = None) -> dict[str, list[Record]]:
    """The worksheets by name, in the workbook's order, without trailing blank records; `limit` records of each.

    A cell with a date format is a date, with a date and time format a datetime; formulas give the
    value that was stored with them.

    Raises:
        UnreadableExportError: damaged_workbook or zip_bomb.
    """
    from openpyxl import load_workbook

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            unpacked = sum(info.file_size for info in archive.infolist())
        if unpacked > MAX_UNPACKED_BYTES:
            what = f"the workbook unpacks to more than {MAX_UNPACKED_BYTES // 1024**2} MB."
            raise UnreadableExportError("zip_bomb", what, hint="Save the sheet as CSV.")
        with warnings.catch_warnings():  # openpyxl warns of styles and extensions that hold no data
            warnings.simplefilter("ignore")
            book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
            sheets = {sheet.title: _trimmed(islice(_records(sheet), limit)) for sheet in book.worksheets}
            book.close()
            return sheets
    except _DAMAGE as error:
        raise UnreadableExportError(
            "damaged_workbook",
            f"the workbook can't be read ({type(error).__name__}).",
            hint="Open it in a spreadsheet program and save it again, or save the sheet as CSV.",
        ) from error


def _records(sheet: object) -> Iterator[Record]:
    sheet.reset_dimensions()  # type: ignore[attr-defined]  # the declared size is often wrong
    for row in sheet.iter_rows():  # type: ignore[attr-defined]
        yield [_cell(cell) for cell in row]


def _cell(cell: object) -> Cell:
    value = cell.value  # type: ignore[attr-defined]
    if isinstance(value, datetime):
        # Excel has one type for both; the number format says whether a time was meant.
        shown = str(cell.number_format).casefold()  # type: ignore[attr-defined]
        is_whole_day = value.time() == time()
        return value.date() if is_whole_day and "h" not in shown else value
    if value is None or isinstance(value, str | int | float | date | time | timedelta):
        return value
    return str(value)


def _trimmed(records: Iterator[Record]) -> list[Record]:
    """Without the blank records at the end: cells that were once formatted are no records."""
    kept: list[Record] = []
    blanks = 0
    for record in records:
        if is_blank(record):
            blanks += 1
            continue
        kept.extend([()] * blanks)
        blanks = 0
        kept.append(record)
    return kept
