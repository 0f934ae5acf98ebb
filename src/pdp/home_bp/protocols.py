"""Home protocols: which readings of how many days count, and how many are enough for a verdict."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from pdp.home_bp.guidelines import contents
from pdp.home_bp.home_bp_settings import CustomProtocol, HomeBpSettings

DAYTIMES = ("morning", "evening", "other")


@dataclass(frozen=True)
class Protocol:
    """One way to average home readings.

    Attributes:
        key, title, words: Name in the tables, name and rule for people.
        days: Length of a window, local days in a row.
        skip_days: Of the window's days with a counted reading, how many at its start are left out.
        skip_first_of_sitting: Leave out the first of readings taken one after another.
        daytimes: Which readings count: morning, evening, other.
        least_readings, least_days: Of what is left; below them there is no verdict.
        least_each_daytime: Days with a morning, and days with an evening, that must be left.
        citation, is_checked, source: Who says so, and whether it was read there.
    """

    key: str
    title: str
    words: str
    days: int
    skip_days: int
    skip_first_of_sitting: bool
    daytimes: tuple[str, ...]
    least_readings: int
    least_days: int
    least_each_daytime: int
    citation: str
    is_checked: bool
    source: str


@cache
def protocols() -> dict[str, Protocol]:
    """The named protocols by their key, in the order of guidelines.yaml."""
    return {
        key: Protocol(key=key, **(told | {"daytimes": tuple(told["daytimes"])}))
        for key, told in contents()["protocols"].items()
    }


def custom(told: CustomProtocol) -> Protocol:
    """The protocol of the settings."""
    left_out = f", {_days(told.skip_days)} at the start left out" if told.skip_days else ""
    first = ", without the first of each sitting" if told.skip_first_of_sitting else ""
    when = "at any time of day" if told.is_any_time else "in the morning and in the evening"
    return Protocol(
        key="custom",
        title="Own protocol",
        words=f"{_days(told.days)}, readings {when}{left_out}{first}",
        days=told.days,
        skip_days=told.skip_days,
        skip_first_of_sitting=told.skip_first_of_sitting,
        daytimes=DAYTIMES if told.is_any_time else DAYTIMES[:2],
        least_readings=told.least_readings,
        least_days=told.least_days,
        least_each_daytime=0 if told.is_any_time else told.least_each_daytime,
        citation="settings home_bp.custom",
        is_checked=True,
        source="settings home_bp.custom",
    )


def chosen(settings: HomeBpSettings) -> dict[str, Protocol]:
    """The protocols to compute: the named ones, and the custom one where it is the default."""
    found = dict(protocols())
    if settings.protocol == "custom":
        found["custom"] = custom(settings.custom)
    return found


def _days(count: int) -> str:
    return f"{count} day" if count == 1 else f"{count} days"
