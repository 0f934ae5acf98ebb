"""Which records of an export stay."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

Integers = np.ndarray[Any, np.dtype[np.int64]]
_NONE = np.array([], np.int64)


class WholeOnlyError(Exception):
    """This file can't be cut; the text says why, as a sentence about it."""


@dataclass(frozen=True)
class Staying:
    """Records that stay, by member, as record numbers from 1.

    Attributes:
        readings: Those of which every reading stays.
        headers, blank: Records that belong to no day.
        extent: How many records each member has that was read. Others are left out.
    """

    readings: Mapping[str, Integers]
    headers: Mapping[str, Integers]
    blank: Mapping[str, Integers]
    extent: Mapping[str, int]

    def has_readings(self, member: str) -> bool:
        """Whether a reading of this member stays."""
        return member in self.extent and len(self.readings.get(member, _NONE)) > 0

    def numbers(self, member: str) -> list[int]:
        """All that stay of one member, in order."""
        parts = (each.get(member, _NONE) for each in (self.readings, self.headers, self.blank))
        found: list[int] = np.unique(np.concatenate([*parts])).tolist()
        return found

    def without_titles(self) -> Staying:
        """Without what stands above the first header: the last of the header records before all others is it."""
        headers, blank = dict(self.headers), dict(self.blank)
        for member, rows in self.headers.items():
            frame = np.union1d(rows, blank[member])
            top = np.intersect1d(rows, frame[frame == np.arange(1, len(frame) + 1)])
            first = np.max(top, initial=0)
            headers[member], blank[member] = rows[rows >= first], blank[member][blank[member] >= first]
        return replace(self, headers=headers, blank=blank)
