"""What of each source's exports is taken in, and what of them stays in the file."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from dash import html
from dash.development.base_component import Component

from dash_app import tables
from dash_app.gateway import Dataset
from dash_app.native import tag
from pdp import formats
from pdp.errors import ConfigError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def section(session: Session, data: Dataset) -> list[Component]:
    """A table: source, what kind of file, measures that are read, parts that are not."""
    rows = []
    for source, name in sorted(_formats(session, data)):
        try:
            module = formats.load(name)
        except ConfigError:
            continue  # of a format that an earlier version had
        measures = ", ".join(measure.replace("_", " ") for measure in module.MEASURES)
        cells = (module.TITLE, measures, getattr(module, "LEFT_OUT", "not told"))
        rows.append([source, *(tag("span", cell, class_="wrap") for cell in cells)])
    if not rows:
        return []
    heads = [tables.Column("Source"), tables.Column("Kind of file", is_text=True)]
    heads += [tables.Column("What is taken", is_text=True), tables.Column("What is not taken", is_text=True)]
    note = "What is not taken stays in the raw file, which is kept byte for byte; it is counted in no row above."
    return [
        html.H3("What of an export is taken", className="spaced"),
        tables.table("What is taken of each source's exports", heads, rows),
        html.P(note, className="hint"),
    ]


def _formats(session: Session, data: Dataset) -> Iterable[tuple[str, str]]:
    """Source and format, as the newest job that read an export of it was told."""
    from pdp.lineage import manifests, queries

    found = {}
    for manifest in manifests.every(data.root / "results"):
        for _, one in manifest.revisions() if manifest.subject == data.subject else ():
            path = f"results/normalized/{data.subject}/{manifest.source}/{one['export']}/unread.parquet"
            table = queries.newest(session, path)
            if table is None or table.made_by is None:
                continue
            settings = queries.made(session, queries.makers(session, table)[-1].id).key.get("settings") or {}
            found[manifest.source] = str(settings.get("format") or "")
    return found.items()
