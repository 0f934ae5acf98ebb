"""Two exports of Zepp Life: the first to June 2025, the second from February 2025 on.

UTC and wall clock stand side by side, as in real exports: SLEEP, HEARTRATE, BODY and SPORT are
UTC, everything else is the wall clock of the phone, which changes with summer time and with the
landing in New York. Rows stand in the order in which they were recorded.
"""

from __future__ import annotations

from generator import band_days, band_samples
from generator.band_export import EXPORTS, Export
from generator.sheet import Sheet

__all__ = ["EXPORTS", "members"]


def members(export: Export) -> dict[str, Sheet]:
    """File inside the zip -> its records."""
    sheets = {
        "ACTIVITY": band_days.activity(export),
        "ACTIVITY_MINUTE": band_days.activity_minute(export),
        "ACTIVITY_STAGE": band_days.activity_stage(export),
        "BODY": band_days.body(export),
        "HEARTRATE": band_samples.heart_rate(export),
        "HEARTRATE_AUTO": band_samples.heart_rate_auto(export),
        "SLEEP": band_samples.sleep(export),
        "SPORT": band_days.sport(export),
    }
    if export.is_newer:
        sheets |= {"SLEEP_MINUTE": band_samples.sleep_minute(export), "USER": band_days.user()}
    # each file's stamp is a little later than the folder's
    return {
        f"{export.name}/{name}/{name}_{export.stamp + 31 * number}.csv": sheets[name]
        for number, name in enumerate(sorted(sheets))
    }
