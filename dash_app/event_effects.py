"""Before and after each event of the days shown: what differs, how surely, and that it is no cause."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import groupby
from typing import Any

from dash import html
from dash.development.base_component import Component

from dash_app import cards, event_marks, pressure, tables
from dash_app.gateway import Dataset
from dash_app.native import Markup, Native, tag
from dash_app.pressure import Row, many
from dash_app.view import View
from pdp.trends.before_after import SPANS, Span

FIGURES = {
    "bp_systolic_mean_mmhg": ("Systolic pressure", "mmHg", 1),
    "bp_diastolic_mean_mmhg": ("Diastolic pressure", "mmHg", 1),
    "rhr_sleep_p05_bpm": ("Resting heart rate", "bpm", 1),
    "sleep_total_min": ("Sleep", "min", 0),
}
TITLE = "Before and after an event"


def section(data: Dataset, view: View) -> Component | None:
    """A card with a fold per event of the view, the newest open; None where no event was ever noted."""
    every = [row for row in pressure.rows(data, "event_effects", None, None, None) if row["figure"] in FIGURES]
    if not every:
        return None
    shown = [row for row in every if view.first <= row["event_date"] <= view.last]
    if not shown:
        return cards.card(TITLE, _none(view, max(row["event_date"] for row in every)))
    letters = event_marks.names(row for row in data.events().to_pylist() if view.first <= row["date"] <= view.last)
    events = [list(rows) for _, rows in groupby(sorted(shown, key=_event, reverse=True), lambda row: _event(row))]
    folds = [
        _fold(view, rows, letters.get(rows[0]["event_date"], ""), is_open=not at) for at, rows in enumerate(events)
    ]
    why = (
        "Means of the days before against days after, with the interval that holds the difference 95 times of 100. "
        "Association, not cause: whatever else changed in these weeks is in it, too."
    )
    return cards.card(TITLE, [html.P(why, className="chart-note"), *folds])


def _event(row: Row) -> tuple[date, str, str]:
    return row["event_date"], row["kind"], row["text"]


def _none(view: View, last: date) -> Component:
    around = view.link(from_=last - timedelta(days=SPANS[-1].days), to=last + timedelta(days=_end(SPANS[-1])))
    told = f"No event was noted in these days. The last is of {cards.moment(last)}: "
    return html.P([told, html.A("show the weeks around it", href=around), "."], className="state state-empty")


def _fold(view: View, rows: Sequence[Row], letter: str, is_open: bool) -> Native:
    """One event: a sentence per figure, and the table of both spans."""
    day, kind, text = _event(rows[0])
    head = f"{letter} · " if letter else ""
    summary = tag("summary", f"{head}{cards.moment(day)}: {event_marks.short(text)} ({kind.replace('_', ' ')})")
    said, others = Markup(), 0
    for figure in FIGURES:
        row = _told(rows, figure)
        if row is not None:
            said += tag("li", sentence(row) + " " + _how(view, row))
            others = max(others, row["other_events_n"])
    chosen = [(FIGURES[figure][0].lower(), row["span_days"]) for figure in FIGURES if (row := _told(rows, figure))]
    of_span = {span: [name for name, days in chosen if days == span.days] for span in SPANS}
    when = " ".join(_when(view, span, day, names) for span, names in of_span.items() if names)
    also = (
        f" {many(others, 'other event')} fell into these weeks: what came of which can't be told apart."
        if others
        else ""
    )
    link = tag("a", "open the day", href=view.day_page(day))
    inside = tag("ul", said) + tag("p", Markup(f"{tag('span', when + also)} {link}"), class_="chart-note")
    return Native("details", summary + inside + _table(rows, day), {"class": "event", "open": is_open})


def _told(rows: Sequence[Row], figure: str) -> Row | None:
    """The longer comparison, unless it has too few days: by how much there is, never by what it says."""
    of_figure = sorted((row for row in rows if row["figure"] == figure), key=lambda row: -row["span_days"])
    return next((row for row in of_figure if row["verdict"] != "too_few"), of_figure[0] if of_figure else None)


def sentence(row: Row) -> Markup:
    """A row of event_effects in words: "Sleep: higher by 26 min (95 % +11 to +41); n = 56 days before, 56 after." """
    name, unit, decimals = FIGURES[row["figure"]]
    n = f"n = {many(row['n_before'], 'day')} before, {row['n_after']:,} after"
    if row["verdict"] == "too_few" or row["difference"] is None:
        return tag("b", f"{name}:") + f" too few days to compare; {n}."
    low, high = (_signed(row[end], decimals) for end in ("low", "high"))
    if row["verdict"] == "cannot_tell":
        by = f"{_signed(row['difference'], decimals)} {unit}"
        return tag("b", f"{name}:") + f" one cannot tell ({by}, 95 % {low} to {high}); {n}."
    by = f"{abs(row['difference']):.{decimals}f} {unit}"
    return tag("b", f"{name}:") + f" {row['verdict']} by {by} (95 % {low} to {high}); {n}."


def _signed(value: float, decimals: int) -> str:
    return f"{value:+.{decimals}f}".replace("-", "−")


def _how(view: View, row: Row) -> Markup:
    keys = {"figure": row["figure"], "span_days": row["span_days"], "kind": row["kind"]}
    where = view.link("/lineage", metric="event_effects.difference", day=row["event_date"], **keys)
    unseen = tag("span", f" ({FIGURES[row['figure']][0]}, {row['event_date']})", class_="unseen")
    return tag("a", Markup("how was this computed?") + unseen, href=where)


def _end(span: Span) -> int:
    """The last day after the event that counts."""
    return span.settle + span.days - 1


def _when(view: View, span: Span, day: date, names: Sequence[str]) -> str:
    """Which days are compared for these figures, no further than there are data."""
    of = f"{names[0].capitalize()}{''.join(f', {name}' for name in names[1:])}"
    begin, before = day - timedelta(days=span.days), day - timedelta(days=1)
    first, last = (day + timedelta(days=at) for at in (span.settle, _end(span)))
    begin, end = max(begin, view.data_first or begin), min(last, view.data_last or last)
    left = f"{cards.moment(begin)} to {cards.moment(before)}" if begin <= before else "no day before the data begin"
    if end < first:
        right = f"the days from {cards.moment(first)} on, of which there are no data yet"
    else:
        right = f"{cards.moment(first)} to {cards.moment(end)}{' (the data end there)' if end < last else ''}"
    return f"{of}: {left} against {right}."


def _table(rows: Sequence[Row], day: date) -> Markup:
    heads = [tables.Column("Figure"), tables.Column("Days compared"), tables.Column("Days before")]
    heads += [tables.Column("Days after"), tables.Column("Before", decimals=1), tables.Column("After", decimals=1)]
    heads += [tables.Column("Difference", decimals=1), tables.Column("95 % from", decimals=1)]
    heads += [tables.Column("95 % to", decimals=1), tables.Column("In a word", is_text=True)]
    names = ("span_days", "n_before", "n_after", "mean_before", "mean_after", "difference", "low", "high")
    body: list[list[Any]] = []
    for row in sorted(rows, key=lambda row: (list(FIGURES).index(row["figure"]), row["span_days"])):
        cells = [_hidden(row, name) for name in names]
        body.append([f"{FIGURES[row['figure']][0]} ({FIGURES[row['figure']][1]})", *cells, _word(row)])
    behind = tables.behind(f"before and after {cards.moment(day)}", heads, body)
    return tag("details", Markup(behind.markup), **behind.attributes)


def _hidden(row: Row, name: str) -> Any:
    """Nothing is said of too few days but how many there are."""
    if row["verdict"] == "too_few" and not name.startswith(("n_", "span_")):
        return "too few"
    return row[name]


def _word(row: Row) -> str:
    return str(row["verdict"]).replace("_", " ")
