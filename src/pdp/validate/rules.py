"""The rules that rows must keep, derived from the vocabulary: masks that pick rows out.

Order is part of the contract: the first rule that a row breaks names it in the quarantine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import pyarrow as pa

from pdp.limits import Limits
from pdp.tables.row_values import text_array
from pdp.validate.masks import (
    HOUR_MS,
    LIKELY_PULSE_PRESSURE_MMHG,
    MAX_OFFSET_MIN,
    STAGE_ROUNDING_MIN,
    Batch,
    Mask,
    compare_stages,
    ends_before_start,
    exceeds_interval,
    includes_awake,
    is_after,
    is_crossed,
    is_longer,
    is_null,
    is_odd_pulse_pressure,
    is_out_of_years,
    is_outside,
    is_present,
    is_unknown,
    is_word,
    nothing,
    show,
    show_pair,
    show_stages,
)
from pdp.vocabulary import ARRIVAL_SLACK_H, COMMON, EARLIEST_YEAR, LATEST_YEAR, MEASURES, Column, Measure, Range


@dataclass(frozen=True)
class Check:
    """One rule.

    Attributes:
        rule: Its id.
        column: The column that it is about, "" for the row.
        detail: What was expected, in words.
        fails: A batch of n rows -> n times whether the row breaks the rule.
        shows: A batch -> n texts: the value that broke it.
        is_flag: The row is kept and flagged with `rule`.
        compares: A batch -> n texts that say in place of `detail` what was found and what it was held against.
    """

    rule: str
    column: str
    detail: str
    fails: Callable[[Batch], Mask]
    shows: Callable[[pa.Table], pa.Array]
    is_flag: bool = False
    compares: Callable[[pa.Table], pa.Array] | None = None


def checks(measure: str, limits: Limits, arrived_ms: int | None) -> list[Check]:
    """Every rule of a measure in the fixed order: first what quarantines, then what flags."""
    known = MEASURES[measure]
    found = [*_form(known), *_ranges(known, limits), *_relations(known), *_time(known, arrived_ms)]
    return [check for check in found if not check.is_flag] + [check for check in found if check.is_flag]


def fault_rule(faults: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Rules and figures of n faults "rule: figures"."""
    words = faults.cast(pa.string()).to_pylist()
    parts = [(word or "").partition(":") for word in words]
    return text_array([part[0].strip() for part in parts]), text_array([part[2].strip() or None for part in parts])


def _form(measure: Measure) -> Iterator[Check]:
    """What is required is there, and words are known ones. The format's own verdict goes before all others."""
    yield Check("fault", "", "", partial(is_present, name="fault"), partial(show, name="fault"))
    for column in (*COMMON, *measure.columns):
        if column.is_required or (column.name == "end_utc" and measure.is_interval):
            yield Check(
                "required_missing",
                column.name,
                "must not be empty",
                partial(is_null, name=column.name),
                nothing,
            )
    yield Check(
        "date_out_of_range",
        "start_utc",
        f"the years {EARLIEST_YEAR} to {LATEST_YEAR}",
        partial(is_out_of_years, is_interval=measure.is_interval),
        partial(show, name="start_utc"),
    )
    yield Check(
        "utc_offset_min_impossible",
        "utc_offset_min",
        "no zone is further from UTC",
        partial(is_outside, name="utc_offset_min", limits=MAX_OFFSET_MIN),
        partial(show, name="utc_offset_min"),
    )
    for column in (*COMMON, *measure.columns):
        if column.values:
            yield Check(
                "not_in_vocabulary",
                column.name,
                f"one of {', '.join(column.values)}",
                partial(is_unknown, name=column.name, values=column.values),
                partial(show, name=column.name),
            )


def _ranges(measure: Measure, limits: Limits) -> Iterator[Check]:
    for column in measure.columns:
        ranges = limits.of(column)
        if not is_number(column):
            continue
        shows = partial(show, name=column.name)
        possible = ranges.possible or (-np.inf, np.inf)
        fails = partial(is_outside, name=column.name, limits=possible)
        yield Check(f"{column.name}_impossible", column.name, _expected(column, possible), fails, shows)
        if ranges.likely:
            fails = partial(is_outside, name=column.name, limits=ranges.likely)
            rule, detail = f"{column.name}_unlikely", _expected(column, ranges.likely)
            yield Check(rule, column.name, detail, fails, shows, is_flag=True)


def _relations(measure: Measure) -> Iterator[Check]:
    if measure.name == "blood_pressure":
        shows = partial(show_pair, first="systolic_mmhg", second="diastolic_mmhg")
        yield Check("diastolic_not_below_systolic", "diastolic_mmhg", "below the systolic value", is_crossed, shows)
        low, high = LIKELY_PULSE_PRESSURE_MMHG
        detail = f"{low:g} to {high:g} mm[Hg]"
        yield Check("pulse_pressure_unlikely", "systolic_mmhg", detail, is_odd_pulse_pressure, shows, is_flag=True)


def _time(measure: Measure, arrived_ms: int | None) -> Iterator[Check]:
    if measure.is_interval:
        ends = partial(show_pair, first="start_utc", second="end_utc")
        yield Check("ends_before_start", "end_utc", "not before start_utc", ends_before_start, ends)
        too_long = partial(is_longer, hours=measure.max_duration_h)
        yield Check("interval_too_long", "end_utc", f"at most {measure.max_duration_h:g} h", too_long, ends)
    if measure.name == "sleep_episode":
        yield Check(
            "stages_exceed_interval",
            "total_sleep_time_min",
            f"stages and sleep within the interval, {STAGE_ROUNDING_MIN:g} min of rounding allowed",
            exceeds_interval,
            show_stages,
            compares=compare_stages,
        )
        yield Check(
            "total_includes_awake",
            "total_sleep_time_min",
            f"asleep and awake within the interval, {STAGE_ROUNDING_MIN:g} min of rounding allowed",
            includes_awake,
            show_stages,
            is_flag=True,
        )
    if arrived_ms is not None:
        yield Check(
            "after_arrival",
            "start_utc",
            f"at most {ARRIVAL_SLACK_H} h after the file arrived",
            partial(is_after, latest_ms=arrived_ms + ARRIVAL_SLACK_H * HOUR_MS),
            partial(show, name="start_utc"),
        )
    skipped = partial(is_word, name="offset_basis", word="nonexistent")
    shows = partial(show, name="offset_basis")
    yield Check("nonexistent_time", "start_utc", "a time that clocks showed", skipped, shows, is_flag=True)


def is_number(column: Column) -> bool:
    """Whether a column holds numbers."""
    return column.arrow.startswith(("int", "float"))


def _expected(column: Column, limits: Range) -> str:
    return "a finite number" if np.isinf(limits[0]) else f"{limits[0]:g} to {limits[1]:g} {column.unit}".strip()
