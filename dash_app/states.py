"""What a page says when there is nothing, too little, nothing new, or when something failed."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from dash import html
from dash.development.base_component import Component

from dash_app.cards import moment
from dash_app.view import View

STALE_AFTER_DAYS = 3  # a person measures on most days; a longer silence is worth a word


def empty(view: View, what: str, last: date | None = None) -> Component:
    """Nothing in the range.

    Args:
        view: The range.
        what: What there is none of, such as "blood pressure readings".
        last: Day of the last one there is anywhere; None for none at all.
    """
    told: list[Any] = [f"No {what} from {moment(view.first)} to {moment(view.last)}. "]
    if last is None:
        told.append("There are none in the data at all.")
    else:
        there = view.link(from_=last.replace(day=1), to=last)
        told += [f"The last is of {moment(last)}: ", html.A(f"show {last:%B %Y}", href=there), "."]
    return html.P(told, className="state state-empty")


def too_few(n: int, least: int, what: str, then: str) -> Component:
    """Fewer than are needed to say something: "19 of 20 pairs", and what would be shown with enough.

    Args:
        n: How many there are.
        least: How many are needed.
        what: Of what, such as "pairs of a night and the morning after it".
        then: What is not shown for it, such as "No line is drawn".
    """
    return html.P(f"{n} of {least} {what}. {then}.", className="state state-few")


def stale(newest: date, today: date, what: str = "reading") -> Component | None:
    """A banner with the age of the newest reading; None while it is fresh."""
    age = (today - newest).days
    if age <= STALE_AFTER_DAYS:
        return None
    return html.P(
        f"The newest {what} is {age} days old ({moment(newest)}).", className="state state-stale", role="status"
    )


def error(what: str, still_true: str, run_id: str = "", since: datetime | None = None) -> Component:
    """Something failed.

    Args:
        what: What failed, and what to do about it.
        still_true: What on the page holds all the same.
        run_id: The run in which it failed; "" for none.
        since: When it failed first.
    """
    told = [html.Strong(what), " ", still_true]
    told += [f" Since {moment(since)}."] if since else []
    told += [" Run ", html.Code(run_id), "."] if run_id else []
    return html.P(told, className="state state-error", role="alert")


def notes(view: View) -> list[Component]:
    """What could not be understood in the address."""
    return [html.P(note, className="state state-note", role="status") for note in view.notes]
