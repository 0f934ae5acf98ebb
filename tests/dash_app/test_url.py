"""All that a page shows stands in its address: a link or the back button restores it, nonsense falls back."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dash_app.app import create_app
from dash_app.gateway_folder import DemoGateway
from dash_app.view import LONGEST_DAYS, parse
from tests.dash_app import made_pages
from tests.dash_app.conftest import FIRST, LAST, Tab

ANYTHING = st.one_of(
    st.text(max_size=30), st.dates().map(str), st.sampled_from(["2026-02-30", "0000-00-00", "9999-12-31"])
)
NAMES = st.sampled_from(["from", "to", "theme", "guide", "date", "path", "self", "view", "metric"])


@pytest.fixture(scope="module")
def client(year_folder: Path) -> FlaskClient:
    """Asks for pages without a browser."""
    return create_app(DemoGateway(year_folder), made_pages).server.test_client()


def back(link: str) -> tuple[str, dict[str, str]]:
    """Path and parameters of a link."""
    parts = urlsplit(link)
    return parts.path, dict(parse_qsl(parts.query, keep_blank_values=True))


@given(st.dictionaries(NAMES, ANYTHING))
def test_any_address_gives_a_view_of_bounded_length_and_a_note_where_it_is_not_what_was_asked(
    args: dict[str, str],
) -> None:
    view = parse("/", args, FIRST, LAST)
    assert view.first <= view.last
    assert view.n_days <= LONGEST_DAYS
    for name, day in (("from", view.first), ("to", view.last)):
        assert not args.get(name) or args[name] == str(day) or view.notes
    assert view.theme == (args.get("theme") or "light") or view.notes
    assert view.guideline == args.get("guide", "") or view.notes


@given(st.dictionaries(NAMES, ANYTHING))
def test_a_views_own_link_restores_it(args: dict[str, str]) -> None:
    view = parse("/days", args, FIRST, LAST)
    path, again = back(view.link())
    twin = parse(path, again, FIRST, LAST)
    kept = (twin.first, twin.last, twin.theme, twin.guideline, twin.params, twin.path)
    assert kept == (view.first, view.last, view.theme, view.guideline, view.params, view.path)
    assert twin.notes == ()


@given(st.dictionaries(NAMES, ANYTHING))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_address_breaks_a_page_or_gets_markup_into_it(client: FlaskClient, args: dict[str, str]) -> None:
    answer = client.get("/", query_string={**args, "more": "</script><b onclick=x>\"'&"})
    assert answer.status_code == 200
    text = answer.get_data(as_text=True)
    assert "<b onclick" not in text
    assert text.count("</script>") == text.count("<script")


@pytest.mark.parametrize(
    ("query", "note"),
    [
        ("from=2026-02-30", '"2026-02-30" is no date (year-month-day, such as 2026-02-28). These are the last 90 days'),
        ("from=2026-02-10&to=2026-02-01", "2026-02-10 is after 2026-02-01. These are the last 90 days with data."),
        ("from=1900-01-01&to=2026-02-01", "1900-01-01 to 2026-02-01 is longer than 7,306 days."),
        ("theme=pink", '"pink" is no theme (light, dark): this is light.'),
        ("guide=Ärzte", '"Ärzte" is no guideline: this is the default one.'),
    ],
)
def test_what_can_not_be_understood_is_told_with_what_is_shown_instead(
    client: FlaskClient, query: str, note: str
) -> None:
    text = client.get(f"/?{query}").get_data(as_text=True).replace("&#34;", '"')
    assert (
        f'<p role="status" class="state state-note">{note}' in text
        or f'class="state state-note" role="status">{note}' in text
    )
    assert "<h1>Days</h1>" in text


def test_without_days_in_the_address_the_last_ninety_with_data_are_shown() -> None:
    view = parse("/", {}, FIRST, LAST)
    assert (view.first, view.last, view.n_days) == (LAST - timedelta(days=89), LAST, 90)
    assert "from" not in view.link()


def test_one_end_of_a_range_is_enough() -> None:
    assert parse("/", {"to": "2025-06-30"}, FIRST, LAST).first == date(2025, 4, 2)
    assert parse("/", {"from": "2025-06-30"}, FIRST, LAST).last == LAST
    assert parse("/", {"from": "2027-01-01"}, FIRST, LAST).last == date(2027, 1, 1)


@pytest.mark.parametrize("day", ["0001-01-01", "0001-04-15", "1899-12-31", "2201-01-01", "9999-12-30"])
@pytest.mark.parametrize("name", ["from", "to"])
def test_days_so_far_away_that_no_page_can_look_beyond_them_are_not_taken(name: str, day: str) -> None:
    view = parse("/", {name: day}, FIRST, LAST)
    assert view.last == LAST
    assert view.notes == (f"{day} is not between 1900-01-01 and 2200-12-31. These are the last 90 days with data.",)


def test_range_and_theme_survive_every_link_of_the_page_and_the_back_button(tab: Callable[..., Tab]) -> None:
    opened = tab()
    page = opened.open("/?theme=dark&more=7")
    assert page.locator("html").get_attribute("data-theme") == "dark"
    page.get_by_role("link", name="30 days").click()
    opened.wait_until_live()
    first = LAST - timedelta(days=29)
    assert back(page.url) == ("/", {"more": "7", "from": str(first), "to": str(LAST), "theme": "dark"})
    assert page.get_by_role("link", name="30 days").get_attribute("aria-current") == "true"
    assert len(page.locator("#page #day-slider").all()) == 1
    assert page.locator("#page #day-slider").get_attribute("max") == "29"
    page.get_by_role("link", name="Light").click()
    opened.wait_until_live()
    assert page.locator("html").get_attribute("data-theme") == "light"
    assert page.locator("#page #day-slider").get_attribute("max") == "29"
    page.go_back()
    opened.wait_until_live()
    assert page.locator("html").get_attribute("data-theme") == "dark"
    page.go_back()
    opened.wait_until_live()
    assert page.locator("#page #day-slider").get_attribute("max") == "89"


def test_any_other_days_are_chosen_by_a_form_that_needs_no_script(tab: Callable[..., Tab]) -> None:
    page = tab(java_script_enabled=False).open("/?theme=dark&more=7", is_live=False)
    page.get_by_text("Other days").click()
    page.get_by_label("From").fill("2025-05-01")
    page.get_by_label("To").fill("2025-05-11")
    page.get_by_role("button", name="Show").click()
    assert back(page.url)[1] == {"more": "7", "theme": "dark", "from": "2025-05-01", "to": "2025-05-11"}
    assert page.locator("#readout").is_visible()


def test_days_without_data_say_so_and_lead_to_the_last_that_has_some(tab: Callable[..., Tab]) -> None:
    opened = tab()
    page = opened.open("/?from=2024-01-01&to=2024-01-31")
    state = page.locator("#page .state-empty")
    assert (
        state.inner_text()
        == "No readings from 1 Jan 2024 to 31 Jan 2024. The last is of 28 Feb 2026: show February 2026."
    )
    state.get_by_role("link").click()
    opened.wait_until_live()
    assert re.search("from=2026-02-01&to=2026-02-28", page.url)
    assert page.locator("#page #readout").is_visible()
