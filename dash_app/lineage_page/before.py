"""What a figure of a day was in earlier versions of the daily table, and what changed it."""

from __future__ import annotations

from datetime import datetime

from dash import html
from dash.development.base_component import Component

from dash_app import tables
from dash_app.cards import card, moment
from dash_app.lineage_page.told import short
from dash_app.native import tag
from pdp import in_words
from pdp.lineage.figure_history import FigureHistory, FigureVersion

TITLE = "What it was before"


def section(found: FigureHistory | None) -> list[Component]:
    """A row per change, the newest first; a sentence where it never was another; nothing where none is on record."""
    if found is None or not found.versions:
        return []
    if len(found.versions) == 1:
        only = found.versions[0]
        told = f"No other: it has been this since {_made(only)}, when {_number(only)} of the table was made."
        return [card(TITLE, html.P(told), id="before")]
    heads = [
        tables.Column("Since"),
        tables.Column("Value", in_words.unit(found.unit), is_text=True),
        tables.Column("Readings", is_text=True),
        tables.Column("What changed it", is_text=True),
        tables.Column("Version and run", is_text=True),
    ]
    rows = [
        [
            tag("span", _made(one), class_="narrow"),
            _value(one),
            "" if one.n is None else short(one.n),
            one.cause,
            tag("div", tag("span", _number(one)) + tag("span", one.run, class_="path"), class_="stack"),
        ]
        for one in reversed(found.versions)
    ]
    title = f"{found.title} of {moment(datetime.fromisoformat(found.day).date())}, version by version"
    return [card(TITLE, tables.table(title, heads, rows), id="before")]


def _made(one: FigureVersion) -> str:
    return f"{moment(datetime.fromisoformat(one.seen))} UTC"


def _number(one: FigureVersion) -> str:
    last = one.number + one.versions - 1
    return f"version {one.number}" if last == one.number else f"versions {one.number} to {last}"


def _value(one: FigureVersion) -> str:
    if one.is_erased:
        return "erased"
    if not one.is_noted:
        return "not noted"
    if not one.is_day:
        return "no such day"
    return "no value" if one.value is None else short(one.value)
