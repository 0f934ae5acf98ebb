"""The table of measures: names, codes, units, columns and ranges. Everything else derives from it.

Names are Open mHealth's (IEEE 1752.1), codes LOINC, units UCUM. Ranges are the two tiers of
checks: a value outside `possible` is quarantined, one outside `likely` is kept and flagged.
Sources of the ranges: the Swedish heart-failure registry (SBP 40-300, DBP 20-200 with others, HR
20-300) and ABPM editing criteria; all of them can be overridden in the configuration.

Standard library only: the Snakefile reads this at every start.
"""

from __future__ import annotations

from dataclasses import dataclass

Range = tuple[float, float]

MODALITIES = ("sensed", "self_reported")
OFFSET_BASES = ("recorded", "ledger", "assumed", "ambiguous", "nonexistent")

MINUTE_MS = 60_000
DAY_MS = 86_400_000

EARLIEST_YEAR = 1970  # before any device that a person could export from
LATEST_YEAR = 2099
ARRIVAL_SLACK_H = 26  # local clocks run at most 14 h ahead of UTC and 12 h behind


@dataclass(frozen=True)
class Column:
    """One column of a measure.

    Attributes:
        name: Ends in its unit where it has one.
        arrow: Arrow type by name; "dictionary" is a dictionary-encoded string.
        unit: UCUM code, or "" for text.
        loinc: LOINC code of the quantity, or "".
        possible: Inclusive limits; outside them the row is quarantined.
        likely: Inclusive limits; outside them the row is kept and flagged.
        values: For text: the closed list of words.
        is_required: A row without it says nothing.
    """

    name: str
    arrow: str
    unit: str = ""
    loinc: str = ""
    possible: Range | None = None
    likely: Range | None = None
    values: tuple[str, ...] = ()
    is_required: bool = False


@dataclass(frozen=True)
class Measure:
    """One kind of observation.

    Attributes:
        name: The table's name.
        open_mhealth: Schema name and version.
        loinc: LOINC code of the panel or observation, or "".
        columns: The measure's own columns, after the common ones.
        is_interval: Rows hold over [start_utc, end_utc); else end_utc is null.
        is_dense: May hold millions of rows: streamed, never a whole table in memory.
        max_duration_h: Longest possible interval; longer ones are quarantined.
        fusion: How overlapping devices are resolved: "slot" (fixed grid of fusion_min),
            "session" (clusters of readings no further apart than fusion_min) or "episode"
            (overlapping intervals of one night, fragments up to fusion_min apart joined).
        fusion_min: Minutes, see fusion.
    """

    name: str
    open_mhealth: str
    loinc: str
    columns: tuple[Column, ...]
    fusion: str
    fusion_min: int
    is_interval: bool = False
    is_dense: bool = False
    max_duration_h: float = 0.0


_MINUTES: Range = (0, 24 * 60)
_ARMS = ("left upper arm", "right upper arm", "left wrist", "right wrist")
_STAGES = ("awake", "light", "deep", "rem", "asleep", "in_bed")

MEASURES: dict[str, Measure] = {
    measure.name: measure
    for measure in (
        Measure(
            name="blood_pressure",
            open_mhealth="omh:blood-pressure:4.0",
            loinc="85354-9",
            fusion="session",
            fusion_min=5,
            columns=(
                Column("systolic_mmhg", "float64", "mm[Hg]", "8480-6", (40, 300), (70, 260), is_required=True),
                Column("diastolic_mmhg", "float64", "mm[Hg]", "8462-4", (20, 200), (40, 150), is_required=True),
                Column("pulse_bpm", "float64", "/min", "8867-4", (20, 300), (30, 220)),
                Column("body_posture", "dictionary", values=("sitting", "standing", "lying down", "semi-recumbent")),
                Column(
                    "measurement_location",
                    "dictionary",
                    values=("left upper arm", "right upper arm", "left wrist", "right wrist"),
                ),
                Column("note", "string"),
            ),
        ),
        Measure(
            name="heart_rate",
            open_mhealth="omh:heart-rate:2.0",
            loinc="8867-4",
            fusion="slot",
            fusion_min=5,
            is_dense=True,
            columns=(
                Column("heart_rate_bpm", "float32", "/min", "8867-4", (20, 300), (30, 220), is_required=True),
                Column("context", "dictionary", values=("manual", "automatic", "resting", "sleep"), is_required=True),
            ),
        ),
        Measure(
            name="sleep_stage",
            open_mhealth="omh:sleep-stage-summary:1.0",
            loinc="",
            fusion="episode",
            fusion_min=60,
            is_interval=True,
            max_duration_h=24,
            columns=(
                Column(
                    "stage",
                    "dictionary",
                    values=("awake", "light", "deep", "rem", "asleep", "in_bed"),
                    is_required=True,
                ),
            ),
        ),
        Measure(
            name="sleep_episode",
            open_mhealth="omh:sleep-episode:1.1",
            loinc="93832-4",
            fusion="episode",
            fusion_min=60,
            is_interval=True,
            max_duration_h=24,
            columns=(
                Column("total_sleep_time_min", "float64", "min", "93832-4", _MINUTES, (0, 16 * 60)),
                Column("light_min", "float64", "min", "93830-8", _MINUTES),
                Column("deep_min", "float64", "min", "93831-6", _MINUTES),
                Column("rem_min", "float64", "min", "93829-0", _MINUTES),
                Column("awake_min", "float64", "min", "", _MINUTES),
                Column("is_main_sleep", "bool"),
            ),
        ),
        Measure(
            name="step_count",
            open_mhealth="omh:step-count:3.0",
            loinc="55423-8",
            fusion="slot",
            fusion_min=15,
            is_interval=True,
            is_dense=True,
            max_duration_h=24,
            columns=(Column("steps", "int32", "{steps}", "55423-8", (0, 100_000), (0, 30_000), is_required=True),),
        ),
    )
}

# Every table starts with these; units and zones are in the names.
COMMON: tuple[Column, ...] = (
    Column("start_utc", "timestamp", is_required=True),
    Column("end_utc", "timestamp"),
    Column("utc_offset_min", "int16", "min", is_required=True),
    Column("offset_basis", "dictionary", values=OFFSET_BASES, is_required=True),
    Column("source", "dictionary", is_required=True),
    Column("device", "dictionary", is_required=True),
    Column("modality", "dictionary", values=MODALITIES, is_required=True),
    Column("export", "dictionary", is_required=True),
    Column("member", "dictionary", is_required=True),
    Column("row", "int32", is_required=True),
    Column("flags", "dictionary"),
)

# What became of a row that was read. Conservation: read = the sum of these.
FATES = ("accepted", "quarantined", "duplicate", "superseded", "unread")
