"""The page about sleep: every minute where the wall clock had it, and nothing where nothing is known."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from dash import html
from flask.testing import FlaskClient

from dash_app import sleep, sleep_actogram, sleep_days, sleep_hypnogram
from dash_app.app import create_app
from dash_app.figures import sleep as drawn
from dash_app.gateway_folder import DemoGateway
from dash_app.pages import sleep as page
from dash_app.sleep_actogram import MINUTES, pieces
from dash_app.ssr import to_html
from tests.dash_app.documents import first_paint, links, text
from tests.dash_app.sleep_frames import (
    FIRST,
    LAST,
    Row,
    dataset,
    days_of,
    instant,
    night_of,
    piece,
    staged,
    usual,
    usual_nights,
    view,
)

ONE = date(2026, 2, 10)
ROW = re.compile(r'<a href="([^"]+)" tabindex="-1">(.*?)</a>', re.S)
STROKE = re.compile(r"M(-?[\d.]+) [\d.]+h([\d.]+)v")
SPRING = [
    *staged(date(2026, 3, 29), instant(date(2026, 3, 28), "23:30"), [("light", 150.0)]),
    *staged(date(2026, 3, 29), instant(date(2026, 3, 29), "03:00", 120), [("awake", 20.0), ("deep", 200.0)], 120),
]
AUTUMN = [
    *staged(date(2025, 10, 26), instant(date(2025, 10, 25), "22:00", 120), [("light", 300.0)], 120),
    *staged(date(2025, 10, 26), instant(date(2025, 10, 26), "02:00", 60), [("rem", 240.0)], 60),
]
FLIGHT_DAYS = date(2026, 2, 3), date(2026, 2, 4)
FLIGHT = [
    *usual_nights([date(2026, 2, 3)])[0],
    *staged(date(2026, 2, 4), instant(date(2026, 2, 3), "22:00", -300), [("light", 480.0)], -300),
]


def made(data: Any, **more: Any) -> str:
    return to_html(html.Div(page.page(data, view(**more))))


def minutes_of(found: list[sleep_actogram.Piece], kind: str = "asleep") -> float:
    return sum(one.last - one.first for one in found if one.kind == kind)


def actogram(segments: list[Row], nights: list[Row], days: list[date]) -> dict[str, str]:
    """The drawing of each row by the day that it leads to."""
    made = sleep_actogram.actogram(view(), days, {night["night_date"]: night for night in nights}, segments)
    return {re.search(r"date=(\S+?)(&|$)", href)[1]: inside for href, inside in ROW.findall(made.markup)}  # type: ignore[index]


def test_a_night_across_midnight_is_one_bar_in_the_row_of_the_day_on_which_it_ends() -> None:
    found = pieces([piece(ONE, instant(ONE - timedelta(days=1), "23:00"), 450)])
    assert found == [sleep_actogram.Piece(ONE, 11 * 60, 18.5 * 60, "asleep", ONE)]


def test_a_sleep_across_noon_is_cut_there_and_goes_on_in_the_next_row() -> None:
    first, second = pieces([piece(ONE, instant(ONE, "09:00"), 480)])
    assert (first.row, first.first, first.last) == (ONE, 21 * 60, MINUTES)
    assert (second.row, second.first, second.last) == (ONE + timedelta(days=1), 0, 5 * 60)


def test_where_clocks_go_forward_an_hour_is_left_blank_and_none_is_lost() -> None:
    found = pieces(SPRING)
    assert [(one.first, one.last, one.kind) for one in found] == [
        (11.5 * 60, 14 * 60, "asleep"),
        (15 * 60, 15 * 60 + 20, "awake"),
        (15 * 60 + 20, 18 * 60 + 40, "asleep"),
    ]
    assert minutes_of(found) == 350


def test_where_clocks_go_back_the_hour_is_drawn_twice_and_none_is_lost() -> None:
    first, second = pieces(AUTUMN)
    assert first.last - second.first == 60
    assert minutes_of([first, second]) == 540
    assert sleep_actogram.clock_moves({date(2025, 10, 26): night_of(AUTUMN)}) == {date(2025, 10, 26): -60}


def test_after_a_journey_a_night_stands_where_the_new_place_s_clock_had_it() -> None:
    nights = {day: night_of([row for row in FLIGHT if row["night_date"] == day]) for day in days_of(*FLIGHT_DAYS)}
    moves = sleep_actogram.clock_moves(nights)
    assert pieces(FLIGHT)[-1].first == 10 * 60  # 22:00 there, though 04:00 at home
    assert moves == {FLIGHT_DAYS[1]: -360}
    assert sleep_actogram.hours_moved(-360) == "−6 h"
    assert "clocks moved −6 h" in sleep_actogram.row_text(FLIGHT_DAYS[1], nights[FLIGHT_DAYS[1]], moves[FLIGHT_DAYS[1]])


def test_a_nap_is_drawn_by_itself_and_is_in_no_total() -> None:
    night = usual_nights([ONE])[0]
    nap = piece(ONE, instant(ONE, "14:00"), 40, part="nap")
    row = night_of(night, naps_n=1, naps_min=40.0)
    rows = actogram([*night, nap], [row], days_of(ONE, ONE + timedelta(days=1)))
    assert 'class="acto-nap"' in rows[str(ONE + timedelta(days=1))]  # the afternoon opens the next row's left half
    told = {measure.name: measure.texts for measure in sleep_days.measures([ONE], {ONE: row})}
    assert told["Asleep"] == ["7 h 00 (from stages)"]
    assert told["Naps"] == ["1 nap, 0 h 40"]
    assert sleep_hypnogram.bars(row, [*night, nap]) == sleep_hypnogram.bars(row, night)


def test_a_night_without_data_is_marked_in_both_halves_and_called_no_data(tmp_path: Path) -> None:
    gone = date(2026, 2, 12)
    found = usual_nights(day for day in days_of(FIRST, LAST + timedelta(days=1)) if day != gone)
    rows = actogram([row for each in found for row in each], [night_of(each) for each in found], days_of(FIRST, LAST))
    marked = {day: re.findall(r'd="M(\d+) [\d.]+h(\d+)" class="acto-none"', inside) for day, inside in rows.items()}
    assert {day for day, marks in marked.items() if marks} == {"2026-02-11", "2026-02-12"}
    assert [int(left) // MINUTES for left, _ in marked["2026-02-11"] + marked["2026-02-12"]] == [1, 0]
    assert "Thu, 12 Feb 2026: no data" in rows[str(gone)]
    said = text(made(usual(tmp_path, missing=[gone])))
    assert "27 of the 28 shown" in said
    assert "2026-02-12 no reading no reading" in said


@pytest.mark.parametrize("pieces_of", [SPRING, AUTUMN, FLIGHT, usual_nights([ONE])[0]])
def test_the_minutes_drawn_in_each_row_are_the_minutes_that_the_wall_clock_showed(pieces_of: list[Row]) -> None:
    counted: Counter[tuple[date, str]] = Counter()
    for row in pieces_of:  # minute by minute, in the plainest way
        at = row["start_utc"]
        while at < row["end_utc"]:
            local = at + timedelta(minutes=row["utc_offset_min"])
            counted[(local + timedelta(hours=12)).date(), "awake" if row["stage"] == "awake" else "asleep"] += 1
            at += timedelta(minutes=1)
    ends = sorted({row["night_date"] for row in pieces_of})
    nights = [night_of([row for row in pieces_of if row["night_date"] == day]) for day in ends]
    rows = actogram(pieces_of, nights, days_of(ends[0] - timedelta(days=1), ends[-1] + timedelta(days=1)))
    for half in (0, 1):
        inked: Counter[tuple[date, str]] = Counter()
        for day, inside in rows.items():
            for kind in ("asleep", "awake"):
                for path in re.findall(rf'd="([^"]+)" class="acto-{kind}"', inside):
                    for left, wide in STROKE.findall(path):
                        if float(left) // MINUTES == half:
                            inked[date.fromisoformat(day) + timedelta(days=half), kind] += int(wide)
        assert inked == counted


def test_a_year_is_paged_by_months_and_four_months_are_not(tmp_path: Path) -> None:
    first = LAST - timedelta(days=399)
    data = usual(tmp_path, first=first)
    page_of = made(data, first=first)
    assert len(ROW.findall(page_of)) == 28  # February, the last month
    asked = made(data, first=first, params={"month": "2025-07"})
    assert len(ROW.findall(asked)) == 31
    assert "2025-07-04" in ROW.findall(asked)[3][0]
    assert f"/sleep?month=2025-06&from={first}&to={LAST}#actogram" in links(asked)
    assert len(ROW.findall(made(data, first=LAST - timedelta(days=119)))) == 120
    assert len(ROW.findall(made(data, first=first, params={"month": "1999-13"}))) == 28


def test_every_row_and_every_night_leads_to_its_day_and_the_keyboard_has_the_same_links(tmp_path: Path) -> None:
    shown = made(usual(tmp_path))
    for day in days_of(FIRST, LAST):
        assert f"/day?from={FIRST}&to={LAST}&date={day}" in links(shown)
    by_pointer = [href for href, _ in ROW.findall(shown)]
    by_keyboard = re.findall(r'scope="row"><a href="([^"]+)">\d{4}-', shown)
    assert len(by_pointer) == 28
    assert set(by_pointer) <= set(by_keyboard)


def test_no_night_in_the_days_asked_for_names_the_last_there_is(tmp_path: Path) -> None:
    shown = made(usual(tmp_path), first=date(2020, 1, 1), last=date(2020, 1, 31))
    assert "No nights with sleep from 1 Jan 2020 to 31 Jan 2020. The last is of 28 Feb 2026" in text(shown)
    assert "/sleep?from=2026-02-01&to=2026-02-28" in links(shown)


def test_without_any_sleep_the_page_says_so(tmp_path: Path) -> None:
    said = text(made(dataset(tmp_path, [], [])))
    assert said == "No nights with sleep from 1 Feb 2026 to 28 Feb 2026. There are none in the data at all."


def test_one_night_is_shown_with_nothing_claimed_from_it(tmp_path: Path) -> None:
    (night,) = usual_nights([LAST])
    few = {"sri": None, "n_pairs": 0, "mid_sleep_local_min": 165.0, "mid_sleep_q1_local_min": 165.0}
    row = {"date": LAST, "window_days": 28, **few, "mid_sleep_q3_local_min": 165.0, "n_nights": 1}
    said = text(made(dataset(tmp_path, [night_of(night)], night, regularity=[row])))
    assert "Asleep, night to Sat, 28 Feb 2026 7 h 00 your usual is not known yet" in said
    assert "Sleep regularity index, 28 days no reading 0 of 14 pairs of days: too few" in said
    assert "0 of 14 pairs of days with data. No index is shown below that." in said
    assert "02:45 local time the 28 days before are not known" in said
    assert "The newest night" in said


def test_before_the_rule_has_run_the_page_says_what_is_missing_and_shows_the_rest(tmp_path: Path) -> None:
    nights = [night_of(each) for each in usual_nights([ONE, LAST])]
    said = text(made(dataset(tmp_path, nights, [])))
    assert said.count("run the workflow (make run)") == 2
    assert "Asleep, night to Sat, 28 Feb 2026 7 h 00" in said


def test_an_old_newest_night_is_called_old(tmp_path: Path) -> None:
    data = usual(tmp_path, missing=days_of(date(2026, 2, 20), LAST))
    assert "The newest night with sleep is 9 days old (19 Feb 2026)." in text(made(data))


def test_the_cards_tell_the_night_against_the_usual_mid_sleep_index_and_gaps(tmp_path: Path) -> None:
    shown = made(usual(tmp_path))
    said = text(shown)
    assert "7 h 00 below your usual 7 h 05 to 7 h 20" in said
    assert "1 night, from stages · as of 28 Feb 2026 06:30" in said
    assert "Mid-sleep, median of 28 days 02:45 local time" in said
    assert "Sleep regularity index, 28 days 80 of 100 100 is the same every day, 0 is chance" in said
    assert "27 of 27 pairs of days" in said
    assert "Nights with data, 28 days 27/28 nights" in said
    index = next(href for href in links(shown) if "metric=regularity.sri" in href)
    assert index.endswith("metric=regularity.sri&day=2026-02-28&window_days=28")


def test_the_index_s_window_is_named_and_chosen_by_a_link(tmp_path: Path) -> None:
    shown = made(usual(tmp_path), params={"window": "7"})
    assert "Sleep regularity index, 7 days 91 of 100" in text(shown)
    assert f"/sleep?window=28&from={FIRST}&to={LAST}#regularity" in links(shown)
    assert sleep.window(view(params={"window": "1"})) == 28


def test_drift_is_told_in_minutes_against_the_four_weeks_before() -> None:
    assert sleep.drift(191.75, 180.0) == "12 min later than in the 28 days before"
    assert sleep.drift(170.2, 180.0) == "10 min earlier than in the 28 days before"
    assert sleep.drift(180.3, 180.0) == "as in the 28 days before"


def test_the_wall_clock_before_and_after_midnight_is_told_as_clocks_show_it() -> None:
    assert [sleep.wall(each) for each in (-19.0, 0.0, 396.0, 1445.0, -0.4, None)] == [
        "23:41",
        "00:00",
        "06:36",
        "00:05",
        "00:00",
        None,
    ]
    assert [sleep.duration(each) for each in (389.0, 59.6, 0.0)] == ["6 h 29", "1 h 00", "0 h 00"]


def test_the_readout_tells_each_night_and_no_other_day_s() -> None:
    days = days_of(ONE, ONE + timedelta(days=2))
    (night,) = usual_nights([days[1]])
    found = {measure.name: measure.texts for measure in sleep_days.measures(days, {days[1]: night_of(night)})}
    assert found == {
        "Asleep": [None, "7 h 00 (from stages)", None],
        "From, to": [None, "23:00 to 06:30", None],
        "Mid-sleep": [None, "02:45", None],
        "Naps": [None, "none", None],
    }


def test_the_readout_names_clock_changes_and_totals_of_the_device() -> None:
    night = night_of(SPRING, basis="vendor", flags="dst_night;two_devices")
    (asleep, *_) = sleep_days.measures([night["night_date"]], {night["night_date"]: night})
    assert asleep.texts == ["5 h 50 (the device's own total; clocks were moved; two devices)"]
    (unknown, *_) = sleep_days.measures([ONE], {ONE: {**night, "total_sleep_min": None}})
    assert unknown.texts == [None]


def test_a_night_without_data_has_no_bar_and_one_without_a_total_none_either() -> None:
    found = [night_of(each) for each in usual_nights([FIRST, LAST])]
    found[1]["total_sleep_min"] = None
    nights = {night["night_date"]: night for night in found}
    figure = drawn.minutes_asleep(view(), nights, {}, [])
    assert (figure.data[0].x, figure.data[0].y) == ((FIRST,), (7.0,))
    times = drawn.times(view(), nights, {}, [])
    assert (times.data[0].base, times.data[0].y) == ((-1.0, -1.0), (7.5, 7.5))
    assert times.layout.yaxis.range[0] > times.layout.yaxis.range[1]  # time goes downwards


def test_the_median_of_mid_sleep_is_drawn_only_where_enough_nights_stand_behind_it() -> None:
    row = {"mid_sleep_local_min": 180.0, "mid_sleep_q1_local_min": 150.0, "mid_sleep_q3_local_min": 200.0}
    (night,) = usual_nights([LAST])
    few = drawn.times(view(), {LAST: night_of(night)}, {LAST: {**row, "n_nights": 6}}, [])
    enough = drawn.times(view(), {LAST: night_of(night)}, {LAST: {**row, "n_nights": 7}}, [])
    assert [trace.y[-1] if trace.y else None for trace in (few.data[-1], enough.data[-1])] == [None, 3.0]


def test_a_night_without_stages_says_so_and_shows_no_levels() -> None:
    night = piece(ONE, instant(ONE - timedelta(days=1), "23:00"), 450)
    row = night_of([night], basis="vendor")
    found = sleep_hypnogram.bars(row, [night])
    assert found == [sleep_hypnogram.Bar(-60, 390, "asleep")]
    assert sleep_hypnogram.about(row, found, []) == "asleep, stages not known; no heart rate"
    totals = sleep_hypnogram.about({**row, "deep_min": 99.0}, found, [])
    assert totals == "asleep, stages not known by the minute; in all deep 1 h 39; no heart rate"
    shown = "".join(each.markup for each in sleep_hypnogram.multiples(view(), [row], [night], []))
    assert 'class="hypno-asleep"' in shown
    assert 'class="hypno-levels"></div>' in shown
    assert "heart rate, medians" not in shown


def test_stages_stand_on_ordered_levels_at_their_minutes() -> None:
    (night,) = usual_nights([ONE])
    shown = "".join(each.markup for each in sleep_hypnogram.multiples(view(), [night_of(night)], night, []))
    paths = {name: d for d, name in re.findall(r'd="([^"]+)" class="hypno-(\w+)"', shown)}
    assert STROKE.findall(paths["awake"]) == [("90", "30")]
    assert STROKE.findall(paths["light"]) == [("-60", "90"), ("240", "150")]
    height = {name: float(paths[name].split("h")[0].split(" ")[1]) for name in ("awake", "rem", "light", "deep")}
    assert sorted(height, key=lambda name: height[name]) == ["awake", "rem", "light", "deep"]


def test_inside_a_night_with_a_clock_change_the_axis_goes_on_by_the_earlier_clock() -> None:
    for night in (SPRING, AUTUMN):
        found = sleep_hypnogram.bars(night_of(night), night)
        assert all(before.last == after.first for before, after in pairwise(found))


def test_heart_rate_is_of_the_night_alone_and_its_line_breaks_where_it_is_not_known() -> None:
    (night,) = usual_nights([ONE])
    start = night[0]["start_utc"]
    slots = [(-15, 90.0), (0, 60.0), (15, 58.0), (60, 52.0), (450, 80.0)]
    heart = [{"start_utc": start + timedelta(minutes=at), "median": bpm} for at, bpm in slots]
    row = night_of(night)
    found = sleep_hypnogram.beats(row, heart)
    assert [(beat.at, beat.bpm) for beat in found] == [(-52.5, 60.0), (-37.5, 58.0), (7.5, 52.0)]
    shown = "".join(each.markup for each in sleep_hypnogram.multiples(view(), [row], night, heart))
    (line,) = re.findall(r'd="([^"]+)" class="hypno-heart"', shown)
    assert re.sub(r" [\d.]+", "", line) == "M-52.5h0L-37.5M7.5h0"
    assert "heart rate 52 to 60 bpm" in shown


def test_the_newest_fourteen_nights_share_one_axis(tmp_path: Path) -> None:
    shown = made(usual(tmp_path))
    boxes = re.findall(r'viewBox="(-?\d+ 0 \d+ 88)"', shown)
    assert boxes == ["-60 0 480 88"] * 14
    assert "The newest 14 nights" in text(shown)


def test_sleep_against_pressure_is_a_link_to_where_it_is_told(tmp_path: Path) -> None:
    assert f"/blood-pressure?from={FIRST}&to={LAST}#pressure-sleep" in links(made(usual(tmp_path)))


@pytest.fixture(scope="module")
def client(demo_folder: Path) -> FlaskClient:
    return create_app(DemoGateway(demo_folder)).server.test_client()


def test_the_numbers_of_the_cards_come_out_again_and_read_as_on_the_cards(client: FlaskClient) -> None:
    shown = first_paint(client, "/sleep")
    cards = re.findall(r'class="value">([^<]+)<.*?href="(/lineage[^"]+)"', shown, re.S)[:4]
    assert len(cards) == 4
    for value, href in cards:
        told = first_paint(client, href.replace("&amp;", "&"))
        assert 'data-verdict="same"' in told, href
        number = re.search(r'data-shown="([\d.]+)"', told)
        assert number is not None
        read = text(told)
        assert value in read or value in (f"{float(number[1]):.0f}", f"{float(number[1]):.0f}/28"), (value, href)
        assert "The days it was computed from" in read or "The rows it was computed from" in read
