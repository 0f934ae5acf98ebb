"""The last runs, and what two of them differ in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from dash import html
from dash.development.base_component import Component

from dash_app import states, tables
from dash_app.cards import card, moment
from dash_app.gateway import Dataset
from dash_app.native import Markup, Native, tag
from dash_app.pressure import many
from dash_app.view import View
from pdp.errors import RegistryError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from pdp.lineage.queries import RunLine

MOST = 20
ENDED = {"COMPLETE": "complete", "FAIL": "failed", "ABORT": "stopped", "START": "under way"}


def section(session: Session, data: Dataset, view: View) -> Component:
    """The last runs as a table, newest first."""
    from pdp.lineage import queries, summary

    heads = [
        tables.Column("Began", is_text=True),
        tables.Column("Ended", is_text=True),
        tables.Column("Took", is_text=True),
    ]
    heads += [tables.Column("Jobs run"), tables.Column("Failed"), tables.Column("Reused"), tables.Column("New exports")]
    heads += [tables.Column("Sources silent"), tables.Column("Run", is_text=True)]
    found = queries.runs(session, MOST)
    rows = [
        [
            f"{moment(datetime.fromisoformat(run.started))} UTC",
            ENDED.get(run.status, run.status.lower()) + (f": {run.error}" if run.error else ""),
            summary.duration(summary.seconds(run.started, run.ended)),
            run.ran,
            run.failed,
            run.reused if run.reused is not None else "-",
            run.new_exports,
            run.unreachable,
            tag("code", run.id),
        ]
        for run in found
    ]
    table = tables.table(f"The last {many(len(found), 'run')}" if len(found) != 1 else "The only run", heads, rows)
    return card("Runs", [table, *_difference(session, data, view, found)], id="runs")


def _difference(session: Session, data: Dataset, view: View, found: Sequence[RunLine]) -> list[Component]:
    if len(found) < 2:
        return [html.P("There is only one run yet: nothing to compare it with.", className="hint")]
    known = [run.id for run in found]
    after = view.params.get("after", known[0])
    before = view.params.get("before", known[1])
    title = html.H3("What two runs differ in", className="spaced")
    return [title, _form(view, found, before, after), *_told(session, data, before, after)]


def _form(view: View, found: Sequence[RunLine], before: str, after: str) -> Component:
    kept = {name: value for name, value in view.params.items() if name not in ("before", "after")}
    kept |= view.choices
    kept |= {} if view.is_default_range else {"from": str(view.first), "to": str(view.last)}
    fields = [tag("input", type="hidden", name=name, value=value) for name, value in kept.items()]
    for name, label, chosen in (("before", "From", before), ("after", "to", after)):
        options = Markup().join(tag("option", _named(run), value=run.id, selected=run.id == chosen) for run in found)
        fields.append(tag("label", Markup(tag("span", label) + tag("select", options, name=name))))
    fields.append(tag("button", "Compare", type="submit"))
    inside = tag("form", Markup().join(fields), method="get", action=f"{view.path}#runs", class_="fields")
    return Native("div", inside)


def _told(session: Session, data: Dataset, before: str, after: str) -> list[Component]:
    from pdp.lineage import run_difference

    try:
        differences = run_difference.between(session, data.subject, before, after)
    except RegistryError as error:
        return [states.error(str(error), "The other tables of this page hold.")]
    if not differences:
        return [html.P("Nothing: every table of both is the same, byte for byte.")]
    heads = [tables.Column("Table"), tables.Column("Version", is_text=True), tables.Column("Rows before")]
    heads += [tables.Column("Rows after"), tables.Column("Because of", is_text=True)]
    rows: list[list[Any]] = []
    for one in differences:
        left, right = one.before, one.after
        versions = f"{f'v{left.number}' if left else 'none'} → {f'v{right.number}' if right else 'none'}"
        why = "; ".join(one.causes) or ("first made" if left is None else "gone")
        counts = [side.rows if side and side.rows is not None else "-" for side in (left, right)]
        rows.append([one.name, versions, *counts, tag("span", why, class_="wrap")])
    return [tables.table(f"Tables that differ between {before} and {after}", heads, rows)]


def _named(run: RunLine) -> str:
    return f"{moment(datetime.fromisoformat(run.started))} UTC, {many(run.ran, 'job')} ({run.id[-8:]})"
