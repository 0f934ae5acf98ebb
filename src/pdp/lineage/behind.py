"""What a number of a summary table rests on: rows with their raw records, or days of the daily table."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from sqlalchemy.orm import Session

from pdp.lineage import trace
from pdp.lineage.summary_inputs import Inputs

_BLOOD_PRESSURE, _SLEEP, _HEART_RATE = ("blood_pressure",), ("sleep_episode", "sleep_stage"), ("heart_rate",)
_EVERY = ("blood_pressure", "heart_rate", "sleep_episode", "sleep_stage", "step_count")
_MEASURES: Mapping[str, tuple[str, ...]] = {
    "nights": _SLEEP,
    "daily": _SLEEP,
    "sleep_segments": _SLEEP,
    "regularity": _SLEEP,
    "associations": (*_SLEEP, *_BLOOD_PRESSURE),
    "agreement": _EVERY,
    "event_effects": _EVERY,
}


@dataclass(frozen=True)
class Behind:
    """What stands behind a number.

    Attributes:
        measures: The merged tables that it comes from.
        rows: As pdp.lineage.trace tells them, each with its raw record and whether that still says the same.
        exports: The raw files of these rows.
        days: Days of the daily table with their value: what a trend is computed from.
        figure: The column of these days.
    """

    measures: tuple[str, ...] = ()
    rows: tuple[Mapping[str, Any], ...] = ()
    exports: tuple[Mapping[str, Any], ...] = ()
    days: tuple[tuple[datetime.date, Any], ...] = ()
    figure: str = ""

    @property
    def export_names(self) -> frozenset[str]:
        """Names of the raw files."""
        return frozenset(str(export["export"]) for export in self.exports)


NOTHING = Behind()


def of_figure(told: Mapping[str, Any]) -> Behind:
    """Of what pdp.lineage.explain.figure tells."""
    from pdp.summarize.figures import FIGURES

    found = {str(row["measure"]) for row in told["rows"]} or {FIGURES[told["figure"]["name"]].measure}
    return Behind(tuple(sorted(found)), tuple(told["rows"]), tuple(told["exports"]))


def of_row(session: Session, root: Path, table: str, column: str, row: Mapping[str, Any], inputs: Inputs) -> Behind:
    """Of a row of another table than daily: as far as its rule says which rows it took."""
    if table == "trends":
        return _of_trend(column, row, inputs)
    if table == "regularity":
        return _of_regularity(column, row, inputs)
    if table in ("bp_windows", "bp_sessions"):
        readings = _of_window(column, row, inputs) if table == "bp_windows" else _of_session(row, inputs)
        return _traced(session, root, inputs.subject, _BLOOD_PRESSURE, readings)
    if table == "bp_readings":
        return _traced(session, root, inputs.subject, _BLOOD_PRESSURE, _of_reading(row, inputs))
    if table == "nights":
        return _traced(session, root, inputs.subject, _SLEEP, _of_night(row, inputs))
    return Behind(measures_of(table))


def measures_of(table: str) -> tuple[str, ...]:
    """The merged tables that a summary table comes from."""
    if table == "heart_rate_counts":
        return (*_HEART_RATE, *_SLEEP)
    if table.startswith("heart_rate_"):
        return _HEART_RATE
    return _BLOOD_PRESSURE if table.startswith("bp_") else _MEASURES.get(table, ())


def _traced(session: Session, root: Path, subject: str, measures: tuple[str, ...], rows: pa.Table) -> Behind:
    told = trace.trace(session, root, subject, rows)
    return Behind(measures, tuple(map(asdict, told.rows)), tuple(map(asdict, told.exports)))


def _of_window(column: str, row: Mapping[str, Any], inputs: Inputs) -> pa.Table:
    """The readings that the protocol counts, by time; of a column of mornings or evenings, those alone."""
    from pdp.home_bp import chosen
    from pdp.home_bp.windows import counted

    every = inputs.readings()
    first, last = _number(row["from_date"]), _number(row["to_date"])
    inside = np.flatnonzero((every.day >= first) & (every.day <= last))
    inside = inside[np.argsort(every.day[inside], kind="stable")]
    kept = inside[counted(every.take(inside), chosen(inputs.home_bp)[row["protocol"]])]
    for daytime, is_then in (("morning", every.is_morning), ("evening", every.is_evening)):
        if daytime in column:
            kept = kept[is_then[kept]]
    return _readings(inputs, np.sort(kept))


def _of_session(row: Mapping[str, Any], inputs: Inputs) -> pa.Table:
    """The readings of one sitting."""
    every = inputs.readings()
    first = np.flatnonzero(every.is_first & (every.utc == int(row["start_utc"].timestamp() * 1000)))
    sitting = every.sitting[first[0]] if len(first) else -1
    return _readings(inputs, np.flatnonzero(every.sitting == sitting))


def _of_reading(row: Mapping[str, Any], inputs: Inputs) -> pa.Table:
    """The one row: merged, or set aside. What was quarantined was never a row of either; the data page lists it."""
    from pdp import tables
    from pdp.home_bp import records

    place = inputs.merged if row["fate"] == records.COUNTED else inputs.superseded
    found = records.of_reading(tables.read(place["blood_pressure"]), row["reading"], row["start_utc"])
    return _named_blood_pressure(found)


def _readings(inputs: Inputs, places: Any) -> pa.Table:
    """Merged rows by their place in the order of time."""
    from pdp import tables
    from pdp.tables.columns import integers, to_arrow

    table = tables.read(inputs.merged["blood_pressure"])
    order = np.argsort(integers(table["start_utc"]), kind="stable")
    return _named_blood_pressure(table.take(to_arrow(order[places])))


def _named_blood_pressure(found: pa.Table) -> pa.Table:
    return found.add_column(0, "measure", pa.array(["blood_pressure"] * len(found), pa.string()))


def _of_night(row: Mapping[str, Any], inputs: Inputs) -> pa.Table:
    from pdp.summarize import figures

    return figures.contributing("sleep_total_min", row["night_date"], inputs.merged, inputs.settings, inputs.ledger)


def _of_trend(column: str, row: Mapping[str, Any], inputs: Inputs) -> Behind:
    """The days of the window that have data: of the trend, of the usual range, or of the last week."""
    from pdp.summarize.figures import FIGURES
    from pdp.trends.rolling import RECENT_DAYS, USUAL_DAYS, stretches, values_of

    figure = str(row["figure"])
    daily = inputs.summary("daily")
    dates, values = daily["date"].to_pylist(), values_of(daily, figure)
    last = dates.index(row["date"])
    first = last - int(row["window_days"]) + 1
    if column.startswith("usual_"):
        last, first = last - RECENT_DAYS, last - RECENT_DAYS - USUAL_DAYS + 1
    elif column.startswith("recent_"):
        first = last - RECENT_DAYS + 1
    else:
        within = [begin for begin, end in stretches(values) if begin <= last < end]
        first = max(first, within[0]) if within else last + 1
    places = range(max(first, 0), last + 1)
    days = tuple((dates[at], daily[figure][at].as_py()) for at in places if not np.isnan(values[at]))
    measure = FIGURES[figure].measure
    return Behind(_SLEEP if measure in ("sleep", *_SLEEP) else (measure,), days=days, figure=figure)


def _of_regularity(column: str, row: Mapping[str, Any], inputs: Inputs) -> Behind:
    """The nights of the window: when they began, of a mid-sleep; else how long they were."""
    figure = "sleep_onset_local_min" if column.startswith("mid_sleep") else "sleep_total_min"
    last = row["date"]
    first = last - datetime.timedelta(days=int(row["window_days"]) - 1)
    daily = inputs.summary("daily").select(["date", "sleep_episodes_n", figure]).to_pylist()
    days = tuple(
        (one["date"], one[figure]) for one in daily if first <= one["date"] <= last and one["sleep_episodes_n"]
    )
    return Behind(_SLEEP, days=days, figure=figure)


def _number(day: datetime.date) -> int:
    return (day - datetime.date(1970, 1, 1)).days
