"""Readings of blood pressure as arrays, with the local day, the daytime and the sitting of each."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pdp.summarize.daily import MS_PER_MIN, day_numbers, is_in_window, local_ms
from pdp.summarize.summary_settings import SummarySettings, window
from pdp.tables.columns import Integers, Mask, integers, nulls, numbers

COLUMNS = ("start_utc", "utc_offset_min", "modality", "systolic_mmhg", "diastolic_mmhg", "pulse_bpm")

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Readings:
    """n readings in order of UTC.

    Attributes:
        utc: ms since 1970.
        offset: Minutes ahead of UTC, as recorded with the reading.
        day: Local day of the measurement by its own offset, days since 1970.
        minute: Minute of the local day.
        is_morning, is_evening: By the windows of the summary settings.
        sitting: Number of the sitting: each reading no further from the one before than the gap.
        is_first: The first of its sitting.
        is_typed: Typed by a person, not stored by the device.
        systolic, diastolic, pulse: mmHg, mmHg, per minute; NaN where there is no pulse.
    """

    utc: Integers
    offset: Integers
    day: Integers
    minute: Integers
    is_morning: Mask
    is_evening: Mask
    sitting: Integers
    is_first: Mask
    is_typed: Mask
    systolic: Floats
    diastolic: Floats
    pulse: Floats

    def __len__(self) -> int:
        return len(self.utc)

    @classmethod
    def of(cls, table: pa.Table, summary: SummarySettings, session_gap_min: int) -> Readings:
        """From the merged table (its columns COLUMNS)."""
        utc, local = integers(table["start_utc"]), local_ms(table)
        order = np.argsort(utc, kind="stable")
        utc, local = utc[order], local[order]
        words = np.array(table["modality"].cast(pa.string()).to_pylist(), dtype=object)
        is_first = np.diff(utc, prepend=utc[:1]) > session_gap_min * MS_PER_MIN
        is_first[:1] = True
        pulse = numbers(table["pulse_bpm"]).astype(np.float64)
        is_null = nulls(table["pulse_bpm"])
        return cls(
            utc=utc,
            offset=integers(table["utc_offset_min"])[order],
            day=day_numbers(local),
            minute=local // MS_PER_MIN % (24 * 60),
            is_morning=is_in_window(local, window(summary.morning)),
            is_evening=is_in_window(local, window(summary.evening)),
            sitting=np.cumsum(is_first).astype(np.int64),
            is_first=is_first,
            is_typed=(words == "self_reported")[order] if len(words) else np.zeros(0, bool),
            systolic=numbers(table["systolic_mmhg"]).astype(np.float64)[order],
            diastolic=numbers(table["diastolic_mmhg"]).astype(np.float64)[order],
            pulse=(pulse if is_null is None else np.where(is_null, np.nan, pulse))[order],
        )

    def take(self, chosen: Integers | Mask | slice) -> Readings:
        """Some of them, in the order given."""
        return Readings(*(getattr(self, each.name)[chosen] for each in fields(self)))

    def daytime(self, place: int) -> str:
        """morning, evening or other."""
        return "morning" if self.is_morning[place] else "evening" if self.is_evening[place] else "other"


def mean(values: Floats) -> float | None:
    """Of what is known; None of nothing."""
    known = values[~np.isnan(values)]
    return float(np.mean(known)) if len(known) else None
