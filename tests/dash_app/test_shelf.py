"""Tabs of the tests share a browser's cache and process, and nothing else."""

from __future__ import annotations

from tests.dash_app.conftest import Shelf, tabs

LEFT = "() => [document.cookie, Object.keys(localStorage), Object.keys(sessionStorage)]"
LEAVE = "() => { document.cookie = 'a=b'; localStorage.setItem('c', 'd'); sessionStorage.setItem('e', 'f') }"


def test_a_tab_has_no_cookie_and_nothing_stored_of_the_one_before(shelf: Shelf, year: str) -> None:
    used = set()
    for _ in range(2):
        with tabs(shelf, year) as new:
            page = new().open("/")
            used.add(page.context)
            assert page.evaluate(LEFT) == ["", [], []]
            page.evaluate(LEAVE)
            assert page.evaluate(LEFT) == ["a=b", ["c"], ["e"]]
    assert len(used) == 1, "the second tab was in the first one's context"


def test_two_tabs_of_one_test_have_cookies_of_their_own(shelf: Shelf, year: str) -> None:
    with tabs(shelf, year) as new:
        one, other = new().open("/"), new().open("/")
        one.evaluate(LEAVE)
        assert other.evaluate(LEFT) == ["", [], []]
