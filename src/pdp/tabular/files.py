"""The tables in an export: a delimited text, the sheets of a workbook or a Google spreadsheet, a zip's members."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import PurePosixPath

from pdp.errors import UnreadableExportError
from pdp.export import Export
from pdp.tabular import google_sheet
from pdp.tabular.cells import Table
from pdp.tabular.text import DELIMITERS, MAX_BYTES, Score, choose_delimiter, decode, split
from pdp.tabular.workbook import MAGIC, read_sheets

SUFFIXES = frozenset({".csv", ".tsv", ".txt", ".xlsx"})  # zip members of other kinds are not opened
_SNIFF_RECORDS = 60


def table_files(export: Export) -> list[str]:
    """The members that can hold tables; [""] for a single file."""
    if export.kind == "file":
        return [""]
    return [member.name for member in export.members if PurePosixPath(member.name).suffix.casefold() in SUFFIXES]


def read_tables(export: Export, file: str, *, encoding: str | None, delimiter: str | None, score: Score) -> list[Table]:
    """The tables of one file; a workbook's member names are its sheets'.

    Args:
        score: How many known column names a record holds: it proves encoding and delimiter.

    Raises:
        UnreadableExportError: too_large, wrong_encoding, unknown_encoding, damaged_workbook, zip_bomb, damaged_sheet,
            newer_sheet, foreign_file (JSON that is not ours).
        DamagedMemberError: The file can't be read to its end.
    """
    with export.open(file) as stream:
        data = stream.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        what = f"the file has more than {MAX_BYTES // 1024**2} MB: a log kept by hand never has."
        raise UnreadableExportError("too_large", what, hint="Set format to the app that made it.")
    if data.startswith(MAGIC):
        sheets = read_sheets(data)
        return [Table(f"{file}/{name}" if file else name, file, records, "xlsx") for name, records in sheets.items()]
    if data.startswith(google_sheet.MAGIC):
        return list(_worksheets(google_sheet.read(data), file))
    text, read_in = decode(data, encoding, score)
    if text.lstrip().startswith(("{", "[")):
        _refuse_json(text)
    by = delimiter or choose_delimiter(text, score)
    return [Table(file, file, split(text, by), f"{read_in}, delimiter {by!r}")]


def _worksheets(sheet: google_sheet.SheetExport, file: str) -> Iterator[Table]:
    read_as = f"a Google sheet, locale {sheet.locale}, time zone {sheet.time_zone}"
    for title, records in sheet.worksheets.items():
        yield Table(f"{file}/{title}" if file else title, file, records, read_as, sheet.locale)


def _refuse_json(text: str) -> None:
    """Name JSON for what it is; what only begins like it is read on."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return
    what = "the file is JSON, which is no table of cells."
    raise UnreadableExportError("foreign_file", what, hint="Export or save the data as CSV or XLSX.")


def glimpse(export: Export, file: str) -> Iterator[Table]:
    """The first records of whatever tables a file may hold, cheaply and without errors; in no proven encoding."""
    head = export.head(file)
    if head.startswith(MAGIC):
        try:
            with export.open(file) as stream:
                sheets = read_sheets(stream.read(MAX_BYTES), _SNIFF_RECORDS)
        except UnreadableExportError:  # DamagedMemberError is one
            return
        yield from (Table(name, file, records, "xlsx") for name, records in sheets.items())
        return
    if head.startswith(google_sheet.MAGIC):
        try:
            with export.open(file) as stream:
                sheet = google_sheet.read(stream.read(MAX_BYTES), _SNIFF_RECORDS)
        except UnreadableExportError:
            return
        yield from (Table(title, file, records, "a glimpse") for title, records in sheet.worksheets.items())
        return
    wide = head[:2] in (b"\xff\xfe", b"\xfe\xff")
    text = head.decode("utf-16" if wide else "utf-8-sig", errors="replace")
    for delimiter in DELIMITERS:
        yield Table(file, file, split(text, delimiter, _SNIFF_RECORDS), "a glimpse")
