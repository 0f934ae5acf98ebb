"""What a number rests on: rows with the raw records they were read from, or days with a value of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from dash import html
from dash.development.base_component import Component

from dash_app import tables
from dash_app.cards import card, moment
from dash_app.lineage_page import address
from dash_app.lineage_page.told import short
from dash_app.native import Markup, Native, tag
from dash_app.view import View
from pdp import in_words
from pdp.cli.explain_text import local
from pdp.lineage.number import Number

FEW = 40
PROOFS = {"same": "the same", "differs": "SOMETHING ELSE", "unproven": "not proven"}


def sections(number: Number, view: View) -> list[Component]:
    """Rows and raw files, or days."""
    if number.behind.rows:
        return [_rows(number, view), _files(number.behind.exports)]
    return [_days(number, view)] if number.behind.days else []


def _rows(number: Number, view: View) -> Component:
    rows = number.behind.rows
    agree = sum(row["proof"] == "same" for row in rows)
    order = sorted(rows, key=lambda row: row["proof"] == "same")  # what does not agree comes first
    most = len(rows) if view.params.get("rows") == "all" else FEW
    heads = [
        tables.Column("When"),
        tables.Column("Value", is_text=True),
        tables.Column("File and record", is_text=True),
    ]
    heads += [tables.Column("Read again", is_text=True), tables.Column("The raw record", is_text=True)]
    told = html.P(f"{agree:,} of {len(rows):,} rows, read again from the raw bytes just now, say the same.")
    files = {export["export"]: ", ".join(export["documents"]) for export in number.behind.exports}
    shown = tables.table("Rows behind the number", heads, [_row(row, files) for row in order[:most]])
    more = []
    if len(rows) > most:
        href = view.link(**dict(view.params), rows="all")
        more = [html.P([f"{most} of {len(rows):,} shown. ", html.A("All rows", href=href)])]
    return card("The rows it was computed from", [told, shown, *more])


def _row(row: Mapping[str, Any], files: Mapping[str, str]) -> Sequence[Any]:
    values = in_words.values(row["values"]) + (f" [{row['flags']}]" if row["flags"] else "")
    who = f"{row['source']}{' (' + row['device'] + ')' if row['device'] else ''}"
    named = [files.get(row["export"]) or row["export"], PurePosixPath(row["member"]).name, f"record {row['row']:,}"]
    place = tag("span", who) + tag("span", ", ".join(part for part in named if part), class_="path")
    proof = PROOFS[row["proof"]] + (f": {row['note']}" if row["note"] else "")
    when = local(row["start_utc"], row["utc_offset_min"])
    return (
        tag("span", when, class_="narrow"),
        tag("span", values, class_="narrow"),
        tag("div", place, class_="stack"),
        proof,
        tag("code", row["text"] or ""),
    )


def _files(exports: Sequence[Mapping[str, Any]]) -> Component:
    items = Markup()
    for export in exports:
        names = ", ".join(export["documents"]) or "a document that no manifest names"
        state = "intact" if export["is_intact"] else "MISSING OR ALTERED"
        head = tag("strong", names) + f" of {export['source']}, format {export['format'] or 'unknown'}: {state}"
        digest = tag("code", export["sha256"])
        items += tag("li", tag("p", head) + tag("p", Markup("SHA-256 ") + digest), class_="step")
    return card("Raw files", Native("ul", items, {"class": "chain"}))


def _days(number: Number, view: View) -> Component:
    figure = number.behind.figure
    heads = [tables.Column("Day"), tables.Column(figure)]
    keys = number.asked.keys if number.asked.since else {}
    rows = [
        [tag("a", moment(day), href=address.of_day(view, figure, day, keys)), short(value)]
        for day, value in number.behind.days
    ]
    told = html.P("Each day's number has a page like this one.")
    return card("The days it was computed from", [told, tables.table(f"Days behind the number: {figure}", heads, rows)])
