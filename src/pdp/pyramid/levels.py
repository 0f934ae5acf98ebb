"""The levels of the pyramid: how wide their slots are, and what is said of each slot.

Slots up to an hour lie on the UTC grid, so that no journey and no change of clocks cuts or joins them; longer ones
are parts of the local day of each sample's own offset, as in the daily table, and the week begins on Monday.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pdp.described import column
from pdp.summarize.daily import MS_PER_DAY, MS_PER_MIN
from pdp.tables.columns import Integers, to_arrow

Floats32 = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Level:
    """One table of the pyramid.

    Attributes:
        name: Part of the file's name: heart_rate_<name>.parquet.
        width_ms: Length of a slot (of a local day: 24 hours, whatever clocks did).
        is_local: Slots are parts of local days; else they lie on the UTC grid.
        words: For people.
    """

    name: str
    width_ms: int
    is_local: bool
    words: str

    @property
    def table(self) -> str:
        """The file's name without its ending."""
        return f"heart_rate_{self.name}"


LEVELS: tuple[Level, ...] = (
    Level("1min", MS_PER_MIN, False, "minute"),
    Level("15min", 15 * MS_PER_MIN, False, "quarter of an hour"),
    Level("1h", 60 * MS_PER_MIN, False, "hour"),
    Level("6h", 360 * MS_PER_MIN, True, "quarter of the local day"),
    Level("1day", MS_PER_DAY, True, "local day"),
    Level("7day", 7 * MS_PER_DAY, True, "local week, from Monday"),
)
NAMES = tuple(level.name for level in LEVELS)
RAW = "raw"

_OF = "samples with context automatic or manual, as in the daily table, that start in the slot"
_QUANTILE = "exact quantile, linear between neighbours (Hyndman-Fan 7)"
SCHEMA = pa.schema(
    [
        column(
            "start_utc",
            pa.timestamp("ms", tz="UTC"),
            "Begin of the slot",
            "",
            "slots up to an hour on the UTC grid; longer ones by the local clock of the first sample in them",
            is_required=True,
        ),
        column(
            "utc_offset_min",
            pa.int16(),
            "Local clock ahead of UTC",
            "min",
            "that of the first sample in the slot",
            is_required=True,
        ),
        column("n", pa.int32(), "Samples", "1", f"count of {_OF}", is_required=True),
        *(
            column(name, pa.float32(), f"Heart rate, {title}", "/min", f"{method}; {_OF}", is_required=True)
            for name, title, method in (
                ("min", "lowest", "minimum"),
                ("q1", "first quartile", f"{_QUANTILE} 0.25"),
                ("median", "median", f"{_QUANTILE} 0.5"),
                ("q3", "third quartile", f"{_QUANTILE} 0.75"),
                ("max", "highest", "maximum"),
            )
        ),
    ]
)
_QUANTILES = (("q1", 0.25), ("median", 0.5), ("q3", 0.75))


def rows(start_ms: Integers, offset_min: Integers, bpm: Floats32, slot: Integers) -> pa.Table:
    """One row per slot.

    Args:
        start_ms: Begin of each of n samples' slot in UTC.
        offset_min: n offsets.
        bpm: n heart rates, positive.
        slot: n slot numbers, ascending: samples of one slot stand together, in order of time.

    Returns:
        A table of SCHEMA.
    """
    first = np.flatnonzero(np.diff(slot, prepend=slot[0] - 1 if len(slot) else 0))
    count = np.diff(np.append(first, len(slot)))
    # The bits of positive floats stand in the order of their values: slot and value make one whole number to sort.
    place = np.repeat(np.arange(len(first), dtype=np.int64), count) << 32
    ordered = place | bpm.view(np.int32).astype(np.int64)
    if (np.diff(ordered) < 0).any():
        ordered.sort()
    values = (ordered & 0xFFFFFFFF).astype(np.int32).view(np.float32)
    found: dict[str, Floats32] = {"min": values[first], "max": values[first + count - 1]}
    for name, share in _QUANTILES:
        found[name] = _quantile(values, first, count, share)
    columns = [
        to_arrow(start_ms[first], SCHEMA.field("start_utc").type),
        to_arrow(offset_min[first].astype(np.int16)),
        to_arrow(count.astype(np.int32)),
        *(to_arrow(found[name]) for name in ("min", "q1", "median", "q3", "max")),
    ]
    return pa.Table.from_arrays(columns, schema=SCHEMA)


def _quantile(values: Floats32, first: Integers, count: Integers, share: float) -> Floats32:
    place = share * (count - 1)
    low = np.floor(place).astype(np.int64)
    part = place - low
    below = values[first + low].astype(np.float64)
    above = values[first + np.minimum(low + 1, count - 1)].astype(np.float64)
    found: Floats32 = (below + (above - below) * part).astype(np.float32)
    return found
