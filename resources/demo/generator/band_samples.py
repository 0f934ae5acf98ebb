"""Heart rate and sleep as Zepp Life writes them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from generator import clock
from generator.band_export import Export, is_worn, occurs_twice, started
from generator.chance import Chance
from generator.person import AWAKE, DEEP, GRID, LIGHT, REM, START, Sleep, live
from generator.sheet import Sheet, as_json

STAGES = {AWAKE: "WAKE", LIGHT: "LIGHT", DEEP: "DEEP", REM: "REM"}

SENTINELS = ((0, 0.0004), (255, 0.0003))  # no contact: written as if it were a heart rate; share of samples
DAMAGED_LINE = clock.minute("2025-03-02 10:40")  # in the first export only
REVISED = (clock.minute("2025-05-20 11:00"), clock.minute("2025-05-20 13:00"))  # other values in the second export
MINUTES_SINCE = date(2025, 10, 1)  # SLEEP_MINUTE
RESYNCED = (date(2025, 10, 14), date(2025, 12, 3), date(2026, 1, 22), date(2026, 3, 11))
CONFLICTS = (3, 3, 3, 2)  # stages that differ in each re-synced block
WITH_HEART_RATE = (date(2025, 11, 3), date(2025, 11, 9))  # nights whose SLEEP_MINUTE has hr
TWICE_MEASURED = date(2025, 4, 10)  # manual heart rate: same second, two values


def heart_rate_auto(export: Export) -> Sheet:
    """Every five minutes, wall clock."""
    sheet = started("date,time,heartRate")
    chance = Chance("band heart rate")  # one stream for both exports: the same minute has the same value
    for at in range(START, export.until + 1, GRID):
        bpm = round(live().heart_at(at) + chance.bell(1.2))
        sentinel = chance.random()
        now = clock.local(at)
        if now.date() < export.first or not is_worn(at):
            continue
        quirks = []
        for value, share in SENTINELS:
            if 0 <= sentinel < share:
                bpm, quirks = value, [f"sentinel_{value}"]
            sentinel -= share
        if export.is_newer and REVISED[0] <= at < REVISED[1] and not quirks:
            bpm, quirks = bpm + 3, ["revised"]
        if occurs_twice(at):
            quirks.append("wall_clock_occurs_twice")
        line = f"{now:%Y-%m-%d},{now:%H:%M},{bpm}"
        if at == DAMAGED_LINE and not export.is_newer:
            line, quirks = line[:13], ["damaged_line"]
        sheet.add(line, *quirks, at=at)
    return sheet


def heart_rate(export: Export) -> Sheet:
    """Measured by hand now and then, UTC with seconds."""
    sheet = started("time,heartRate")
    for day in export.days():
        chance = Chance(f"manual {day}")
        if not (chance.happens(0.25) or day == TWICE_MEASURED):
            continue
        at, second = clock.utc_of(day, chance.whole(9 * 60, 19 * 60)), chance.whole(0, 59)
        if at > export.until or not is_worn(at):
            continue
        bpm = round(live().heart_at(at))
        if day != TWICE_MEASURED:
            sheet.add(f"{clock.utc_text(at, second)},{bpm}")
            continue
        for value in (bpm, bpm + 3):
            sheet.add(f"{clock.utc_text(at, second)},{value}", "same_second_other_value")
    return sheet


def sleep(export: Export) -> Sheet:
    """Nights in UTC; naps as JSON whose quotes are escaped with a backslash, which CSV does not know."""
    sheet = started("date,deepSleepTime,shallowSleepTime,wakeTime,start,stop,REMTime,naps")
    naps = {nap.wake_date: nap for nap in live().naps if nap.end <= export.until and is_worn(nap.start)}
    for night in export.nights():
        if not (is_worn(night.start) and is_worn(night.end)):
            nothing = f"{night.wake_date} 00:00:00+0000"
            sheet.add(f"{night.wake_date},0,0,0,{nothing},{nothing},0,", "placeholder_night")
            continue
        nap = naps.get(night.wake_date)
        cell = ""
        if nap:
            # prefix of the day's nap: start and stop in UTC, minutes asleep
            value = [{"start": clock.utc_text(nap.start), "stop": clock.utc_text(nap.end), "sleepTime": nap.asleep}]
            cell = '"' + as_json(value).replace('"', '\\"') + '"'
        minutes = f"{night.minutes(DEEP)},{night.minutes(LIGHT)},{night.minutes(AWAKE)}"
        span = f"{clock.utc_text(night.start)},{clock.utc_text(night.end)}"
        sheet.add(f"{night.wake_date},{minutes},{span},{night.minutes(REM)},{cell}", *(["nap"] if nap else []))
    return sheet


def sleep_minute(export: Export) -> Sheet:
    """One row a minute of the night, wall clock. The date is that of waking, also before midnight."""
    sheet = started("date,time,stage,hr,respiratory_rate")
    for night in export.nights():
        if night.wake_date < MINUTES_SINCE:
            continue
        rows = list(_minutes(night))
        for at, state in rows:
            _add_minute(sheet, night, at, STAGES[state])
        if night.wake_date in RESYNCED:
            conflicts = CONFLICTS[RESYNCED.index(night.wake_date)]
            for number, (at, state) in enumerate(rows[60:112]):
                other = "LIGHT" if state != LIGHT else "REM"
                is_conflict = number < conflicts
                kind = "resync_conflict" if is_conflict else "resync_duplicate"
                _add_minute(sheet, night, at, other if is_conflict else STAGES[state], kind)
    return sheet


def _minutes(night: Sleep) -> Iterator[tuple[int, int]]:
    for start, end, state in night.stages:
        for at in range(start, end):
            yield at, state


def _add_minute(sheet: Sheet, night: Sleep, at: int, stage: str, *quirks: str) -> None:
    now = clock.local(at)
    kinds = list(quirks)
    if now.date() != night.wake_date:
        kinds.append("evening_row_with_wake_date")
    if not quirks and occurs_twice(at):
        kinds.append("wall_clock_occurs_twice")
    pulse = ""
    if WITH_HEART_RATE[0] <= night.wake_date <= WITH_HEART_RATE[1]:
        pulse = str(round(live().heart_at(at)))
        kinds.append("with_heart_rate")
    sheet.add(f"{night.wake_date},{now:%H:%M},{stage},{pulse},", *kinds, at=at)
