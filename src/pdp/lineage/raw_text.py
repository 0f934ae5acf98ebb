"""The text of single records, taken from a raw export as it stands: what a person would see on opening it.

Records are counted as the formats count them: from 1, header and blank ones included; a record is a
line, or several where a quoted cell holds line ends; a row of a worksheet.
"""

from __future__ import annotations

from collections.abc import Iterator, Set

from pdp.delimited.records import cut_blocks
from pdp.errors import UnreadableExportError
from pdp.export import Export

MAX_TEXT = 500  # characters of a record that are shown
_BLOCK_BYTES = 1024 * 1024
_MAX_RECORD_LINES = 100  # a quoted cell that spans more is a stray quote
_DELIMITERS = ("", ",", ";", "\t", "|")
_WORKBOOK = b"PK\x03\x04"
_GOOGLE_SHEET = b'{"kind":"pdp.google-sheet/'  # pdp.tabular.google_sheet, which is imported only for one
_WIDE = (b"\xff\xfe", b"\xfe\xff")


def texts(export: Export, member: str, rows: Set[int]) -> dict[int, str]:
    """Some records of a member by number, each cut at MAX_TEXT characters; those that can't be read are left out."""
    file = _file_of(export, member)
    try:
        head = export.head(file, 32)
        if head.startswith(_WORKBOOK):
            return _of_sheet(export, file, member, rows)
        if head.startswith(_GOOGLE_SHEET):
            return _of_google_sheet(export, file, member, rows)
        found = {}
        for number, text in enumerate(_records(export, file), start=1):
            if number in rows:
                found[number] = _cut(text)
                if len(found) == len(rows):
                    break
        return found
    except (UnreadableExportError, KeyError):  # DamagedMemberError is one
        return {}


def _file_of(export: Export, member: str) -> str:
    """The file that holds a member: itself, or the workbook whose sheet it is ("Readings", "log.xlsx/Readings")."""
    names = [entry.name for entry in export.members]
    if member in names:
        return member
    return next((name for name in names if name and member.startswith(f"{name}/")), names[0] if names else "")


def _of_sheet(export: Export, file: str, member: str, rows: Set[int]) -> dict[int, str]:
    from pdp.tabular.cells import text_of
    from pdp.tabular.workbook import read_sheets

    with export.open(file) as stream:
        sheets = read_sheets(stream.read())
    records = sheets.get(member.removeprefix(f"{file}/") if file else member, [])
    chosen = {row: records[row - 1] for row in rows if 0 < row <= len(records)}
    return {row: _cut(" | ".join(text_of(cell) for cell in record)) for row, record in chosen.items()}


def _of_google_sheet(export: Export, file: str, member: str, rows: Set[int]) -> dict[int, str]:
    from pdp.tabular.google_sheet import shown

    with export.open(file) as stream:
        records = shown(stream.read(), member.removeprefix(f"{file}/") if file else member)
    return {row: _cut(" | ".join(records[row - 1])) for row in rows if 0 < row <= len(records)}


def _cut(text: str) -> str:
    """A long record says that there is more of it."""
    return text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]} ... ({len(text):,} characters)"


def _records(export: Export, file: str) -> Iterator[str]:
    if export.head(file, 2) in _WIDE:
        with export.open(file) as stream:
            yield from _joined(stream.read().decode("utf-16", errors="replace"))
        return
    with export.open(file) as stream:
        for block in cut_blocks(stream, _BLOCK_BYTES):
            yield from _joined(_decoded(block))


def _decoded(block: bytes) -> str:
    try:
        return block.decode("utf-8")
    except UnicodeDecodeError:
        return block.decode("cp1252", errors="replace")


def _joined(text: str) -> Iterator[str]:
    """Lines, those of a quoted cell with line ends taken together. A stray quote stands for itself."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n").split("\n")
    at = 0
    while at < len(lines):
        taken = _lines_of_record(lines, at)
        yield "\n".join(lines[at : at + taken])
        at += taken


def _lines_of_record(lines: list[str], at: int) -> int:
    first, quotes = lines[at], lines[at].count('"')
    if quotes % 2 == 0:
        return 1
    for more, line in enumerate(lines[at + 1 : at + _MAX_RECORD_LINES], start=2):
        quotes += line.count('"')
        if quotes % 2 == 0:
            opening, closing = first.rfind('"'), line.rfind('"')
            is_cell = first[:opening][-1:] in _DELIMITERS and line[closing + 1 : closing + 2] in _DELIMITERS
            return more if is_cell else 1
    return 1
