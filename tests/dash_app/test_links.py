"""Every link of every page leads to the page that is meant; of each kind of link, one is followed."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient

from dash_app.app import create_app, pages
from dash_app.cards import day_text
from dash_app.gateway_folder import DemoGateway
from tests.dash_app.documents import first_paint, links, text

TITLES = {page.PATH: page.TITLE for page in pages()}
FROM = [*TITLES, "/?from=2025-01-01&to=2025-12-31", "/day?date=2025-07-05&span=noon", "/day?date=2025-04-22"]


@pytest.fixture(scope="module")
def client(demo_folder: Path) -> FlaskClient:
    return create_app(DemoGateway(demo_folder)).server.test_client()


def kind(href: str) -> tuple[object, ...]:
    """What tells links of one page apart: path, names of the parameters and the span."""
    parts = urlsplit(href)
    asked = parse_qs(parts.query)
    return parts.path, tuple(sorted(asked)), tuple(asked.get("span", []))


def test_every_link_answers_with_the_page_that_is_meant(client: FlaskClient) -> None:
    found: dict[tuple[object, ...], list[str]] = {}
    for path in FROM:
        for href in links(first_paint(client, path)):
            assert href.startswith(("/", "#", "?")), (path, href)
            # Numbers are followed by test_lineage_page.py, files by test_downloads.py.
            if href.startswith("/") and not href.startswith(("/lineage?", "/download/", "/report.pdf")):
                found.setdefault(kind(href), []).append(href.partition("#")[0])
    followed = {each[at] for (path, *_), each in found.items() for at in ((0, -1) if path == "/day" else (0,))}
    assert len(followed) > 20
    for href in sorted(followed):
        parts = urlsplit(href)
        answer = client.get(href)
        assert answer.status_code == 200, href
        if parts.path not in TITLES:
            assert parts.path.startswith(("/assets/", "/report")), href
            continue
        page = answer.get_data(as_text=True)
        assert f"<h1>{TITLES[parts.path]}</h1>" in page.replace("&amp;", "&"), href
        assert "state-error" not in page.partition("</main>")[0], href
        day = parse_qs(parts.query).get("date")
        if parts.path == "/day" and day:
            assert f'name="date" value="{day[0]}"' in page, href


def test_a_days_page_is_linked_from_where_days_are_shown(client: FlaskClient) -> None:
    for path in ("/", "/blood-pressure"):
        ways = [href for href in links(first_paint(client, path)) if href.startswith("/day?")]
        assert ways, path
        day = parse_qs(urlsplit(ways[0]).query)["date"][0]
        assert day_text(date.fromisoformat(day)) in text(first_paint(client, ways[0]))
