"""The figures of the daily table, and how each one can be computed again from its own rows.

`pdp explain` takes the rows that a figure of a day was computed from, computes it once more and
finds the same number: the arithmetic here is the one that fills the daily table.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from pdp import schemas, tables
from pdp.errors import PdpError, nearest
from pdp.summarize import daily_blood_pressure as blood_pressure
from pdp.summarize import daily_heart_rate as heart_rate
from pdp.summarize import daily_steps as steps
from pdp.summarize import nights
from pdp.summarize.daily import EPOCH, MAX_OFFSET_MS, MS_PER_DAY, Day, Figure, Value, Values
from pdp.summarize.nights import Nights
from pdp.summarize.sleep_periods import EPISODE_COLUMNS, STAGE_COLUMNS, Periods, periods
from pdp.summarize.summary_settings import SummarySettings
from pdp.tables import columns
from pdp.tables.columns import Integers, Mask, to_arrow

if TYPE_CHECKING:
    from pdp.timeframe import ZoneLedger

FIGURES: dict[str, Figure] = {
    figure.name: figure for figure in (*blood_pressure.FIGURES, *heart_rate.FIGURES, *nights.FIGURES, *steps.FIGURES)
}
_NAPS = frozenset(figure.name for figure in nights.NAP_FIGURES)

__all__ = ["FIGURES", "Figure", "compute", "contributing"]


def contributing(
    name: str,
    day: datetime.date,
    merged: Mapping[str, Path],
    settings: SummarySettings,
    ledger: ZoneLedger,
) -> pa.Table:
    """The merged rows that one number of the daily table was computed from.

    Args:
        name: A figure, see FIGURES.
        day: The local day.
        merged: Measure -> results/merged/{subject}/{measure}.parquet.

    Returns:
        n rows: `measure`, then the merged columns. Sleep figures rest on episodes and stages: their rows
        have the columns of both, null where they don't apply.

    Raises:
        PdpError: No such figure; names the nearest.
    """
    figure = _figure(name)
    number = (day - EPOCH).days
    if figure.measure == nights.MEASURE:
        return _sleep_rows(name, number, merged, settings, ledger)
    if figure.measure == blood_pressure.MEASURE:
        table = tables.read(merged[figure.measure])
        return _named(figure.measure, _pick(table, blood_pressure.rows(table, number, name, settings)))
    first, last = number * MS_PER_DAY - MAX_OFFSET_MS, (number + 1) * MS_PER_DAY + MAX_OFFSET_MS
    main_sleep = None
    if name in heart_rate.SLEEP_NAMES:
        main_sleep = _main_sleep(number, merged, settings, ledger)
        first, last = main_sleep if main_sleep is not None else (0, 0)
    found = []
    for batch in tables.batches(merged[figure.measure]):
        start = columns.integers(batch["start_utc"])
        near = batch.slice(*_slice(start, first, last))
        is_steps = figure.measure == steps.MEASURE
        chosen = steps.rows(near, number) if is_steps else heart_rate.rows(near, number, name, main_sleep)
        found.append(_pick(near, chosen))
    whole = pa.concat_tables([schemas.validated(figure.measure).empty_table(), *found])
    return _named(figure.measure, whole)


def compute(name: str, rows: pa.Table, day: datetime.date, settings: SummarySettings, ledger: ZoneLedger) -> Value:
    """The number, from the rows that `contributing` gave: exactly what the daily table holds."""
    figure = _figure(name)
    measure = figure.measure
    when = Day.of(day, ledger)
    values: Values
    if measure == blood_pressure.MEASURE:
        values = blood_pressure.figures(blood_pressure.Readings.of(rows), settings)
    elif measure == heart_rate.MEASURE:
        values = heart_rate.compute(name, heart_rate.Samples.of(rows), when, settings)
    elif measure == steps.MEASURE:
        values = steps.figures_of_day(steps.Counts.of(rows), when)
    else:
        episodes = _of_measure(rows, "sleep_episode")
        sleeps = periods(episodes, _of_measure(rows, "sleep_stage"), settings, ledger)
        every = np.arange(len(sleeps))
        of_night = nights.figures_of_night(sleeps, every, when.number)
        values = nights.figures_of_naps(sleeps, every) if name in _NAPS else of_night
    return values.get(name, 0 if figure.is_count else None)


def sleeps_of(merged: Mapping[str, Path], settings: SummarySettings, ledger: ZoneLedger) -> tuple[Periods, Nights]:
    """All sleeps of the subject, and the nights and naps they make."""
    episodes = tables.read(merged["sleep_episode"], EPISODE_COLUMNS)
    stages = tables.read(merged["sleep_stage"], STAGE_COLUMNS)
    sleeps = periods(episodes, stages, settings, ledger)
    return sleeps, nights.assign(sleeps, settings)


def main_sleeps(sleeps: Periods, assigned: Nights) -> list[tuple[int, int, int]]:
    """(day number, start, end) in UTC ms of each night's main sleep, in order of time."""
    mains = ((day, nights.main_of(sleeps, members)) for day, members in assigned.of.items())
    return sorted(((day, int(sleeps.start[m]), int(sleeps.end[m])) for day, m in mains), key=lambda main: main[1])


def _figure(name: str) -> Figure:
    if name not in FIGURES:
        raise PdpError(f'there is no figure "{name}" in the daily table.', hint=nearest(name, FIGURES))
    return FIGURES[name]


def _main_sleep(
    day: int, merged: Mapping[str, Path], settings: SummarySettings, ledger: ZoneLedger
) -> tuple[int, int] | None:
    found = {number: (start, end) for number, start, end in main_sleeps(*sleeps_of(merged, settings, ledger))}
    return found.get(day)


def _sleep_rows(
    name: str, day: int, merged: Mapping[str, Path], settings: SummarySettings, ledger: ZoneLedger
) -> pa.Table:
    """Episodes and stages that share time with the sleeps of the night, or with the naps of the day."""
    sleeps, assigned = sleeps_of(merged, settings, ledger)
    members = (assigned.naps if name in _NAPS else assigned.of).get(day, np.zeros(0, np.int64))
    if name == "sleep_main_min" and len(members):
        members = np.array([nights.main_of(sleeps, members)])
    found = []
    for measure in ("sleep_episode", "sleep_stage"):
        table = tables.read(merged[measure])
        start, end = columns.integers(table["start_utc"]), columns.integers(table["end_utc"])
        chosen = np.zeros(len(table), bool)
        for place in members.tolist():
            chosen |= (start < sleeps.end[place]) & (end > sleeps.start[place])
        found.append(_named(measure, _pick(table, chosen)))
    return pa.concat_tables(found, promote_options="default")


def _slice(start: Integers, first: int, last: int) -> tuple[int, int]:
    """Offset and length of the rows that start in [first, last)."""
    low, high = np.searchsorted(start, np.array([first, last])).tolist()
    return low, high - low


def _pick(table: pa.Table, chosen: Mask) -> pa.Table:
    return table.take(to_arrow(np.flatnonzero(chosen)))


def _named(measure: str, table: pa.Table) -> pa.Table:
    return table.add_column(0, pa.field("measure", schemas.DICTIONARY), columns.constant(measure, len(table)))


def _of_measure(rows: pa.Table, measure: str) -> pa.Table:
    """The rows of one measure, with its own columns."""
    words = rows["measure"].cast(pa.string()).to_pylist()
    chosen = np.array([word == measure for word in words], bool)
    return columns.conform(_pick(rows, chosen), schemas.validated(measure))
