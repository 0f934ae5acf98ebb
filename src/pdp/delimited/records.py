"""Cut delimited bytes into blocks, records and cells, whatever has happened to them.

Quotes follow RFC 4180 where they make sense. A quote that never closes is damage: it stands for
itself, so that it can't swallow the rest of the file.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

import numpy as np

TEXT_CHARACTERS = 500  # as much of a bad record as is kept
_BOM = b"\xef\xbb\xbf"
_MAX_RECORD_BYTES = 1024 * 1024  # a line longer than this is no record; only its beginning is kept
_MAX_RECORD_LINES = 100  # a quoted cell that spans more is a stray quote
# Appended to the beginning of an overlong line: more fields than any layout, so it is never taken for a record.
_OVERLONG = b"," * 100


class BadRecord(NamedTuple):
    """A record that could not be read: number, short code, sentence, and its text."""

    row: int
    reason: str
    detail: str
    text: str


class Record(NamedTuple):
    """One record as it stands, at most TEXT_CHARACTERS of it in `text`."""

    raw: str
    is_quoted: bool

    @property
    def text(self) -> str:
        return self.raw[:TEXT_CHARACTERS]


def cut_blocks(stream: BinaryIO, size: int) -> Iterator[bytes]:
    """Blocks of about `size` bytes that end at a line end, the byte order mark left out."""
    carry = b""
    is_first = True
    size = max(size, len(_BOM))
    while chunk := stream.read(size):
        data = carry + chunk
        if is_first:
            data, is_first = data.removeprefix(_BOM), False
        end = _last_line_end(data)
        if end and data.find(b'"') >= 0 and data.count(b'"', 0, end) % 2:
            # a quoted cell is open at the cut: let its record begin the next block, if it is one
            start = _last_line_end(data[: data.rfind(b'"', 0, end)])
            if end - start <= _MAX_RECORD_BYTES:
                end = start or end
        if end:
            yield data[:end]
        carry = data[end:]
        if len(carry) > _MAX_RECORD_BYTES:
            carry = carry[:TEXT_CHARACTERS] + _OVERLONG
    if carry:
        yield carry


def _last_line_end(data: bytes) -> int:
    """The position after the last line end; a CR that ends the data may be half of a CRLF."""
    return max(data.rfind(b"\n"), data.rfind(b"\r", 0, max(len(data) - 1, 0))) + 1


def count_lines(data: bytes) -> int:
    """Lines that end in LF, CRLF or CR, the last one with or without."""
    values = np.frombuffer(data, np.uint8)
    is_lf = values == ord("\n")
    count = int(np.count_nonzero(is_lf))
    if data.find(b"\r") >= 0:
        is_cr = values == ord("\r")
        count += int(np.count_nonzero(is_cr)) - int(np.count_nonzero(is_cr[:-1] & is_lf[1:]))
    return count + (bool(data) and data[-1:] not in (b"\n", b"\r"))


def records_of(data: bytes) -> Iterator[Record]:
    """The records of a block: lines, or several lines where a quoted cell holds line ends."""
    lines = data.splitlines()
    at = 0
    while at < len(lines):
        line = lines[at]
        at += 1
        if line.find(b'"') < 0:
            yield Record(_text(line), False)
            continue
        whole, taken = line, 0
        while whole.count(b'"') % 2 and taken < _MAX_RECORD_LINES and at + taken < len(lines):
            whole += b"\n" + lines[at + taken]
            taken += 1
        if whole.count(b'"') % 2 or (taken and not _is_one_record(whole)):
            yield Record(_text(line), False)  # a stray quote: it stands for itself
        else:
            at += taken
            yield Record(_text(whole), True)


def _is_one_record(whole: bytes) -> bool:
    """Whether lines joined by an open quote are one record by the rules, and not two strays that found each other."""
    try:
        return len(list(csv.reader([_text(whole)], strict=True))) == 1
    except csv.Error:
        return False


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", errors="replace")


def cells_of(record: Record, expected: int) -> list[str]:
    """The cells of a record; blank ones beyond `expected` are left out (spreadsheets add them)."""
    if not record.is_quoted:
        cells = record.raw.split(",")
    else:
        try:
            cells = next(csv.reader([record.raw]), [])
        except csv.Error:
            cells = record.raw.split(",")
    while len(cells) > expected and not cells[-1].strip():
        cells.pop()
    return cells


def lines(stream: BinaryIO, size: int = 1024 * 1024) -> Iterator[tuple[int, str]]:
    """Every line with its number from 1, quotes without meaning: for files that break the quoting rules."""
    row = 0
    for block in cut_blocks(stream, size):
        for line in block.splitlines():
            row += 1
            yield row, _text(line)


def header_of(head: bytes) -> tuple[str, ...]:
    """The cells of the first line that is not blank, trimmed and unquoted; () if there is none."""
    for line in head.removeprefix(_BOM).splitlines():
        if line.strip():
            return tuple(cell.strip().strip('"').strip() for cell in _text(line).split(","))
    return ()
