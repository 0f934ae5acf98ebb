"""Nights and naps as the watch saw them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from generator import clock
from generator.chance import Chance
from generator.person import AWAKE, DEEP, LIGHT, REM, Sleep, live
from generator.watch_export import FIRST, LAST, WATCH, Row, is_worn

STATES = {DEEP: 2, LIGHT: 3, REM: 4, AWAKE: 5}
UNRECONCILED = date(2025, 8, 19)  # deep sleep stated 45 minutes longer than the items say
WITHOUT_ITEMS = date(2025, 9, 24)  # a night without stages


def nights() -> Iterator[tuple[Sleep, int]]:
    """Nights as the watch saw them, and the minutes of deep sleep it states."""
    for night in live().nights:
        if FIRST < night.wake_date <= LAST and is_worn(night.start) and is_worn(night.end):
            seen = _seen(night)
            yield seen, seen.minutes(DEEP) + (45 if night.wake_date == UNRECONCILED else 0)


def _seen(night: Sleep) -> Sleep:
    """The same night through another sensor: every boundary up to five minutes off."""
    chance = Chance(f"watch night {night.wake_date}")
    edges = [start + chance.whole(-4, 5) for start, _, _ in night.stages] + [night.end + chance.whole(-6, 5)]
    for index in range(1, len(edges)):
        edges[index] = max(edges[index], edges[index - 1] + 1)
    states = [LIGHT if state == REM and chance.happens(0.08) else state for _, _, state in night.stages]
    stages = tuple(zip(edges[:-1], edges[1:], states, strict=True))
    return Sleep(night.wake_date, edges[0], edges[-1], stages)


def summary(sleep: Sleep, deep: int) -> dict[str, object]:
    """What the fitness data and the segments of the daily report say alike; minutes."""
    beats = [round(live().heart_at(at) + 1.3) for at in range(sleep.start, sleep.end, 5)]
    return {
        "avg_hr": round(sum(beats) / len(beats)),
        "bedtime": sleep.start * 60,
        "sleep_deep_duration": deep,
        "duration": sleep.asleep,
        "sleep_light_duration": sleep.minutes(LIGHT),
        "max_hr": max(beats),
        "min_hr": min(beats),
        "sleep_rem_duration": sleep.minutes(REM),
        "timezone": clock.offset(sleep.end) // 15,
        "awake_count": sum(state == AWAKE for _, _, state in sleep.stages),
        "sleep_awake_duration": sleep.minutes(AWAKE),
        "wake_up_time": sleep.end * 60,
    }


def rows() -> Iterator[Row]:
    for night, deep in nights():
        quirks = ["stages_not_reconciled"] if night.wake_date == UNRECONCILED else []
        if clock.offset(night.end) == -240:
            quirks.append("zone_of_the_trip")
        items = [
            {"end_time": end * 60, "state": STATES[state], "start_time": start * 60}
            for start, end, state in night.stages
        ]
        has_stage = night.wake_date != WITHOUT_ITEMS
        value = summary(night, deep) | {
            "device_bedtime": night.start * 60,
            "device_wake_up_time": night.end * 60,
            "bed_timestamp": night.start * 60,
            "has_rem": has_stage,
            "has_stage": has_stage,
        }
        if has_stage:
            value["items"] = items
        else:
            quirks.append("night_without_items")
        yield "sleep", WATCH, night.end * 60, value, tuple(quirks)
    for nap in naps():
        value = {
            "bedtime": nap.start * 60,
            "wake_up_time": nap.end * 60,
            "duration": nap.asleep,
            "timezone": clock.offset(nap.end) // 15,
            "has_stage": False,
        }
        yield "sleep", WATCH, nap.end * 60, value, ("nap_without_items",)


def naps() -> Iterator[Sleep]:
    return (nap for nap in live().naps if FIRST <= nap.wake_date <= LAST and is_worn(nap.start))
