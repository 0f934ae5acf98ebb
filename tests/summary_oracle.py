"""The daily table once more, in plain Python: datetime, zoneinfo, lists and sets of minutes. Slow and obvious."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from pdp.summarize.daily import Value
from tests.summary_subject import Subject

Row = dict[str, Any]
PRIORITY = ("awake", "rem", "deep", "light", "asleep", "in_bed")
MINUTE = timedelta(minutes=1)


def daily(subject: Subject) -> dict[date, dict[str, Value]]:
    """Default settings."""
    days: dict[date, dict[str, Value]] = {}
    nights, naps = sleeps(subject)
    for measure, figures in (("blood_pressure", _pressure), ("heart_rate", _rates), ("step_count", _steps)):
        rows = sorted(subject.rows[measure], key=lambda row: row["start_utc"])
        for day in {local(row).date() for row in rows}:
            bounds = (day_start(subject, day), day_start(subject, day + timedelta(days=1)))
            days.setdefault(day, {}).update(figures([row for row in rows if local(row).date() == day], *bounds))
    rows = sorted(subject.rows["heart_rate"], key=lambda row: row["start_utc"])
    for day, night in nights.items():
        days.setdefault(day, {}).update(_night(night, day, rows))
    for day, members in naps.items():
        days.setdefault(day, {}).update(
            {"sleep_naps_n": len(members), "sleep_naps_min": total([nap["total"] for nap in members])}
        )
    if not days:
        return {}
    every = [min(days) + timedelta(days=n) for n in range((max(days) - min(days)).days + 1)]
    return {
        day: {
            **days.get(day, {}),
            "day_length_min": (day_start(subject, day + timedelta(days=1)) - day_start(subject, day)) / MINUTE,
        }
        for day in every
    }


def local(row: Row) -> datetime:
    return row["start_utc"].replace(tzinfo=None) + timedelta(minutes=row["utc_offset_min"])


def day_start(subject: Subject, day: date) -> datetime:
    """The first quarter of an hour at which the subject's clock shows this day or a later one."""
    instant = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=15)
    while instant.astimezone(subject.zone(instant)).date() < day:
        instant += timedelta(minutes=15)
    return instant


def mean(values: list[float]) -> Value:
    return sum(values) / len(values) if values else None


def total(values: list[float | None]) -> Value:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def quantile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def _pressure(rows: list[Row], start: datetime, end: datetime) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for part, first, last in (("", 0, 24), ("morning_", 4, 12), ("evening_", 17, 24)):
        chosen = [row for row in rows if first <= local(row).hour < last]
        beats = [row["pulse_bpm"] for row in chosen if row["pulse_bpm"] is not None]
        found[f"bp_{part}n"] = len(chosen)
        found[f"bp_{part}systolic_mean_mmhg"] = mean([row["systolic_mmhg"] for row in chosen])
        found[f"bp_{part}diastolic_mean_mmhg"] = mean([row["diastolic_mmhg"] for row in chosen])
        found[f"bp_{part}pulse_mean_bpm"] = mean(beats)
        found[f"bp_{part}pulse_n"] = len(beats)
    return found


def _rates(rows: list[Row], start: datetime, end: datetime) -> dict[str, Value]:
    spread = [row for row in rows if row["context"] in ("automatic", "manual")]
    resting = [row["heart_rate_bpm"] for row in rows if row["context"] == "resting"]
    found: dict[str, Value] = {"hr_n": len(spread), "rhr_vendor_n": len(resting)}
    if spread:
        beats = [row["heart_rate_bpm"] for row in spread]
        for name, share in (("min", 0), ("q1", 0.25), ("median", 0.5), ("q3", 0.75), ("max", 1)):
            found[f"hr_{name}_bpm"] = quantile(beats, share)
        slots = {int(row["start_utc"].timestamp()) // 300 for row in spread}
        length = (end - start) / timedelta(minutes=5)
        found["hr_coverage"] = min(len(slots) / length, 1.0) if length else None
    if resting:
        found["rhr_vendor_bpm"] = resting[-1]
    return found | _lowest([row for row in rows if row["context"] != "resting"])


def _lowest(rows: list[Row]) -> dict[str, Value]:
    best: tuple[float, int] | None = None
    for place, first in enumerate(rows):
        inside = [row for row in rows[place:] if row["start_utc"] < first["start_utc"] + timedelta(minutes=30)]
        spans = inside[-1]["start_utc"] - first["start_utc"]
        if len(inside) >= 5 and spans >= timedelta(minutes=20):
            value = sum(row["heart_rate_bpm"] for row in inside) / len(inside)
            if best is None or value < best[0]:
                best = (value, len(inside))
    return {"rhr_lowest_30min_bpm": best[0] if best else None, "rhr_lowest_30min_n": best[1] if best else 0}


def _steps(rows: list[Row], start: datetime, end: datetime) -> dict[str, Value]:
    covered = {m for row in rows for m in minutes_of(row["start_utc"], row["end_utc"]) if start <= m < end}
    length = (end - start) / MINUTE
    share = min(len(covered) / length, 1.0) if length else None
    return {"steps": sum(row["steps"] for row in rows), "steps_n": len(rows), "steps_coverage": share}


def minutes_of(start: datetime, end: datetime) -> list[datetime]:
    return [start + MINUTE * n for n in range(int((end - start) / MINUTE))]


def _groups(spans: list[Row], reaches: Callable[[datetime, datetime], bool]) -> list[list[Row]]:
    found: list[list[Row]] = []
    for span in sorted(spans, key=lambda span: span["start"]):
        if found and reaches(max(before["end"] for before in found[-1]), span["start"]):
            found[-1].append(span)
        else:
            found.append([span])
    return found


def _hull(group: list[Row], **more: Any) -> Row:
    return {"start": min(s["start"] for s in group), "end": max(s["end"] for s in group), **more}


def sleeps(subject: Subject) -> tuple[dict[date, list[Row]], dict[date, list[Row]]]:
    """Nights and naps by date, each a list of sleeps."""
    told = [{**row, "start": row["start_utc"], "end": row["end_utc"]} for row in subject.rows["sleep_episode"]]
    staged = [{**row, "start": row["start_utc"], "end": row["end_utc"]} for row in subject.rows["sleep_stage"]]
    hulls = [_hull(group, told=group) for group in _groups(told, lambda end, start: start < end)]
    proved = [s for s in staged if s.get("flags") not in ("unproved_stages", "unanchored")]
    free = [s for s in proved if not any(s["start"] < h["end"] and s["end"] > h["start"] for h in hulls)]
    for group in _groups(free, lambda end, start: start - end <= timedelta(minutes=60)):
        if any(span["stage"] in ("light", "deep", "rem", "asleep") for span in group):
            hulls.append(_hull(group, told=[]))
    periods = []
    for group in _groups(hulls, lambda end, start: start < end):
        episodes = [episode for hull in group for episode in hull["told"]]
        periods.append(_period(subject, _hull(group), episodes, staged))
    nap = [p for p in periods if _is_nap(p)]
    bouts = _groups([p for p in periods if not _is_nap(p)], lambda end, start: start - end <= timedelta(minutes=120))
    nights: dict[date, list[Row]] = {}
    for day in {bout[-1]["local_end"].date() for bout in bouts}:
        own = [bout for bout in bouts if bout[-1]["local_end"].date() == day]
        longest = max(own, key=_length)
        staged_ones = [bout for bout in own if any(p["basis"] == "stages" for p in bout)]
        if staged_ones and _length(best := max(staged_ones, key=_length)) >= _length(longest) / 2:
            longest = best
        nights[day] = longest
        nap += [p for bout in own if bout is not longest for p in bout]
    naps: dict[date, list[Row]] = {}
    for p in nap:
        naps.setdefault(p["local_end"].date(), []).append(p)
    return nights, naps


def _length(bout: list[Row]) -> float:
    return sum((p["end"] - p["start"]) / MINUTE for p in bout)


def _is_nap(p: Row) -> bool:
    a, b = p["local_start"], p["local_end"]
    is_inside = a.date() == b.date() and a.hour >= 10 and (b.hour, b.minute) <= (20, 0)
    return p["is_nap"] or (is_inside and (p["end"] - p["start"]) <= timedelta(minutes=180))


def _period(subject: Subject, hull: Row, episodes: list[Row], staged: list[Row]) -> Row:
    stage_at: dict[datetime, str] = {}
    for span in staged:
        for minute in minutes_of(max(span["start"], hull["start"]), min(span["end"], hull["end"])):
            stage_at[minute] = min(stage_at.get(minute, "in_bed"), span["stage"], key=PRIORITY.index)
    count = {stage: sum(1 for found in stage_at.values() if found == stage) for stage in PRIORITY}
    asleep = sorted(minute for minute, stage in stage_at.items() if stage in ("light", "deep", "rem", "asleep"))
    longest = max(episodes, key=lambda e: e["end"] - e["start"], default={})
    vendor = longest.get("total_sleep_time_min")
    light, deep, rem = (longest.get(f"{name}_min") for name in ("light", "deep", "rem"))
    basis = "vendor"
    is_inclusive = longest.get("flags") == "total_includes_awake"
    if is_inclusive or vendor is None:
        vendor, basis = None, "none"
        if light is not None and deep is not None and not (is_inclusive and rem is None):
            vendor, basis = light + deep + (rem or 0), "vendor_stages"
    known = len(stage_at) - count["in_bed"]
    is_covered = known >= 0.9 * ((hull["end"] - hull["start"]) / MINUTE) and known > 0
    found = {**hull, "basis": basis, "total": vendor}
    found |= {name: longest.get(f"{name}_min") for name in ("light", "deep", "rem", "awake")}
    first, last = hull["start"], hull["end"]
    if is_covered or (vendor is None and asleep and not is_inclusive):
        found |= {name: count[name] or None for name in ("light", "deep", "rem", "awake")}
        found |= {"basis": "stages", "total": len(asleep)} | ({"awake": count["awake"]} if is_covered else {})
        if asleep:
            first, last = asleep[0], asleep[-1] + MINUTE
    here = {"local_start": hull["start"], "local_end": hull["end"], "onset": first, "wake": last}
    found |= {name: utc.astimezone(subject.zone(utc)).replace(tzinfo=None) for name, utc in here.items()}
    return found | {"is_nap": bool(episodes) and all(e.get("is_main_sleep") is False for e in episodes)}


def _night(night: list[Row], day: date, rates: list[Row]) -> dict[str, Value]:
    main = max(night, key=lambda p: p["end"] - p["start"])
    elapsed = _length(night)
    stages = {name: total([p[name] for p in night]) for name in ("light", "deep", "rem", "awake")}
    known = [p for p in night if p["total"] is not None]
    midnight = datetime(day.year, day.month, day.day)
    inside = [
        row["heart_rate_bpm"]
        for row in rates
        if main["start"] <= row["start_utc"] < main["end"] and row["context"] != "resting"
    ]
    return {
        "sleep_episodes_n": len(night),
        "sleep_total_min": total([p["total"] for p in night]),
        "sleep_main_min": main["total"],
        **{f"sleep_{name}_min": minutes for name, minutes in stages.items()},
        "sleep_onset_local_min": (night[0]["onset"] - midnight) / MINUTE,
        "sleep_offset_local_min": (night[-1]["wake"] - midnight) / MINUTE,
        "sleep_efficiency": min(sum(p["total"] for p in known) / _length(known), 1.0) if known else None,
        "sleep_stage_coverage": min(sum(minutes or 0 for minutes in stages.values()) / elapsed, 1.0),
        "rhr_sleep_n": len(inside),
        "rhr_sleep_p05_bpm": quantile(inside, 0.05) if len(inside) >= 20 else None,
    }
