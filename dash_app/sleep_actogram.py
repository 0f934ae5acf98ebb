"""The double-plotted actogram: sleep over 48 hours a row, so that a drift is seen as a slope. SVG made on the server.

A row's left half runs from noon of the day before to noon of its day, so that it holds the night of that day; its right
half is the left half of the next row. Times are by the wall clock of the place, piece by piece: where clocks go forward
there is a gap of an hour, where they go back two bars lie on each other.

Across the picture one unit is a minute and the width is the screen's; down it, one unit is a pixel.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from dash_app.cards import day_text, moment
from dash_app.charts import Key, legend_of
from dash_app.native import Markup, Native, tag
from dash_app.pressure import Row, many
from dash_app.sleep import MINUTES, duration, oddities, span
from dash_app.view import View

NOON = MINUTES // 2
WIDTH = 2 * MINUTES
MOST_ROWS = 120
LABEL_PX = 18  # of a date beside the rows
MS_PER_MIN = 60_000
ASLEEP_STAGES = ("light", "deep", "rem", "asleep")
KEYS = (
    Key("asleep", "sleep", "bar"),
    Key("awake or in bed, within a night", "sleep", "band"),
    Key("nap", "sleep", "hollow"),
    Key("no data", "muted", "dotted"),
)


@dataclass(frozen=True)
class Piece:
    """A stretch of one kind within one noon-to-noon day.

    Args:
        row: The day that ends at the stretch's next noon.
        first, last: Minutes after the noon with which that day begins, by the wall clock.
        kind: asleep, awake or nap.
        night: The night or day that it belongs to.
    """

    row: date
    first: float
    last: float
    kind: str
    night: date


def pieces(segments: Iterable[Row]) -> list[Piece]:
    """Rows of sleep_segments as stretches, cut at noon; neighbours of one kind are one stretch."""
    found: list[Piece] = []
    for segment in segments:
        shift = timedelta(minutes=segment["utc_offset_min"])
        first, last = (_since_noon(segment[name] + shift) for name in ("start_utc", "end_utc"))
        kind = "nap" if segment["part"] == "nap" else "asleep" if segment["stage"] in ASLEEP_STAGES else "awake"
        if segment["part"] == "nap" and segment["stage"] not in ASLEEP_STAGES:
            kind = "awake"
        while first < last:
            row = first // MINUTES
            end = min(last, (row + 1) * MINUTES)
            piece = Piece(
                date.fromordinal(int(row)), first - row * MINUTES, end - row * MINUTES, kind, segment["night_date"]
            )
            before = found[-1] if found else None
            if before and (before.row, before.last, before.kind, before.night) == (
                piece.row,
                piece.first,
                kind,
                piece.night,
            ):
                found[-1] = Piece(before.row, before.first, piece.last, kind, piece.night)
            else:
                found.append(piece)
            first = end
    return found


def _since_noon(local: datetime) -> float:
    """Minutes of a wall clock since the noon before day 0, so that // 1440 is the ordinal of the noon-to-noon day."""
    day = local.toordinal()
    return day * MINUTES + NOON + local.hour * 60 + local.minute + local.second / 60 + local.microsecond / 6e7


def clock_moves(nights: Mapping[date, Row]) -> dict[date, int]:
    """By night: minutes by which the local clock was moved since the end of the night before, or within the night."""
    found: dict[date, int] = {}
    before: int | None = None
    for day in sorted(nights):
        start, end = nights[day]["start_offset_min"], nights[day]["end_offset_min"]
        if moved := end - (start if before is None else before):
            found[day] = moved
        before = end
    return found


def actogram(view: View, days: Sequence[date], nights: Mapping[date, Row], segments: Iterable[Row]) -> Native:
    """The drawing with its dates, hours and legend.

    Args:
        view: For the links.
        days: The rows, at most MOST_ROWS consecutive days.
        nights: Rows of the table "nights" by day, of these days and the one after.
        segments: Rows of sleep_segments around these days.
    """
    row_px = 14 if len(days) <= 31 else 10 if len(days) <= 62 else 7
    height = row_px * len(days)
    by_row: dict[date, list[Piece]] = {}
    for piece in pieces(segments):
        by_row.setdefault(piece.row, []).append(piece)
    moves = clock_moves(nights)
    drawn = _grid(height)
    for at, day in enumerate(days):
        drawn += _row(view, day, at * row_px, row_px, by_row, nights, moves)
    svg = tag(
        "svg",
        drawn,
        viewBox=f"0 0 {WIDTH} {height}",
        preserveAspectRatio="none",
        style=f"height:{height}px",
        aria_hidden="true",
    )
    dates = Markup().join(tag("span", text, style=f"top:{top}px") for text, top in labels(days, row_px))
    moved = [(days.index(day), minutes) for day, minutes in moves.items() if day in days]
    notes = Markup().join(
        tag("span", hours_moved(minutes), style=f"top:{at * row_px + row_px / 2:g}px") for at, minutes in moved
    )
    hours = Markup().join(
        tag("span", f"{(12 + hour) % 24:02}", style=f"left:{100 * hour / 48:.3f}%") for hour in range(0, 49, 6)
    )
    inside = tag("p", told(days, nights, moves), class_="unseen")
    inside += tag("div", hours, class_="acto-hours", aria_hidden="true")
    inside += tag("div", dates, class_="acto-days", aria_hidden="true", style=f"height:{height}px")
    inside += tag("div", svg, class_="acto-plot")
    inside += tag("div", notes, class_="acto-notes", aria_hidden="true")
    legend = legend_of(KEYS)
    shown = tag("ul", Markup(legend.markup), **legend.attributes)
    return Native("div", shown + tag("div", inside, class_="acto"))


def told(days: Sequence[date], nights: Mapping[date, Row], moves: Mapping[date, int]) -> str:
    """The drawing as a sentence, for who does not see it."""
    known = [nights[day] for day in days if day in nights]
    naps = sum(row["naps_n"] or 0 for row in known)
    moved = sum(day in moves for day in days)
    return (
        f"Actogram, {moment(days[0])} to {moment(days[-1])}: {len(known)} of {many(len(days), 'night')} with data, "
        f"{many(naps, 'nap')}, {many(moved, 'night')} before which clocks were moved. The table below says the same."
    )


def labels(days: Sequence[date], row_px: int) -> list[tuple[str, float]]:
    """Dates beside the rows with their places in px: every one that has room, else Mondays, and the year once."""
    every = 1 if row_px >= LABEL_PX else 7 if 7 * row_px >= LABEL_PX else 28
    chosen = [at for at, day in enumerate(days) if len(days) <= 2 or every == 1 or day.weekday() == 0]
    chosen = chosen or [0]
    found, year = [], 0
    for at in chosen:
        day = days[at]
        text = f"{day.day} {day:%b}" if day.year == year else f"{day.day} {day:%b %Y}"
        year = day.year
        found.append((text, at * row_px + row_px / 2))
    return found


def hours_moved(minutes: int) -> str:
    """ "+1 h", "−5 h", "+30 min"."""
    sign = "+" if minutes > 0 else "−"
    whole, rest = divmod(abs(minutes), 60)
    return f"{sign}{whole} h{f' {rest:02}' if rest else ''}" if whole else f"{sign}{rest} min"


def row_text(day: date, night: Row | None, moved: int | None) -> str:
    """What stands at the pointer over a row."""
    if night is None:
        return f"{day_text(day)}: no data"
    total = night["total_sleep_min"]
    asleep = "length not known" if total is None else f"asleep {duration(total)}"
    parts = [asleep, span(night), many(night["naps_n"], "nap") if night["naps_n"] else None]
    parts += [f"clocks moved {hours_moved(moved)}" if moved else oddities(night)]
    return f"{day_text(day)}: {', '.join(part for part in parts if part)}"


def _row(
    view: View,
    day: date,
    top: int,
    row_px: int,
    by_row: Mapping[date, list[Piece]],
    nights: Mapping[date, Row],
    moves: Mapping[date, int],
) -> Markup:
    """A day's two halves, as one link to the day."""
    gap = 1 if row_px < 10 else 2
    drawn = tag("title", row_text(day, nights.get(day), moves.get(day)))
    drawn += tag("rect", x=0, y=top, width=WIDTH, height=row_px, class_="acto-row")
    paths = {"none": "", "awake": "", "asleep": "", "nap": ""}
    for half in (0, 1):
        shown, left = day + timedelta(days=half), half * MINUTES
        if shown not in nights:
            paths["none"] += f"M{left + 20} {top + row_px / 2:g}h{MINUTES - 40}"
        for piece in by_row.get(shown, []):
            inset = row_px / 4 if piece.kind == "nap" else 0
            y, high = top + gap / 2 + inset, row_px - gap - 2 * inset
            wide = piece.last - piece.first
            paths[piece.kind] += f"M{left + piece.first:g} {y:g}h{wide:g}v{high:g}h{-wide:g}z"
    drawn += Markup().join(tag("path", d=d, class_=f"acto-{kind}") for kind, d in paths.items() if d)
    # The table has the same links for the keyboard; a hundred more steps of the Tab key would help nobody.
    return tag("a", drawn, href=view.day_page(day), tabindex="-1")


def _grid(height: int) -> Markup:
    lines = "".join(f"M{hour * 60} 0v{height}" for hour in range(0, 49, 6))
    midnights = "".join(f"M{hour * 60} 0v{height}" for hour in (12, 36))
    return tag("path", d=lines, class_="acto-line") + tag("path", d=midnights, class_="acto-midnight")
