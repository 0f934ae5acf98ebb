"""Cards of one number: what, how much, against what, from how many readings, as of when, and how it came to be."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from dash import html
from dash.development.base_component import Component

from dash_app.native import Markup, Native, tag

SPARK_WIDTH, SPARK_HEIGHT = 240, 36


def number_card(
    label: str,
    value: str | None,
    unit: str,
    *,
    detail: Any = "",
    n: str,
    as_of: date | datetime | None,
    lineage: str,
    spark: Component | None = None,
    instead: str = "no reading",
) -> Component:
    """A card.

    Args:
        label: What it is, such as "Resting heart rate".
        value: As shown, such as "132/81"; None for no reading.
        unit: Such as "mmHg".
        detail: The line below: against the threshold, the own baseline, or why there is none.
        n: Of what the number was made, such as "20 of 24 readings".
        as_of: Of the newest reading in it.
        lineage: Address of the page that tells how it came to be: `view.lineage(...)`.
        spark: `spark(...)`.
        instead: Of a value that is None.
    """
    number = [html.Span(value, className="value"), html.Span(f" {unit}", className="unit")]
    missing = html.Span(instead, className="value missing")
    how = html.A(["how was this computed?", html.Span(f" ({label})", className="unseen")], href=lineage)
    # On paper nothing can be followed.
    foot = [f"{n}{f' · as of {moment(as_of)}' if as_of else ''}", html.Span([" · ", how], className="screen")]
    parts = [
        html.H2(label, className="label"),
        html.P(number if value is not None else missing, className="number"),
        html.P(detail, className="detail"),
        spark,
        html.P(foot, className="foot"),
    ]
    return html.Article([part for part in parts if part is not None], className="card number-card")


def card(title: str, children: Any, **more: Any) -> Component:
    """A card with a heading of the second rank and anything inside."""
    return html.Section([html.H2(title), *_listed(children)], className="card", **more)


def cards(*each: Component) -> Component:
    """Cards side by side, as many as there is room for."""
    return html.Div(list(each), className="cards")


def moment(when: date | datetime) -> str:
    """A day or an instant for people: 21 Nov 2026, 21 Nov 2026 21:04."""
    day = f"{when.day} {when:%b %Y}"
    return f"{day} {when:%H:%M}" if isinstance(when, datetime) else day


def day_text(day: date) -> str:
    """A day with its weekday: Sat, 21 Nov 2026."""
    return f"{day:%a}, {day.day} {day:%b %Y}"


def spark(values: Sequence[float | None], colour: str, band: tuple[float, float] | None = None) -> Native:
    """A line without axes; a missing value breaks it, a lone one is a dot. It says nothing that the card does not.

    Args:
        values: One per day; None for no reading.
        colour: Name of the palette, such as "systolic".
        band: The usual range, drawn behind the line.
    """
    known = [value for value in values if value is not None] + list(band or ())
    if not known:
        return Native("span", "", {"class": "spark"})
    low, high = min(known), max(known)
    scale = (SPARK_HEIGHT - 6) / ((high - low) or 1)
    step = SPARK_WIDTH / max(len(values) - 1, 1)

    def y(value: float) -> float:
        return round(SPARK_HEIGHT - 3 - (value - low) * scale, 1)

    drawn = Markup()
    if band:
        drawn += tag(
            "rect", x=0, y=y(band[1]), width=SPARK_WIDTH, height=round(y(band[0]) - y(band[1]), 1), class_="band"
        )
    for run in _runs(values):
        points = " ".join(f"{round(at * step, 1)},{y(value)}" for at, value in run)
        # A polyline of one point shows nothing: twice the point is a dot, as the caps are round.
        drawn += tag("polyline", points=points if len(run) > 1 else f"{points} {points}")
    box = {
        "class": f"spark mark-{colour.replace('_', '-')}",
        "viewBox": f"0 0 {SPARK_WIDTH} {SPARK_HEIGHT}",
        "aria-hidden": "true",
    }
    return Native("svg", drawn, {**box, "preserveAspectRatio": "none"})


def _runs(values: Sequence[float | None]) -> list[list[tuple[int, float]]]:
    runs: list[list[tuple[int, float]]] = [[]]
    for at, value in enumerate(values):
        if value is None:
            runs.append([])
        else:
            runs[-1].append((at, value))
    return [run for run in runs if run]


def _listed(children: Any) -> list[Any]:
    return list(children) if isinstance(children, (list, tuple)) else [children]
