"""The form to ask for another number: every column of every summary table that holds numbers, and a day."""

from __future__ import annotations

from functools import lru_cache

import pyarrow as pa
from dash.development.base_component import Component

from dash_app.gateway import Dataset
from dash_app.native import Markup, Native, tag
from dash_app.view import View
from pdp.lineage.cell import Asked

TABLES = {
    "daily": "Days",
    "nights": "Nights",
    "bp_readings": "Single readings",
    "bp_windows": "Home averages",
    "bp_sessions": "Sittings",
    "bp_days": "Days of blood pressure",
    "bp_months": "Months",
    "bp_profile": "Through the day",
    "bp_habits": "How readings are taken",
    "trends": "Trends",
    "regularity": "Regularity of sleep",
    "associations": "Associations",
    "event_effects": "Before and after events",
    "agreement": "Agreement of devices",
    "heart_rate_1day": "Heart rate of a day",
    "heart_rate_hours": "Heart rate of an hour",
}


def form(data: Dataset, view: View, one: Asked | None) -> Component:
    """The fields, filled with what is shown."""
    groups = Markup()
    for table, title in TABLES.items():
        if data.has_table(table):
            options = Markup().join(
                tag("option", words, value=f"{table}.{name}", selected=_is(one, table, name))
                for name, words in _columns(data, table, data.version)
            )
            groups += tag("optgroup", options, label=title)
    fields = [tag("label", Markup(tag("span", "Number") + tag("select", groups, name="metric")))]
    day = one.day if one and one.day else view.data_last
    fields.append(tag("label", Markup(tag("span", "Day") + tag("input", type="date", name="day", value=day))))
    fields += [tag("input", type="hidden", name=name, value=value) for name, value in view.choices.items()]
    fields.append(tag("button", "Show", type="submit"))
    inside = tag("form", Markup().join(fields), method="get", action="/lineage", class_="fields")
    return Native("div", inside)


def _is(one: Asked | None, table: str, name: str) -> bool:
    return one is not None and (one.table, one.column) == (table, name)


def _columns(data: Dataset, table: str, version: str) -> tuple[tuple[str, str], ...]:
    return _named(data.is_synthetic, data.subject, table, version, data.table(table).schema)


@lru_cache(maxsize=64)  # names of columns, no data
def _named(*key: object) -> tuple[tuple[str, str], ...]:
    schema = key[-1]
    found = []
    for field in schema if isinstance(schema, pa.Schema) else ():
        if pa.types.is_floating(field.type) or pa.types.is_integer(field.type):
            title = (field.metadata or {}).get(b"title", b"").decode() or field.name
            found.append((field.name, f"{title} ({field.name})"))
    return tuple(found)
