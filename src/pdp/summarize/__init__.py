"""Days, nights and the agreement of devices, from the merged tables of one subject.

The daily table has one row per local day from the first to the last with any data. A day without
data is a row with n = 0 and nulls: missing is never 0. Dense measures are streamed day by day.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from pdp import tables
from pdp.summarize import agreement, figures, nights
from pdp.summarize import daily_blood_pressure as blood_pressure
from pdp.summarize import daily_heart_rate as heart_rate
from pdp.summarize import daily_steps as steps
from pdp.summarize.daily import EPOCH, Day, Values, table_of, walk
from pdp.summarize.figures import FIGURES
from pdp.summarize.nights import Nights
from pdp.summarize.sleep_periods import Periods
from pdp.summarize.summary_settings import SummarySettings

if TYPE_CHECKING:
    from pdp.timeframe import ZoneLedger

__all__ = ["DAILY", "SummarySettings", "summarize"]

ROWS_AT_A_TIME = 1_000_000  # of a dense measure: some 100 MB with what is computed from them

DAILY = pa.schema(
    [
        pa.field(
            "date",
            pa.date32(),
            nullable=False,
            metadata={"title": "Local day", "unit": "", "method": "local day of the measurement, by its own offset"},
        ),
        pa.field(
            "day_length_min",
            pa.float64(),
            nullable=False,
            metadata={"title": "Length of the day", "unit": "min", "method": "elapsed time by the zone ledger"},
        ),
        *(figure.field() for figure in FIGURES.values()),
        pa.field(
            "sleep_basis",
            pa.string(),
            metadata={
                "title": "Where the night's minutes come from",
                "unit": "",
                "method": "stages; vendor: its total; vendor_stages: light + deep + REM as it states them; mixed; none "
                "where nothing says, or the vendor's total counts time awake",
                "measure": nights.MEASURE,
            },
        ),
    ]
)


def summarize(
    merged: Mapping[str, Path],
    superseded: Mapping[str, Path],
    *,
    settings: SummarySettings,
    ledger: ZoneLedger,
    out: Mapping[str, Path],
) -> dict[str, int]:
    """Write daily, nights and agreement.

    Args:
        merged: Measure -> merged table, every measure of the vocabulary.
        superseded: Measure -> rows that were not chosen.
        settings: How days and nights are computed.
        ledger: The subject's zones.
        out: daily, nights, agreement -> file to write.

    Returns:
        Rows of each table.
    """
    sleeps, assigned = figures.sleeps_of(merged, settings, ledger)
    days = _days(merged, sleeps, assigned, settings, ledger)
    return {
        "daily": _write(out["daily"], DAILY, _daily(days, sleeps, assigned, ledger)),
        "nights": _write(out["nights"], nights.NIGHTS, nights.table(sleeps, assigned)),
        "agreement": _write(
            out["agreement"], agreement.AGREEMENT, agreement.compare(merged, superseded, settings.agreement_least_n)
        ),
    }


def _days(
    merged: Mapping[str, Path], sleeps: Periods, assigned: Nights, settings: SummarySettings, ledger: ZoneLedger
) -> dict[int, Values]:
    """Day number -> figures, for the days that have data."""
    found = blood_pressure.by_day(tables.read(merged["blood_pressure"], blood_pressure.COLUMNS), settings)
    read = partial(tables.batches, rows=ROWS_AT_A_TIME)

    def add(day: int, values: Values) -> None:
        found.setdefault(day, {}).update(values)

    def day_of(number: int) -> Day:
        return Day.of(EPOCH + datetime.timedelta(days=number), ledger)

    samples = map(heart_rate.Samples.of, read(merged["heart_rate"], heart_rate.COLUMNS))
    for kind, number, part in walk(samples, figures.main_sleeps(sleeps, assigned)):
        if kind == "day":
            add(number, heart_rate.figures_of_day(part, day_of(number), settings))
        else:
            add(number, heart_rate.figures_in_sleep(part, settings))
    for _, number, counts in walk(map(steps.Counts.of, read(merged["step_count"], steps.COLUMNS))):
        add(number, steps.figures_of_day(counts, day_of(number)))
    for number, members in assigned.of.items():
        add(number, nights.figures_of_night(sleeps, members, number))
    for number, members in assigned.naps.items():
        add(number, nights.figures_of_naps(sleeps, members))
    return found


def _daily(days: Mapping[int, Values], sleeps: Periods, assigned: Nights, ledger: ZoneLedger) -> pa.Table:
    numbers = range(min(days), max(days) + 1) if days else range(0)
    dates = [EPOCH + datetime.timedelta(days=number) for number in numbers]
    columns: dict[str, Sequence[Any]] = {
        "date": numbers,
        "day_length_min": [Day.of(date, ledger).length_min for date in dates],
        "sleep_basis": [
            nights.basis_of(sleeps, assigned.of[number]) if number in assigned.of else None for number in numbers
        ],
    }
    for name, figure in FIGURES.items():
        missing = 0 if figure.is_count else None
        columns[name] = [days.get(number, {}).get(name, missing) for number in numbers]
    return table_of(columns, DAILY)


def _write(path: Path, schema: pa.Schema, table: pa.Table) -> int:
    writer = tables.SortingWriter(path, schema)
    writer.write(table)
    return writer.close()
