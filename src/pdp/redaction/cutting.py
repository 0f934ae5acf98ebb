"""The bytes of an export without some of its records: delimited text, Google sheets, workbooks, zips of these."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pdp.redaction import workbook
from pdp.redaction.staying import Staying
from pdp.tabular import google_sheet

if TYPE_CHECKING:
    from pdp.export import Export

Way = Callable[[str], list[str]]
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+")
_UTF16 = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}


def lines(text: str) -> list[str]:
    """Records that are lines, with their ends."""
    return _LINE.findall(text)


def quoted(text: str) -> list[str]:
    """Records that may hold line ends in a quoted cell, with their ends."""
    found: list[str] = []
    is_open = False
    for line in lines(text):
        if is_open:
            found[-1] += line
        else:
            found.append(line)
        is_open ^= bool(line.count('"') % 2)
    return found


WAYS: tuple[Way, ...] = (lines, quoted)


@dataclass(frozen=True)
class Cut:
    """What was written.

    Attributes:
        is_made: Whether every member has as many records in this way as the format counted.
        results: Results of a workbook's formulas that were left out, as they tell of other rows.
    """

    is_made: bool
    results: int = 0


def write(export: Export, cut: Way, staying: Staying, to: Path) -> Cut:
    """Write the copy.

    Args:
        export: Opened.
        cut: How a text falls into records.
        staying: Records that stay. Members of which none does are left out.
        to: Where.

    Raises:
        WholeOnlyError: A workbook that can't be cut.
    """
    if export.kind == "file":
        with export.open("") as stream:
            data, results = _without(stream.read(), "", cut, staying)
        if data is not None:
            to.write_bytes(data)
        return Cut(data is not None, results)
    results = 0
    with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as archive:
        for member in export.members:
            inside = [name for name in staying.extent if name == member.name or name.startswith(f"{member.name}/")]
            if not any(staying.numbers(name) for name in inside):
                continue
            with export.open(member.name) as stream:
                data, more = _without(stream.read(), member.name, cut, staying)
            if data is None:
                return Cut(False)
            results += more
            about = zipfile.ZipInfo(member.name)  # of 1980: the same bytes whenever it is made
            about.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(about, data)
    return Cut(True, results)


def _without(data: bytes, member: str, cut: Way, staying: Staying) -> tuple[bytes | None, int]:
    if data.startswith(workbook.MAGIC):
        return workbook.without(data, member, staying)
    if data.startswith(google_sheet.MAGIC):
        return _sheet(data, member, staying), 0
    mark = next((mark for mark in _UTF16 if data.startswith(mark)), b"")
    code = _UTF16.get(mark, "latin-1")  # line ends and quotes are the same bytes in all others that are read
    try:
        records = cut(data[len(mark) :].decode(code))
    except UnicodeError:
        return None, 0
    if len(records) != staying.extent[member]:
        return None, 0
    return mark + "".join(records[number - 1] for number in staying.numbers(member)).encode(code), 0


def _sheet(data: bytes, member: str, staying: Staying) -> bytes:
    """Worksheets that were read, without the rows that go."""
    held = json.loads(data)
    sheets = []
    for sheet in held["worksheets"]:
        name = f"{member}/{sheet['title']}" if member else sheet["title"]
        if staying.has_readings(name):
            sheets.append((sheet["title"], [sheet["rows"][number - 1] for number in staying.numbers(name)]))
    return google_sheet.write(held["locale"], held["time_zone"], sheets)
