"""How often which heart rate was measured, asleep and awake: the counts from which any range of days is drawn."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pyarrow as pa

from pdp.described import column
from pdp.heart_rate.phases import METHOD, PHASES, Phases
from pdp.summarize.daily_heart_rate import Samples, is_spread
from pdp.tables.columns import integers, strings, to_arrow

TABLE = "heart_rate_counts"
_MOST_BPM = 1 << 12  # more than any sample that validation lets through
_OF = "samples with context automatic or manual of the local day, as in the daily table"
SCHEMA = pa.schema(
    [
        column("date", pa.date32(), "Local day", "", "of each sample's own offset", is_required=True),
        column("phase", pa.string(), "Asleep or awake", "", METHOD, is_required=True),
        column(
            "heart_rate_bpm", pa.int16(), "Heart rate", "/min", "samples rounded to whole numbers", is_required=True
        ),
        column("n", pa.int32(), "Heart rate samples", "1", f"count of {_OF}", is_required=True),
    ]
)


def of_day(day: int, samples: Samples, phases: Phases) -> pa.Table:
    """Rows of one local day.

    Args:
        day: Days since 1970.
        samples: Of that day.
        phases: When who slept.
    """
    chosen = samples.take(is_spread(samples))
    keys = phases.at(chosen.utc).astype(np.int64) * _MOST_BPM + np.rint(chosen.bpm).astype(np.int64)
    found, n = np.unique(keys, return_counts=True)
    values = [
        to_arrow(np.full(len(found), day, np.int32), pa.date32()),
        strings([PHASES[place] for place in (found // _MOST_BPM).tolist()]),
        to_arrow((found % _MOST_BPM).astype(np.int16)),
        to_arrow(n.astype(np.int32)),
    ]
    return pa.Table.from_arrays(values, schema=SCHEMA)


def quantile(bpm: Iterable[int], n: Sequence[int], share: float) -> float | None:
    """A quantile of samples that are counted: exact, linear between neighbours (Hyndman-Fan 7); None of none.

    Args:
        bpm: k heart rates, in any order, also several times.
        n: k counts.
        share: 0 to 1.
    """
    rates, counts = np.asarray(list(bpm), np.int64), np.asarray(n, np.int64)
    whole = int(counts.sum())
    if not whole:
        return None
    order = np.argsort(rates, kind="stable")
    ends = np.cumsum(counts[order])
    place = share * (whole - 1)
    low = int(place)
    below, above = rates[order][np.searchsorted(ends, [low, min(low + 1, whole - 1)], side="right")].tolist()
    return float(below + (above - below) * (place - low))


def bins(table: pa.Table, width_bpm: int) -> dict[str, dict[int, int]]:
    """Samples by phase and by bin, each called by its lowest rate: 60 of width 5 is 60 to 64 bpm."""
    found: dict[str, dict[int, int]] = {}
    low = integers(table["heart_rate_bpm"]) // width_bpm * width_bpm
    for phase, at, n in zip(table["phase"].to_pylist(), low.tolist(), table["n"].to_pylist(), strict=True):
        of = found.setdefault(phase, {})
        of[at] = of.get(at, 0) + n
    return found
