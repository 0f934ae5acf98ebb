"""How sure a number from a row of days is, where neighbouring days are alike.

Circular block bootstrap (Politis and Romano 1992): whole blocks of calendar days are drawn, so that what holds for a
week together stays together, and days without data stay rare where they are. The seed is fixed and made from what is
compared: the same data gives the same interval, on any machine.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from pdp.tables.columns import Integers

DRAWS = 1_000
SLOPE_DRAWS = 300  # of these: each costs n squared
BLOCK_DAYS = 7  # as long as weekdays, a cold or a bad week make days alike
CONFIDENCE = 0.95


def draws(dates: Integers, name: str, count: int = DRAWS) -> list[Integers]:
    """Resamples of n ascending days as indices of them, each of as many calendar days as there are.

    Args:
        dates: n day numbers, ascending; days between them are missing.
        name: What is compared: makes the seed.
    """
    length = int(dates[-1] - dates[0]) + 1
    place = np.full(length, -1, np.int64)
    place[dates - dates[0]] = np.arange(len(dates))
    blocks = -(-length // BLOCK_DAYS)
    generator = np.random.Generator(np.random.PCG64(_seed(name)))
    begins = generator.integers(0, length, (count, blocks))
    days = (begins[:, :, None] + np.arange(BLOCK_DAYS)) % length
    drawn = place[days.reshape(count, -1)[:, :length]]
    return [row[row >= 0] for row in drawn]


def interval(values: Sequence[float]) -> tuple[float, float]:
    """The middle 95 % of what resamples gave; what could not be computed is left out."""
    known = np.array([value for value in values if value == value])
    low, high = np.quantile(known, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return float(low), float(high)


def _seed(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")
