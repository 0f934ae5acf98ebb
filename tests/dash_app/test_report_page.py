"""The report's page: the sheet that is printed, under the guideline of the address, and its PDF."""

from __future__ import annotations

import hashlib
import io
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from pypdf import PdfReader

from dash_app import palette
from dash_app.app import create_app
from dash_app.gateway_folder import DemoGateway
from pdp import home_bp
from pdp.report import colors, document, model, style, words
from pdp.report.sheet import Marks
from tests.dash_app.conftest import Tab

NewTab = Callable[..., Tab]
A4_PX = (210 * 96 / 25.4, 297 * 96 / 25.4)
FACTS = "results/summary/demo/report.json"


@pytest.fixture
def folder(demo_folder: Path, tmp_path: Path) -> Path:
    """The demo's summary in a folder of the test's own."""
    shutil.copytree(demo_folder / "results/summary", tmp_path / "results/summary")
    return tmp_path


def client_of(folder: Path) -> FlaskClient:
    return create_app(DemoGateway(folder)).server.test_client()


def facts_of(folder: Path) -> model.Facts:
    return model.parse((folder / FACTS).read_bytes())


def text_of(pdf: bytes) -> str:
    return re.sub(r"\s+", " ", PdfReader(io.BytesIO(pdf)).pages[0].extract_text())


def test_the_sheet_is_704_px_wide_and_prints_as_one_page(tab: NewTab, demo: str, tmp_path: Path) -> None:
    tabbed = tab(demo)
    page = tabbed.open("/report")
    box = page.locator(".sheet").bounding_box()
    assert box is not None
    assert box["width"] == style.WIDTH_PX
    page.pdf(path=str(tmp_path / "printed.pdf"), prefer_css_page_size=True)
    pages = PdfReader(tmp_path / "printed.pdf").pages
    assert len(pages) == 1
    text = text_of((tmp_path / "printed.pdf").read_bytes())
    assert "not a diagnosis" in text
    assert "Download the PDF" not in text
    assert "Overview" not in text
    assert tabbed.faults == []


def test_the_page_and_the_pdf_say_the_same_sentence(demo_folder: Path) -> None:
    said, rest = words.verdict(facts_of(demo_folder), home_bp.guideline("esc_2024"))
    client = client_of(demo_folder)
    assert said in client.get("/report").text
    pdf = client.get("/report.pdf")
    assert pdf.content_type == "application/pdf"
    assert pdf.headers["Cache-Control"] == "no-store"
    assert "pdp_demo_home_blood_pressure.pdf" in pdf.headers["Content-Disposition"]
    assert f"{said} {rest}" in text_of(pdf.data)


def test_the_guideline_of_the_address_changes_page_and_pdf_together(tab: NewTab, demo: str) -> None:
    page = tab(demo).open("/report")
    assert "ESC 2024" in page.locator(".sheet .said").inner_text()
    page.get_by_role("link", name="ACC/AHA 2017").click()
    page.locator("#first-paint").wait_for(state="detached")
    assert "the 130/80 threshold (ACC/AHA 2017)" in page.locator(".sheet .said").inner_text()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the PDF").click()
    assert "the 130/80 threshold (ACC/AHA 2017)" in text_of(Path(download.value.path()).read_bytes())


def test_an_unknown_guideline_shows_the_usual_one(demo_folder: Path) -> None:
    assert "ESC 2024)" in client_of(demo_folder).get("/report?guide=nobody").text


def test_the_file_of_the_rule_is_handed_out_while_it_is_of_these_data(folder: Path) -> None:
    facts, published = facts_of(folder), folder / "results/published/demo/report.pdf"
    digest = hashlib.sha256((folder / FACTS).read_bytes()).hexdigest()
    published.parent.mkdir(parents=True)
    published.write_bytes(document.print_pdf(facts, Marks(digest, "c0de" * 16)))
    client = client_of(folder)
    assert client.get("/report.pdf").data == published.read_bytes()
    assert client.get("/report.pdf?guide=acc_aha_2017").data != published.read_bytes()

    told = json.loads((folder / FACTS).read_text())
    (folder / FACTS).write_text(json.dumps({**told, "born": "1912"}))
    fresh = client.get("/report.pdf").data
    assert fresh != published.read_bytes()
    assert "1912" in text_of(fresh)


def test_before_there_is_a_report_the_page_says_what_to_run(folder: Path) -> None:
    (folder / FACTS).unlink()
    client = client_of(folder)
    assert "report.json: is not there yet. Run the workflow: make run." in client.get("/report").text
    answer = client.get("/report.pdf")
    assert answer.status_code == 404
    assert answer.text == "Nothing was printed: report.json: is not there yet. Run the workflow: make run.\n"


def test_facts_of_another_version_are_told_on_the_page(folder: Path) -> None:
    (folder / FACTS).write_text(json.dumps({"format": 0}))
    client = client_of(folder)
    assert "report.json: is of format 0" in client.get("/report").text
    assert client.get("/report.pdf").status_code == 404


@pytest.mark.parametrize("width", [320, 390, 768])
def test_a_narrow_screen_reads_it_without_scrolling_the_page_sideways(tab: NewTab, demo: str, width: int) -> None:
    page = tab(demo, width=width, height=844).open("/report")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    said = page.locator(".sheet .said").bounding_box()
    assert said is not None
    assert said["x"] >= 0
    assert said["x"] + said["width"] <= width
    drawings = page.locator(".paper .panel svg[role=img]").filter(visible=True)
    edges = drawings.evaluate_all(
        "all => all.filter(one => one.clientWidth > 20).map(one => { "
        "const outer = one.closest('.panel').getBoundingClientRect(), inner = one.getBoundingClientRect(); "
        "return inner.left >= outer.left && inner.right <= outer.right; })"
    )
    assert edges == [True, True, True]  # 90 days in one of its two widths, time of day, months
    table = page.get_by_role("region", name="Averages by period")
    assert table.evaluate("node => node.scrollWidth <= node.clientWidth") is True


def test_it_reads_without_scripts(tab: NewTab, demo: str, demo_folder: Path) -> None:
    page = tab(demo, java_script_enabled=False).open("/report", is_live=False)
    assert words.verdict(facts_of(demo_folder), home_bp.guideline("esc_2024"))[0] in page.locator(".said").inner_text()
    assert page.locator(".sheet svg[role=img] > title").count() >= 3


def test_the_sheet_has_the_colours_of_the_dashboard() -> None:
    light = palette.LIGHT
    own = {"ink": colors.INK, "muted": colors.MUTED, "line": colors.LINE, "threshold": colors.THRESHOLD}
    own |= {"systolic": colors.SYSTOLIC, "diastolic": colors.DIASTOLIC}
    own |= {name.replace("-", "_"): value for name, value in colors.LEVELS.items()}
    assert {name: getattr(light, name) for name in own} == own
