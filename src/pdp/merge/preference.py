"""Which device speaks first, as long as nobody has said so: content decides, never arrival.

Sources are asked in the order of priority, then by name. Inside one source a phone often counts beside the
watch of the same account, and more seldom; names say nothing of that (they may be serial numbers). So the device
with the most readings of the measure goes first. Only days that several devices of the source tell are counted at
first: ten years of a phone alone don't make it better than the watch where both were worn.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from pdp import tables
from pdp.tables import columns
from pdp.vocabulary import DAY_MS

Device = tuple[str, ...]  # source and device
Days = dict[int, int]  # day number (UTC) to readings


def in_order(paths: Sequence[Path], priority: Sequence[str]) -> list[Device]:
    """Every device in these tables of one measure, the preferred first.

    Args:
        paths: Validated tables, one per export; their order does not matter.
        priority: "source" or "source/device", best first; the device's own entry counts before its source's.

    Returns:
        By priority; then by source; then inside one source by readings, see above; then by name.
    """
    devices_of = {path: tables.distinct(path, "source", "device") for path in paths}
    devices = sorted(set().union(*devices_of.values()))
    places = {name: place for place, name in reversed(list(enumerate(priority)))}

    def place(device: Device) -> int:
        source, name = device
        return places.get(f"{source}/{name}", places.get(source, len(places)))

    rivals: defaultdict[tuple[int, str], set[Device]] = defaultdict(set)
    for device in devices:
        rivals[place(device), device[0]].add(device)
    tied = set().union(*(group for group in rivals.values() if len(group) > 1))
    readings = _readings([path for path in paths if devices_of[path] & tied]) if tied else {}

    def preference(device: Device) -> tuple[int, str, int, int, Device]:
        mine = readings.get(device, {})
        others = [readings.get(other, {}) for other in rivals[place(device), device[0]] - {device}]
        shared = sum(count for day, count in mine.items() if any(day in other for other in others))
        return place(device), device[0], -shared, -sum(mine.values()), device

    return sorted(devices, key=preference)


def _readings(paths: Sequence[Path]) -> dict[Device, Days]:
    """Readings of each device by day: as many as the table that tells most of the day has.

    Exports overlap; adding them up would count a device the more, the more often its readings were exported.
    Reads three columns, in pieces.
    """
    most: defaultdict[Device, Days] = defaultdict(dict)
    for path in paths:
        for device, days in _readings_of(path).items():
            for day, count in days.items():
                most[device][day] = max(most[device].get(day, 0), count)
    return most


def _readings_of(path: Path) -> dict[Device, Days]:
    found: defaultdict[Device, Days] = defaultdict(lambda: defaultdict(int))
    for table in tables.batches(path, ["start_utc", "source", "device"]):
        sources, names = columns.words(table["source"]), columns.words(table["device"])
        device = columns.codes(table["source"]).astype(np.int64) * len(names) + columns.codes(table["device"])
        day = columns.integers(table["start_utc"]) // DAY_MS
        first, kinds = int(day.min()), len(sources) * len(names)
        counts = np.bincount((day - first) * kinds + device)
        for cell in np.flatnonzero(counts).tolist():
            number, code = divmod(cell, kinds)
            found[sources[code // len(names)], names[code % len(names)]][first + number] += int(counts[cell])
    return found
