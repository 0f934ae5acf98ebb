"""Parquet in and out: the only module that knows how tables lie on disk.

Same rows in any order of arrival give the same bytes: the order of rows is total, row groups hold
exactly ROW_GROUP rows, and each row group's dictionaries are sorted and hold only what occurs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from pdp.errors import StoreError
from pdp.tables import columns as arrays
from pdp.tables import row_order
from pdp.tables.parquet_file import ROW_GROUP, RowGroups, open_file
from pdp.tables.row_order import SORT_KEYS
from pdp.tables.time_windows import windows

STRAIGHT_ROWS = 2 * ROW_GROUP  # held before rows are written straight on: fewer are sorted in memory


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

    def __init__(self, path: Path, schema: pa.Schema, *, max_rows_in_memory: int = 786_432) -> None:
        self.path = Path(path)
        self.schema = schema.remove_metadata()
        self.rows = 0
        self._max_rows = max_rows_in_memory
        self._held: list[pa.Table] = []
        self._held_rows = 0
        self._straight = RowGroups(self.path, self.schema)
        self._last: tuple[tuple[bool, Any], ...] | None = None
        self._spilled: list[Path] = []
        self._is_disordered = False  # what is held can't be written straight on
        self._is_closed = False

    def write(self, table: pa.Table) -> None:
        """Take n rows. Columns are cast and ordered to the schema; missing ones become null.

        Raises:
            StoreError: A required column is missing or null somewhere.
        """
        table = arrays.conform(table, self.schema)
        for field in self.schema:
            if not field.nullable and table[field.name].null_count:
                raise StoreError(f'column "{field.name}" is required but has nulls.', where=self.path.name)
        if not len(table):
            return
        self.rows += len(table)
        self._held.append(table)
        self._held_rows += len(table)
        if self._held_rows >= (self._max_rows if self._is_disordered else min(STRAIGHT_ROWS, self._max_rows)):
            self._flush()

    def _flush(self, *, is_end: bool = False) -> None:
        """Write what is held straight on if it is in order; else hold more, and spill at the limit."""
        if not self._held_rows:
            return
        table = pa.concat_tables(self._held)
        indices = row_order.order(table)
        must = is_end or self._held_rows >= self._max_rows
        was_disordered = self._is_disordered or indices is not None
        if indices is not None and must:
            table = arrays.take(arrays.unify([table]), indices)
            indices = None
        continues = indices is None and (self._last is None or self._last <= row_order.key_at(table, 0))
        self._is_disordered = not continues or (must and not is_end and was_disordered)
        if not continues and not must:
            return
        self._held, self._held_rows = [], 0
        if not continues:
            self._spill(table)
            return
        if self._is_disordered:
            # Disorder is mostly local: what comes next may belong into the last quarter, hardly before it.
            cut = len(table) - len(table) // 4
            self._held, self._held_rows = [table.slice(cut)], len(table) - cut
            table = table.slice(0, cut)
        self._straight.append(table)
        self._last = row_order.key_at(table, len(table) - 1)

    def _spill(self, table: pa.Table) -> None:
        path = self.path.with_name(f"{self.path.name}.{len(self._spilled) + 1}.tmp")
        self._spilled.append(path)
        run = RowGroups(path, self.schema)
        run.append(table)
        run.close({})

    def close(self, metadata: Mapping[str, str] | None = None) -> int:
        """Finish the file, with `metadata` as its key-value metadata. Returns the number of rows."""
        if self._is_closed:
            return self.rows
        self._flush(is_end=True)
        self._is_closed = True
        if not self._spilled:
            self._straight.close(metadata or {})
            return self.rows
        self._straight.close({})
        first = self.path.with_name(f"{self.path.name}.0.tmp")
        self.path.replace(first)
        runs = [first, *self._spilled]
        final = RowGroups(self.path, self.schema)
        for parts in windows(runs, 1, self._max_rows):
            table = pa.concat_tables([part for part in parts if part is not None])
            indices = row_order.order(table)
            final.append(table if indices is None else arrays.take(arrays.unify([table]), indices))
        final.close(metadata or {})
        for run in runs:
            run.unlink()
        return self.rows

    def discard(self) -> None:
        """Close, and delete everything that was written."""
        self._held, self._held_rows = [], 0
        try:
            if not self._is_closed:
                self._is_closed = True
                self._straight.close({})
        finally:
            for path in (self.path, self.path.with_name(f"{self.path.name}.0.tmp"), *self._spilled):
                path.unlink(missing_ok=True)


def read(path: Path, columns: Sequence[str] | None = None) -> pa.Table:
    """A whole table, for small ones.

    Raises:
        StoreError: No such file, or not Parquet.
    """
    with open_file(path) as file:
        return file.read(columns=columns).unify_dictionaries()


def batches(path: Path, columns: Sequence[str] | None = None, rows: int = ROW_GROUP * 8) -> Iterator[pa.Table]:
    """The table in pieces of at most `rows` rows and one row group, whichever is larger."""
    with open_file(path) as file:
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


def metadata(path: Path) -> dict[str, str]:
    """The file's key-value metadata, without the library's own."""
    with open_file(path) as file:
        pairs = file.metadata.metadata or {}
    return {key.decode(): value.decode() for key, value in pairs.items() if key != b"ARROW:schema"}


def row_count(path: Path) -> int:
    """Rows in the file; reads its footer only."""
    with open_file(path) as file:
        return int(file.metadata.num_rows)


def latest(path: Path) -> int | None:
    """The last start or end in ms since 1970, from the footer; None for an empty table."""
    with open_file(path) as file:
        groups = [file.metadata.row_group(i) for i in range(file.num_row_groups)]
        places = [file.schema_arrow.names.index(name) for name in ("start_utc", "end_utc")]
        told = (group.column(place).statistics for group in groups for place in places)
        return max((int(statistics.max_raw) for statistics in told if statistics.has_min_max), default=None)


def distinct(path: Path, *columns: str) -> set[tuple[str, ...]]:
    """Combinations of values that occur. Costs nothing where a column says the same in the whole file."""
    with open_file(path) as file:
        names = file.schema_arrow.names
        found: list[str] = []
        for name in columns:
            parts = [
                file.metadata.row_group(i).column(names.index(name)).statistics for i in range(file.num_row_groups)
            ]
            if not parts:
                return set()
            if not all(part is not None and part.has_min_max and not part.null_count for part in parts):
                break
            if {part.min for part in parts} | {part.max for part in parts} != {parts[0].min}:
                break
            found.append(str(parts[0].min))
        else:
            return {tuple(found)}
    return set(count_by(path, *columns))


def count_by(path: Path, *columns: str) -> dict[tuple[str, ...], int]:
    """Rows per combination of the columns' values (as text, null as ""), read in pieces."""
    counts: Counter[tuple[str, ...]] = Counter()
    for table in batches(path, columns):
        # By hand: Table.group_by would import pyarrow.dataset and with it pandas.
        combined, texts = np.zeros(len(table), np.int64), []
        for name in columns:
            coded = arrays.coded(table[name])
            values = coded.dictionary.cast(pa.string()).to_pylist()
            combined = combined * (len(values) + 1) + np.maximum(arrays.integers(coded.indices), -1) + 1
            texts.append(["", *("" if value is None else value for value in values)])
        found, numbers = np.unique(combined, return_counts=True)
        for code, number in zip(found.tolist(), numbers.tolist(), strict=True):
            key: list[str] = []
            for words in reversed(texts):
                code, position = divmod(code, len(words))
                key.append(words[position])
            counts[tuple(reversed(key))] += number
    return dict(sorted(counts.items()))


__all__ = [
    "ROW_GROUP",
    "SORT_KEYS",
    "SortingWriter",
    "batches",
    "count_by",
    "distinct",
    "latest",
    "metadata",
    "read",
    "row_count",
    "windows",
]
