"""Mi Fitness exports for tests, written the way Xiaomi writes them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyzipper

UID = "8298429185"
WATCH, PHONE = "635280917", "xiaomiwear_app_manually"
FOLDER = "20260309_8298429185_MiFitness_ams1_data_copy"
FITNESS_NAME = f"{FOLDER}/20260309_8298429185_MiFitness_hlth_center_fitness_data.csv"
DAILY_NAME = f"{FOLDER}/20260309_8298429185_MiFitness_hlth_center_aggregated_fitness_data.csv"
SPORT_NAME = f"{FOLDER}/20260309_8298429185_MiFitness_hlth_center_sport_record.csv"
PROFILE_NAME = f"{FOLDER}/20260309_8298429185_MiFitness_user_member_profile.csv"
FITNESS_HEADER = ["Uid", "Sid", "Key", "Time", "Value", "UpdateTime"]
DAILY_HEADER = ["Uid", "Sid", "Tag", "Key", "Time", "Value", "UpdateTime"]
SPORT_HEADER = ["Uid", "Sid", "Key", "Time", "Category", "Value", "UpdateTime"]

NOON = 1_772_884_800  # 2026-03-07T12:00Z
MIDNIGHT = 1_772_841_600  # 2026-03-07T00:00Z
QUARTERS = 4  # UTC+1

Record = list[Any]


def record(key: str, time: object, value: object, sid: str = WATCH) -> Record:
    """One record of fitness_data; `value` as an object or as the text itself."""
    text = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
    return [UID, sid, key, time, text, 1_773_014_400]


def heart_rate(time: int, bpm: object, key: str = "heart_rate", sid: str = WATCH) -> Record:
    return record(key, time, {"bpm": bpm, "time": time}, sid)


def steps(time: int, count: object, sid: str = WATCH) -> Record:
    return record("steps", time, {"steps": count, "distance": 8, "calories": 1}, sid)


def night(
    wake: int = NOON,
    cycles: int = 4,
    *,
    stated: dict[str, int] | None = None,
    states: dict[str, int] | None = None,
    **extra: object,
) -> dict[str, Any]:
    """The Value of a staged night: each cycle is light 60, deep 30, rem 20 and awake 5 minutes."""
    codes = {"light": 3, "deep": 2, "rem": 4, "awake": 5} | (states or {})
    plan = [("light", 60), ("deep", 30), ("rem", 20), ("awake", 5)] * cycles
    bed = wake - 60 * sum(minutes for _, minutes in plan)
    items, at = [], bed
    for stage, minutes in plan:
        items.append({"start_time": at, "end_time": at + 60 * minutes, "state": codes[stage]})
        at += 60 * minutes
    sums = {stage: sum(m for s, m in plan if s == stage) for stage in codes} | (stated or {})
    return {
        "bedtime": bed,
        "wake_up_time": wake,
        "device_bedtime": bed,
        "device_wake_up_time": wake,
        "bed_timestamp": bed,
        "duration": sums["deep"] + sums["light"] + sums["rem"],
        "bed_duration": wake - bed,
        **{f"sleep_{stage}_duration": minutes for stage, minutes in sums.items()},
        "awake_count": cycles,
        "avg_hr": 58,
        "has_stage": True,
        "has_rem": True,
        "timezone": QUARTERS,
        "items": items,
    } | extra


def nap(wake: int = NOON, minutes: int = 40) -> dict[str, Any]:
    """The Value of a nap without stages."""
    value = night(wake, 0, stated={"light": 0, "deep": 0, "rem": 0, "awake": 0})
    return value | {"bedtime": wake - 60 * minutes, "duration": minutes, "has_stage": False, "items": []}


def sleep(value: dict[str, Any], key: str = "sleep", time: object = None, sid: str = WATCH) -> Record:
    return record(key, value["wake_up_time"] if time is None else time, value, sid)


def daily(key: str, day: int, value: object, tag: str = "daily_report", sid: str = WATCH) -> Record:
    """One record of aggregated_fitness_data; `day` is 00:00 UTC of the local date."""
    return [UID, sid, tag, key, day, json.dumps(value, separators=(",", ":")), 1_773_014_400]


def as_csv(records: Iterable[Record], header: list[str] = FITNESS_HEADER) -> bytes:
    """UTF-8, LF, quotes only where RFC 4180 needs them."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(records)
    return text.getvalue().encode()


def as_zip(path: Path, files: dict[str, bytes], password: str | None = None) -> Path:
    """A data copy; encrypted with AES where a password is given."""
    with pyzipper.AESZipFile(path, "w", compression=pyzipper.ZIP_DEFLATED) as archive:
        if password:
            archive.setpassword(password.encode())
            archive.setencryption(pyzipper.WZ_AES, nbits=256)
        for name, data in files.items():
            archive.writestr(name, data)
    return path
