"""Predicates over n rows at once: n times whether a row breaks a rule, and what it says there."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pdp.tables import columns
from pdp.tables.row_values import as_text, text_array
from pdp.vocabulary import EARLIEST_YEAR, LATEST_YEAR, MINUTE_MS, Range

Mask = npt.NDArray[np.bool_]

HOUR_MS = 60 * MINUTE_MS
MAX_OFFSET_MIN = (-12 * 60, 14 * 60)  # Baker Island to Kiritimati
LIKELY_PULSE_PRESSURE_MMHG: Range = (15, 150)  # ABPM editing criteria
STAGE_ROUNDING_MIN = 2.0  # four stages, each rounded to a whole minute
_STAGES = ("light_min", "deep_min", "rem_min", "awake_min")
_FIRST_MS = int(datetime(EARLIEST_YEAR, 1, 1, tzinfo=UTC).timestamp() * 1000)
_END_MS = int(datetime(LATEST_YEAR + 1, 1, 1, tzinfo=UTC).timestamp() * 1000)


class Batch:
    """n rows with their columns as NumPy arrays, made once."""

    def __init__(self, table: pa.Table) -> None:
        self.table = table
        self._numbers: dict[str, tuple[npt.NDArray[Any], Mask | None]] = {}

    def __len__(self) -> int:
        return len(self.table)

    def numbers(self, name: str) -> tuple[npt.NDArray[Any], Mask | None]:
        """Values (undefined where null) and where they are null; None if nowhere."""
        if name not in self._numbers:
            column = columns.one(self.table[name])
            self._numbers[name] = columns.numbers(column), columns.nulls(column)
        return self._numbers[name]

    def present(self, mask: Mask, *names: str) -> Mask:
        """The mask where none of the columns is null."""
        for name in names:
            is_null = self.numbers(name)[1]
            if is_null is not None:
                mask = mask & ~is_null
        return mask


def is_null(batch: Batch, name: str) -> Mask:
    is_null = columns.nulls(columns.one(batch.table[name]))
    return np.zeros(len(batch), np.bool_) if is_null is None else is_null


def is_present(batch: Batch, name: str) -> Mask:
    if name not in batch.table.column_names:
        return np.zeros(len(batch), np.bool_)
    return ~is_null(batch, name)


def is_outside(batch: Batch, name: str, limits: Range) -> Mask:
    """Outside inclusive limits, or no finite number."""
    values = batch.numbers(name)[0]
    is_inside = (values >= limits[0]) & (values <= limits[1])
    if values.dtype.kind == "f":
        is_inside &= np.isfinite(values)
    return batch.present(~is_inside, name)


def is_word(batch: Batch, name: str, word: str) -> Mask:
    return is_present(batch, name) & ~is_unknown(batch, name, (word,))


def is_unknown(batch: Batch, name: str, values: tuple[str, ...]) -> Mask:
    """A word that is none of the values; a missing one is not unknown."""
    array = columns.one(batch.table[name])
    is_known = np.array([word in values for word in array.dictionary.to_pylist()] or [True], np.bool_)
    if is_known.all():
        return np.zeros(len(batch), np.bool_)
    is_missing = columns.nulls(array.indices)
    codes = columns.numbers(array.indices)
    is_bad: Mask = ~is_known[codes if is_missing is None else np.where(is_missing, 0, codes)]
    return is_bad if is_missing is None else is_bad & ~is_missing


def is_out_of_years(batch: Batch, is_interval: bool) -> Mask:
    """By the local clock: UTC may be in the year before or after."""
    minutes = np.where(is_null(batch, "utc_offset_min"), 0, batch.numbers("utc_offset_min")[0])
    offset = minutes.astype(np.int64) * MINUTE_MS
    is_out = np.zeros(len(batch), np.bool_)
    for name in ("start_utc", "end_utc") if is_interval else ("start_utc",):
        local = batch.numbers(name)[0] + offset
        is_out |= batch.present((local < _FIRST_MS) | (local >= _END_MS), name)
    return is_out


def is_crossed(batch: Batch) -> Mask:
    systolic, diastolic = batch.numbers("systolic_mmhg")[0], batch.numbers("diastolic_mmhg")[0]
    return batch.present(~(diastolic < systolic), "systolic_mmhg", "diastolic_mmhg")


def is_odd_pulse_pressure(batch: Batch) -> Mask:
    pressure = batch.numbers("systolic_mmhg")[0] - batch.numbers("diastolic_mmhg")[0]
    low, high = LIKELY_PULSE_PRESSURE_MMHG
    return batch.present(~((pressure >= low) & (pressure <= high)), "systolic_mmhg", "diastolic_mmhg")


def duration_ms(batch: Batch) -> npt.NDArray[np.int64]:
    start, end = batch.numbers("start_utc")[0], batch.numbers("end_utc")[0]
    duration: npt.NDArray[np.int64] = end - start
    return duration


def ends_before_start(batch: Batch) -> Mask:
    return batch.present(duration_ms(batch) < 0, "start_utc", "end_utc")


def is_longer(batch: Batch, hours: float) -> Mask:
    return batch.present(duration_ms(batch) > hours * HOUR_MS, "start_utc", "end_utc")


def _minutes(batch: Batch, name: str) -> npt.NDArray[np.float64]:
    """A column of minutes, 0 where it is not stated."""
    minutes: npt.NDArray[np.float64] = np.where(is_null(batch, name), 0, batch.numbers(name)[0])
    return minutes


def staged_min(batch: Batch) -> npt.NDArray[np.float64]:
    """Stated minutes of all stages, awake among them."""
    found: npt.NDArray[np.float64] = np.sum([_minutes(batch, name) for name in _STAGES], axis=0)
    return found


def exceeds_interval(batch: Batch) -> Mask:
    allowed = duration_ms(batch) / MINUTE_MS + STAGE_ROUNDING_MIN
    asleep = _minutes(batch, "total_sleep_time_min")
    return batch.present((staged_min(batch) > allowed) | (asleep > allowed), "start_utc", "end_utc")


def includes_awake(batch: Batch) -> Mask:
    """Asleep and awake together are longer than the night: the total counts time awake as asleep."""
    allowed = duration_ms(batch) / MINUTE_MS + STAGE_ROUNDING_MIN
    told = _minutes(batch, "total_sleep_time_min") + _minutes(batch, "awake_min")
    return batch.present(told > allowed, "start_utc", "end_utc", "total_sleep_time_min", "awake_min")


def is_after(batch: Batch, latest_ms: int) -> Mask:
    return batch.present(batch.numbers("start_utc")[0] > latest_ms, "start_utc")


def nothing(table: pa.Table) -> pa.Array:
    return pa.nulls(len(table), pa.string())


def show(table: pa.Table, name: str) -> pa.Array:
    return as_text(columns.one(table[name]))


def show_pair(table: pa.Table, first: str, second: str) -> pa.Array:
    return pc.binary_join_element_wise(show(table, first), show(table, second), "/")


def show_stages(table: pa.Table) -> pa.Array:
    return pc.binary_join_element_wise(
        *[show(table, name) for name in ("total_sleep_time_min", *_STAGES)],
        "/",
        null_handling="replace",
        null_replacement="-",
    )


def compare_stages(table: pa.Table) -> pa.Array:
    """What exceeds the interval and how long that is, both in words."""
    batch = Batch(table)
    elapsed = duration_ms(batch) / MINUTE_MS
    staged, asleep = staged_min(batch), _minutes(batch, "total_sleep_time_min")
    which = np.where(staged > elapsed + STAGE_ROUNDING_MIN, "stages", "total sleep")
    figures = zip(which, np.where(which == "stages", staged, asleep), elapsed, strict=True)
    return text_array([f"{name} {minutes:g} min, start to stop {length:g} min" for name, minutes, length in figures])
