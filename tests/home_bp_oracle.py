"""Home blood pressure once more, in plain Python: datetime, lists, and thresholds typed anew. Slow and obvious."""

from __future__ import annotations

import statistics
from calendar import monthrange
from collections import Counter
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

Row = dict[str, Any]
DAY = timedelta(days=1)
# protocol: days at the start left out
SKIPPED = {"esh": 1, "aha": 0}
GUIDELINES = ("esc_2024", "esh_2023", "acc_aha_2017")


def local(row: Row) -> datetime:
    return row["start_utc"].replace(tzinfo=None) + timedelta(minutes=row["utc_offset_min"])


def daytime(row: Row) -> str:
    hour = local(row).hour
    return "morning" if 4 <= hour < 12 else "evening" if hour >= 17 else "other"


def rounded(value: float) -> int:
    return int(str(value).split(".")[0]) + (value % 1 >= 0.5)


def level(guideline: str, systolic: float, diastolic: float) -> str:
    s, d = rounded(systolic), rounded(diastolic)
    if guideline == "esc_2024":
        if s < 120 and d < 70:
            return "non_elevated"
        return "hypertension_range" if s >= 135 or d >= 85 else "elevated"
    if guideline == "esh_2023":
        return "hypertension_range" if s >= 135 or d >= 85 else "below_threshold"
    if s >= 135 or d >= 85:
        return "stage_2_range"
    if s >= 130 or d >= 80:
        return "stage_1_range"
    return "elevated" if s >= 120 else "normal"


def mean(values: list[float | None]) -> float | None:
    known = [Fraction(value) for value in values if value is not None]
    return float(sum(known) / len(known)) if known else None


def sittings(rows: list[Row], gap_min: int = 10) -> list[list[Row]]:
    found: list[list[Row]] = []
    for row in sorted(rows, key=lambda row: row["start_utc"]):
        if found and row["start_utc"] - found[-1][-1]["start_utc"] <= timedelta(minutes=gap_min):
            found[-1].append(row)
        else:
            found.append([row])
    return found


def sessions(rows: list[Row]) -> list[Row]:
    return [
        {
            "date": local(sitting[0]).date(),
            "daytime": daytime(sitting[0]),
            "start_utc": sitting[0]["start_utc"],
            "utc_offset_min": sitting[0]["utc_offset_min"],
            "n": len(sitting),
            "systolic_mean_mmhg": mean([row["systolic_mmhg"] for row in sitting]),
            "diastolic_mean_mmhg": mean([row["diastolic_mmhg"] for row in sitting]),
            "pulse_mean_bpm": mean([row["pulse_bpm"] for row in sitting]),
            "pulse_n": sum(row["pulse_bpm"] is not None for row in sitting),
        }
        for sitting in sittings(rows)
    ]


def windows(rows: list[Row]) -> dict[tuple[str, date], Row]:
    days = sorted({local(row).date() for row in rows})
    return {(protocol, last): _window(rows, protocol, last) for protocol in SKIPPED for last in days}


def _window(rows: list[Row], protocol: str, last: date) -> Row:
    inside = [row for row in rows if last - 6 * DAY <= local(row).date() <= last]
    fitting = [row for row in inside if daytime(row) != "other"]
    measured = sorted({local(row).date() for row in fitting})
    kept = [row for row in fitting if local(row).date() not in measured[: SKIPPED[protocol]]]
    mornings = [row for row in kept if daytime(row) == "morning"]
    evenings = [row for row in kept if daytime(row) == "evening"]
    days = {local(row).date() for row in kept}
    is_enough = len(kept) >= 12 and len(days) >= 3 and bool(mornings) and bool(evenings)
    found: Row = {
        "from_date": last - 6 * DAY,
        "n_readings": len(kept),
        "n_days": len(days),
        "n_morning": len(mornings),
        "n_evening": len(evenings),
        "n_days_morning": len({local(row).date() for row in mornings}),
        "n_days_evening": len({local(row).date() for row in evenings}),
        "n_left_out": len(inside) - len(kept),
        "is_sufficient": is_enough,
        "pulse_mean_bpm": mean([row["pulse_bpm"] for row in kept]),
        "pulse_n": sum(row["pulse_bpm"] is not None for row in kept),
    }
    for pressure in ("systolic", "diastolic"):
        column = f"{pressure}_mmhg"
        values = [row[column] for row in kept]
        found[f"{pressure}_mean_mmhg"] = mean(values)
        found[f"morning_{pressure}_mean_mmhg"] = mean([row[column] for row in mornings])
        found[f"evening_{pressure}_mean_mmhg"] = mean([row[column] for row in evenings])
        found[f"{pressure}_highest_mmhg"] = max(values, default=None)
        found[f"{pressure}_lowest_mmhg"] = min(values, default=None)
        of_days = [mean([row[column] for row in kept if local(row).date() == day]) for day in sorted(days)]
        found[f"{pressure}_sd_mmhg"] = statistics.stdev(of_days) if len(of_days) >= 3 else None
    for guideline in GUIDELINES:
        found[f"level_{guideline}"] = ""
        if is_enough:
            found[f"level_{guideline}"] = level(guideline, found["systolic_mean_mmhg"], found["diastolic_mean_mmhg"])
    return found


def months(rows: list[Row]) -> dict[tuple[date, str, str], Row]:
    """The months that have a reading."""
    found: dict[tuple[date, str, str], Row] = {}
    for month in {local(row).date().replace(day=1) for row in rows}:
        of_month = [row for row in rows if local(row).date().replace(day=1) == month]
        days = {local(row).date() for row in of_month}
        for guideline in GUIDELINES:
            count: Counter[str] = Counter()
            for day in days:
                of_day = [row for row in of_month if local(row).date() == day]
                means = [mean([row[f"{pressure}_mmhg"] for row in of_day]) for pressure in ("systolic", "diastolic")]
                count[level(guideline, *means) if len(of_day) >= 2 else ""] += 1  # type: ignore[arg-type]
            for key, n_days in count.items():
                found[month, guideline, key] = {
                    "n_days": n_days,
                    "n_days_with_level": len(days) - count[""],
                    "n_days_with_reading": len(days),
                    "n_days_of_month": monthrange(month.year, month.month)[1],
                }
    return found


def profile(rows: list[Row], least_n: int = 5) -> dict[tuple[str, int], Row]:
    last = max(local(row).date() for row in rows)
    found: dict[tuple[str, int], Row] = {}
    for period, days in (("all", 100_000), ("90d", 90), ("30d", 30)):
        for hour in range(24):
            chosen = [row for row in rows if local(row).hour == hour and (last - local(row).date()).days < days]
            told: Row = {"n": len(chosen), "n_days": len({local(row).date() for row in chosen})}
            for pressure in ("systolic", "diastolic"):
                values = [row[f"{pressure}_mmhg"] for row in chosen]
                quarters = (
                    statistics.quantiles(values, n=4, method="inclusive") if len(values) >= least_n else [None] * 3
                )
                for name, value in zip(("q1", "median", "q3"), quarters, strict=True):
                    told[f"{pressure}_{name}_mmhg"] = value
            found[period, hour] = told
    return found
