"""The way of a number, drawn: from the raw files to its table, each box leading to what the page tells of it."""

from __future__ import annotations

from dash.development.base_component import Component

from dash_app.cards import card, moment
from dash_app.drawn import both
from dash_app.lineage_page import told
from pdp import in_words
from pdp.drawing import lineage
from pdp.lineage import dataset_names
from pdp.lineage.number import Number


def section(number: Number) -> list[Component]:
    """The drawing; nothing where no run is on record."""
    if not number.chain:
        return []
    subject, exports = dataset_names.subject_of(number.path), number.behind.exports
    names = lineage.Names(
        {f"{subject}/{one['export']}": ", ".join(one["documents"]) for one in exports},
        {f"{subject}/{one['export']}": str(one["source"]) for one in exports},
    )
    graph = lineage.of_tables(
        number.chain,
        "The way of the number, from the raw files",
        names=names,
        wanted=frozenset([number.path]),
        href=lambda link: f"#{told.anchor(link)}",
        number=(_value(number), _what(number)),
    )
    return [card("The way of the number", both(graph), id="way")]


def _value(number: Number) -> str:
    if number.shown is None:
        return "no value"
    return f"{told.short(number.shown)} {in_words.unit(number.unit)}".rstrip()


def _what(number: Number) -> str:
    """The day where it has one: its name stands in the page's heading."""
    return moment(number.asked.day) if number.asked.day else number.asked.column
