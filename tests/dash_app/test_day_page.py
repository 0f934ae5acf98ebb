"""The day's page: hours as the clock showed them, nothing of another day, every reading with what became of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from dash import html
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st

from dash_app import day
from dash_app.app import create_app
from dash_app.cards import day_text
from dash_app.day import Piece
from dash_app.figures import day as drawn
from dash_app.gateway import Dataset
from dash_app.gateway_folder import DemoGateway
from dash_app.pages import day as day_page
from dash_app.ssr import parts, to_html
from tests.dash_app.conftest import LAST as YEAR_LAST
from tests.dash_app.conftest import Tab
from tests.dash_app.documents import first_paint, links, text
from tests.dash_app.pressure_frames import FIRST, LAST, dataset, view

SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)


def utc(text_: str) -> datetime:
    return datetime.fromisoformat(text_).replace(tzinfo=UTC)


def pieces(*bounds: tuple[date, str, str, int]) -> list[tuple[date, Piece]]:
    return [(each, Piece(utc(start), utc(end), offset)) for each, start, end, offset in bounds]


SPRINGS = pieces(
    (date(2026, 3, 28), "2026-03-27T23:00", "2026-03-28T23:00", 60),
    (SPRING, "2026-03-28T23:00", "2026-03-29T01:00", 60),
    (SPRING, "2026-03-29T01:00", "2026-03-29T22:00", 120),
)
AUTUMNS = pieces(
    (AUTUMN, "2026-10-24T22:00", "2026-10-25T01:00", 120), (AUTUMN, "2026-10-25T01:00", "2026-10-25T23:00", 60)
)
JOURNEY = pieces(
    (date(2025, 7, 5), "2025-07-04T22:00", "2025-07-05T18:00", 120),
    (date(2025, 7, 5), "2025-07-05T18:00", "2025-07-06T04:00", -240),
)


def named(span: day.Span) -> list[tuple[float, str]]:
    return [(at, name) for at, name in span.ticks() if name]


def test_a_day_of_23_hours_has_23_and_its_hours_after_the_change_are_those_of_the_clock() -> None:
    span = day.of_pieces(SPRINGS, SPRING)
    assert span.hours == 23
    assert named(span) == [(0, "00:00"), (5, "06:00"), (11, "12:00"), (17, "18:00"), (23, "00:00")]
    assert span.changes() == [(2, "At 02:00 the clock went forward by 1 h, to 03:00 (UTC+02:00).")]


def test_a_day_of_25_hours_has_25_and_both_readings_of_the_hour_that_came_twice_have_places_of_their_own() -> None:
    span = day.of_pieces(AUTUMNS, AUTUMN)
    assert span.hours == 25
    assert named(span) == [(0, "00:00"), (7, "06:00"), (13, "12:00"), (19, "18:00"), (25, "00:00")]
    assert [span.elapsed(utc(at)) for at in ("2026-10-25T00:30", "2026-10-25T01:30")] == [2.5, 3.5]


def test_a_journey_west_makes_a_day_of_30_hours_in_which_the_clock_shows_18_twice() -> None:
    span = day.of_pieces(JOURNEY, date(2025, 7, 5))
    assert span.hours == 30
    assert [at for at, name in named(span) if name == "18:00"] == [18, 24]
    assert "went back by 6 h, to 14:00 (UTC−04:00)" in span.changes()[0][1]


def test_from_noon_to_noon_the_night_that_ends_on_the_day_is_whole() -> None:
    span = day.of_pieces(SPRINGS, SPRING, from_noon=True)
    assert (span.start, span.end) == (utc("2026-03-28T11:00"), utc("2026-03-29T10:00"))
    assert span.hours == 23
    assert [name for _, name in named(span)] == ["12:00", "18:00", "00:00", "06:00", "12:00"]


@given(
    st.lists(st.tuples(st.integers(1, 100), st.integers(-48, 56)), min_size=1, max_size=5),
    st.integers(0, 95),
)
def test_ticks_stand_within_the_day_in_order_and_say_what_the_clock_showed(
    parts: list[tuple[int, int]], begin: int
) -> None:
    at, made = utc("2026-01-10T00:00") + timedelta(minutes=15 * begin), []
    for quarters, offset in parts:
        end = at + timedelta(minutes=15 * quarters)
        made.append((date(2026, 1, 10), Piece(at, end, 15 * offset)))
        at = end
    span = day.of_pieces(made, date(2026, 1, 10))
    ticks = span.ticks()
    assert [at for at, _ in ticks] == sorted(at for at, _ in ticks)
    for place, name in ticks:
        assert 0 <= place <= span.hours
        instant = span.start + timedelta(hours=place)
        shown = {f"{one.local(instant):%H:%M}" for one in span.pieces if one.start <= instant <= one.end}
        assert not name or name in shown
    places = [place for place, name in ticks if name]
    assert all(later - earlier >= day.TICK_H for earlier, later in pairwise(places))


@given(
    st.text(max_size=60)
    | st.dates().map(str)
    | st.sampled_from(["2026-02-30", "２０２６-01-01", "20260101", "0000-00-00"])
)
def test_any_date_gives_a_day_of_the_data_and_a_note_where_it_is_another_than_was_asked(asked: str) -> None:
    when, notes = day.chosen(view(params={"date": asked}))
    assert FIRST <= when <= LAST
    assert (asked in ("", str(when))) == (not notes)


def test_after_before_and_no_date_each_say_what_is_shown_instead() -> None:
    found = {asked: day.chosen(view(params={"date": asked})) for asked in ("2031-01-01", "1999-01-01", "tomorrow")}
    assert [when for when, _ in found.values()] == [LAST, FIRST, LAST]
    assert "1 Jan 2031 is after the data, which ends on 31 Mar 2026." in found["2031-01-01"][1][0]
    assert "1 Jan 1999 is before the data, which begins on 1 Jan 2026." in found["1999-01-01"][1][0]
    assert '"tomorrow" is no date' in found["tomorrow"][1][0]


def beats(*minutes: int) -> list[dict[str, Any]]:
    start = utc("2026-03-28T23:00")
    values = {"n": 1, "min": 50.0, "median": 60.0, "max": 70.0}
    return [{"start_utc": start + timedelta(minutes=at), **values} for at in minutes]


def test_the_line_of_the_heart_rate_breaks_where_more_than_a_quarter_of_an_hour_has_no_sample() -> None:
    figure = drawn.heart_rate(view(), day.of_pieces(SPRINGS, SPRING), beats(0, 5, 20, 36, 37))
    (line,) = [trace for trace in figure.data if trace.name == "median"]
    assert list(line.x) == [0, 0.0833, 0.3333, None, 0.6, 0.6167]
    assert list(line.y) == [60, 60, 60, None, 60, 60]
    assert not line.connectgaps


def test_a_sample_between_two_gaps_is_a_dot() -> None:
    figure = drawn.heart_rate(view(), day.of_pieces(SPRINGS, SPRING), beats(0, 5, 60, 120, 125))
    (alone,) = [trace for trace in figure.data if trace.name == "alone"]
    assert list(alone.x) == [1.0]


def test_sittings_near_each_other_are_told_in_two_rows_and_no_two_labels_lie_on_each_other() -> None:
    start = utc("2026-03-28T23:00")
    values = {"systolic_mean_mmhg": 131.5, "diastolic_mean_mmhg": 82.0, "utc_offset_min": 60}
    sat = [{"start_utc": start + timedelta(hours=at), **values} for at in (0, 1, 2, 7, 8, 22)]
    figure = drawn.pressure(view(), day.of_pieces(SPRINGS, SPRING), [], sat, ())
    labels = [(note.x, note.y) for note in figure.layout.annotations if note.name == "sitting"]
    assert len(labels) == 5  # the third of three within two hours is left to the table
    for at, (x, y) in enumerate(labels):
        assert all(abs(x - other) >= drawn.LABEL_H for other, level in labels[:at] if level == y)


def reading(at: str, **more: Any) -> dict[str, Any]:
    start = utc(at)
    usual = {"utc_offset_min": 120, "systolic_mmhg": 134.0, "diastolic_mmhg": 80.0, "pulse_bpm": 61.0, "source": "cuff"}
    usual |= {"device": "", "fate": "counted", "why": None, "stands_for": None, "reading": f"cuff/e//{start:%d%H%M}"}
    found = {"start_utc": start, **usual, **more}
    return {"date": (start + timedelta(minutes=found["utc_offset_min"])).date(), **found}


def clock() -> list[dict[str, Any]]:
    midnight = utc("2026-03-30T22:00")
    days = [(LAST + timedelta(days=at), midnight + timedelta(days=at)) for at in (-1, 0, 1)]
    return [
        {"date": one, "start_utc": at, "end_utc": at + timedelta(days=1), "utc_offset_min": 120} for one, at in days
    ]


def shown(data: Dataset, **params: str) -> str:
    return to_html(html.Div(day_page.page(data, view(path="/day", params={"date": str(LAST), **params}))))


def test_every_reading_stands_with_what_became_of_it_and_a_way_to_its_record(tmp_path: Path) -> None:
    readings = [
        reading("2026-03-31T05:28"),
        reading("2026-03-31T05:29", fate="other_device", stands_for="omron/f//3"),
        reading("2026-03-31T06:00", fate="quarantined", why="systolic_mmhg_impossible", systolic_mmhg=400.0),
        reading("2026-03-30T21:59", systolic_mmhg=99.0),
    ]
    page = shown(dataset(tmp_path, bp_readings=readings, clock=clock()))
    said = text(page)
    assert "1 reading counted, 2 set aside" in said
    assert "07:28 +02:00 134 80 61 cuff not named counted" in said
    assert "07:29 +02:00 134 80 61 cuff not named another device's reading counts" in said
    assert "refused, not counted (systolic mmHg impossible)" in said
    assert "23:59" not in said  # of the day before
    assert "as of 31 Mar 2026 07:28" in said
    ways = [link for link in links(page) if "metric=bp_readings.systolic_mmhg" in link]
    assert len(ways) == 3
    assert "reading=cuff%2Fe%2F%2F310528&start_utc=2026-03-31T05%3A28%3A00%2B00%3A00" in ways[0]


def test_the_pressure_s_chart_holds_the_threshold_of_the_guideline_that_the_address_asks_for(tmp_path: Path) -> None:
    low = [reading("2026-03-31T05:28", systolic_mmhg=104.0, diastolic_mmhg=62.0)]
    data = dataset(tmp_path, bp_readings=low, clock=clock())
    for guide, bounds in (("", (135, 85)), ("acc_aha_2017", (130, 80))):
        asked = replace(view(path="/day", params={"date": str(LAST)}), guideline=guide)
        page = html.Div(day_page.page(data, asked))
        (figure,) = (each.figure for each in parts(page) if getattr(each, "id", "") == "day-pressure")
        lines = sorted(shape.y0 for shape in figure.layout.shapes if shape.y0 == shape.y1)
        assert lines == sorted(bounds)
        assert all(figure.layout.yaxis.range[0] < line < figure.layout.yaxis.range[1] for line in lines)
        assert f"Dashed: {bounds[0]}/{bounds[1]} mmHg, home threshold of" in text(to_html(page))


def test_a_time_that_no_clock_showed_or_that_it_showed_twice_is_told_beside_what_became_of_the_reading(
    tmp_path: Path,
) -> None:
    readings = [
        reading("2026-03-31T05:28", flags="pulse_unread;nonexistent_time"),
        reading("2026-03-31T05:29", flags="ambiguous_time", fate="other_device", stands_for="omron/f//3"),
        reading("2026-03-31T05:30", flags="pulse_unread"),
    ]
    said = text(shown(dataset(tmp_path, bp_readings=readings, clock=clock())))
    assert "not named counted; this time did not exist: the clocks went forward where from?" in said
    assert "another device's reading counts; this time occurred twice where from?" in said
    assert "not named counted where from?" in said


def test_a_day_without_anything_says_so_and_shows_no_0(tmp_path: Path) -> None:
    said = text(shown(dataset(tmp_path, missing=(LAST,), clock=clock())))
    assert said.count("no reading") >= 4
    for told in ("No heart rate was recorded", "No sleep was recorded", "No blood pressure reading in these hours."):
        assert told in said
    assert "0 steps" not in said


def test_neighbours_with_data_are_offered_beside_the_days_before_and_after(tmp_path: Path) -> None:
    gone = tuple(LAST - timedelta(days=at) for at in (1, 2))
    page = shown(dataset(tmp_path, missing=gone, clock=clock()), span="noon")
    ways = [link for link in links(page) if link.startswith("/day?date=")]
    assert ways[:2] == ["/day?date=2026-03-30&span=noon", "/day?date=2026-03-28&span=noon"]
    assert 'rel="next"' not in page  # the last day has no day after
    first = to_html(html.Div(day_page.page(dataset(tmp_path / "b"), view(path="/day", params={"date": str(FIRST)}))))
    assert 'rel="prev"' not in first
    assert 'rel="next"' in first


def test_without_the_table_of_the_clock_the_hours_are_said_to_be_those_of_utc(tmp_path: Path) -> None:
    assert "these are hours of UTC" in text(shown(dataset(tmp_path)))
    assert "these are hours of UTC" not in text(shown(dataset(tmp_path / "b", clock=clock())))


def test_what_the_owner_noted_is_text_and_of_this_day_alone(tmp_path: Path) -> None:
    events = [{"date": LAST - timedelta(days=at), "kind": "note", "text": f"<img src=x> {at}"} for at in (0, 1)]
    page = shown(dataset(tmp_path, events=events, clock=clock()))
    assert "&lt;img src=x&gt; 0" in page
    assert "<img src=x>" not in page
    assert "src=x&gt; 1" not in page


@pytest.fixture(scope="module")
def client(demo_folder: Path) -> FlaskClient:
    return create_app(DemoGateway(demo_folder)).server.test_client()


@pytest.fixture(scope="module")
def bare(year_folder: Path) -> FlaskClient:
    """The dashboard's own pages on a folder that has nothing but the daily table."""
    return create_app(DemoGateway(year_folder)).server.test_client()


HOSTILE = [
    "<script>alert(1)</script>",
    "../../etc/passwd",
    "2026-02-30",
    "0001-01-01",
    "9999-12-31",
    "-1",
    "٢٠٢٦-٠١-٠١",
    "\x00",
]


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(HOSTILE) | st.text(max_size=40), st.sampled_from(["", "noon", "<b>x</b>", "NOON"]))
def test_no_date_and_no_span_breaks_the_page_or_comes_back_as_markup(bare: FlaskClient, asked: str, span: str) -> None:
    answer = bare.get("/day", query_string={"date": asked, "span": span})
    assert answer.status_code == 200
    page = answer.get_data(as_text=True)
    assert "<script>alert" not in page
    assert "<b>x</b>" not in page


@pytest.mark.parametrize(
    ("when", "hours"), [("2025-03-30", 23), ("2025-10-26", 25), ("2025-07-05", 30), ("2025-07-19", 18)]
)
def test_the_demos_days_of_other_lengths_are_as_long_as_they_were(client: FlaskClient, when: str, hours: int) -> None:
    assert f"This day's {hours} hours are drawn as they passed" in text(first_paint(client, f"/day?date={when}"))


def test_the_mean_of_the_day_is_that_of_the_readings_that_count(client: FlaskClient, demo_folder: Path) -> None:
    data = DemoGateway(demo_folder).dataset()
    rows = data.table("bp_readings", None, date(2025, 4, 22), date(2025, 4, 22)).to_pylist()
    counted: Sequence[float] = [row["systolic_mmhg"] for row in rows if row["fate"] == "counted"]
    (mean,) = data.table("daily", ["bp_systolic_mean_mmhg"], date(2025, 4, 22), date(2025, 4, 22))[0].to_pylist()
    assert len(counted) < len(rows)
    assert sum(counted) / len(counted) == mean


def test_a_single_reading_leads_to_its_raw_record(client: FlaskClient) -> None:
    page = first_paint(client, "/day?date=2025-04-22")
    ways = [link for link in links(page) if "bp_readings" in link]
    found = [first_paint(client, way) for way in ways]
    assert all('data-verdict="same"' in one for one in found)
    assert all("read again from the raw bytes just now, say the same" in text(one) for one in found)


def test_enter_at_the_slider_opens_that_day_and_the_arrows_turn_its_page(tab: Callable[..., Tab], demo: str) -> None:
    opened = tab(demo)
    page = opened.open("/?from=2025-03-01&to=2025-03-31")
    page.locator("#page #day-slider").focus()
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    opened.wait_until_live()
    assert page.locator("#page .day-title").inner_text() == "Sun, 30 Mar 2025"
    for key, title in (("ArrowRight", "Mon, 31 Mar 2025"), ("ArrowLeft", "Sun, 30 Mar 2025")):
        with page.expect_navigation():
            page.keyboard.press(key)
        opened.wait_until_live()
        assert page.locator("#page .day-title").inner_text() == title
    page.locator("#page .day-jump input[type=date]").focus()
    page.keyboard.press("ArrowRight")
    assert "date=2025-03-30" in page.url  # a field keeps its own keys
    assert opened.faults == []


def test_the_range_stays_in_the_address_and_the_way_back_leads_to_it(client: FlaskClient) -> None:
    page = first_paint(client, "/day?date=2025-03-14&from=2025-03-01&to=2025-03-31")
    assert "/?from=2025-03-01&to=2025-03-31" in links(page)
    assert "/day?date=2025-03-15&from=2025-03-01&to=2025-03-31" in links(page)


def test_without_a_date_the_page_shows_the_last_day_of_the_data(bare: FlaskClient) -> None:
    assert day_text(YEAR_LAST) in text(first_paint(bare, "/day"))
