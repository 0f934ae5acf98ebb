"""Asleep, awake, or not known: what each instant was, from the pieces of all sleeps on record."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pdp.summarize.sleep_stages import ASLEEP as ASLEEP_CLASSES
from pdp.summarize.sleep_stages import CLASSES
from pdp.tables.columns import Integers, integers

PHASES = ("asleep", "awake", "unknown")
ASLEEP, AWAKE, UNKNOWN = range(len(PHASES))
# Nobody can say of a longer time without sleep on record that it held none: a night may not have been recorded.
LONGEST_WAKE_MS = 24 * 3_600_000
METHOD = (
    "asleep: inside a piece of sleep_segments that is rem, deep, light or asleep; awake: inside a piece that is awake, "
    "and between two sleeps no more than 24 hours apart; unknown: everything else, also holes inside a main sleep"
)

Codes = npt.NDArray[np.int8]


@dataclass(frozen=True)
class Phases:
    """k stretches in order of time, each until the next begins: begin in UTC ms, place in PHASES."""

    begin: Integers
    code: Codes

    @classmethod
    def of(cls, segments: pa.Table) -> Phases:
        """From a table of pdp.trends.segments.SCHEMA, in any order."""
        start, end = integers(segments["start_utc"]), integers(segments["end_utc"])
        order = np.argsort(start, kind="stable")
        start, end = start[order], end[order]
        codes = np.array([_OF_STAGE[stage] for stage in segments["stage"].to_pylist()], np.int8)[order]
        main = [night if part == "main" else None for night, part in _nights(segments)]
        nights = [main[place] for place in order.tolist()]
        is_hole = np.array([one is not None and one == other for one, other in pairwise(nights)])
        is_long = start[1:] - end[:-1] > LONGEST_WAKE_MS
        between = np.where(is_long | is_hole.astype(bool), UNKNOWN, AWAKE).astype(np.int8)
        begin = np.stack([start, end], axis=1).ravel()
        code = np.stack([codes, np.append(between, UNKNOWN)[: len(codes)]], axis=1).ravel()
        return cls(begin, code)

    def at(self, utc: Integers) -> Codes:
        """The phase of n instants in UTC ms, as places in PHASES."""
        # Where one piece ends as the next begins, the next holds.
        place = np.searchsorted(self.begin, utc, side="right") - 1
        found: Codes = np.append(self.code, np.int8(UNKNOWN))[place]
        return found


NOBODY_SLEPT = Phases(np.zeros(0, np.int64), np.zeros(0, np.int8))
_OF_STAGE = {
    name: ASLEEP if place in ASLEEP_CLASSES else AWAKE if name == "awake" else UNKNOWN
    for place, name in enumerate(CLASSES)
}


def _nights(segments: pa.Table) -> zip[tuple[int, str]]:
    return zip(segments["night_date"].cast(pa.int32()).to_pylist(), segments["part"].to_pylist(), strict=True)
