"""The heart rate page: cards, charts, the zoom by address, by keys and by dragging, and days of 23 and 25 hours."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from dash import html
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from playwright.sync_api import Page, expect

from dash_app import heart_window, heart_zoom
from dash_app.app import create_app
from dash_app.figures import heart_rate as drawn
from dash_app.figures import heart_rate_zoom
from dash_app.gateway import Dataset
from dash_app.gateway_folder import DemoGateway
from dash_app.pages import heart_rate
from dash_app.ssr import to_html
from pdp import pyramid
from pdp.heart_rate import hours
from tests.dash_app.conftest import Tab
from tests.dash_app.documents import first_paint, text
from tests.dash_app.heart_folder import results, view
from tests.summary_subject import Subject

LONG = {"zoom_from": "2024-01-01", "zoom_to": "2027-01-01"}


def autumn() -> Subject:
    """Nine days around the change of the clock on 2026-10-25, a sample every ten minutes; the 23rd has none."""
    subject = Subject()
    for day in [20, 21, 22, 24, 25, 26, 27, 28]:
        begin = subject.at(f"2026-10-{day} 00:00")
        length = subject.at(f"2026-10-{day + 1} 00:00") - begin
        subject.beats(begin, [60.0 + (at % 20) for at in range(length // timedelta(minutes=10))], step_min=10)
        subject.stages(f"2026-10-{day - 1} 23:00", ("light", 400))
    return subject


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return results(autumn(), tmp_path_factory.mktemp("autumn"))


@pytest.fixture(scope="module")
def client(data: Dataset) -> FlaskClient:
    app = create_app(DemoGateway(data.root))
    app.server.testing = False  # a fault is an answer of 500, not an exception in the test
    return app.server.test_client()


def made(data: Dataset, **more: Any) -> str:
    return to_html(html.Div(heart_rate.page(data, view(data, **more))))


def zoomed(data: Dataset, first: str, last: str) -> dict[str, Any]:
    return heart_zoom.answer(data, view(data, params={"zoom_from": first, "zoom_to": last}))


def test_the_cards_tell_the_newest_night_and_the_newest_day(data: Dataset) -> None:
    said = text(made(data))
    assert (
        "Resting heart rate, last night 60 bpm your usual is not known yet 5th percentile of 40 samples asleep" in said
    )
    assert "Median of Wed, 28 Oct 2026 69 bpm lowest 60 , highest 79 ; middle half 64 to 74 144 samples" in said
    assert "8 of 9 days shown have heart rate" in said


def test_a_day_without_heart_rate_is_missing_and_not_zero(data: Dataset) -> None:
    table = data.table("heart_rate_hours", None, date(2026, 10, 22), date(2026, 10, 24))
    values, _ = hours.grid(table, (date(2026, 10, 22) - date(1970, 1, 1)).days, 3, 1)
    figure = drawn.heat(view(data), [date(2026, 10, day) for day in (22, 23, 24)], 1, values)
    (cells,) = figure.data
    assert {row[1] for row in cells.z} == {None}
    assert all(row[0] is not None for row in cells.z)
    assert cells.zmin >= 50
    assert figure.layout.plot_bgcolor == view(data).palette.level_none


def test_the_hour_that_occurs_twice_is_said_to_be_one_field_of_all_samples(data: Dataset) -> None:
    said = text(made(data))
    assert "Hours occurred twice on 25 Oct 2026: both are one field, the median of all their samples." in said
    row = next(
        row
        for row in data.table("heart_rate_hours", None, date(2026, 10, 25), date(2026, 10, 25)).to_pylist()
        if row["hour"] == 2
    )
    assert (row["n"], row["length_min"]) == (12, 120)


def test_colours_go_from_faint_to_full_in_lightness_in_both_themes(data: Dataset) -> None:
    def light(colour: str) -> float:
        red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    for theme, way in (("light", -1), ("dark", 1)):
        steps = [light(colour) for _, colour in drawn.scale(view(data, theme=theme))]
        assert steps == sorted(steps, reverse=way < 0)
        assert abs(steps[-1] - steps[0]) > 90


def test_many_days_are_drawn_by_the_week(data: Dataset) -> None:
    first = date(2026, 10, 20) - timedelta(days=300)
    said = text(made(data, first=first))
    assert "Through the day, week by week (bpm)" in said
    assert "Each week's median of the days' medians, by local hour" in said


def test_the_distribution_names_n_and_quartiles_asleep_and_awake(data: Dataset) -> None:
    said = text(made(data))
    counts = data.table("heart_rate_counts").to_pylist()
    asleep = sum(row["n"] for row in counts if row["phase"] == "asleep")
    assert f"All {sum(row['n'] for row in counts):,} 64.0 69.0 74.0" in said
    assert f"Asleep {asleep:,}" in said
    assert re.search(r"Awake [\d,]+ 6\d", said)


def test_without_a_resting_rate_in_the_days_there_is_a_sentence_and_no_axis(tmp_path: Path) -> None:
    subject = Subject()
    subject.beats(subject.at("2026-10-20 12:00"), [60.0] * 30, step_min=1)
    page = text(made(results(subject, tmp_path)))
    assert "Resting heart rate, night by night No resting heart rate from" in page
    assert "Table of resting heart rate" not in page


def test_ninety_nine_samples_draw_no_distribution(tmp_path: Path) -> None:
    subject = Subject()
    subject.beats("2026-06-01 08:00", [60.0] * 99)
    said = text(made(results(subject, tmp_path)))
    assert "99 of 100 samples of heart rate. Nothing is drawn." in said


def test_somebody_without_heart_rate_is_told_so_and_sees_no_chart(tmp_path: Path) -> None:
    subject = Subject()
    subject.cuff("2026-06-01 08:00", 120, 80)
    page = made(results(subject, tmp_path))
    assert "No heart rate from 1 Jun 2026 to 1 Jun 2026. There are none in the data at all." in text(page)
    assert "heart-zoom" not in page


def test_heart_rate_that_ended_is_said_to_be_old(data: Dataset) -> None:
    later = view(data, last=date(2026, 11, 10), data_last=date(2026, 11, 10))
    said = text(to_html(html.Div(heart_rate.page(data, later))))
    assert "The newest day with heart rate is 13 days old (28 Oct 2026)." in said


def test_days_before_the_first_sample_lead_to_the_last(data: Dataset) -> None:
    said = text(made(data, first=date(2026, 9, 1), last=date(2026, 9, 30)))
    assert "No heart rate from 1 Sep 2026 to 30 Sep 2026. The last is of 28 Oct 2026: show October 2026" in said


def test_a_pyramid_that_is_gone_leaves_the_rest_of_the_page(tmp_path: Path) -> None:
    data = results(autumn(), tmp_path)
    for level in pyramid.LEVELS:
        (tmp_path / f"results/summary/demo/{level.table}.parquet").unlink()
    said = text(made(data))
    assert "The zoom can't be drawn: heart rate: is not there yet." in said
    assert "Distribution" in said


@pytest.mark.parametrize(
    ("first", "last", "level", "n"),
    [
        ("2026-10-21T08:00", "2026-10-21T12:00", "single samples", 24),
        ("2026-10-21T00:00", "2026-10-22T00:00", "1 minute", 144),
        ("2026-10-20T00:00", "2026-10-29T00:00", "1 minute", 8 * 144 + 6),
    ],
)
def test_the_level_is_named_in_words_with_n(data: Dataset, first: str, last: str, level: str, n: int) -> None:
    told = text(zoomed(data, first, last)["told"])
    assert told.startswith(level)
    assert f"n = {n:,} samples" in told


@pytest.mark.parametrize(("days", "most"), [(45, 1500), (46, 48), (3000, 1500)])
def test_months_are_drawn_by_the_day_and_years_by_the_week(data: Dataset, days: int, most: int) -> None:
    asked: list[int] = []

    class Asked(Dataset):
        def heart_rate(
            self, first_utc_ms: int, last_utc_ms: int, max_points: int = pyramid.MAX_POINTS
        ) -> tuple[str, pa.Table]:
            asked.append(max_points)
            return super().heart_rate(first_utc_ms, last_utc_ms, max_points)

    spied = Asked(True, "demo", "v", data.as_of, "", data.root)
    begin, far = datetime(2020, 1, 1), timedelta(days=9999)
    heart_zoom._found(spied, heart_window.Window(begin, begin + timedelta(days=days), begin - far, begin + far))
    assert asked == [most]


def test_a_stretch_on_the_day_of_25_hours_holds_both_passes_of_the_hour(data: Dataset) -> None:
    told = zoomed(data, "2026-10-25T02:00", "2026-10-25T03:00")
    assert "n = 12 samples" in text(told["told"])
    assert "The local clock was moved in this stretch: the line breaks there" in text(told["told"])
    xs = told["figure"]["data"][0]["x"]
    assert [one[11:16] for one in xs if one] == [f"02:{m}0" for m in range(6)] * 2
    assert list(xs).count(None) == 2  # a line each


def test_the_table_of_rows_is_by_the_local_clock(data: Dataset) -> None:
    shown = heart_zoom.answer(
        data, view(data, params={"zoom_from": "2026-10-27T08:00", "zoom_to": "2026-10-27T09:00", "table": "1"})
    )
    assert re.findall(r"2026-10-27 (\d\d:\d\d)", text(shown["table"])) == [f"08:{m}0" for m in range(6)]
    assert "table=1" not in shown["address"]


def rows(*told: tuple[int, int]) -> pa.Table:
    """Slots of one sample: minutes since 1970 UTC, offset."""
    n = len(told)
    values = {name: [60.0] * n for name in ("min", "q1", "median", "q3", "max")}
    columns = {"start_utc": [at * 60_000 for at, _ in told], "utc_offset_min": [offset for _, offset in told]}
    return pa.table({**columns, "n": [1] * n, **values}).cast(pyramid.SCHEMA)


@pytest.mark.parametrize(
    ("level", "told", "expected"),
    [
        ("1min", [(0, 0), (5, 0), (16, 0)], [(0, 3)]),  # a device that measures every ten minutes
        ("1min", [(0, 0), (17, 0)], [(0, 1), (1, 2)]),
        ("1min", [(0, 120), (1, 60)], [(0, 1), (1, 2)]),  # clocks moved
        ("15min", [(0, 0), (15, 0), (60, 0)], [(0, 2), (2, 3)]),
        ("1h", [(0, 0), (60, 0), (180, 0)], [(0, 2), (2, 3)]),
        ("1day", [(0, 60), (1440, 60), (2820, 120)], [(0, 3)]),  # a day of 23 hours is no gap
        ("1day", [(0, 0), (2880, 0)], [(0, 1), (1, 2)]),
        ("raw", [(0, 0), (15, 0), (31, 0)], [(0, 2), (2, 3)]),
    ],
)
def test_gaps_break_the_line(level: str, told: list[tuple[int, int]], expected: list[tuple[int, int]]) -> None:
    assert heart_rate_zoom.runs(level, rows(*told)) == expected


def test_a_slot_alone_is_drawn_from_its_lowest_to_its_highest(data: Dataset) -> None:
    table = rows((0, 0), (600, 0), (615, 0))
    figure = heart_rate_zoom.zoom(view(data), "15min", table, datetime(1970, 1, 1), datetime(1970, 1, 2))
    named = {trace.name: list(trace.x) for trace in figure.data}
    assert named["median alone"] == ["1970-01-01T00:07"]
    assert named["lowest to highest"] == ["1970-01-01T00:07"] * 2 + [None]
    assert named["median"] == ["1970-01-01T00:07", None, "1970-01-01T10:07", "1970-01-01T10:22", None]


def test_links_stay_within_the_data_and_lengths_keep_the_right_end(data: Dataset) -> None:
    window, _ = heart_window.asked(view(data))
    assert (window.first, window.last) == (datetime(2026, 10, 20), datetime(2026, 10, 29))
    to = window.targets()
    assert (to["hours"].first, to["hours"].last) == (datetime(2026, 10, 28, 20), datetime(2026, 10, 29))
    assert to["later"] == to["earlier"] == to["year"] == window  # nothing beyond
    day = to["day"].targets()
    assert (day["earlier"].first, day["earlier"].last) == (datetime(2026, 10, 27, 12), datetime(2026, 10, 28, 12))
    assert day["in"].span == timedelta(hours=12)
    assert day["out"].last == datetime(2026, 10, 29)
    shortest = to["hours"]
    for _ in range(9):
        shortest = shortest.targets()["in"]
    assert shortest.span == heart_window.SHORTEST


def test_the_answer_is_no_layout_of_a_page_but_the_stretch_alone(client: FlaskClient) -> None:
    answer = client.get("/heart-rate/zoom?zoom_from=2026-10-21T08:00&zoom_to=2026-10-21T12:00")
    assert answer.headers["Cache-Control"] == "no-store"
    told = answer.get_json()
    assert told["length"] == "hours"
    assert told["address"] == "/heart-rate?zoom_from=2026-10-21T08%3A00&zoom_to=2026-10-21T12%3A00"
    assert told["figure"]["layout"]["xaxis"]["range"] == ["2026-10-21T08:00:00", "2026-10-21T12:00:00"]
    assert told["links"]["earlier"].endswith("zoom_from=2026-10-21T06%3A00&zoom_to=2026-10-21T10%3A00#zoom")


NAMES = st.sampled_from(["zoom_from", "zoom_to", "from", "to", "theme", "guide", "table", "subject"])
TIMES = st.datetimes(datetime(2026, 10, 15), datetime(2026, 11, 5)).map(lambda at: at.isoformat())
TEXTS = st.one_of(
    st.text(max_size=30), TIMES, st.dates().map(str), st.sampled_from(["0", "-1", "9999-12-31T23:59", "", "\x00"])
)


@settings(deadline=None, max_examples=60)
@given(st.dictionaries(NAMES, TEXTS, max_size=4))
def test_no_address_makes_the_zoom_fail_or_leave_the_data(client: FlaskClient, asked: dict[str, str]) -> None:
    answer = client.get("/heart-rate/zoom", query_string=asked)
    assert answer.status_code == 200
    first, last = (datetime.fromisoformat(at) for at in answer.get_json()["params"].values())
    assert datetime(2026, 10, 20) <= first < last <= datetime(2026, 10, 29)
    assert len(answer.data) < 250_000


@pytest.mark.parametrize(
    ("query", "note"),
    [
        ("zoom_from=yesterday&zoom_to=2026-10-22", "can't be understood"),
        ("zoom_from=2026-10-22&zoom_to=2026-10-21", "can't be understood"),
        ("zoom_to=2026-10-21", "can't be understood"),
        ("zoom_from=2020-01-01&zoom_to=2020-02-01", "lies outside the data"),
    ],
)
def test_a_stretch_that_makes_no_sense_falls_back_with_a_note(client: FlaskClient, query: str, note: str) -> None:
    said = text(first_paint(client, f"/heart-rate?{query}"))
    assert f"The stretch of the zoom in the address {note}" in said
    assert "20 Oct 2026 00:00 to 29 Oct 2026 00:00, local time." in said


def test_an_address_that_names_the_stretch_is_drawn_before_any_script(client: FlaskClient) -> None:
    said = text(first_paint(client, "/heart-rate?zoom_from=2026-10-21T08:00&zoom_to=2026-10-21T12:00"))
    assert "single samples : 21 Oct 2026 08:00 to 21 Oct 2026 12:00, local time. n = 24 samples" in said


def told(page: Page) -> str:
    return page.locator("#page .zoom-told").inner_text()


def test_the_zoom_by_keys_and_by_dragging_changes_the_level_and_a_reload_brings_it_back(
    tab: Callable[..., Tab], demo: str
) -> None:
    opened = tab(demo)
    page = opened.open("/heart-rate")
    shown = page.locator("#page .zoom-told")
    expect(shown).to_contain_text("1 day: median")
    page.get_by_role("link", name="4 hours").focus()
    page.keyboard.press("Enter")
    expect(shown).to_contain_text("single samples: 31 Mar 2026 20:00 to 1 Apr 2026 00:00")
    expect(page.get_by_role("link", name="4 hours")).to_have_attribute("aria-current", "true")
    assert page.evaluate("() => document.activeElement.textContent") == "4 hours"
    assert "zoom_from=2026-03-31T20%3A00" in page.url
    page.get_by_role("link", name="Earlier").press("Enter")
    expect(shown).to_contain_text("31 Mar 2026 18:00 to 31 Mar 2026 22:00")
    assert "zoom_from=2026-03-31T18%3A00" in (page.get_by_role("link", name="Dark").get_attribute("href") or "")

    page.locator("[data-zoom=month]").click()
    expect(shown).to_contain_text("1 hour: median")
    page.locator("#heart-zoom").scroll_into_view_if_needed()
    box = page.locator("#heart-zoom .nsewdrag").first.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.52, box["y"] + 100, steps=5)
    page.mouse.move(box["x"] + box["width"] * 0.55, box["y"] + 100, steps=5)
    page.mouse.up()
    expect(shown).to_contain_text("1 minute: median")
    dragged, address = told(page), page.url
    ticks = page.locator("#heart-zoom .xtick").all_text_contents()
    assert ticks
    assert all(":" in tick for tick in ticks)

    page.locator("#page .zoom-table summary").click()
    expect(page.locator("#page .zoom-table caption")).to_contain_text(
        re.search(r"(\d+ Mar 2026 \d\d:\d\d) to", dragged)[1]
    )  # type: ignore[index]

    page.reload()
    opened.wait_until_live()
    assert (told(page), page.url) == (dragged, address)
    page.go_back()
    expect(shown).to_contain_text("1 hour: median")
    assert opened.faults == []
    assert opened.foreign == []


def test_a_stretch_that_can_not_be_fetched_leaves_the_chart_and_says_so(tab: Callable[..., Tab], demo: str) -> None:
    page = tab(demo).open("/heart-rate")
    ticks = page.locator("#heart-zoom .xtick").all_text_contents()
    page.context.set_offline(True)
    page.locator("[data-zoom=week]").click()
    expect(page.locator("#page .zoom-told")).to_contain_text("This stretch could not be fetched")
    assert page.locator("#heart-zoom .xtick").all_text_contents() == ticks
    assert "zoom_from" not in page.url
