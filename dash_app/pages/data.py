"""Data: where it comes from, what became of every row, what is missing, and which runs made it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from dash.development.base_component import Component

from dash_app import downloads, states
from dash_app.cards import card
from dash_app.data_page import flow, gaps, rejected, runs, sources, taken
from dash_app.gateway import Dataset, Gateway, NoDataError
from dash_app.view import View
from pdp.errors import PdpError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from dash_app.app import Served

TITLE = "Data"
SUBTITLE = "Where it comes from, what became of every row, and which runs made it."
PATH = "/data"
NAV = 60
FILES = ("blood_pressure", "daily", "nights", "sleep_episode", "heart_rate", "step_count")


def page(data: Dataset, view: View) -> list[Component]:
    """Sources, the flow, what was not taken, gaps, runs, downloads."""
    account = _account(data)
    rules = [rule for rule, (table, _) in flow.TABLES.items() if data.has_table(table)]
    drawn = card("From the sources to the tables", flow.flow(account, view, rules), id="flow")
    shown = [*_asked(data, lambda session: _sources(session, data, account), "Sources"), drawn]
    shown += [
        *_asked(data, lambda session: rejected.section(session, data, view), "Rejected rows"),
        gaps.section(data, view),
    ]
    shown += [sources.measures(account), *_asked(data, lambda session: runs.section(session, data, view), "Runs")]
    return [*shown, card("Downloads of the days shown", downloads.links(view, FILES, is_bundle=True), id="downloads")]


def _account(data: Dataset) -> Mapping[str, Any]:
    """What became of every row.

    Raises:
        NoDataError: It is not there, or not whole.
    """
    found = json.loads(data.document(f"summary/{data.subject}/conservation.json"))
    if not isinstance(found, dict) or not {"total", "sources", "measures"} <= found.keys():
        raise NoDataError("is not whole.", where="conservation.json", hint="Run the workflow again: make run.")
    return found


def register(app: Served, gateway: Gateway) -> None:
    """The downloads."""
    downloads.install(app, gateway)


def _sources(session: Session, data: Dataset, account: Mapping[str, Any]) -> Component:
    return sources.section(data, account, _answers(session, data), taken.section(session, data))


def _answers(session: Session, data: Dataset) -> list[dict[str, Any]]:
    from pdp.lineage import queries
    from pdp.lineage import sources as asked

    found = asked.answers(session, queries.last_run(session))
    return [one for one in found if one["subject"] == data.subject]


def _asked(data: Dataset, make: Callable[[Session], Component], title: str) -> list[Component]:
    """A part that the registry answers; where it can't, the reason stands in its place."""
    try:
        with data.registry() as session:
            return [make(session)]
    except PdpError as error:
        why = str(error) if isinstance(error, NoDataError) else f"{error.what} {error.where}"
        return [card(title, states.error(why, "The other parts of this page hold."))]
