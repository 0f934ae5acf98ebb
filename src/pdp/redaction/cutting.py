"""The bytes of an export without some of its records: delimited text, Google sheets, zips of delimited text."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pdp.tabular import google_sheet
from pdp.tabular.workbook import MAGIC as WORKBOOK

if TYPE_CHECKING:
    from pdp.export import Export

Integers = np.ndarray[Any, np.dtype[np.int64]]
Way = Callable[[str], list[str]]
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+")
_UTF16 = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}


class WholeOnlyError(Exception):
    """This kind of file can't be cut; the text says which kind it is."""


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


def write(export: Export, cut: Way, keep: Mapping[str, Integers], extent: Mapping[str, int], to: Path) -> bool:
    """Write the copy.

    Args:
        export: Opened.
        cut: How a text falls into records.
        keep: Numbers of the records that stay, by member, from 1.
        extent: How many records each member has that was read. Others are left out, and those of which nothing stays.
        to: Where.

    Returns:
        Whether every member has as many records in this way as the format counted.

    Raises:
        WholeOnlyError: A workbook, or another kind that is not known.
    """
    if export.kind == "file":
        with export.open("") as stream:
            data = _without(stream.read(), "", cut, keep, extent)
        if data is not None:
            to.write_bytes(data)
        return data is not None
    with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as archive:
        for member in export.members:
            inside = [name for name in extent if name == member.name or name.startswith(f"{member.name}/")]
            if not any(len(keep.get(name, ())) for name in inside):
                continue
            with export.open(member.name) as stream:
                data = _without(stream.read(), member.name, cut, keep, extent)
            if data is None:
                return False
            about = zipfile.ZipInfo(member.name)  # of 1980: the same bytes whenever it is made
            about.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(about, data)
    return True


def _without(
    data: bytes, member: str, cut: Way, keep: Mapping[str, Integers], extent: Mapping[str, int]
) -> bytes | None:
    if data.startswith(WORKBOOK):
        raise WholeOnlyError("it is a workbook (XLSX).")
    if data.startswith(google_sheet.MAGIC):
        return _sheet(data, member, keep, extent)
    mark = next((mark for mark in _UTF16 if data.startswith(mark)), b"")
    code = _UTF16.get(mark, "latin-1")  # line ends and quotes are the same bytes in all others that are read
    try:
        records = cut(data[len(mark) :].decode(code))
    except UnicodeError:
        return None
    if len(records) != extent[member]:
        return None
    return mark + "".join(_chosen(records, keep.get(member))).encode(code)


def _sheet(data: bytes, member: str, keep: Mapping[str, Integers], extent: Mapping[str, int]) -> bytes | None:
    """Worksheets that were read, without the rows that go."""
    held = json.loads(data)
    sheets = []
    for sheet in held["worksheets"]:
        name = f"{member}/{sheet['title']}" if member else sheet["title"]
        if name in extent and len(keep.get(name, ())):
            sheets.append((sheet["title"], _chosen(sheet["rows"], keep.get(name))))
    return google_sheet.write(held["locale"], held["time_zone"], sheets)


def _chosen(records: Sequence[Any], numbers: Integers | None) -> list[Any]:
    chosen = set() if numbers is None else set(numbers.tolist())
    return [record for number, record in enumerate(records, start=1) if number in chosen]
