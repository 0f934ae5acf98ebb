"""Home blood pressure of a day: the mean of all readings, of the morning's and of the evening's.

Means belong to averages over days too: categories apply to an average of many readings, not to one
(reference: home protocols), so every mean comes with its n and nothing is classified here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pdp.summarize.daily import Figure, Values, day_numbers, is_in_window, local_ms, split_by_day
from pdp.summarize.summary_settings import SummarySettings, window
from pdp.tables.columns import Integers, Mask, nulls, numbers

MEASURE = "blood_pressure"
COLUMNS = ("start_utc", "utc_offset_min", "systolic_mmhg", "diastolic_mmhg", "pulse_bpm")
_PARTS = {"": "of all readings of the local day", "morning_": "of the morning", "evening_": "of the evening"}
_VALUES = {
    "systolic_mean_mmhg": ("Systolic pressure", "mm[Hg]", "systolic_mmhg"),
    "diastolic_mean_mmhg": ("Diastolic pressure", "mm[Hg]", "diastolic_mmhg"),
    "pulse_mean_bpm": ("Pulse at the cuff", "/min", "pulse_bpm"),
}


def _figures_of(part: str, words: str) -> list[Figure]:
    which = f"readings {words}" if part else "readings of the local day"
    where = f"window summary.{part.rstrip('_')}, local time" if part else "local day of the measurement"
    count = Figure(f"bp_{part}n", MEASURE, "1", f"Number of {which}", f"count; {where}", is_count=True)
    beats = Figure(
        f"bp_{part}pulse_n", MEASURE, "1", f"Number of {which} with a pulse", f"count; {where}", is_count=True
    )
    means = [
        Figure(f"bp_{part}{name}", MEASURE, unit, f"{title}, mean {words}", f"arithmetic mean; {where}")
        for name, (title, unit, _) in _VALUES.items()
    ]
    return [count, *means, beats]


FIGURES = tuple(figure for part, words in _PARTS.items() for figure in _figures_of(part, words))


@dataclass(frozen=True)
class Readings:
    """n readings: local ms, and per column n values, NaN where missing."""

    local: Integers
    values: dict[str, npt.NDArray[np.float64]]

    @classmethod
    def of(cls, table: pa.Table) -> Readings:
        values = {}
        for name in COLUMNS[2:]:
            column = numbers(table[name]).astype(np.float64)
            is_null = nulls(table[name])
            values[name] = column if is_null is None else np.where(is_null, np.nan, column)
        return cls(local_ms(table), values)

    def take(self, chosen: Integers | Mask) -> Readings:
        return Readings(self.local[chosen], {name: column[chosen] for name, column in self.values.items()})


def rows(table: pa.Table, day: int, name: str, settings: SummarySettings) -> Mask:
    """Which rows of the merged table a figure of the day is computed from."""
    local = local_ms(table)
    chosen: Mask = day_numbers(local) == day
    for part, bounds in (("bp_morning_", settings.morning), ("bp_evening_", settings.evening)):
        if name.startswith(part):
            chosen &= is_in_window(local, window(bounds))
    is_null = nulls(table["pulse_bpm"])
    return chosen if is_null is None or "pulse" not in name else chosen & ~is_null


def figures(readings: Readings, settings: SummarySettings) -> Values:
    """Every figure of this module from the readings of one day."""
    found: Values = {}
    everything = np.ones(len(readings.local), bool)
    windows = {
        "": everything,
        "morning_": is_in_window(readings.local, window(settings.morning)),
        "evening_": is_in_window(readings.local, window(settings.evening)),
    }
    for part, chosen in windows.items():
        found[f"bp_{part}n"] = int(chosen.sum())
        for name, (_, _, column) in _VALUES.items():
            values = readings.values[column][chosen]
            values = values[~np.isnan(values)]
            found[f"bp_{part}{name}"] = float(np.mean(values)) if len(values) else None
            if column == "pulse_bpm":
                found[f"bp_{part}pulse_n"] = len(values)
    return found


def by_day(table: pa.Table, settings: SummarySettings) -> dict[int, Values]:
    """Day number -> its figures, for the days that have a reading."""
    readings = Readings.of(table)
    days = split_by_day(day_numbers(readings.local))
    return {day: figures(readings.take(chosen), settings) for day, chosen in days.items()}
