"""Heart rate, steps and the keys that are no measure of ours, as the watch and the phone count them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from generator import clock
from generator.chance import Chance
from generator.person import START, live
from generator.watch_export import FIRST, LAST, PHONE, WATCH, Row, is_worn
from generator.watch_nights import nights

EVERY_MIN = 10  # automatic heart rate


def automatic() -> Iterator[Row]:
    chance = Chance("watch heart rate")
    for at in range(clock.utc_of(FIRST, 3), clock.utc_of(LAST, 1440), EVERY_MIN):  # never on the band's minutes
        bpm = round(live().heart_at(at) + 1.3 + chance.bell(1.8))  # reads a little higher than the band
        if is_worn(at):
            time = at * 60 + 24
            yield "heart_rate", WATCH, time, {"bpm": bpm, "time": time}, ()


def manual() -> Iterator[Row]:
    for day in clock.days(FIRST, LAST):
        chance = Chance(f"watch manual {day}")
        at = clock.utc_of(day, chance.whole(8 * 60, 21 * 60))
        if chance.happens(0.2) and is_worn(at):
            time = at * 60 + chance.whole(0, 59)
            yield "single_heart_rate", WATCH, time, {"bpm": round(live().heart_at(at) + 1), "time": time}, ()


def resting() -> Iterator[Row]:
    for day in live().days:
        if FIRST <= day.date <= LAST and is_worn(day.wake):
            time = day.wake * 60
            yield "resting_heart_rate", WATCH, time, {"bpm": round(day.resting_bpm + 2), "date_time": time}, ()


@cache
def counted_by(sid: str) -> dict[int, int]:
    """UTC minute -> steps. The watch miscounts by a few; the phone lies about at home and sees most walks only."""
    chance = Chance(f"steps {sid}")
    counts = {}
    for index, true in enumerate(live().steps):
        at = START + index
        if not true or not FIRST <= clock.local_date(at) <= LAST:
            continue
        if is_worn(at) if sid == WATCH else true >= 50 and chance.happens(0.8):
            counts[at] = max(1, true + chance.whole(-4, 6))
    return counts


def steps() -> Iterator[Row]:
    """The watch, and the phone in the pocket: the same steps, counted twice where both were carried."""
    for sid in (WATCH, PHONE):
        for at, counted in counted_by(sid).items():
            value = {"steps": counted, "distance": int(counted * 0.74), "calories": int(counted * 0.043)}
            yield "steps", sid, at * 60, value, ("from_the_phone",) if sid == PHONE else ()


def stress() -> Iterator[Row]:
    chance = Chance("stress")
    for at in range(clock.utc_of(FIRST, 0), clock.utc_of(LAST, 1440), 180):
        if is_worn(at):
            yield "stress", WATCH, at * 60, {"stress": chance.whole(18, 62), "time": at * 60}, ("other_key",)


def oxygen() -> Iterator[Row]:
    for night, _ in nights():
        chance = Chance(f"oxygen {night.wake_date}")
        zero = chance.happens(0.05)
        value = {"spo2": 0 if zero else chance.whole(94, 98), "time": night.end * 60}
        yield "spo2", WATCH, night.end * 60, value, ("other_key", *(("zero_oxygen",) if zero else ()))
