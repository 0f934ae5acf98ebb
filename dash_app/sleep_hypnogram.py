"""Hypnograms of the newest nights side by side, heart rate over them, on one axis of time. SVG made on the server.

The axis is the wall clock of the place where the night began; where clocks are moved inside a night it goes on by the
earlier clock, so that nothing lies on anything else. Across, one unit is a minute; down, one unit is a pixel.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from math import ceil, floor

from dash_app import tables
from dash_app.cards import day_text
from dash_app.charts import Key, legend_of
from dash_app.gateway import Dataset
from dash_app.native import Markup, Native, tag
from dash_app.pressure import Row
from dash_app.sleep import BASES, duration, oddities, span, wall
from dash_app.view import View

N_NIGHTS = 14
SLOT_MIN = 15
HEART_TABLE = "heart_rate_15min"
HEART_COLUMNS = ("start_utc", "utc_offset_min", "n", "median")
LEVELS = ("awake", "rem", "light", "deep")
LEVEL_PX, BAR_PX = 22, 14
HEIGHT = LEVEL_PX * len(LEVELS)
NAMES = {"awake": "awake", "rem": "REM", "light": "light", "deep": "deep", "asleep": "asleep", "in_bed": "in bed"}
KEYS = (
    Key("awake", "stage_awake", "bar"),
    Key("REM", "stage_rem", "bar"),
    Key("light", "stage_light", "bar"),
    Key("deep", "stage_deep", "bar"),
    Key("asleep, stage not known", "stage_asleep", "hollow"),
    Key("heart rate, medians of 15 min", "heart", "line"),
)


@dataclass(frozen=True)
class Bar:
    """A stage on the axis of a night.

    Args:
        first, last: Minutes after the midnight with which the night's day begins, by the clock of the night's start.
        stage: awake, rem, light, deep; asleep or in_bed where no stage is known.
    """

    first: float
    last: float
    stage: str


@dataclass(frozen=True)
class Beat:
    """Heart rate at the middle of a slot: minutes as of a bar, and the slot's median in bpm."""

    at: float
    bpm: float


def axis_minutes(night: Row, instant: datetime) -> float:
    """Where an instant stands on the axis of a night."""
    midnight = datetime.combine(night["night_date"], time(), UTC)
    return (instant + timedelta(minutes=night["start_offset_min"]) - midnight).total_seconds() / 60


def bars(night: Row, segments: Sequence[Row]) -> list[Bar]:
    """The night's own pieces, without naps."""
    mine = [row for row in segments if row["night_date"] == night["night_date"] and row["part"] != "nap"]
    return [
        Bar(axis_minutes(night, row["start_utc"]), axis_minutes(night, row["end_utc"]), row["stage"]) for row in mine
    ]


def beats(night: Row, heart: Sequence[Row]) -> list[Beat]:
    """The slots whose middle lies inside the night."""
    half = timedelta(minutes=SLOT_MIN / 2)
    inside = [
        row
        for row in heart
        if row["median"] is not None and night["night_start_utc"] <= row["start_utc"] + half < night["night_end_utc"]
    ]
    return [Beat(axis_minutes(night, row["start_utc"] + half), row["median"]) for row in inside]


def heart_rate(data: Dataset, nights: Sequence[Row]) -> list[Row]:
    """Medians of 15 minutes around these nights; none where there is no heart rate."""
    if not nights or not data.has_table(HEART_TABLE):
        return []
    days = [night["night_date"] for night in nights]
    found: list[Row] = data.table(
        HEART_TABLE, HEART_COLUMNS, min(days) - timedelta(days=1), max(days) + timedelta(days=1)
    ).to_pylist()
    return found


def multiples(view: View, nights: Sequence[Row], segments: Sequence[Row], heart: Sequence[Row]) -> list[Native]:
    """The nights, newest first, on one axis; and the table of them.

    Args:
        view: For the links.
        nights: Rows of the table "nights", at most N_NIGHTS.
        segments: Rows of sleep_segments of these nights.
        heart: Rows of the table of heart rate around them.
    """
    order = sorted(nights, key=lambda night: night["night_date"], reverse=True)
    drawn = {night["night_date"]: bars(night, segments) for night in order}
    rates = {night["night_date"]: beats(night, heart) for night in order}
    every = [at for each in drawn.values() for bar in each for at in (bar.first, bar.last)]
    low, high = floor(min(every, default=-60) / 60) * 60, ceil(max(every, default=480) / 60) * 60
    known = [beat.bpm for each in rates.values() for beat in each]
    scale = (floor(min(known, default=50) / 10) * 10, ceil(max(known, default=60) / 10) * 10)
    if scale[0] == scale[1]:
        scale = (scale[0] - 10, scale[1] + 10)
    items = Markup().join(
        _night(view, night, drawn[night["night_date"]], rates[night["night_date"]], (low, high), scale)
        for night in order
    )
    legend = legend_of(KEYS if known else KEYS[:-1])
    return [
        legend,
        Native("ul", items, {"class": "hypnos"}),
        tables.behind("the nights drawn above", COLUMNS, [_cells(view, night, rates) for night in order]),
    ]


COLUMNS = (
    tables.Column("Night to"),
    tables.Column("Asleep from, to", is_text=True),
    *(tables.Column(name, "min") for name in ("Asleep", "Deep", "Light", "REM", "Awake")),
    tables.Column("Heart rate, lowest and highest median", is_text=True),
    tables.Column("Time asleep is", is_text=True),
)


def _cells(view: View, night: Row, rates: Mapping[date, Sequence[Beat]]) -> list[object]:
    day = night["night_date"]
    return [
        tag("a", day_text(day), href=view.day_page(day)),
        span(night),
        *(night[f"{name}_min"] for name in ("total_sleep", "deep", "light", "rem", "awake")),
        beat_text(rates[day]) or None,
        BASES.get(night["basis"], night["basis"]),
    ]


def beat_text(found: Sequence[Beat]) -> str:
    """ "52 to 71 bpm"; "" without any."""
    rates = [beat.bpm for beat in found]
    return f"{min(rates):.0f} to {max(rates):.0f} bpm" if rates else ""


def has_stages(found: Sequence[Bar]) -> bool:
    """Whether any stage is known by the minute."""
    return any(bar.stage in ("rem", "light", "deep") for bar in found)


def about(night: Row, found: Sequence[Bar], rates: Sequence[Beat]) -> str:
    """The line below a night: what is known of its stages, and heart rate."""
    if not found:
        stages = "no pieces of this night are known"
    elif has_stages(found):
        stages = _shares(night)
    else:
        totals = _shares(night)
        stages = "asleep, stages not known" + (f" by the minute; in all {totals}" if totals else "")
    heart = f"heart rate {beat_text(rates)}" if rates else "no heart rate"
    odd = oddities(night)
    return "; ".join(part for part in (stages, heart, odd) if part)


def _shares(night: Row) -> str:
    return ", ".join(
        f"{NAMES[name]} {duration(night[f'{name}_min'])}"
        for name in ("deep", "light", "rem", "awake")
        if night[f"{name}_min"] is not None
    )


def _night(
    view: View,
    night: Row,
    found: Sequence[Bar],
    rates: Sequence[Beat],
    bounds: tuple[int, int],
    scale: tuple[int, int],
) -> Markup:
    day, total = night["night_date"], night["total_sleep_min"]
    length = "length not known" if total is None else duration(total)
    title = tag("a", day_text(day), href=view.day_page(day)) + tag("span", f" {length}")
    text = about(night, found, rates)
    svg = tag(
        "svg",
        _grid(bounds) + _stages(found) + _heart(rates, scale),
        viewBox=f"{bounds[0]} 0 {bounds[1] - bounds[0]} {HEIGHT}",
        preserveAspectRatio="none",
        style=f"height:{HEIGHT}px",
        aria_hidden="true",
    )
    levels = Markup().join(tag("span", NAMES[level]) for level in LEVELS) if has_stages(found) else Markup()
    beats_axis = tag("span", str(scale[1])) + tag("span", str(scale[0])) if rates else Markup()
    wide = bounds[1] - bounds[0]
    ticks = [at for at in range(bounds[0], bounds[1] + 1, 60) if at % (120 if wide <= 720 else 240) == 0]
    hours = Markup().join(
        tag("span", str(wall(at))[:2], style=f"left:{100 * (at - bounds[0]) / wide:.2f}%") for at in ticks
    )
    picture = tag("div", levels, class_="hypno-levels") + tag("div", svg, class_="hypno-plot")
    picture += tag("div", beats_axis, class_="hypno-beats") + tag("div", hours, class_="hypno-hours")
    name = f"Night to {day_text(day)}, {span(night) or 'times not known'}: {text}."
    box = tag("div", picture, class_="hypno", role="img", aria_label=name)
    return tag("li", tag("h3", title) + box + tag("p", text, class_="chart-note"))


def _grid(bounds: tuple[int, int]) -> Markup:
    lines = "".join(f"M{at} 0v{HEIGHT}" for at in range(bounds[0], bounds[1] + 1, 60) if at % 120 == 0)
    return tag("path", d=lines, class_="acto-line")


def _stages(found: Sequence[Bar]) -> Markup:
    """Bars on four levels with thin lines where one follows another; without a stage one bar over all of them."""
    drawn: dict[str, str] = {}
    steps = ""
    before: Bar | None = None
    for bar in found:
        wide = f"{bar.last - bar.first:g}"
        if bar.stage in LEVELS:
            middle = LEVEL_PX * LEVELS.index(bar.stage) + LEVEL_PX / 2
            drawn[bar.stage] = (
                drawn.get(bar.stage, "") + f"M{bar.first:g} {middle - BAR_PX / 2:g}h{wide}v{BAR_PX}h-{wide}z"
            )
            if before is not None and before.last == bar.first and before.stage in LEVELS:
                steps += f"M{bar.first:g} {LEVEL_PX * LEVELS.index(before.stage) + LEVEL_PX / 2:g}V{middle:g}"
        else:
            name = "asleep" if bar.stage == "asleep" else "bed"
            high = HEIGHT - LEVEL_PX - 8
            drawn[name] = drawn.get(name, "") + f"M{bar.first:g} {LEVEL_PX + 4}h{wide}v{high}h-{wide}z"
        before = bar
    shown = tag("path", d=steps, class_="hypno-step") if steps else Markup()
    return shown + Markup().join(tag("path", d=d, class_=f"hypno-{name}") for name, d in drawn.items())


def _heart(rates: Sequence[Beat], scale: tuple[int, int]) -> Markup:
    """A line over the stages with a rim of the card's colour; it breaks where a slot has no sample."""
    path, before = "", None
    per_bpm = (HEIGHT - 6) / (scale[1] - scale[0])
    for beat in rates:
        joins = before is not None and beat.at - before <= SLOT_MIN
        y = HEIGHT - 3 - (beat.bpm - scale[0]) * per_bpm
        # A lone slot is a dot: a line to itself with round ends.
        path += f"{'L' if joins else 'M'}{beat.at:g} {y:.1f}" + ("" if joins else "h0")
        before = beat.at
    if not path:
        return Markup()
    return tag("path", d=path, class_="hypno-rim") + tag("path", d=path, class_="hypno-heart")
