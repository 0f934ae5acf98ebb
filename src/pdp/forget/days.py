"""Which local days the tables of an export hold, and how many rows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pdp.vocabulary import MEASURES

if TYPE_CHECKING:
    from pdp.tables.columns import Integers

_DAY_MS = 86_400_000
_MINUTE_MS = 60_000
_EPOCH = date(1970, 1, 1)


def number(day: str) -> int:
    """A day (ISO 8601) since 1970."""
    return (date.fromisoformat(day) - _EPOCH).days


def of_export(root: Path, subject: str, source: str, export: str) -> Integers | None:
    """The local days of an export's rows, since 1970; None where it has no tables, or these lack forgotten rows."""
    folder = root / f"results/normalized/{subject}/{source}/{export}"
    if not all((folder / f"{measure}.parquet").is_file() for measure in MEASURES):
        return None
    if _lacks_forgotten(folder / "unread.parquet"):
        return None
    found = [np.array([], np.int64)]
    for measure in MEASURES:
        found += [np.unique(np.concatenate(block)) for block in _table_days(folder / f"{measure}.parquet")]
    return np.unique(np.concatenate(found))


def _lacks_forgotten(unread: Path) -> bool:
    from pyarrow.parquet import read_metadata

    from pdp.normalize.intake import FORGOTTEN, TALLY_KEY

    told = (read_metadata(unread).metadata or {}).get(TALLY_KEY.encode()) if unread.is_file() else None
    return told is not None and any(one["out_of_scope"].get(FORGOTTEN) for one in json.loads(told)["members"].values())


def _table_days(path: Path) -> Iterator[tuple[Integers, ...]]:
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        wanted = [name for name in ("start_utc", "end_utc", "utc_offset_min") if name in file.schema_arrow.names]
        for batch in file.iter_batches(columns=wanted):
            yield local_days(batch)


def local_days(batch: Any) -> tuple[Integers, ...]:
    """Every local day that rows touch, by their own offset: days since 1970. An interval touches up to its end."""
    import pyarrow as pa
    import pyarrow.compute as pc

    offset = pc.fill_null(batch["utc_offset_min"], 0).to_numpy(zero_copy_only=False).astype(np.int64) * _MINUTE_MS
    start = batch["start_utc"].cast(pa.timestamp("ms", "UTC")).cast(pa.int64())
    begin = pc.fill_null(start, 0).to_numpy(zero_copy_only=False) + offset
    if "end_utc" not in batch.schema.names:
        return (begin // _DAY_MS,)
    end = batch["end_utc"].cast(pa.timestamp("ms", "UTC")).cast(pa.int64())
    until = pc.fill_null(pc.coalesce(end, start), 0).to_numpy(zero_copy_only=False) + offset
    first, last = begin // _DAY_MS, np.maximum(begin, until - 1) // _DAY_MS
    longest = int((last - first).max(initial=0))
    return tuple(np.minimum(first + n, last) for n in range(longest + 1))


def rows(path: Path) -> int | None:
    """Rows of a table; None where there is none."""
    from pyarrow.parquet import read_metadata

    return int(read_metadata(path).num_rows) if path.is_file() else None
