"""Events on charts: letters kept apart, words that are text, comparisons that claim no more than they may."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
import pytest
from dash import html
from hypothesis import given
from hypothesis import strategies as st

from dash_app import event_effects, event_marks
from dash_app.event_marks import GAP_PX, LETTER_PX, NARROWEST_PX
from dash_app.figures import trend
from dash_app.ssr import to_html
from tests.dash_app.documents import links, text
from tests.dash_app.pressure_frames import FIRST, LAST, dataset, view


@given(st.sets(st.integers(0, 364), max_size=60), st.sampled_from([7, 30, 90, 365]))
def test_no_two_marks_lie_on_each_other_on_the_narrowest_screen_and_every_letter_is_in_one(
    days: set[int], n_days: int
) -> None:
    events = [{"date": FIRST + timedelta(days=at)} for at in days if at < n_days]
    letters = [(name, day) for day, name in event_marks.names(events).items()]
    placed = event_marks.placed(letters, FIRST, n_days)
    px = NARROWEST_PX / n_days
    for before, after in pairwise(placed):
        assert (after.at - before.at) * px >= (len(before.text) + len(after.text)) / 2 * LETTER_PX + GAP_PX - 1e-6
    ends = [part for mark in placed for part in mark.text.split("–")]
    assert ends == [name for name, _ in letters if name in ends]
    assert not letters or (ends[0], ends[-1]) == (letters[0][0], letters[-1][0])


def test_a_line_stands_at_the_day_of_each_event_and_near_ones_share_a_mark() -> None:
    figure = go.Figure()
    days = [FIRST + timedelta(days=at) for at in (10, 40, 41, 42)]
    trend.events(figure, view(), list(zip("ABCD", days, strict=True)), is_named=True)
    assert [shape.x0 for shape in figure.layout.shapes] == days
    assert [note.text for note in figure.layout.annotations] == ["A", "B–D"]
    assert figure.layout.annotations[1].x == f"{days[2]} 00:00"


def test_what_a_letter_stands_for_is_cut_where_it_would_fill_the_page() -> None:
    events = [{"date": FIRST + timedelta(days=at), "text": "x" * 500} for at in range(20)]
    told = event_marks.told(events)
    assert told.startswith("Events (dotted): A 1 Jan 2026: xxx")
    assert told.endswith("; and 8 more, each on its day's page")
    assert max(map(len, told.split("; "))) < 120
    assert event_marks.told([]) == ""


def effect(figure: str, span_days: int, verdict: str, **more: Any) -> dict[str, Any]:
    usual = {"event_date": date(2026, 2, 10), "kind": "medication", "text": "<b>First tablet</b>"}
    numbers = {"n_before": 24, "n_after": 25, "mean_before": 140.0, "mean_after": 132.5, "difference": -7.5}
    numbers |= {"low": -9.9, "high": -5.1, "other_events_n": 0}
    return usual | {"figure": figure, "span_days": span_days, "verdict": verdict} | numbers | more


@pytest.mark.parametrize(
    ("verdict", "said"),
    [
        ("lower", "Systolic pressure: lower by 7.5 mmHg (95 % −9.9 to −5.1); n = 24 days before, 25 after."),
        (
            "cannot_tell",
            "Systolic pressure: one cannot tell (−7.5 mmHg, 95 % −9.9 to −5.1); n = 24 days before, 25 after.",
        ),
        ("too_few", "Systolic pressure: too few days to compare; n = 24 days before, 25 after."),
    ],
)
def test_a_comparison_says_how_much_how_surely_and_of_how_many_days(verdict: str, said: str) -> None:
    assert text(event_effects.sentence(effect("bp_systolic_mean_mmhg", 28, verdict))).replace(" :", ":") == said


def card(root: Path, *rows: dict[str, Any], **more: Any) -> str:
    events = [{"date": row["event_date"], "kind": row["kind"], "text": row["text"]} for row in rows[:1]]
    made = event_effects.section(dataset(root, event_effects=list(rows), events=events), view(**more))
    return to_html(html.Div(made))


def test_the_days_compared_are_named_for_each_figure_and_end_with_the_data(tmp_path: Path) -> None:
    short = effect("bp_systolic_mean_mmhg", 28, "lower")
    said = text(card(tmp_path, short, effect("sleep_total_min", 56, "too_few")))
    assert "Systolic pressure: 13 Jan 2026 to 9 Feb 2026 against 17 Feb 2026 to 16 Mar 2026." in said
    assert "Sleep: 1 Jan 2026 to 9 Feb 2026 against 10 Mar 2026 to 31 Mar 2026 (the data end there)." in said


def test_the_longer_comparison_is_told_unless_it_has_too_few_days_whatever_it_says(tmp_path: Path) -> None:
    both = [effect("sleep_total_min", 28, "higher"), effect("sleep_total_min", 56, "cannot_tell")]
    assert "Sleep: one cannot tell" in text(card(tmp_path / "a", *both)).replace(" :", ":")
    both[1]["verdict"] = "too_few"
    page = card(tmp_path / "b", *both)
    assert "Sleep: higher by" in text(page).replace(" :", ":")
    assert "Sleep: 13 Jan 2026 to 9 Feb 2026 against 17 Feb 2026 to 16 Mar 2026." in text(page)


def test_below_the_minimum_no_number_of_the_comparison_is_shown(tmp_path: Path) -> None:
    said = text(card(tmp_path, effect("bp_systolic_mean_mmhg", 28, "too_few", n_before=9)))
    assert "140.0" not in said
    assert "7.5" not in said
    assert "n = 9 days before" in said


def test_the_card_says_association_not_cause_names_other_events_and_leads_on(tmp_path: Path) -> None:
    page = card(tmp_path, effect("bp_systolic_mean_mmhg", 28, "lower", other_events_n=2))
    said = text(page)
    assert "Association, not cause" in said
    assert "2 other events fell into these weeks" in said
    assert "A · 10 Feb 2026: <b>First tablet</b> (medication)" in said
    assert "<b>First" not in page
    assert "/day?date=2026-02-10" in links(page)
    assert any("metric=event_effects.difference&day=2026-02-10" in link for link in links(page))


def test_without_an_event_in_the_view_the_last_one_is_named_and_without_any_there_is_no_card(tmp_path: Path) -> None:
    old = effect("bp_systolic_mean_mmhg", 28, "lower", event_date=date(2025, 7, 19))
    page = card(tmp_path / "a", old)
    assert "The last is of 19 Jul 2025" in text(page)
    assert "/?from=2025-05-24&to=2025-10-10" in links(page)
    assert event_effects.section(dataset(tmp_path / "b"), view(last=LAST)) is None
