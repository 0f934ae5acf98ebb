"""Light or dark: the address wins, else the system decides, without a cookie and before anything is painted."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import expect

from dash_app import theme
from dash_app.app import create_app
from dash_app.gateway_folder import DemoGateway
from dash_app.palette import DARK, LIGHT
from dash_app.view import parse
from tests.dash_app import made_pages
from tests.dash_app.conftest import Tab
from tests.dash_app.documents import first_paint, links

DARK_SYSTEM = {theme.HINT: '"dark"'}


@pytest.fixture(scope="module")
def client(year_folder: Path) -> FlaskClient:
    return create_app(DemoGateway(year_folder), made_pages).server.test_client()


def drawn(html: str) -> str:
    """The theme in which the charts are, by the colour of their text."""
    inks = {name for name, palette in (("light", LIGHT), ("dark", DARK)) if f'"color":"{palette.ink}"' in html}
    assert len(inks) == 1
    return inks.pop()


@pytest.mark.parametrize(
    ("query", "headers", "shown"),
    [
        ("", {}, "light"),
        ("", {theme.HINT: '"light"'}, "light"),
        ("", {theme.HINT: '"sepia"'}, "light"),
        ("", DARK_SYSTEM, "dark"),
        ("?theme=light", DARK_SYSTEM, "light"),
        ("?theme=dark", {}, "dark"),
    ],
)
def test_the_address_wins_over_the_system_and_the_charts_are_as_the_page(
    client: FlaskClient, query: str, headers: dict[str, str], shown: str
) -> None:
    html = client.get(f"/{query}", headers=headers).get_data(as_text=True)
    assert f'data-theme="{shown}"' in html
    assert drawn(html) == shown


def test_a_chosen_theme_stays_in_every_link_and_the_systems_in_none(client: FlaskClient) -> None:
    chosen = [href for href in links(first_paint(client, "/?theme=light")) if href.startswith("/")]
    others = [href for href in chosen if "theme=light" not in href]
    assert others == ["/?theme=dark"]
    html = client.get("/", headers=DARK_SYSTEM).get_data(as_text=True)
    assert {href for href in links(html) if "theme=" in href} == {"/?theme=light"}


def test_only_pages_ask_for_the_hint_and_depend_on_it(client: FlaskClient) -> None:
    page, health = client.get("/"), client.get("/healthz")
    assert page.headers["Accept-CH"] == theme.HINT
    assert theme.HINT.lower() in page.headers["Vary"].lower()
    assert "Accept-CH" not in health.headers
    assert page.headers.getlist("Set-Cookie") == []


def test_the_script_in_the_head_is_the_one_that_the_policy_lets_run(client: FlaskClient) -> None:
    page = client.get("/")
    inline = re.findall(r"<script>(.*?)</script>", page.get_data(as_text=True).split("</head>")[0], re.S)
    assert inline == [theme.SCRIPT]
    assert theme.script_source() in page.headers["Content-Security-Policy"]


def test_an_unknown_theme_is_told_with_what_is_shown() -> None:
    view = parse("/", {"theme": "pink"}, date(2026, 1, 1), date(2026, 2, 1), "dark")
    assert view.theme == "dark"
    assert view.notes == ('"pink" is no theme (light, dark): this is dark.',)
    assert "theme" not in view.link()


@pytest.mark.parametrize("tells", [True, False])
def test_a_dark_system_gets_the_dark_page_whether_its_browser_tells_or_not(
    tells: bool, tab: Callable[..., Tab]
) -> None:
    opened = tab(color_scheme="dark")
    page = opened.page
    if not tells:
        page.add_init_script("delete Navigator.prototype.userAgentData")
    page.goto(f"{opened.base}/")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    opened.wait_until_live()
    assert page.url.removeprefix(opened.base) == ("/" if tells else "/?theme=dark")
    page.get_by_role("link", name="Light").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
    opened.wait_until_live()
    assert opened.faults == []
