"""The report as a PDF: one A4 page whatever the data, tagged, readable as text, the same bytes again."""

from __future__ import annotations

import builtins
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from fontTools.ttLib import TTFont
from pypdf import PdfReader
from pypdf.generic import ArrayObject, DictionaryObject

from pdp import home_bp
from pdp.errors import PdpError
from pdp.report import document, model, plot_days, plot_hours, plot_months, sheet, style, words
from pdp.report.sheet import Marks
from tests.report_states import HAPPENED, LONG, crowded, facts_of, measured_days
from tests.summary_subject import Subject

MARKS = Marks("5e" * 32, "c0de" * 16)
A4_PT = (595, 842)
STATES: Mapping[str, tuple[Any, Sequence[Mapping[str, Any]], str]] = {
    "no day": (Subject, [], "Jo Doe"),
    "one day": (lambda: measured_days(1), [], "Jo Doe"),
    "ninety days": (lambda: measured_days(90, gaps=0.2), HAPPENED[:2], "Jo Doe"),
    "six hundred days": (lambda: measured_days(600, gaps=0.2, systolic=150, diastolic=95), [], "Jo Doe"),
    "everything is long": (crowded, HAPPENED, LONG),
    "extremes": (lambda: measured_days(40, systolic=250, diastolic=41), [], '<b>&amp; "O\'Neil"</b>'),
}


@pytest.fixture(scope="module")
def states(tmp_path_factory: pytest.TempPathFactory) -> dict[str, model.Facts]:
    """Facts of each state, made once."""
    return {
        state: facts_of(make(), tmp_path_factory.mktemp("facts"), happened=happened, name=name)
        for state, (make, happened, name) in STATES.items()
    }


@pytest.fixture(scope="module")
def printed(states: dict[str, model.Facts]) -> dict[str, bytes]:
    """The PDF of each state."""
    return {state: document.print_pdf(facts, MARKS) for state, facts in states.items()}


def text_of(pdf: bytes) -> str:
    return re.sub(r"\s+", " ", PdfReader(io.BytesIO(pdf)).pages[0].extract_text())


def elements(node: Any) -> Iterator[DictionaryObject]:
    """Every structure element below a node."""
    node = node.get_object()
    if isinstance(node, ArrayObject):
        for each in node:
            yield from elements(each)
    elif isinstance(node, DictionaryObject):
        if "/S" in node:
            yield node
        if "/K" in node:
            yield from elements(node["/K"])


@pytest.mark.parametrize("state", STATES)
def test_it_is_exactly_one_a4_page_whatever_the_data(state: str, printed: dict[str, bytes]) -> None:
    pages = PdfReader(io.BytesIO(printed[state])).pages
    assert len(pages) == 1
    assert (round(pages[0].mediabox.width), round(pages[0].mediabox.height)) == A4_PT


@pytest.mark.parametrize("state", STATES)
def test_its_text_holds_the_whole_sentence_and_the_foot(
    state: str, printed: dict[str, bytes], states: dict[str, model.Facts]
) -> None:
    text, facts = text_of(printed[state]), states[state]
    said, rest = words.verdict(facts, home_bp.guideline(facts.guideline))
    for part in (said, rest, words.person(facts), MARKS.data_sha256, MARKS.code[:12], "not a diagnosis"):
        assert part in text, part
    assert "pdp verify report.pdf" in text


@pytest.mark.parametrize("state", STATES)
def test_nothing_on_it_lies_outside_its_page(state: str, printed: dict[str, bytes]) -> None:
    places: list[tuple[float, float]] = []

    def seen(text: str, cm: list[float], tm: list[float], *_: Any) -> None:
        is_in_drawing = cm == [1, 0, 0, 1, 0, 0]  # with coordinates of its own, see the next test
        if text.strip() and not is_in_drawing:
            places.append((tm[4] * cm[0] + tm[5] * cm[2] + cm[4], tm[4] * cm[1] + tm[5] * cm[3] + cm[5]))

    PdfReader(io.BytesIO(printed[state])).pages[0].extract_text(visitor_text=seen)
    assert len(places) > 20
    assert all(20 <= x <= A4_PT[0] - 20 and 20 <= y <= A4_PT[1] - 20 for x, y in places)


def width_px(text: str, size: float, is_bold: bool) -> float:
    """Of a line of text, by the font's own widths."""
    font = TTFont(document.FONTS / f"{style.FONT}-{'bold' if is_bold else 'regular'}.ttf", lazy=True)
    names, widths = font.getBestCmap(), font["hmtx"]
    return float(sum(widths[names[ord(letter)]][0] for letter in text)) / font["head"].unitsPerEm * size


@pytest.mark.parametrize("state", STATES)
def test_no_label_of_a_drawing_is_cut(state: str, states: dict[str, model.Facts]) -> None:
    facts, esc = states[state], home_bp.guideline("esc_2024")
    drawings = plot_days.draw(facts, esc, "w"), plot_hours.draw(facts, "w"), plot_months.draw(facts, esc, "w")
    labels = 0
    for drawn in map(ElementTree.fromstring, drawings):
        width, height = float(drawn.get("width", 0)), float(drawn.get("height", 0))
        for label in drawn.iter("{http://www.w3.org/2000/svg}text"):
            words_px = width_px(label.text or "", float(label.get("font-size", 0)), label.get("font-weight") == "700")
            before = {"start": 0, "middle": 0.5, "end": 1}[label.get("text-anchor", "")]
            left = float(label.get("x", 0)) - before * words_px
            assert -1 <= left <= left + words_px <= width + 1, label.text
            assert 8 <= float(label.get("y", 0)) <= height, label.text
            labels += 1
    assert labels >= 3


@pytest.mark.parametrize("state", ["no day", "ninety days", "everything is long"])
def test_the_same_facts_give_the_same_bytes(
    state: str, printed: dict[str, bytes], states: dict[str, model.Facts], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    monkeypatch.setenv("LC_ALL", "C")
    assert document.print_pdf(states[state], MARKS) == printed[state]


def test_its_dates_are_those_of_the_data(printed: dict[str, bytes]) -> None:
    told = PdfReader(io.BytesIO(printed["ninety days"])).metadata
    assert told is not None
    assert str(told["/CreationDate"]).startswith("D:20260331000000")
    assert told["/CreationDate"] == told["/ModDate"]
    assert told.title == "Home blood pressure report: Jo Doe"


def test_it_says_that_it_is_pdf_ua_1_in_english_and_shows_its_title(printed: dict[str, bytes]) -> None:
    reader = PdfReader(io.BytesIO(printed["ninety days"]))
    catalog = reader.trailer["/Root"].get_object()
    assert catalog["/Lang"] == "en"
    assert catalog["/MarkInfo"]["/Marked"]
    assert catalog["/ViewerPreferences"]["/DisplayDocTitle"]
    metadata = ElementTree.fromstring(catalog["/Metadata"].get_object().get_data())
    part = "{http://www.aiim.org/pdfua/ns/id/}part"
    assert [each.get(part) for each in metadata.iter() if each.get(part)] == ["1"]


@pytest.mark.parametrize("state", STATES)
def test_a_reader_that_only_hears_it_gets_headings_a_table_and_every_chart_in_words(
    state: str, printed: dict[str, bytes]
) -> None:
    root = PdfReader(io.BytesIO(printed[state])).trailer["/Root"]["/StructTreeRoot"]
    found = list(elements(root))
    kinds = [str(each["/S"]) for each in found]
    assert kinds.count("/H1") == 1
    assert kinds.count("/H2") == 4
    assert kinds.count("/Table") == 1
    charts = [str(each["/Alt"]) for each in found if each["/S"] == "/Figure" and "/Alt" in each]
    assert [alt.split(":")[0].split(" of ")[0] for alt in charts if alt.startswith("Chart")] == ["Chart"] * 3
    assert all(each.get("/Alt") for each in found if each["/S"] == "/Figure"), "a figure without words"


def test_its_fonts_are_the_bundled_ones_and_embedded(printed: dict[str, bytes]) -> None:
    resources = PdfReader(io.BytesIO(printed["ninety days"])).pages[0]["/Resources"]
    fonts = [font.get_object() for font in resources["/Font"].values()]
    assert sorted(str(font["/BaseFont"]).partition("+")[2] for font in fonts) == ["Inter", "Inter-Bold"]
    for font in fonts:
        assert "/FontFile2" in font["/DescendantFonts"][0].get_object()["/FontDescriptor"]


def test_when_words_are_long_the_plot_gives_way_and_not_the_words(
    states: dict[str, model.Facts], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(document, "PLOT_HEIGHTS", (400.0,))
    with pytest.raises(PdpError, match="the report takes 2 pages, not one"):
        document.print_pdf(states["everything is long"], MARKS)


def test_without_pango_the_error_says_what_to_install(
    states: dict[str, model.Facts], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name == "weasyprint":
            raise OSError("cannot load library 'libpango-1.0-0'")
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(PdpError, match=r"\(Pango\) is not installed on this system.* apt-get install libpango-1\.0-0 "):
        document.print_pdf(states["no day"], MARKS)


def test_no_text_on_the_sheet_is_taken_for_markup(states: dict[str, model.Facts]) -> None:
    evil = '"><script>alert(1)</script><img src=x>'
    facts = replace(
        states["ninety days"],
        name=evil,
        born=evil,
        habits=(evil,),
        devices=(model.Device(evil, False, 1),),
        events=(model.Event(states["ninety days"].events[0].date, "note", evil),),
    )
    made = sheet.article(facts, home_bp.guideline("esc_2024"), Marks(evil, evil))
    assert "<script" not in made
    assert "<img" not in made
    assert made.count("&lt;script") >= 4
    ElementTree.fromstring(made)


@pytest.mark.parametrize("state", STATES)
def test_every_sitting_of_ninety_days_is_a_mark_in_the_plot(state: str, states: dict[str, model.Facts]) -> None:
    facts = states[state]
    drawn = ElementTree.fromstring(plot_days.draw(facts, home_bp.guideline("esc_2024"), "words"))
    marks = {"morning": "circle", "evening": "path[@fill-opacity='0.85']", "other": "path[@stroke-width='1.1']"}
    svg = "{http://www.w3.org/2000/svg}"
    for daytime, kind in marks.items():
        n = sum(each.daytime == daytime for each in facts.sittings)
        assert len(drawn.findall(f".//{svg}{kind}")) == 2 * n, daytime


def test_the_plot_for_a_telephone_has_every_mark_and_no_word_beyond_its_edges(states: dict[str, model.Facts]) -> None:
    facts, guideline = states["six hundred days"], home_bp.guideline("esc_2024")
    wide, narrow = (
        ElementTree.fromstring(plot_days.draw(facts, guideline, "words", width=width))
        for width in (plot_days.WIDTH, plot_days.NARROW)
    )
    svg = "{http://www.w3.org/2000/svg}"
    assert narrow.get("viewBox", "").split()[2] == f"{plot_days.NARROW:.0f}"
    assert len(narrow.findall(f".//{svg}circle")) == len(wide.findall(f".//{svg}circle")) > 0
    shown = narrow.findall(f".//{svg}text")
    assert {text.get("font-size") for text in shown} == {"11"}
    dates = sorted(float(text.get("x", "")) for text in shown if text.get("text-anchor") == "middle")
    assert all(later - earlier > 45 for earlier, later in pairwise(dict.fromkeys(dates)))  # px of "31 Mar"
    for text in shown:
        if text.get("text-anchor") == "start":
            assert float(text.get("x", "")) + 6 * len(text.text or "") < plot_days.NARROW


def test_no_line_is_drawn_over_a_gap(tmp_path: Path) -> None:
    subject = measured_days(60)
    early = subject.at("2026-02-15 00:00"), subject.at("2026-03-10 00:00")
    rows = subject.rows["blood_pressure"]
    rows[:] = [row for row in rows if not early[0] <= row["start_utc"] <= early[1]]
    drawn = ElementTree.fromstring(plot_days.draw(facts_of(subject, tmp_path), home_bp.guideline("esc_2024"), "words"))
    lines = drawn.findall(".//{http://www.w3.org/2000/svg}path[@stroke-width='2.1']")
    assert len(lines) == 4  # two pressures, before and after the gap
    day_px = (plot_days.RIGHT - plot_days.LEFT) / plot_days.DAYS
    for line in lines:
        xs = [float(x) for x, _ in re.findall(r"[ML]([-\d.]+) ([-\d.]+)", line.get("d", ""))]
        assert max(b - a for a, b in pairwise(xs)) < 1.5 * day_px


def test_the_months_and_the_sheet_follow_the_guideline(states: dict[str, model.Facts]) -> None:
    facts = states["six hundred days"]
    made = {key: sheet.article(facts, each, MARKS) for key, each in home_bp.guidelines().items()}
    assert "home threshold 135/85 mmHg, ESC 2024" in made["esc_2024"]
    assert "home threshold 130/80 mmHg, ACC/AHA 2017" in made["acc_aha_2017"]
    assert "130 limit" in made["acc_aha_2017"]
    assert "130/80 to below 135/85" in made["acc_aha_2017"]
    assert "ACC/AHA" not in made["esc_2024"]


def test_a_document_names_its_data_where_no_compression_hides_it(printed: dict[str, bytes]) -> None:
    assert f"{document.MARK}{MARKS.data_sha256}".encode() in printed["no day"]


def test_facts_are_plain_json(states: dict[str, model.Facts]) -> None:
    for facts in states.values():
        json.dumps(model.to_json(facts), allow_nan=False)
