"""Rows that were not taken: counted by reason, then each with its file and record, what is wrong, and what it says."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from dash import html
from dash.development.base_component import Component

from dash_app import tables
from dash_app.cards import card
from dash_app.gateway import Dataset
from dash_app.native import Markup, tag
from dash_app.view import View
from pdp import in_words
from pdp.cli.explain_text import local

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from pdp.lineage.rejects import Rejected

FEW, MANY = 3, 200  # rows of each kind: at first, and when asked for more
FATE = {"quarantined": "impossible, or in contradiction with itself", "unread": "no reading could be made of it"}


def section(session: Session, data: Dataset, view: View) -> Component:
    """Kinds and rows."""
    from pdp.lineage import rejects

    data.bring(_files(data))
    most = MANY if view.params.get("rejected") == "all" else FEW
    found = rejects.find(session, data.root / "results", rejects.Scope(subject=data.subject), most)
    if not found.kinds:
        return card("Rejected rows", html.P("Nothing was rejected: every row was taken."), id="rejected")
    heads = [tables.Column("Why", is_text=True), tables.Column("Rows"), tables.Column("Source", is_text=True)]
    heads += [tables.Column("Measure", is_text=True), tables.Column("What that means", is_text=True)]
    kinds = [
        [
            in_words.reason(kind.reason),
            kind.count,
            kind.source,
            in_words.reason(kind.measure) or "-",
            f"{kind.fate}: {FATE[kind.fate]}",
        ]
        for kind in found.kinds
    ]
    columns = [
        tables.Column("File and record"),
        tables.Column("Why", is_text=True),
        tables.Column("When", is_text=True),
    ]
    columns += [tables.Column("What it says", is_text=True)]
    total, shown = sum(kind.count for kind in found.kinds), len(found.rows)
    more: list[Any] = []
    if shown < total:
        href = view.link(**dict(view.params), rejected="all") + "#rejected"
        more = [html.P([f"{shown} of {total} shown. ", html.A(f"Up to {MANY} of each kind", href=href)])]
    return card(
        "Rejected rows",
        [
            tables.table("Rejected rows, counted by reason", heads, kinds),
            html.H3("Row by row", className="spaced"),
            tables.table("Rejected rows, each with its file and record", columns, map(_row, found.rows)),
            *more,
        ],
        id="rejected",
    )


def _files(data: Dataset) -> list[str]:
    """The tables of what was not taken, of every export that is known."""
    from pdp.lineage import manifests

    found = []
    for manifest in manifests.every(data.root / "results"):
        if manifest.subject != data.subject:
            continue
        for _, one in manifest.revisions():
            home = f"{data.subject}/{manifest.source}/{one['export']}"
            found += [f"results/normalized/{home}/unread.parquet", f"results/quarantine/{home}.parquet"]
    return sorted(set(found))


def _row(row: Rejected) -> Iterable[Any]:
    record = f"record {row.row:,}" if row.row else "the whole file"
    inside = tag("span", PurePosixPath(row.member).name, class_="path") if row.member else Markup()
    place = tag("span", row.document or row.export, class_="path") + inside + tag("strong", record)
    about = " ".join(part for part in (in_words.column(row.column or "")[0], row.value) if part)
    why = tag("strong", in_words.reason(row.reason)) + tag(
        "span", ": ".join(part for part in (about, row.detail) if part)
    )
    when = local(row.start_utc, row.utc_offset_min) if row.start_utc else "no time"
    said = row.text or (in_words.values(row.values) if row.values else "")
    return tag("div", place, class_="stack"), tag("div", why, class_="stack"), when, tag("code", said)
