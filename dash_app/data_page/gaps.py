"""Days without data in the range, measure by measure."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from dash_app import tables
from dash_app.cards import card, moment
from dash_app.gateway import Dataset
from dash_app.native import Markup, tag
from dash_app.view import View
from pdp import gaps

LONGEST = 5  # gaps that are named


def section(data: Dataset, view: View) -> Component:
    """How many days have data, and the longest gaps, each a link to its days."""
    daily = data.table("daily", ["date", *gaps.COLUMNS.values()], view.first, view.last)
    heads = [tables.Column("Measure"), tables.Column("Days with data", is_text=True)]
    heads += [
        tables.Column("Newest day", is_text=True),
        tables.Column("Gaps"),
        tables.Column("Longest gaps", is_text=True),
    ]
    rows = []
    for one in gaps.coverage(daily):
        named = Markup(", ").join(_gap(gap, view) for gap in one.gaps[:LONGEST])
        rest = f" and {len(one.gaps) - LONGEST} more" if len(one.gaps) > LONGEST else ""
        newest = moment(one.newest) if one.newest else "none in the range"
        share = f"{one.days_with_data:,} of {one.days:,}"
        rows.append(
            [
                one.measure,
                share,
                newest,
                len(one.gaps),
                tag("span", named + rest, class_="wrap") if one.gaps else "none",
            ]
        )
    days = f"{moment(view.first)} to {moment(view.last)}"
    body = tables.table(f"Days with and without data, {days}", heads, rows)
    note = html.P("Days before the first and after the last day of all data are not counted.", className="hint")
    return card(f"Gaps, {days}", [body, note], id="gaps")


def _gap(gap: gaps.Gap, view: View) -> Markup:
    if gap.days == 1:
        return tag("a", moment(gap.first), href=view.day_page(gap.first))
    shown = f"{gap.days} days from {moment(gap.first)}"
    return tag("a", shown, href=view.link("/blood-pressure", from_=gap.first, to=gap.last))
