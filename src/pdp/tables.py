"""Parquet in and out: the only module that knows how tables lie on disk.

Same rows in any order of arrival give the same bytes: the order of rows is total, row groups hold
exactly ROW_GROUP rows, and each row group's dictionaries are sorted and hold only what occurs.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pdp import row_order
from pdp.errors import StoreError
from pdp.row_order import SORT_KEYS

ROW_GROUP = 131_072  # rows; one week of it reads in 16 ms, and larger groups gain no compression


class _RowGroups:
    """One Parquet file, written from sorted tables in row groups of exactly ROW_GROUP rows."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._schema = schema
        self._waiting: list[pa.Table] = []
        self._waiting_rows = 0
        times = [f.name for f in schema if pa.types.is_timestamp(f.type) or f.name in ("row", "winner_row")]
        hashed = [f.name for f in schema if f.name not in times and not pa.types.is_boolean(f.type)]
        self._file = pq.ParquetWriter(
            path,
            schema,
            version="2.6",
            compression="zstd",
            compression_level=1,
            use_dictionary=hashed or False,
            column_encoding=dict.fromkeys(times, "DELTA_BINARY_PACKED"),
            write_statistics=True,
            write_page_index=True,
        )

    def append(self, table: pa.Table) -> None:
        self._waiting.append(table)
        self._waiting_rows += len(table)
        if self._waiting_rows >= ROW_GROUP:
            held = pa.concat_tables(self._waiting)
            cut = len(held) - len(held) % ROW_GROUP
            for offset in range(0, cut, ROW_GROUP):
                self._write_group(held.slice(offset, ROW_GROUP))
            rest = held.slice(cut)
            self._waiting, self._waiting_rows = [rest] if len(rest) else [], len(rest)

    def _write_group(self, table: pa.Table) -> None:
        # One chunk per column: pages are cut per chunk, so chunks would show in the bytes.
        columns = [_canonical(column.combine_chunks()) for column in table.columns]
        self._file.write_table(pa.Table.from_arrays(columns, schema=self._schema), row_group_size=ROW_GROUP)

    def close(self, metadata: Mapping[str, str]) -> None:
        if self._waiting_rows:
            self._write_group(pa.concat_tables(self._waiting))
            self._waiting, self._waiting_rows = [], 0
        if metadata:
            self._file.add_key_value_metadata(dict(sorted(metadata.items())))
        self._file.close()


def _canonical(array: pa.Array) -> pa.Array:
    """The same values with a dictionary that is sorted and holds only what occurs."""
    if not pa.types.is_dictionary(array.type):
        return array
    values = array.dictionary
    if len(values) == 1 and array.null_count == 0:
        return array
    codes = row_order.integers(array.indices)
    is_null = codes < 0
    counts = np.bincount(codes[~is_null] if array.null_count else codes, minlength=len(values))
    used = np.flatnonzero(counts)
    texts = values.take(pa.array(used))
    unique = pc.unique(texts)
    wanted = unique.take(pc.sort_indices(unique))
    if wanted.equals(values):
        return array
    recoded = np.zeros(max(len(values), 1), np.int32)
    if len(used):
        recoded[used] = pc.index_in(texts, value_set=wanted).to_numpy(zero_copy_only=False)
    indices = pa.array(recoded[np.where(is_null, 0, codes)], mask=is_null if array.null_count else None)
    return pa.DictionaryArray.from_arrays(indices, wanted)


def _conform(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Columns of the schema in its order and types; a missing column is null, an unknown one left out."""
    if table.schema.equals(schema):
        return table
    columns = []
    for field in schema:
        if field.name not in table.column_names:
            columns.append(pa.nulls(len(table), field.type))
            continue
        column = table[field.name]
        if column.type != field.type:
            column = _cast(column, field.type)
        columns.append(column)
    return pa.Table.from_arrays(columns, schema=schema)


def _cast(column: pa.ChunkedArray, wanted: pa.DataType) -> pa.ChunkedArray:
    if not pa.types.is_dictionary(wanted):
        return column.cast(wanted)
    plain = column.cast(wanted.value_type)
    return pc.dictionary_encode(plain).cast(wanted) if len(plain) else pa.chunked_array([], wanted)


class SortingWriter:
    """A sorted Parquet file from tables that arrive in any order, in bounded memory.

    Tables that continue where the last ended are written straight on; what comes out of order is
    spilled to sorted files `<path>.<n>.tmp`, which close() merges by windows of time and removes.
    A schema without start_utc is merged in memory: such tables are small.

    Args:
        path: The file to write. The caller moves it into place.
        schema: Columns, in order.
        max_rows_in_memory: Rows held before they are sorted and written.
    """

    def __init__(self, path: Path, schema: pa.Schema, *, max_rows_in_memory: int = 1_000_000) -> None:
        self.path = Path(path)
        self.schema = schema.remove_metadata()
        self.rows = 0
        self._max_rows = max_rows_in_memory
        self._held: list[pa.Table] = []
        self._held_rows = 0
        self._straight = _RowGroups(self.path, self.schema)
        self._last: tuple[tuple[bool, Any], ...] | None = None
        self._spilled: list[Path] = []
        self._is_closed = False

    def write(self, table: pa.Table) -> None:
        """Take n rows. Columns are cast and ordered to the schema; missing ones become null.

        Raises:
            StoreError: A required column is missing or null somewhere.
        """
        table = _conform(table, self.schema)
        for field in self.schema:
            if not field.nullable and table[field.name].null_count:
                raise StoreError(f'column "{field.name}" is required but has nulls.', where=self.path.name)
        if not len(table):
            return
        self.rows += len(table)
        self._held.append(table)
        self._held_rows += len(table)
        if self._held_rows >= self._max_rows:
            self._flush()

    def _flush(self) -> None:
        if not self._held_rows:
            return
        table = pa.concat_tables(self._held)
        self._held, self._held_rows = [], 0
        indices = row_order.order(table)
        if indices is not None:
            table = table.unify_dictionaries().take(indices)
        if self._last is None or self._last <= row_order.key_at(table, 0):
            self._straight.append(table)
            self._last = row_order.key_at(table, len(table) - 1)
            return
        self._spill(table)

    def _spill(self, table: pa.Table) -> None:
        path = self.path.with_name(f"{self.path.name}.{len(self._spilled) + 1}.tmp")
        self._spilled.append(path)
        run = _RowGroups(path, self.schema)
        run.append(table)
        run.close({})

    def close(self, metadata: Mapping[str, str] | None = None) -> int:
        """Finish the file, with `metadata` as its key-value metadata. Returns the number of rows."""
        if self._is_closed:
            return self.rows
        self._flush()
        self._is_closed = True
        if not self._spilled:
            self._straight.close(metadata or {})
            return self.rows
        self._straight.close({})
        first = self.path.with_name(f"{self.path.name}.0.tmp")
        self.path.replace(first)
        runs = [first, *self._spilled]
        final = _RowGroups(self.path, self.schema)
        for parts in windows(runs, 1, self._max_rows):
            table = pa.concat_tables([part for part in parts if part is not None])
            indices = row_order.order(table)
            final.append(table if indices is None else table.unify_dictionaries().take(indices))
        final.close(metadata or {})
        for run in runs:
            run.unlink()
        return self.rows

    def discard(self) -> None:
        """Close, and delete everything that was written."""
        self._held, self._held_rows = [], 0
        if not self._is_closed:
            self._is_closed = True
            self._straight.close({})
        for path in (self.path, self.path.with_name(f"{self.path.name}.0.tmp"), *self._spilled):
            path.unlink(missing_ok=True)


def _open(path: Path) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(path)
    except (OSError, pa.ArrowInvalid) as error:
        raise StoreError(
            f"can't be read as Parquet ({type(error).__name__}).",
            where=str(path),
            hint="Delete the file and run again: it will be made anew.",
        ) from error


def read(path: Path, columns: Sequence[str] | None = None) -> pa.Table:
    """A whole table, for small ones.

    Raises:
        StoreError: No such file, or not Parquet.
    """
    with _open(path) as file:
        return file.read(columns=columns).unify_dictionaries()


def batches(path: Path, columns: Sequence[str] | None = None, rows: int = ROW_GROUP * 8) -> Iterator[pa.Table]:
    """The table in pieces of at most `rows` rows and one row group, whichever is larger."""
    with _open(path) as file:
        groups: list[int] = []
        held = 0
        for group in range(file.num_row_groups):
            count = file.metadata.row_group(group).num_rows
            if groups and held + count > rows:
                yield file.read_row_groups(groups, columns=columns).unify_dictionaries()
                groups, held = [], 0
            groups.append(group)
            held += count
        if groups:
            yield file.read_row_groups(groups, columns=columns).unify_dictionaries()


class _Cursor:
    """Reads one sorted file piece by piece. `horizon`: nothing unread starts before it."""

    def __init__(self, path: Path, rows: int) -> None:
        self._file = _open(path)
        self._rows = rows
        self._pieces = self._read()
        self.held: list[pa.Table] = []
        self.horizon: int | None = self._group_start(0)

    def _group_start(self, group: int) -> int | None:
        if group >= self._file.num_row_groups:
            return None
        names = self._file.schema_arrow.names
        if "start_utc" not in names:
            return int(row_order.NULL_KEY)
        statistics = self._file.metadata.row_group(group).column(names.index("start_utc")).statistics
        if statistics is None or not statistics.has_min_max or statistics.null_count:
            return int(row_order.NULL_KEY)
        return int(statistics.min_raw)

    def _read(self) -> Iterator[tuple[pa.Table, int | None]]:
        for group in range(self._file.num_row_groups):
            left = self._file.metadata.row_group(group).num_rows
            for batch in self._file.iter_batches(self._rows, row_groups=[group]):
                left -= len(batch)
                table = pa.Table.from_batches([batch])
                horizon = self._group_start(group + 1) if left == 0 else _starts(table)[-1]
                yield table, horizon

    def load(self) -> int:
        table, horizon = next(self._pieces)
        self.held.append(table)
        self.horizon = None if horizon is None else int(horizon)
        return len(table)

    def earliest(self) -> int | None:
        return int(_starts(self.held[0])[0]) if self.held else None

    def take(self, before: int | None) -> pa.Table | None:
        """The held rows that start before this instant; all for None."""
        if not self.held:
            return None
        table = pa.concat_tables(self.held)
        count = len(table) if before is None else int(np.searchsorted(_starts(table), before))
        rest = table.slice(count)
        self.held = [rest] if len(rest) else []
        return table.slice(0, count) if count else None


def _starts(table: pa.Table) -> row_order.Integers:
    if "start_utc" not in table.column_names:
        return np.full(len(table), row_order.NULL_KEY, np.int64)
    return row_order.integers(table["start_utc"])


def windows(paths: Sequence[Path], align_ms: int, rows: int = 2_000_000) -> Iterator[list[pa.Table | None]]:
    """Walk sorted files together, window of time by window of time.

    Args:
        paths: Files in the order of SORT_KEYS.
        align_ms: Windows are cut at multiples of this many milliseconds since 1970 only, so that
            rows whose start_utc lies in one slot always come together.
        rows: About how many rows are held at a time; a slot with more is still given whole.

    Yields:
        One table or None per path, in the order of paths.
    """
    piece = min(ROW_GROUP, max(8_192, rows // max(len(paths), 1)))
    cursors = [_Cursor(path, piece) for path in paths]
    unread = [(cursor.horizon, index) for index, cursor in enumerate(cursors) if cursor.horizon is not None]
    heapq.heapify(unread)
    held = 0
    while unread or held:
        boundary: int | None = None
        while unread:
            boundary = unread[0][0] // align_ms * align_ms
            earliest = min((e for cursor in cursors if (e := cursor.earliest()) is not None), default=None)
            if held >= rows and earliest is not None and earliest < boundary:
                break
            cursor = cursors[unread[0][1]]
            held += cursor.load()
            if cursor.horizon is None:
                heapq.heappop(unread)
            else:
                heapq.heapreplace(unread, (cursor.horizon, unread[0][1]))
        parts = [cursor.take(boundary if unread else None) for cursor in cursors]
        held -= sum(len(part) for part in parts if part is not None)
        yield parts


def metadata(path: Path) -> dict[str, str]:
    """The file's key-value metadata, without the library's own."""
    with _open(path) as file:
        pairs = file.metadata.metadata or {}
    return {key.decode(): value.decode() for key, value in pairs.items() if key != b"ARROW:schema"}


def row_count(path: Path) -> int:
    """Rows in the file; reads its footer only."""
    with _open(path) as file:
        return int(file.metadata.num_rows)


def count_by(path: Path, *columns: str) -> dict[tuple[str, ...], int]:
    """Rows per combination of the columns' values (as text, null as ""), read in pieces."""
    counts: Counter[tuple[str, ...]] = Counter()
    for table in batches(path, columns):
        # By hand: Table.group_by would import pyarrow.dataset and with it pandas.
        combined, texts = np.zeros(len(table), np.int64), []
        for name in columns:
            coded = _coded(table[name])
            values = coded.dictionary.cast(pa.string()).to_pylist()
            combined = combined * (len(values) + 1) + np.maximum(row_order.integers(coded.indices), -1) + 1
            texts.append(["", *("" if value is None else value for value in values)])
        found, numbers = np.unique(combined, return_counts=True)
        for code, number in zip(found.tolist(), numbers.tolist(), strict=True):
            key: list[str] = []
            for words in reversed(texts):
                code, position = divmod(code, len(words))
                key.append(words[position])
            counts[tuple(reversed(key))] += number
    return dict(sorted(counts.items()))


def _coded(column: pa.ChunkedArray) -> pa.DictionaryArray:
    array = column.combine_chunks()
    return array if pa.types.is_dictionary(array.type) else array.dictionary_encode()


__all__ = ["ROW_GROUP", "SORT_KEYS", "SortingWriter", "batches", "count_by", "metadata", "read", "row_count", "windows"]
