"""Guidelines and protocols as their one file tells them: guidelines.yaml, beside this module."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pdp.errors import PdpError, nearest

FILE = Path(__file__).with_name("guidelines.yaml")


@dataclass(frozen=True)
class Threshold:
    """From where on a guideline speaks of hypertension at home, mmHg."""

    systolic_mmhg: int
    diastolic_mmhg: int
    words: str
    is_checked: bool
    source: str

    @property
    def text(self) -> str:
        """ "135/85"."""
        return f"{self.systolic_mmhg}/{self.diastolic_mmhg}"


@dataclass(frozen=True)
class Level:
    """One class of an average; begins where either pressure reaches its bound.

    Attributes:
        key: Stands in the tables.
        title, words: For people; the guideline's own name, and the bounds in words.
        order: 0 for the lowest.
        color: Token of the palette, without the leading dashes.
        is_checked: The numbers were read at `source`.
    """

    key: str
    title: str
    words: str
    order: int
    systolic_from_mmhg: int | None
    diastolic_from_mmhg: int | None
    color: str
    is_checked: bool
    source: str


@dataclass(frozen=True)
class Guideline:
    """Home values of one guideline; its levels from low to high."""

    key: str
    name: str
    title: str
    year: int
    citation: str
    threshold: Threshold
    levels: tuple[Level, ...]

    @property
    def is_checked(self) -> bool:
        """Every number was read at its source."""
        return self.threshold.is_checked and all(level.is_checked for level in self.levels)

    def level(self, key: str) -> Level:
        """The level of that key."""
        found = {level.key: level for level in self.levels}
        if key not in found:
            raise PdpError(f'{self.name} has no level "{key}".', hint=nearest(key, found))
        return found[key]

    def is_below(self, key: str) -> bool:
        """Whether the level of that key lies below the threshold."""
        reached = self.level_of(self.threshold.systolic_mmhg, self.threshold.diastolic_mmhg)
        return self.level(key).order < reached.order

    def level_of(self, systolic_mmhg: float, diastolic_mmhg: float) -> Level:
        """The level of an average (not of one reading): the highest that either pressure reaches.

        Averages are compared as they are shown, in whole mmHg (`whole_mmhg`), so that a number never
        contradicts its level.
        """
        systolic, diastolic = whole_mmhg(systolic_mmhg), whole_mmhg(diastolic_mmhg)
        reached = [
            level
            for level in self.levels
            if (level.systolic_from_mmhg is None and level.diastolic_from_mmhg is None)
            or (level.systolic_from_mmhg is not None and systolic >= level.systolic_from_mmhg)
            or (level.diastolic_from_mmhg is not None and diastolic >= level.diastolic_from_mmhg)
        ]
        return reached[-1]


def whole_mmhg(value: float) -> int:
    """An average as it is shown: whole mmHg, halves up (Python's own rounding takes 134.5 to 134)."""
    return int(value + 0.5)


@cache
def guidelines() -> dict[str, Guideline]:
    """Every guideline by its key, in the order of the file."""
    return {key: _guideline(key, told) for key, told in contents()["guidelines"].items()}


def guideline(key: str) -> Guideline:
    """The guideline of that key.

    Raises:
        PdpError: No such guideline; names the nearest.
    """
    if key not in guidelines():
        raise PdpError(f'there is no guideline "{key}".', hint=nearest(key, guidelines()))
    return guidelines()[key]


def digest() -> str:
    """Of the file: part of what makes the job run again."""
    return hashlib.sha256(FILE.read_bytes()).hexdigest()[:16]


@cache
def contents() -> dict[str, Any]:
    """guidelines.yaml as it stands."""
    import yaml

    told: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return told


def _guideline(key: str, told: dict[str, Any]) -> Guideline:
    levels = tuple(Level(order=order, **level) for order, level in enumerate(told["levels"]))
    plain = {name: told[name] for name in ("name", "title", "year", "citation")}
    return Guideline(key=key, threshold=Threshold(**told["threshold"]), levels=levels, **plain)
