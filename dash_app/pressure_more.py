"""The blood pressure page's lower part: through the day, levels by month, sleep and the morning after."""

from __future__ import annotations

from datetime import timedelta

from dash import html
from dash.development.base_component import Component

from dash_app import cards, charts, pressure, states, tables
from dash_app.figures import blood_pressure as drawn
from dash_app.gateway import Dataset
from dash_app.pressure import Row, many
from dash_app.view import View
from pdp.home_bp.guidelines import Guideline
from pdp.home_bp.verdict import DIPPING
from pdp.trends.association import LEAST_PAIRS

PERIODS = {"30d": 30, "90d": 90}
OF = {"30d": "the last 30 days of data", "90d": "the last 90 days of data", "all": "all data"}
SLEEP, MORNING = "sleep_total_min", "bp_morning_systolic_mean_mmhg"
PAIRS = "pairs of a night and the morning after it"


def section(data: Dataset, view: View, guide: Guideline) -> Component:
    """Three cards side by side."""
    return html.Div(
        [_profile(data, view, guide), _levels(data, view, guide), _sleep(data, view)], className="pressure-more"
    )


def _profile(data: Dataset, view: View, guide: Guideline) -> Component:
    """Of a period that ends with the data: medians can't be had of any range, so the heading names the period."""
    title = "Through the day"
    period = next((name for name, days in PERIODS.items() if view.n_days <= days), "all")
    hours = [row for row in pressure.rows(data, "bp_profile", None, None, None) if row["period"] == period]
    known = [row for row in hours if row["systolic_median_mmhg"] is not None]
    if not known:
        return cards.card(title, [html.P("No hour has enough readings.", className="state state-few"), _dipping()])
    first, last = known[0]["from_date"], known[0]["to_date"]
    when = f"{cards.moment(first)} to {cards.moment(last)}"
    is_range = (first, last) == (view.first, view.last)
    if last < view.first or view.last < first:
        told = f"This is made of {OF[period]}, {when}: none of the days above is among them."
        return cards.card(title, [html.P(told, className="state state-empty"), _dipping()])
    title = title if is_range else f"{title}, {OF[period]}"
    n = sum(row["n"] for row in hours)
    few = sum(row["n"] > 0 for row in hours) - len(known)
    columns = [tables.Column("Hour"), tables.Column("Readings")]
    columns += [tables.Column(name, "mmHg") for name in ("Systolic median", "Diastolic median")]
    body = (
        (f"{row['hour']}:00", row["n"], row["systolic_median_mmhg"], row["diastolic_median_mmhg"])
        for row in hours
        if row["n"]
    )
    chart = charts.chart(
        "pressure-profile",
        title,
        drawn.through_the_day(view, hours, guide),
        description=f"Median and middle half by hour, {when}: {len(known)} hours with enough readings.",
        table=tables.behind(f"pressure through the day, {when}", columns, body),
        legend=[
            charts.Key("systolic", "systolic", "dot"),
            charts.Key("diastolic", "diastolic", "dot"),
            charts.Key("middle half", "systolic", "band"),
        ],
        note=f"{many(n, 'reading')}, {when}{'' if is_range else ', not of the range above'}."
        + (f" {many(few, 'hour')} with too few readings left blank." if few else ""),
    )
    return html.Section([chart, _dipping()], className="card")


def _dipping() -> Component:
    return html.P(f"Dipping cannot be judged from home readings. {DIPPING.sentence}", className="chart-note")


def _levels(data: Dataset, view: View, guide: Guideline) -> Component:
    title = "Share of days by level, each month"
    first = (view.last - timedelta(days=364)).replace(day=1)
    found = [row for row in pressure.rows(data, "bp_months", None, first, view.last) if row["guideline"] == guide.key]
    months = [row for row in found if row["level"]]
    if not any(row["n_days_with_level"] for row in months):
        return cards.card(title, html.P("No day has enough readings for a level.", className="state state-few"))
    columns = [tables.Column("Month"), *(tables.Column(level.title, "days") for level in guide.levels)]
    columns.append(tables.Column("Days with a level"))
    counts = {(row["month"], row["level"]): row["n_days"] for row in months}
    whole = {row["month"]: row["n_days_with_level"] for row in months}
    body = (
        (f"{month:%Y-%m}", *(counts.get((month, level.key)) for level in guide.levels), whole[month])
        for month in sorted(whole)
    )
    unchecked = "" if guide.is_checked else " Some bounds of this guideline are not yet checked against its own text."
    chart = charts.chart(
        "pressure-levels",
        title,
        drawn.levels(view, months, guide),
        description=f"Percent of days at each level of {guide.name}, {min(whole):%B %Y} to {max(whole):%B %Y}.",
        table=tables.behind("days by level and month", columns, body),
        legend=[charts.Key(level.words, level.color, "square") for level in guide.levels],
        note=f"{guide.name}; percent of days with a level, their number above. One day is no verdict.{unchecked}",
    )
    return html.Section(chart, className="card")


def _sleep(data: Dataset, view: View) -> Component:
    title = "Sleep and the next morning's systolic"
    every = pressure.rows(data, "associations", None, None, None)
    found = next((row for row in every if (row["x"], row["y"]) == (SLEEP, MORNING)), None)
    n = found["n"] if found else 0
    if found is None or n < LEAST_PAIRS:
        return cards.card(title, states.too_few(n, LEAST_PAIRS, PAIRS, "Nothing is drawn below that"))
    if not found["is_shown"]:
        return cards.card(title, html.P(f"{many(n, 'pair')}, all alike: nothing to draw.", className="state state-few"))
    rows = data.table("daily", ["date", SLEEP, MORNING], found["from_date"], found["to_date"]).to_pylist()
    pairs = [(row[SLEEP], row[MORNING]) for row in rows if row[SLEEP] is not None and row[MORNING] is not None]
    when = f"{cards.moment(found['from_date'])} to {cards.moment(found['to_date'])}"
    columns = [tables.Column("Day"), tables.Column("Asleep", "min"), tables.Column("Morning systolic", "mmHg")]
    body = ((str(row["date"]), row[SLEEP], row[MORNING]) for row in rows if None not in (row[SLEEP], row[MORNING]))
    where = view.link("/lineage", metric="associations.spearman_rho", x=SLEEP, y=MORNING)
    chart = charts.chart(
        "pressure-sleep",
        title,
        drawn.sleep_and_morning(view, pairs, found),
        description=f"{n} pairs, {when}.",
        table=tables.behind(f"sleep and the next morning, {when}", columns, body),
        note=f"{association(found)} {when}.",
    )
    how = html.P(html.A("how was this computed?", href=where), className="chart-note")
    return html.Section([chart, how], className="card")


def association(found: Row) -> str:
    """Its numbers in words, and that it shows no cause."""
    rho = f"Spearman ρ {found['spearman_rho']:.2f} (95 % {found['rho_low']:.2f} to {found['rho_high']:.2f})"
    slope = f"{found['theil_sen_slope']:+.1f} mmHg per hour ({found['slope_low']:+.1f} to {found['slope_high']:+.1f})"
    doubt = " The interval holds 0: it may be nothing." if found["verdict"] == "cannot_tell" else ""
    return f"{rho}, n = {found['n']} pairs; {slope}. Association, not cause.{doubt}".replace("-", "−")
