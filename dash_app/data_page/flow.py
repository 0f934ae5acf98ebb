"""The way of the rows from sources to tables: SVG with real links, drawn on the server, wide and upright."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dash.development.base_component import Component

from dash_app.drawn import both
from dash_app.view import View
from pdp.drawing import fates

# Of each rule that makes summary tables, a table and a number of it to ask for.
TABLES = {
    "summarize": ("daily", "bp_systolic_mean_mmhg"),
    "home_bp": ("bp_windows", "systolic_mean_mmhg"),
    "trends": ("trends", "median"),
    "pyramid": ("heart_rate_1day", "median"),
}


def flow(account: Mapping[str, Any], view: View, rules: Sequence[str]) -> Component:
    """The drawing, in both shapes; the stylesheet shows the one that fits.

    Args:
        account: conservation.json.
        view: For the links.
        rules: Rules that made summary tables, of those in TABLES.
    """

    def href(key: str) -> str:
        kind, _, name = key.partition(":")
        if kind == "rule":
            table, column = TABLES[name]
            return view.link("/lineage", metric=f"{table}.{column}")
        parts = {"source": f"#source-{name}", "unread": "#rejected", "quarantined": "#rejected"}
        return {**parts, "measure": "#measures", "not_chosen": "#measures"}.get(kind, "")

    return both(fates.of_account(account, rules, href))
