"""What a result says in a few numbers, so that contenders can be held to the same work.

As a program: `python -m benchmarks.checksums RESULT.parquet REJECTED.parquet...` prints them as JSON.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

MINUTE_MS = 60_000
COLUMNS = ("start_utc", "utc_offset_min", "heart_rate_bpm", "row")


def checksums(result: Path, rejected: Sequence[Path]) -> dict[str, int]:
    """Of a result sorted by time: rows, and the sums of values, epoch minutes, offsets and record numbers.

    Args:
        result: Has COLUMNS.
        rejected: Files of what was kept apart; their rows are counted.

    Raises:
        ValueError: Times do not ascend.
    """
    sums = dict.fromkeys(("n", "bpm", "epoch_min", "offset_min", "row", "rejected"), 0)
    before = -(2**62)
    file = pq.ParquetFile(result)
    for batch in file.iter_batches(1_000_000, columns=list(COLUMNS)):
        start = batch.column("start_utc").cast(pa.timestamp("ms", tz="UTC")).cast("int64").to_numpy()
        if start[0] <= before or (np.diff(start) <= 0).any():
            raise ValueError(f"{result.name} is not sorted by start_utc, or has an instant twice.")
        before = start[-1]
        sums["n"] += len(start)
        sums["epoch_min"] += int((start // MINUTE_MS).sum())
        for name, column in (("bpm", "heart_rate_bpm"), ("offset_min", "utc_offset_min"), ("row", "row")):
            sums[name] += int(batch.column(column).to_numpy().astype(np.int64).sum())
    sums["rejected"] = sum(pq.ParquetFile(path).metadata.num_rows for path in rejected)
    return sums


if __name__ == "__main__":
    print(json.dumps(checksums(Path(sys.argv[1]), [Path(each) for each in sys.argv[2:]])))
