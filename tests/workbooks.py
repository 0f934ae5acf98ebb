"""Blood pressure diaries as workbooks, with all that these keep of cells elsewhere; and what a copy still says."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from openpyxl import Workbook
from openpyxl.chart import LineChart, Reference
from openpyxl.comments import Comment
from openpyxl.formatting.rule import CellIsRule
from openpyxl.styles import PatternFill
from openpyxl.utils.datetime import CALENDAR_MAC_1904, to_excel
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.table import Table

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
HEADER = ("Date", "Systolic", "Diastolic", "Pulse", "Notes")

# Parts that programs write beside the cells, each of which may repeat them.
_PARTS = (
    "xl/pivotCache/pivotCacheRecords1.xml",
    "xl/externalLinks/externalLink1.xml",
    "xl/revisions/revisionLog1.xml",
    "xl/printerSettings/printerSettings1.bin",
    "xl/vbaProject.bin",
    "xl/calcChain.xml",
    "docProps/thumbnail.jpeg",
    "customXml/item1.xml",
)


@dataclass(frozen=True)
class Reading:
    """One of a diary; its numbers and note occur in no other."""

    at: datetime
    number: int

    @property
    def values(self) -> tuple[float, float, float]:
        """Pressures and pulse, with digits that are found in any bytes."""
        return 120 + self.number + 0.0371, 80 + self.number / 4 + 0.0613, 60 + self.number / 8 + 0.0173

    @property
    def note(self) -> str:
        return f"note {self.number} of {self.at:%A}, Größe 🫀"

    def spellings(self) -> Iterator[bytes]:
        """How it may stand in bytes: numbers, serial dates of both calendars, texts."""
        for value in self.values:
            yield str(value).encode()
        for epoch in (None, CALENDAR_MAC_1904):
            serial = to_excel(self.at, epoch) if epoch else to_excel(self.at)
            yield from (str(serial).encode(), str(int(serial)).encode())
        for shown in ("%Y-%m-%d", "%d.%m.%Y"):
            yield self.at.strftime(shown).encode()
        yield from (self.note.encode(), self.note.encode("utf-16-le"), self.note.encode("ascii", "xmlcharrefreplace"))


@dataclass(frozen=True)
class Diary:
    """How a diary is kept.

    Attributes:
        dates: As date cells ("date"), as days after 1904 ("1904"), as text ("text").
        titles: Rows above the header.
        blanks: Every so many rows one stays empty; 0 for none.
        are_strings_shared: Or stand in their cells.
        has_more: Comments, a table, formats, a chart, names, validation, hidden and other worksheets, foreign parts.
    """

    dates: str = "date"
    titles: int = 0
    blanks: int = 0
    are_strings_shared: bool = True
    has_more: bool = True

    def write(self, readings: Sequence[Reading]) -> bytes:
        """The workbook; readings with an odd number stand on a hidden worksheet of their own."""
        book, held = Workbook(), io.BytesIO()
        if self.dates == "1904":
            book.epoch = CALENDAR_MAC_1904
        for title, rest in (("Diary", 0), ("Evenings", 1)):
            sheet = book.active if title == "Diary" else book.create_sheet(title)
            sheet.title = title
            for number in range(self.titles):
                sheet.append([f"Title {number}, worst {max(r.values[0] for r in readings)}"])
            sheet.append(HEADER)
            mine = [reading for reading in readings if reading.number % 2 == rest]
            for number, reading in enumerate(mine, start=1):
                at = reading.at.strftime("%Y-%m-%d %H:%M") if self.dates == "text" else reading.at
                sheet.append([at, *reading.values, reading.note])
                if self.blanks and number % self.blanks == 0:
                    sheet.append([])
            if self.has_more:
                _furnish(sheet, mine, self.titles + 1)
        book["Evenings"].sheet_state = "hidden"
        if self.has_more:
            other = book.create_sheet("Plan")
            for reading in readings:
                other.append([f"see {reading.note}", reading.values[0]])
            names = "; ".join(str(reading.values[0]) for reading in readings)
            book.defined_names["worst"] = DefinedName("worst", attr_text=f'"{names}"')
            book.properties.description = names
        book.save(held)
        return _repacked(held.getvalue(), readings if self.has_more else (), is_shared=self.are_strings_shared)


def _furnish(sheet, readings: Sequence[Reading], header: int) -> None:  # type: ignore[no-untyped-def]
    for reading, cell in zip(readings, sheet["B"][header:], strict=False):
        cell.comment = Comment(f"why {reading.values[0]}? {reading.note}", "me")
        cell.hyperlink = f"https://example.org/?at={reading.at:%Y-%m-%d}"
    sheet.conditional_formatting.add(
        "B1:B400", CellIsRule("equal", [str(readings[0].values[0])] if readings else ["1"], fill=PatternFill())
    )
    listed = ",".join(str(reading.values[0]) for reading in readings)[:200]
    validation = DataValidation("list", formula1=f'"{listed}"')
    sheet.add_data_validation(validation)
    sheet.merge_cells(f"H{header}:I{header + 1}")
    if sheet.max_row > header:
        name = f"T{sheet.title}"
        sheet.add_table(Table(displayName=name, name=name, ref=f"A{header}:E{sheet.max_row}"))
    chart = LineChart()
    chart.add_data(Reference(sheet, min_col=2, min_row=header, max_row=sheet.max_row), titles_from_data=True)
    sheet.add_chart(chart, "J2")
    sheet.oddFooter.center.text = listed[:100]


def _repacked(data: bytes, readings: Sequence[Reading], *, is_shared: bool) -> bytes:
    """With foreign parts that repeat the readings; and texts shared, some of them in several runs."""
    texts: list[str] = []
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as made, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in made.namelist():
            content = made.read(name)
            if name.startswith("xl/worksheets/sheet") and is_shared:
                content = _shared(content, texts)
            if name == "[Content_Types].xml" and is_shared and b"sharedStrings" not in content:
                part = '<Override PartName="/xl/sharedStrings.xml" ContentType="application/vnd.openxmlformats-'
                part += 'officedocument.spreadsheetml.sharedStrings+xml"/></Types>'
                content = content.replace(b"</Types>", part.encode())
            if name != "xl/sharedStrings.xml":
                archive.writestr(name, content)
        strings = "".join(f"<si>{_runs(text) if n % 2 else _text(text)}</si>" for n, text in enumerate(texts))
        if is_shared:
            archive.writestr("xl/sharedStrings.xml", f'<sst xmlns="{_MAIN[1:-1]}">{strings}</sst>')
        told = b"\n".join(spelling for reading in readings for spelling in reading.spellings())
        for name in _PARTS if readings else ():
            archive.writestr(name, told)
    return packed.getvalue()


def _text(text: str) -> str:
    return f'<t xml:space="preserve">{escape(text)}</t>'


def _runs(text: str) -> str:
    half = len(text) // 2
    return f"<r>{_text(text[:half])}</r><r><rPr><b/></rPr>{_text(text[half:])}</r>"


def _shared(content: bytes, texts: list[str]) -> bytes:
    root = ElementTree.fromstring(content)
    for cell in root.iter(f"{_MAIN}c"):
        if cell.get("t") == "inlineStr":
            texts.append("".join(cell.itertext()))
            for part in list(cell):
                cell.remove(part)
            cell.set("t", "s")
            ElementTree.SubElement(cell, f"{_MAIN}v").text = str(len(texts) - 1)
    return ElementTree.tostring(root)


def computed(data: bytes, results: Mapping[str, float | str]) -> bytes:
    """A workbook whose formulas on its first worksheet have results, by cell, as a spreadsheet program stores them."""
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as made, zipfile.ZipFile(packed, "w") as archive:
        for name in made.namelist():
            content = made.read(name)
            if name == "xl/worksheets/sheet1.xml":
                root = ElementTree.fromstring(content)
                for cell in root.iter(f"{_MAIN}c"):
                    if (result := results.get(str(cell.get("r")))) is not None:
                        found = cell.find(f"{_MAIN}v")
                        (ElementTree.SubElement(cell, f"{_MAIN}v") if found is None else found).text = str(result)
                content = ElementTree.tostring(root)
            archive.writestr(name, content)
    return packed.getvalue()


def plain(*rows: Sequence[object]) -> bytes:
    """A workbook of one worksheet."""
    book, held = Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(held)
    return held.getvalue()


def uncuttable() -> bytes:
    """A workbook of three days, whose third reading is worked out from the two before."""
    rows = [HEADER[:3], ("2025-05-01T07:00", 121, 84), ("2025-05-02T04:56", 173, 101)]
    return computed(plain(*rows, ("2025-05-03T07:20", "=(B2+B3)/2", 81)), {"B4": 147})


WHY_UNCUTTABLE = (
    "it would be read otherwise without the days and the results of formulas that look at other rows or sheets."
)


def every_byte(data: bytes) -> bytes:
    """All that a workbook, or a zip of workbooks, says once it is unpacked: names of its parts, and these."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = [(name, archive.read(name)) for name in archive.namelist()]
    return b"\n".join(
        name.encode() + b"\n" + (every_byte(part) if part.startswith(b"PK\x03\x04") else part) for name, part in parts
    )


def cells(data: bytes) -> dict[str, list[list[str]]]:
    """The cells of a copy by worksheet, as its XML has them: numbers and texts, without empty ones and empty rows."""
    found: dict[str, list[list[str]]] = {}
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
        for number, sheet in enumerate(book.iter(f"{_MAIN}sheet"), start=1):
            rows = ElementTree.fromstring(archive.read(f"xl/worksheets/sheet{number}.xml")).iter(f"{_MAIN}row")
            texts = [["".join(cell.itertext()) for cell in row.iter(f"{_MAIN}c")] for row in rows]
            found[str(sheet.get("name"))] = [kept for row in texts if (kept := [text for text in row if text])]
    return found


def days(first: datetime, *hours: int) -> list[Reading]:
    """Readings so many hours after a moment, numbered from 1."""
    return [Reading(first + timedelta(hours=each), number) for number, each in enumerate(hours, start=1)]
