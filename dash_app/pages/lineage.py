"""One number: recomputed, and followed back to the raw bytes."""

from __future__ import annotations

from dash.development.base_component import Component

from dash_app import states
from dash_app.cards import card
from dash_app.gateway import Dataset, NoDataError
from dash_app.lineage_page import address, before, choice, rests, told, way
from dash_app.view import View
from pdp.errors import PdpError
from pdp.lineage import figure_history, number
from pdp.lineage.cell import Asked

TITLE = "One number"
SUBTITLE = "How it was computed, from which records of which files, by which code; and whether it comes out again."
PATH = "/lineage"
NAV = None
HAS_RANGE = False


def page(data: Dataset, view: View) -> list[Component]:
    """The number and its chain, and a form for another."""
    one = None
    try:
        one = address.asked(view.params)
        folders = ("results/merged", "results/superseded", "results/history", "resources/raw")
        data.bring([f"{folder}/{data.subject}/" for folder in folders])
        found = _told(data, one)
        shown = [
            told.card_of(found, view),
            *before.section(_before(data, one)),
            *rests.sections(found, view),
            *way.section(found),
            *([told.chain(found.chain, found.is_intact)] if found.chain else []),
        ]
    except PdpError as error:
        # `where` may be a path of the machine.
        shown = [states.error(f"{error.what} {error.hint}".strip(), "")]
    return [*shown, card("Another number", choice.form(data, view, one), id="another")]


def _told(data: Dataset, one: Asked) -> number.Number:
    """All that is known of it; where there is no registry (a copy of the tables alone), what the table says."""
    results = data.root / "results"
    try:
        with data.registry() as session:
            return number.tell(session, results, data.subject, one)
    except NoDataError:
        return number.shown(results, data.subject, one)


def _before(data: Dataset, one: Asked) -> figure_history.FigureHistory | None:
    """Its versions, for a figure of a day; other tables' changes are not told cell by cell."""
    if one.table != figure_history.DAILY or one.day is None or one.since is not None:
        return None
    path = f"results/summary/{data.subject}/{one.table}.parquet"
    try:
        with data.registry() as session:
            return figure_history.figure(session, data.root / "results", path, one.day, one.column)
    except PdpError:  # no registry, or a column that is no figure: the page has said so
        return None
