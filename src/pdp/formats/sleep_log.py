"""Tables of nights: start, end, and durations as stated, as CSV or XLSX.

One record is one sleep. Durations are taken as stated: stages seldom add up to the total, and the
total is never made from start and end, because time in bed is not time asleep. Start and end are a
date and a time each.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import time, timedelta

from pdp.errors import UnreadableExportError
from pdp.export import Export
from pdp.formats import Parsed
from pdp.settings import option
from pdp.tabular.cells import Cell, Fault, Table, is_missing, squeeze
from pdp.tabular.column_names import SLEEP
from pdp.tabular.columns import Layout, missing
from pdp.tabular.log_kind import Cells, LogKind, LogSettings, Reading, configured
from pdp.tabular.log_tables import looks_like
from pdp.tabular.logs import parse_log
from pdp.tabular.numbers import Quantity, read_quantity

TITLE = "Table of nights (CSV, XLSX, Google Sheet): start, end and durations"
MEASURES = ("sleep_episode",)
LEFT_OUT = "columns that tell nothing of a night; rows of other people"

MINUTES = {"ms": 1 / 60_000, "s": 1 / 60, "min": 1.0, "h": 60.0}

# field -> column of the vocabulary
_DURATIONS = {
    "total": "total_sleep_time_min",
    "light": "light_min",
    "deep": "deep_min",
    "rem": "rem_min",
    "awake": "awake_min",
}
_CLOCK = re.compile(r"(\d{1,3}):(\d{2})(?::(\d{2}))?", re.ASCII)  # 7:05 or 7:05:30: hours and minutes
_WORDS = re.compile(r"(?:(\d{1,3}) ?(?:h|hr|hrs|hours?|std\.?))? ?(?:(\d{1,4}) ?(?:m|min|mins|minutes?)\.?)?", re.ASCII)


@dataclass(frozen=True)
class Columns:
    """Column names, where the known ones do not fit. An empty one is looked for by its known names."""

    start: str = option("", "Column of the sleep's beginning, date and time.")
    end: str = option("", "Column of the sleep's end, date and time.")
    total: str = option("", "Column of the total sleep time.")
    light: str = option("", "Column of the time in light sleep.")
    deep: str = option("", "Column of the time in deep sleep.")
    rem: str = option("", "Column of the time in REM sleep.")
    awake: str = option("", "Column of the time awake.")
    person: str = option("", "Column that says whose each row is.")
    utc_offset: str = option("", "Column of the offset from UTC, such as +02:00; needs clock.")
    device: str = option("", "Column of the device's name.")


@dataclass(frozen=True)
class Settings(LogSettings):
    """How the table is written. What is left out is read from the file where the file proves it."""

    columns: Columns = option(Columns, "Column names, where the known ones do not fit.")
    duration_unit: str | None = option(
        None,
        "Unit of the durations, where neither cell (7:05, 425 min) nor header (duration_min) states it.",
        choices=("ms", "s", "min", "h"),
    )


def sniff(export: Export) -> bool:
    """Whether some table has columns for start, end and a duration."""
    return looks_like(export, _KIND)


def parse(export: Export, settings: Settings) -> Iterator[Parsed]:
    """Every record of the table; raises UnreadableExportError where no table can be read."""
    kind = replace(_KIND, check=lambda table, where: _check(table, where, settings))
    return parse_log(export, kind, settings, configured(settings.columns), lambda cells: _read(cells, settings))


def _check(table: Table, where: Layout, settings: Settings) -> None:
    for name in ("start", "end"):
        if name not in where.columns:
            raise missing(table, where.header, name, f"{name} of the sleep")
    for name in _DURATIONS:
        index = where.columns.get(name)
        if index is None or where.units[name] or settings.duration_unit is not None:
            continue
        if any(_is_bare_number(record[index]) for record in table.records[where.header :] if len(record) > index):
            raise UnreadableExportError(
                "unit_not_set",
                f'neither the header "{where.names[name]}" nor its cells state the unit of durations.',
                hint="Set settings.duration_unit to s, min, h or ms.",
            )


def _is_bare_number(cell: Cell) -> bool:
    number = read_quantity(cell)
    return isinstance(number, Quantity) and not number.unit


_KIND = LogKind(
    name="sleep_log",
    measure="sleep_episode",
    title="a table of nights",
    known=SLEEP,
    moments=("start", "end"),
    numbers=tuple(_DURATIONS),
    telling=frozenset(_DURATIONS),
    is_complete=lambda found: {"start", "end"} <= found and bool(found & _DURATIONS.keys()),
    check=lambda table, where: None,
)


def _read(cells: Cells, settings: Settings) -> Reading | Fault | None:
    if all(is_missing(cells.cell(name)) for name in ("start", "end", *_DURATIONS)):
        return None
    moments = {}
    for name in ("start", "end"):
        moment = cells.moment(name)
        if isinstance(moment, Fault):
            return Fault(moment.reason, f"{cells.layout.names[name]}: {moment.detail}")
        moments[name] = moment
    values: dict[str, object] = {}
    for name, column in _DURATIONS.items():
        minutes = _minutes(cells, name, settings)
        if isinstance(minutes, Fault):
            return minutes
        values[column] = minutes
    values["device"] = cells.text("device") or ""
    return Reading(moments["start"], values, moments["end"])


def _minutes(cells: Cells, name: str, settings: Settings) -> float | Fault | None:
    """A stated duration in minutes; None where none is stated."""
    cell = cells.cell(name)
    if isinstance(cell, time):  # a spreadsheet's 7:05 is a time of day, whatever was meant
        return cell.hour * 60 + cell.minute + cell.second / 60
    if isinstance(cell, timedelta):
        return cell / timedelta(minutes=1)
    if isinstance(cell, str):
        text = squeeze(cell).casefold()
        if match := _CLOCK.fullmatch(text):
            return int(match[1]) * 60 + int(match[2]) + int(match[3] or 0) / 60
        if text and (match := _WORDS.fullmatch(text)) and (match[1] or match[2]):
            return int(match[1] or 0) * 60 + int(match[2] or 0)
    stated = cells.number(name)
    if stated is None or isinstance(stated, Fault):
        return stated
    unit = stated.unit or settings.duration_unit
    if unit is None:
        return Fault(
            "no_unit",
            f"{cells.layout.names[name]}: the duration has no unit. Set settings.duration_unit to s, min or h.",
        )
    if unit not in MINUTES:
        return Fault("wrong_unit", f"{cells.layout.names[name]}: a duration has no unit {unit}")
    return stated.value * MINUTES[unit]
