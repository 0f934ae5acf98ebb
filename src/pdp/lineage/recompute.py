"""Summary tables computed once more, in memory, by the rule's own functions from the rule's own inputs and settings.

What a page shows must come out again: `pdp.lineage.number` holds a cell against the same cell of the table made here.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from pdp.lineage.summary_inputs import Inputs

if TYPE_CHECKING:
    from pdp.home_bp import Readings, Window

_WEEKS_FROM_MONDAY_MS = 3 * 86_400_000  # 1970-01-01 was a Thursday


def table(name: str, inputs: Inputs) -> pa.Table | None:
    """The whole table again; None for those that are too large for a page to make or are nobody's computation."""
    return _AGAIN[name](inputs) if name in _AGAIN else None


def slot(name: str, inputs: Inputs, start_utc: datetime.datetime, offset_min: int) -> pa.Table | None:
    """One slot of the pyramid of heart rate again, one row or none; None if there is no such level."""
    from pdp import tables
    from pdp.pyramid.levels import LEVELS, rows
    from pdp.summarize.daily import MS_PER_DAY, MS_PER_MIN
    from pdp.summarize.daily_heart_rate import SPREAD, context_codes
    from pdp.tables.columns import integers, numbers

    level = next((level for level in LEVELS if level.table == name), None)
    if level is None:
        return None
    start = int(start_utc.timestamp() * 1000)

    def place(utc: Any, offset: Any) -> Any:
        return (utc + (offset * MS_PER_MIN + _WEEKS_FROM_MONDAY_MS if level.is_local else 0)) // level.width_ms

    wanted, found = place(start, offset_min), []
    for batch in tables.batches(
        inputs.merged["heart_rate"], ["start_utc", "utc_offset_min", "heart_rate_bpm", "context"]
    ):
        utc = integers(batch["start_utc"])
        if not len(utc) or utc[-1] < start - 2 * MS_PER_DAY:
            continue
        if utc[0] > start + level.width_ms + 2 * MS_PER_DAY:
            break
        offset = integers(batch["utc_offset_min"])
        chosen = np.flatnonzero(np.isin(context_codes(batch["context"]), SPREAD) & (place(utc, offset) == wanted))
        found.append((utc[chosen], offset[chosen], numbers(batch["heart_rate_bpm"])[chosen]))
    if not found:
        return None
    utc, offset, bpm = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return rows(np.full(len(utc), start), offset, bpm, np.zeros(len(utc), np.int64))


def is_by_day(name: str) -> bool:
    """Whether `of_days` makes it: tables of so many samples that only the days asked for are computed again."""
    from pdp.heart_rate import TABLES

    return name in TABLES


def of_days(name: str, inputs: Inputs, first: datetime.date, last: datetime.date) -> pa.Table:
    """The rows of a range of days again."""
    from pdp import heart_rate

    return heart_rate.of_days(name, inputs.merged, inputs.settings, inputs.ledger, first, last)


def of_day(column: str, inputs: Inputs, day: datetime.date) -> Any:
    """What the daily table says of a day beside its figures: its length, and where the night's minutes come from."""
    from pdp.summarize.daily import Day

    if column == "date":
        return day
    if column == "day_length_min":
        return Day.of(day, inputs.ledger).length_min
    of_night = [row[column.removeprefix("sleep_")] for row in _nights(inputs).to_pylist() if row["night_date"] == day]
    return of_night[0] if of_night else None


def _nights(inputs: Inputs) -> pa.Table:
    from pdp.summarize import figures, nights

    return nights.table(*figures.sleeps_of(inputs.merged, inputs.settings, inputs.ledger))


def _agreement(inputs: Inputs) -> pa.Table:
    from pdp.summarize import agreement

    return agreement.compare(inputs.merged, inputs.superseded, inputs.settings.agreement_least_n)


def _records(inputs: Inputs) -> pa.Table:
    from pdp.home_bp import records

    refused = (inputs.root / "quarantine" / inputs.subject).glob("*/*.parquet")
    return records.table(inputs.merged["blood_pressure"], inputs.superseded["blood_pressure"], refused)


def _sessions(inputs: Inputs) -> pa.Table:
    from pdp.home_bp import sessions

    return sessions.table(inputs.readings())


def _found(inputs: Inputs, readings: Readings) -> list[Window]:
    from pdp.home_bp import chosen, find

    return [window for protocol in chosen(inputs.home_bp).values() for window in find(readings, protocol)]


def _windows(inputs: Inputs) -> pa.Table:
    from pdp.home_bp import window_table

    return window_table.table(_found(inputs, inputs.readings()), inputs.home_bp.protocol)


def _habits(inputs: Inputs) -> pa.Table:
    from pdp.home_bp import habits

    readings = inputs.readings()
    return habits.table(readings, _found(inputs, readings), inputs.home_bp)


def _profile(inputs: Inputs) -> pa.Table:
    from pdp.home_bp import profile

    return profile.table(inputs.readings(), inputs.home_bp.profile_least_n)


def _days(inputs: Inputs) -> pa.Table:
    from pdp.home_bp import days

    return days.table(inputs.readings(), inputs.home_bp.day_least_readings, inputs.home_bp.guideline)


def _months(inputs: Inputs) -> pa.Table:
    from pdp.home_bp import months

    return months.table(inputs.readings(), inputs.home_bp.day_least_readings, inputs.home_bp.guideline)


def _trends(inputs: Inputs) -> pa.Table:
    from pdp.trends.rolling import trends

    return trends(inputs.summary("daily"))


def _segments(inputs: Inputs) -> pa.Table:
    from pdp.trends.segments import segments

    return segments(inputs.merged, inputs.settings, inputs.ledger)


def _clock(inputs: Inputs) -> pa.Table:
    from pdp.trends.clock import clock

    return clock(inputs.summary("daily")["date"].to_pylist(), inputs.ledger)


def _regularity(inputs: Inputs) -> pa.Table:
    from pdp.trends.regularity import regularity

    return regularity(inputs.summary("daily"), _segments(inputs), inputs.ledger)


def _associations(inputs: Inputs) -> pa.Table:
    from pdp.trends.association import associations

    return associations(inputs.summary("daily"))


def _event_effects(inputs: Inputs) -> pa.Table:
    from pdp.trends.before_after import before_after

    return before_after(inputs.summary("daily"), inputs.summary("events"))


_AGAIN: Mapping[str, Callable[[Inputs], pa.Table]] = {
    "nights": _nights,
    "agreement": _agreement,
    "bp_readings": _records,
    "bp_sessions": _sessions,
    "bp_windows": _windows,
    "bp_habits": _habits,
    "bp_profile": _profile,
    "bp_days": _days,
    "bp_months": _months,
    "trends": _trends,
    "sleep_segments": _segments,
    "clock": _clock,
    "regularity": _regularity,
    "associations": _associations,
    "event_effects": _event_effects,
}
