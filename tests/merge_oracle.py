"""The merge once more, in plain slow Python, one row at a time: what the fast one is measured against."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

MINUTE = 60_000
DAY = 86_400_000

VALUES = {
    "heart_rate": ("heart_rate_bpm", "context"),
    "step_count": ("end", "steps"),
    "sleep_stage": ("stage",),
    "sleep_episode": ("total_sleep_time_min", "light_min", "deep_min", "rem_min", "awake_min", "is_main_sleep"),
    "blood_pressure": ("systolic_mmhg", "diastolic_mmhg", "pulse_bpm", "body_posture", "measurement_location", "note"),
}


@dataclass
class Fate:
    row: dict[str, Any]
    reason: str = ""

    def __getattr__(self, name: str) -> Any:
        return self.row[name]

    @property
    def stop(self) -> int:
        return max(self.start if self.end is None else self.end, self.start + 1)

    @property
    def device_key(self) -> tuple[str, str]:
        return self.source, self.device

    @property
    def file(self) -> tuple[str, str]:
        return self.source, self.export

    def overlaps(self, other: Fate) -> bool:
        return bool(self.start < other.stop and other.start < self.stop)


def identity(measure: str, row: Fate) -> tuple[Any, ...]:
    if measure == "heart_rate":
        return (*row.device_key, row.start, row.context == "resting")
    if measure == "step_count":
        return (*row.device_key, row.start)
    if measure == "sleep_stage":
        return (*row.device_key, row.start, row.end, row.stage == "in_bed")
    if measure == "sleep_episode":
        return (*row.device_key, row.start, row.end)
    return (*row.device_key, row.start, row.systolic_mmhg, row.diastolic_mmhg, row.pulse_bpm)


def resolve(measure: str, rows: Sequence[dict[str, Any]], priority: Sequence[str], fusion_min: int) -> list[Fate]:
    """Fates of rows, in the order given: reason "" for those that stand. Without twins."""
    fates = [Fate(row) for row in rows]
    last: dict[tuple[str, str], int] = defaultdict(int)
    for row in fates:
        last[row.file] = max(last[row.file], row.start, row.end or row.start)
    newness = {file: (start, file[1]) for file, start in last.items()}
    sources = {row.export: {other.source for other in fates if other.export == row.export} for row in fates}

    def place(row: Fate) -> int:
        exact, whole = f"{row.source}/{row.device}", row.source
        found = priority.index(exact) if exact in priority else len(priority)
        return priority.index(whole) if found == len(priority) and whole in priority else found

    def readings(source: str, device: str) -> dict[int, int]:
        mine = [row for row in fates if row.device_key == (source, device)]
        by_day: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        for row in mine:
            by_day[row.start // DAY][row.export] += 1
        return {day: max(exports.values()) for day, exports in by_day.items()}

    places = {row.device_key: place(row) for row in fates}
    days = {key: readings(*key) for key in places}

    def rank(row: Fate) -> tuple[Any, ...]:
        mine, where = days[row.device_key], places[row.device_key]
        rivals = [k for k, p in places.items() if p == where and k[0] == row.source and k != row.device_key]
        shared = sum(n for day, n in mine.items() if any(day in days[rival] for rival in rivals))
        return where, row.source, -shared, -sum(mine.values()), row.device

    best_source = {source: min(rank(row) for row in fates if row.source == source) for source, _ in places}
    for row in fates:
        if len(sources[row.export]) > 1:
            same = [
                other
                for other in fates
                if (other.export, other.member, other.row_number) == (row.export, row.member, row.row_number)
                and identity(measure, other)[2:] == identity(measure, row)[2:]
            ]
            if best_source[row.source] > min(best_source[other.source] for other in same):
                row.reason = "duplicate"

    groups: dict[tuple[Any, ...], list[Fate]] = defaultdict(list)
    for row in fates:
        groups[identity(measure, row)].append(row)
    for group in groups.values():
        newest = max(newness[row.file] for row in group)
        winner = min(
            (row for row in group if newness[row.file] == newest),
            key=lambda row: (row.end is not None, row.end or 0, row.member, row.row_number),
        )
        for row in group:
            if row is not winner:
                same = all(row.row[name] == winner.row[name] for name in VALUES[measure])
                row.reason = "duplicate" if same else "conflict"

    def standing() -> list[Fate]:
        return [row for row in fates if not row.reason]

    if measure.startswith("sleep"):
        kept: list[Fate] = []
        for file in sorted(last, key=newness.__getitem__, reverse=True):
            mine = [row for row in standing() if row.file == file]
            for row in mine:
                rivals = [
                    other
                    for other in kept
                    if other.device_key == row.device_key
                    and (measure == "sleep_episode" or (other.stage == "in_bed") == (row.stage == "in_bed"))
                ]
                if any(row.overlaps(other) for other in rivals):
                    row.reason = "conflict"
            kept += [row for row in mine if not row.reason]

    best_first = sorted({rank(row) for row in fates})
    gap = fusion_min * MINUTE
    if measure == "heart_rate":
        slots: dict[Any, list[Fate]] = defaultdict(list)
        for row in standing():
            is_resting = row.context == "resting"
            slots[is_resting, (row.start + row.offset * MINUTE) // DAY if is_resting else row.start // gap].append(row)
        for members in slots.values():
            best = min(map(rank, members))
            for row in members:
                row.reason = "" if rank(row) == best else "other_device"
    elif measure == "step_count":
        claimed: set[int] = set()
        for one in best_first:
            mine = [row for row in standing() if rank(row) == one]
            touched: dict[int, set[int]] = {}
            for row in mine:
                is_long = row.end is not None and row.end - row.start > gap
                final = (row.end - 1) // gap if is_long else row.start // gap
                touched[id(row)] = set(range(row.start // gap, final + 1))
                if touched[id(row)] & claimed:
                    row.reason = "other_device"
            for row in mine:
                claimed |= touched[id(row)] if not row.reason else set()
    elif measure == "blood_pressure":
        ordered = sorted(standing(), key=lambda row: row.start)
        sessions: list[list[Fate]] = []
        for row in ordered:
            if sessions and row.start - sessions[-1][-1].start <= gap:
                sessions[-1].append(row)
            else:
                sessions.append([row])
        for session in sessions:
            best = min(map(rank, session))
            for row in session:
                row.reason = "" if rank(row) == best else "other_device"
    else:
        taken: list[tuple[int, int]] = []
        for one in best_first:
            mine = sorted((row for row in standing() if rank(row) == one), key=lambda row: row.start)
            episodes: list[list[Fate]] = []
            for row in mine:
                if episodes and row.start <= max(other.stop for other in episodes[-1]) + gap:
                    episodes[-1].append(row)
                else:
                    episodes.append([row])
            spans = [(episode[0].start, max(row.stop for row in episode)) for episode in episodes]
            before = list(taken)
            for episode, (start, stop) in zip(episodes, spans, strict=True):
                if any(start <= end + gap and begin <= stop + gap for begin, end in before):
                    for row in episode:
                        row.reason = "other_device"
                else:
                    taken.append((start, stop))
    return fates
