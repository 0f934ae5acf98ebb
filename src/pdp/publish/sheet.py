"""A table as CSV: numbers as they are, text that a spreadsheet would run as a formula made harmless.

A text cell that begins with one of = + - @ (or their full-width forms), TAB, CR or LF gets an apostrophe in front, and
so does one that begins with an apostrophe: taking one apostrophe away gives the text back, whatever it was (`harmful`).
The last two columns say of every row which run it is of and what the digest of all the data is, so that sorted,
filtered or joined rows still do.
"""

from __future__ import annotations

import csv
import datetime
import hashlib
import io
from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa

from pdp.publish.origin import Origin, Published, utc_text

RUN, DIGEST = "run_id", "data_sha256"
_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "'")
_PIECE = 10_000  # rows that become Python objects at once


def csv_file(table: pa.Table, origin: Origin) -> Published:
    """A table as UTF-8 CSV: one header line, comma, CRLF, empty for missing, times in ISO 8601."""
    names = table.column_names
    lines = list(_lines(table))
    digest = digest_of(names, lines)
    text = _written([[*names, RUN, DIGEST], *([*line, harmless(origin.run_id), digest] for line in lines)])
    return Published(text.encode(), "text/csv; charset=utf-8", ".csv", digest)


def data(table: pa.Table) -> str:
    """The table alone, without the columns that say of which run it is."""
    return _written([table.column_names, *_lines(table)])


def digest_of_table(table: pa.Table) -> str:
    """The digest of a table's data, in whichever form it is handed out."""
    return digest_of(table.column_names, _lines(table))


def digest_of(names: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """SHA-256 of the CSV text of the data columns: header line and rows."""
    digest = hashlib.sha256(_written([names]).encode())
    for line in lines:
        digest.update(_written([line]).encode())
    return digest.hexdigest()


def harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_STARTS) else text


def harmful(cell: str) -> str:
    """The text that `harmless` was given."""
    return cell[1:] if cell.startswith("'") else cell


def _lines(table: pa.Table) -> Iterable[list[str]]:
    for at in range(0, len(table), _PIECE):
        columns = [column.to_pylist() for column in table.slice(at, _PIECE).columns]
        for row in zip(*columns, strict=True):
            yield [_cell(value) for value in row]


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case str():
            return harmless(value)
        case bool():
            return "true" if value else "false"
        case datetime.datetime():
            return utc_text(value)
        case datetime.date():
            return value.isoformat()
        case float():
            return repr(value)
        case int():
            return str(value)
    return harmless(str(value))


def _written(rows: Iterable[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue()
