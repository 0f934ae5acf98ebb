"""Nights: which sleeps make a night, which are naps, and what is said of each.

A night is a main sleep and its fragments: sleeps no further apart than summary.night_gap_min. It
belongs to the local date on which it ends (summary.night_rule). Of several such on one date the
longest is the night; one with stages is preferred if it is at least half as long as the longest.
Everything else is a nap of the local date on which it ends: what the vendor calls a nap, what
lies wholly inside summary.nap_window and is short, and the sleeps that are not the night.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from pdp.summarize.daily import MS_PER_DAY, MS_PER_MIN, Figure, Value, Values, share, table_of
from pdp.summarize.sleep_periods import BASES, STAGE_NAMES, Floats, Periods
from pdp.summarize.sleep_spans import overlap_groups
from pdp.summarize.summary_settings import SummarySettings, window
from pdp.tables.columns import Integers, Mask

MEASURE = "sleep_episode"
_NIGHT = "the night that belongs to the day (summary.night_rule): main sleep and fragments"
_BASIS = (
    "from stages where they cover the sleep, else the vendor's total unless it includes time awake, else the vendor's "
    "light + deep + REM (column sleep_basis); awake and in bed left out"
)
_NAPS = "sleeps that end on the day and are not its night"

NIGHT_FIGURES = (
    Figure("sleep_episodes_n", MEASURE, "1", "Sleeps of the night", f"count; {_NIGHT}", is_count=True),
    Figure("sleep_total_min", MEASURE, "min", "Asleep in the night", f"sum of minutes asleep; {_NIGHT}; {_BASIS}"),
    Figure("sleep_main_min", MEASURE, "min", "Asleep in the main sleep", f"the night's longest sleep; {_BASIS}"),
    *(
        Figure(
            f"sleep_{name}_min", MEASURE, "min", f"Night, {name}", f"sum of minutes; {_NIGHT}; basis as sleep_total_min"
        )
        for name in STAGE_NAMES
    ),
    Figure(
        "sleep_onset_local_min",
        MEASURE,
        "min",
        "Asleep at, local time",
        "first instant asleep (start where there are no stages) as wall clock, in minutes after the day's midnight; "
        f"negative in the evening before, so that means need no circle; {_NIGHT}",
    ),
    Figure(
        "sleep_offset_local_min",
        MEASURE,
        "min",
        "Awake at, local time",
        "last instant asleep (end where there are no stages) as wall clock, in minutes after the day's midnight; "
        f"{_NIGHT}",
    ),
    Figure(
        "sleep_efficiency",
        MEASURE,
        "1",
        "Sleep efficiency",
        f"minutes asleep per elapsed minute of the sleeps they are known of; {_NIGHT}",
    ),
    Figure(
        "sleep_stage_coverage",
        MEASURE,
        "1",
        "Share of the night with a known stage",
        f"minutes light, deep, REM and awake per elapsed minute of the sleeps; {_NIGHT}",
    ),
)
NAP_FIGURES = (
    Figure("sleep_naps_n", MEASURE, "1", "Naps", f"count; {_NAPS}", is_count=True),
    Figure("sleep_naps_min", MEASURE, "min", "Asleep in naps", f"sum of minutes asleep; {_NAPS}; {_BASIS}"),
)
FIGURES = (*NIGHT_FIGURES, *NAP_FIGURES)


@dataclass(frozen=True)
class Nights:
    """Places in Periods by day number: the sleeps of the day's night, and the day's naps, each in order of time."""

    of: dict[int, Integers]
    naps: dict[int, Integers]


def assign(sleeps: Periods, settings: SummarySettings) -> Nights:
    """Decide for p sleeps to which night they belong, or of which day they are a nap."""
    local_start = sleeps.start + sleeps.start_offset * MS_PER_MIN
    local_end = sleeps.end + sleeps.end_offset * MS_PER_MIN
    chosen = np.flatnonzero(~_is_nap(sleeps, local_start, local_end, settings))
    bout = overlap_groups(sleeps.start[chosen], sleeps.end[chosen], settings.night_gap_min * MS_PER_MIN)
    first = chosen[np.flatnonzero(np.diff(bout, prepend=-1))]
    last = chosen[np.flatnonzero(np.diff(bout, append=-1))]
    if settings.night_rule == "noon_to_noon":
        day_of_bout = (local_start[first] + MS_PER_DAY // 2) // MS_PER_DAY
    else:
        day_of_bout = local_end[last] // MS_PER_DAY
    length = np.bincount(bout, sleeps.elapsed_min[chosen], minlength=len(first)).astype(np.float64)
    is_staged = np.bincount(bout, sleeps.basis[chosen] == BASES.index("stages"), minlength=len(first)) > 0

    nights: dict[int, Integers] = {}
    for day in np.unique(day_of_bout).tolist():
        best = _longest(np.flatnonzero(day_of_bout == day), length, is_staged)
        nights[day] = chosen[bout == best]
    is_night = np.zeros(len(sleeps), bool)
    for members in nights.values():
        is_night[members] = True
    rest = np.flatnonzero(~is_night)
    days = local_end[rest] // MS_PER_DAY
    return Nights(nights, {day: rest[days == day] for day in np.unique(days).tolist()})


def _is_nap(sleeps: Periods, local_start: Integers, local_end: Integers, settings: SummarySettings) -> Mask:
    first, last = window(settings.nap_window)
    midnight = local_start // MS_PER_DAY * MS_PER_DAY
    is_inside = (local_start >= midnight + first * MS_PER_MIN) & (local_end <= midnight + last * MS_PER_MIN)
    is_short = sleeps.elapsed_min <= settings.nap_longest_min
    return np.logical_or(sleeps.is_nap_by_vendor, is_inside & is_short)


def _longest(candidates: Integers, length: Floats, is_staged: Mask) -> int:
    """The candidate that is the night; of equal ones the earliest."""
    longest = candidates[np.argmax(length[candidates])]
    staged = candidates[is_staged[candidates]]
    if len(staged):
        best = staged[np.argmax(length[staged])]
        if length[best] >= length[longest] / 2:
            return int(best)
    return int(longest)


def main_of(sleeps: Periods, members: Integers) -> int:
    """The main sleep of a night: its longest, of equal ones the earliest."""
    return int(members[np.argmax(sleeps.elapsed_min[members])])


def figures_of_night(sleeps: Periods, members: Integers, day: int) -> Values:
    """The figures of a night from its sleeps; all null, n 0, without any."""
    found: Values = {"sleep_episodes_n": len(members)}
    if not len(members):
        return found
    elapsed, total = sleeps.elapsed_min[members], sleeps.total[members]
    stages = {name: sleeps.stages[name][members] for name in STAGE_NAMES}
    known = ~np.isnan(total)
    midnight = day * MS_PER_DAY
    found |= {f"sleep_{name}_min": _sum(minutes) for name, minutes in stages.items()}
    return found | {
        "sleep_total_min": _sum(total),
        "sleep_main_min": _sum(sleeps.total[main_of(sleeps, members)]),
        "sleep_onset_local_min": float(sleeps.onset_local[members[0]] - midnight) / MS_PER_MIN,
        "sleep_offset_local_min": float(sleeps.wake_local[members[-1]] - midnight) / MS_PER_MIN,
        "sleep_efficiency": share(float(total[known].sum()), float(elapsed[known].sum())),
        "sleep_stage_coverage": share(float(np.nansum(list(stages.values()))), float(elapsed.sum())),
    }


def figures_of_naps(sleeps: Periods, members: Integers) -> Values:
    """The figures of a day's naps."""
    return {"sleep_naps_n": len(members), "sleep_naps_min": _sum(sleeps.total[members])}


def basis_of(sleeps: Periods, members: Integers) -> str:
    """Where the night's minutes come from: stages, vendor, vendor_stages, mixed, or none if nothing says."""
    bases = {BASES[place] for place in sleeps.basis[members].tolist()} - {"none"}
    return "mixed" if len(bases) > 1 else next(iter(bases), "none")


def _sum(minutes: Floats | np.float64) -> Value:
    """The sum of what is known, None if nothing is."""
    is_known = ~np.isnan(minutes)
    return float(np.sum(minutes, where=is_known)) if is_known.any() else None


def flags_of(sleeps: Periods, members: Integers) -> str:
    """What is odd about a night or its rows, sorted, joined by ";": dst_night, two_devices, unproved_stages, ..."""
    first, last = members[0], members[-1]
    moved = abs(int(sleeps.end_offset[last] - sleeps.start_offset[first]))
    found = {
        "dst_night": 0 < moved <= 60,  # clocks are moved by an hour, in one place by half; journeys mostly by more
        "zone_change_night": moved > 60,
        "two_devices": bool(sleeps.has_two_devices[members].any()) or len(set(sleeps.device[members].tolist())) > 1,
        "overlapping_episodes": bool(sleeps.is_overlapped[members].any()),
        "partial_stages": bool(sleeps.is_partial[members].any()),
        "total_incomplete": bool(np.isnan(sleeps.total[members]).any()),
    }
    of_rows = frozenset[str]().union(*(sleeps.flags[place] for place in members.tolist()))
    return ";".join(sorted({name for name, is_so in found.items() if is_so} | of_rows))


def _field(name: str, figure: str, kind: pa.DataType | None = None) -> pa.Field:
    """A column that is a figure of the daily table by a shorter name: title, unit and method are the figure's."""
    (found,) = (one for one in (*NIGHT_FIGURES, *NAP_FIGURES) if one.name == figure)
    return found.field().with_name(name).with_type(kind or pa.float64())


_TIME = pa.timestamp("ms", tz="UTC")
NIGHTS = pa.schema(
    [
        pa.field("night_date", pa.date32(), nullable=False),
        # The main sleep: the longest of the night.
        pa.field("start_utc", _TIME, nullable=False),
        pa.field("end_utc", _TIME, nullable=False),
        pa.field("start_offset_min", pa.int16(), nullable=False),
        pa.field("end_offset_min", pa.int16(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("device", pa.string(), nullable=False),
        # The whole night: from its first sleep to the end of its last.
        pa.field("night_start_utc", _TIME, nullable=False),
        pa.field("night_end_utc", _TIME, nullable=False),
        _field("main_sleep_min", "sleep_main_min"),
        _field("total_sleep_min", "sleep_total_min"),
        *(_field(f"{name}_min", f"sleep_{name}_min") for name in STAGE_NAMES),
        pa.field("basis", pa.string(), nullable=False),  # stages, vendor, vendor_stages, mixed, none
        _field("efficiency", "sleep_efficiency"),
        _field("stage_coverage", "sleep_stage_coverage"),
        _field("onset_local_min", "sleep_onset_local_min"),
        _field("offset_local_min", "sleep_offset_local_min"),
        _field("episodes_n", "sleep_episodes_n", pa.int32()),
        _field("naps_n", "sleep_naps_n", pa.int32()),
        _field("naps_min", "sleep_naps_min"),
        pa.field("flags", pa.string(), nullable=False),
    ]
)


def table(sleeps: Periods, nights: Nights) -> pa.Table:
    """nights.parquet: one row per date that has a night."""
    rows = []
    for day, members in nights.of.items():
        main = main_of(sleeps, members)
        source, device = sleeps.devices[int(sleeps.device[main])]
        values = figures_of_night(sleeps, members, day)
        naps = figures_of_naps(sleeps, nights.naps.get(day, members[:0]))
        rows.append(
            {
                "night_date": day,
                "start_utc": int(sleeps.start[main]),
                "end_utc": int(sleeps.end[main]),
                "start_offset_min": int(sleeps.start_offset[main]),
                "end_offset_min": int(sleeps.end_offset[main]),
                "source": source,
                "device": device,
                "night_start_utc": int(sleeps.start[members[0]]),
                "night_end_utc": int(sleeps.end[members[-1]]),
                "main_sleep_min": values["sleep_main_min"],
                "total_sleep_min": values["sleep_total_min"],
                **{f"{name}_min": values[f"sleep_{name}_min"] for name in STAGE_NAMES},
                "basis": basis_of(sleeps, members),
                "efficiency": values["sleep_efficiency"],
                "stage_coverage": values["sleep_stage_coverage"],
                "onset_local_min": values["sleep_onset_local_min"],
                "offset_local_min": values["sleep_offset_local_min"],
                "episodes_n": len(members),
                "naps_n": naps["sleep_naps_n"],
                "naps_min": naps["sleep_naps_min"],
                "flags": flags_of(sleeps, members),
            }
        )
    return table_of({field.name: [row[field.name] for row in rows] for field in NIGHTS}, NIGHTS)
