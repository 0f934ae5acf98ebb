"""What all pages share: pages are found by file, the header says whose data it is, faults and emptiness are told."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from dash import dcc
from flask.testing import FlaskClient

from dash_app import app as application
from dash_app import charts, shell, states
from dash_app.app import create_app
from dash_app.gateway import Dataset, Gateway
from dash_app.gateway_folder import DemoGateway
from dash_app.ssr import parts, to_html
from dash_app.view import View
from tests.dash_app import made_pages
from tests.dash_app.conftest import Tab

FEBRUARY = View(date(2026, 2, 1), date(2026, 2, 28))


@dataclass(frozen=True)
class Doors:
    """A gateway with the demo's data and another answer about sign-in."""

    inner: Gateway
    signed_in: bool
    can: bool

    def dataset(self) -> Dataset:
        """As the inner one's."""
        return self.inner.dataset()

    def is_signed_in(self) -> bool:
        """As told."""
        return self.signed_in

    def can_sign_in(self) -> bool:
        """As told."""
        return self.can


@pytest.fixture(scope="module")
def client(year_folder: Path) -> FlaskClient:
    """Asks for pages without a browser."""
    return create_app(DemoGateway(year_folder), made_pages).server.test_client()


def test_a_page_is_found_by_its_file_and_stands_in_the_navigation_by_its_number() -> None:
    found = application.pages()
    assert {page.PATH for page in found} >= {"/"}
    assert len({page.PATH for page in found}) == len(found)
    named = [page.option("NAV", None) for page in found]
    assert len({place for place in named if place is not None}) == len([place for place in named if place is not None])
    assert [page.TITLE for page in application.pages(made_pages)] == ["Broken", "Days"]


def test_the_demo_says_on_every_page_that_its_person_does_not_exist(client: FlaskClient) -> None:
    text = client.get("/").get_data(as_text=True)
    assert '<span class="badge" title="This person does not exist">Demo data</span>' in text
    assert "Synthetic data: this person does not exist." in text
    assert "Not a diagnosis, and no medical device." in text
    assert "Sign in" not in text
    assert "Sign out" not in text


@pytest.mark.parametrize(("signed_in", "can", "told"), [(False, True, "Sign in"), (True, True, "Sign out")])
def test_the_header_offers_to_sign_in_or_out_where_there_is_something_to_sign_in_to(
    year_folder: Path, signed_in: bool, can: bool, told: str
) -> None:
    server = create_app(Doors(DemoGateway(year_folder), signed_in, can), made_pages).server
    text = server.test_client().get("/").get_data(as_text=True)
    assert [name for name in ("Sign in", "Sign out") if f">{name}</" in text] == [told]


def test_a_page_with_a_fault_says_so_without_data_and_the_log_has_no_value(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        answer = client.get("/broken")
    text = answer.get_data(as_text=True)
    assert answer.status_code == 500
    assert "This page could not be made." in text
    assert "187" not in text + caplog.text
    assert "ZeroDivisionError" in caplog.text
    assert answer.headers["Cache-Control"] == "no-store"


def test_an_address_that_no_page_has_is_a_404_with_the_navigation(client: FlaskClient) -> None:
    answer = client.get("/nothing?theme=dark")
    assert answer.status_code == 404
    assert "There is no page of this address." in answer.get_data(as_text=True)
    assert 'href="/?theme=dark"' in answer.get_data(as_text=True)


def test_the_question_mark_shows_the_keys_and_escape_hides_them(tab: Callable[..., Tab]) -> None:
    opened = tab()
    page = opened.open("/")
    keys = page.get_by_role("dialog", name="Keys")
    assert not keys.is_visible()
    page.keyboard.press("?")
    assert keys.is_visible()
    assert "Page Up, Page Down" in keys.inner_text()
    page.keyboard.press("Escape")
    assert not keys.is_visible()
    page.locator("#page footer").get_by_role("link", name="keys").click()
    assert keys.is_visible()
    keys.get_by_role("button", name="Close").click()
    assert not keys.is_visible()
    page.get_by_text("Other days").click()
    page.get_by_label("From").focus()
    page.keyboard.press("?")
    assert not keys.is_visible(), "a question mark in a field belongs to the field"


def test_the_states_say_what_is_missing_since_when_and_what_holds_all_the_same() -> None:
    assert "There are none in the data at all." in to_html(states.empty(FEBRUARY, "nights"))
    few = states.too_few(19, 20, "pairs of a night and its morning", "No line is drawn")
    assert to_html(few) == '<p class="state state-few">19 of 20 pairs of a night and its morning. No line is drawn.</p>'
    assert states.stale(date(2026, 2, 25), date(2026, 2, 28)) is None
    old = states.stale(date(2026, 2, 24), date(2026, 2, 28))
    assert "The newest reading is 4 days old (24 Feb 2026)." in to_html(old)
    failed = states.error("The cuff's sheet could not be read.", "Older readings are complete.", "4f1c", None)
    assert (
        "<strong>The cuff&#39;s sheet could not be read.</strong> Older readings are complete. Run <code>4f1c</code>."
        in (to_html(failed))
    )


def test_a_line_is_bridged_over_seven_days_and_broken_over_more() -> None:
    days = [date(2026, 1, n) for n in (1, 8, 16, 17)]
    assert charts.line(days, [1.0, 2.0, 3.0, None]) == (
        [date(2026, 1, 1), date(2026, 1, 8), date(2026, 1, 9), date(2026, 1, 16)],
        [1.0, 2.0, None, 3.0],
    )


def test_no_chart_has_plotlys_hover_or_a_button_that_sends_data_away(year_folder: Path) -> None:
    data = DemoGateway(year_folder).dataset()
    shown = application.pages(made_pages)[1].page(data, FEBRUARY)
    graphs = [part for part in parts(shown) if isinstance(part, dcc.Graph)]
    assert len(graphs) == 2
    for graph in graphs:
        assert graph.figure.layout.hovermode is False
        assert graph.config["showSendToCloud"] is False
        assert graph.config["plotlyServerURL"] == ""
        assert graph.config["displaylogo"] is False


def test_links_of_the_shell_keep_range_and_theme() -> None:
    view = View(date(2026, 2, 1), date(2026, 2, 28), "dark", path="/a", is_default_range=False, is_theme_chosen=True)
    page = shell.layout("A", "text", view, [shell.Link("B", "/b")], shell.Door())
    assert 'href="/b?from=2026-02-01&amp;to=2026-02-28&amp;theme=dark"' in to_html(page)
