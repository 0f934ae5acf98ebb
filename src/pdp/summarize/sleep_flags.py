"""Flags of sleep rows: which rows can't found a night, which totals can't be taken as asleep, what a night hands on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from pdp.tables.columns import Integers, Mask, integers, one

# A total that counts time awake as asleep (pdp.validate).
TOTAL_INCLUDES_AWAKE = "total_includes_awake"
# Stages that no session of the export proves, and minutes whose date no night of the export confirms (pdp.reconcile,
# pdp.formats.zepp_life). Minutes left over from a night whose session is missing or in quarantine would make a
# night of ten minutes that looks complete.
UNFOUNDED = ("unanchored", "unproved_stages")


def has_any(flags: pa.ChunkedArray, *wanted: str) -> Mask:
    """Which of n rows have one of these flags."""
    words, codes = _coded(flags)
    chosen = [not set(wanted).isdisjoint(word.split(";")) for word in words]
    return np.array([*chosen, False], bool)[codes]


def by_period(count: int, parts: Sequence[tuple[pa.ChunkedArray, Integers]]) -> tuple[frozenset[str], ...]:
    """What rows say of the periods that are made of them.

    Args:
        count: Number of periods.
        parts: Flags of n rows and the period of each, -1 for none.

    Returns:
        Flags by period.
    """
    found: list[set[str]] = [set() for _ in range(count)]
    for flags, period in parts:
        words, codes = _coded(flags)
        cells = np.unique((period * (len(words) + 1) + codes)[(period >= 0) & (codes < len(words))])
        for place, code in zip(*(part.tolist() for part in np.divmod(cells, len(words) + 1)), strict=True):
            found[place] |= set(words[code].split(";"))
    return tuple(frozenset(flags - {""}) for flags in found)


def _coded(flags: pa.ChunkedArray) -> tuple[list[str], Integers]:
    """The words, and each row's place among them; their number where a row has none."""
    array = one(flags.unify_dictionaries())
    words: list[str] = array.dictionary.to_pylist()
    codes = integers(array.indices)
    return words, np.where(codes < 0, len(words), codes)
