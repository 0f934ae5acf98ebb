"""Steps, weight, runs and the profile as Zepp Life writes them."""

from __future__ import annotations

from generator import clock
from generator.band_export import USER, Export, is_worn, started
from generator.chance import Chance
from generator.person import RUN, START, live
from generator.sheet import Sheet


def activity_minute(export: Export) -> Sheet:
    """Minutes with steps, wall clock."""
    sheet = started("date,time,steps")
    for index, steps in enumerate(live().steps):
        at = START + index
        if not steps or at > export.until or not is_worn(at):
            continue
        now = clock.local(at)
        if now.date() >= export.first:
            sheet.add(f"{now:%Y-%m-%d},{now:%H:%M},{steps}", at=at)
    return sheet


def activity(export: Export) -> Sheet:
    """Daily totals. A day without the band is a row of zeros, not a missing one. The order of the columns changed."""
    newer = "date,steps,distance,runDistance,calories"
    sheet = started(newer if export.is_newer else "date,steps,calories,distance,runDistance")
    totals, runs = dict.fromkeys(export.days(), 0), dict.fromkeys(export.days(), 0)
    for index, steps in enumerate(live().steps):
        day = clock.local_date(START + index) if steps else None
        if day in totals and START + index <= export.until and is_worn(START + index):
            totals[day] += steps
            runs[day] += steps if live().state[index] == RUN else 0
    for day, steps in totals.items():
        distance, ran, burnt = int(steps * 0.74), int(runs[day] * 1.05), int(steps * 0.043)
        cells = (steps, distance, ran, burnt) if export.is_newer else (steps, burnt, distance, ran)
        sheet.add(",".join(map(str, (day, *cells))), *([] if steps else ["day_of_zeros"]))
    return sheet


def activity_stage(export: Export) -> Sheet:
    """Walks and runs, wall clock."""
    sheet = started("date,start,stop,distance,calories,steps")
    for start, end, _ in live().walks:
        begin, stop = clock.local(start), clock.local(end)
        if begin.date() < export.first or end > export.until or not is_worn(start):
            continue
        steps = sum(live().steps[start - START : end - START])
        sheet.add(f"{begin:%Y-%m-%d},{begin:%H:%M},{stop:%H:%M},{int(steps * 0.74)},{int(steps * 0.043)},{steps}")
    return sheet


def body(export: Export) -> Sheet:
    """A scale shared with someone else. `null` is written out; a bag on the scale weighs 3.4 kg."""
    sheet = started("time,weight,height,bmi,fatRate,bodyWaterRate,boneMass,metabolism,muscleRate,visceralFat")
    for number, day in enumerate(export.days()):
        chance = Chance(f"scale {day}")
        at, second = clock.utc_of(day, 7 * 60 + chance.whole(0, 40)), chance.whole(0, 59)
        if at > export.until or day.weekday() != 6:
            continue
        weight = 84.0 - 0.008 * (day - clock.FIRST).days + chance.bell(0.4)
        time, known = clock.utc_text(at, second), f"{weight:.1f},178.0,{weight / 1.78**2:.1f}"
        rich = f"{time},{known},24.{chance.whole(0, 9)},52.1,3.4,1740.0,70.2,11.0"
        poor = f"{time},{known}" + ",null" * 6
        if number % 5 == 0:
            sheet.add(poor, "null_cells")
        else:
            sheet.add(rich)
        if day.day <= 7 and day.month % 4 == 0:
            sheet.add(poor, "null_cells", "poorer_duplicate")
        if day.day <= 7 and day.month % 3 == 0:
            later = clock.utc_text(at + 3, second)
            sheet.add(f"{later},61.{chance.whole(0, 9)},162.0,23.4,29.1,50.2,2.5,1290.0,44.8,6.0", "other_person")
        if day.day <= 7 and day.month == 5:
            sheet.add(f"{clock.utc_text(at + 5, second)},3.4,178.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0", "bag_on_the_scale")
    return sheet


def sport(export: Export) -> Sheet:
    """Runs in UTC; -1.0 is "not measured"."""
    sheet = started(
        "type,startTime,sportTime(s),maxPace(/meter),minPace(/meter),distance(m),avgPace(/meter),calories(kcal)"
    )
    for start, end, state in live().walks:
        if state != RUN or clock.local_date(start) < export.first or end > export.until or not is_worn(start):
            continue
        seconds, metres = 60 * (end - start), (end - start) * 168
        sheet.add(f"1,{clock.utc_text(start)},{seconds},-1.0,-1.0,{metres}.0,{seconds / metres:.3f},{metres // 14}.0")
    return sheet


def user() -> Sheet:
    """Personal data that must not be taken in: a test may look for these words in every artifact."""
    sheet = started("userId,gender,height,weight,nickName,avatar,birthday")
    sheet.add(f"{USER},1,178.0,84.0,NOT-TO-BE-INGESTED,https://example.org/avatar.png,1900-01", "personal_data")
    return sheet
