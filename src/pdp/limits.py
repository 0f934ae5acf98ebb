"""The two tiers of ranges: the vocabulary's, and what the configuration sets in their place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pdp.errors import ConfigError, nearest
from pdp.vocabulary import MEASURES, Column, Range

_TIERS = ("possible", "likely")


@dataclass(frozen=True)
class ColumnLimits:
    """Inclusive ranges of one column: outside `possible` a row is quarantined, outside `likely` flagged."""

    possible: Range | None
    likely: Range | None


@dataclass(frozen=True)
class Limits:
    """Ranges that are not the vocabulary's: (column, its limits), by name.

    Raises:
        ConfigError: (from_config) Unknown column, no range, or likely values that are impossible.
    """

    overrides: tuple[tuple[str, ColumnLimits], ...] = ()

    @classmethod
    def from_config(cls, value: Mapping[str, Mapping[str, Sequence[float]]] | None) -> Limits:
        """From `limits: {<column>: {possible: [low, high], likely: [low, high]}}`; what is left out stays."""
        known = {column.name: column for measure in MEASURES.values() for column in measure.columns if column.possible}
        found = []
        for name, tiers in sorted((value or {}).items()):
            if name not in known:
                raise ConfigError(
                    f'there is no column "{name}" with a range.', where="limits", hint=nearest(name, known)
                )
            found.append((name, _column_limits(known[name], tiers)))
        return cls(tuple(found))

    def of(self, column: Column) -> ColumnLimits:
        """The limits that hold for a column."""
        return dict(self.overrides).get(column.name, ColumnLimits(column.possible, column.likely))


VOCABULARY_LIMITS = Limits()


def _column_limits(column: Column, tiers: Mapping[str, Any]) -> ColumnLimits:
    where = f"limits.{column.name}"
    if not isinstance(tiers, Mapping) or not tiers or set(tiers) - set(_TIERS):
        raise ConfigError(
            "is no pair of ranges.", where=where, hint="Write possible: [low, high], likely: [low, high]."
        )
    possible = _range(tiers["possible"], f"{where}.possible") if "possible" in tiers else column.possible
    likely = _range(tiers["likely"], f"{where}.likely") if "likely" in tiers else column.likely
    if possible and likely and not possible[0] <= likely[0] <= likely[1] <= possible[1]:
        raise ConfigError(
            f"likely values ({_text(likely)}) must be possible ({_text(possible)}).",
            where=where,
            hint="Set both ranges.",
        )
    return ColumnLimits(possible, likely)


def _range(value: Any, where: str) -> Range:
    is_pair = isinstance(value, Sequence) and not isinstance(value, str) and len(value) == 2
    if not is_pair or not all(isinstance(end, int | float) and not isinstance(end, bool) for end in value):
        raise ConfigError("is no range.", where=where, hint="Write [low, high].")
    if not value[0] <= value[1]:
        raise ConfigError(f"{value[0]} is not below {value[1]}.", where=where, hint="Write [low, high].")
    return float(value[0]), float(value[1])


def _text(limits: Range) -> str:
    return f"{limits[0]:g} to {limits[1]:g}"
