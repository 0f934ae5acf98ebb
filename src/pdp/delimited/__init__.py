"""Read machine-written CSV fast: typed columns by the block, exact record by record where a block is damaged.

A member is cut at line ends into blocks of some 4 MiB. pyarrow reads a clean block at once; one it
refuses is cut smaller until the damage is confined to a few lines, and those are read one by one, so
that a bad record costs itself and no neighbour. Line ends are LF, CRLF or CR. A record is a line,
or several where a quoted cell holds line ends; records are numbered from 1, the header and blank
ones counted. Only a few blocks are in memory at any time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

from pdp.delimited.records import BadRecord, Record, cells_of, count_lines, cut_blocks, records_of

BLOCK_BYTES = 4 * 1024 * 1024
_PIECES = 16  # a refused block is cut into so many, again and again,
_LEAF_BYTES = 2 * 1024  # down to this, which is read line by line
_WORKERS = 2  # pyarrow parses outside the interpreter's lock: one parses while the other's block is used
_NULLS = ["", "null", "NULL", "None"]  # "null" is Zepp Life's own word for a missing value


@dataclass(frozen=True)
class Layout:
    """The columns of a delimited file.

    Attributes:
        names: All columns, in file order.
        types: Arrow types of the wanted ones: date32, time32("s"), int32, float32, string or
            timestamp("ms", "UTC") (which then must carry its offset). Others are not decoded.
        required: Wanted columns that must not be missing; a record without one is a BadRecord.
        header: The header's cells where they are not `names` (one vendor heads two columns with four names).
    """

    names: tuple[str, ...]
    types: Mapping[str, pa.DataType]
    required: tuple[str, ...] = ()
    header: tuple[str, ...] = ()


@dataclass(frozen=True)
class Block:
    """Consecutive records of a member.

    Attributes:
        records: How many there are, counted on the bytes.
        rows: int32[n], record number of each row of `table`, ascending.
        table: n readable records, the wanted columns.
        headers: Record numbers that only repeat the column names.
        blanks: Record numbers with nothing in them.
        bad: Records that could not be read.
    """

    first_row: int
    records: int
    rows: np.ndarray[tuple[int], np.dtype[np.int32]]
    table: pa.Table
    headers: tuple[int, ...]
    blanks: tuple[int, ...]
    bad: tuple[BadRecord, ...]
    data: bytes

    def texts(self, rows: Sequence[int]) -> dict[int, str]:
        """The text of some records of this block, as it stands in the file, by record number."""
        wanted = set(rows)
        numbered = enumerate(records_of(self.data), self.first_row)
        return {row: record.text for row, record in numbered if row in wanted}


def blocks(stream: BinaryIO, layout: Layout, block_bytes: int = BLOCK_BYTES) -> Iterator[Block]:
    """The member's records in file order; together the blocks cover every record once.

    Raises:
        DamagedMemberError: From the stream.
    """
    source = cut_blocks(stream, block_bytes)
    first = next(source, None)
    if first is None:
        return
    second = next(source, None)
    row = 1
    if second is None:  # most members are small: no threads for them
        yield _numbered(_decode(first, layout), row)
        return
    waiting: deque[Future[_Decoded]] = deque()
    with ThreadPoolExecutor(_WORKERS) as pool:
        waiting.extend(pool.submit(_decode, data, layout) for data in (first, second))
        try:
            while waiting:
                decoded = waiting.popleft().result()
                following = next(source, None)
                if following is not None:
                    waiting.append(pool.submit(_decode, following, layout))
                yield _numbered(decoded, row)
                row += decoded.records
        finally:
            for future in waiting:
                future.cancel()


@dataclass
class _Decoded:
    """A block whose records are counted from 0."""

    data: bytes
    layout: Layout
    records: int
    tables: list[pa.Table]
    rows: list[np.ndarray[tuple[int], np.dtype[np.int32]]]
    headers: list[int]
    blanks: list[int]
    bad: list[BadRecord]


def _numbered(decoded: _Decoded, first_row: int) -> Block:
    rows = np.concatenate(decoded.rows) if decoded.rows else np.empty(0, np.int32)
    types = decoded.layout.types
    empty = pa.schema([(name, types[name]) for name in decoded.layout.names if name in types]).empty_table()
    return Block(
        first_row=first_row,
        records=decoded.records,
        rows=rows + np.int32(first_row),
        table=pa.concat_tables(decoded.tables).combine_chunks() if decoded.tables else empty,
        headers=tuple(row + first_row for row in decoded.headers),
        blanks=tuple(row + first_row for row in decoded.blanks),
        bad=tuple(BadRecord(record.row + first_row, *record[1:]) for record in decoded.bad),
        data=decoded.data,
    )


def _decode(data: bytes, layout: Layout) -> _Decoded:
    decoded = _Decoded(data, layout, 0, [], [], [], [], [])
    quote = data.find(b'"')
    plain_end = len(data) if quote < 0 else max(data.rfind(b"\n", 0, quote), data.rfind(b"\r", 0, quote)) + 1
    if plain_end:
        _read_plain(data if plain_end == len(data) else data[:plain_end], decoded)
    if plain_end < len(data):
        _read_exactly(data[plain_end:], decoded)
    return decoded


def _read_plain(data: bytes, decoded: _Decoded) -> None:
    """Read records without quotes: all at once, or piece by piece where that fails."""
    count = count_lines(data)
    table = _read_at_once(data, decoded.layout)
    if table is not None and table.num_rows == count:
        decoded.tables.append(table)
        decoded.rows.append(np.arange(decoded.records, decoded.records + count, dtype=np.int32))
        decoded.records += count
        return
    pieces = _pieces(data)
    if len(data) <= _LEAF_BYTES or len(pieces) == 1:
        _read_exactly(data, decoded)
        return
    for piece in pieces:
        _read_plain(piece, decoded)


def _pieces(data: bytes) -> list[bytes]:
    """The data cut at line ends into at most _PIECES parts; fewer if its lines are long."""
    cuts = [0]
    for part in range(1, _PIECES):
        cut = data.find(b"\n", max(len(data) * part // _PIECES, cuts[-1])) + 1
        if cut > cuts[-1]:
            cuts.append(cut)
    return [data[start:end] for start, end in zip(cuts, [*cuts[1:], len(data)], strict=True) if start < end]


def _read_at_once(data: bytes, layout: Layout) -> pa.Table | None:
    wanted = [name for name in layout.names if name in layout.types]
    try:
        table = pa_csv.read_csv(
            pa.BufferReader(data),
            read_options=pa_csv.ReadOptions(
                use_threads=False, block_size=len(data) + 1, column_names=list(layout.names)
            ),
            # newlines end records here, and an empty line is a record
            parse_options=pa_csv.ParseOptions(quote_char=False, double_quote=False, ignore_empty_lines=False),
            convert_options=pa_csv.ConvertOptions(
                column_types=dict(layout.types), include_columns=wanted, null_values=_NULLS, strings_can_be_null=True
            ),
        )
    except pa.ArrowInvalid:
        return None
    return None if any(table[name].null_count for name in layout.required) else table


def _read_exactly(data: bytes, decoded: _Decoded) -> None:
    """Read record by record; what fits goes on as typed columns, by the same parser as a clean block."""
    layout = decoded.layout
    header = [name.lower() for name in layout.header or layout.names]
    good: list[tuple[int, Record, list[str]]] = []
    for record in records_of(data):
        row = decoded.records
        decoded.records += 1
        cells = cells_of(record, len(layout.names))
        if not any(cell.strip() for cell in cells):
            decoded.blanks.append(row)
        elif [cell.strip().lower() for cell in cells] == header:
            decoded.headers.append(row)
        elif len(cells) != len(layout.names):
            detail = f"{len(cells)} fields where the header has {len(layout.names)}"
            decoded.bad.append(BadRecord(row, "wrong_field_count", detail, record.text))
        else:
            good.append((row, record, cells))
    columns: dict[str, pa.Array] = {}
    refused: dict[int, str] = {}
    for at, name in enumerate(layout.names):
        if name in layout.types:
            columns[name], wrong = _convert([cells[at] for _, _, cells in good], layout.types[name])
            if name in layout.required:
                wrong = np.flatnonzero(columns[name].is_null().to_numpy(zero_copy_only=False)).tolist()
            for index in wrong:
                refused.setdefault(index, name)
    for index, name in refused.items():
        row, record, _ = good[index]
        detail = f"column {name} is not a {_KINDS.get(str(layout.types[name]), 'value')}"
        decoded.bad.append(BadRecord(row, "bad_value", detail, record.text))
    if len(refused) < len(good):
        kept = np.array([index not in refused for index in range(len(good))])
        decoded.tables.append(pa.table(columns).filter(pa.array(kept)))
        decoded.rows.append(np.array([row for row, _, _ in good], np.int32)[kept])
    decoded.bad.sort()


_KINDS = {
    "date32[day]": "date (YYYY-MM-DD)",
    "time32[s]": "time of day (HH:MM)",
    "timestamp[ms, tz=UTC]": "time with its offset (YYYY-MM-DD HH:MM:SS+0000)",
    "int32": "whole number",
    "float": "number",
}


def _convert(cells: list[str], kind: pa.DataType) -> tuple[pa.Array, list[int]]:
    """The cells as an array of this type, null where a cell is missing or not of it, and where it is not."""
    if not cells:
        return pa.array([], kind), []
    # one column, and a separator that can't be in it any more
    text = "\n".join(cell.strip().replace("\x1f", " ").replace("\n", " ").replace("\r", " ") for cell in cells)
    try:
        table = pa_csv.read_csv(
            pa.BufferReader(f"{text}\n".encode()),
            read_options=pa_csv.ReadOptions(use_threads=False, column_names=["cell"]),
            parse_options=pa_csv.ParseOptions(
                delimiter="\x1f", quote_char=False, double_quote=False, ignore_empty_lines=False
            ),
            convert_options=pa_csv.ConvertOptions(
                column_types={"cell": kind}, null_values=_NULLS, strings_can_be_null=True
            ),
        )
    except pa.ArrowInvalid:
        if len(cells) == 1:
            return pa.nulls(1, kind), [0]
        middle = len(cells) // 2
        left, left_wrong = _convert(cells[:middle], kind)
        right, right_wrong = _convert(cells[middle:], kind)
        return pa.concat_arrays([left, right]), left_wrong + [middle + index for index in right_wrong]
    return pa.concat_arrays(table["cell"].chunks), []
