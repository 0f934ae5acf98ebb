"""Seeded chance that is the same on every machine and Python.

Of Python's `random` only the stream of `random()` after an integer seed is promised to stay, so
everything is made of that, by additions and products alone: no logarithm or cosine whose last
bit could differ between C libraries.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import TypeVar
from zlib import crc32

T = TypeVar("T")
SEED = 20240901


class Chance:
    """One stream per name, so that one file's rows do not move when another's change."""

    def __init__(self, name: str) -> None:
        self.random = Random(SEED + crc32(name.encode())).random

    def bell(self, deviation: float) -> float:
        """About normal, mean 0: the sum of four uniform numbers; never beyond 3.5 deviations."""
        draw = self.random
        return (draw() + draw() + draw() + draw() - 2.0) * 1.7320508 * deviation

    def whole(self, low: int, high: int) -> int:
        """A whole number from low to high, both included."""
        return low + int(self.random() * (high - low + 1))

    def pick(self, choices: Sequence[T]) -> T:
        """One of them."""
        return choices[int(self.random() * len(choices))]

    def happens(self, probability: float) -> bool:
        """True in this share of the draws."""
        return self.random() < probability
