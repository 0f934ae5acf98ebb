"""The first paint: what the server writes can be read without scripts, and the live page takes its place unnoticed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from dash import dcc, html
from flask.testing import FlaskClient

from dash_app import cards
from dash_app.app import create_app
from dash_app.gateway_folder import DemoGateway
from dash_app.native import Markup, Native, tag
from dash_app.ssr import to_html
from tests.dash_app import made_pages
from tests.dash_app.conftest import FIRST, LAST, SHIFTS, Tab

YEAR = f"/?from={FIRST}&to={LAST}"


@pytest.fixture(scope="module")
def client(year_folder: Path) -> FlaskClient:
    """Asks for pages without a browser."""
    return create_app(DemoGateway(year_folder), made_pages).server.test_client()


@pytest.mark.parametrize(
    ("component", "written"),
    [
        (html.P(["a < b", None, 3, html.Br()]), "<p>a &lt; b3<br></p>"),
        (
            html.A("x", href='/?a="&b', className="c", **{"aria-label": "y"}),
            '<a class="c" href="/?a=&#34;&amp;b" aria-label="y">x</a>',
        ),
        (html.Td("x", colSpan=2, style={"fontSize": "13px"}), '<td colspan="2" style="font-size:13px">x</td>'),
        (html.Details("x", open=True, n_clicks=1), "<details open>x</details>"),
        (html.Label("x", htmlFor="y", hidden=False), '<label for="y">x</label>'),
        (dcc.Graph(id="g", style={"height": "260px"}), '<div class="box" style="height:260px"></div>'),
        ([dcc.Store(id="s", data=1), dcc.Link("x", href="/y")], '<a href="/y">x</a>'),
        (
            Native("input", "", {"type": "range", "disabled": True, "min": 0, "data-x": "1"}),
            '<input type="range" disabled="" min="0">',
        ),
        (Native("p", "<b>", {"class": None}), "<p>&lt;b&gt;</p>"),
    ],
)
def test_components_are_written_as_html_with_text_escaped(component: object, written: str) -> None:
    assert str(to_html(component)) == written


def test_markup_is_escaped_once_wherever_text_enters() -> None:
    inside = tag("b", "<i>", aria_label='"', class_="x", hidden=None)
    assert inside == Markup('<b aria-label="&#34;" class="x">&lt;i&gt;</b>')
    assert tag("p", inside + "&") == Markup('<p><b aria-label="&#34;" class="x">&lt;i&gt;</b>&amp;</p>')


def test_the_page_can_be_read_without_scripts(tab: Callable[..., Tab]) -> None:
    page = tab(java_script_enabled=False).open(YEAR, is_live=False)
    card = page.locator(".number-card")
    assert card.locator(".label").inner_text() == "Systolic"
    assert card.get_by_role("link", name="how was this computed? (Systolic)").is_visible()
    page.get_by_text("Table of Blood pressure").click()
    rows = page.get_by_role("region", name="Blood pressure").get_by_role("row").all()
    assert len(rows) == 366
    assert rows[1].inner_text().split() == ["2025-03-01", *["no", "reading"] * 2]
    assert not page.locator("#day-slider").is_visible()
    told = page.locator("p.noscript")
    assert told.is_visible()
    assert told.inner_text() == "The charts need JavaScript; the numbers and the tables do not."


@pytest.mark.parametrize("width", [390, 1280])
def test_the_live_page_has_the_first_paints_text_and_heights_and_nothing_moves(
    width: int, tab: Callable[..., Tab]
) -> None:
    plain = tab(java_script_enabled=False, width=width).open(YEAR, is_live=False)
    live_tab = tab(width=width)
    live_tab.page.add_init_script(SHIFTS)
    live = live_tab.open(YEAR)
    assert live.evaluate("() => window.moved") < 0.02
    texts = "main :is(h1, h2, p:not(.hint), li, b, summary, th, td)"
    assert plain.locator(texts).all_text_contents() == live.locator(texts).all_text_contents()
    # Without scripts the slider and its hint are left out, so the card that holds them is less high.
    for name in (".head", ".number-card", "#readout", ".chart >> nth=0", ".chart >> nth=1"):
        before, after = plain.locator(name).bounding_box(), live.locator(name).bounding_box()
        assert before == pytest.approx(after, abs=0.6), name
    assert live_tab.faults == []


def test_focus_folds_and_fields_survive_the_live_page(tab: Callable[..., Tab]) -> None:
    opened = tab()
    held = []
    opened.page.route("**/dash_renderer*", lambda route: held.append(route))
    opened.page.goto(opened.base + YEAR, wait_until="commit")
    page = opened.page
    page.get_by_text("Other days").click()
    page.get_by_label("From").fill("2025-05-01")
    page.get_by_text("Table of Blood pressure").click()
    page.get_by_role("link", name="30 days").focus()
    page.evaluate("() => window.scrollTo(0, 120)")
    held[0].continue_()
    opened.wait_until_live()
    assert page.evaluate("() => document.activeElement.textContent") == "30 days"
    assert page.get_by_label("From").input_value() == "2025-05-01"
    assert page.locator("#page details.behind").get_attribute("open") == ""
    assert page.evaluate("() => window.scrollY") == 120


def test_one_document_holds_page_and_layout_and_no_other_address_gives_a_layout(client: FlaskClient) -> None:
    text = client.get(YEAR).get_data(as_text=True)
    [layout] = re.findall(r'<script id="pdp-layout" type="application/json">(.*?)</script>', text, flags=re.DOTALL)
    assert json.loads(layout)["props"]["id"] == "page"
    assert client.get("/_dash-layout").get_json() == {
        "namespace": "dash_html_components",
        "props": {"children": None},
        "type": "Div",
    }


def test_a_spark_breaks_where_a_day_is_missing_and_shows_a_lone_day() -> None:
    drawn = to_html(cards.spark([1.0, 2.0, None, 1.5, None, 2.0, 2.0], "systolic"))
    points = re.findall('points="([^"]*)"', drawn)
    assert [len(set(run.split())) for run in points] == [2, 1, 2]
    assert to_html(cards.spark([None, None], "systolic")) == Markup('<span class="spark"></span>')
