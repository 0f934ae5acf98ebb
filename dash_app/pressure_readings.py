"""The blood pressure page's last part: every sitting, and every reading by itself with what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from dash_app import doubts, pressure, tables
from dash_app.gateway import Dataset
from dash_app.native import tag
from dash_app.pressure import Row, many
from dash_app.view import View
from pdp import in_words
from pdp.home_bp.guidelines import whole_mmhg
from pdp.home_bp.records import COUNTED, QUARANTINED

PARTS = ("systolic_mean_mmhg", "diastolic_mean_mmhg", "pulse_mean_bpm")
MOST = tables.MOST_BEHIND
HEADS = (tables.Column("Systolic", "mmHg"), tables.Column("Diastolic", "mmHg"), tables.Column("Pulse", "bpm"))
DAY, TIME = tables.Column("Day"), tables.Column("Time", is_text=True)


def section(data: Dataset, view: View, sittings: Sequence[Row]) -> Component:
    """Both tables, folded away, the newest first."""
    parts: list[Any] = [html.H2("Readings"), html.H3("By sitting"), _sittings(view, sittings)]
    singles = pressure.rows(data, "bp_readings", None, view.first, view.last)
    if singles:
        parts += _singles(view, singles)
    return html.Section(parts, className="card", id="readings")


def _sittings(view: View, sittings: Sequence[Row]) -> Component:
    columns = [DAY, TIME, tables.Column("Daytime", is_text=True), tables.Column("Readings"), *HEADS]
    body = (
        (
            _day(view, row),
            f"{pressure.local(row):%H:%M}",
            row["daytime"],
            row["n"],
            *(None if row[name] is None else whole_mmhg(row[name]) for name in PARTS),
        )
        for row in reversed(sittings[-MOST:])
    )
    return tables.behind("the readings shown, by sitting (mean of its readings)", columns, body)


def _singles(view: View, singles: Sequence[Row]) -> list[Component]:
    """One by one, those that do not count among them."""
    shown = singles[-MOST:]
    columns = [
        DAY,
        TIME,
        *HEADS,
        *(tables.Column(name, is_text=True) for name in ("Source", "Device", "What became of it")),
    ]
    body = (
        (
            _day(view, row),
            f"{pressure.local(row):%H:%M}",
            row["systolic_mmhg"],
            row["diastolic_mmhg"],
            row["pulse_bpm"],
            row["source"],
            row["device"] or "not named",
            doubts.told(row, _fate(row)),
        )
        for row in reversed(shown)
    )
    counted = sum(row["fate"] == COUNTED for row in singles)
    told = f"{many(counted, 'reading')} counted; {len(singles) - counted:,} set aside or quarantined."
    if len(shown) < len(singles):
        told += f" The newest {len(shown):,} are listed: choose fewer days for the others."
    return [
        html.H3("One by one", className="spaced"),
        tables.behind("the readings one by one", columns, body),
        html.P([told, " ", html.A("What was not taken, and why", href=view.link("/data"))], className="chart-note"),
    ]


def _day(view: View, row: Row) -> Any:
    return tag("a", str(row["date"]), href=view.day_page(row["date"]))


def _fate(row: Row) -> str:
    if row["fate"] == COUNTED:
        return "counted"
    if row["fate"] == QUARANTINED:
        return f"quarantined: {in_words.reason(row['why'] or 'no rule named')}"
    return f"set aside: {in_words.reason(row['fate'])}"
