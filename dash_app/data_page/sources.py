"""Each source: when it was last asked, what it last brought, what became of its rows, and whether it is silent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from dash import html
from dash.development.base_component import Component

from dash_app import tables
from dash_app.cards import card, moment
from dash_app.gateway import Dataset
from dash_app.native import tag
from pdp import in_words
from pdp.vocabulary import FATES

SILENT_AFTER_DAYS = 14  # a person exports once in a while; two weeks without anything new is worth a word
WORDS = {
    "accepted": "accepted",
    "quarantined": "quarantined",
    "duplicate": "duplicate",
    "superseded": "superseded",
    "unread": "unread",
}


def section(
    data: Dataset, account: Mapping[str, Any], answers: Sequence[Mapping[str, Any]], taken: Sequence[Component]
) -> Component:
    """The table, above it a line for every source that is silent or could not be reached, below it what is taken."""
    told = {answer["source"]: answer for answer in answers}
    arrivals = _arrivals(data)
    rows = [_row(name, counts, told.get(name), arrivals.get(name)) for name, counts in account["sources"].items()]
    heads = [tables.Column("Source"), tables.Column("State", is_text=True), tables.Column("Last asked", is_text=True)]
    heads += [tables.Column("Last new export", is_text=True), tables.Column("Rows read")]
    heads += [tables.Column(WORDS[fate].capitalize()) for fate in FATES]
    total = account["total"]
    sums = " + ".join(f"{total[fate]:,} {WORDS[fate]}" for fate in FATES)
    proof = html.P(
        [html.Strong(f"{total['read']:,} rows read"), f" = {sums}. Every run proves that sum; no row is lost."],
        className="proof",
    )
    warnings = [_warning(one) for one in answers if not one["reachable"] or one["failure"]]
    warnings += [line for name, at in arrivals.items() if (line := _silent(name, at, data.as_of))]
    return card(
        "Sources",
        [*warnings, proof, tables.table("Sources, and what became of their rows", heads, rows), *taken],
        id="sources",
    )


def _row(name: str, counts: Mapping[str, Any], answer: Mapping[str, Any] | None, arrived: datetime | None) -> list[Any]:
    state = "not asked yet" if answer is None else "reached" if answer["reachable"] else "could not be reached"
    if answer is not None and answer["failure"]:
        state = f"failed: {answer['failure']}"
    asked = _instant(answer["polled_at"]) if answer and answer["polled_at"] else "never"
    rejected = ("quarantined", "unread")
    cells: list[Any] = [
        tag("span", name, id=f"source-{name}"),
        state,
        asked,
        f"{moment(arrived)} UTC" if arrived else "none",
        counts["read"],
    ]
    for fate in FATES:
        count = counts[fate]
        cells.append(tag("a", f"{count:,}", href="#rejected") if fate in rejected and count else count)
    return cells


def _warning(answer: Mapping[str, Any]) -> Component:
    name = answer["source"]
    if answer["failure"] and answer["reachable"]:
        return html.P(
            f"{name}: looking at it failed ({answer['failure']}). What it brought before is still used.",
            className="state state-error",
        )
    since = f" since {_instant(answer['unreachable_since'])}" if answer["unreachable_since"] else ""
    why = f": {answer['why']}" if answer["why"] else "."
    kept = " Its last state is used." if answer["documents"] else " Nothing of it has arrived yet."
    return html.P(f"{name} could not be reached{since}{why}{kept}", className="state state-stale")


def _silent(name: str, arrived: datetime, as_of: datetime) -> Component | None:
    age = (as_of - arrived).days
    if age <= SILENT_AFTER_DAYS:
        return None
    return html.P(f"{name} has brought nothing new for {age} days.", className="state state-stale")


def _arrivals(data: Dataset) -> dict[str, datetime]:
    """Source -> when bytes of it that were not known before last arrived."""
    from pdp.lineage import manifests

    found = {}
    for manifest in manifests.every(data.root / "results"):
        seen = [str(one["first_seen"]) for _, one in manifest.revisions() if one.get("first_seen")]
        if manifest.subject == data.subject and seen:
            found[manifest.source] = datetime.fromisoformat(max(seen))
    return found


def _instant(stamp: str | None) -> str:
    """To the minute; stamps of the registry are UTC."""
    return f"{moment(datetime.fromisoformat(stamp))} UTC" if stamp else "unknown"


def measures(account: Mapping[str, Any]) -> Component:
    """What became of the rows of each measure, and why some were not chosen."""
    heads = [tables.Column("Measure"), tables.Column("Rows read")]
    heads += [tables.Column(WORDS[fate].capitalize()) for fate in FATES if fate != "unread"]
    heads += [tables.Column("Superseded, because of", is_text=True)]
    rows = []
    for name, counts in account["measures"].items():
        why = "; ".join(f"{in_words.reason(reason)}: {n:,}" for reason, n in counts["superseded_by_reason"].items())
        fates = [counts[fate] for fate in FATES if fate != "unread"]
        because = tag("span", why, class_="wrap") if why else "none"
        rows.append([name.replace("_", " ").capitalize(), counts["read"], *fates, because])
    shown = tables.table("What became of the rows of each measure", heads, rows)
    note = html.P(
        "What could not be read belongs to no measure. Superseded rows are kept, with the row that was chosen instead.",
        className="hint",
    )
    return card("Measures", [shown, note], id="measures")
