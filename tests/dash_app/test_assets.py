"""What the browser fetches: from this origin alone, small, kept for a year where the name tells the content."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

import plotly.offline
import pytest
from flask.testing import FlaskClient

from dash_app import charts
from dash_app.app import create_app
from dash_app.gateway_folder import DemoGateway
from tests.dash_app import made_pages
from tests.dash_app.conftest import COLD_KB, FIRST, LAST, Tab, weight
from tests.workflow.conftest import ROOT

ASSETS = ROOT / "dash_app/assets"
PLOTLY = ASSETS / "00-plotly-cartesian-4.1.1.min.js"
WARM_KB = 30  # on the wire


@pytest.fixture(scope="module")
def client(year_folder: Path) -> FlaskClient:
    """Asks for pages without a browser."""
    return create_app(DemoGateway(year_folder), made_pages).server.test_client()


def test_plotlys_cartesian_bundle_is_the_published_one_with_its_licence() -> None:
    # plotly.js-cartesian-dist-min 4.1.1, plotly-cartesian.min.js: the plotly.js that plotly 7.1 was made for.
    digest = hashlib.sha256(PLOTLY.read_bytes()).hexdigest()
    assert plotly.offline.get_plotlyjs_version() == "4.1.1", "another plotly: take the bundle of its plotly.js"
    assert digest == "79542150855a52c567260e3137095dbe2b744e6d702a5cabe67da246942fba7a"
    assert "MIT License" in (ASSETS / "00-plotly-cartesian-4.1.1.LICENSE.txt").read_text()
    assert "SIL Open Font License" in (ASSETS / "fonts/inter-latin-5.3.0.LICENSE.txt").read_text().replace(
        "SIL OPEN FONT", ""
    )


def test_plotlys_bundle_is_run_before_every_other_asset_and_before_dash(client: FlaskClient) -> None:
    scripts = re.findall(r'<script src="([^"]*)"', client.get("/").get_data(as_text=True))
    ours = [script for script in scripts if script.startswith("/assets/")]
    assert ours[0].startswith(f"/assets/{PLOTLY.name}?m=")
    assert scripts.index(ours[0]) < next(at for at, script in enumerate(scripts) if "dash_renderer" in script)
    assert not any("plotly" in script for script in scripts if script != ours[0])


def test_the_big_bundle_and_mathjax_are_never_fetched(tab: Callable[..., Tab]) -> None:
    opened = tab()
    page = opened.open("/")
    asked = [url for url in opened.asked if re.search("plotly|mathjax", url, flags=re.IGNORECASE)]
    assert [url.split("?")[0].rsplit("/", 1)[1] for url in asked] == [PLOTLY.name]
    assert page.evaluate("() => window.Plotly.version") == "4.1.1"


def test_answers_with_a_fingerprint_are_kept_for_a_year_and_pages_never(client: FlaskClient) -> None:
    text = client.get("/").get_data(as_text=True)
    named = [*re.findall(r'<script src="([^"]*)"', text), *re.findall(r'<link rel="stylesheet" href="([^"]*)"', text)]
    assert len(named) >= 12
    for url in named:
        kept = client.get(url).headers["Cache-Control"]
        assert "max-age=31536000" in kept, url
        assert "public" in kept, url
    for url in ("/", "/nothing", "/_dash-dependencies", "/_dash-layout", "/healthz"):
        assert client.get(url).headers["Cache-Control"] == "no-store"


def test_a_year_costs_less_than_850_kb_cold_and_30_kb_warm(tab: Callable[..., Tab]) -> None:
    opened = tab(is_cold=True)
    path = f"/?from={FIRST}&to={LAST}"
    cold = weight(opened, path)
    warm = weight(opened, path)
    assert 300_000 < cold < COLD_KB * 1000
    assert warm < WARM_KB * 1000


def test_no_style_or_script_of_ours_names_another_origin() -> None:
    for path in (*ASSETS.glob("*.css"), *ASSETS.glob("*.js"), *ASSETS.glob("*.svg")):
        if path != PLOTLY:
            text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
            assert not re.search(r"https?:|url\(['\"]?//|@import", text), path


def test_a_pages_charts_ask_for_nothing_outside_even_when_plotly_is_asked_to_share(tab: Callable[..., Tab]) -> None:
    opened = tab()
    page = opened.open("/")
    assert page.locator(".modebar-btn, [data-title*=hare]").count() == 0
    assert page.get_by_text(re.compile("share|plotly", re.IGNORECASE)).count() == 0
    assert opened.foreign == []
    assert charts.ZOOMED["showSendToCloud"] is False
