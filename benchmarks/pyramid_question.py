"""What the pyramid of heart rate costs: time and memory to build it, and how long a chart waits for a stretch of it."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from benchmarks.processes import Watch, environment
from benchmarks.text_table import megabytes, seconds, table
from pdp import pyramid, schemas, tables
from pdp.tables.columns import constant, to_arrow

ROOT = Path(__file__).parents[1]
STEP_MS = 5_000
BEGIN_MS = 1_500_000_000_000
BLOCK = 1_000_000
ASKED = 300  # stretches of ten minutes to all there is, at random


def tell(folder: Path, sizes: Sequence[int]) -> str:
    """The table. What is generated is deleted again."""
    lines = []
    for size in sizes:
        place = folder / f"pyramid-{size}"
        place.mkdir()
        with Watch(environment(ROOT / "src", ROOT), folder) as watch:
            watch.run([sys.executable, "-m", __name__, "write", str(place), str(size)])
            built = watch.run([sys.executable, "-m", __name__, "build", str(place), str(size)])
            asked = watch.run([sys.executable, "-m", __name__, "ask", str(place), str(size)])
        waits = json.loads((place / "waits.json").read_text(encoding="utf-8"))
        p50, p95 = (f"{1_000 * wait:.1f} ms" for wait in np.quantile(waits, [0.5, 0.95]).tolist())
        bytes_of = sum(path.stat().st_size for path in place.glob("heart_rate_*.parquet"))
        made = [seconds(built.wall_s), megabytes(built.largest), megabytes(bytes_of)]
        lines.append([f"{size:,}", *made, p50, p95, megabytes(asked.largest)])
        for path in place.iterdir():
            path.unlink()
        place.rmdir()
    head = ["samples", "build", "memory", "on disk", "wait p50", "p95", "memory"]
    notes = [
        f"A sample every {STEP_MS // 1000} s. Wait: {ASKED} stretches of ten minutes to all there is, <= 1,500 rows."
    ]
    return table("Pyramid of heart rate", head, lines, notes)


def write(place: Path, size: int) -> None:
    """A merged table of `size` samples."""
    writer = tables.SortingWriter(place / "heart_rate.parquet", schemas.validated("heart_rate"))
    chance = np.random.default_rng(0)
    words = {"offset_basis": "ledger", "source": "band", "device": "", "modality": "sensed", "export": "0" * 16}
    for begin in range(0, size, BLOCK):
        number = np.arange(begin, min(begin + BLOCK, size))
        beats = 70 + 15 * np.sin(number * STEP_MS / 13_750_000) + chance.normal(0, 8, len(number))
        columns = {
            "start_utc": to_arrow(BEGIN_MS + number * STEP_MS, pa.timestamp("ms", tz="UTC")),
            "utc_offset_min": to_arrow(np.full(len(number), 60, np.int16)),
            "heart_rate_bpm": to_arrow(np.round(beats).clip(40, 180).astype(np.float32)),
            "row": to_arrow((number + 2).astype(np.int32)),
            **{name: constant(word, len(number)) for name, word in words.items()},
            "member": constant("HEARTRATE.csv", len(number)),
            "context": constant("automatic", len(number)),
        }
        writer.write(pa.table(columns))
    writer.close()


def build(place: Path, size: int) -> None:
    """The pyramid of it."""
    out = {level.table: place / f"{level.table}.parquet" for level in pyramid.LEVELS}
    made = pyramid.build(place / "heart_rate.parquet", out)
    assert made["heart_rate_1min"] == -(-size * STEP_MS // 60_000)


def ask(place: Path, size: int) -> None:
    """Stretches of it, and how long each took."""
    files = {level.name: place / f"{level.table}.parquet" for level in pyramid.LEVELS}
    files[pyramid.RAW] = place / "heart_rate.parquet"
    chance = np.random.default_rng(1)
    whole = size * STEP_MS
    waits = []
    for _ in range(ASKED):
        span = int(np.exp(chance.uniform(np.log(600_000), np.log(whole))))
        first = BEGIN_MS + int(chance.uniform(0, whole - span))
        started = time.perf_counter()
        _, found = pyramid.heart_rate_window(files, first, first + span)
        waits.append(time.perf_counter() - started)
        assert 0 < len(found) <= pyramid.MAX_POINTS
    (place / "waits.json").write_text(json.dumps(waits), encoding="utf-8")


if __name__ == "__main__":
    {"write": write, "build": build, "ask": ask}[sys.argv[1]](Path(sys.argv[2]), int(sys.argv[3]))
