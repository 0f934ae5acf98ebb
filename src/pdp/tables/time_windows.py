"""Sorted tables walked together, window of time by window of time, in bounded memory."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from pdp.tables.columns import NULL_KEY, Integers, integers
from pdp.tables.parquet_file import ROW_GROUP, opened, whole

SMALLEST_PIECE = 8_192  # rows read from one file at a time, however many files there are


class _Cursor:
    """Reads one sorted file piece by piece. `horizon`: nothing unread starts before it."""

    def __init__(self, path: Path, rows: int) -> None:
        self._path = path
        self._file = opened(path)
        self._rows = rows
        self._pieces = self._read()
        self.held: list[pa.Table] = []
        self.horizon: int | None = self._group_start(0)

    def _group_start(self, group: int) -> int | None:
        if group >= self._file.num_row_groups:
            return None
        names = self._file.schema_arrow.names
        if "start_utc" not in names:
            return int(NULL_KEY)
        statistics = self._file.metadata.row_group(group).column(names.index("start_utc")).statistics
        if statistics is None or not statistics.has_min_max or statistics.null_count:
            return int(NULL_KEY)
        return int(statistics.min_raw)

    def _read(self) -> Iterator[tuple[pa.Table, int | None]]:
        with whole(self._path):
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


def _starts(table: pa.Table) -> Integers:
    if "start_utc" not in table.column_names:
        return np.full(len(table), NULL_KEY, np.int64)
    return integers(table["start_utc"])


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
    piece = min(ROW_GROUP, max(min(SMALLEST_PIECE, rows), rows // max(len(paths), 1)))
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
