"""What a chart asks of the pyramid: any stretch of time, in as many points as it can draw."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pdp.pyramid.levels import LEVELS, RAW, SCHEMA, rows
from pdp.summarize.daily_heart_rate import SPREAD, context_codes
from pdp.tables.columns import integers, numbers, to_arrow
from pdp.tables.parquet_file import open_file

MAX_POINTS = 1_500  # more than a screen has columns for
RAW_SPAN_MS = 4 * 3_600_000  # single samples are shown of no longer time than this
_RAW_COLUMNS = ("start_utc", "utc_offset_min", "heart_rate_bpm", "context")


def paths(root: Path, subject: str) -> dict[str, Path]:
    """The files of a subject by level, "raw" among them.

    Args:
        root: The folder that holds merged/ and summary/.
    """
    levels = {level.name: root / "summary" / subject / f"{level.table}.parquet" for level in LEVELS}
    return {RAW: root / "merged" / subject / "heart_rate.parquet"} | levels


def heart_rate_window(
    files: Mapping[str, Path], first_ms: int, last_ms: int, max_points: int = MAX_POINTS
) -> tuple[str, pa.Table]:
    """Heart rate of [first_ms, last_ms) at the finest level that gives at most `max_points` rows.

    Only row groups that can hold some of it are read.

    Args:
        files: Level -> file, see `paths`.
        first_ms, last_ms: UTC; slots that begin inside count, and the one under way at first_ms.
        max_points: The coarsest level is given even if it has more.

    Returns:
        The level's name, and its rows as levels.SCHEMA in order of time: of "raw", n is 1 and all values are the
        sample's own.
    """
    if last_ms - first_ms <= RAW_SPAN_MS:
        found = _raw(files[RAW], first_ms, last_ms, max_points)
        if found is not None:
            return RAW, found
    for level in LEVELS:
        limit = None if level is LEVELS[-1] else max_points
        found = _of_level(files[level.name], first_ms - level.width_ms + 1, last_ms, limit)
        if found is not None:
            return level.name, found
    raise AssertionError("the coarsest level always answers")


def _raw(path: Path, first_ms: int, last_ms: int, max_points: int) -> pa.Table | None:
    with open_file(path) as file:
        groups = row_groups(file, first_ms, last_ms)
        table = file.read_row_groups(groups, columns=list(_RAW_COLUMNS))
    start = integers(table["start_utc"])
    low, high = np.searchsorted(start, np.array([first_ms, last_ms])).tolist()
    near = table.slice(low, high - low)
    code = context_codes(near["context"]) if len(near) else np.zeros(0, np.int8)
    chosen = np.flatnonzero(np.isin(code, SPREAD))
    if len(chosen) > max_points:
        return None
    near = near.take(to_arrow(chosen))
    bpm = numbers(near["heart_rate_bpm"])
    starts = integers(near["start_utc"])
    return rows(starts, integers(near["utc_offset_min"]), bpm, np.arange(len(starts)))


def _of_level(path: Path, first_ms: int, last_ms: int, max_points: int | None) -> pa.Table | None:
    with open_file(path) as file:
        groups = row_groups(file, first_ms, last_ms)
        inner = sum(file.metadata.row_group(group).num_rows for group in groups[1:-1])
        if max_points is not None and inner > max_points:
            return None
        start = integers(file.read_row_groups(groups, columns=["start_utc"])["start_utc"])
        low, high = np.searchsorted(start, np.array([first_ms, last_ms])).tolist()
        if max_points is not None and high - low > max_points:
            return None
        return file.read_row_groups(groups).slice(low, high - low).cast(SCHEMA)


def row_groups(file: pq.ParquetFile, first_ms: int, last_ms: int) -> list[int]:
    """The row groups that may hold a start in [first_ms, last_ms)."""
    place = file.schema_arrow.names.index("start_utc")
    found = []
    for group in range(file.num_row_groups):
        told = file.metadata.row_group(group).column(place).statistics
        if told is None or not told.has_min_max or (told.max_raw >= first_ms and told.min_raw < last_ms):
            found.append(group)
    return found
