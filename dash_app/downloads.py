"""/download/...: the rows behind a chart as CSV or Parquet, and the observations of a range of days as a FHIR Bundle.

What is handed out is decided by the gateway alone: whoever is not proven to be the owner gets the synthetic demo's.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, cast

import pyarrow as pa
from dash import html
from dash.development.base_component import Component
from flask import Response, request

from dash_app import shell, states
from dash_app.gateway import Dataset, Gateway, NoDataError
from dash_app.native import Markup, Native, tag
from dash_app.ssr import to_html
from dash_app.view import DEFAULT_DAYS, LONGEST_DAYS, View
from pdp import publish
from pdp.errors import PdpError, StoreError
from pdp.publish.average import Rules
from pdp.publish.bundle import Contents
from pdp.vocabulary import MEASURES

if TYPE_CHECKING:
    from dash_app.app import Served

BUNDLE = "health.fhir.json"
FORMS: Mapping[str, Callable[[pa.Table, publish.Origin], publish.Published]] = {
    "csv": publish.csv_file,
    "parquet": publish.parquet_file,
}
TITLES = {
    "blood_pressure": "Blood pressure readings",
    "heart_rate": "Heart rate samples",
    "sleep_episode": "Sleeps as devices tell them",
    "sleep_stage": "Stages of sleep",
    "step_count": "Steps as devices tell them",
    "daily": "Days",
    "nights": "Nights",
    "bp_sessions": "Sittings",
    "bp_windows": "Home averages",
    "trends": "Trends",
    "regularity": "Regularity of sleep",
}
_NAME = re.compile(r"([a-z0-9_]{1,60})\.(csv|parquet)")


class RefusedError(PdpError):
    """There is no such file; the text says which there are."""


def install(app: Served, gateway: Gateway) -> None:
    """Add the route."""

    @app.server.get("/download/<path:name>")
    def download(name: str) -> Response:
        try:
            data = gateway.dataset()
            first, last = days(request.args, data)
            made = file(data, name, first, last)
        except (NoDataError, RefusedError, publish.RangeError) as error:
            return _refused(app, gateway, str(error))
        answer = Response(made.content, content_type=made.media_type)
        answer.headers["Content-Disposition"] = f'attachment; filename="{file_name(data, name, first, last)}"'
        answer.headers["Cache-Control"] = "no-store"
        sha256 = base64.b64encode(hashlib.sha256(made.content).digest()).decode()
        answer.headers["Repr-Digest"] = f"sha-256=:{sha256}:"  # RFC 9530
        return answer


def links(view: View, names: Sequence[str], is_bundle: bool = False) -> Component:
    """Links to the rows of the days shown.

    Args:
        view: The range.
        names: Tables: measures of the vocabulary, or summary tables.
        is_bundle: Whether to offer the FHIR Bundle too.
    """
    entries = []
    for name in names:
        title = TITLES.get(name, name.replace("_", " ").capitalize())
        forms = [
            tag(
                "a", Markup(form + tag("span", f" of {title}", class_="unseen")), href=address(view, f"{name}.{suffix}")
            )
            for suffix, form in (("csv", "CSV"), ("parquet", "Parquet"))
        ]
        entries.append(tag("li", Markup(f"{tag('span', title)}: ") + Markup(" · ").join(forms)))
    if is_bundle:
        entries.append(
            tag("li", Markup("For a health record: ") + tag("a", "FHIR R4 Bundle", href=address(view, BUNDLE)))
        )
    return Native("ul", Markup().join(entries), {"class": "downloads"})


def address(view: View, name: str) -> str:
    """Where the file of the days shown is."""
    return f"/download/{name}?from={view.first}&to={view.last}"


def days(args: Mapping[str, str], data: Dataset) -> tuple[date, date]:
    """The days that an address asks for; without any, the last that there are. Nothing is guessed.

    Raises:
        RefusedError: No dates, the wrong way round, or too many.
    """
    there = data.table("daily", ["date"])["date"]
    if not len(there):
        raise RefusedError("the data has no day yet.", hint="Run the workflow: make run.")
    last = _date(args, "to", there[-1].as_py())
    first = _date(args, "from", last - timedelta(days=min(DEFAULT_DAYS - 1, last.toordinal() - 1)))
    if first > last:
        raise RefusedError(f"{first} is after {last}.", where="from", hint="Give the earlier day first.")
    if (last - first).days >= LONGEST_DAYS:
        raise RefusedError(f"{first} to {last} is longer than {LONGEST_DAYS:,} days.", hint="Ask for fewer days.")
    return first, last


def file(data: Dataset, name: str, first: date, last: date) -> publish.Published:
    """The file of that name.

    Raises:
        RefusedError: There is none, or it would be empty.
        RangeError: It would be too large.
    """
    origin = publish.Origin(data.run_id, data.as_of, data.is_synthetic, data.subject, data.beginning())
    if name == BUNDLE:
        return publish.bundle(_contents(data, first, last), origin)
    named = _NAME.fullmatch(name)
    table = named[1] if named else ""
    if named is None or not (table in MEASURES or data.has_table(table)):
        known = ", ".join(sorted([*MEASURES, "daily", "nights"]))
        raise RefusedError(
            "there is no such file.", where="download", hint=f"A table as .csv or .parquet ({known}, ...), or {BUNDLE}."
        )
    rows = _rows(data, table, first, last)
    if not len(rows):
        raise RefusedError(f"there is nothing from {first} to {last}.", where=table, hint="Choose other days.")
    return FORMS[named[2]](rows, origin)


def file_name(data: Dataset, name: str, first: date, last: date) -> str:
    """Nobody's name in it: what, of which days, and whether the person exists."""
    stem, _, suffix = name.partition(".")
    return f"pdp_{'demo_' if data.is_synthetic else ''}{stem}_{first}_{last}.{suffix}"


def _rows(data: Dataset, table: str, first: date, last: date) -> pa.Table:
    if table in MEASURES:
        data.bring([f"results/merged/{data.subject}/{table}.parquet"])
        try:
            return publish.measure(data.root / "results/merged" / data.subject / f"{table}.parquet", first, last)
        except StoreError:  # its text names a path of the machine
            raise RefusedError("its rows are not on this machine.", where=table, hint="Other tables may be.") from None
    try:
        found = data.table(table, None, first, last)
    except NoDataError:
        found = data.table(table)  # a table without days: all of it
    return publish.as_it_stands(table, found, first, last)


def _contents(data: Dataset, first: date, last: date) -> Contents:
    windows = data.table("bp_windows", None, first, last) if data.has_table("bp_windows") else None
    found = Contents(
        first,
        last,
        _rows(data, "blood_pressure", first, last),
        data.table("nights", None, first, last),
        data.table("daily", ["date", "steps"], first, last),
        windows,
        _rules(data),
    )
    if not any(len(table) for table in (found.blood_pressure, found.nights, found.daily)):
        raise RefusedError(f"there is nothing from {first} to {last}.", where="health", hint="Choose other days.")
    return found


def _rules(data: Dataset) -> Rules:
    """The settings that the averages were computed with; the usual ones where no registry tells."""
    from pdp.lineage import chain
    from pdp.lineage.summary_inputs import Inputs

    try:
        with data.registry() as session:
            path = f"results/summary/{data.subject}/bp_windows.parquet"
            made = chain.chain(session, path, lambda _: False)
    except NoDataError:
        return Rules()
    if not made:
        return Rules()
    inputs = Inputs(made[0].settings, data.root / "results", data.subject)
    return Rules(inputs.home_bp, inputs.settings)


def _date(args: Mapping[str, str], name: str, usual: date) -> date:
    text = args.get(name)
    if not text:
        return usual
    try:
        if not re.fullmatch(r"\d{4}-\d\d-\d\d", text):
            raise ValueError(text)
        return date.fromisoformat(text)
    except ValueError:
        raise RefusedError("is no date.", where=name, hint=f"Write it as {usual}: year, month, day.") from None


def _refused(app: Served, gateway: Gateway, why: str) -> Response:
    """A page that says why, readable without scripts."""
    told = [states.error(f"Nothing was downloaded: {why}", ""), html.P(html.A("Back to the data", href="/data"))]
    try:
        is_synthetic = gateway.dataset().is_synthetic
    except NoDataError:
        is_synthetic = False
    door = shell.Door(is_synthetic, gateway.is_signed_in(), gateway.can_sign_in())
    page = to_html(shell.layout("No download", told, None, app.nav(), door, has_range=False))
    sheets = Markup().join(
        tag("link", rel="stylesheet", href=app.get_asset_url(name)) for name in ("tokens.css", "page.css")
    )
    head = tag("head", tag("meta", charset="utf-8") + tag("title", "No download") + sheets)
    text = f'<!DOCTYPE html>\n<html lang="en">{head}{tag("body", page)}</html>\n'
    answer = Response(text, 404, mimetype="text/html")
    answer.headers["Cache-Control"] = "no-store"
    return cast(Response, answer)
