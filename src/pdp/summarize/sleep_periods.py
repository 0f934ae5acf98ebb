"""Sleeps: one stretch of time each, from the vendor's episodes and from stages.

Merging has left one device per episode and one per stretch of stages; here the two are put
together. A sleep is a set of overlapping episodes (so a fragment that lies inside a night is not
counted again), or stages that no episode overlaps, joined over gaps up to the vocabulary's
fusion_min. Durations are elapsed time: differences of UTC, never of wall clocks.

Total sleep and minutes per stage come from stages where these cover the sleep
(summary.stages_least_cover), else from the vendor's total, else from the sum of the vendor's minutes
per stage; `basis` says which. Time awake or in bed is never counted as asleep: a vendor's total that
includes it (flag total_includes_awake) gives way to light + deep + REM where all three are stated,
else there is no total. A stage that does not occur is null, not 0: many devices don't know REM.
Stages that nothing in their export proves make no sleep of their own, see sleep_flags.UNFOUNDED.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pdp.summarize import sleep_flags
from pdp.summarize.daily import MS_PER_MIN
from pdp.summarize.sleep_spans import (
    Spans,
    devices_of,
    first_of_each,
    is_overlapping,
    join,
    overlap_groups,
    period_of,
    read_spans,
)
from pdp.summarize.sleep_stages import ASLEEP, CLASSES, NOT_IN_BED, StageLine, class_codes
from pdp.summarize.summary_settings import SummarySettings
from pdp.tables.columns import Integers, Mask, nulls, numbers, to_arrow
from pdp.vocabulary import MEASURES

if TYPE_CHECKING:
    from pdp.timeframe import ZoneLedger

Floats = npt.NDArray[np.float64]

EPISODE_COLUMNS = (
    "start_utc",
    "end_utc",
    "utc_offset_min",
    "source",
    "device",
    "total_sleep_time_min",
    "light_min",
    "deep_min",
    "rem_min",
    "awake_min",
    "is_main_sleep",
    "flags",
)
STAGE_COLUMNS = ("start_utc", "end_utc", "utc_offset_min", "source", "device", "stage", "flags")
STAGE_NAMES = ("light", "deep", "rem", "awake")
BASES = ("none", "vendor", "vendor_stages", "stages")
_NONE, _VENDOR, _VENDOR_STAGES, _STAGES = range(len(BASES))
_JOIN_MS = MEASURES["sleep_stage"].fusion_min * MS_PER_MIN


@dataclass(frozen=True)
class Periods:
    """p sleeps in order of time, without overlap. Times in UTC ms, minutes NaN where not known.

    Attributes:
        start, end: Bounds.
        start_offset, end_offset: Minutes ahead of UTC then.
        onset_local, wake_local: First and last instant asleep where stages say, else the bounds; wall clock in ms.
        total: Minutes asleep.
        stages: Minutes per stage of STAGE_NAMES.
        basis: Place in BASES: where total and stages come from.
        is_nap_by_vendor: The vendor says that none of it is main sleep.
        is_overlapped: Several episodes overlapped; the longest one's minutes count.
        is_partial: From stages that cover less than they should, as there is nothing else.
        device: Place in `devices` of the device whose times these are.
        flags: Flags of the rows that it was computed from.
        has_two_devices: Episode and stages are of different devices.
        devices: (source, device) by place.
    """

    start: Integers
    end: Integers
    start_offset: Integers
    end_offset: Integers
    onset_local: Integers
    wake_local: Integers
    total: Floats
    stages: dict[str, Floats]
    basis: Integers
    is_nap_by_vendor: Mask
    is_overlapped: Mask
    is_partial: Mask
    device: Integers
    has_two_devices: Mask
    flags: tuple[frozenset[str], ...]
    devices: tuple[tuple[str, str], ...]

    def __len__(self) -> int:
        return len(self.start)

    @cached_property
    def elapsed_min(self) -> Floats:
        return (self.end - self.start) / MS_PER_MIN


def periods(episodes: pa.Table, stages: pa.Table, settings: SummarySettings, ledger: ZoneLedger) -> Periods:
    """All sleeps in merged sleep_episode and sleep_stage rows, in the order of those tables."""
    told, staged, devices = read_spans(episodes, stages)
    code = class_codes(stages["stage"])
    told_rows = np.flatnonzero(told.end > told.start)
    told = told.take(told_rows)

    told_group = overlap_groups(told.start, told.end)
    first = np.flatnonzero(np.diff(told_group, prepend=-1))
    told_end = np.maximum.reduceat(told.end, first) if len(first) else told.end
    is_free = ~is_overlapping(staged.start, staged.end, told.start[first], told_end)
    is_founded = ~sleep_flags.has_any(stages["flags"], *sleep_flags.UNFOUNDED)
    free = np.flatnonzero(is_free & is_founded & (staged.end > staged.start))
    free_group = overlap_groups(staged.start[free], staged.end[free], _JOIN_MS)
    if len(free):  # awake or in bed all the time is no sleep
        has_sleep = np.bincount(free_group, np.isin(code[free], ASLEEP)) > 0
        free, free_group = free[has_sleep[free_group]], free_group[has_sleep[free_group]]

    # Episodes first, so that of rows with equal starts the episode's offset and device count.
    every = told.followed_by(staged.take(free))
    group = join(every, np.concatenate([told_group, free_group + len(first)]))
    line = StageLine.of(staged.start, staged.end, code)
    told_table = episodes.take(to_arrow(told_rows))
    return _measure(every, group, told_table, line, stages["flags"], staged, devices, settings, ledger)


def _measure(
    rows: Spans,
    group: Integers,
    episodes: pa.Table,
    line: StageLine,
    stage_flags: pa.ChunkedArray,
    staged: Spans,
    devices: tuple[tuple[str, str], ...],
    settings: SummarySettings,
    ledger: ZoneLedger,
) -> Periods:
    """The periods of n rows, of which the first len(episodes) are episodes."""
    told_group = group[: len(episodes)]
    earliest = first_of_each(group, rows.start)
    latest = first_of_each(group, -rows.end)
    start, end = rows.start[earliest], rows.end[latest]
    count = len(start)
    end_offset = rows.offset[latest] + _moved(ledger, rows.start[latest], end)

    longest = first_of_each(told_group, rows.start[: len(episodes)] - rows.end[: len(episodes)])
    has_episode = np.bincount(told_group, minlength=count) > 0
    vendor = {name: _spread(_floats(episodes[name])[longest], has_episode) for name in EPISODE_COLUMNS[5:10]}
    vendor_stages = {name: vendor[f"{name}_min"] for name in STAGE_NAMES}
    is_inclusive = np.zeros(count, bool)
    is_inclusive[has_episode] = sleep_flags.has_any(episodes["flags"], sleep_flags.TOTAL_INCLUDES_AWAKE)[longest]
    vendor_total, vendor_basis = _vendor_total(vendor["total_sleep_time_min"], vendor_stages, is_inclusive)

    ms_of = {name: line.of_class(CLASSES.index(name)).ms_within(start, end) for name in STAGE_NAMES}
    asleep = line.of_class(*ASLEEP)
    covered = line.of_class(*NOT_IN_BED).ms_within(start, end)
    asleep_ms = asleep.ms_within(start, end)
    is_covered = covered >= settings.stages_least_cover * (end - start)
    is_partial = ~is_covered & np.isnan(vendor_total) & ~is_inclusive & (asleep_ms > 0)
    is_staged = (is_covered & (covered > 0)) | is_partial
    minutes = {
        name: np.where(is_staged, np.where(ms > 0, ms / MS_PER_MIN, np.nan), vendor_stages[name])
        for name, ms in ms_of.items()
    }
    minutes["awake"] = np.where(is_staged & is_covered, ms_of["awake"] / MS_PER_MIN, minutes["awake"])
    total = np.where(is_staged, asleep_ms / MS_PER_MIN, vendor_total)

    onset = np.where(is_staged, asleep.first_within(start, end), start)
    wake = np.where(is_staged, asleep.last_within(start, end), end)
    low, high = devices_of(rows, group, staged, start, end)
    of_stage = period_of(staged, start, end)
    of_stage = np.where(np.append(is_staged, False)[of_stage], of_stage, -1)
    is_main = _floats(episodes["is_main_sleep"].cast(pa.int8())) != 0  # a vendor that says nothing may mean either
    says_main = np.bincount(told_group, is_main, minlength=count) > 0
    return Periods(
        start=start,
        end=end,
        start_offset=rows.offset[earliest],
        end_offset=end_offset,
        onset_local=onset + (rows.offset[earliest] + _moved(ledger, start, onset)) * MS_PER_MIN,
        wake_local=wake + (end_offset + _moved(ledger, end, wake)) * MS_PER_MIN,
        total=total,
        stages=minutes,
        basis=np.where(is_staged, _STAGES, vendor_basis),
        is_nap_by_vendor=has_episode & ~says_main,
        is_overlapped=np.bincount(told_group, minlength=count) > 1,
        is_partial=is_partial,
        device=rows.device[earliest],
        has_two_devices=low != high,
        flags=sleep_flags.by_period(count, [(episodes["flags"], told_group), (stage_flags, of_stage)]),
        devices=devices,
    )


def _vendor_total(stated: Floats, stages: dict[str, Floats], is_inclusive: Mask) -> tuple[Floats, Integers]:
    """Minutes asleep of p periods by what the vendor states, and their place in BASES."""
    parts = np.array([stages[name] for name in ("light", "deep", "rem")])
    # Many devices don't know REM, but none lacks the other two. Where the total is wrong, nothing may lack.
    has_parts = ~np.isnan(parts[:2]).any(axis=0) & (~is_inclusive | ~np.isnan(parts[2]))
    is_stated = ~np.isnan(stated) & ~is_inclusive
    total = np.where(is_stated, stated, np.where(has_parts, np.nansum(parts, axis=0), np.nan))
    return total, np.where(is_stated, _VENDOR, np.where(has_parts, _VENDOR_STAGES, _NONE))


def _moved(ledger: ZoneLedger, since: Integers, until: Integers) -> Integers:
    """By how many minutes clocks were moved between n pairs of instants.

    A row's own offset may be one that the ledger does not know; what the clock did after, the ledger says.
    """
    found: Integers = ledger.offsets(until).astype(np.int64) - ledger.offsets(since)
    return found


def _spread(values: Floats, is_there: Mask) -> Floats:
    found = np.full(len(is_there), np.nan)
    found[is_there] = values
    return found


def _floats(column: pa.ChunkedArray) -> Floats:
    is_null = nulls(column)
    values: Floats = numbers(column).astype(np.float64)
    return values if is_null is None else np.where(is_null, np.nan, values)
