"""Blood pressure: averages by the protocol against a threshold, every sitting, and what goes with it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import groupby

from dash.development.base_component import Component

from dash_app import (
    cards,
    charts,
    crosshair,
    pressure,
    pressure_habits,
    pressure_more,
    pressure_readings,
    states,
    tables,
)
from dash_app.figures import blood_pressure as drawn
from dash_app.gateway import Dataset
from dash_app.pressure import DIASTOLIC, SYSTOLIC, Row, many
from dash_app.view import View
from pdp.home_bp.guidelines import Guideline, whole_mmhg

TITLE = "Blood pressure"
SUBTITLE = "Readings taken at home. Not a diagnosis."
PATH = "/blood-pressure"
NAV = 20


def page(data: Dataset, view: View) -> list[Component]:
    """Four cards, the sittings day by day, through the day, levels by month, sleep and the morning after, the table."""
    guide, notes = pressure.chosen(data, view)
    sittings = pressure.rows(data, "bp_sessions", None, view.first, view.last)
    if not sittings:
        known = data.table("daily", ["date", "bp_n"]).to_pylist()
        return [*notes, states.empty(view, "blood pressure readings", max(_days(known), default=None))]
    found = pressure.window(data, view)
    newest = max(row["date"] for row in sittings)
    shown = [
        *notes,
        states.stale(newest, pressure.today(data, view), "blood pressure reading"),
        pressure.switch(view, guide),
        cards.cards(*_averages(view, found, guide, sittings), _days_below(data, view, guide)),
        _section(data, view, guide, sittings),
        pressure_more.section(data, view, guide),
        pressure_habits.section(data, view, guide),
        pressure_readings.section(data, view, sittings),
    ]
    return [part for part in shown if part is not None]


def _days(daily: Sequence[Row]) -> list[date]:
    return [row["date"] for row in daily if row["bp_n"]]


def _averages(view: View, found: Row | None, guide: Guideline, sittings: Sequence[Row]) -> list[Component]:
    """The protocol's window as a whole, its mornings and its evenings."""
    names = ("7-day home average", "Morning", "Evening")
    if found is None:
        where = view.lineage("bp_windows.systolic_mean_mmhg", view.last)
        return [cards.number_card(name, None, "", n="0 readings", as_of=None, lineage=where) for name in names]
    within = [row for row in sittings if found["from_date"] <= row["date"] <= found["to_date"]]
    as_of = max(map(pressure.local, within), default=found["to_date"])

    def one(label: str, prefix: str, detail: str, n: str) -> Component:
        metric = f"bp_windows.{prefix}systolic_mean_mmhg"
        where = view.link("/lineage", metric=metric, day=found["to_date"], protocol=found["protocol"])
        value = pressure.of_window(found, prefix)
        instead = pressure.few(found) or "no reading"
        return cards.number_card(label, value, "mmHg", detail=detail, n=n, as_of=as_of, lineage=where, instead=instead)

    verdict = f"{pressure.against(found, guide)} ({guide.name})" if found["is_sufficient"] else ""
    ranges = " · ".join(
        f"{side} {whole_mmhg(found[f'{side}_lowest_mmhg'])} to {whole_mmhg(found[f'{side}_highest_mmhg'])}"
        for side in ("systolic", "diastolic")
        if found[f"{side}_lowest_mmhg"] is not None
    )
    spread = found["systolic_sd_mmhg"]
    # Of all the window's days, mornings and evenings together.
    apart = "no spread from fewer than 3 days" if spread is None else f"from day to day ±{spread:.0f} systolic (SD)"
    if found["is_sufficient"]:
        details = [
            " · ".join(part for part in (verdict, ranges, apart) if part),
            _difference(found, "morning", "evening"),
            _difference(found, "evening", "morning"),
        ]
    else:
        why = "no average below the protocol's minimum"
        details = [
            f"{found['why_not']} No average is given below that." + (f" Readings: {ranges}." if ranges else ""),
            why,
            why,
        ]
    days = f"{many(found['n_readings'], 'reading')} on {many(found['n_days'], 'day')}"
    counted = [f"{days}; {found['n_left_out']} left out by the protocol"]
    counted += [_part(found, daytime) for daytime in ("morning", "evening")]
    prefixes = ("", "morning_", "evening_")
    return [one(*each) for each in zip(names, prefixes, details, counted, strict=True)]


def _part(found: Row, daytime: str) -> str:
    return f"{many(found[f'n_{daytime}'], 'reading')} on {many(found[f'n_days_{daytime}'], 'day')}"


def _difference(found: Row, daytime: str, other: str) -> str:
    own, others = found[f"{daytime}_systolic_mean_mmhg"], found[f"{other}_systolic_mean_mmhg"]
    if own is None or others is None:
        return "nothing to compare with"
    apart = whole_mmhg(own) - whole_mmhg(others)
    if not apart:
        return f"systolic as in the {other}"
    return f"systolic {abs(apart)} {'above' if apart > 0 else 'below'} the {other}"


def _days_below(data: Dataset, view: View, guide: Guideline) -> Component:
    """The days shown whose mean lies below the threshold, of those that have readings enough to tell."""
    days = [row for row in pressure.rows(data, "bp_days", None, view.first, view.last) if row["guideline"] == guide.key]
    known = [row for row in days if row["is_below_threshold"] is not None]
    n_below = sum(row["is_below_threshold"] for row in known)
    label = f"Days below {guide.threshold.text}"
    where = view.link(
        "/lineage", metric="bp_days.is_below_threshold", since=view.first, day=view.last, guideline=guide.key
    )
    if not known:
        told = "no day shown has enough readings to tell"
        return cards.number_card(label, None, "", detail=told, n=many(len(days), "day"), as_of=None, lineage=where)
    few = len(days) - len(known)
    left = f"; {many(few, 'day')} with too few readings left out" if few else ""
    return cards.number_card(
        label,
        f"{n_below}/{len(known)}",
        f"days ({100 * n_below / len(known):.0f} %)",
        detail=f"days whose own mean is below ({guide.name}); single days are no verdict",
        n=f"{many(sum(row['n'] for row in known), 'reading')}{left}",
        as_of=max(row["date"] for row in known),
        lineage=where,
    )


def _section(data: Dataset, view: View, guide: Guideline, sittings: Sequence[Row]) -> Component:
    columns = ["date", "bp_n", SYSTOLIC, DIASTOLIC]
    daily = {row["date"]: row for row in data.table("daily", columns, view.first, view.last).to_pylist()}
    days = [daily.get(day, {}) for day in view.days()]
    by_day = {day: list(rows) for day, rows in groupby(sittings, lambda row: row["date"])}
    measures = [
        crosshair.Measure(
            "Blood pressure",
            [
                None
                if (shown := pressure.pair(row.get(SYSTOLIC), row.get(DIASTOLIC))) is None
                else f"{shown} mmHg ({many(row['bp_n'], 'reading')})"
                for row in days
            ],
        ),
        *(crosshair.Measure(name.title(), _texts(view, by_day, name)) for name in ("morning", "evening")),
    ]
    trends = [pressure.trend(data, name, view.first, view.last) for name in (SYSTOLIC, DIASTOLIC)]
    events = [row for row in data.events().to_pylist() if view.first <= row["date"] <= view.last]
    marks, told = pressure.letters(events)
    tops = [row["systolic_mean_mmhg"] for row in sittings]
    heads = [tables.Column("Day"), tables.Column("Systolic", "mmHg"), tables.Column("Diastolic", "mmHg")]
    when = f"{cards.moment(view.first)} to {cards.moment(view.last)}"
    body = ((str(day), row.get(SYSTOLIC), row.get(DIASTOLIC)) for day, row in zip(view.days(), days, strict=True))
    has_other = any(row["daytime"] == "other" for row in sittings)
    chart = charts.chart(
        "pressure-sittings",
        "Morning and evening, day by day (mmHg)",
        drawn.sittings(view, sittings, trends, guide, marks),
        description=f"{many(len(sittings), 'sitting')}, {when}, systolic {whole_mmhg(min(tops))} to "
        f"{whole_mmhg(max(tops))} mmHg, with the 14-day median and the threshold {guide.threshold.text}.",
        table=tables.behind(f"daily means, {when}", heads, body),
        legend=[
            charts.Key("morning", "systolic", "ring"),
            charts.Key("evening", "systolic", "diamond"),
            *([charts.Key("another time", "systolic", "box")] if has_other else []),
            charts.Key("14-day median", "systolic"),
            charts.Key("middle half of days", "systolic", "band"),
            charts.Key(f"{guide.name}: {guide.threshold.text}", "threshold", "dashed"),
        ],
        note=told,
        rings=[crosshair.Ring([row.get(name) for row in days]) for name in (SYSTOLIC, DIASTOLIC)],
    )
    return crosshair.section(view, measures, [chart], pressure.threshold_words(guide))


def _texts(view: View, by_day: dict[date, list[Row]], daytime: str) -> list[str | None]:
    """What the sittings of a daytime were; most days have one, some two."""
    texts: list[str | None] = []
    for day in view.days():
        rows = [row for row in by_day.get(day, []) if row["daytime"] == daytime]
        told = [pressure.pair(row["systolic_mean_mmhg"], row["diastolic_mean_mmhg"]) for row in rows]
        texts.append(", ".join(one for one in told if one) or None)
    return texts
