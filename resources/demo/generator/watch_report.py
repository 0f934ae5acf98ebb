"""The daily report of Mi Fitness."""

from __future__ import annotations

from datetime import date

from generator import clock, watch_nights
from generator.person import Sleep
from generator.sheet import Sheet, as_json, quoted
from generator.watch_export import FIRST, LAST, UID, WATCH, started
from generator.watch_samples import automatic, counted_by


def aggregated() -> Sheet:
    """One report a local day and key, and marks that say only that there is data."""
    sheet = started("Uid,Sid,Tag,Key,Time,Value,UpdateTime")
    slept = {night.wake_date: (night, deep) for night, deep in watch_nights.nights()}
    naps = {nap.wake_date: nap for nap in watch_nights.naps()}
    steps = _steps_by_day()
    beats = _beats_by_day()
    for day in clock.days(FIRST, LAST):
        time = clock.midnight_utc(day)
        reports: dict[str, object] = {}
        if day in slept:
            reports["sleep"] = _night_report(*slept[day], naps.get(day))
        if day in beats:
            low, mean, high = beats[day]
            reports["heart_rate"] = {"avg_hr": mean, "max_hr": high, "min_hr": low}
        if day in steps:
            total = steps[day]
            reports["steps"] = {"steps": total, "distance": int(total * 0.74), "calories": int(total * 0.043)}
        for key, value in reports.items():
            cells = (UID, "default", "daily_report", key, time, as_json(value), time + 108000)
            sheet.add(quoted(cells), f"daily_report_{key}")
        if reports:
            mark = (
                UID,
                "default",
                "daily_mark",
                "sleep",
                time,
                as_json({"has_data": "sleep" in reports}),
                time + 108000,
            )
            sheet.add(quoted(mark), "daily_mark")
    return sheet


def _night_report(night: Sleep, deep: int, nap: Sleep | None) -> dict[str, object]:
    summary = watch_nights.summary(night, deep)
    nap_min = nap.asleep if nap else 0
    stages = {key: summary[key] for key in summary if key.startswith("sleep_")}
    return {
        **stages,
        "segment_details": [summary],
        "sleep_nap_duration": nap_min,
        "sleep_score": min(99, 60 + night.asleep // 18),
        "total_long_duration": night.asleep,
        "total_duration": night.asleep + nap_min,
    }


def _steps_by_day() -> dict[date, int]:
    """The watch alone: the app leaves the phone out where the watch was worn."""
    totals: dict[date, int] = {}
    for at, counted in counted_by(WATCH).items():
        day = clock.local_date(at)
        totals[day] = totals.get(day, 0) + counted
    return totals


def _beats_by_day() -> dict[date, tuple[int, int, int]]:
    beats: dict[date, list[int]] = {}
    for _, _, time, value, _ in automatic():
        assert isinstance(value, dict)
        beats.setdefault(clock.local_date(time // 60), []).append(value["bpm"])
    return {day: (min(all_day), round(sum(all_day) / len(all_day)), max(all_day)) for day, all_day in beats.items()}
