"""Blood-pressure logs: kept by hand or written by a cuff's app, as CSV or XLSX.

One record is one reading. Known are the column names of common spreadsheets in several languages and
those of Omron connect, iHealth, Withings, Samsung Health and Google Forms; others are set in
settings.columns. A cell may hold the whole reading: "120/80", "130/85/72", "120/80 72".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pdp.export import Export
from pdp.formats import Parsed
from pdp.settings import option
from pdp.tabular.cells import Cell, Fault, Table, is_missing, squeeze
from pdp.tabular.column_names import BLOOD_PRESSURE
from pdp.tabular.columns import Layout, missing
from pdp.tabular.log_kind import Cells, LogKind, LogSettings, Reading, configured
from pdp.tabular.log_tables import looks_like
from pdp.tabular.logs import parse_log
from pdp.tabular.month_names import plain
from pdp.tabular.numbers import Quantity, read_quantity

TITLE = "Blood-pressure log (CSV, XLSX, Google Sheet): by hand, Google Forms, Omron, iHealth, Withings, Samsung Health"
MEASURES = ("blood_pressure",)
LEFT_OUT = "columns that tell nothing of a reading, such as a total or a colour; rows of other people"

MMHG_PER_KPA = 7.50062  # mm[Hg] in one kPa (UCUM: m[Hg] = 133.3220 kPa)


@dataclass(frozen=True)
class Columns:
    """Column names, where the known ones do not fit. An empty one is looked for by its known names."""

    systolic: str = option("", "Column of the systolic pressure.")
    diastolic: str = option("", "Column of the diastolic pressure.")
    pulse: str = option("", "Column of the pulse.")
    combined: str = option("", 'Column of whole readings: "120/80", "130/85/72".')
    date: str = option("", "Column of the date.")
    time: str = option("", "Column of the time of day.")
    datetime: str = option("", "Column of date and time together.")
    note: str = option("", "Column of the note.")
    posture: str = option("", "Column of the body posture.")
    location: str = option("", "Column of the arm or wrist measured on.")
    person: str = option("", "Column that says whose each row is.")
    utc_offset: str = option("", "Column of the offset from UTC, such as +02:00; needs clock.")
    device: str = option("", "Column of the device's name.")


@dataclass(frozen=True)
class Settings(LogSettings):
    """How the log is written. What is left out is read from the file where the file proves it."""

    columns: Columns = option(Columns, "Column names, where the known ones do not fit.")
    pressure_unit: str | None = option(
        None, "Unit of the pressures where neither cell nor header states it; mmHg unless set.", choices=("mmHg", "kPa")
    )


Whole = tuple[Quantity | Fault | None, Quantity | Fault | None, Quantity | Fault | None]

# A whole reading in one cell. Only "/" stands between the pressures: 120-80 may be a date's remains.
_PART = r"(\d+(?:[.,]\d+)?)"
_COMBINED = re.compile(
    rf"{_PART}\s?/\s?{_PART}\s?((?:mm\s?hg|kpa)\.?)?"
    rf"(?:(?:\s?[/,;(]\s?|\s)(?:(?:p|hr|puls|pulse|pulso)[:=.]?\s?)?{_PART}\s?((?:bpm|/min|ppm|p/min)\.?)?\)?)?",
    re.ASCII | re.IGNORECASE,
)
# Excel makes dates of readings such as 12/80 ("Dec-80") or 12/08 ("12-Aug"); what stood there can't be known.
_EXCEL_DATE = re.compile(r"\d{1,4}[-./ ]{0,2}[^\W\d]{3,}\.?(?:[-./ ]\d{2,4})?|[^\W\d]{3,}\.?[-./ ]{0,2}\d{1,4}")

_POSTURES = {
    "sitting": "sitting sit seated sitzend im-sitzen sentado sentada assis assise seduto seduta zittend сидя",
    "standing": "standing stand stehend im-stehen de-pie debout in-piedi staand стоя",
    "lying down": "lying lying-down lie supine recumbent reclined liegend im-liegen acostado acostada allonge couche "
    "sdraiato liggend лежа",
    "semi-recumbent": "semi-recumbent semirecumbent half-lying halbliegend",
}
_LOCATIONS = {
    "left upper arm": "left-upper-arm left-arm left l links linker-arm linker-oberarm izquierdo brazo-izquierdo gauche "
    "bras-gauche sinistro braccio-sinistro левая левая-рука",
    "right upper arm": "right-upper-arm right-arm right r rechts rechter-arm rechter-oberarm derecho brazo-derecho "
    "droit bras-droit destro braccio-destro правая правая-рука",
    "left wrist": "left-wrist linkes-handgelenk muneca-izquierda poignet-gauche polso-sinistro",
    "right wrist": "right-wrist rechtes-handgelenk muneca-derecha poignet-droit polso-destro",
}


def _by_word(words: dict[str, str]) -> dict[str, str]:
    return {plain(word).replace("-", " "): name for name, text in words.items() for word in text.split()}


_POSTURE_WORDS, _LOCATION_WORDS = _by_word(_POSTURES), _by_word(_LOCATIONS)


def sniff(export: Export) -> bool:
    """Whether some table has columns for both pressures (or a whole reading) and for the time."""
    return looks_like(export, _KIND)


def parse(export: Export, settings: Settings) -> Iterator[Parsed]:
    """Every record of the log; raises UnreadableExportError where no table can be read."""
    return parse_log(export, _KIND, settings, configured(settings.columns), lambda cells: _read(cells, settings))


def _is_complete(found: frozenset[str]) -> bool:
    return ({"systolic", "diastolic"} <= found or "combined" in found) and bool({"date", "time", "datetime"} & found)


def _check(table: Table, where: Layout) -> None:
    found = where.columns
    for name in ("systolic", "diastolic"):
        if name not in found and "combined" not in found:
            raise missing(table, where.header, name, f"{name} pressure")
    if not {"date", "time", "datetime"} & set(found):
        raise missing(table, where.header, "datetime", "date and time")


_KIND = LogKind(
    name="bp_log",
    measure="blood_pressure",
    title="a blood-pressure log",
    known=BLOOD_PRESSURE,
    moments=("date", "time", "datetime"),
    numbers=("systolic", "diastolic", "pulse"),
    telling=frozenset({"systolic", "diastolic", "combined"}),
    is_complete=_is_complete,
    check=_check,
)


def _read(cells: Cells, settings: Settings) -> Reading | Fault | None:
    """One record. Values before the time: a record without values is none, whatever its date."""
    values = _pressures(cells, settings)
    if values is None or isinstance(values, Fault):
        return values
    found = cells.layout.columns
    # A form's own timestamp is when it was sent; a date and a time asked for are when it was measured.
    if "date" in found and ("time" in found or "datetime" not in found):
        moment = cells.moment("date", "time")
    elif "date" in found:
        moment = cells.moment("datetime", "date")
    else:
        moment = cells.moment("datetime", "time") if "datetime" in found else cells.moment("time")
    if isinstance(moment, Fault):
        return moment
    notes = [cells.text("note")]
    posture, unknown = _word(cells.text("posture"), _POSTURE_WORDS)
    notes.append(unknown and f"posture: {unknown}")
    location, unknown = _word(cells.text("location"), _LOCATION_WORDS)
    notes.append(unknown and f"location: {unknown}")
    return Reading(
        start=moment,
        values={
            **values,
            "body_posture": posture,
            "measurement_location": location,
            "note": "; ".join(note for note in notes if note) or None,
            "device": cells.text("device") or "",
        },
    )


def _word(text: str | None, words: dict[str, str]) -> tuple[str | None, str | None]:
    """The vocabulary's word for a written one, or else the text itself, for the note."""
    word = words.get(re.sub(r"[\W_]+", " ", plain(text)).strip()) if text else None
    return word, None if word else text


def _pressures(cells: Cells, settings: Settings) -> dict[str, Any] | Fault | None:
    """The record's values by column of the vocabulary; None where all are missing."""
    pulse = cells.number("pulse")
    whole: Whole | Fault = (cells.number("systolic"), cells.number("diastolic"), None)
    first = cells.cell("systolic")
    if not {"systolic", "diastolic"} <= set(cells.layout.columns):
        whole = _combined(cells.cell("combined"), cells.layout.units.get("combined", ""))
    elif isinstance(first, str) and "/" in first and is_missing(cells.cell("diastolic")):
        whole = _combined(first, cells.layout.units.get("systolic", ""))  # typed whole into the first of two cells
    if isinstance(whole, Fault):
        return whole
    systolic, diastolic = (_mmhg(part, settings) for part in whole[:2])
    if isinstance(whole[2], Quantity) and isinstance(pulse, Quantity) and pulse.value != whole[2].value:
        return Fault("two_pulses", "the reading's cell and the pulse's cell hold different pulses")
    beats = _per_minute(pulse or whole[2])
    flags = None
    if isinstance(beats, Fault) and isinstance(systolic, float) and isinstance(diastolic, float):
        beats, flags = None, "pulse_unread"  # two sound pressures are not thrown away for a slip beside them
    for part in (systolic, diastolic, beats):
        if isinstance(part, Fault):
            return part
    values = {"systolic_mmhg": systolic, "diastolic_mmhg": diastolic, "pulse_bpm": beats, "flags": flags}
    return None if set(values.values()) == {None} else values


def _per_minute(pulse: Quantity | Fault | None) -> float | Fault | None:
    if pulse is None or isinstance(pulse, Fault):
        return pulse
    return pulse.value if pulse.unit in ("", "/min") else Fault("wrong_unit", f"a pulse has no unit {pulse.unit}")


def _mmhg(pressure: Quantity | Fault | None, settings: Settings) -> float | Fault | None:
    if pressure is None or isinstance(pressure, Fault):
        return pressure
    unit = pressure.unit or settings.pressure_unit or "mmHg"
    if unit not in ("mmHg", "kPa"):
        return Fault("wrong_unit", f"a pressure has no unit {unit}")
    return pressure.value if unit == "mmHg" else round(pressure.value * MMHG_PER_KPA, 1)


def _combined(cell: Cell, header_unit: str) -> Whole | Fault:
    """Systolic, diastolic and pulse of a whole reading in one cell."""
    if is_missing(cell):
        return None, None, None
    excel = Fault("spreadsheet_date", "the spreadsheet made a date of this reading; type it again, as text: '120/80")
    if not isinstance(cell, str):
        return Fault("not_a_reading", "the cell holds one number") if isinstance(cell, int | float) else excel
    text = squeeze(cell)
    match = _COMBINED.fullmatch(text)
    if match is None:
        return excel if _EXCEL_DATE.fullmatch(text) else Fault("not_a_reading", "the cell holds no reading like 120/80")
    unit = match[3] or header_unit
    pulse = read_quantity(f"{match[4]} {match[5] or ''}") if match[4] else None
    return read_quantity(f"{match[1]} {unit}"), read_quantity(f"{match[2]} {unit}"), pulse
