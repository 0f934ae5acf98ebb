"""Sleep sessions of Mi Fitness: one record a session, its stages inside.

Device facts (Mi Fitness exports, checked by others against Health Connect; Gadgetbridge for the
stage codes): Time is the moment of waking, not of falling asleep. `timezone` counts quarter hours.
Durations are minutes, `bed_duration` alone is seconds. `bedtime` and `wake_up_time` are what the
app shows, `device_bedtime` and `device_wake_up_time` what the band measured before corrections.
Short daytime sleep comes without stages (`has_stage` false, no items); its stage minutes are then 0
and mean "not known".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa

from pdp.formats import Rows, UnreadRecord
from pdp.formats.mi_fitness.records import MAX_TEXT
from pdp.formats.mi_fitness.values import TIME_SLACK_S, ValueFaultError, instant_ms, number, read_object, read_time
from pdp.reconcile import STAGES, UNKNOWN_STAGE, StatedSession, prove_stages
from pdp.schemas import DICTIONARY

SLEEP_KEYS = ("sleep", "watch_night_sleep")
STAGE_OF = {2: "deep", 3: "light", 4: "rem", 5: "awake"}  # `state`; the same in Gadgetbridge
MINUTE_MS = 60_000
QUARTER_MIN = 15
QUARTER_HOURS = (-48, 56)  # UTC-12 to UTC+14
MAIN_SLEEP_MIN = 180  # the records carry no mark for naps; our line, shorter than any night and longer than a nap


@dataclass(frozen=True)
class Interval:
    """One stage: [start, end) in ms since 1970 UTC, and the vendor's code."""

    start_ms: int
    end_ms: int
    state: int


@dataclass(frozen=True)
class Session:
    """One sleep record.

    Attributes:
        start_ms, end_ms: ms since 1970 UTC.
        offset_min: As recorded; None where it isn't.
        minutes: Stage to stated minutes; empty where the session is not staged.
        duration_min: `duration` as stated.
        is_main: False for a nap.
        stages: In the record's order.
        faults: Of the whole record: episode and stages.
        episode_flags, episode_faults: Of the episode alone.
    """

    member: str
    row: int
    device: str
    start_ms: int
    end_ms: int
    offset_min: int | None
    minutes: dict[str, float]
    duration_min: float | None
    is_main: bool
    stages: tuple[Interval, ...]
    faults: tuple[str, ...] = ()
    episode_flags: tuple[str, ...] = ()
    episode_faults: tuple[str, ...] = ()

    @property
    def asleep_min(self) -> float | None:
        """Minutes asleep as the vendor states them: deep, light and rem, else the duration."""
        stated = [self.minutes[stage] for stage in ("deep", "light", "rem") if stage in self.minutes]
        return sum(stated) if stated else self.duration_min

    def with_fault(self, fault: str) -> Session:
        return replace(self, faults=(*self.faults, fault))


@dataclass
class ReadSession:
    """A record read: no session where it says there was none; what of it could not be read."""

    session: Session | None = None
    unread: list[UnreadRecord] = field(default_factory=list)


def read_session(member: str, record: dict[str, Any]) -> ReadSession:
    """One record with the columns row, Sid, Key, Time, Value. Never raises: faults are unread records."""
    text = f"{record['Key']},{record['Time']},{record['Value']}"[:MAX_TEXT]
    try:
        value = read_object(record["Value"])
        start = _first(value, "bedtime", "device_bedtime")
        both = (instant_ms(value, name) for name in ("wake_up_time", "device_wake_up_time"))
        wakes = [wake for wake in both if wake is not None]
        end = wakes[0] if wakes else None
        time = read_time(record["Time"], tuple(wake / 1000 for wake in wakes))
        minutes = _stage_minutes(value)
        duration = number(value, "duration")
        if start is None and end is None and not duration and not minutes and not value.get("items"):
            return ReadSession()
        if start is None:
            raise ValueFaultError("missing_value", '"bedtime" is not in Value.')
        if start == end and not minutes:
            return ReadSession()  # a placeholder for a night without data
        offset, fault = _offset(value)
        stages, broken = _stages(value)
    except ValueFaultError as error:
        return ReadSession(None, [UnreadRecord(record["row"], error.reason, error.detail, text)])
    if end is None:
        end = time
    faults = [fault] if fault else []
    if wakes and not any(abs(wake - time) <= TIME_SLACK_S * 1000 for wake in wakes):
        faults.append(f"time_mismatch: Time {time // 1000}, wake_up_time {end // 1000}")
    session = Session(
        member=member,
        row=record["row"],
        device=record["Sid"],
        start_ms=start,
        end_ms=end,
        offset_min=offset,
        minutes=minutes,
        duration_min=duration,
        is_main=record["Key"] == "watch_night_sleep" or end - start >= MAIN_SLEEP_MIN * MINUTE_MS,
        stages=tuple(stages),
        faults=tuple(faults),
    )
    unread = (
        [UnreadRecord(record["row"], "bad_stage", f"{broken} of its stages can't be read.", text)] if broken else []
    )
    return ReadSession(session, unread)


def _first(value: dict[str, Any], *names: str) -> int | None:
    return next((found for name in names if (found := instant_ms(value, name)) is not None), None)


def _stage_minutes(value: dict[str, Any]) -> dict[str, float]:
    stated = {stage: number(value, f"sleep_{stage}_duration") for stage in STAGES}
    if not any(stated[stage] for stage in ("deep", "light", "rem")):
        return {}
    if value.get("has_rem") is False and not stated["rem"]:
        stated["rem"] = None  # a device that can't tell
    return {stage: minutes for stage, minutes in stated.items() if minutes is not None}


def _offset(value: dict[str, Any]) -> tuple[int | None, str]:
    """UTC offset in minutes, or the fault that it can't be one."""
    found = number(value, "timezone")
    return (None, "") if found is None else offset_of(found)


def offset_of(timezone: float) -> tuple[int | None, str]:
    """Minutes east of UTC from the vendor's quarter hours; a number too large for them is minutes."""
    low, high = QUARTER_HOURS
    if timezone == int(timezone):
        if low <= timezone <= high:
            return int(timezone) * QUARTER_MIN, ""
        if low * QUARTER_MIN <= timezone <= high * QUARTER_MIN and timezone % QUARTER_MIN == 0:
            return int(timezone), ""
    return None, f"timezone_impossible: timezone {timezone:.6g} is neither quarter hours nor minutes"


def _stages(value: dict[str, Any]) -> tuple[list[Interval], int]:
    """The stages, and how many items are broken."""
    items = value.get("items") or []
    if not isinstance(items, list):
        return [], 1
    stages: list[Interval] = []
    for item in items:
        try:
            if not isinstance(item, dict):
                continue
            start, end, state = instant_ms(item, "start_time"), instant_ms(item, "end_time"), number(item, "state")
        except ValueFaultError:
            continue
        if start is not None and end is not None and state is not None and state == int(state):
            stages.append(Interval(start, end, int(state)))
    return stages, len(items) - len(stages)


def tables(sessions: Sequence[Session]) -> list[Rows]:
    """Sessions and their stages, proved against each other, as rows; one Rows per member and measure."""
    owned = [(i, stage) for i, session in enumerate(sessions) for stage in session.stages]
    codes = [STAGES.index(STAGE_OF[stage.state]) if stage.state in STAGE_OF else UNKNOWN_STAGE for _, stage in owned]
    proof = prove_stages(
        [StatedSession(item.start_ms, item.end_ms, item.minutes, item.device) for item in sessions],
        [i for i, _ in owned],
        [stage.start_ms for _, stage in owned],
        [stage.end_ms for _, stage in owned],
        codes,
    )
    rows: list[Rows] = []
    for member in dict.fromkeys(session.member for session in sessions):
        mine = [session for session in sessions if session.member == member]
        rows.append(Rows("sleep_episode", member, "utc", "sensed", _table([_episode(item) for item in mine], _EPISODE)))
        stages = [
            {
                **_common(sessions[i], stage.start_ms, stage.end_ms),
                "stage": STAGE_OF.get(stage.state),
                "flags": flag or None,
                "fault": _joined(
                    *sessions[i].faults,
                    "" if stage.state in STAGE_OF else f"stage_code_unknown: state {stage.state} is not 2, 3, 4 or 5",
                    fault,
                ),
            }
            for (i, stage), fault, flag in zip(owned, proof.faults, proof.flags, strict=True)
            if sessions[i].member == member
        ]
        if stages:
            rows.append(Rows("sleep_stage", member, "utc", "sensed", _table(stages, _STAGE)))
    return rows


_BASE = [
    ("row", pa.int32()),
    ("start", pa.timestamp("ms")),
    ("end", pa.timestamp("ms")),
    ("utc_offset_min", pa.int16()),
    ("offset_from", pa.timestamp("ms")),
    ("offset_to", pa.timestamp("ms")),
    ("device", DICTIONARY),
    ("flags", DICTIONARY),
    ("fault", DICTIONARY),
]
_EPISODE = pa.schema(
    [
        *_BASE,
        ("total_sleep_time_min", pa.float64()),
        *((f"{stage}_min", pa.float64()) for stage in STAGES),
        ("is_main_sleep", pa.bool_()),
    ]
)
_STAGE = pa.schema([*_BASE, ("stage", DICTIONARY)])


def _table(rows: list[dict[str, Any]], schema: pa.Schema) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=schema)


def _common(session: Session, start_ms: int, end_ms: int) -> dict[str, Any]:
    return {
        "row": session.row,
        "start": start_ms,
        "end": end_ms,
        "utc_offset_min": session.offset_min,
        "offset_from": session.start_ms,
        "offset_to": session.end_ms,
        "device": session.device,
    }


def _episode(session: Session) -> dict[str, Any]:
    return {
        **_common(session, session.start_ms, session.end_ms),
        "total_sleep_time_min": session.asleep_min,
        **{f"{stage}_min": session.minutes.get(stage) for stage in STAGES},
        "is_main_sleep": session.is_main,
        "flags": ";".join(sorted(session.episode_flags)) or None,
        "fault": _joined(*session.faults, *session.episode_faults),
    }


def _joined(*faults: str) -> str | None:
    """The first fault; a row is rejected for one reason."""
    return next((fault for fault in faults if fault), None)
