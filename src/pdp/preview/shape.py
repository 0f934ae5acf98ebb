"""What accepted rows of one measure tell: days, devices, gaps, clock cases. Streamed."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pdp import tables
from pdp.gaps import Gap
from pdp.summarize.daily import EPOCH, day_numbers, local_ms

_COLUMNS = ["start_utc", "utc_offset_min"]


@dataclass(frozen=True)
class Shape:
    """Accepted rows of one measure.

    Attributes:
        first_day, last_day: Local days, by each row's own offset.
        days: That have a row.
        gaps: Days in a row between them without one, longest first.
        devices: Rows by name; "" where the file names none.
        ambiguous: Rows in an hour that occurred twice, and of these those that nothing decided.
        nonexistent: Rows at a local time that was skipped.
    """

    first_day: datetime.date
    last_day: datetime.date
    days: int
    gaps: tuple[Gap, ...]
    devices: Mapping[str, int]
    ambiguous: int
    undecided: int
    nonexistent: int


def shape(measure: str, path: Path) -> Shape | None:
    """Of a validated table; None for an empty one."""
    parts = [np.unique(day_numbers(local_ms(batch))) for batch in tables.batches(path, _COLUMNS) if len(batch)]
    if not parts:
        return None
    days = np.unique(np.concatenate(parts))
    devices = {key[0]: rows for key, rows in tables.count_by(path, "device").items()}
    bases = {key[0]: rows for key, rows in tables.count_by(path, "offset_basis").items()}
    flagged = tables.count_by(path, "flags")
    undecided = sum(rows for key, rows in flagged.items() if "ambiguous_time" in key[0].split(";"))
    first, last = int(days[0]), int(days[-1])
    breaks = np.flatnonzero(np.diff(days) > 1)
    gaps = [Gap(measure, _date(int(days[at]) + 1), _date(int(days[at + 1]) - 1)) for at in breaks.tolist()]
    gaps.sort(key=lambda gap: (-gap.days, gap.first))
    most_first = dict(sorted(devices.items(), key=lambda item: (-item[1], item[0])))
    cases = bases.get("ambiguous", 0), undecided, bases.get("nonexistent", 0)
    return Shape(_date(first), _date(last), len(days), tuple(gaps), most_first, *cases)


def _date(number: int) -> datetime.date:
    return EPOCH + datetime.timedelta(days=number)
