"""Mi Fitness CSV members in blocks of records, every line accounted for.

A record is a line: these files quote their JSON by RFC 4180 but never hold a line break inside a
quoted field. A block that pyarrow reads into exactly as many rows as it has lines is taken as it
is; any other is halved until the damage is confined, and those few lines go one by one through the
csv module, so that a damaged line costs its neighbours nothing.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

from pdp.errors import DamagedMemberError
from pdp.formats import UnreadRecord
from pdp.schemas import DICTIONARY

if TYPE_CHECKING:
    from pdp.export import Export

FITNESS_COLUMNS = ("Sid", "Key", "Time", "Value")
DAILY_COLUMNS = ("Sid", "Tag", "Key", "Time", "Value")
_TYPES = {"Sid": DICTIONARY, "Tag": DICTIONARY, "Key": DICTIONARY, "Time": pa.string(), "Value": pa.string()}

BLOCK_BYTES = 8 * 1024 * 1024  # some 90,000 heart-rate records; the tables made of it take about 4 times that
LEAF_BYTES = 128 * 1024  # a block that isn't clean is halved down to this before its lines are read one by one
MAX_RECORD_BYTES = 32 * 1024 * 1024  # the longest genuine record, a night with its stages, takes some kB
MAX_TEXT = 500  # characters of an unread record that are kept

_WORD = re.compile(r"[A-Za-z][A-Za-z_]{0,30}")
_BOM = b"\xef\xbb\xbf"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
# `""` and `_` as UTF-7 writes them: a copy that some program has saved again in that encoding.
_UTF7_MARKS = (b"+ACIAIg-", b"+ACI", b"+AF8-")
_AGAIN = "Use the file as it came from Xiaomi's privacy page."


@dataclass(frozen=True)
class Block:
    """Consecutive records of one member.

    Attributes:
        records: How many, whatever became of them.
        table: Those with the right number of fields: row (int32, 1-based in the member), then the
            columns asked for; Sid, Tag and Key as dictionaries, Time and Value as text.
        unread: Those without.
        blank: Row numbers of empty lines.
        header: Row number of the header, in the first block.
    """

    records: int
    table: pa.Table
    unread: list[UnreadRecord] = field(default_factory=list)
    blank: list[int] = field(default_factory=list)
    header: list[int] = field(default_factory=list)


def header_of(head: bytes) -> list[str]:
    """The names in the first line of a file's beginning; [] if that isn't text."""
    line = head.removeprefix(_BOM).partition(b"\n")[0]
    try:
        return [name.strip() for name in next(csv.reader([line.decode().rstrip("\r")]), [])]
    except (UnicodeDecodeError, csv.Error):
        return []


def as_dicts(table: pa.Table) -> Iterator[dict[str, Any]]:
    """The rows of a (small) table; some times faster than to_pylist, which makes an object per value first."""
    columns = []
    for name in table.column_names:
        column = table[name].combine_chunks()
        columns.append((column.dictionary_decode() if name in ("Sid", "Tag", "Key") else column).to_pylist())
    for values in zip(*columns, strict=True):
        yield dict(zip(table.column_names, values, strict=True))


def blocks(export: Export, member: str, columns: Sequence[str], encoding: str) -> Iterator[Block]:
    """All records of one member.

    Args:
        columns: Those to read; FITNESS_COLUMNS or DAILY_COLUMNS.
        encoding: "utf-8" or "gbk". A byte-order mark at the start means UTF-8 whatever this says.

    Raises:
        DamagedMemberError: empty_file, wrong_encoding, utf7_damaged, missing_columns,
            record_too_long, and what reading the bytes raises.
    """
    with export.open(member) as stream:
        names: list[str] = []
        rest, row = b"", 1
        while chunk := stream.read(BLOCK_BYTES):
            if not names:
                _refuse_damage(member, chunk)
            chunk = rest + chunk
            end = chunk.rfind(b"\n") + 1
            data, rest = chunk[:end], chunk[end:]
            if len(rest) > MAX_RECORD_BYTES:
                what = f"a record is longer than {MAX_RECORD_BYTES >> 20} MiB: its line ends are missing."
                raise DamagedMemberError(member, "record_too_long", what, hint=_AGAIN)
            if not data:
                continue
            is_first = not names
            if is_first:
                encoding = "utf-8" if data.startswith(_BOM) else encoding
                line, _, data = data.partition(b"\n")
                names = _names(member, line, columns)
                yield Block(1, _empty(columns), header=[1])
                row = 2
            if data:
                for block in _blocks(data, row, names, columns, encoding):
                    row += block.records
                    yield block
        if rest and not names:
            names = _names(member, rest, columns)
            yield Block(1, _empty(columns), header=[1])
        elif rest:
            yield from _blocks(rest + b"\n", row, names, columns, encoding)
        if not names:
            raise DamagedMemberError(member, "empty_file", "the file is empty (0 bytes).", hint=_AGAIN)


def _refuse_damage(member: str, start: bytes) -> None:
    if start.startswith(_UTF16_MARKS):
        what = "the file is UTF-16 text: a spreadsheet or an editor has saved it again."
        raise DamagedMemberError(member, "wrong_encoding", what, hint=_AGAIN)
    if any(mark in start for mark in _UTF7_MARKS):
        what = 'the file has been saved again as UTF-7: it has "+ACIAIg-" where quotes were.'
        raise DamagedMemberError(member, "utf7_damaged", what, hint=_AGAIN)


def _names(member: str, line: bytes, columns: Sequence[str]) -> list[str]:
    names = header_of(line)
    missing = [name for name in columns if names.count(name) != 1]
    if missing:
        seen = [name for name in names if _WORD.fullmatch(name)]  # in a file without header these are values
        how = "stands twice in the file" if missing[0] in names else "is not in the file"
        what = f'column "{missing[0]}" {how} (it has {", ".join(seen)[:200] or "no header"}).'
        raise DamagedMemberError(member, "missing_columns", what, hint=_AGAIN)
    return names


def _empty(columns: Sequence[str]) -> pa.Table:
    return pa.schema([("row", pa.int32()), *((name, _TYPES[name]) for name in columns)]).empty_table()


def _blocks(data: bytes, row: int, names: list[str], columns: Sequence[str], encoding: str) -> Iterator[Block]:
    """The records of whole lines: at once, or by halves until the damage is confined to a few lines."""
    records = data.count(b"\n")
    table = _clean_table(data, names, columns, encoding)
    middle = data.rfind(b"\n", 0, len(data) // 2) + 1
    if table is not None and table.num_rows == records:
        rows = pa.array(np.arange(row, row + records, dtype=np.int32))
        yield Block(records, table.add_column(0, "row", rows))
    elif len(data) <= LEAF_BYTES or not middle:
        yield _line_by_line(data, row, names, columns, encoding)
    else:
        for half in (data[:middle], data[middle:]):
            for block in _blocks(half, row, names, columns, encoding):
                row += block.records
                yield block


def _clean_table(data: bytes, names: list[str], columns: Sequence[str], encoding: str) -> pa.Table | None:
    if encoding != "utf-8":
        try:
            data = data.decode(encoding).encode()
        except UnicodeDecodeError:
            return None
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n")
    return None if b"\r" in data else _read(data, names, columns)  # pyarrow ends a line at a lone CR


def _read(data: bytes, names: list[str], columns: Sequence[str]) -> pa.Table | None:
    """The block by pyarrow, or None where it holds anything but whole, decodable records."""
    try:
        table = pa_csv.read_csv(
            pa.BufferReader(data),
            read_options=pa_csv.ReadOptions(use_threads=False, block_size=len(data) + 1, column_names=names),
            parse_options=pa_csv.ParseOptions(ignore_empty_lines=False),
            convert_options=pa_csv.ConvertOptions(
                include_columns=list(columns),
                column_types={name: _TYPES[name] for name in columns},
                null_values=[],
                strings_can_be_null=False,
            ),
        )
    except pa.ArrowInvalid:
        return None
    return table.combine_chunks()


def _line_by_line(data: bytes, row: int, names: list[str], columns: Sequence[str], encoding: str) -> Block:
    places = [names.index(name) for name in columns]
    fields: list[list[str]] = [[] for _ in columns]
    rows: list[int] = []
    unread: list[UnreadRecord] = []
    blank: list[int] = []
    lines = data.split(b"\n")[:-1]
    for number, raw in enumerate(lines, row):
        if not raw.strip():
            blank.append(number)
            continue
        fault, values = _fields(raw.removesuffix(b"\r"), len(names), encoding)
        if fault:
            text = raw[: 4 * MAX_TEXT].decode(encoding, "replace")[:MAX_TEXT]
            unread.append(UnreadRecord(number, *fault, text))
            continue
        rows.append(number)
        for column, place in zip(fields, places, strict=True):
            column.append(values[place])
    arrays = [pa.array(column, pa.string()) for column in fields]
    table = pa.table([pa.array(rows, pa.int32()), *arrays], names=["row", *columns])
    return Block(len(lines), table.cast(_empty(columns).schema), unread, blank)


def _fields(raw: bytes, count: int, encoding: str) -> tuple[tuple[str, str] | None, list[str]]:
    """The fields of one line, or why it has none."""
    try:
        line = raw.decode(encoding)
    except UnicodeDecodeError:
        other = "Set settings.encoding: gbk if it comes from a Chinese system." if encoding == "utf-8" else ""
        return ("wrong_encoding", f"the record is not {encoding.upper()}. {other}".rstrip()), []
    if "\r" in line:
        return ("stray_line_end", "a carriage return stands inside the record."), []
    if line.count('"') % 2:
        return ("unbalanced_quotes", "a quotation mark is opened and not closed on the same line."), []
    try:
        values = next(csv.reader([line]), [])
    except csv.Error as error:
        return ("bad_csv", f"{error}."), []
    if len(values) != count:
        return ("wrong_field_count", f"the record has {len(values)} fields, the header {count}."), []
    return None, values
