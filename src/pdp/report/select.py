"""Choose what stands on the report from the tables of one subject. Everything ends on the last day with a reading."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pdp import home_bp
from pdp.home_bp import HomeBpSettings, Protocol, Readings, Window
from pdp.home_bp.windows import counted
from pdp.report import model, record
from pdp.summarize.daily import EPOCH
from pdp.summarize.summary_settings import SummarySettings

PLOT_DAYS = record.DAYS
MONTH_DAYS = 30
MONTHS = 13  # this month, and the same one a year ago
BOX_LEAST_N = 5  # quartiles of fewer sittings say little
READINGS_OF_A_DAY = 4  # two each morning and evening: what the named protocols ask for
TREND = ("bp_systolic_mean_mmhg", "bp_diastolic_mean_mmhg")


@dataclass(frozen=True)
class Tables:
    """What the report is chosen from; see pdp.home_bp, pdp.trends and pdp.events for the columns."""

    readings: pa.Table
    bp_sessions: pa.Table
    bp_windows: pa.Table
    bp_habits: pa.Table
    bp_months: pa.Table
    trends: pa.Table
    events: pa.Table


def facts(
    found: Tables, *, settings: HomeBpSettings, summary: SummarySettings, name: str, born: str = ""
) -> model.Facts:
    """Everything on the sheet.

    Args:
        found: The subject's tables.
        settings: The protocol and the guideline of the printed report, and the sittings' gap.
        summary: Where morning and evening lie.
        name, born: Of the person, as the head of the sheet shows them.
    """
    readings = Readings.of(found.readings, summary, settings.session_gap_min)
    protocol = home_bp.chosen(settings)[settings.protocol]
    windows = home_bp.of_table(found.bp_windows)
    newest = home_bp.newest(windows, protocol.key)
    previous = home_bp.newest(windows, protocol.key, is_sufficient=True)
    last = newest.to_date if newest else None
    sittings = _sittings(found.bp_sessions, last)
    return model.Facts(
        name=name,
        born=born,
        guideline=settings.guideline,
        protocol=protocol.key,
        first=EPOCH + timedelta(days=int(readings.day.min())) if len(readings) else None,
        last=last,
        n=len(readings),
        verdict=_verdict(newest, protocol) if newest else None,
        previous=_verdict(previous, protocol) if newest and previous and previous != newest else None,
        periods=_periods(readings, protocol, newest) if newest else (),
        sittings=sittings,
        trend=_trend(found.trends, last),
        trend_days=_window_days(found.trends),
        daytimes=_daytimes(sittings, last),
        months=_months(found.bp_months),
        devices=record.devices(found.readings, last),
        events=_events(found.events, last),
        habits=record.habits(found.bp_habits),
        n_habits=sum(row not in ("too_few", "cannot_be_judged") for row in found.bp_habits["verdict"].to_pylist()),
        n_days_90=record.n_days(readings, last),
        method={
            "protocol": protocol.words,
            "protocol_title": protocol.title,
            "least": f"{protocol.least_readings} readings on {protocol.least_days} days",
            "morning": summary.morning,
            "evening": summary.evening,
            "sitting_gap_min": str(settings.session_gap_min),
            "day_least_readings": str(settings.day_least_readings),
        },
    )


def _verdict(window: Window, protocol: Protocol) -> model.Verdict:
    systolic, diastolic = window.systolic_mean_mmhg, window.diastolic_mean_mmhg
    days = protocol.days - protocol.skip_days
    return model.Verdict(
        from_date=window.from_date,
        to_date=window.to_date,
        n=window.n_readings,
        n_days=window.n_days,
        n_days_morning=window.n_days_morning,
        n_days_evening=window.n_days_evening,
        n_days_possible=days,
        n_expected=READINGS_OF_A_DAY * days if protocol.key in home_bp.protocols() else None,
        n_left_out=window.n_left_out,
        is_enough=window.is_sufficient,
        why_not=window.why_not,
        systolic_mmhg=None if systolic is None else home_bp.whole_mmhg(systolic),
        diastolic_mmhg=None if diastolic is None else home_bp.whole_mmhg(diastolic),
        levels=dict(window.levels),
    )


def _periods(readings: Readings, protocol: Protocol, newest: Window) -> tuple[model.Period, ...]:
    """The window of the verdict, its mornings and evenings, and all readings of 30 days."""
    last = (newest.to_date - EPOCH).days
    inside = readings.take((readings.day > last - protocol.days) & (readings.day <= last))
    kept = inside.take(counted(inside, protocol))
    plain = replace(protocol, skip_days=0, skip_first_of_sitting=False, least_each_daytime=0)
    month = replace(plain, days=MONTH_DAYS, daytimes=("morning", "evening", "other"))
    parts = {
        "week": newest,
        "morning": home_bp.at(kept, replace(plain, daytimes=("morning",)), newest.to_date),
        "evening": home_bp.at(kept, replace(plain, daytimes=("evening",)), newest.to_date),
        "month": home_bp.at(readings, month, newest.to_date),
    }
    return tuple(
        model.Period(
            key=key,
            from_date=window.from_date,
            to_date=window.to_date,
            n=window.n_readings,
            n_days=window.n_days,
            is_enough=window.is_sufficient if key == "month" else newest.is_sufficient,
            systolic=_spread(window, "systolic"),
            diastolic=_spread(window, "diastolic"),
            pulse_bpm=window.pulse_mean_bpm,
        )
        for key, window in parts.items()
    )


def _spread(window: Window, side: str) -> model.Spread | None:
    mean = getattr(window, f"{side}_mean_mmhg")
    if mean is None:
        return None
    low, high = getattr(window, f"{side}_lowest_mmhg"), getattr(window, f"{side}_highest_mmhg")
    return model.Spread(mean, low, high, getattr(window, f"{side}_sd_mmhg"))


def _sittings(table: pa.Table, last: date | None) -> tuple[model.Sitting, ...]:
    rows = _since(table, "date", last, PLOT_DAYS)
    return tuple(
        model.Sitting(
            date=row["date"],
            minute=_local_minute(row),
            daytime=row["daytime"],
            n=row["n"],
            systolic_mmhg=row["systolic_mean_mmhg"],
            diastolic_mmhg=row["diastolic_mean_mmhg"],
        )
        for row in rows
    )


def _local_minute(row: Mapping[str, Any]) -> int:
    local = row["start_utc"] + timedelta(minutes=row["utc_offset_min"])
    return int(local.hour * 60 + local.minute)


def _trend(table: pa.Table, last: date | None) -> tuple[model.TrendDay, ...]:
    of_day: dict[date, dict[str, tuple[float, float, float]]] = {}
    for row in _since(
        table.filter(pc.is_in(table["figure"].cast(pa.string()), pa.array(TREND))), "date", last, PLOT_DAYS
    ):
        known = of_day.setdefault(row["date"], {})
        if row["median"] is not None:
            known[row["figure"]] = (row["q1"], row["median"], row["q3"])
    return tuple(model.TrendDay(day, known.get(TREND[0]), known.get(TREND[1])) for day, known in sorted(of_day.items()))


def _window_days(table: pa.Table) -> int:
    found = table.filter(pc.equal(table["figure"].cast(pa.string()), TREND[0]))["window_days"]
    return int(found[0].as_py()) if len(found) else 0


def _daytimes(sittings: Sequence[model.Sitting], last: date | None) -> tuple[model.Daytime, ...]:
    found = []
    for daytime in ("morning", "evening"):
        part = [each for each in sittings if each.daytime == daytime and _is_recent(each, last)]
        if part:
            minutes = [each.minute for each in part]
            sides = [_quartiles([getattr(each, f"{side}_mmhg") for each in part]) for side in ("systolic", "diastolic")]
            found.append(model.Daytime(daytime, len(part), min(minutes), max(minutes), sides[0], sides[1]))
    return tuple(found)


def _is_recent(sitting: model.Sitting, last: date | None) -> bool:
    return last is not None and sitting.date > last - timedelta(days=MONTH_DAYS)


def _quartiles(values: Sequence[float]) -> tuple[float, float, float] | None:
    if len(values) < BOX_LEAST_N:
        return None
    low, middle, high = np.quantile(np.array(values), (0.25, 0.5, 0.75)).tolist()
    return low, middle, high


def _months(table: pa.Table) -> tuple[model.Month, ...]:
    months: dict[date, dict[str, dict[str, int]]] = {}
    n_days: dict[date, int] = {}
    for row in table.to_pylist():
        levels = months.setdefault(row["month"], {}).setdefault(row["guideline"], {})
        n_days[row["month"]] = row["n_days_with_level"]
        if row["level"]:
            levels[row["level"]] = row["n_days"]
    return tuple(model.Month(month, n_days[month], months[month]) for month in sorted(months)[-MONTHS:])


def _events(table: pa.Table, last: date | None) -> tuple[model.Event, ...]:
    return tuple(model.Event(row["date"], row["kind"], row["text"]) for row in _since(table, "date", last, PLOT_DAYS))


def _since(table: pa.Table, column: str, last: date | None, days: int) -> list[dict[str, Any]]:
    """Rows of the `days` local days to the last one, in the order of the table."""
    if last is None:
        return []
    first = last - timedelta(days=days - 1)
    chosen = pc.and_(pc.greater_equal(table[column], pa.scalar(first)), pc.less_equal(table[column], pa.scalar(last)))
    rows: list[dict[str, Any]] = table.filter(chosen).to_pylist()
    return rows
