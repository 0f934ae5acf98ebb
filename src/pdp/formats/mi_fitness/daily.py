"""Mi Fitness daily reports: the vendor's own totals, which our decoding must meet.

The Time of a daily report is 00:00 UTC of the local date: a label, not an instant. Reports are known
to lack days and to add up several devices, so one day that differs proves little (a flag) and most
days that differ prove that our reading is wrong (a fault).
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from pdp.formats import UnreadRecord
from pdp.formats.mi_fitness.records import MAX_TEXT
from pdp.formats.mi_fitness.sleep import Session, offset_of
from pdp.formats.mi_fitness.values import TIME_SLACK_S, ValueFaultError, instant_ms, number, read_object, read_time
from pdp.reconcile import is_refuted, prove_totals

DAILY_TAG = "daily_report"
PROVING_KEYS = ("sleep", "steps")
DAY_MS = 86_400_000
DAILY_TOTAL_DIFFERS = "daily_total_differs"  # the flag


@dataclass(frozen=True)
class Segment:
    """One session as a daily report lists it. `day` counts from 1970-01-01."""

    day: int
    end_ms: int
    offset_min: int | None


@dataclass
class DailyReports:
    """What the reports of an export state; days count from 1970-01-01, local dates.

    Attributes:
        sleep_min: Day to stated minutes asleep (several devices: the largest).
        steps: Day to stated steps (the largest).
        segments: Sessions as listed, any order.
    """

    sleep_min: dict[int, float] = field(default_factory=dict)
    steps: dict[int, float] = field(default_factory=dict)
    segments: list[Segment] = field(default_factory=list)

    def add(self, record: dict[str, Any]) -> UnreadRecord | None:
        """Take in one daily_report of sleep or steps (columns row, Key, Time, Value); its fault if it has one."""
        try:
            time = read_time(record["Time"])
            if time % DAY_MS:
                raise ValueFaultError("bad_time", "Time of a daily report is not the beginning of a day.")
            value = read_object(record["Value"])
            day = time // DAY_MS
            if record["Key"] == "steps":
                _keep_largest(self.steps, day, number(value, "steps"))
            else:
                _keep_largest(self.sleep_min, day, number(value, "total_duration"))
                self.segments += _segments(value, day)
        except ValueFaultError as fault:
            text = f"{record['Key']},{record['Time']},{record['Value']}"[:MAX_TEXT]
            return UnreadRecord(record["row"], fault.reason, fault.detail, text)
        return None


def _keep_largest(totals: dict[int, float], day: int, value: float | None) -> None:
    if value is not None and value > 0:
        totals[day] = max(totals.get(day, 0), value)


def _segments(value: dict[str, Any], day: int) -> list[Segment]:
    listed = value.get("segment_details")
    found = []
    for item in listed if isinstance(listed, list) else []:
        if not isinstance(item, dict):
            continue
        end, timezone = instant_ms(item, "wake_up_time"), number(item, "timezone")
        if end is not None:
            found.append(Segment(day, end, None if timezone is None else offset_of(timezone)[0]))
    return found


def proved_sleep(sessions: Sequence[Session], reports: DailyReports) -> list[Session]:
    """The sessions with what the daily reports say against them.

    - The report lists the same session (same waking) with another offset: fault offset_mismatch.
    - Most listed sessions end, by their offset, on another date than the report's: fault
      offset_unproved for every session with an offset.
    - A day's minutes asleep differ: flag on that day's episodes; on most days: fault
      sleep_total_unproved on every episode.
    """
    found = _proved_offsets(list(sessions), reports)
    of_day: dict[int, list[int]] = defaultdict(list)
    for i, session in enumerate(found):
        if session.offset_min is not None:
            of_day[(session.end_ms + session.offset_min * 60_000) // DAY_MS].append(i)
    proof = prove_totals(
        {_date(day): _sums([found[i] for i in places]) for day, places in sorted(of_day.items())},
        {_date(day): total for day, total in reports.sleep_min.items()},
        rule="sleep_total_unproved",
        unit="min",
    )
    if proof.fault:
        return [replace(session, episode_faults=(proof.fault,)) for session in found]
    for day, places in of_day.items():
        if _date(day) in proof.differing:
            for i in places:
                found[i] = replace(found[i], episode_flags=(DAILY_TOTAL_DIFFERS,))
    return found


def _date(day: int) -> str:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=day)).date().isoformat()


def _sums(sessions: Sequence[Session]) -> list[float]:
    """Sums that could each be the stated total: of every device and of all, naps in and out.

    A night that stands under two keys (sleep, watch_night_sleep) or that two devices recorded counts
    once: of overlapping sessions the longest.
    """
    sums: list[float] = []
    for device in (None, *dict.fromkeys(session.device for session in sessions)):
        mine = [session for session in sessions if device in (None, session.device)]
        once: list[Session] = []
        for session in sorted(mine, key=lambda item: (item.start_ms - item.end_ms, item.row)):
            if all(session.end_ms <= other.start_ms or other.end_ms <= session.start_ms for other in once):
                once.append(session)
        for chosen in (once, [session for session in once if session.is_main]):
            sums.append(sum(session.asleep_min or 0 for session in chosen))
            sums.append(sum(session.duration_min or 0 for session in chosen))
    return [total for total in dict.fromkeys(sums) if total > 0]


def _proved_offsets(sessions: list[Session], reports: DailyReports) -> list[Session]:
    known = [segment for segment in reports.segments if segment.offset_min is not None]
    wrong = [item for item in known if (item.end_ms + (item.offset_min or 0) * 60_000) // DAY_MS != item.day]
    if is_refuted(len(wrong), len(known)):
        first = wrong[0]
        fault = (
            f"offset_unproved: {len(wrong)} of {len(known)} listed sessions end on another date than their report's, "
            f"the first at offset {first.offset_min} min on {_date(first.day)}"
        )
        return [session if session.offset_min is None else session.with_fault(fault) for session in sessions]
    known.sort(key=lambda item: item.end_ms)
    ends = [item.end_ms for item in known]
    proved = []
    for session in sessions:
        at = bisect_left(ends, session.end_ms - TIME_SLACK_S * 1000)
        listed = known[at] if at < len(known) and ends[at] <= session.end_ms + TIME_SLACK_S * 1000 else None
        if listed and session.offset_min is not None and listed.offset_min != session.offset_min:
            figures = f"{session.offset_min} min by session, {listed.offset_min} min by daily report"
            session = session.with_fault(f"offset_mismatch: {figures}")
        proved.append(session)
    return proved


def step_faults(
    devices: Sequence[str],
    device: npt.NDArray[np.int32],
    start_ms: npt.NDArray[np.int64],
    steps: npt.NDArray[np.int32],
    sessions: Sequence[Session],
    reports: DailyReports,
) -> dict[str, str]:
    """Devices whose steps exceed the daily reports on most days, each with its fault.

    A report adds up all devices, so only more than the report is a contradiction. Local days come
    from the offsets that the sleep sessions and the reports record, the nearest in time; without
    any, nothing can be compared.

    Args:
        devices: Names.
        device, start_ms, steps: n samples, any order; device is a position in `devices`; a repeated
            (device, time) counts once.
    """
    stated = [(item.end_ms, item.offset_min) for item in sessions]
    stated += [(item.end_ms, item.offset_min) for item in reports.segments]
    offsets = sorted({end: offset for end, offset in stated if offset is not None}.items())
    if not offsets or not reports.steps or not len(start_ms):
        return {}
    at = np.array([end for end, _ in offsets], np.int64)
    minutes = np.array([offset for _, offset in offsets], np.int64)
    middle = (at[1:] + at[:-1]) // 2
    day = (start_ms + minutes[np.searchsorted(middle, start_ms)] * 60_000) // DAY_MS
    faults: dict[str, str] = {}
    for place, name in enumerate(devices):
        mine = device == place
        _, first = np.unique(start_ms[mine], return_index=True)
        days, inverse = np.unique(day[mine][first], return_inverse=True)
        sums = np.bincount(inverse, weights=steps[mine][first])
        proof = prove_totals(
            {_date(int(d)): [float(total)] for d, total in zip(days, sums, strict=True)},
            {_date(d): total for d, total in reports.steps.items()},
            rule="step_total_unproved",
            unit="steps",
            most_only=True,
        )
        if proof.fault:
            faults[name] = proof.fault
    return faults
