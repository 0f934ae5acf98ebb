"""A page with three measures on two charts under one crosshair."""

from __future__ import annotations

from dash.development.base_component import Component

from dash_app import cards, charts, crosshair, states, tables
from dash_app.gateway import Dataset
from dash_app.view import View

TITLE = "Days"
SUBTITLE = "Made-up days"
PATH = "/"
NAV = 10
COLUMNS = ["date", "bp_n", "bp_systolic_mean_mmhg", "bp_diastolic_mean_mmhg", "rhr_sleep_p05_bpm", "sleep_total_min"]


def page(data: Dataset, view: View) -> list[Component]:
    """A card, two charts, their tables."""
    rows = {row["date"]: row for row in data.table("daily", COLUMNS, view.first, view.last).to_pylist()}
    found = [rows.get(day, dict.fromkeys(COLUMNS)) for day in view.days()]
    systolic, diastolic, rate, sleep = ([row[name] for row in found] for name in COLUMNS[2:])
    if not any(value is not None for row in found for value in (row[COLUMNS[2]], row[COLUMNS[4]], row[COLUMNS[5]])):
        return [states.empty(view, "readings", view.data_last)]
    measures = [
        crosshair.Measure("Blood pressure", [pressure(row) for row in found]),
        crosshair.Measure("Resting HR", [None if value is None else f"{value:.0f} bpm" for value in rate]),
        crosshair.Measure("Sleep", [None if value is None else f"{value:.0f} min" for value in sleep]),
    ]
    pressures = charts.base(view, 260, xaxis=charts.day_axis(view), yaxis={"range": [60, 170]})
    for values, colour in ((systolic, view.palette.systolic), (diastolic, view.palette.diastolic)):
        x, y = charts.line(view.days(), values)
        pressures.add_scatter(x=x, y=y, mode="lines", line={"color": colour})
    charts.threshold(pressures, view, 135)
    charts.end_labels(
        pressures, view, [charts.Label(135, "135 limit", "threshold"), charts.Label(134, "134 sys", "systolic")]
    )
    rates = charts.base(view, 160, xaxis=charts.day_axis(view), yaxis={"range": [40, 80]})
    rates.add_scatter(x=view.days(), y=rate, mode="markers", marker={"color": view.palette.heart})
    heads = [tables.Column("Day"), tables.Column("Systolic", "mmHg"), tables.Column("Diastolic", "mmHg")]
    body = [(f"{day}", *values) for day, *values in zip(view.days(), systolic, diastolic, strict=True)]
    drawn = [
        charts.chart(
            "pressures",
            "Blood pressure",
            pressures,
            description="Daily means.",
            table=tables.behind("Blood pressure", heads, body),
            legend=[charts.Key("systolic", "systolic"), charts.Key("diastolic", "diastolic", "dashed")],
            rings=[crosshair.Ring(systolic), crosshair.Ring(diastolic)],
        ),
        charts.chart(
            "rates", "Resting heart rate", rates, description="Daily.", table=None, rings=[crosshair.Ring(rate)]
        ),
    ]
    number = cards.number_card(
        "Systolic",
        None if systolic[-1] is None else f"{systolic[-1]:.0f}",
        "mmHg",
        detail="of the last day",
        n="1 of 1 days",
        as_of=view.last,
        lineage=view.lineage("bp_systolic_mean_mmhg", view.last),
        spark=cards.spark(systolic[-28:], "systolic", (120.0, 130.0)),
    )
    return [cards.cards(number), crosshair.section(view, measures, drawn)]


def pressure(row: dict[str, float | None]) -> str | None:
    """What the readout says of a day's blood pressure."""
    if row["bp_systolic_mean_mmhg"] is None:
        return None
    return f"{row['bp_systolic_mean_mmhg']:.0f}/{row['bp_diastolic_mean_mmhg']:.0f} mmHg ({row['bp_n']} readings)"
