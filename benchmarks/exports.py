"""Heart-rate exports of any size, made the way Zepp Life writes them: `date,time,heartRate`, local wall clock.

Four plain CSV files of equal length (an unpacked HEARTRATE_AUTO each; unpacking a zip costs everyone the
same). Each covers two fifths of the whole time and so overlaps its neighbours by half: 100 rows tell of
62.5 instants. Local days are out of order within every ten days. One sample per 5 seconds, because the one per
minute that the band writes would need 120 years for 100 M rows. Among them:

- rows that tell nothing (0 or 255) and rows with an impossible value, one each in a thousand and ten thousand;
- rows that can't be read ("oops" for a value, a 13th month), one in 100,000;
- a sample told again with another value by the newer export, and one told twice by the same export with
  two values, each one in ten thousand.

Clocks are Berlin's. In the hour that occurs twice only the first pass holds samples: without the order of
rows no tool but ours could tell the passes apart, and the results must be equal.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from pdp.store import sha256

ZONE = "Europe/Berlin"
STEP_S = 5
BEGIN_S = int(datetime(2015, 10, 24, 23, 30, tzinfo=UTC).timestamp())  # half an hour before clocks go back
PARTS = 4
DAYS_OUT_OF_ORDER = 10
DAY_S = 86_400
SEED = 20_261_123
NO_DATA, IMPOSSIBLE, UNREADABLE, CORRECTED, TWICE = 1_000, 10_000, 100_000, 10_000, 10_000  # one row in so many

Ints = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]


def write(folder: Path, rows: int, seed: int = SEED) -> list[Path]:
    """Write the exports, in bounded memory, the same bytes for the same arguments.

    Args:
        folder: Made if need be.
        rows: Of all exports together, within a few in a thousand.
        seed: Of everything that looks like chance.
    """
    folder.mkdir(parents=True, exist_ok=True)
    instants = int(rows / 1.6)
    paths = []
    for part in range(PARTS):
        first, last = instants * part // 5, instants * (part + 2) // 5
        unnamed = folder / f"part{part}"
        with unnamed.open("wb") as stream:
            stream.write(b"date,time,heartRate\n")
            for slots in _blocks(first, last):
                stream.write(_lines(slots, part, seed))
        # As in the raw store: the name is the beginning of the digest, and says nothing of the export's age.
        paths.append(unnamed.rename(folder / sha256(unnamed)[:16]))
    return paths


def _blocks(first: int, last: int) -> Iterator[Ints]:
    """Slots of some days at a time; whole local days, more or less, so that every day has its own place."""
    per_block = DAYS_OUT_OF_ORDER * DAY_S // STEP_S
    begin = first // per_block * per_block
    for start in range(begin, last, per_block):
        yield np.arange(max(start, first), min(start + per_block, last), dtype=np.int64)


def _chance(slots: Ints, seed: int, purpose: int) -> Ints:
    """A number below 2**31 for each slot, the same in whichever export and block it comes (splitmix64)."""
    mixed = slots.astype(np.uint64) + np.uint64((seed * 1_000 + purpose) * 0x9E3779B97F4A7C15 % 2**64)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return ((mixed ^ (mixed >> np.uint64(31))) >> np.uint64(33)).astype(np.int64)


def _lines(slots: Ints, part: int, seed: int) -> bytes:
    utc = BEGIN_S + STEP_S * slots
    offset, is_second_pass = _offsets(utc)
    local = utc + offset
    keep = ~is_second_pass
    slots, local = slots[keep], local[keep]
    chance = _chance(slots, seed, 1)
    hour = local % DAY_S / 3_600
    level = 72 - 14 * np.cos((hour - 4) / 24 * 2 * np.pi)
    noise = (chance % 13 + chance // 13 % 13 + chance // 169 % 13) - 18
    value = np.round(level + noise / 2).astype(np.int64)
    fate = _chance(slots, seed, 2)
    value[fate % CORRECTED == 1] += part  # each export tells these differently
    value[fate % NO_DATA == 2] = np.where(chance[fate % NO_DATA == 2] % 2, 0, 255)
    value[fate % IMPOSSIBLE == 3] = 301 + chance[fate % IMPOSSIBLE == 3] % 90
    told_as = np.repeat(np.arange(len(slots)), 1 + (fate % TWICE == 5))
    is_second = np.append(False, told_as[1:] == told_as[:-1])
    text = _text(local[told_as], value[told_as] + 2 * is_second)
    is_bad, has_word = fate[told_as] % UNREADABLE == 7, chance[told_as] % 2 == 0
    text[is_bad & has_word, 20:24] = np.frombuffer(b"oops", np.uint8)
    text[is_bad & ~has_word, 5:7] = np.frombuffer(b"13", np.uint8)
    place = _chance(local // DAY_S, seed, 3 + part)
    text = text[np.argsort(place[told_as], kind="stable")]
    told: bytes = text[text != 0].tobytes()
    return told


def _offsets(utc: Ints) -> tuple[Ints, npt.NDArray[np.bool_]]:
    """Seconds ahead of UTC, and whether the local time is shown for the second time."""
    zone = ZoneInfo(ZONE)
    hours = np.arange(utc.min() // 3_600 - 1, utc.max() // 3_600 + 1, dtype=np.int64)  # clocks change on whole hours
    ahead = [datetime.fromtimestamp(hour * 3_600, zone).utcoffset() for hour in hours.tolist()]
    seconds = np.array([0 if delta is None else int(delta.total_seconds()) for delta in ahead], np.int64)
    is_back = np.append(False, seconds[1:] < seconds[:-1])
    at = utc // 3_600 - hours[0]
    return seconds[at], is_back[at]


def _text(local: Ints, value: Ints) -> Bytes:
    """uint8[n, 25]: "2015-10-25,01:30:00,72" and a line end; 0 where there is no byte."""
    text = np.zeros((len(local), 25), np.uint8)
    day, second = local // DAY_S, local % DAY_S
    first = int(day.min())
    dates = (np.arange(first, int(day.max()) + 1)).astype("datetime64[D]").astype("S10")
    text[:, :10] = dates.view(np.uint8).reshape(-1, 10)[day - first]
    text[:, 10] = text[:, 19] = ord(",")
    text[:, 11:19] = _CLOCK[second]
    text[:, 20:23] = _NUMBERS[value]
    text[:, 24] = ord("\n")
    return text


def _digits(texts: list[str], width: int) -> Bytes:
    return np.array(texts, f"S{width}").view(np.uint8).reshape(-1, width)


_CLOCK = _digits([f"{s // 3_600:02}:{s // 60 % 60:02}:{s % 60:02}" for s in range(DAY_S)], 8)
_NUMBERS = _digits([str(n) for n in range(1_000)], 3)


if __name__ == "__main__":
    write(Path(sys.argv[1]), int(sys.argv[2]))
