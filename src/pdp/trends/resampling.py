"""How sure a number from a row of days is, where neighbouring days are alike.

Circular block bootstrap (Politis and Romano 1992): whole blocks of calendar days are drawn, so that what holds for a
week together stays together, and days without data stay as rare as they are. Few blocks say less than their spread
shows, so what was drawn is spread further: by sqrt(k / (k - 1)) for k blocks, which a circle of k blocks lacks, and
by Student's t with the blocks' degrees of freedom against the normal quantile. Of two means of 28 days each without
any difference, 95 % intervals made so hold 0 in 97, 95, 92 and 84 of 100 cases where the correlation of neighbouring
days is 0, 0.3, 0.6 and 0.8; without the spreading in 88, 86, 81 and 67.

The seed is fixed and made from what is compared: the same data gives the same interval, on any machine.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

import numpy as np

from pdp.tables.columns import Integers
from pdp.trends.rolling import Floats

DRAWS = 1_000
BLOCK_DAYS = 7  # as long as weekdays, a cold or a bad week make days alike
CONFIDENCE = 0.95
_NORMAL = 1.959964  # 97.5 % quantile


def draws(days: int, name: str, count: int = DRAWS) -> Integers:
    """`count` resamples of a row of days: count x days places in it.

    Args:
        days: Length of the row, days without data included.
        name: What is compared: makes the seed.
    """
    generator = np.random.Generator(np.random.PCG64(_seed(name)))
    begins = generator.integers(0, days, (count, -(-days // BLOCK_DAYS), 1))
    found: Integers = ((begins + np.arange(BLOCK_DAYS)) % days).reshape(count, -1)[:, :days]
    return found


def blocks(days: int) -> float:
    """How many blocks a row of days holds; at least a little more than one, from which nothing can be told."""
    return max(days / BLOCK_DAYS, 1.1)


def interval(
    estimate: float,
    drawn: Sequence[float] | Floats,
    each_has: float,
    rows: int = 1,
    scale: tuple[Callable[[Floats], Floats], Callable[[Floats], Floats]] | None = None,
) -> tuple[float, float]:
    """A 95 % interval from what resamples gave.

    Args:
        estimate: The number itself.
        drawn: The number of each resample; NaN where it could not be computed.
        each_has: Blocks in each row of days.
        rows: Rows of days that were resampled by themselves.
        scale: To and from the scale on which the interval is spread.
    """
    from scipy.special import stdtrit  # a quarter of a second, which a job without resamples need not spend

    known = np.array([value for value in drawn if value == value])
    to, back = scale or (_same, _same)
    middle = to(np.array([estimate]))
    bounds = to(np.quantile(known, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2]))
    student = float(stdtrit(rows * (each_has - 1), (1 + CONFIDENCE) / 2))
    wider = np.sqrt(each_has / (each_has - 1)) * student / _NORMAL
    low, high = back(middle + (bounds - middle) * wider).tolist()
    return low, high


def _same(values: Floats) -> Floats:
    return values


def _seed(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")
