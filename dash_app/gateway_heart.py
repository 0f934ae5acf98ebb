"""Heart rate as fine as a screen can show: raw for some hours, else the level of the pyramid that fits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dash_app.gateway_tables import NoDataError

RAW = "raw"
RAW_COLUMNS = ["start_utc", "utc_offset_min", "heart_rate_bpm", "source", "device"]
MS_PER_H = 3_600_000
# Longest range that a level is drawn for; none gives more than some 6,000 points.
LONGEST_MS = {RAW: 4 * MS_PER_H, "1min": 4 * 24 * MS_PER_H, "15min": 60 * 24 * MS_PER_H}
COARSEST = "1day"


def level_of(first_utc_ms: int, last_utc_ms: int) -> str:
    """The finest level that a range of that length is shown at."""
    length = last_utc_ms - first_utc_ms
    return next((level for level, longest in LONGEST_MS.items() if length <= longest), COARSEST)


def read(
    root: Path, subject: str, bring: Callable[[Sequence[str]], None], first_utc_ms: int, last_utc_ms: int
) -> tuple[str, pa.Table]:
    """The level and its rows between two instants, both included, by the statistics of the row groups.

    Raises:
        NoDataError: There is no heart rate.
    """
    level = level_of(first_utc_ms, last_utc_ms)
    if level == RAW:
        bring([f"results/merged/{subject}/heart_rate.parquet"])
        path, columns = root / "results/merged" / subject / "heart_rate.parquet", RAW_COLUMNS
    else:
        path, columns = root / "results/summary" / subject / f"heart_rate_{level}.parquet", None
    kind = pa.timestamp("ms", tz="UTC")
    start = pc.field("start_utc")
    wanted = (start >= pa.scalar(first_utc_ms, kind)) & (start <= pa.scalar(last_utc_ms, kind))
    try:
        return level, pq.read_table(path, columns=columns, filters=wanted)
    except FileNotFoundError:
        raise NoDataError("is not there yet.", where="heart rate", hint="Run the workflow: make run.") from None
    except (OSError, pa.ArrowInvalid):
        raise NoDataError("can't be read.", where="heart rate", hint="Run the workflow again: make run.") from None
