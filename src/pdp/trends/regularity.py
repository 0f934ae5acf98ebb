"""How regular sleep is: the Sleep Regularity Index of Phillips et al. 2017 (doi 10.1038/s41598-017-03171-4).

The SRI is the chance to be in the same state, asleep or awake, at two moments 24 hours apart, scaled so that 100 is
the same every day and 0 is chance:

    SRI = -100 + 200 / (M (N - 1)) * sum over days i < N and minutes j <= M of [s(i, j) = s(i + 1, j)]

Days run from noon to noon by the local clock and have M = 1440 minutes. A day without a recorded night is unknown,
not awake, and makes no pair with its neighbours; the sum and M (N - 1) count known pairs of minutes only. Minutes are
those that the local clock showed, as recorders that follow the phone's clock write them: a skipped hour is unknown,
in a repeated hour asleep counts if it is told of either pass, and after a journey the new place's clock counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pdp import described
from pdp.described import column
from pdp.summarize.daily import MAX_OFFSET_MS, MS_PER_MIN
from pdp.tables.columns import Integers, Mask, integers
from pdp.trends.rolling import known_or_none, rolling, values_of

if TYPE_CHECKING:
    from pdp.timeframe import ZoneLedger

MINUTES = 1440
QUARTER_MIN = 15  # every clock on Earth is moved at a multiple of it
# The index itself is from a week of records (Phillips 2017 and the large cohorts); four weeks are steadier.
LEAST_PAIRS = {7: 4, 28: 14}
ASLEEP_STAGES = ("light", "deep", "rem", "asleep")
UNKNOWN, AWAKE, ASLEEP = -1, 0, 1
States = npt.NDArray[np.int8]

_WINDOW = "the last window_days local days, the day itself included"
SCHEMA = pa.schema(
    [
        column("date", pa.date32(), "Local day", "", "every day of daily", is_required=True),
        column(
            "window_days",
            pa.int16(),
            "Length of the window",
            "d",
            f"{', '.join(map(str, LEAST_PAIRS))}; 1 is the night itself, of which there is a mid-sleep and no index",
            is_required=True,
        ),
        column(
            "sri",
            pa.float64(),
            "Sleep Regularity Index",
            "1",
            "-100 + 200 x share of minutes with the same state, asleep or awake, on consecutive noon-to-noon days "
            "by the local clock (Phillips 2017, doi 10.1038/s41598-017-03171-4); a day without a recorded night is "
            "unknown; "
            "a skipped hour is unknown, a repeated one asleep if either pass is, after a journey the new clock counts; "
            "awake inside a night where stages tell it; naps count; null below "
            + ", ".join(f"{least} pairs of days in {days}" for days, least in LEAST_PAIRS.items()),
        ),
        column("n_pairs", pa.int32(), "Pairs of days compared", "1", f"count; {_WINDOW}", is_required=True),
        column(
            "mid_sleep_local_min",
            pa.float64(),
            "Mid-sleep, local time",
            "min",
            "midway between falling asleep and waking by the wall clock, in minutes after the day's midnight; median "
            f"of the nights; {_WINDOW}",
        ),
        column("mid_sleep_q1_local_min", pa.float64(), "Mid-sleep, first quartile", "min", f"of the nights; {_WINDOW}"),
        column("mid_sleep_q3_local_min", pa.float64(), "Mid-sleep, third quartile", "min", f"of the nights; {_WINDOW}"),
        column("n_nights", pa.int32(), "Nights", "1", f"count of nights with a mid-sleep; {_WINDOW}", is_required=True),
    ]
)


def regularity(daily: pa.Table, segments: pa.Table, ledger: ZoneLedger) -> pa.Table:
    """regularity.parquet.

    Args:
        daily: The daily table.
        segments: sleep_segments of the same subject.
        ledger: The subject's zones.
    """
    dates = described.days(daily, "date")
    mid = (values_of(daily, "sleep_onset_local_min") + values_of(daily, "sleep_offset_local_min")) / 2
    same, known = compared(states(segments, dates, ledger))
    parts = []
    for days in (1, *LEAST_PAIRS):
        quartiles, nights = rolling(mid, days)
        # A window of w days has w - 1 pairs; each stands at the later of its two days.
        agreed, of_known, pairs = (_sums(each, days - 1) for each in (same, known, (known > 0).astype(np.int64)))
        is_enough = pairs >= LEAST_PAIRS.get(days, MINUTES)
        index = np.where(is_enough, -100 + 200 * agreed / np.maximum(of_known, 1), np.nan)
        columns = {
            "date": dates.tolist(),
            "window_days": [days] * len(dates),
            "sri": known_or_none(index),
            "n_pairs": pairs.tolist(),
            "mid_sleep_local_min": known_or_none(quartiles["median"]),
            "mid_sleep_q1_local_min": known_or_none(quartiles["q1"]),
            "mid_sleep_q3_local_min": known_or_none(quartiles["q3"]),
            "n_nights": nights.tolist(),
        }
        parts.append(described.table(columns, SCHEMA))
    return pa.concat_tables(parts)


def states(segments: pa.Table, dates: Integers, ledger: ZoneLedger) -> States:
    """d x 1440 states from noon to noon: row i is from noon of the day before dates[i] to its noon.

    Args:
        segments: sleep_segments.
        dates: d consecutive day numbers.
        ledger: The subject's zones, for what clocks skipped.
    """
    found = np.full((len(dates), MINUTES), UNKNOWN, np.int8)
    if not len(segments) or not len(dates):
        return found
    is_night = np.array([part != "nap" for part in segments["part"].to_pylist()])
    found[np.isin(dates, described.days(segments, "night_date")[is_night])] = AWAKE
    # A minute of the local clock is asleep if its first instant is.
    origin = (int(dates[0]) * MINUTES - MINUTES // 2) * MS_PER_MIN
    offset = integers(segments["utc_offset_min"]) * MS_PER_MIN
    first = -((origin - offset - integers(segments["start_utc"])) // MS_PER_MIN)
    last = -((origin - offset - integers(segments["end_utc"])) // MS_PER_MIN)
    is_asleep = np.isin(np.array(segments["stage"].to_pylist()), ASLEEP_STAGES)
    line = found.reshape(-1)
    for begin, end in zip(first[is_asleep].tolist(), last[is_asleep].tolist(), strict=True):
        piece = line[max(begin, 0) : max(end, 0)]
        piece[piece == AWAKE] = ASLEEP
    line[_skipped(origin, len(line), ledger)] = UNKNOWN
    return found


def _skipped(origin: int, minutes: int, ledger: ZoneLedger) -> Mask:
    """Which of the minutes from `origin` (local ms) the subject's clocks never showed."""
    count = minutes // QUARTER_MIN
    quarter = QUARTER_MIN * MS_PER_MIN
    margin = MAX_OFFSET_MS // quarter
    instants = origin + np.arange(-margin, count + margin, dtype=np.int64) * quarter
    local = (instants + ledger.offsets(instants).astype(np.int64) * MS_PER_MIN - origin) // quarter
    is_shown = np.zeros(count, bool)
    is_shown[local[(local >= 0) & (local < count)]] = True
    return np.repeat(~is_shown, QUARTER_MIN)


def compared(state: States) -> tuple[Integers, Integers]:
    """Of each day against the one before it: minutes in the same state, and minutes known of both."""
    same, known = np.zeros(len(state), np.int64), np.zeros(len(state), np.int64)
    for day in range(1, len(state)):
        is_known = (state[day] != UNKNOWN) & (state[day - 1] != UNKNOWN)
        known[day] = np.count_nonzero(is_known)
        same[day] = np.count_nonzero(is_known & (state[day] == state[day - 1]))
    return same, known


def _sums(values: Integers, days: int) -> Integers:
    """Sum of each value and the days - 1 before it."""
    whole = np.concatenate([np.zeros(max(days, 1), np.int64), np.cumsum(values)])
    found: Integers = whole[max(days, 1) :] - whole[: len(values)]
    return found if days else np.zeros(len(values), np.int64)
