"""Overview: blood pressure, resting heart rate and sleep, day by day."""

from __future__ import annotations

from dash.development.base_component import Component

from dash_app import charts, crosshair, states, tables
from dash_app.gateway import Dataset
from dash_app.view import View

TITLE = "Overview"
PATH = "/"
NAV = 10


def page(data: Dataset, view: View) -> Component:
    """Daily means of blood pressure under one crosshair."""
    columns = ["date", "bp_n", "bp_systolic_mean_mmhg", "bp_diastolic_mean_mmhg"]
    rows = {row["date"]: row for row in data.table("daily", columns, view.first, view.last).to_pylist()}
    days = view.days()
    found = [rows.get(day, {}) for day in days]
    systolic = [row.get("bp_systolic_mean_mmhg") for row in found]
    diastolic = [row.get("bp_diastolic_mean_mmhg") for row in found]
    if not any(value is not None for value in systolic):
        return states.empty(view, "blood pressure readings", view.data_last)
    texts = [
        None if top is None else f"{top:.0f}/{bottom:.0f} mmHg ({row['bp_n']} readings)"
        for top, bottom, row in zip(systolic, diastolic, found, strict=True)
    ]
    figure = charts.base(view, 320, xaxis=charts.day_axis(view), yaxis={"range": [50, 170]})
    for values, colour in ((systolic, view.palette.systolic), (diastolic, view.palette.diastolic)):
        x, y = charts.line(days, values)
        figure.add_scatter(x=x, y=y, mode="lines+markers", line={"color": colour, "width": 2}, marker={"size": 4})
    body = [(f"{day}", top, bottom) for day, top, bottom in zip(days, systolic, diastolic, strict=True)]
    heads = [tables.Column("Day"), tables.Column("Systolic", "mmHg"), tables.Column("Diastolic", "mmHg")]
    chart = charts.chart(
        "bp-by-day",
        "Blood pressure",
        figure,
        description="Daily means of systolic and diastolic pressure",
        table=tables.behind("Blood pressure", heads, body),
        legend=[charts.Key("systolic", "systolic"), charts.Key("diastolic", "diastolic")],
        rings=[crosshair.Ring(systolic), crosshair.Ring(diastolic)],
    )
    return crosshair.section(view, [crosshair.Measure("Blood pressure", texts)], [chart])
