"""How heart rate is distributed over the days shown, asleep and awake."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
from dash import html
from dash.development.base_component import Component

from dash_app import cards, charts, states, tables
from dash_app.figures import heart_rate as drawn
from dash_app.gateway import Dataset
from dash_app.native import Markup, tag
from dash_app.view import View
from pdp.heart_rate import counts

TITLE = "Distribution"
LEAST_SAMPLES = 100  # quartiles of fewer say little
NAMES = {"": "All", "asleep": "Asleep", "awake": "Awake", "unknown": "Not known"}


def section(data: Dataset, view: View) -> Component:
    """A card: bins of 5 bpm, and median and quartiles in a table with the way back of each row."""
    if not data.has_table(counts.TABLE):
        note = "The runs have not made the table of counts yet: run the workflow (make run)."
        return cards.card(TITLE, html.P(note, className="state state-few"))
    table = data.table(counts.TABLE, None, view.first, view.last)
    whole = sum(table["n"].to_pylist())
    if whole < LEAST_SAMPLES:
        return cards.card(TITLE, states.too_few(whole, LEAST_SAMPLES, "samples of heart rate", "Nothing is drawn"))
    bins = counts.bins(table, drawn.BIN_BPM)
    when = f"{cards.moment(view.first)} to {cards.moment(view.last)}"
    every = sorted({low for of in bins.values() for low in of})
    phases = [phase for phase, _ in drawn.STATES if phase in bins]
    heads = [tables.Column("bpm", is_text=True), *(tables.Column(NAMES[phase]) for phase in phases)]
    body = ((f"{low} to {low + drawn.BIN_BPM - 1}", *(bins[phase].get(low, 0) for phase in phases)) for low in every)
    chart = charts.chart(
        "heart-spread",
        f"{TITLE} (samples by {drawn.BIN_BPM} bpm)",
        drawn.spread(view, bins),
        description=f"{when}: {whole:,} samples, {every[0]} to {every[-1] + drawn.BIN_BPM - 1} bpm, by "
        f"{', '.join(NAMES[phase].lower() for phase in phases)}.",
        table=tables.behind(f"samples by heart rate, {when}", heads, body),
        legend=[charts.Key(NAMES[phase].lower(), colour, "bar") for phase, colour in drawn.STATES if phase in bins],
        note="Samples, not minutes: many devices measure more often in motion. Awake is between two sleeps on record "
        "no more than 24 hours apart; not known is where a night may not have been recorded.",
    )
    newest = max(table["date"].to_pylist())
    middle = tables.table(
        f"Middle of the distribution, {when}, as of {cards.moment(newest)}", HEADS, _rows(view, table)
    )
    return html.Section([chart, middle], className="card heart-spread")


HEADS = [
    tables.Column("Phase", is_text=True),
    tables.Column("Samples"),
    tables.Column("First quartile", "bpm", 1),
    tables.Column("Median", "bpm", 1),
    tables.Column("Third quartile", "bpm", 1),
    tables.Column("How it came to be", is_text=True),
]


def _rows(view: View, table: pa.Table) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = []
    bpm, n, of = (table[name].to_pylist() for name in ("heart_rate_bpm", "n", "phase"))
    for phase, name in NAMES.items():
        chosen = [at for at, one in enumerate(of) if phase in ("", one)]
        if not chosen:
            continue
        rates, many = [bpm[at] for at in chosen], [n[at] for at in chosen]
        middle = [counts.quantile(rates, many, share) for share in (0.25, 0.5, 0.75)]
        where = view.link(
            "/lineage",
            metric=f"{counts.TABLE}.heart_rate_bpm",
            since=view.first,
            day=view.last,
            share=0.5,
            phase=phase or None,
        )
        unseen = tag("span", f" (median, {name.lower()})", class_="unseen")
        how = tag("a", Markup("how was this computed?") + unseen, href=where)
        rows.append((name, sum(many), *middle, how))
    return rows
