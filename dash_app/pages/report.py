"""Report: the sheet for the doctor, as the PDF has it."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from dash import html
from dash.development.base_component import Component
from flask import Response, request

from dash_app import pressure, states
from dash_app.cards import moment
from dash_app.gateway import Dataset, Gateway, NoDataError
from dash_app.native import Markup, Native, tag
from dash_app.view import View
from pdp import home_bp
from pdp.errors import PdpError
from pdp.report import document, model, sheet, style, verification
from pdp.report.model import Facts
from pdp.report.sheet import Marks

if TYPE_CHECKING:
    from dash_app.app import Served

TITLE = "Report"
SUBTITLE = "One page for the doctor: home blood pressure, how good the record is, and what it was computed from."
PATH = "/report"
NAV = 55
HAS_RANGE = False  # it is always of the newest readings: the same page every time

PDF = "/report.pdf"
# The sheet is paper: white in the dark theme too. In print, it alone is there.
FRAME = """
.paper { margin: .75rem 0; border: 1px solid var(--line); border-radius: .75rem; background: #fff; padding: 24px; }
.paper .sheet { margin: 0 auto; }
.report-actions { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; align-items: baseline; }
.report-actions a[aria-current] { color: inherit; font-weight: 600; text-decoration: none; }
.report-actions ul { display: flex; flex-wrap: wrap; gap: .25rem .75rem; margin: 0; padding: 0; list-style: none; }
@media screen and (max-width: 800px) { .paper { padding: 12px; } }
@media print {
  @page { size: A4; margin: 11mm; }
  body { background: #fff; }
  .skip, .header, .head, .footer, .keys, .noscript, .report-actions, .state, .report-note { display: none !important; }
  main { padding: 0; margin: 0; max-width: none; }
  .paper { margin: 0; border: 0; border-radius: 0; padding: 0; }
  .sheet { break-inside: avoid; }
}
"""
_ONE_AT_A_TIME = threading.Lock()  # a page takes about a second of one core; Pango's caches belong to the process


def page(data: Dataset, view: View) -> list[Component]:
    """The sheet under the guideline that the address asks for, and the way to its PDF."""
    content = _content(data)
    facts = _under(_facts(content), view.guideline)
    guideline = home_bp.guideline(facts.guideline)
    marks = Marks(hashlib.sha256(content).hexdigest())
    run = f" Run {data.run_id}," if data.run_id else ""
    note = (
        f"Computed on this data:{run} as of {moment(data.as_of)} UTC. The printed page names the digest of its data; "
    )
    # The sheet is of the newest readings there are: how old they are, whatever range the address names.
    last = facts.last
    whole = replace(view, last=view.data_last or view.last)
    old = states.stale(last, pressure.today(data, whole), "blood pressure reading") if last else None
    return [
        *pressure.unknown(view, guideline),
        *([old] if old else []),
        Native("style", Markup(style.SHEET + style.SCREENS + FRAME)),
        _actions(facts, view),
        Native("div", Markup(sheet.article(facts, guideline, marks, is_for_screens=True)), {"class": "paper"}),
        html.P(
            [note, html.Code("pdp verify report.pdf"), " tells the run that made them."], className="report-note method"
        ),
    ]


def register(app: Served, gateway: Gateway) -> None:
    """The PDF: of whoever's data the gateway gives to who asks."""

    @app.server.get(PDF)
    def pdf() -> Response:
        try:
            data = gateway.dataset()
            answer = Response(printed(data, request.args.get("guide", "")), content_type="application/pdf")
        except PdpError as error:
            return Response(f"Nothing was printed: {error}\n", 404, content_type="text/plain; charset=utf-8")
        name = f"pdp_{'demo_' if data.is_synthetic else ''}home_blood_pressure.pdf"
        answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        answer.headers["Cache-Control"] = "no-store"
        return answer


def printed(data: Dataset, guideline: str = "") -> bytes:
    """The PDF that the rule made, if it is of the data as they are; else printed now. Nothing of it is kept.

    Raises:
        NoDataError: There is nothing to print.
        PdpError: This system can't print; the text says what it lacks.
    """
    content = _content(data)
    named = hashlib.sha256(content).hexdigest()
    facts = _facts(content)
    wanted = _under(facts, guideline)
    if wanted == facts:
        try:
            made = data.document(f"published/{data.subject}/report.pdf")
            if verification.data_sha256(made) == named:
                return made
        except NoDataError:
            pass  # it is printed only when asked for: `snakemake --cores 1 report`
    with _ONE_AT_A_TIME:
        return document.print_pdf(wanted, Marks(named))


def _content(data: Dataset) -> bytes:
    return data.document(f"summary/{data.subject}/{verification.FACTS}")


def _facts(content: bytes) -> Facts:
    try:
        return model.parse(content)
    except PdpError as error:
        raise NoDataError(error.what, where=error.where, hint=error.hint) from None


def _under(facts: Facts, guideline: str) -> Facts:
    """The same facts under another guideline; under their own where there is no such one."""
    return replace(facts, guideline=guideline) if guideline in home_bp.guidelines() else facts


def _actions(facts: Facts, view: View) -> Component:
    links = []
    for key, each in home_bp.guidelines().items():
        is_now = key == facts.guideline
        link = tag("a", each.name, href=view.link(guide=key), aria_current="true" if is_now else None)
        links.append(tag("li", link))
    return html.Div(
        [
            html.A("Download the PDF", href=f"{PDF}?guide={facts.guideline}", download="home_blood_pressure.pdf"),
            html.Div(["Guideline:", Native("ul", Markup().join(links))], style={"display": "flex", "gap": ".5rem"}),
        ],
        className="report-actions",
    )
