"""One export of Mi Fitness: a watch worn beside the band from June 2025 to January 2026.

All times are UTC epoch seconds, except in the daily report, where Time is 00:00 UTC of the local
date: a label, not an instant. The zone of a night is given in quarter hours.
"""

from __future__ import annotations

from generator import clock, watch_nights, watch_report, watch_samples
from generator.person import RUN, live
from generator.sheet import Sheet, as_json, quoted
from generator.watch_export import EXPORTED, FIRST, FOLDER, LAST, NAME, PHONE, UID, WATCH, is_worn, started

BROKEN_JSON = clock.minute("2025-10-08 09:13")
KEYS = (
    watch_samples.automatic,
    watch_samples.manual,
    watch_samples.resting,
    watch_nights.rows,
    watch_samples.steps,
    watch_samples.stress,
    watch_samples.oxygen,
)

__all__ = ["NAME", "members"]


def members() -> dict[str, Sheet]:
    """File inside the zip -> its records."""
    sheets = {
        "hlth_center_aggregated_fitness_data": watch_report.aggregated(),
        "hlth_center_data_source": data_source(),
        "hlth_center_fitness_data": fitness_data(),
        "hlth_center_sport_record": sport_record(),
        "user_member_profile": member_profile(),
    }
    return {f"{FOLDER}/20260105_{UID}_MiFitness_{name}.csv": sheet for name, sheet in sheets.items()}


def fitness_data() -> Sheet:
    """Samples and nights, key by key."""
    sheet = started("Uid,Sid,Key,Time,Value,UpdateTime")
    for rows in KEYS:
        for key, sid, time, value, quirks in rows():
            cell = as_json(value)
            if key == "heart_rate" and time // 60 == BROKEN_JSON:
                cell, quirks = cell[:-4], ("broken_json",)
            sheet.add(quoted((UID, sid, key, time, cell, _updated(time))), key, *quirks)
    return sheet


def _updated(time: int) -> int:
    """The watch is synchronised every other hour."""
    return min(time - time % 7200 + 7517, EXPORTED)


def sport_record() -> Sheet:
    """Runs; no measure of ours."""
    sheet = started("Uid,Sid,Key,Time,Category,Value,UpdateTime")
    for start, end, state in live().walks:
        if state == RUN and FIRST <= clock.local_date(start) <= LAST and is_worn(start):
            value = {"start_time": start * 60 + 1, "end_time": end * 60, "duration": (end - start) * 60}
            cells = (UID, WATCH, "outdoor_running", start * 60, "running", as_json(value), end * 60 + 600)
            sheet.add(quoted(cells))
    return sheet


def data_source() -> Sheet:
    """Which Sid is which device."""
    sheet = started("Sid,Identifier,Model,Name")
    sheet.add(f"{WATCH},demo-watch,demo.watch.1,Demo Watch")
    sheet.add(f"{PHONE},demo-phone,demo.phone.1,Demo Phone")
    return sheet


def member_profile() -> Sheet:
    """Personal data that must not be taken in."""
    sheet = started("Uid,Name,Sex,Birth,Height,Weight")
    sheet.add(f"{UID},NOT-TO-BE-INGESTED,male,1900-01-01,178,84.0", "personal_data")
    return sheet
