"""A made-up person: nineteen months of sleep, movement, heart rate and blood pressure.

The story: blood pressure of 142/90, a tablet from 17 March 2025, 128/80 by the autumn; running
from April 2025 and a resting heart rate that falls from 64 to 58; a week of flu in February
2025; two weeks in New York in July 2025. A short night raises the next morning's readings.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import pairwise

from generator import clock
from generator.chance import Chance

START = clock.minute("2024-08-31 00:00")  # UTC; the arrays below count minutes from here
MINUTES = clock.minute("2026-04-01 00:00") - START
GRID = 5  # minutes between two points of the heart rate

REST, WALK, RUN, AWAKE, LIGHT, DEEP, REM = range(7)  # what the person does in a minute; from AWAKE on: in bed
BEATS_ABOVE_RESTING = (0, 30, 78, 9, 2, -1, 4)
AWAKE_BY_HOUR = (8, 7, 6, 5, 6, 8, 10, 12, 15, 17, 16, 15, 18, 19, 16, 15, 16, 18, 17, 15, 14, 12, 11, 9)

TABLET = date(2025, 3, 17)
RUNNING_SINCE = date(2025, 4, 7)
FLU = (date(2025, 2, 10), date(2025, 2, 16))
ON_THE_PLANE = (clock.minute("2025-07-19 01:40"), clock.minute("2025-07-19 05:10"))  # asleep, UTC

# day, systolic and diastolic (mmHg, mean of all home readings), resting heart rate (bpm)
STORY = (
    (date(2024, 8, 31), 142.0, 90.0, 64.0),
    (TABLET, 142.5, 90.5, 64.5),
    (date(2025, 5, 20), 133.0, 85.0, 62.5),
    (date(2025, 9, 1), 128.0, 80.5, 58.0),
    (date(2026, 1, 10), 129.5, 81.5, 59.5),
    (date(2026, 4, 1), 127.0, 79.5, 58.0),
)


@dataclass(frozen=True)
class Sleep:
    """A night or a nap in UTC minutes; stages are (start, end, state) and fill it."""

    wake_date: date
    start: int
    end: int
    stages: tuple[tuple[int, int, int], ...]

    def minutes(self, state: int) -> int:
        """Minutes in one state."""
        return sum(end - start for start, end, stage in self.stages if stage == state)

    @property
    def asleep(self) -> int:
        """Minutes asleep."""
        return self.end - self.start - self.minutes(AWAKE)


@dataclass(frozen=True)
class Day:
    """A local day: the level of the day, before morning, evening and chance."""

    date: date
    wake: int
    resting_bpm: float
    systolic: float
    diastolic: float


@dataclass
class Person:
    """`state`, `steps`: one value a minute from START; `heart`: bpm at every GRID minutes."""

    days: list[Day]
    nights: list[Sleep]
    naps: list[Sleep]
    walks: list[tuple[int, int, int]]
    state: bytearray
    steps: bytearray
    heart: list[float]

    def heart_at(self, utc: int) -> float:
        """Beats per minute at a UTC minute."""
        return self.heart[(utc - START) // GRID]


@cache
def live() -> Person:
    """The whole life, made once."""
    nights = [_night(day) for day in clock.days()]
    naps = [nap for day in clock.days() for nap in _naps(day)]
    person = Person(_days(nights), nights, naps, _walks(), bytearray(MINUTES), bytearray(MINUTES), [])
    for start, end, state in person.walks:
        person.state[start - START : end - START] = bytes([state]) * (end - start)
    for sleep in (*nights, *naps):
        for start, end, state in sleep.stages:
            person.state[start - START : end - START] = bytes([state]) * (end - start)
    _walk(person)
    _beat(person)
    return person


def _night(day: date) -> Sleep:
    chance = Chance(f"night {day}")
    is_free = day.weekday() >= 5
    onset = (20 if is_free else -38) + chance.bell(28) + (85 if chance.happens(0.07) else 0)
    wake = (8 * 60 + 5 if is_free else 6 * 60 + 38) + chance.bell(28 if is_free else 14)
    arrived, returned = (day - clock.FLIGHT_OUT).days - 1, (day - clock.FLIGHT_HOME).days - 1
    for since, shift in ((arrived, -150), (returned, 110)):  # jet lag wears off in five days
        if 0 <= since < 5:
            onset, wake = onset + shift * (5 - since) / 5, wake + shift * (5 - since) / 5
    if day == clock.FLIGHT_HOME:
        return _staged(day, *ON_THE_PLANE, chance)
    return _staged(day, clock.utc_of(day, onset), clock.utc_of(day, wake), chance)


def _staged(day: date, start: int, end: int, chance: Chance) -> Sleep:
    """Cycles of about 95 minutes: deep sleep early in the night, REM late."""
    stages: list[tuple[int, int, int]] = []
    now = start
    for cycle in range(9):
        deep, rem = max(4, 38 - 9 * cycle), min(34, 9 + 6 * cycle)
        for state, length in (
            (LIGHT, 24),
            (DEEP, deep),
            (LIGHT, 22),
            (REM, rem),
            (AWAKE, 6 if chance.happens(0.7) else 0),
        ):
            until = min(end, now + int(length * (0.7 + 0.6 * chance.random())))
            if until > now:
                stages.append((now, until, state))
                now = until
    if now < end:
        stages.append((now, end, LIGHT))
    return Sleep(day, start, end, tuple(stages))


def _naps(day: date) -> list[Sleep]:
    chance = Chance(f"nap {day}")
    if day.weekday() < 5 or not chance.happens(0.22) or clock.FLIGHT_OUT <= day <= clock.FLIGHT_HOME:
        return []
    start = clock.utc_of(day, 14 * 60 + chance.bell(25))
    end = start + chance.whole(22, 70)
    return [Sleep(day, start, end, ((start, end, LIGHT),))]


def _between(day: date) -> tuple[float, float, float]:
    """The story on a day, straight lines between its points."""
    for (first, *low), (last, *high) in pairwise(STORY):
        if first <= day < last:
            share = (day - first).days / (last - first).days
            systolic, diastolic, resting = (a + (b - a) * share for a, b in zip(low, high, strict=True))
            return systolic, diastolic, resting
    raise ValueError(day)


def _days(nights: list[Sleep]) -> list[Day]:
    chance = Chance("days")
    days, pressure, pulse = [], 0.0, 0.0
    for night in nights:
        day = night.wake_date
        systolic, diastolic, resting = _between(day)
        pressure, pulse = 0.55 * pressure + chance.bell(2.6), 0.6 * pulse + chance.bell(0.9)
        lack = 6.9 - night.asleep / 60  # hours short of the usual night
        work = 0.8 if day.weekday() < 5 else -1.6
        flu = 7.0 if FLU[0] <= day <= FLU[1] else 0.0
        days.append(
            Day(
                date=day,
                wake=night.end,
                resting_bpm=resting + pulse + 0.9 * lack + flu,
                systolic=systolic + pressure + 2.4 * lack + work,
                diastolic=diastolic + 0.5 * pressure + 1.1 * lack + 0.5 * work + chance.bell(1.0),
            )
        )
    return days


def _walks() -> list[tuple[int, int, int]]:
    walks = []
    for day in clock.days():
        chance = Chance(f"walks {day}")
        if FLU[0] <= day <= FLU[1]:
            continue
        away = clock.FLIGHT_OUT < day < clock.FLIGHT_HOME
        usual = ((11 * 60, 50), (16 * 60, 45)) if day.weekday() >= 5 or away else ((465, 18), (750, 16), (1055, 20))
        for at, length in usual:
            start = clock.utc_of(day, at + chance.bell(12))
            walks.append((start, start + int(length * (0.7 + 0.6 * chance.random())), WALK))
        if day >= RUNNING_SINCE and day.weekday() in (1, 5) and chance.happens(0.75):
            start = clock.utc_of(day, 18 * 60 + 40 + chance.bell(10))
            walks.append((start, start + chance.whole(24, 42), RUN))
    return walks


def _walk(person: Person) -> None:
    chance = Chance("steps")
    for at, state in enumerate(person.state):
        if state == WALK:
            person.steps[at] = int(102 + chance.bell(8))
        elif state == RUN:
            person.steps[at] = int(160 + chance.bell(6))
        elif state == REST and chance.happens(0.06):
            person.steps[at] = chance.whole(4, 42)


def _beat(person: Person) -> None:
    chance = Chance("heart")
    resting = {day.date: day.resting_bpm for day in person.days}
    drift = 0.0
    for at in range(0, MINUTES, GRID):
        now = clock.local(START + at)
        state = person.state[at]
        drift = 0.8 * drift + chance.bell(1.6 if state >= AWAKE else 2.6)
        above = BEATS_ABOVE_RESTING[state] + (AWAKE_BY_HOUR[now.hour] if state in (REST, WALK) else 0)
        person.heart.append(resting.get(now.date(), 64.0) + above + drift)
