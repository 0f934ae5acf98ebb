"""The pyramid of heart rate: what a chart of any width draws from, computed once for each width of slot.

Per slot: n, lowest, quartiles, highest. Millions of samples are streamed in the order of the merged table; what is
held at a time is one batch, and the samples of the local days and the week that are not over yet.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa

from pdp import tables
from pdp.pyramid.levels import LEVELS, NAMES, RAW, SCHEMA, Floats32, Level, rows
from pdp.pyramid.reading import MAX_POINTS, RAW_SPAN_MS, heart_rate_window, paths
from pdp.summarize.daily import MS_PER_DAY, MS_PER_MIN, day_numbers, walk
from pdp.summarize.daily_heart_rate import SPREAD, context_codes
from pdp.tables.columns import Integers, integers, numbers

__all__ = ["LEVELS", "MAX_POINTS", "NAMES", "RAW", "RAW_SPAN_MS", "SCHEMA", "build", "heart_rate_window", "paths"]

ROWS_AT_A_TIME = 500_000
_COLUMNS = ("start_utc", "utc_offset_min", "heart_rate_bpm", "context")
_MONDAY = 3  # 1970-01-01 was a Thursday: so many days after a Monday


@dataclass(frozen=True)
class Beats:
    """n samples sorted by UTC."""

    utc: Integers
    offset: Integers
    bpm: Floats32

    @property
    def day(self) -> Integers:
        """Local day of each, by its own offset."""
        return day_numbers(self.utc + self.offset * MS_PER_MIN)

    def take(self, chosen: Integers | slice) -> Beats:
        return Beats(self.utc[chosen], self.offset[chosen], self.bpm[chosen])

    def followed_by(self, later: Beats) -> Beats:
        return Beats(
            np.concatenate([self.utc, later.utc]),
            np.concatenate([self.offset, later.offset]),
            np.concatenate([self.bpm, later.bpm]),
        )


@dataclass
class _Grid:
    """Slots of one width on the UTC grid, written as soon as they are over."""

    level: Level
    writer: tables.SortingWriter
    held: Beats | None = None

    def add(self, piece: Beats) -> None:
        self.held = piece if self.held is None else self.held.followed_by(piece)
        slot = self.held.utc // self.level.width_ms
        cut = int(np.searchsorted(slot, slot[-1])) if len(slot) else 0
        self._write(self.held.take(slice(0, cut)))
        self.held = self.held.take(slice(cut, None))

    def close(self) -> None:
        if self.held is not None:
            self._write(self.held)

    def _write(self, beats: Beats) -> None:
        if len(beats.utc):
            slot = beats.utc // self.level.width_ms
            self.writer.write(rows(slot * self.level.width_ms, beats.offset, beats.bpm, slot))


@dataclass
class _Week:
    """The days of the week under way; a week at a time is written to every level of local slots."""

    writers: Mapping[Level, tables.SortingWriter]
    number: int = -1
    days: list[Beats] = field(default_factory=list)

    def add(self, day: int, beats: Beats) -> None:
        number = (day + _MONDAY) // 7
        if number != self.number:
            self.close()
            self.number = number
        self.days.append(beats)

    def close(self) -> None:
        if self.days:
            whole = Beats(*(np.concatenate(parts) for parts in zip(*map(_arrays, self.days), strict=True)))
            for level, writer in self.writers.items():
                writer.write(_local(whole, level.width_ms))
        self.days = []


def build(merged: Path, out: Mapping[str, Path]) -> dict[str, int]:
    """Write every level.

    Args:
        merged: results/merged/{subject}/heart_rate.parquet.
        out: Table -> file to write; the table of a level is called heart_rate_<level>.

    Returns:
        Rows of each table.
    """
    writers = {level: tables.SortingWriter(out[level.table], SCHEMA) for level in LEVELS}
    grids = [_Grid(level, writer) for level, writer in writers.items() if not level.is_local]
    week = _Week({level: writer for level, writer in writers.items() if level.is_local})
    for _, day, beats in walk(_fed(_beats(merged), grids)):
        week.add(day, beats)
    week.close()
    for grid in grids:
        grid.close()
    return {level.table: writer.close() for level, writer in writers.items()}


def _beats(merged: Path) -> Iterator[Beats]:
    for batch in tables.batches(merged, _COLUMNS, ROWS_AT_A_TIME):
        beats = Beats(integers(batch["start_utc"]), integers(batch["utc_offset_min"]), numbers(batch["heart_rate_bpm"]))
        yield beats.take(np.flatnonzero(np.isin(context_codes(batch["context"]), SPREAD)))


def _fed(pieces: Iterator[Beats], grids: list[_Grid]) -> Iterator[Beats]:
    for piece in pieces:
        for grid in grids:
            grid.add(piece)
        yield piece


def _local(beats: Beats, width_ms: int) -> pa.Table:
    """Rows of local slots: parts of a day, or days put together. Samples sorted by UTC may go back in local time."""
    local = beats.utc + beats.offset * MS_PER_MIN + _MONDAY * MS_PER_DAY  # so that weeks begin on Mondays
    slot = local // width_ms
    start = beats.utc - local % width_ms
    if (np.diff(slot) >= 0).all():
        return rows(start, beats.offset, beats.bpm, slot)
    order = np.argsort(slot, kind="stable")
    return rows(start[order], beats.offset[order], beats.bpm[order], slot[order])


def _arrays(beats: Beats) -> tuple[Integers, Integers, Floats32]:
    return beats.utc, beats.offset, beats.bpm
