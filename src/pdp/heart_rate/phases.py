"""Asleep, awake, or not known: what each instant was, from the pieces of all sleeps on record."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import zip_longest

import numpy as np
import numpy.typing as npt

from pdp.summarize.sleep_stages import ASLEEP as ASLEEP_CLASSES
from pdp.summarize.sleep_stages import CLASSES
from pdp.tables.columns import Integers
from pdp.trends.segments import Piece

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
    def of(cls, pieces: Iterable[Piece]) -> Phases:
        """From the pieces of all sleeps, in any order."""
        known = sorted(piece for piece in pieces if piece.end > piece.start)
        known.sort(key=lambda piece: piece.start)
        begin: list[int] = []
        code: list[int] = []
        for piece, later in zip_longest(known, known[1:]):
            begin += [piece.start, piece.end]
            code += [_OF_STAGE[piece.stage], UNKNOWN if later is None or _is_unknown(piece, later) else AWAKE]
        return cls(np.array(begin, np.int64), np.array(code, np.int8))

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


def _is_unknown(piece: Piece, later: Piece) -> bool:
    """Whether nobody can say what was between two pieces: a hole in a main sleep, or longer than anybody is awake."""
    is_hole = piece.part == later.part == "main" and piece.night == later.night
    return is_hole or later.start - piece.end > LONGEST_WAKE_MS
