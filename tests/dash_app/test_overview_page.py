"""The overview: what its sentence and cards say, from tables whose numbers are known, and what it says without them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from html import unescape
from pathlib import Path

import pytest
from dash import html

from dash_app import day_ticks, overview_calendar, tables
from dash_app.figures import overview as drawn
from dash_app.figures import trend
from dash_app.native import Markup
from dash_app.pages import overview
from dash_app.ssr import to_html
from pdp.home_bp.guidelines import guideline
from tests.dash_app.documents import links, text
from tests.dash_app.pressure_frames import BLANK, FULL, LAST, dataset, view


def read(*given: object, **more: object) -> str:
    return text(to_html(html.Div(overview.page(*given, **more))))  # type: ignore[arg-type]


def test_the_sentence_says_what_against_which_threshold_and_against_the_usual(tmp_path: Path) -> None:
    said = read(dataset(tmp_path), view())
    assert "Home blood pressure averaged 134/80 mmHg in the 7 days to 31 Mar 2026: below 135/85" in said
    assert "the home threshold of ESC 2024, and above your usual systolic of 126 to 131." in said


def test_an_average_that_is_shown_as_135_is_not_called_below_135(tmp_path: Path) -> None:
    said = read(dataset(tmp_path, window={"systolic_mean_mmhg": 134.5}), view())
    assert "averaged 135/80 mmHg" in said
    assert "at or above 135/85" in said


def test_another_guideline_gives_another_verdict(tmp_path: Path) -> None:
    said = read(dataset(tmp_path), view(guideline="acc_aha_2017"))
    assert "at or above 130/80, the home threshold of ACC/AHA 2017" in said


def test_an_unknown_guideline_is_said_and_not_shown(tmp_path: Path) -> None:
    assert 'There is no guideline "nobody_1999": this is ESC 2024.' in read(
        dataset(tmp_path), view(guideline="nobody_1999")
    )


def test_too_few_readings_have_no_verdict(tmp_path: Path) -> None:
    said = read(dataset(tmp_path, window={"is_sufficient": False, "why_not": "8 readings of at least 12."}), view())
    assert (
        "Too few readings to judge home blood pressure in the 7 days to 31 Mar 2026: 8 readings of at least 12." in said
    )
    assert "7-day home average too few readings 8 readings of at least 12. No average is given below that." in said
    assert "below 135/85" not in said
    assert "above 135/85" not in said


def test_every_card_has_its_n_and_a_link_to_its_lineage(tmp_path: Path) -> None:
    page = to_html(html.Div(overview.page(dataset(tmp_path), view())))
    assert "14 readings on 4 days" in text(page)
    assert "31/31 days with blood pressure" in text(page)
    assert "/lineage?metric=bp_windows.systolic_mean_mmhg&day=2026-03-31&protocol=esh" in links(page)
    assert len([link for link in links(page) if link.startswith("/lineage")]) == 4


def test_a_measure_without_data_is_no_reading_and_never_0(tmp_path: Path) -> None:
    said = read(dataset(tmp_path), view())
    assert "Resting heart rate no reading 0 nights in these days" in said  # trends has no such figure here
    assert "Resting heart rate and sleep have no data in these days." in said


def test_days_without_any_data_lead_to_the_last_that_have(tmp_path: Path) -> None:
    long_ago = view(first=date(2020, 1, 1), last=date(2020, 2, 1))
    page = to_html(html.Div(overview.page(dataset(tmp_path), long_ago)))
    assert "from 1 Jan 2020 to 1 Feb 2020" in text(page)
    assert "/?from=2026-03-01&to=2026-03-31" in links(page)


def test_readings_that_ended_ten_days_ago_are_said_to_be_old(tmp_path: Path) -> None:
    gone = tuple(LAST - timedelta(days=at) for at in range(10))
    assert "The newest blood pressure reading is 10 days old (21 Mar 2026)." in read(dataset(tmp_path, gone), view())
    assert "days old" not in read(dataset(tmp_path / "fresh"), view())


def test_without_any_blood_pressure_the_newest_of_the_others_is_said_to_be_old(tmp_path: Path) -> None:
    other = [{"date": LAST - timedelta(days=8), **BLANK, "rhr_sleep_p05_bpm": 56.0}]
    said = read(dataset(tmp_path, daily=other, bp_windows=None, bp_sessions=None), view())
    assert "The newest day with data is 8 days old (23 Mar 2026)." in said


def test_a_measure_without_a_value_in_the_days_has_a_sentence_and_no_axis(tmp_path: Path) -> None:
    days = [{"date": LAST - timedelta(days=at), **FULL, "sleep_total_min": None} for at in range(9)]
    page = to_html(html.Div(overview.page(dataset(tmp_path, daily=days), view())))
    assert "Sleep No nights with sleep from 1 Jan 2026 to 31 Mar 2026." in text(page)
    assert "Table of Sleep" not in text(page)
    assert "Table of Resting heart rate" in text(page)


def test_what_was_not_taken_is_said_to_be_of_the_whole_record(tmp_path: Path) -> None:
    data = dataset(tmp_path)
    told = {"sources": {"cuff": {}}, "total": {"quarantined": 22, "unread": 1}}
    (tmp_path / "results/summary/demo/conservation.json").write_text(json.dumps(told))
    page = to_html(html.Div(overview.page(data, view())))
    assert "1 source in all, 22 rows quarantined in all; 1 file or row could not be read" in text(page)
    assert "/data#rejected" in links(page)


@pytest.mark.parametrize("n", [1, 2, 7, 8, 30, 45, 90, 91, 120, 365, 366, 800, 7306])
def test_any_range_has_days_named_that_stand_apart(n: int) -> None:
    at, names = day_ticks.ticks(LAST - timedelta(days=n - 1), LAST)
    assert min(n, 3) <= len(at) <= day_ticks.MOST
    assert at == sorted(set(at))
    assert LAST - timedelta(days=n - 1) <= at[0] <= at[-1] <= LAST
    assert len(names) == len(at)


def test_months_and_years_are_named_where_they_change() -> None:
    assert day_ticks.ticks(date(2025, 12, 25), date(2026, 1, 5))[1] == [
        "25<br>Dec",
        "27",
        "29",
        "31",
        "2<br>Jan ’26",
        "4",
    ]
    assert day_ticks.ticks(date(2025, 4, 1), LAST)[1] == ["May<br>2025", "Jul", "Sep", "Nov", "Jan<br>2026", "Mar"]


def test_events_stand_below_by_letter_and_not_as_markup(tmp_path: Path) -> None:
    told = [{"date": LAST, "kind": "note", "text": "<b>tea</b>"}]
    page = to_html(html.Div(overview.page(dataset(tmp_path, events=told), view())))
    assert "Events (dotted): A 31 Mar 2026: &lt;b&gt;tea&lt;/b&gt;" in page
    assert Markup("<b>tea</b>") not in page


def test_the_calendar_has_a_cell_per_day_an_empty_one_for_a_day_without_and_leads_to_the_month() -> None:
    first, second = LAST - timedelta(days=39), LAST - timedelta(days=1)
    shown = to_html(overview_calendar.section(view(), first, {first: 124.4, second: 134.5}, guideline("esc_2024")))
    assert shown.count("<rect") == 40
    assert shown.count('class="none"') == 38
    assert f'class="mark-level-3"><title>{second:%a}, 30 Mar 2026: 135 mmHg' in shown
    assert f'class="mark-level-1"><title>{first:%a}, 20 Feb 2026: 124 mmHg' in shown
    assert "from=2026-02-20&to=2026-02-28" in unescape(shown)
    assert 'aria-label="Mar 2026: 1 day with a reading"' in shown


@pytest.mark.parametrize(("systolic", "colour"), [(124.4, 1), (124.5, 2), (134.4, 2), (134.5, 3), (144.5, 4)])
def test_the_calendars_colours_turn_in_whole_mmhg(systolic: float, colour: int) -> None:
    assert overview_calendar.level(systolic, 135) == colour


def test_the_band_and_the_line_break_where_the_trend_does() -> None:
    row = {"median": 130.0, "q1": 128.0, "q3": 132.0}
    gap = {LAST - timedelta(days=at): row for at in (0, 1, 12, 13)}
    assert [len(run) for run in trend.runs(view().days(), gap)] == [2, 2]
    figure = drawn.pressure(view(), ([], []), (gap, {}), guideline("esc_2024"), [])
    line = next(trace for trace in figure.data if trace.name == "median")
    assert list(line.y) == [130.0, 130.0, None, 130.0, 130.0]
    assert list(line.x[3:]) == [str(LAST - timedelta(days=1)), str(LAST)]
    assert not line.connectgaps


def test_hours_are_told_with_their_minutes() -> None:
    assert [drawn.clock(minutes) for minutes in (400, 419.6, 60)] == ["6 h 40", "7 h 00", "1 h 00"]


def test_twenty_years_of_medians_are_few_points_with_both_ends_of_every_stretch() -> None:
    days = [LAST - timedelta(days=at) for at in reversed(range(7300))]
    gone = days[4000]
    row = {"median": 130.123456, "q1": 120.0, "q3": 140.0}
    figure = drawn.pressure(
        replace(view(), first=days[0], last=days[-1]),
        ([], []),
        ({day: row for day in days if day != gone}, {}),
        guideline("esc_2024"),
        [],
    )
    line = next(trace for trace in figure.data if trace.name == "median")
    assert len(line.x) < 1.05 * trend.MOST_POINTS
    ends = [line.x[0], *(line.x[at + way] for at in range(len(line.x) - 1) if line.x[at] is None for way in (-1, 1))]
    assert ends == [str(day) for day in (days[0], days[3999], days[4001])]
    assert line.x[-1] == str(LAST)
    assert line.y[0] == 130.123


def test_a_table_of_very_many_rows_shows_the_newest_and_says_how_to_see_the_others() -> None:
    rows = [(str(at), at) for at in range(tables.MOST_BEHIND + 1)]
    shown = to_html(tables.behind("days", [tables.Column("Day"), tables.Column("Value")], rows))
    assert shown.count("<tr>") == tables.MOST_BEHIND + 1  # the head's is one of them
    assert f"the newest {tables.MOST_BEHIND:,} of {tables.MOST_BEHIND + 1:,} rows" in shown
    assert "the newest" not in to_html(tables.behind("days", [tables.Column("Day"), tables.Column("Value")], rows[1:]))
