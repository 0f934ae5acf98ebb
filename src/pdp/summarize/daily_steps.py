"""Steps of a day."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from pdp.summarize.daily import Day, Figure, Values, day_numbers, local_ms, share
from pdp.tables.columns import Integers, Mask, integers

MEASURE = "step_count"
COLUMNS = ("start_utc", "end_utc", "utc_offset_min", "steps")
_OF_DAY = "records that begin on the local day"

FIGURES = (
    Figure("steps", MEASURE, "{steps}", "Steps", f"sum; {_OF_DAY}"),
    Figure("steps_n", MEASURE, "1", "Records of steps", f"count; {_OF_DAY}", is_count=True),
    Figure(
        "steps_coverage",
        MEASURE,
        "1",
        "Steps, share of the day covered",
        f"share of the day's elapsed time that the intervals of the records cover; {_OF_DAY}; many devices record no "
        "interval without steps, so this is not time worn",
    ),
)


@dataclass(frozen=True)
class Counts:
    """n records in the order of the merged table: UTC ms ascending by start, local day number, steps."""

    start: Integers
    end: Integers
    day: Integers
    steps: Integers

    @classmethod
    def of(cls, table: pa.Table) -> Counts:
        start, end = integers(table["start_utc"]), integers(table["end_utc"])
        return cls(start, np.maximum(start, end), day_numbers(local_ms(table)), integers(table["steps"]))

    def take(self, chosen: Integers | Mask | slice) -> Counts:
        return Counts(self.start[chosen], self.end[chosen], self.day[chosen], self.steps[chosen])

    def followed_by(self, later: Counts) -> Counts:
        return Counts(
            np.concatenate([self.start, later.start]),
            np.concatenate([self.end, later.end]),
            np.concatenate([self.day, later.day]),
            np.concatenate([self.steps, later.steps]),
        )

    def __len__(self) -> int:
        return len(self.start)

    @property
    def utc(self) -> Integers:
        return self.start


def figures_of_day(counts: Counts, day: Day) -> Values:
    """From the records that begin on one local day."""
    if not len(counts):
        return {"steps_n": 0}
    start = np.clip(counts.start, day.start_ms, day.end_ms)
    end = np.clip(counts.end, day.start_ms, day.end_ms)
    reached = np.maximum.accumulate(end)
    before = np.concatenate([start[:1], reached[:-1]])  # overlapping records cover their time once
    covered = int(np.maximum(end - np.maximum(start, before), 0).sum())
    return {
        "steps": int(counts.steps.sum()),
        "steps_n": len(counts),
        "steps_coverage": share(covered, day.end_ms - day.start_ms),
    }


def rows(table: pa.Table, day: int) -> Mask:
    """Which rows of the merged table the figures of the day are computed from."""
    return np.equal(day_numbers(local_ms(table)), day)
