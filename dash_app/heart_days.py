"""The heart rate page day by day: its cards, resting heart rate and the hours of each day under one crosshair."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
from dash import html
from dash.development.base_component import Component

from dash_app import cards, charts, crosshair, pressure, states, tables
from dash_app.figures import heart_rate as drawn
from dash_app.gateway import Dataset
from dash_app.pressure import Row, many
from dash_app.view import View
from pdp.heart_rate import hours

RESTING = "rhr_sleep_p05_bpm"
OF_DAY = ("hr_n", "hr_min_bpm", "hr_q1_bpm", "hr_median_bpm", "hr_q3_bpm", "hr_max_bpm", "hr_coverage")
COLUMNS = ("date", *OF_DAY, RESTING, "rhr_sleep_n")
SPARK_DAYS = 28
MOST_DAYS = 200  # drawn a column each; of more days, a column is a week
EPOCH = date(1970, 1, 1)
Daily = dict[date, Row]


def top(view: View, daily: Daily, trend: dict[date, Row]) -> Component:
    """Cards of the newest night and the newest day of the range."""
    return cards.cards(_resting(view, daily, trend), _of_day(view, daily), _coverage(view, daily))


def _newest(view: View, daily: Daily, name: str) -> date | None:
    return max((day for day in view.days() if daily.get(day, {}).get(name)), default=None)


def _resting(view: View, daily: Daily, trend: dict[date, Row]) -> Component:
    day = _newest(view, daily, RESTING)
    label = "Resting heart rate, last night"
    if day is None:
        told = "no night in these days has enough samples"
        where = view.lineage(RESTING, view.last)
        return cards.number_card(label, None, "bpm", detail=told, n="0 nights", as_of=None, lineage=where)
    value, row = daily[day][RESTING], trend.get(day, {})
    low, high = row.get("usual_q1"), row.get("usual_q3")
    usual = "your usual is not known yet"
    if low is not None and high is not None:
        where = "below" if round(value) < round(low) else "above" if round(value) > round(high) else "in"
        usual = f"{where} your usual {low:.0f} to {high:.0f} ({many(row['usual_n'], 'night')})"
    days = [view.last - timedelta(days=n) for n in range(SPARK_DAYS - 1, -1, -1)]
    band = (low, high) if low is not None and high is not None else None
    return cards.number_card(
        label,
        f"{value:.0f}",
        "bpm",
        detail=usual,
        n=f"5th percentile of {many(daily[day]['rhr_sleep_n'], 'sample')} asleep",
        as_of=day,
        lineage=view.lineage(RESTING, day),
        spark=cards.spark([daily.get(one, {}).get(RESTING) for one in days], "heart", band),
    )


def _of_day(view: View, daily: Daily) -> Component:
    day = _newest(view, daily, "hr_n")
    if day is None:
        where = view.lineage("hr_median_bpm", view.last)
        return cards.number_card("Median of the day", None, "bpm", n="0 samples", as_of=None, lineage=where)
    row = daily[day]

    def link(words: str, name: str) -> html.A:
        return html.A(f"{words} {row[name]:.0f}", href=view.lineage(name, day))

    middle = f"; middle half {row['hr_q1_bpm']:.0f} to {row['hr_q3_bpm']:.0f}"
    return cards.number_card(
        f"Median of {cards.day_text(day)}",
        f"{row['hr_median_bpm']:.0f}",
        "bpm",
        detail=[link("lowest", "hr_min_bpm"), ", ", link("highest", "hr_max_bpm"), middle],
        n=many(row["hr_n"], "sample"),
        as_of=day,
        lineage=view.lineage("hr_median_bpm", day),
    )


def _coverage(view: View, daily: Daily) -> Component:
    day = _newest(view, daily, "hr_n")
    label = "Covered" if day is None else f"Covered on {cards.day_text(day)}"
    known = sum(bool(daily.get(one, {}).get("hr_n")) for one in view.days())
    told = f"{known} of {many(view.n_days, 'day')} shown {'has' if known == 1 else 'have'} heart rate"
    where = view.lineage("hr_coverage", day or view.last)
    if day is None or daily[day]["hr_coverage"] is None:
        return cards.number_card(label, None, "", detail=told, n="0 samples", as_of=None, lineage=where)
    return cards.number_card(
        label,
        f"{100 * daily[day]['hr_coverage']:.0f}",
        "% of the day",
        detail=told,
        n=many(daily[day]["hr_n"], "sample"),
        as_of=day,
        lineage=where,
    )


def section(data: Dataset, view: View, daily: Daily, trend: dict[date, Row]) -> Component:
    """Resting heart rate and the heat map, one crosshair."""
    days = [daily.get(day, {}) for day in view.days()]
    events = [row for row in data.events().to_pylist() if view.first <= row["date"] <= view.last]
    marks, told = pressure.letters(events)
    measures = [
        crosshair.Measure("Resting heart rate", [_night_text(row) for row in days]),
        crosshair.Measure("28-day median", [_trend_text(trend.get(day)) for day in view.days()]),
        crosshair.Measure("All day", [_day_text(row) for row in days]),
    ]
    blocks = [_resting_chart(view, days, trend, marks, told)]
    if all(row.get(RESTING) is None for row in days):
        every = data.table("daily", ["date", RESTING]).to_pylist()
        last = max((row["date"] for row in every if row[RESTING] is not None), default=None)
        blocks = [charts.blank("Resting heart rate, night by night", states.empty(view, "resting heart rate", last))]
    if data.has_table(hours.TABLE):
        blocks.append(_heat_chart(view, data.table(hours.TABLE, None, view.first, view.last)))
    else:
        note = "The runs have not made the table of heart rate by the hour yet: run the workflow (make run)."
        blocks.append(html.P(note, className="state state-few"))
    return crosshair.section(view, measures, blocks)


def _night_text(row: Row) -> str | None:
    if row.get(RESTING) is None:
        return None
    return f"{row[RESTING]:.0f} bpm ({many(row['rhr_sleep_n'], 'sample')} asleep)"


def _trend_text(row: Row | None) -> str | None:
    return None if row is None or row["median"] is None else f"{row['median']:.0f} bpm ({many(row['n'], 'night')})"


def _day_text(row: Row) -> str | None:
    if not row.get("hr_n"):
        return None
    span = f"{row['hr_min_bpm']:.0f} to {row['hr_max_bpm']:.0f}"
    return f"median {row['hr_median_bpm']:.0f} bpm, {span} ({many(row['hr_n'], 'sample')})"


def _resting_chart(
    view: View, days: Sequence[Row], trend: dict[date, Row], marks: Sequence[tuple[str, date]], told: str
) -> Component:
    values = [row.get(RESTING) for row in days]
    known = [value for value in values if value is not None]
    when = f"{cards.moment(view.first)} to {cards.moment(view.last)}"
    span = f", {min(known):.0f} to {max(known):.0f} bpm" if known else ""
    heads = [tables.Column("Day"), tables.Column("Resting heart rate", "bpm", 1), tables.Column("Samples asleep")]
    heads += [tables.Column("28-day median", "bpm", 1)]
    body = (
        (str(day), row.get(RESTING), row.get("rhr_sleep_n"), trend.get(day, {}).get("median"))
        for day, row in zip(view.days(), days, strict=True)
    )
    return charts.chart(
        "heart-resting",
        "Resting heart rate, night by night (bpm)",
        drawn.resting(view, values, trend, marks),
        description=f"5th percentile asleep, 28-day median, {when}: {len(known)} of {len(values)} nights{span}.",
        table=tables.behind(f"resting heart rate, {when}", heads, body),
        legend=[
            charts.Key("one night", "heart", "dot"),
            charts.Key("28-day median", "heart"),
            charts.Key("middle half of 28 days", "heart", "band"),
        ],
        note=told,
        rings=[crosshair.Ring(values)],
    )


def _heat_chart(view: View, table: pa.Table) -> Component:
    wide = 1 if view.n_days <= MOST_DAYS else 7
    begin = view.first - timedelta(days=view.first.weekday() if wide == 7 else 0)
    n_days = (view.last - begin).days + 1
    values, counts = hours.grid(table, (begin - EPOCH).days, n_days, wide)
    columns = [begin + timedelta(days=at) for at in range(0, n_days, wide)]
    known = values[~np.isnan(values)]
    told = _clock_changes(table)
    what = "median of each local hour" if wide == 1 else "each week's median of the days' medians, by local hour"
    span = f", {known.min():.0f} to {known.max():.0f} bpm" if len(known) else ""
    when = f"{cards.moment(view.first)} to {cards.moment(view.last)}"
    note = f"{what[:1].upper()}{what[1:]}, {many(int(counts.sum()), 'sample')}. Grey: nothing measured, which is not 0."
    return charts.chart(
        "heart-hours",
        f"Through the day, {'day by day' if wide == 1 else 'week by week'} (bpm)",
        drawn.heat(view, columns, wide, values),
        description=f"{what[:1].upper()}{what[1:]}, {when}: {len(known):,} of {values.size:,} fields measured{span}.",
        table=tables.behind(f"heart rate by local hour, {when}", HEADS, _by_hour(table)),
        note=f"{note} {told}".strip(),
        rings=(),
    )


HEADS = [
    tables.Column("Hour", is_text=True),
    tables.Column("Days measured"),
    tables.Column("Samples"),
    tables.Column("Lowest", "bpm"),
    tables.Column("Median of the days' medians", "bpm", 1),
    tables.Column("Highest", "bpm"),
]


def _by_hour(table: pa.Table) -> list[tuple[Any, ...]]:
    hour, n = table["hour"].to_numpy(), table["n"].to_numpy()
    low, middle, high = (table[name].to_numpy(zero_copy_only=False) for name in ("min", "median", "max"))
    rows: list[tuple[Any, ...]] = []
    for at in range(hours.HOURS):
        known = (hour == at) & (n > 0)
        found: list[float | None] = [None, None, None]
        if known.any():
            found = [float(low[known].min()), float(np.median(middle[known])), float(high[known].max())]
        rows.append((f"{at}:00", int(known.sum()), int(n[known].sum()), *found))
    return rows


def _clock_changes(table: pa.Table) -> str:
    """What became of hours that clocks skipped or repeated."""
    length = table["length_min"].to_numpy()
    odd = table.filter(pa.array((length == 0) | (length > 60))).to_pylist()
    skipped = sorted({row["date"] for row in odd if row["length_min"] == 0})
    twice = sorted({row["date"] for row in odd if row["length_min"] > 60})
    told = []
    if skipped:
        told.append(f"Clocks skipped hours on {_days(skipped)}: grey, too, as there was no such hour.")
    if twice:
        told.append(f"Hours occurred twice on {_days(twice)}: both are one field, the median of all their samples.")
    return " ".join(told)


def _days(days: Sequence[date]) -> str:
    named = [cards.moment(day) for day in days]
    return ", ".join(named[:-1]) + (f" and {named[-1]}" if len(named) > 1 else named[-1])
