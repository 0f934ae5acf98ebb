"""One Parquet file on disk: how it is written, and how it is opened."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pdp.errors import StoreError
from pdp.tables import columns

ROW_GROUP = 131_072  # rows; one week of it reads in 16 ms, and larger groups gain no compression
MAX_UNFINISHED = 4  # row groups that wait to be written


class RowGroups:
    """One Parquet file, written from sorted tables in row groups of exactly ROW_GROUP rows."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._schema = schema
        self._waiting: list[pa.Table] = []
        self._waiting_rows = 0
        # Encoding and compressing leave Python's lock: the next rows are prepared meanwhile.
        self._worker = ThreadPoolExecutor(max_workers=1)
        self._unfinished: deque[Future[None]] = deque()
        times = [f.name for f in schema if pa.types.is_timestamp(f.type) or f.name in ("row", "winner_row")]
        # Measured values barely repeat in order: split into their bytes they take half the time and 6 % less room.
        floats = [f.name for f in schema if pa.types.is_floating(f.type)]
        hashed = [f.name for f in schema if f.name not in (*times, *floats) and not pa.types.is_boolean(f.type)]
        # Statistics of a dictionary column cost twice its encoding: only for those that tables.distinct reads.
        told = [f.name for f in schema if not pa.types.is_dictionary(f.type) or f.name in ("source", "device")]
        self._file = pq.ParquetWriter(
            path,
            schema,
            version="2.6",
            compression="zstd",
            compression_level=1,
            use_dictionary=hashed or False,
            column_encoding=dict.fromkeys(times, "DELTA_BINARY_PACKED") | dict.fromkeys(floats, "BYTE_STREAM_SPLIT"),
            write_statistics=told,
            write_page_index=True,
            write_page_checksum=True,
        )

    def append(self, table: pa.Table) -> None:
        self._waiting.append(table)
        self._waiting_rows += len(table)
        if self._waiting_rows >= ROW_GROUP:
            held = pa.concat_tables(self._waiting)
            cut = len(held) - len(held) % ROW_GROUP
            for offset in range(0, cut, ROW_GROUP):
                self._unfinished.append(self._worker.submit(self._write_group, held.slice(offset, ROW_GROUP)))
            while len(self._unfinished) > MAX_UNFINISHED:
                self._unfinished.popleft().result()
            rest = held.slice(cut)
            self._waiting, self._waiting_rows = [rest] if len(rest) else [], len(rest)

    def _write_group(self, table: pa.Table) -> None:
        # One chunk per column: pages are cut per chunk, so chunks would show in the bytes.
        arrays = [columns.canonical(columns.one(column)) for column in table.columns]
        self._file.write_table(pa.Table.from_arrays(arrays, schema=self._schema), row_group_size=ROW_GROUP)

    def close(self, metadata: Mapping[str, str]) -> None:
        self._worker.shutdown()
        while self._unfinished:
            self._unfinished.popleft().result()
        if self._waiting_rows:
            self._write_group(pa.concat_tables(self._waiting))
            self._waiting, self._waiting_rows = [], 0
        if metadata:
            self._file.add_key_value_metadata(dict(sorted(metadata.items())))
        self._file.close()


@contextmanager
def whole(path: Path) -> Iterator[None]:
    """Reading of a table that may turn out damaged.

    Raises:
        StoreError: No such file, not Parquet, or bytes that are not what was written.
    """
    try:
        yield
    except (OSError, pa.ArrowInvalid) as error:
        raise StoreError(
            f"can't be read: it is no Parquet file, or its bytes were altered ({type(error).__name__}).",
            where=str(path),
            hint="Delete the file and run again: it will be made anew.",
        ) from error


def opened(path: Path) -> pq.ParquetFile:
    """A table to read from under `whole`; each page is held against its checksum."""
    with whole(path):
        return pq.ParquetFile(path, page_checksum_verification=True)


@contextmanager
def open_file(path: Path) -> Iterator[pq.ParquetFile]:
    """The same for one block of code."""
    with whole(path), opened(path) as file:
        yield file
