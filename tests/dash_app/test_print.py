"""On paper: charts as wide as the page and in light colours, no controls; then all is as it was."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import expect
from pypdf import PdfReader

from dash_app.palette import DARK, LIGHT
from tests.dash_app.conftest import Tab

A4_PT, MARGIN_PT = 595, 34  # width; 12 mm
COLOURS = "() => [...document.querySelectorAll('#page .main-svg text')].map((each) => each.style.fill)"


def rgb(colour: str) -> str:
    """As a browser tells it."""
    return f"rgb({', '.join(str(int(colour[at : at + 2], 16)) for at in (1, 3, 5))})"


def texts(pdf: Path) -> list[tuple[str, float]]:
    """Every piece of text and where it begins, points from the left."""
    found: list[tuple[str, float]] = []

    def visit(text: str, place: Any, line: Any, *_: Any) -> None:
        found.append((text, line[4] * place[0] + place[4]))

    for page in PdfReader(pdf).pages:
        page.extract_text(visitor_text=visit)
    return found


def test_a_dark_page_is_printed_whole_and_light_and_is_dark_again(
    tab: Callable[..., Tab], demo: str, tmp_path: Path
) -> None:
    opened = tab(demo)
    page = opened.open("/blood-pressure?theme=dark")
    chart = page.locator("#pressure-sittings .main-svg").first
    width = chart.get_attribute("width") or ""
    assert rgb(DARK.ink) in page.evaluate(COLOURS)
    page.evaluate("() => dispatchEvent(new Event('beforeprint'))")
    assert rgb(DARK.ink) not in page.evaluate(COLOURS)
    assert rgb(LIGHT.ink) in page.evaluate(COLOURS)
    page.evaluate("() => dispatchEvent(new Event('afterprint'))")
    expect(chart).to_have_attribute("width", width)
    assert chart.get_attribute("viewBox") is None
    assert rgb(DARK.ink) in page.evaluate(COLOURS)
    page.pdf(path=str(tmp_path / "page.pdf"), format="A4", prefer_css_page_size=True)
    printed = texts(tmp_path / "page.pdf")
    ends = [x for text, x in printed if text.strip() in ("sys", "dia", "limit")]
    assert len(ends) >= 4  # the labels at the right ends of lines
    assert max(ends) < A4_PT - MARGIN_PT
    read = " ".join(text for text, _ in printed)
    assert "Other days" not in read
    assert "Press ?" not in read
    assert opened.faults == []
