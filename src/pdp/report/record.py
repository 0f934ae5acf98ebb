"""How good the record is: devices, days with a reading, what the numbers say of how readings are taken."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date

import numpy as np
import pyarrow as pa

from pdp.home_bp import Readings
from pdp.report import model
from pdp.summarize.daily import EPOCH, day_numbers, local_ms

DAYS = 90
LONGEST_SENTENCE = 130
HABITS = ("last_digit", "below_threshold", "after_pause", "first_of_sitting")  # what most shakes an average, first


def devices(readings: pa.Table, last: date | None) -> tuple[model.Device, ...]:
    """Of the last 90 days, the one with the most readings first; where a source names no device, the source."""
    if last is None:
        return ()
    is_recent = day_numbers(local_ms(readings)) > (last - EPOCH).days - DAYS
    recent = readings.filter(pa.array(is_recent.tolist()))
    columns = (recent[name].cast(pa.string()).to_pylist() for name in ("device", "source", "modality"))
    found = Counter(
        (device or source, modality == "self_reported") for device, source, modality in zip(*columns, strict=True)
    )
    ranked = sorted(found.items(), key=lambda each: (-each[1], each[0]))
    return tuple(model.Device(name, is_typed, n) for (name, is_typed), n in ranked)


def habits(table: pa.Table) -> tuple[str, ...]:
    """What the checks found, without brackets; missing mornings and evenings have a line of their own."""
    told = [
        (place, _short(row["sentence"]))
        for row in table.to_pylist()
        for place, check in enumerate(HABITS)
        if row["verdict"] in ("seen", "even_only") and row["sentence"] and row["check"].startswith(check)
    ]
    return tuple(sentence for _, sentence in sorted(told, key=lambda each: each[0]))


def _short(sentence: str) -> str:
    plain = re.sub(r"\s*\([^)]*\)", "", sentence)
    if len(plain) <= LONGEST_SENTENCE:
        return plain
    ends = [match.end() for match in re.finditer(r"[.;:](?= )", plain[:LONGEST_SENTENCE])]
    return plain[: ends[-1] - 1] + "." if ends else plain[:LONGEST_SENTENCE].rsplit(" ", 1)[0] + " …"


def n_days(readings: Readings, last: date | None) -> int:
    """Of the last 90 days, those with a reading."""
    if last is None:
        return 0
    days = np.unique(readings.day)
    return int(np.sum(days > (last - EPOCH).days - DAYS))
