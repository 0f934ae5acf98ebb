"""The readout never shows another day's value: every day of a year with gaps, by mouse, finger and keyboard."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import Page

from dash_app.app import pages
from dash_app.cards import day_text
from dash_app.charts import MARGIN, apart
from tests.dash_app.conftest import FIRST, LAST, Tab, made_up_days
from tests.dash_app.made_pages.days import pressure

YEAR = f"/?from={FIRST}&to={LAST}"
DAYS: dict[str, list[Any]] = made_up_days()
NAMES = list(DAYS)


def said(day: date) -> list[str]:
    """What the readout must say on a day, from the table alone."""
    row = {name: DAYS[name][DAYS["date"].index(day)] for name in NAMES}
    rate, sleep = row["rhr_sleep_p05_bpm"], row["sleep_total_min"]
    return [
        day_text(day),
        pressure(row) or "no reading",
        "no reading" if rate is None else f"{rate:.0f} bpm",
        "no reading" if sleep is None else f"{sleep:.0f} min",
    ]


def has_data(day: date) -> bool:
    """Whether any measure has a value."""
    return said(day)[1:] != ["no reading"] * 3


WITH_DATA = [day for day in DAYS["date"] if has_data(day)]


def nearest(day: date) -> list[date]:
    """The days with data that are nearest to a day: one, or two equally near."""
    least = min(abs((other - day).days) for other in WITH_DATA)
    return [other for other in WITH_DATA if abs((other - day).days) == least]


def shown(page: Page) -> list[str]:
    """What the readout says now."""
    return page.locator("#page #readout :is(a.day, b)").all_text_contents()


def places(page: Page, chart: str) -> tuple[list[float], float]:
    """Where a chart's days lie in the window, px: their centres, and the height of the middle.

    From the box and the margins that the server set, not from what the crosshair asks plotly.
    """
    graph = page.locator(f"#page #{chart}")
    graph.scroll_into_view_if_needed()
    box = graph.bounding_box()
    assert box is not None
    left, width = box["x"] + MARGIN["l"], box["width"] - MARGIN["l"] - MARGIN["r"]
    step = width / len(DAYS["date"])
    middle = box["y"] + MARGIN["t"] + (box["height"] - MARGIN["t"] - MARGIN["b"]) / 2
    return [left + (at + 0.5) * step for at in range(len(DAYS["date"]))], middle


def middle_of(box: Any) -> tuple[float, float]:
    """The middle of a bounding box."""
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_the_made_up_year_has_gaps_of_every_kind() -> None:
    assert len(DAYS["date"]) == 365
    for name in ("bp_systolic_mean_mmhg", "rhr_sleep_p05_bpm", "sleep_total_min"):
        assert 0.2 <= DAYS[name].count(None) / 365 <= 0.35
    assert not has_data(FIRST)
    assert not has_data(LAST)


def listen(page: Page, kind: str) -> Callable[[], list[list[str]]]:
    """Write down what the readout and the slider say after each event of a kind; what was written down."""
    page.evaluate(
        "(kind) => { document.removeEventListener(kind, window.hear); const heard = window.heard = [];"
        " window.hear = () => heard.push("
        "[...document.querySelectorAll('#page #readout :is(a.day, b)')].map((each) => each.textContent)"
        ".concat(document.querySelector('#page #day-slider').getAttribute('aria-valuetext')));"
        " document.addEventListener(kind, window.hear) }",
        kind,
    )
    return lambda: page.evaluate("() => window.heard")


def spoken(day: date) -> str:
    """What a screen reader must say at the slider."""
    text, *words = said(day)
    names = ["Blood pressure", "Resting HR", "Sleep"]
    return "; ".join([text, *(f"{name} {word}" for name, word in zip(names, words, strict=True))])


@pytest.mark.parametrize("chart", ["pressures", "rates"])
def test_the_mouse_reads_every_day_of_the_year_right(chart: str, tab: Callable[..., Tab]) -> None:
    page = tab().open(YEAR)
    centres, height = places(page, chart)
    heard = listen(page, "pointermove")
    for x in centres:
        page.mouse.move(x, height)
    found = heard()
    assert len(found) == 365
    allowed = [[[*said(near), spoken(near)] for near in nearest(day)] for day in DAYS["date"]]
    assert [got for got, right in zip(found, allowed, strict=True) if got not in right] == []


def test_a_finger_reads_every_day_of_a_month_right_and_none_wrong_on_a_year(tab: Callable[..., Tab]) -> None:
    phone = {"width": 390, "has_touch": True, "is_mobile": True}
    page = tab(**phone).open(YEAR)
    centres, height = places(page, "pressures")
    heard = listen(page, "pointerdown")
    for x in centres[::3]:
        page.touchscreen.tap(x, height)
    # A day is narrower than a pixel here, and so a neighbour may be read: whole, or not at all.
    known = {day_text(day): [*said(day), spoken(day)] for day in WITH_DATA}
    found = heard()
    assert [got for got in found if got != known.get(got[0])] == []
    for got, day in zip(found, DAYS["date"][::3], strict=True):
        assert (
            min(abs((near - day).days) for near in WITH_DATA if day_text(near) == got[0]) <= 6
        )  # half of the hole, and one

    month = [day for day in DAYS["date"] if (day.year, day.month) == (2025, 6)]
    page = tab(**phone).open(f"/?from={month[0]}&to={month[-1]}")
    box = page.locator("#page #pressures").bounding_box()
    assert box is not None
    step = (box["width"] - MARGIN["l"] - MARGIN["r"]) / len(month)
    heard = listen(page, "pointerdown")
    for at in range(len(month)):
        page.touchscreen.tap(box["x"] + MARGIN["l"] + (at + 0.5) * step, box["y"] + 100)
    within = [day for day in month if has_data(day)]
    for got, day in zip(heard(), month, strict=True):
        least = min(abs((near - day).days) for near in within)
        assert got in [[*said(near), spoken(near)] for near in within if abs((near - day).days) == least]


def test_the_keys_read_every_day_with_data_and_no_other(tab: Callable[..., Tab]) -> None:
    page = tab().open(YEAR)
    page.locator("#page #day-slider").focus()
    heard = listen(page, "input")
    page.keyboard.press("Home")
    for _ in WITH_DATA:
        page.keyboard.press("ArrowRight")
    for _ in WITH_DATA:
        page.keyboard.press("ArrowLeft")
    # At either end the key stays where it is.
    there = [*WITH_DATA, WITH_DATA[-1], *reversed(WITH_DATA[:-1]), WITH_DATA[0]]
    assert heard() == [[*said(day), spoken(day)] for day in there]


@pytest.mark.parametrize("path", [found.PATH for found in pages()])
def test_on_every_page_with_a_crosshair_the_readout_is_of_the_day_below_the_mouse(
    path: str, tab: Callable[..., Tab], demo: str
) -> None:
    opened = tab(demo)
    page = opened.open(path)
    if not page.locator("#page [data-readout]").count():
        return
    told = json.loads(page.locator("#page #readout").get_attribute("data-readout") or "")
    days, has_data = told["days"], told["hasData"]
    charts = page.locator("#page .crossed .chart:has(.crosshair)")
    assert charts.count() >= 1
    for chart in charts.all():
        chart.scroll_into_view_if_needed()
        box = chart.bounding_box()
        assert box is not None
        step = (box["width"] - MARGIN["l"] - MARGIN["r"]) / len(days)
        heard = listen(page, "pointermove")
        for at in range(0, len(days), 7):
            page.mouse.move(box["x"] + MARGIN["l"] + (at + 0.5) * step, box["y"] + box["height"] / 2)
        for at, (*got, _) in zip(range(0, len(days), 7), heard(), strict=True):
            least = min(abs(other - at) for other in range(len(days)) if has_data[other])
            near = [other for other in (at - least, at + least) if 0 <= other < len(days) and has_data[other]]
            right = [[told["labels"][n], *(texts[n] or "no reading" for texts in told["texts"])] for n in near]
            assert got in right, days[at]


def test_page_keys_go_by_weeks_and_end_goes_to_the_last_day_with_data(tab: Callable[..., Tab]) -> None:
    page = tab().open(YEAR)
    page.locator("#page #day-slider").focus()
    page.keyboard.press("Home")
    page.keyboard.press("PageUp")
    later = next(day for day in WITH_DATA if (day - WITH_DATA[0]).days >= 7)
    assert shown(page) == said(later)
    page.keyboard.press("PageDown")
    assert shown(page) == said(WITH_DATA[0])
    page.keyboard.press("End")
    assert shown(page) == said(WITH_DATA[-1])


def test_enter_opens_the_day_that_is_read_and_the_page_without_scripts_links_to_the_last(
    tab: Callable[..., Tab],
) -> None:
    page = tab().open(YEAR)
    page.locator("#page #day-slider").focus()
    page.keyboard.press("Home")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.url.endswith(f"/day?from={FIRST}&to={LAST}&date={WITH_DATA[0]}")
    plain = tab(java_script_enabled=False).open(YEAR, is_live=False)
    assert plain.locator("#readout a.day").get_attribute("href") == f"/day?from={FIRST}&to={LAST}&date={WITH_DATA[-1]}"
    assert plain.locator("#readout :is(a.day, b)").all_text_contents() == said(WITH_DATA[-1])


def test_line_and_rings_stand_on_the_day_and_its_values_on_every_chart(tab: Callable[..., Tab]) -> None:
    page = tab().open(YEAR)
    day = next(d for d in WITH_DATA if "no reading" not in said(d) and d > date(2025, 7, 1))
    at = DAYS["date"].index(day)
    heights = {"pressures": [DAYS["bp_systolic_mean_mmhg"][at], DAYS["bp_diastolic_mean_mmhg"][at]]}
    heights["rates"] = [DAYS["rhr_sleep_p05_bpm"][at]]
    ranges = {"pressures": (60, 170, 260), "rates": (40, 80, 160)}
    for moved_on in ("pressures", "rates"):
        centres, height = places(page, moved_on)
        page.mouse.move(centres[at], height)
        for chart, values in heights.items():
            others, middle = places(page, chart)
            layer = page.locator(f"#page .chart:has(#{chart}) .crosshair")
            line = layer.locator(".line").bounding_box()
            assert line is not None
            assert line["x"] == pytest.approx(others[at], abs=1)
            low, high, box = ranges[chart]
            inner = box - 50  # without the margins above and below
            for value, ring in zip(values, layer.locator(".ring").all(), strict=True):
                found = ring.bounding_box()
                assert found is not None
                expected = middle + inner / 2 - (value - low) / (high - low) * inner
                assert found["y"] + found["height"] / 2 == pytest.approx(expected, abs=1)
    rate = page.locator("#page .chart:has(#rates) .ring").bounding_box()
    marks = page.locator("#page #rates .point").evaluate_all(
        "(all) => all.map((each) => each.getBoundingClientRect().toJSON())"
    )
    assert rate is not None
    assert any(
        abs(middle_of(mark)[0] - middle_of(rate)[0]) + abs(middle_of(mark)[1] - middle_of(rate)[1]) < 1
        for mark in marks
    )


def test_a_ring_is_not_drawn_where_there_is_no_value(tab: Callable[..., Tab]) -> None:
    page = tab().open(YEAR)
    day = next(d for d in WITH_DATA if said(d)[1] == "no reading" and said(d)[2] != "no reading")
    page.locator("#page #day-slider").focus()
    page.keyboard.press("Home")
    while shown(page)[0] != day_text(day):
        page.keyboard.press("ArrowRight")
    rings = page.locator("#page .chart:has(#pressures) .ring")
    assert [ring.is_hidden() for ring in rings.all()] == [True, True]
    assert page.locator("#page .chart:has(#rates) .ring").is_visible()


def test_a_click_holds_the_day_until_the_next_click(tab: Callable[..., Tab]) -> None:
    page = tab().open(YEAR)
    centres, height = places(page, "pressures")
    first, other = WITH_DATA[40], WITH_DATA[200]
    page.mouse.click(centres[DAYS["date"].index(first)], height)
    page.mouse.move(centres[DAYS["date"].index(other)], height)
    assert shown(page) == said(first)
    page.mouse.click(centres[DAYS["date"].index(other)], height)
    assert shown(page) == said(other)


def test_the_sliders_thumb_stands_below_the_line(tab: Callable[..., Tab]) -> None:
    page = tab().open(YEAR)
    slider = page.locator("#page #day-slider")
    slider.focus()
    for key in ("Home", "End"):
        page.keyboard.press(key)
        at = int(slider.input_value())
        box = slider.bounding_box()
        line = page.locator("#page .crosshair .line").first.bounding_box()
        assert box is not None
        assert line is not None
        thumb = box["x"] + 9 + at / 364 * (box["width"] - 18)
        assert thumb == pytest.approx(line["x"], abs=1)


def test_the_readout_stays_in_sight_while_the_charts_scroll(tab: Callable[..., Tab]) -> None:
    page = tab(width=390, height=500).open(YEAR)
    page.locator("#page #rates").scroll_into_view_if_needed()
    page.mouse.wheel(0, 200)
    assert page.locator("#page #readout").bounding_box()["y"] >= 0  # type: ignore[index]


@pytest.mark.parametrize("heights", [[100, 100, 100], [130.0, 135.0], [59, 60, 170, 171], []])
def test_labels_at_lines_ends_are_pushed_apart_and_stay_inside(heights: list[float]) -> None:
    moved = apart(heights, 10, 60, 170)
    assert all(b - a >= 9.9 for a, b in pairwise(moved))
    assert all(59.9 <= height <= 170.1 for height in moved)
