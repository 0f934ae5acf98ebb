"""A workbook (XLSX) without some of its records.

It is written anew from the cells of the worksheets that are read, as values. Whatever else a workbook keeps of its
cells (records of a pivot table, charts, comments, names, macros, shared strings, a preview) is not in the copy, so none
of it has to be known to be left out.
"""

from __future__ import annotations

import io
import zipfile
from datetime import datetime

from pdp.redaction.formulas import results_of_other_rows
from pdp.redaction.staying import Staying, WholeOnlyError
from pdp.tabular.cells import Cell, Record, is_blank, squeeze
from pdp.tabular.workbook import MAGIC, read_sheets

__all__ = ["MAGIC", "without"]

_MADE = datetime(1980, 1, 1)  # the first that a zip can hold: the same bytes whenever the copy is made
_PROPERTIES = "docProps/core.xml"


def without(data: bytes, member: str, staying: Staying) -> tuple[bytes, int]:
    """The copy of a workbook.

    Args:
        data: The workbook.
        member: Its name in a zip; "" for an export that is one.
        staying: Its worksheets are members of their own.

    Returns:
        The copy's bytes, and how many results of formulas are left out as they tell of other rows.

    Raises:
        WholeOnlyError: A formula is not understood, or the records that stay can't be written as they were read.
    """
    whole = read_sheets(data)
    names = {title: f"{member}/{title}" if member else title for title in whole}
    titles = [title for title, name in names.items() if staying.has_readings(name)]
    away = results_of_other_rows(data, whole, {title: staying.readings[names[title]] for title in titles})
    sheets: dict[str, list[Record]] = {title: [] for title in titles}
    left_out = 0
    for title, records in sheets.items():
        for row in staying.numbers(names[title]):
            record = list(whole[title][row - 1])
            gone = [at for at in away[title].get(row, ()) if at <= len(record) and record[at - 1] is not None]
            for at in gone:
                record[at - 1] = None
            left_out += len(gone)
            records.append(() if is_blank(record) else record)
        while records and not records[-1]:  # the reader counts no blank ones at the end
            records.pop()
    copy = _write(sheets)
    if not _are_same(sheets, read_sheets(copy)):
        raise WholeOnlyError("it is a workbook (XLSX) with cells that can't be written as they were.")
    return copy, left_out


def _write(sheets: dict[str, list[Record]]) -> bytes:
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.packaging.core import DocumentProperties
    from openpyxl.xml.functions import tostring

    book, held, packed = Workbook(write_only=True), io.BytesIO(), io.BytesIO()
    for title, records in sheets.items():
        sheet = book.create_sheet(title)
        for record in records:
            cells = [WriteOnlyCell(sheet, None if cell == "" else cell) for cell in record]
            for cell in cells:
                if isinstance(cell.value, str):
                    cell.data_type = "s"  # else what begins with "=" would be a formula
                elif cell.value is None:
                    cell.number_format = "@"  # an empty cell is written for its format: a record keeps its width
            sheet.append(cells)
    book.save(held)
    properties = DocumentProperties(creator="pdp", created=_MADE, modified=_MADE)
    with zipfile.ZipFile(held) as made, zipfile.ZipFile(packed, "w") as copy:
        for name in made.namelist():
            content = tostring(properties.to_tree()) if name == _PROPERTIES else made.read(name)
            copy.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def _are_same(sheets: dict[str, list[Record]], read: dict[str, list[Record]]) -> bool:
    return list(sheets) == list(read) and all(
        len(records) == len(read[title])
        and all(
            len(one) == len(other) and all(map(_is_same, one, other))
            for one, other in zip(records, read[title], strict=True)
        )
        for title, records in sheets.items()
    )


def _is_same(one: Cell, other: Cell) -> bool:
    if isinstance(one, str) and isinstance(other or "", str):
        return squeeze(one) == squeeze(str(other or ""))  # XML has one line end, and knows no empty text
    return one == other and (type(one) is type(other) or isinstance(one, int | float))
