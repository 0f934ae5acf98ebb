"""The day's three charts on one axis of time, and the table of its single readings."""

from __future__ import annotations

from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from dash_app import cards, charts, doubts, tables
from dash_app.day import Span, offset_text, utc_text
from dash_app.day_rows import COUNTED, Found, Row, local
from dash_app.figures import day as drawn
from dash_app.native import Markup, tag
from dash_app.pressure import many, threshold_words
from dash_app.view import View
from pdp import in_words
from pdp.home_bp.guidelines import Guideline

FATES = {
    COUNTED: "counted",
    "quarantined": "refused, not counted",
    "duplicate": "the same record told twice",
}
LEVELS = {"raw": "single samples", "1min": "1-minute medians", "15min": "15-minute medians", "1h": "hourly medians"}


def section(view: View, span: Span, found: Found, guide: Guideline) -> Component:
    """Three charts on one axis of time; the guideline's threshold for averages at home in that of the pressure."""
    clocks = " then ".join(dict.fromkeys(utc_text(piece.offset_min) for piece in span.pieces))
    hint = (
        f"Hours by the local clock ({clocks}); {span.words()}. The three charts share them: one line up is one moment."
    )
    parts = [_beats(view, span, found), _sleep(view, span, found), _pressure(view, span, found, guide)]
    return html.Section([*parts, html.P(hint, className="hint")], className="card", **{"aria-label": "Hour by hour"})


def _beats(view: View, span: Span, found: Found) -> Component:
    title = "Heart rate (bpm)"
    if not found.beats:
        return _none(title, "No heart rate was recorded in these hours.")
    low, high = min(row["min"] for row in found.beats), max(row["max"] for row in found.beats)
    n = sum(row["n"] for row in found.beats)
    gaps = len(drawn.runs(found.beats)) - 1
    heads = [tables.Column("From"), tables.Column("Samples")]
    heads += [tables.Column(name, "bpm") for name in ("Lowest", "Median", "Highest")]
    body = ((_stamp(row), row["n"], *(float(row[name]) for name in ("min", "median", "max"))) for row in found.slots)
    told = f"{many(n, 'sample')}, {low:.0f} to {high:.0f} bpm, {many(gaps, 'gap')} of more than 15 minutes."
    return charts.chart(
        "day-heart",
        title,
        drawn.heart_rate(view, span, found.beats),
        description=f"{span.words()}: {told}",
        table=tables.behind(f"heart rate by quarters of an hour, {span.words()}", heads, body),
        note=f"{many(n, 'sample')}, shown as {LEVELS.get(found.level, found.level)}; the line breaks where more than "
        "15 minutes have none.",
    )


def _sleep(view: View, span: Span, found: Found) -> Component:
    title = "Sleep stages"
    if not found.sleep:
        return _none(title, "No sleep was recorded in these hours.")
    heads = [tables.Column("From"), tables.Column("To", is_text=True), tables.Column("Stage", is_text=True)]
    heads += [tables.Column("Minutes", "min"), tables.Column("Part", is_text=True), tables.Column("Night of")]
    body = (
        (
            _stamp(row),
            f"{local(row, 'end_utc'):%H:%M}",
            drawn.STAGES.get(row["stage"], row["stage"]),
            (row["end_utc"] - row["start_utc"]).total_seconds() / 60,
            row["part"],
            str(row["night_date"]),
        )
        for row in found.sleep
    )
    begin, end = local(found.sleep[0]), local(found.sleep[-1], "end_utc")
    has_stages = any(row["stage"] not in ("asleep", "in_bed") for row in found.sleep)
    nights = sorted({row["night_date"] for row in found.sleep if row["part"] != "nap"})
    told = f"{many(len(found.sleep), 'piece')} between {begin:%H:%M} and {end:%H:%M}."
    where = (
        view.link("/lineage", metric="nights.total_sleep_min", day=span.day if span.day in nights else nights[0])
        if nights
        else None
    )
    parts = [
        charts.chart(
            "day-sleep",
            title,
            drawn.sleep(view, span, found.sleep),
            description=f"{span.words()}: {told}",
            table=tables.behind(f"sleep stages, {span.words()}", heads, body),
            note=("Stages as the device guesses them." if has_stages else "The device told no stages of these sleeps.")
            + ("" if span.is_noon else " A night that began or ends on another day is cut off: see noon to noon."),
        )
    ]
    if where:
        parts.append(html.P(html.A("how was the night computed?", href=where), className="chart-note"))
    return html.Div(parts, className="chart-block")


def _pressure(view: View, span: Span, found: Found, guide: Guideline) -> Component:
    title = "Blood pressure (mmHg)"
    counted = [row for row in found.readings if row["fate"] == COUNTED]
    if not counted:
        return _none(title, "No blood pressure was measured in these hours.")
    tops = [row["systolic_mmhg"] for row in counted]
    n = f"{many(len(counted), 'reading')} in {many(len(found.sittings), 'sitting')}"
    span_of = f"{min(tops):.0f} to {max(tops):.0f}" if min(tops) < max(tops) else f"{tops[0]:.0f}"
    told = f"{n}, systolic {span_of}"
    bound = guide.threshold
    return charts.chart(
        "day-pressure",
        title,
        drawn.pressure(view, span, counted, found.sittings, (bound.systolic_mmhg, bound.diastolic_mmhg)),
        description=f"{span.words()}: {told} mmHg.",
        table=_readings_table(view, span, counted),
        legend=[
            charts.Key("systolic", "systolic", "dot"),
            charts.Key("diastolic", "diastolic", "diamond"),
            charts.Key(f"{guide.name}: {bound.text}", "threshold", "dashed"),
        ],
        note=f"{told} mmHg. Above: mean and first time of a sitting. {threshold_words(guide)} It is meant for "
        "the average of several days: a single reading is no verdict.",
    )


def _readings_table(view: View, span: Span, rows: Sequence[Row]) -> Component:
    heads = [tables.Column("Time"), tables.Column("Systolic", "mmHg"), tables.Column("Diastolic", "mmHg")]
    body = ((_stamp(row), row["systolic_mmhg"], row["diastolic_mmhg"]) for row in rows)
    return tables.behind(f"blood pressure drawn, {span.words()}", heads, body)


def readings(view: View, span: Span, found: Found) -> Component:
    """Every reading of the span, with what became of it and where it comes from."""
    title = "Single readings"
    if not found.readings:
        told = html.P("No blood pressure reading in these hours.", className="state state-empty")
        return cards.card(title, told)
    heads = [tables.Column("Time"), tables.Column("Systolic", "mmHg"), tables.Column("Diastolic", "mmHg")]
    heads += [
        tables.Column("Pulse", "bpm"),
        tables.Column("Source", is_text=True),
        tables.Column("Device", is_text=True),
    ]
    heads += [tables.Column("What became of it", is_text=True), tables.Column("Origin", is_text=True)]
    body = (
        (
            _stamp(row),
            *(row[name] for name in ("systolic_mmhg", "diastolic_mmhg", "pulse_bpm")),
            row["source"],
            row["device"] or "not named",
            doubts.told(row, _fate(row)),
            _origin(view, row),
        )
        for row in found.readings
    )
    counted = sum(row["fate"] == COUNTED for row in found.readings)
    apart = len(found.readings) - counted
    told = f"{many(counted, 'reading')} counted" + (f", {apart} set aside" if apart else "")
    return cards.card(
        title, [html.P(f"{told}; {span.words()}."), tables.table(f"Single readings, {span.words()}", heads, body)]
    )


def _fate(row: Row) -> str:
    told = FATES.get(row["fate"]) or in_words.reason(row["fate"])
    return f"{told} ({in_words.reason(row['why'])})" if row["why"] else told


def _origin(view: View, row: Row) -> Markup:
    keys = {"reading": row["reading"], "start_utc": row["start_utc"].isoformat()}
    where = view.link("/lineage", metric="bp_readings.systolic_mmhg", day=row["date"], **keys)
    return tag(
        "a", Markup("where from?") + tag("span", f" (reading of {local(row):%H:%M})", class_="unseen"), href=where
    )


def _none(title: str, told: str) -> Component:
    return html.Div(
        [html.H2(title, className="chart-title"), html.P(told, className="state state-empty")], className="chart-block"
    )


def _stamp(row: Row) -> Markup:
    """07:28 +02:00."""
    return Markup(f"{local(row):%H:%M} {tag('span', offset_text(row['utc_offset_min']), class_='unit')}")
