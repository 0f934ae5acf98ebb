"""Overview: how blood pressure, resting heart rate and sleep are now, against a threshold and against the own usual."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from dash import html
from dash.development.base_component import Component

from dash_app import cards, event_effects, overview_calendar, overview_days, pressure, states
from dash_app.figures import overview as drawn
from dash_app.gateway import Dataset, NoDataError
from dash_app.native import Markup, Native, tag
from dash_app.overview_days import COLUMNS, RESTING, SLEEP
from dash_app.pressure import SYSTOLIC, Row, many
from dash_app.view import View
from pdp.home_bp.guidelines import Guideline

TITLE = "Overview"
PATH = "/"
NAV = 10
SPARK_DAYS = 28


def page(data: Dataset, view: View) -> list[Component]:
    """A sentence, four cards, three measures day by day, twelve months, before and after events."""
    guide, notes = pressure.chosen(data, view)
    year = view.last - timedelta(days=364)
    # Cards look at days before the range, too: a month of dots, the sparks.
    first = min(view.first, year)
    daily = {row["date"]: row for row in data.table("daily", COLUMNS, first, view.last).to_pylist()}
    if not any(daily.get(day, {}).get(name) is not None for day in view.days() for name in COLUMNS[2:]):
        last = view.data_last if view.data_last and not view.first <= view.data_last <= view.last else None
        return [*notes, states.empty(view, "readings of pressure, heart rate or sleep", last)]
    trends = {name: pressure.trend(data, name, view.first, view.last) for name in COLUMNS[2:]}
    found = pressure.window(data, view)
    shown = [*notes, _stale(data, view, daily), html.P(_sentence(found, guide, trends), className="lead")]
    shown.append(
        cards.cards(
            _pressure_card(view, found, guide, trends, daily),
            _usual_card(view, "Resting heart rate", RESTING, trends[RESTING], daily),
            _usual_card(view, "Sleep per night", SLEEP, trends[SLEEP], daily),
            _month_card(data, view, daily),
        )
    )
    shown += [overview_days.section(data, view, guide, trends, daily), _calendar(view, year, daily, guide)]
    shown.append(event_effects.section(data, view))
    return [part for part in shown if part is not None]


def _stale(data: Dataset, view: View, daily: dict[date, Row]) -> Component | None:
    """Of the newest blood pressure; of whatever is newest where there is none."""
    pressures = [day for day, row in daily.items() if row["bp_n"]]
    every = [day for day, row in daily.items() if any(row[name] is not None for name in COLUMNS[2:])]
    newest, what = max(pressures or every), "blood pressure reading" if pressures else "day with data"
    return states.stale(newest, pressure.today(data, view), what)


def _calendar(view: View, year: date, daily: dict[date, Row], guide: Guideline) -> Component:
    known = {day: row[SYSTOLIC] for day, row in sorted(daily.items()) if day >= year and row[SYSTOLIC] is not None}
    return overview_calendar.section(view, year, known, guide)


def _sentence(found: Row | None, guide: Guideline, trends: dict[str, Any]) -> list[Any]:
    told: list[Any] = []
    if found is None:
        told.append("There is no home blood pressure in these days.")
    else:
        when = f"in the 7 days to {cards.moment(found['to_date'])}"
        if found["is_sufficient"]:
            told.append(html.Strong(f"Home blood pressure averaged {pressure.of_window(found)} mmHg"))
            compared = pressure.usual_words(found["systolic_mean_mmhg"], trends[SYSTOLIC].get(found["to_date"]))
            told.append(
                f" {when}: {pressure.against(found, guide)}, the home threshold of {guide.name}, and {compared}."
            )
        else:
            told.append(html.Strong("Too few readings to judge home blood pressure"))
            told.append(f" {when}: {found['why_not']}")
    return [*told, f" {_others(_against_usual(trends[RESTING]), _against_usual(trends[SLEEP]))}"]


def _others(resting: tuple[str, str], sleep: tuple[str, str]) -> str:
    """What is said of resting heart rate and of sleep; of both at once where it is the same."""
    if resting == sleep:
        return f"Resting heart rate and sleep {sleep[1]}."
    return f"Resting heart rate {resting[0]}; sleep {sleep[0]}."


def _against_usual(found: dict[date, Row]) -> tuple[str, str]:
    """What is said of one measure, and of several."""
    row = _newest(found)
    where = _where(row)
    if row is None:
        return "has no data in these days", "have no data in these days"
    if not where:
        return ("cannot be compared with a usual yet",) * 2
    return f"is {where} your usual range", f"are {where} your usual range"


def _where(row: Row | None) -> str:
    if row is None or row["recent_mean"] is None or row["usual_q1"] is None:
        return ""
    value, low, high = row["recent_mean"], row["usual_q1"], row["usual_q3"]
    return "below" if round(value) < round(low) else "above" if round(value) > round(high) else "in"


def _newest(found: dict[date, Row]) -> Row | None:
    known = [row for row in found.values() if row["recent_n"]]
    return max(known, key=lambda row: row["date"], default=None)


def _pressure_card(
    view: View, found: Row | None, guide: Guideline, trends: dict[str, Any], daily: dict[date, Row]
) -> Component:
    label = "Blood pressure, 7-day home average"
    if found is None:
        where = view.lineage("bp_windows.systolic_mean_mmhg", view.last)
        return cards.number_card(label, None, "mmHg", n="0 readings in these days", as_of=None, lineage=where)
    row = trends[SYSTOLIC].get(found["to_date"])
    compared = pressure.usual_words(found["systolic_mean_mmhg"], row)
    detail = f"{pressure.against(found, guide)} ({guide.name}); {compared}"
    if not found["is_sufficient"]:
        detail = f"{found['why_not']} No average is given below that."
    band = (row["usual_q1"], row["usual_q3"]) if row and row["usual_q1"] is not None else None
    where = view.link(
        "/lineage", metric="bp_windows.systolic_mean_mmhg", day=found["to_date"], protocol=found["protocol"]
    )
    return cards.number_card(
        label,
        pressure.of_window(found),
        "mmHg",
        detail=detail,
        n=f"{many(found['n_readings'], 'reading')} on {many(found['n_days'], 'day')}",
        as_of=found["to_date"],
        lineage=where,
        spark=_spark(view, SYSTOLIC, "systolic", daily, band),
        instead=pressure.few(found) or "no reading",
    )


def _usual_card(view: View, label: str, name: str, found: dict[date, Row], daily: dict[date, Row]) -> Component:
    row = _newest(found)
    unit, colour = ("bpm", "heart") if name == RESTING else ("", "sleep")
    text = drawn.clock if name == SLEEP else lambda value: f"{value:.0f}"
    where = _where(row)
    day = row["date"] if row else view.last
    link = view.link("/lineage", metric="trends.recent_mean", day=day, figure=name)
    if row is None:
        return cards.number_card(label, None, unit, n="0 nights in these days", as_of=None, lineage=link)
    known = max((day for day, one in daily.items() if one[name] is not None), default=None)
    band = (row["usual_q1"], row["usual_q3"]) if row["usual_q1"] is not None else None
    usual = f"your usual {text(band[0])} to {text(band[1])}" if band else "your usual is not known yet"
    return cards.number_card(
        label,
        text(row["recent_mean"]),
        unit,
        detail=f"{where} {usual}".strip(),
        n=f"mean of {row['recent_n']} of 7 nights",
        as_of=known,
        lineage=link,
        spark=_spark(view, name, colour, daily, band),
    )


def _spark(view: View, name: str, colour: str, daily: dict[date, Row], band: tuple[float, float] | None) -> Component:
    days = [view.last - timedelta(days=n) for n in range(SPARK_DAYS - 1, -1, -1)]
    return cards.spark([daily.get(day, {}).get(name) for day in days], colour, band)


def _month_card(data: Dataset, view: View, daily: dict[date, Row]) -> Component:
    start = view.last.replace(day=1)
    days = [start + timedelta(days=n) for n in range((view.last - start).days + 1)]
    has = [bool(daily.get(day, {}).get("bp_n")) for day in days]
    return cards.number_card(
        f"Data in {view.last:%B %Y}",
        f"{sum(has)}/{len(has)}",
        "days with blood pressure",
        detail=_sources(data, view),
        n=f"last run {cards.moment(data.as_of)} UTC",
        as_of=max((day for day, one in zip(days, has, strict=True) if one), default=None),
        lineage=view.link("/lineage", metric="bp_months.n_days_with_reading", day=start),
        spark=_dots(has),
    )


def _sources(data: Dataset, view: View) -> Any:
    """Of the whole record, whatever the month."""
    try:
        found = json.loads(data.document(f"summary/{data.subject}/conservation.json"))
        sources, total = many(len(found["sources"]), "source"), found["total"]
        told = f"{sources} in all, {many(total['quarantined'], 'row')} quarantined in all"
    except (NoDataError, KeyError):
        return "sources are not counted yet"
    if not total.get("unread"):
        return told
    unread = f"{many(total['unread'], 'file or row', 'files or rows')} could not be read"
    return [f"{told}; ", html.A(unread, href=f"{view.link('/data')}#rejected")]


def _dots(has: Sequence[bool]) -> Native:
    marks = Markup().join(
        tag("circle", cx=8 + 16 * (at % 16), cy=9 + 18 * (at // 16), r=5, class_=None if one else "none")
        for at, one in enumerate(has)
    )
    box = {"class": "dots mark-systolic", "viewBox": "0 0 256 36", "aria-hidden": "true"}
    return Native("svg", marks, box)
