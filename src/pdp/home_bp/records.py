"""Every reading by itself, with what became of it: counted, set aside for another one, or quarantined."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from pdp import described, tables
from pdp.home_bp.table_shape import field, table_of_rows

COUNTED, QUARANTINED = "counted", "quarantined"
VALUES = ("systolic_mmhg", "diastolic_mmhg", "pulse_bpm")
_PLACE = ("source", "export", "member", "row")
_MERGED = ("start_utc", "utc_offset_min", "device", "flags", *_PLACE, *VALUES)
_SUPERSEDED = (*_MERGED, "reason", *(f"winner_{name}" for name in _PLACE))
_QUARANTINE = ("measure", "rule", "start_utc", "utc_offset_min", "device", *_PLACE, "row_values")
_AS_RECORDED = "as the record has it"

READINGS = pa.schema(
    [
        field("date", pa.date32(), "Local day", method="by the reading's own offset", is_nullable=False),
        field("start_utc", pa.timestamp("ms", tz="UTC"), "Taken at", method="UTC", is_nullable=False),
        field("utc_offset_min", pa.int16(), "Minutes ahead of UTC", unit="min", method="recorded", is_nullable=False),
        field("systolic_mmhg", pa.float64(), "Systolic pressure", unit="mm[Hg]", method=_AS_RECORDED),
        field("diastolic_mmhg", pa.float64(), "Diastolic pressure", unit="mm[Hg]", method=_AS_RECORDED),
        field("pulse_bpm", pa.float64(), "Pulse at the cuff", unit="/min", method=_AS_RECORDED),
        field("source", pa.string(), "Source", method="as the configuration names it", is_nullable=False),
        field("device", pa.string(), "Device", method="as the export names it; empty where it does not"),
        field(
            "fate",
            pa.string(),
            "What became of it",
            method="counted: in all averages; quarantined: a rule refused it; else why another reading stands for it",
            is_nullable=False,
        ),
        field("why", pa.string(), "Rules that refused it", method="names of the rules, of a quarantined one"),
        field(
            "reading", pa.string(), "Reading", method="source/export/member/row of its raw record", is_nullable=False
        ),
        field("stands_for", pa.string(), "Reading that counts in its place", method="of one that does not count"),
        field("flags", pa.string(), "Doubts", method="names with semicolons between; none of a quarantined one"),
    ]
)


def table(merged: Path, superseded: Path, quarantine: Iterable[Path]) -> pa.Table:
    """bp_readings: a row per reading that has a time, in order of time.

    Args:
        merged: Blood pressure that counts.
        superseded: Blood pressure that another reading stands for.
        quarantine: What was refused, one file per export, of any measure.
    """
    rows = [_row(one, COUNTED) for one in tables.read(merged, _MERGED).to_pylist()]
    for one in tables.read(superseded, _SUPERSEDED).to_pylist():
        rows.append(_row(one, one["reason"]) | {"stands_for": ident(one, "winner_")})
    refused: dict[tuple[str, datetime], dict[str, Any]] = {}
    for path in sorted(quarantine):
        for one in tables.read(path, _QUARANTINE).to_pylist():
            if one["measure"] == "blood_pressure" and one["start_utc"] is not None:
                _refuse(refused, one)
    rows += refused.values()
    return table_of_rows(sorted(rows, key=lambda row: (row["start_utc"], row["reading"])), READINGS)


def write(merged: Path, superseded: Path, quarantine: Iterable[Path], out: Path) -> dict[str, int]:
    """Write bp_readings, of the inputs of `table`; its rows."""
    return {"bp_readings": described.write(out, table(merged, superseded, quarantine))}


def ident(row: Mapping[str, Any], prefix: str = "") -> str:
    """The id of a reading: where its raw record stands."""
    return "/".join(str(row[prefix + name]) for name in _PLACE)


def of_reading(found: pa.Table, reading: str, start: datetime) -> pa.Table:
    """Rows of a merged or superseded table that are a reading.

    Args:
        found: With the columns source, export, member, row and start_utc.
        reading: Its id.
        start: When it was taken; one record may hold several.
    """
    columns = found.select(["start_utc", *_PLACE]).to_pylist()
    places = [at for at, row in enumerate(columns) if row["start_utc"] == start and ident(row) == reading]
    return found.take(places) if places else found.slice(0, 0)


def _refuse(refused: dict[tuple[str, datetime], dict[str, Any]], one: Mapping[str, Any]) -> None:
    """One reading may break several rules."""
    key = ident(one), one["start_utc"]
    if key in refused:
        refused[key]["why"] += f", {one['rule']}"
        return
    written = json.loads(one["row_values"] or "{}")
    values = {name: _number(written.get(name)) for name in VALUES}
    refused[key] = _row({**one, **values}, QUARANTINED) | {"why": one["rule"]}


def _row(one: Mapping[str, Any], fate: str) -> dict[str, Any]:
    # A record that no zone could be found for has no offset: its day is that of UTC.
    offset = one["utc_offset_min"] or 0
    taken = {"start_utc": _ms(one["start_utc"]), "utc_offset_min": offset}
    day = (one["start_utc"] + timedelta(minutes=offset)).date()
    said = {"fate": fate, "why": None, "reading": ident(one), "stands_for": None, "flags": one.get("flags")}
    values = {name: _number(one[name]) for name in VALUES}
    return {"date": day, **taken, **values, "source": one["source"], "device": one["device"], **said}


def _ms(time: datetime) -> int:
    return round(time.timestamp() * 1000)


def _number(value: Any) -> float | None:
    """A number as it was written, however impossible; None for text and nothing."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
