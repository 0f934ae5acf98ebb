"""Zepp Life's one-number rows (heart rate, steps): from typed blocks to readings, block by block."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pdp.delimited import Block
from pdp.formats import Extent, OutOfScope, Parsed, Rows, Unread, UnreadRecord

DAY_MS, MINUTE_MS = 86_400_000, 60_000
NO_HEART_RATE = (-1.0, 0.0, 254.0, 255.0)  # what the bands write when they could not measure (Gadgetbridge)
_MAX_EPOCH_S = 10**11  # the year 5138: beyond it the number is not of seconds

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


def set_aside(member: str, block: Block) -> Iterator[Parsed]:
    """What the reader itself has already judged: headers, blanks, and what it could not read."""
    for reason, rows in (("header", block.headers), ("blank", block.blanks)):
        if rows:
            yield OutOfScope(member, reason, np.array(rows, np.int32))
    if block.bad:
        yield Unread(member, [UnreadRecord(*record) for record in block.bad])


def local_ms(table: pa.Table) -> Ints:
    """Columns date and time as local ms since 1970, int64[n]."""
    days = table["date"].combine_chunks().view(pa.int32()).to_numpy(zero_copy_only=False)
    seconds = table["time"].combine_chunks().view(pa.int32()).to_numpy(zero_copy_only=False)
    local: Ints = days.astype(np.int64) * DAY_MS + seconds.astype(np.int64) * 1000
    return local


def _instants(table: pa.Table) -> tuple[Ints, Bools]:
    """UTC ms by the columns there are, and whether they are instants at all."""
    if "timestamp" in table.column_names:
        seconds = table["timestamp"].to_numpy()
        is_time = np.abs(seconds) < _MAX_EPOCH_S
        return np.where(is_time, seconds, 0) * 1000, is_time
    if "date" in table.column_names:
        return local_ms(table), np.ones(table.num_rows, bool)
    return table["time"].combine_chunks().view(pa.int64()).to_numpy(zero_copy_only=False), np.ones(table.num_rows, bool)


def heart_rates(member: str, found: Iterator[Block], clock: Literal["utc", "local"], context: str) -> Iterator[Parsed]:
    """Heart rates from blocks with heartrate (float32) and timestamp (int64, epoch s), or date and time, or time."""
    records = 0
    for block in found:
        records += block.records
        yield from set_aside(member, block)
        start, is_time = _instants(block.table)
        values = block.table["heartrate"].combine_chunks()
        is_missing = values.is_null().to_numpy(zero_copy_only=False)
        numbers = values.fill_null(0.0).to_numpy(zero_copy_only=False)
        is_missing |= np.isin(numbers, np.array(NO_HEART_RATE, np.float32))
        is_readable = is_time & (np.isfinite(numbers) | is_missing)
        yield from _unreadable(member, block, ~is_readable)
        yield from _no_data(member, block, is_missing & is_readable)
        keep = is_readable & ~is_missing
        if keep.any():
            table = {
                "row": pa.array(block.rows[keep]),
                "start": pa.array(start[keep]).view(pa.timestamp("ms")),
                "heart_rate_bpm": pa.array(numbers[keep]),
                "context": _constant(context, int(np.count_nonzero(keep))),
            }
            yield Rows("heart_rate", member, clock, "sensed", pa.table(table))
    yield Extent(member, records)


def step_counts(member: str, found: Iterator[Block]) -> Iterator[Parsed]:
    """Steps of single minutes from blocks with date, time and steps (int32)."""
    records = 0
    for block in found:
        records += block.records
        yield from set_aside(member, block)
        start = local_ms(block.table)
        steps = block.table["steps"].combine_chunks()
        is_missing = steps.is_null().to_numpy(zero_copy_only=False)
        yield from _no_data(member, block, is_missing)
        keep = ~is_missing
        if keep.any():
            table = {
                "row": pa.array(block.rows[keep]),
                "start": pa.array(start[keep]).view(pa.timestamp("ms")),
                "end": pa.array(start[keep] + MINUTE_MS).view(pa.timestamp("ms")),
                "steps": steps.drop_null(),
            }
            yield Rows("step_count", member, "local", "sensed", pa.table(table))
    yield Extent(member, records)


def _constant(word: str, count: int) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(count, np.int32)), pa.array([word]))


def _no_data(member: str, block: Block, is_missing: Bools) -> Iterator[Parsed]:
    if is_missing.any():
        yield OutOfScope(member, "no_data", block.rows[is_missing])


def _unreadable(member: str, block: Block, is_bad: Bools) -> Iterator[Parsed]:
    if is_bad.any():
        rows = block.rows[is_bad].tolist()
        texts = block.texts(rows)
        detail = "the heart rate or its time is not a number that means anything"
        yield Unread(member, [UnreadRecord(row, "bad_value", detail, texts.get(row, "")) for row in rows])
