"""Names of the program as people read them: columns with their units, reasons, devices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

UNITS = {"mm[Hg]": "mmHg", "/min": "bpm", "{steps}": "steps", "d": "days", "1": ""}  # UCUM -> as a person writes it
ENDINGS = {"_mmhg": "mmHg", "_bpm": "bpm", "_min": "min"}  # of columns
# Why a row was superseded, of pdp.merge: what counts in its place.
INSTEAD = {
    "conflict": "a newer copy counts",
    "twin": "the same reading in another time zone counts",
    "other_device": "another device's reading counts",
}


def unit(ucum: str) -> str:
    """A unit as it is read: "mmHg" for "mm[Hg]"."""
    return UNITS.get(ucum, ucum.replace("mm[Hg]", "mmHg"))


def reason(code: str) -> str:
    """Why a row was not taken: "systolic mmHg impossible"."""
    return INSTEAD.get(code) or code.replace("_", " ").replace("mmhg", "mmHg")


def column(name: str) -> tuple[str, str]:
    """A column's name and unit: "total sleep time", "min"."""
    for ending, shown in ENDINGS.items():
        if name.endswith(ending):
            return name.removesuffix(ending).replace("_", " ").replace("rem", "REM"), shown
    return name.replace("_", " "), ""


def values(row: Mapping[str, Any]) -> str:
    """A row's values that are there: "systolic 136 mmHg, diastolic 81 mmHg"."""
    return ", ".join(_value(name, value) for name, value in row.items() if value not in (None, "", False))


def _value(name: str, value: Any) -> str:
    title, shown = column(name)
    if value is True:
        return title.removeprefix("is ").removeprefix("has ")
    number = f"{value:g}" if isinstance(value, float) and abs(value) < 1e6 else f"{value}"
    return " ".join(part for part in (title, number, shown) if part)
