"""How days and nights are computed: every rule on which references differ is a setting with a name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import inf

from pdp.errors import ConfigError
from pdp.settings import option

_WINDOW = re.compile(r"([01]\d|2[0-4]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")

_DAY_MIN = 24 * 60
_BOUNDS = (
    ("heart_rate_slot_min", 1, _DAY_MIN),
    ("sleep_rate_least_n", 1, inf),
    ("lowest_window_least_n", 1, inf),
    ("lowest_window_least_span_min", 0, 30),
    ("night_gap_min", 0, _DAY_MIN),
    ("nap_longest_min", 0, _DAY_MIN),
    ("stages_least_cover", 0, 1),
    ("agreement_least_n", 1, inf),
)


@dataclass(frozen=True)
class SummarySettings:
    """Settings of the daily table, the nights and the agreement of devices."""

    morning: str = option(
        "04:00-12:00",
        "Home blood pressure of the morning: local time of day, the end left out. Guidelines say 'after waking'; "
        "hours differ between references.",
    )
    evening: str = option(
        "17:00-24:00",
        "Home blood pressure of the evening: local time of day, the end left out. Guidelines say 'before going to "
        "bed'; hours differ between references.",
    )
    heart_rate_slot_min: int = option(5, "Coverage of heart rate: share of the day's slots of this length.", unit="min")
    sleep_rate_least_n: int = option(
        20, "Resting heart rate in sleep: no value from fewer samples inside the main sleep than this."
    )
    lowest_window_least_n: int = option(5, "Lowest half hour of heart rate: samples that the half hour must hold.")
    lowest_window_least_span_min: int = option(
        20, "Lowest half hour of heart rate: least time from its first sample to its last.", unit="min"
    )
    night_rule: str = option(
        "wake_date",
        "The date of a night: wake_date (local date on which it ends) or noon_to_noon (a night that begins between "
        "noon and the next noon belongs to the later of the two dates).",
        choices=("wake_date", "noon_to_noon"),
    )
    night_gap_min: int = option(
        120, "Two sleeps no further apart than this are one night: a main sleep and its fragments.", unit="min"
    )
    nap_window: str = option(
        "10:00-20:00", "A short sleep wholly inside these local hours is a nap, never the night's sleep."
    )
    nap_longest_min: int = option(180, "A sleep inside nap_window that is longer than this is no nap.", unit="min")
    stages_least_cover: float = option(
        0.9, "Stages count instead of the vendor's totals where they cover at least this share of the sleep."
    )
    agreement_least_n: int = option(
        10, "Agreement of two devices: no bias and no limits from fewer pairs than this.", unit=""
    )

    def __post_init__(self) -> None:
        for name in ("morning", "evening", "nap_window"):
            window(getattr(self, name), f"summary.{name}")
        for name, low, high in _BOUNDS:
            if not low <= getattr(self, name) <= high:
                what = f"must be {low} to {high}." if high < inf else f"must be at least {low}."
                raise ConfigError(what, where=f"summary.{name}")
        if self.night_rule not in ("wake_date", "noon_to_noon"):
            raise ConfigError(
                f'there is no night rule "{self.night_rule}".',
                where="summary.night_rule",
                hint="Known: noon_to_noon, wake_date.",
            )


def window(text: str, where: str = "window") -> tuple[int, int]:
    """Minutes of the local day from "HH:MM-HH:MM": first included, last left out.

    Raises:
        ConfigError: Not of that form, or it ends before it begins.
    """
    found = _WINDOW.fullmatch(text)
    first, last = (0, 0) if found is None else (int(found[1]) * 60 + int(found[2]), int(found[3]) * 60 + int(found[4]))
    if not first < last <= 24 * 60:
        raise ConfigError(
            f'"{text}" is not a window of the day.', where=where, hint='Write "04:00-12:00": from, to, not past 24:00.'
        )
    return first, last
