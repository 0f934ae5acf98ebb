"""The letters that stand for events on charts, and what each stands for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from dash_app.cards import moment

NARROWEST_PX = 210  # of a chart's inner width, on a screen of 390 px
LETTER_PX, GAP_PX = 8, 3  # of a letter of a mark, and between two marks
LONGEST_TEXT, MOST_TOLD = 80, 12


@dataclass(frozen=True)
class Mark:
    """What stands above a chart.

    Args:
        text: "A", or "C–E" for events too near each other for letters of their own.
        at: Its middle, in days from the first day shown.
        wide: Days that it takes up on the narrowest screen.
    """

    text: str
    at: float
    wide: float


def names(events: Iterable[Mapping[str, Any]]) -> dict[date, str]:
    """A letter for each day of events; numbers from the 27th on."""
    days = sorted({row["date"] for row in events})
    return {day: chr(ord("A") + at) if at < 26 else str(at + 1) for at, day in enumerate(days)}


def told(events: Sequence[Mapping[str, Any]]) -> str:
    """What each letter stands for, with its date; "" without events."""
    letters = names(events)
    first = sorted(events, key=lambda row: row["date"])[:MOST_TOLD]
    words = "; ".join(f"{letters[row['date']]} {moment(row['date'])}: {short(row['text'])}" for row in first)
    more = len(events) - len(first)
    rest = f"; and {more} more, each on its day's page" if more else ""
    return f"Events (dotted): {words}{rest}" if events else ""


def short(text: str) -> str:
    """An event's text, cut where it would fill the page."""
    return text if len(text) <= LONGEST_TEXT else f"{text[: LONGEST_TEXT - 1]}…"


def placed(marks: Sequence[tuple[str, date]], first: date, n_days: int) -> list[Mark]:
    """Marks that don't lie on each other on the narrowest screen: neighbours share one where they would.

    Args:
        marks: Letters and days, by day.
        first: First day shown.
        n_days: Days shown.
    """
    groups = [[mark] for mark in marks]
    px_a_day = NARROWEST_PX / max(n_days, 1)
    while True:
        found = [_mark(group, first, px_a_day) for group in groups]
        near = (
            at
            for at in range(1, len(found))
            if found[at].at - found[at - 1].at < (found[at].wide + found[at - 1].wide) / 2 + GAP_PX / px_a_day
        )
        at = next(near, None)
        if at is None:
            return found
        groups[at - 1 : at + 1] = [groups[at - 1] + groups[at]]


def day_at(first: date, mark: Mark) -> str:
    """A mark's place on an axis of days, to the hour."""
    whole = timedelta(hours=round(mark.at * 24))
    return f"{first + timedelta(days=whole.days)} {whole.seconds // 3600:02}:00"


def _mark(group: Sequence[tuple[str, date]], first: date, px_a_day: float) -> Mark:
    text = group[0][0] if len(group) == 1 else f"{group[0][0]}–{group[-1][0]}"
    middle = ((group[0][1] - first).days + (group[-1][1] - first).days) / 2
    return Mark(text, middle, len(text) * LETTER_PX / px_a_day)
