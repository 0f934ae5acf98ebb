"""Written numbers: decimal comma or point, units inside the cell. Nothing is guessed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from pdp.tabular.cells import Cell, Fault, is_missing, squeeze

MAX_DIGITS = 15  # what a double holds exactly; no measured quantity has more
MARKS = (".", ",")

# Units as people write them, lower case without blanks and dots -> the unit's one name here.
UNITS = {
    **dict.fromkeys(("mmhg", "mmhq", "torr", "ммртст"), "mmHg"),
    "kpa": "kPa",
    **dict.fromkeys(("bpm", "/min", "1/min", "beats/min", "beatsperminute", "ppm", "spm", "puls/min"), "/min"),
    **dict.fromkeys(("p/min", "lpm", "уд/мин", "schläge/min", "count/min"), "/min"),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds", "sek", "sekunden", "segundos", "сек"), "s"),
    **dict.fromkeys(("min", "mins", "minute", "minutes", "minuten", "minutos", "minuti", "мин"), "min"),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours", "std", "stunden", "horas", "ore", "heures", "ч"), "h"),
    **dict.fromkeys(("ms", "msec", "milliseconds"), "ms"),
}

_NUMBER = re.compile(r"(?P<sign>[+-]?)(?P<whole>[0-9]+)(?:(?P<mark>[.,])(?P<part>[0-9]+))?(?P<rest>.*)", re.DOTALL)


@dataclass(frozen=True)
class Quantity:
    """A number and the unit written beside it ("" where none is)."""

    value: float
    unit: str = ""


def unit_of(text: str) -> str | None:
    """The unit's one name; "" for no text, None for text that is no unit."""
    key = squeeze(text).casefold().replace(" ", "").replace(".", "").strip("()[],")
    return UNITS.get(key) if key else ""


def _is_thousands_like(match: re.Match[str]) -> bool:
    """Whether "1,234" could also be a thousand: one to three digits (no leading 0), then exactly three."""
    return len(match["part"]) == 3 and len(match["whole"]) <= 3 and not match["whole"].startswith("0")


def decimal_mark(cells: Iterable[Cell], otherwise: str = "") -> str:
    """The decimal mark that these cells prove, `otherwise` where they prove none, "" where they prove both.

    "9543.000" and "0,5" prove theirs, "1,234" proves nothing.
    """
    marks = set()
    for cell in cells:
        if isinstance(cell, str) and (match := _NUMBER.match(squeeze(cell))) and match["mark"]:
            follows_number = match["rest"][:1] in MARKS  # 1.234,5 or a date: proves nothing
            if not _is_thousands_like(match) and not follows_number:
                marks.add(match["mark"])
    return (marks.pop() if len(marks) == 1 else "") if marks else otherwise


def read_quantity(cell: Cell, *, proven: str = "", required: str | None = None) -> Quantity | Fault | None:
    """The number in a cell, with its unit.

    Args:
        cell: Text such as "104 mmHg" or "118,5", or a typed number.
        proven: The decimal mark that the file proves, "" for none: what decides "1,234".
        required: The decimal mark from the settings: the other one is then no number.

    Returns:
        The quantity, None for a missing one, or why it can't be read.
    """
    if is_missing(cell):
        return None
    if isinstance(cell, bool) or not isinstance(cell, str | int | float):
        if isinstance(cell, bool):
            return Fault("not_a_number", "the cell holds TRUE or FALSE")
        return Fault("spreadsheet_date", "the spreadsheet turned this cell into a date or time; type the number again")
    if not isinstance(cell, str):
        if not abs(cell) < 10**MAX_DIGITS:  # NaN is not either
            return Fault("not_a_number", "the cell holds no finite number")
        return Quantity(float(cell))
    match = _NUMBER.fullmatch(squeeze(cell))
    if match is None:
        return Fault("not_a_number", "the cell holds no number")
    if len(match["whole"]) + len(match["part"] or "") > MAX_DIGITS:
        return Fault("not_a_number", f"the number has more than {MAX_DIGITS} digits")
    unit = unit_of(match["rest"])
    if unit is None:
        return Fault("not_a_number", "the cell holds more than a number and its unit")
    mark, wanted = match["mark"], required or proven
    if mark and required and mark != required:
        return Fault("not_a_number", f'the number is written with "{mark}", settings.decimal_mark is "{required}"')
    if mark and _is_thousands_like(match) and mark != wanted:
        return Fault(
            "ambiguous_number",
            f'"{mark}" may mark decimals or thousands here, and no other number in the file decides it. '
            "Set settings.decimal_mark.",
        )
    return Quantity(float(f"{match['sign']}{match['whole']}.{match['part'] or '0'}"), unit)
