"""What the day's page is made of: the way to other days, what was noted, cards."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from dash import html
from dash.development.base_component import Component

from dash_app import cards, pressure
from dash_app.day import NOON, Span
from dash_app.day_rows import RESTING, RESTING_N, Found, Row, local
from dash_app.figures.overview import clock
from dash_app.gateway import Dataset
from dash_app.native import Markup, Native, tag
from dash_app.pressure import DIASTOLIC, SYSTOLIC, many
from dash_app.view import View

_ONE_DAY = timedelta(days=1)


def steps(view: View, span: Span, known: Sequence[date]) -> Native:
    """Links to the days before and after, and to the next ones with data; midnight or noon; a field; the way back.

    Args:
        view: Whose data has a first and a last day.
        span: What is shown.
        known: Days with data, in order.
    """
    day = span.day
    first, last = view.data_first or day, view.data_last or day
    before, after = [one for one in known if one < day], [one for one in known if one > day]
    links = Markup()
    if day > first:
        links += _step(view, day - _ONE_DAY, "← {}", "the day before", rel="prev")
    if before and before[-1] != day - _ONE_DAY:
        links += _step(view, before[-1], "⇤ {}", "the day before that has data")
    if after and after[0] != day + _ONE_DAY:
        links += _step(view, after[0], "{} ⇥", "the next day that has data")
    if day < last:
        links += _step(view, day + _ONE_DAY, "{} →", "the day after", rel="next")
    ways = Markup()
    for title, value in (("Midnight to midnight", None), ("Noon to noon", NOON)):
        current = {"aria_current": "true"} if (value == NOON) == span.is_noon else {}
        ways += tag("li", tag("a", title, href=view.link(date=day, span=value), **current))
    fields = [tag("input", type="hidden", name=name, value=value) for name, value in _kept(view, span).items()]
    field = tag("input", type="date", name="date", value=day, min=first, max=last, required=True)
    fields += [tag("label", Markup(f"Day {field}")), tag("button", "Show", type="submit")]
    form = tag("form", Markup().join(fields), method="get", action=view.path, class_="day-jump")
    back = tag("a", f"Overview of {cards.moment(view.first)} – {cards.moment(view.last)}", href=view.link("/"))
    inside = tag("ul", links, class_="day-steps") + tag("ul", ways) + form + tag("p", back, class_="shown")
    return Native("nav", inside, {"class": "ranges day-nav", "aria-label": "Other days"})


def _step(view: View, to: date, text: str, words: str, rel: str | None = None) -> Markup:
    unseen = tag("span", f" ({words})", class_="unseen")
    return tag("li", tag("a", Markup(text.format(cards.day_text(to))) + unseen, href=view.link(date=to), rel=rel))


def _kept(view: View, span: Span) -> dict[str, Any]:
    kept: dict[str, Any] = {"span": NOON} if span.is_noon else {}
    if not view.is_default_range:
        kept |= {"from": view.first, "to": view.last}
    return kept | view.choices


def number_cards(data: Dataset, view: View, span: Span, row: Row, found: Found) -> Component:
    """Blood pressure, resting heart rate, sleep and steps of the local day."""
    day = span.day
    woke = found.woke or day
    share = "" if row["steps_coverage"] is None else f"records cover {100 * row['steps_coverage']:.0f} % of the day"
    asleep, resting, walked = row["sleep_total_min"], row[RESTING], row["steps"]
    return cards.cards(
        cards.number_card(
            "Blood pressure, mean of the day",
            pressure.pair(row[SYSTOLIC], row[DIASTOLIC]),
            "mmHg",
            detail="one day is no verdict" if row["bp_n"] else "",
            n=many(row["bp_n"] or 0, "reading"),
            as_of=max(map(local, found.of_day), default=day) if row["bp_n"] else None,
            lineage=view.lineage(SYSTOLIC, day),
        ),
        cards.number_card(
            "Resting heart rate",
            None if resting is None else f"{resting:.0f}",
            "bpm",
            detail=_usual(data, RESTING, day, lambda value: f"{value:.0f}"),
            n=f"{many(row[RESTING_N] or 0, 'sample')} while asleep",
            as_of=woke if resting is not None else None,
            lineage=view.lineage(RESTING, day),
        ),
        cards.number_card(
            "Sleep of the night that ended on this day",
            None if asleep is None else clock(asleep),
            "asleep",
            detail=_usual(data, "sleep_total_min", day, clock),
            n=many(row["sleep_episodes_n"] or 0, "sleep"),
            as_of=woke if asleep is not None else None,
            lineage=view.lineage("sleep_total_min", day),
        ),
        cards.number_card(
            "Steps",
            None if walked is None else f"{walked:,}",
            "steps",
            detail=share,
            n=many(row["steps_n"] or 0, "record"),
            as_of=day if walked is not None else None,
            lineage=view.lineage("steps", day),
        ),
    )


def _usual(data: Dataset, figure: str, day: date, told: Any) -> str:
    row = pressure.trend(data, figure, day, day).get(day)
    if row is None or row["usual_q1"] is None:
        return "your usual is not known yet"
    return f"your usual: {told(row['usual_q1'])} to {told(row['usual_q3'])}"


def notes(span: Span, found: Found) -> list[Component]:
    """The owner's events of the day, and what the clock did."""
    shown: list[Component] = []
    if found.events:
        days = {row["date"] for row in found.events}
        items = [
            html.Li(f"{row['text']} ({row['kind'].replace('_', ' ')}{_on(row['date'], days)})") for row in found.events
        ]
        shown.append(html.Section([html.H2("Noted"), html.Ul(items)], className="card day-events"))
    moved = [words for _, words in span.changes()]
    if moved:
        what = "These" if span.is_noon else "This day's"
        told = " ".join(moved)
        shown.append(
            html.P(
                f"{told} {what} {span.hours:g} hours are drawn as they passed; the axis shows what the clock said.",
                className="state state-note",
            )
        )
    if not span.is_known:
        told = "What the local clock showed is not known here: these are hours of UTC. Run the workflow: make run."
        shown.append(html.P(told, className="state state-note", role="status"))
    return shown


def _on(day: date, days: set[date]) -> str:
    return f", {cards.moment(day)}" if len(days) > 1 else ""
