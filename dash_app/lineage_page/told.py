"""The number, its verdict, and the jobs that led to it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from itertools import groupby
from pathlib import PurePosixPath
from typing import Any

from dash import html
from dash.development.base_component import Component

from dash_app.cards import card, moment
from dash_app.lineage_page import address, pair
from dash_app.native import Markup, Native, tag
from dash_app.sleep import duration, wall
from dash_app.view import View
from pdp import in_words
from pdp.lineage.chain import Link
from pdp.lineage.number import DIFFERS, SAME, Number

LAYERS = {
    "summary": "Summary table",
    "merged": "Merged: one row per event",
    "validated": "Checked",
    "normalized": "Read and placed in time",
    "raw": "Raw file",
}
MINUTES_SHOWN_AS_SUCH = 60
COUNTS = ("n", "n_readings", "n_nights", "n_days_with_reading", "n_days")
_MOST_OTHERS = 24
_MOST_STEPS = 3  # tables of one layer that are shown unfolded


def card_of(number: Number, view: View) -> Component:
    """What is shown, whether it came out again, from how many rows, as of when."""
    measured = "" if isinstance(number.shown, bool) else in_words.unit(number.unit)
    value = html.Span("no value" if number.shown is None else short(number.shown), className="value")
    parts: list[Any] = [
        html.P(_about(number), className="label"),
        html.P([value, html.Span(f" {measured}", className="unit") if measured else ""], className="number"),
        html.P(read, className="detail") if (read := as_read(number)) else None,
        _verdict(number),
        html.P(number.method[:1].upper() + number.method[1:], className="method") if number.method else None,
        html.P(f"{_rests(number)} · {_made(number)}", className="foot"),
    ]
    others = _others(number, view)
    return html.Section(
        [
            html.H2(f"{number.title}: {number.of_what}" if number.of_what else number.title),
            *[part for part in parts if part is not None],
            *pair.links(number, view),
            *others,
        ],
        className="card number-card",
    )


def chain(links: Sequence[Link], is_intact: bool) -> Component:
    """Each table and the job that made it, from the number's table back to the raw files."""
    steps = Markup()
    for layer, group in groupby(enumerate(links), key=lambda place: place[1].path.split("/")[1]):
        told = [_step(link, is_intact or at > 0) for at, link in group]
        whole = Markup().join(told)
        if len(told) > _MOST_STEPS:
            summary = tag("summary", f"{LAYERS.get(layer, layer)}: {len(told)} tables")
            whole = tag("li", tag("details", summary + tag("ol", whole, class_="chain")), class_="step")
        steps += whole
    return card("How it was made, back to the raw files", Native("ol", steps, {"class": "chain"}))


def short(value: Any) -> str:
    """A number as it is read; the exact one stands beside it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.2f}".rstrip("0").rstrip(".")
    return f"{value:,}" if isinstance(value, int) else str(value)


def as_read(number: Number) -> str:
    """Minutes as pages show them: a length in hours, a local time as the wall clock; "" for other numbers."""
    if number.unit != "min" or isinstance(number.shown, str) or number.shown is None:
        return ""
    if number.asked.column.endswith("_local_min"):
        return f"{wall(number.shown)} by the wall clock"
    return duration(number.shown) if number.shown >= MINUTES_SHOWN_AS_SUCH else ""


def _about(number: Number) -> str:
    keys = {name: value for name, value in number.row.items() if name in number.asked.keys}
    if number.asked.since and number.asked.day:
        words = [f"{name} {value.replace('_', ' ').replace(',', ' or ')}" for name, value in keys.items()]
        how = "summed" if number.asked.share is None else f"quantile {number.asked.share:g} of all samples"
        days = f"{how} from {moment(number.asked.since)} to {moment(number.asked.day)}"
        return ", ".join([f"{number.asked.table}.{number.asked.column}", days, *words])
    day = next(
        (number.row[name] for name in ("date", "night_date", "to_date", "month", "event_date") if name in number.row),
        None,
    )
    told = [f"{number.asked.table}.{number.asked.column}"]
    told += [moment(day)] if isinstance(day, date) else []
    return ", ".join([*told, *(f"{name.replace('_', ' ')} {value}" for name, value in keys.items() if value != "")])


def _made(number: Number) -> str:
    if not number.chain:
        return "no run is on record here"
    table = number.chain[0]
    return f"as of {moment(datetime.fromisoformat(table.ended))} UTC · run {table.run or 'unknown'}"


def _verdict(number: Number) -> Component:
    """In words, and as data for whoever checks."""
    shown, again = _exact(number.shown), _exact(number.again)
    if number.verdict == SAME:
        said = f"Recomputed just now: {again}, the same."
    elif number.verdict == DIFFERS:
        said = f"Recomputed just now: {again}, NOT the same as {shown} in the table."
    else:
        said = f"Not recomputed: {number.why}."
    intact = "" if number.is_intact else " The table is not the one that its run vouched for."
    told = tag("span", f"{said}{intact}", data_verdict=number.verdict, data_shown=shown, data_again=again)
    return Native("p", told, {"class": f"verdict verdict-{number.verdict}"})


def _rests(number: Number) -> str:
    if number.behind.rows:
        return f"n = {len(number.behind.rows):,} {'row' if len(number.behind.rows) == 1 else 'rows'}"
    if number.behind.days:
        return f"n = {len(number.behind.days):,} {'day' if len(number.behind.days) == 1 else 'days'}"
    # A month's days with a reading, before its days at the level of the row, which may be none.
    n = next((number.row[name] for name in COUNTS if name in number.row), None)
    if n is None and "n_before" in number.row:
        return f"n = {number.row['n_before']:,} days before and {number.row['n_after']:,} after"
    return f"n = {n:,}" if isinstance(n, int) else "no row stands behind it"


def _others(number: Number, view: View) -> list[Component]:
    if not number.others:
        return []
    links = Markup(" · ").join(
        tag(
            "a",
            " ".join(_word(value) for name, value in keys.items() if value and name != "unit"),
            href=address.other(view, number.asked, keys),
        )
        for keys in number.others[:_MOST_OTHERS]
    )
    more = f" and {len(number.others) - _MOST_OTHERS} more" if len(number.others) > _MOST_OTHERS else ""
    what = "Other rows of the same day: " if number.has_days else "Other rows: "
    return [Native("p", Markup(what) + links + more, {"class": "others"})]


def _word(text: str) -> str:
    return text.replace("T", " ").removesuffix("+00:00").replace("_", " ")


def _step(link: Link, is_intact: bool) -> Markup:
    layer = link.path.split("/")[1]
    name = tag(
        "strong", PurePosixPath(link.path).stem.replace("_", " ") if layer != "raw" else PurePosixPath(link.path).name
    )
    rows = f", {link.rows:,} {'row' if link.rows == 1 else 'rows'}" if link.rows is not None else ""
    head = tag(
        "p",
        Markup(tag("span", LAYERS.get(layer, layer), class_="layer") + " " + name + f", version {link.version}{rows}"),
    )
    facts = tag("dt", "File") + tag("dd", tag("code", link.path))
    facts += tag("dt", "SHA-256") + tag(
        "dd", tag("code", link.sha256) + ("" if is_intact else " (the file is another)")
    )
    if link.rule:
        when = f"{moment(datetime.fromisoformat(link.ended))} UTC"
        facts += tag("dt", "Rule") + tag("dd", f"{link.rule}, {when}, run {link.run or 'unknown'}")
        facts += tag("dt", "Code") + tag("dd", _code(link))
        if link.settings:
            facts += tag("dt", "Parameters") + tag("dd", _folded("as they stood", link.settings))
    else:
        facts += tag("dt", "From") + tag("dd", "outside: the bytes as they arrived")
    return tag("li", head + tag("dl", facts), class_=f"step step-{layer}", id=anchor(link))


def anchor(link: Link) -> str:
    """Where the page tells of a table."""
    return "step-" + re.sub(r"[^A-Za-z0-9_-]", "-", link.path)


def _code(link: Link) -> Markup:
    told = f"version {link.key[:16]}, Python {link.python}, {len(link.code)} modules"
    return Markup(tag("span", told)) + _folded("their digests, and libraries", {**link.code, **link.libraries})


def _folded(title: str, content: Mapping[str, Any]) -> Markup:
    text = json.dumps(content, ensure_ascii=False, indent=1)
    return tag("details", tag("summary", title) + tag("pre", text, tabindex="0"))


def _exact(value: Any) -> str:
    return "no value" if value is None else str(value)
