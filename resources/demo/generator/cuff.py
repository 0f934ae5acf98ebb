"""The blood-pressure log as a Google Sheet exports it, and the cuff's own app for two weeks of it.

The sheet is typed by hand: local wall clock, no zone, day before month, numbers rounded to a
nearest 0 more often than chance would. The app's report has the numbers as the cuff showed them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from generator import clock
from generator.chance import Chance
from generator.person import FLU, TABLET, Day, live
from generator.sheet import Sheet, quoted

HEADER = ("Date", "Time", "Systolic", "Diastolic", "Pulse", "Notes")
AWAY_FROM_THE_CUFF = (
    (date(2024, 12, 21), date(2025, 1, 2)),
    (date(2025, 2, 12), date(2025, 2, 15)),
    (date(2025, 8, 9), date(2025, 8, 24)),
    (date(2025, 12, 23), date(2026, 1, 2)),
)
SHARE_ROUNDED = 0.17  # readings typed with a last digit of 0 though the cuff showed another
NOTES = (
    "slept badly",
    "left arm",
    "after coffee",
    "long day, no walk",
    "nach dem Joggen",
    "Kopfschmerzen, schlecht geschlafen",
    "müde",
    "pharmacy cuff",
    "before breakfast",
)
OMRON = (date(2026, 2, 1), date(2026, 2, 14))
OMRON_NAME = "Your Requested OMRON Report from Feb 01 2026 to Feb 14 2026.csv"
OMRON_HEADER = (
    "Date,Time,Systolic (mmHg),Diastolic (mmHg),Pulse (bpm),Symptoms,Consumed,TruRead,Notes"  # as the app writes it
)
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

# What stands wrong or unusual in the sheet: the first reading of the day it is done to, and what is done.
# Cells: 2 systolic, 3 diastolic, 4 pulse, 5 note.
SPOILT: dict[str, tuple[str, dict[int, str]]] = {
    "2024-09-19": ("letters_for_a_number", {2: "abc"}),
    "2024-10-08": ("diastolic_above_systolic", {2: "88", 3: "139"}),
    "2024-11-13": ("systolic_missing", {2: ""}),
    "2024-12-05": ("both_in_one_cell", {2: "138/86", 3: ""}),
    "2025-01-15": ("both_in_one_cell", {2: "144 / 92", 3: ""}),
    "2025-01-22": ("all_three_in_one_cell", {2: "141/88/66", 3: "", 4: ""}),
    "2025-02-19": ("unit_in_the_cell", {3: "104 mmHg"}),
    "2025-03-06": ("beyond_any_human", {2: "400", 3: "260"}),
    "2025-03-17": ("note_in_two_lines", {5: "first tablet (5 mg)\nDr. Beispiel: two weeks, then call"}),
    "2025-06-10": ("note_with_comma", {5: "after the stairs, sat down only 2 min"}),
    "2025-09-03": ("note_in_german", {5: "Blutdruck nach Kaffee, etwas müde"}),
    "2025-11-04": ("decimal_point", {2: "131.0"}),
    "2026-01-20": ("pulse_missing", {4: ""}),
    "2026-03-04": ("letters_for_a_number", {4: "abc"}),
}
TYPED_TWICE = "2025-04-22"
TYPED_LATE = "2025-09-30"  # the morning's first reading stands two days further down
BLANK_AFTER = ("2025-05-13", "2025-12-09")

# Nights without sleep around the clock changes: local time, systolic, diastolic, pulse, note, quirk. In this order.
CLOCK_CHANGES = (
    ("2024-10-27 02:48", 151, 95, 72, "cannot sleep", "repeated_hour_in_order"),
    ("2024-10-27 02:12", 146, 93, 70, "still awake, the clock went back", "repeated_hour_in_order"),
    ("2025-03-30 02:30", 139, 90, 68, "clock not changed yet", "skipped_hour"),
    ("2025-10-26 02:31", 134, 85, 63, "", "repeated_hour_undecided"),
)


@dataclass(frozen=True)
class Reading:
    """One press of the button; `at` is the wall clock, the numbers as the cuff showed them."""

    at: datetime
    systolic: int
    diastolic: int
    pulse: int
    note: str = ""
    quirk: str = ""


def readings() -> list[Reading]:
    """Every reading taken, in order, pairs in the morning and in the evening."""
    taken = [reading for day in live().days for reading in _day(day)]
    for at, systolic, diastolic, pulse, note, quirk in CLOCK_CHANGES:
        when = datetime.fromisoformat(at)
        index = next(i for i, other in enumerate(taken) if other.at.date() >= when.date() and not other.quirk)
        taken.insert(index, Reading(when, systolic, diastolic, pulse, note, quirk))
    return taken


def _day(day: Day) -> Iterator[Reading]:
    if any(first <= day.date <= last for first, last in AWAY_FROM_THE_CUFF):
        return
    chance = Chance(f"cuff {day.date}")
    morning = clock.local(day.wake) + timedelta(minutes=chance.whole(18, 50))
    evening = datetime(day.date.year, day.date.month, day.date.day, 20, 35) + timedelta(minutes=chance.whole(0, 95))
    is_first_tablet = day.date == TABLET
    if (chance.happens(0.76) or is_first_tablet) and day.date != clock.FLIGHT_HOME:
        yield from _pair(day, morning, 2.6, 0, chance)
    if chance.happens(0.66):
        yield from _pair(day, evening, -2.9, 3, chance)


def _pair(day: Day, at: datetime, shift: float, pulse_shift: int, chance: Chance) -> Iterator[Reading]:
    is_short = chance.happens(0.06)  # only one of the two taken
    flu = "flu, in bed" if FLU[0] <= day.date <= FLU[1] else ""
    for number in (0,) if is_short else (0, 1):
        first = 1.6 if number == 0 else -1.6  # the first of a pair is higher
        note = flu or (chance.pick(NOTES) if number == 0 and chance.happens(0.08) else "")
        yield Reading(
            at + timedelta(minutes=2 * number + chance.whole(0, 1)),
            round(day.systolic + shift + first + chance.bell(3.6)),
            round(day.diastolic + 0.6 * shift + 0.6 * first + chance.bell(2.7)),
            round(day.resting_bpm + 8 + pulse_shift + first + chance.bell(2.4)),
            note,
        )


def log() -> Sheet:
    """The sheet: CRLF, no newline at the end, as Google Sheets exports it."""
    sheet = Sheet(newline="\r\n", has_final_newline=False)
    sheet.add(quoted(HEADER), "header")
    chance = Chance("typing")
    waiting = dict(SPOILT)
    held: list[tuple[datetime, str]] = []
    done: set[str] = set()
    for reading in readings():
        day = str(reading.at.date())
        if _only_in_the_app(reading):
            continue
        cells = _typed(reading, chance)
        quirks = [reading.quirk] if reading.quirk else []
        if day in waiting and not reading.quirk:
            quirk, changes = waiting.pop(day)
            cells = [changes.get(index, cell) for index, cell in enumerate(cells)]
            quirks.append(quirk)
        while held and reading.at >= held[0][0]:
            sheet.add(held.pop(0)[1], "typed_two_days_late")
        if day == TYPED_LATE and day not in done:
            held.append((reading.at + timedelta(days=2), quoted(cells)))
            done.add(day)
            continue
        sheet.add(quoted(cells), *quirks)
        if day == TYPED_TWICE and day not in done:
            sheet.add(quoted(cells), "typed_twice")
            done.add(day)
        if day in BLANK_AFTER and day not in done:
            sheet.add(",,,,,", "blank")
            done.add(day)
    if waiting or held:
        raise ValueError(f"no reading on {sorted(waiting)}")
    return sheet


def _typed(reading: Reading, chance: Chance) -> list[str]:
    systolic, diastolic = reading.systolic, reading.diastolic
    if chance.happens(SHARE_ROUNDED):
        systolic, diastolic = 10 * round(systolic / 10), 5 * round(diastolic / 5)
    at = reading.at
    return [f"{at:%d/%m/%Y}", f"{at:%H:%M}", str(systolic), str(diastolic), str(reading.pulse), reading.note]


def _only_in_the_app(reading: Reading) -> bool:
    return reading.at.date() == date(2026, 2, 7) and reading.at.hour >= 12


def omron() -> Sheet:
    """The app's report: newest first, "-" for empty, minutes without seconds."""
    sheet = Sheet()
    sheet.add(OMRON_HEADER, "header")
    for reading in reversed([one for one in readings() if OMRON[0] <= one.at.date() <= OMRON[1]]):
        at = reading.at
        shown = replace(reading, note=reading.note.replace(",", ";") or "-")
        quirks = ["not_in_the_log"] if _only_in_the_app(reading) else []
        numbers = f"{shown.systolic},{shown.diastolic},{shown.pulse}"
        sheet.add(f"{MONTHS[at.month - 1]} {at.day} {at.year},{at:%H:%M},{numbers},-,-,-,{shown.note}", *quirks)
    return sheet
