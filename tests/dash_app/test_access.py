"""Every page, found by its file, for keyboards, screen readers, small and enlarged screens; no other origin."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from dash_app.app import pages
from dash_app.gateway_session import Opened, WrongPasswordError
from dash_app.serving import serve_with_sign_in
from dash_app.settings import Settings
from tests.dash_app.conftest import COLD_KB, FIRST, LAST, SHIFTS, Shelf, Tab, served, tabs, weight

AXE = Path(__file__).parent / "axe/axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PATHS = [page.PATH for page in pages()]
# One visit serves all tests of a page: what costs is to fetch, compile and draw it, not to look at it.
EVERY_PAGE = pytest.mark.parametrize("visit", PATHS, indirect=True, scope="module")
STRIDE = 25  # presses of the key before it is asked what is left
STATES = ["/?from=1999-01-01&to=1999-01-31", "/?from=nonsense", "/no-such-page"]
# Takes away what is built like two things before it and one behind: of a hundred alike rows axe need not see each.
THIN = """() => {
  const shape = (each) => each.tagName + (each.getAttribute('class') || '') + [...each.children].map(shape).join();
  for (const list of document.querySelectorAll('#page :is(tbody, svg:not(.main-svg), svg:not(.main-svg) g)')) {
    const alike = new Map();
    for (const each of list.children) alike.set(shape(each), [...(alike.get(shape(each)) || []), each]);
    for (const group of alike.values()) for (const each of group.slice(2, -1)) each.remove();
  }
}"""


def violations(page: Page) -> list[str]:
    """What axe finds on a page, as rule and element."""
    found = page.evaluate(
        "(tags) => axe.run(document, {runOnly: tags, resultTypes: ['violations']})"
        ".then((all) => all.violations.flatMap((rule) => rule.nodes.map((node) => `${rule.id}: ${node.html}`)))",
        TAGS,
    )
    return [str(each)[:300] for each in found]


@dataclass
class Visit:
    """A page that was opened once, with an empty cache; tests look at it in turn."""

    path: str
    tab: Tab
    cold_bytes: int
    moved: float

    @property
    def page(self) -> Page:
        """Alive, all folds open, as wide as a screen of 1,280 px."""
        page = self.tab.page
        page.set_viewport_size({"width": 1280, "height": 900})
        page.evaluate("() => document.querySelectorAll('#page details').forEach((each) => { each.open = true })")
        return page


@pytest.fixture(scope="module")
def visit(request: pytest.FixtureRequest, shelf: Shelf, demo: str) -> Iterator[Visit]:
    """A page of the demo."""
    with tabs(shelf, demo) as new:
        opened = new(is_cold=True)
        opened.page.add_init_script(SHIFTS)
        opened.page.add_init_script(path=AXE)
        cold = weight(opened, request.param)
        yield Visit(request.param, opened, cold, opened.page.evaluate("() => window.moved"))


CLICK_ALL = "() => { for (const each of document.querySelectorAll('#page :is(button, summary)')) each.click() }"


@pytest.fixture
def examined(tab: Callable[..., Tab]) -> Callable[..., Tab]:
    """Opens tabs in which axe is at hand: put there before the page's policy holds."""

    def new(base: str, **settings: object) -> Tab:
        made = tab(base, **settings)
        made.page.add_init_script(path=AXE)
        return made

    return new


# Of every page


@EVERY_PAGE
def test_every_page_weighs_little_and_nothing_on_it_moves_when_it_comes_alive(visit: Visit) -> None:
    assert visit.cold_bytes < COLD_KB * 1000
    assert visit.moved < 0.02


@EVERY_PAGE
def test_the_whole_page_can_be_reached_by_the_tab_key_with_a_ring_that_is_seen(visit: Visit) -> None:
    page = visit.tab.page
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.textContent") == "Skip to the content"
    assert page.locator(".skip").bounding_box()["y"] >= 0  # type: ignore[index]
    missing = page.evaluate(
        "() => { const all = '#page :is(a[href], button, input, select, textarea, summary, [tabindex=\"0\"])';"
        " const first = (each) => each.tabIndex >= 0 || !document.querySelector("
        '`#page a[href="${each.getAttribute(\'href\')}"]:not([tabindex="-1"])`);'  # a mark with a twin in a table
        " const seen = (each) => each.checkVisibility({visibilityProperty: true}) && !each.disabled && first(each);"
        " window.stops = new Set([...document.querySelectorAll(all)].filter(seen));"
        " window.stops.delete(document.activeElement); window.faint = [];"
        " const ring = (each) => { const drawn = getComputedStyle(each); return [drawn.outlineStyle !== 'none' &&"
        " parseFloat(drawn.outlineWidth), each.closest('svg') && parseFloat(drawn.strokeWidth)] };"
        " document.addEventListener('focusin', ({target: at}) => { window.stops.delete(at);"
        " if (Math.max(...[at, ...at.querySelectorAll('rect')].flatMap(ring)) < 3)"
        " window.faint.push(at.outerHTML.slice(0, 200)) }); return window.stops.size }"
    )
    assert missing >= 5
    # A field for a date takes several steps: its day, month, year and calendar.
    for _ in range(4 * missing // STRIDE + 1):
        for _ in range(STRIDE):
            page.keyboard.press("Tab")
        if not page.evaluate("() => window.stops.size"):
            break
    assert page.evaluate("() => [...window.stops].map((each) => each.outerHTML.slice(0, 200))") == []
    assert page.evaluate("() => window.faint") == []


@EVERY_PAGE
def test_every_chart_has_a_name_and_a_table_and_the_page_one_heading_of_the_first_rank(visit: Visit) -> None:
    page = visit.page
    # The report's sheet is a document of its own, which prints without what is around it.
    assert page.locator("#page h1:not(.paper h1)").count() == 1
    assert page.title() == f"{page.locator('#page h1').first.inner_text()} · Personal Data Platform"
    assert page.locator("html").get_attribute("lang") == "en"
    for block in page.locator("#page .chart-block:has(.dash-graph)").all():
        assert re.match(r"\S+.*\. \S", block.locator("[role=img]").first.get_attribute("aria-label") or "")
        assert block.locator("details table").count() >= 1, block.locator(".chart-title").inner_text()


@EVERY_PAGE
def test_every_page_reads_without_scripts_and_prints_without_controls(visit: Visit) -> None:
    page, texts = visit.page, "main :is(h1, h2, h3, .number, .detail, .state)"
    unscripted = page.request.get(visit.tab.base + visit.path).text()
    read = page.evaluate(
        "([text, names]) => [...new DOMParser().parseFromString(text, 'text/html').querySelectorAll(names)]"
        ".map((each) => each.textContent)",
        [unscripted, f"#first-paint {texts}"],
    )
    assert len(read) >= 1
    assert read == page.locator(texts).all_text_contents()
    page.emulate_media(media="print")
    for name in (".header nav", ".ranges ul", ".slider", ".skip"):
        for each in page.locator(f"#page {name}").all():
            assert not each.is_visible()
    page.emulate_media(media="null")


@EVERY_PAGE
def test_no_page_scrolls_sideways_at_320_px_or_at_twice_the_size(visit: Visit) -> None:
    page = visit.page
    for width in (640, 390, 320):  # 640: a screen of 1,280 at twice the size
        page.set_viewport_size({"width": width, "height": 900})
        # Plotly redraws a moment after the window has changed.
        expect(page.locator("html")).to_have_js_property("scrollWidth", width)


@EVERY_PAGE
def test_no_page_leaves_the_origin_or_offends_the_policy_whatever_is_clicked(visit: Visit) -> None:
    page = visit.page
    policy = page.request.get(visit.tab.base + visit.path).headers["content-security-policy"]
    scripts = policy.split("script-src ")[1].split(";")[0]
    assert "unsafe" not in scripts
    # A form's button leads to another address: what comes after must not meet the page on its way there.
    with page.expect_navigation() if page.locator("#page form").count() else nullcontext():
        page.evaluate(CLICK_ALL)
    visit.tab.wait_until_live()
    for chart in page.locator("#page .dash-graph").all():
        if chart.is_visible():
            chart.hover()
            chart.click(force=True)
    assert visit.tab.foreign == []
    assert visit.tab.faults == []
    assert page.get_by_text("Share chart").count() == 0


@EVERY_PAGE
def test_axe_finds_nothing_on_any_page_in_any_theme_and_width(visit: Visit) -> None:
    visit.tab.open(visit.path)
    assert violations(visit.page) == []
    for theme in ("light", "dark"):
        visit.tab.open(f"{visit.path}?theme={theme}")
        page = visit.page
        page.evaluate(THIN)
        for width in (1280, 390) if theme == "dark" else (390,):
            page.set_viewport_size({"width": width, "height": 900})
            expect(page.locator("html")).to_have_js_property("scrollWidth", width)
            assert violations(page) == [], (theme, width)


# Of states, and of what has only one page


@pytest.mark.parametrize("path", STATES)
def test_axe_finds_nothing_in_any_state(path: str, examined: Callable[..., Tab], demo: str) -> None:
    opened = examined(demo)
    for theme, width in (("light", 1280), ("dark", 390)):
        opened.page.set_viewport_size({"width": width, "height": 900})
        page = opened.open(f"{path}{'&' if '?' in path else '?'}theme={theme}")
        expect(page.locator("html")).to_have_js_property("scrollWidth", width)
        page.evaluate(THIN)
        assert violations(page) == [], (theme, width)


def test_axe_finds_nothing_on_the_list_of_keys_nor_on_a_year_with_gaps(examined: Callable[..., Tab], year: str) -> None:
    page = examined(year).open(f"/?from={FIRST}&to={LAST}")
    assert violations(page) == []
    page.keyboard.press("?")
    assert violations(page) == []


class NoDoor:
    """A door that nobody gets through."""

    def enter(self, password: str) -> Opened:
        """Refuse."""
        raise WrongPasswordError("This password does not open the data.")


def test_axe_finds_nothing_on_the_sign_in_page_nor_where_a_password_was_wrong(
    examined: Callable[..., Tab], demo_folder: Path
) -> None:
    with served(serve_with_sign_in(Settings(is_loopback=True), demo_folder, NoDoor())) as base:
        opened = examined(base)
        for theme in ("light", "dark"):
            for width in (1280, 320):
                opened.page.set_viewport_size({"width": width, "height": 900})
                page = opened.open(f"/?theme={theme}")
                page.get_by_role("link", name="Sign in").click()
                page.get_by_label("Password").wait_for()
                assert page.locator("html").get_attribute("data-theme") == theme
                assert violations(page) == [], (theme, width)
                assert page.evaluate("() => document.documentElement.scrollWidth") <= width
        page.get_by_label("Password").fill("wrong")
        page.keyboard.press("Enter")
        page.get_by_role("alert").wait_for()
        assert violations(page) == []
        assert opened.foreign == []


def test_axe_is_awake(examined: Callable[..., Tab], year: str) -> None:
    page = examined(year).open("/")
    page.evaluate("() => document.querySelector('#page #day-slider').removeAttribute('aria-label')")
    assert [each for each in violations(page) if each.startswith("label:")]


def test_the_skip_link_leads_past_the_navigation(tab: Callable[..., Tab]) -> None:
    page = tab().open("/")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("() => document.activeElement.id") == "main"
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.textContent") == "7 days"


def test_nothing_moves_by_itself_where_less_motion_is_asked_for(tab: Callable[..., Tab], demo: str) -> None:
    page = tab(demo).open("/")
    assert page.evaluate("() => matchMedia('(prefers-reduced-motion: reduce)').matches")
    running = page.evaluate("() => document.getAnimations().filter((each) => each.playState === 'running').length")
    assert running == 0
