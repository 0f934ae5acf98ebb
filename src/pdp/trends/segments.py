"""The sleeps of nights and days as pieces of one stage each: what hypnogram and actogram draw, and regularity counts.

Pieces never overlap. Where stages count (see sleep_periods), they are the stages; elsewhere the known stages, and
"asleep" for the rest of the sleep. A piece is cut where clocks were moved, so that it has one offset.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa

from pdp import described, tables
from pdp.described import column
from pdp.summarize import nights
from pdp.summarize.daily import MS_PER_MIN
from pdp.summarize.figures import sleeps_of
from pdp.summarize.sleep_periods import BASES, STAGE_COLUMNS, Periods
from pdp.summarize.sleep_stages import CLASSES, StageLine, class_codes
from pdp.summarize.summary_settings import SummarySettings
from pdp.tables.columns import integers

if TYPE_CHECKING:
    from pdp.timeframe import ZoneLedger

PARTS = ("main", "fragment", "nap")
_QUARTER_MS = 15 * MS_PER_MIN  # every clock on Earth is moved at a multiple of it
_TIME = pa.timestamp("ms", tz="UTC")
SCHEMA = pa.schema(
    [
        column(
            "night_date",
            pa.date32(),
            "Night or day it belongs to",
            "",
            "as in nights (summary.night_rule); of a nap the local date on which it ends",
            is_required=True,
        ),
        column("start_utc", _TIME, "From", "", "begin of the piece", is_required=True),
        column("end_utc", _TIME, "To", "", "end of the piece, left out", is_required=True),
        column(
            "utc_offset_min",
            pa.int16(),
            "Local clock ahead of UTC",
            "min",
            "that of the sleep's own rows, moved as the zone ledger moves; pieces are cut where it changes",
            is_required=True,
        ),
        column(
            "stage",
            pa.string(),
            "Stage",
            "",
            f"{', '.join(CLASSES)}: at each instant the first of these that a row of merged sleep_stage tells; asleep "
            "also where a sleep without sufficient stages has none",
            is_required=True,
        ),
        column(
            "part",
            pa.string(),
            "Part of the night",
            "",
            "main: the longest sleep of the night; fragment: its other sleeps; nap: any other sleep",
            is_required=True,
        ),
    ]
)


class Piece(NamedTuple):
    """A stretch of one stage.

    Attributes:
        night: Days since 1970 of the night or day it belongs to.
        start, end: UTC ms.
        stage: Of CLASSES.
        part: Of PARTS.
    """

    night: int
    start: int
    end: int
    stage: str
    part: str


def segments(merged: Mapping[str, Path], settings: SummarySettings, ledger: ZoneLedger) -> pa.Table:
    """sleep_segments.parquet.

    Args:
        merged: sleep_episode and sleep_stage -> merged table.
    """
    sleeps, every = _every(merged, settings, ledger)
    found: list[list[Any]] = []
    for place, (day, begin, end, stage, part) in every:
        for first, last, offset in _of_one_offset(sleeps, place, begin, end, ledger):
            about = [offset, stage, part]
            if found and found[-1][0] == day and found[-1][2] == first and found[-1][3:] == about:
                found[-1][2] = last  # stages come in pieces of a minute, too
            else:
                found.append([day, first, last, *about])
    return described.table({name: [row[place] for row in found] for place, name in enumerate(SCHEMA.names)}, SCHEMA)


def pieces(merged: Mapping[str, Path], settings: SummarySettings, ledger: ZoneLedger) -> list[Piece]:
    """The same on the line of UTC, in no order, without looking for changes of the clock, which takes the most time.

    Args:
        merged: sleep_episode and sleep_stage -> merged table.
    """
    return [piece for _, piece in _every(merged, settings, ledger)[1]]


def _every(
    merged: Mapping[str, Path], settings: SummarySettings, ledger: ZoneLedger
) -> tuple[Periods, Iterator[tuple[int, Piece]]]:
    """All sleeps, and their pieces, each with the place of its sleep."""
    sleeps, assigned = sleeps_of(merged, settings, ledger)
    stages = tables.read(merged["sleep_stage"], STAGE_COLUMNS)
    line = StageLine.of(
        integers(stages["start_utc"]),
        np.maximum(integers(stages["start_utc"]), integers(stages["end_utc"])),
        class_codes(stages["stage"]),
    )
    found = (
        (place, Piece(day, *piece, part))
        for day, place, part in _chosen(sleeps, assigned)
        for piece in _pieces(sleeps, place, line)
    )
    return sleeps, found


def _chosen(sleeps: Periods, assigned: nights.Nights) -> Iterator[tuple[int, int, str]]:
    for day, members in assigned.of.items():
        main = nights.main_of(sleeps, members)
        for place in members.tolist():
            yield day, place, "main" if place == main else "fragment"
    for day, members in assigned.naps.items():
        for place in members.tolist():
            yield day, place, "nap"


def _pieces(sleeps: Periods, place: int, line: StageLine) -> Iterator[tuple[int, int, str]]:
    """Start, end, stage of one sleep."""
    start, end = int(sleeps.start[place]), int(sleeps.end[place])
    is_staged = BASES[sleeps.basis[place]] == "stages"
    first = int(np.searchsorted(line.end, start, side="right"))
    last = int(np.searchsorted(line.start, end))
    reached = start
    for piece in range(first, last):
        begins, ends = max(int(line.start[piece]), start), min(int(line.end[piece]), end)
        if begins > reached and not is_staged:
            yield reached, begins, "asleep"
        yield begins, ends, CLASSES[int(line.code[piece])]
        reached = ends
    if reached < end and not is_staged:
        yield reached, end, "asleep"


def _of_one_offset(
    sleeps: Periods, place: int, start: int, end: int, ledger: ZoneLedger
) -> Iterator[tuple[int, int, int]]:
    """The piece, cut where clocks were moved."""
    bounds = np.concatenate([[start], np.arange(start // _QUARTER_MS + 1, -(-end // _QUARTER_MS)) * _QUARTER_MS])
    told = ledger.offsets(np.concatenate([[sleeps.start[place]], bounds])).astype(np.int64)
    offset = told[1:] - told[0] + sleeps.start_offset[place]
    first = np.flatnonzero(np.diff(offset, prepend=offset[0] - 1))
    ends = np.append(bounds[first[1:]], end)
    yield from zip(bounds[first].tolist(), ends.tolist(), offset[first].tolist(), strict=True)
