"""How home blood pressure is looked at: the protocol, the guideline, and how much is enough to say anything."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from pdp.errors import ConfigError
from pdp.settings import option

PROTOCOL_NAMES = ("esh", "aha", "custom")
GUIDELINE_NAMES = ("esc_2024", "esh_2023", "acc_aha_2017")
_BOUNDS = (
    ("session_gap_min", 1, 120),
    ("day_least_readings", 1, inf),
    ("profile_least_n", 1, inf),
    ("habits_least_readings", 50, inf),
    ("habits_least_days", 10, inf),
)
_CUSTOM_BOUNDS = (
    ("days", 1, 366),
    ("skip_days", 0, 365),
    ("least_readings", 1, inf),
    ("least_days", 1, 366),
    ("least_each_daytime", 0, 366),
)


@dataclass(frozen=True)
class CustomProtocol:
    """A protocol of your own: computed beside the named ones where `protocol` is custom."""

    days: int = option(7, "Length of a window, local days.", unit="d")
    skip_days: int = option(1, "Of its days with a counted reading, how many at the start are left out.", unit="d")
    skip_first_of_sitting: bool = option(
        False, "Leave out the first of the readings that were taken one after another."
    )
    is_any_time: bool = option(False, "Count readings of any time of day, not of morning and evening alone.")
    least_readings: int = option(12, "No verdict from fewer readings than this.")
    least_days: int = option(3, "No verdict from fewer days than this.", unit="d")
    least_each_daytime: int = option(1, "No verdict from fewer days with a morning, or with an evening, than this.")

    def __post_init__(self) -> None:
        for name, low, high in _CUSTOM_BOUNDS:
            _check(getattr(self, name), low, high, f"home_bp.custom.{name}")
        if self.skip_days + self.least_days > self.days:
            raise ConfigError(
                f"{self.least_days} days can never be left of {self.days} when {self.skip_days} are left out.",
                where="home_bp.custom.least_days",
                hint="Lower it or skip_days, or raise days.",
            )


@dataclass(frozen=True)
class HomeBpSettings:
    """Settings of the tables bp_sessions, bp_windows, bp_habits, bp_profile, bp_days and bp_months."""

    protocol: str = option(
        "esh",
        "The protocol that pages and reports show unless asked for another; esh and aha are always computed.",
        choices=PROTOCOL_NAMES,
    )
    guideline: str = option(
        "esc_2024",
        "The guideline whose levels pages and reports show unless asked for another; all are always computed.",
        choices=GUIDELINE_NAMES,
    )
    custom: CustomProtocol = option(CustomProtocol, "The protocol called custom.")
    session_gap_min: int = option(10, "Readings no further apart than this are one sitting.", unit="min")
    day_least_readings: int = option(
        2, "Share of days per month: no level for a day with fewer readings, for a level belongs to an average."
    )
    profile_least_n: int = option(5, "Through the day: no median and no quartiles of an hour with fewer readings.")
    habits_least_readings: int = option(
        50, "Last digits: nothing is said from fewer readings (five for each digit are expected)."
    )
    habits_least_days: int = option(20, "Missing mornings, first of two: nothing is said from fewer days or sittings.")

    def __post_init__(self) -> None:
        for name, known in (("protocol", PROTOCOL_NAMES), ("guideline", GUIDELINE_NAMES)):
            if getattr(self, name) not in known:
                raise ConfigError(
                    f'there is no {name} "{getattr(self, name)}".',
                    where=f"home_bp.{name}",
                    hint=f"Known: {', '.join(known)}.",
                )
        for name, low, high in _BOUNDS:
            _check(getattr(self, name), low, high, f"home_bp.{name}")


def _check(value: float, low: float, high: float, where: str) -> None:
    if not low <= value <= high:
        what = f"must be {low} to {high}." if high < inf else f"must be at least {low}."
        raise ConfigError(what, where=where)
