"""The blood pressure page: its cards, charts and what it refuses to say."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from dash import html

from dash_app import tables
from dash_app.figures import blood_pressure as drawn
from dash_app.pages import blood_pressure
from dash_app.ssr import to_html
from pdp.home_bp.guidelines import guideline
from tests.dash_app.documents import links, text
from tests.dash_app.pressure_frames import FIRST, LAST, SITTING, dataset, view

ESC = guideline("esc_2024")
PAIRED = {"x": "sleep_total_min", "y": "bp_morning_systolic_mean_mmhg", "n": 65, "from_date": FIRST, "to_date": LAST}
PAIRED |= {"theil_sen_slope": -2.6, "slope_low": -4.0, "slope_high": -1.0, "intercept": 150.0, "spearman_rho": -0.36}
PAIRED |= {"rho_low": -0.54, "rho_high": -0.11, "is_shown": True, "verdict": "lower"}


def month(level: str, n_days: int, whole: int = 20) -> dict[str, Any]:
    told = {"month": date(2026, 3, 1), "guideline": "esc_2024", "is_default": True, "level": level}
    return {**told, "n_days": n_days, "n_days_with_level": whole, "n_days_with_reading": 22}


LEVELS = [month("", 2), month("non_elevated", 3), month("elevated", 12), month("hypertension_range", 5)]


def made(data: Any, **more: Any) -> str:
    return to_html(html.Div(blood_pressure.page(data, view(**more))))


def test_the_cards_tell_the_window_its_mornings_and_its_evenings(tmp_path: Path) -> None:
    said = text(made(dataset(tmp_path)))
    assert "7-day home average 134/80 mmHg below 135/85 (ESC 2024) · systolic 122 to 141 · diastolic 72 to 88" in said
    assert "diastolic 72 to 88 · from day to day ±4 systolic (SD) 14 readings" in said
    assert "14 readings on 4 days; 2 left out by the protocol · as of 31 Mar 2026 07:00" in said
    assert "Morning 137/82 mmHg systolic 6 above the evening 6 readings on 3 days" in said
    assert "Evening 131/78 mmHg systolic 6 below the morning 8 readings on 4 days" in said


def test_too_few_readings_say_what_is_missing_and_give_neither_average_nor_verdict(tmp_path: Path) -> None:
    few = {"is_sufficient": False, "why_not": "4 readings of at least 12.", "n_readings": 4}
    said = text(made(dataset(tmp_path, window=few)))
    assert "7-day home average too few readings 4 readings of at least 12. No average is given below that." in said
    assert "Morning too few readings no average below" in said
    assert "Evening too few readings no average below" in said
    assert not {"134/80 mmHg below", "137/82 mmHg", "131/78 mmHg"} & set(re.findall(r"\d+/\d+ mmHg(?: below)?", said))
    assert "below 135/85 (" not in said


def test_days_below_count_the_days_shown_that_have_readings_enough(tmp_path: Path) -> None:
    day = {"guideline": "esc_2024", "n": 4}
    below = [{**day, "date": LAST - timedelta(days=at), "is_below_threshold": at < 3} for at in range(4)]
    others = [{**below[0], "guideline": "esh_2023"}, {**below[3], "date": LAST - timedelta(days=40)}]
    few = {**day, "date": LAST - timedelta(days=5), "n": 1, "is_below_threshold": None}
    data = dataset(tmp_path, bp_days=[*below, *others, few])
    page = made(data, first=LAST - timedelta(days=29), is_default_range=False)
    assert (
        "Days below 135/85 3/4 days (75 %) days whose own mean is below (ESC 2024); single days are no verdict"
        in text(page)
    )
    assert "16 readings; 1 day with too few readings left out" in text(page)
    (where,) = {href for href in links(page) if "bp_days.is_below_threshold" in href}
    assert f"since={LAST - timedelta(days=29)}&day={LAST}&guideline=esc_2024" in where


def test_without_a_day_that_can_be_told_there_is_no_count(tmp_path: Path) -> None:
    few = {"guideline": "esc_2024", "date": LAST, "n": 1, "is_below_threshold": None}
    page = text(made(dataset(tmp_path, bp_days=[few])))
    assert "Days below 135/85 no reading no day shown has enough readings to tell 1 day" in page


HABIT = {"check": "last_digit_systolic", "modality": "self_reported", "item": "", "n": 200, "count": 60, "value": 0.3}
HABIT |= {"expected": 0.1, "verdict": "seen", "sentence": "Of 200 typed systolic values 30 % end in 0."}


def habits() -> list[dict[str, Any]]:
    """Both sides' digits, thresholds of two guidelines, and a check with too few."""
    rows = []
    for side in ("systolic", "diastolic"):
        whole = {**HABIT, "check": f"last_digit_{side}", "sentence": f"Of 200 typed {side} values 30 % end in 0."}
        digits = [{**whole, "item": str(d), "count": 60 if d == 0 else 15, "sentence": ""} for d in range(10)]
        rows += [whole, *({**one, "value": one["count"] / 200} for one in digits)]
    for bound in ("130", "135"):
        told = {"sentence": f"Around {bound}.", "verdict": "as_expected", "item": bound}
        rows.append({**HABIT, "check": "below_threshold_systolic", **told})
    few = {"value": None, "modality": "", "verdict": "too_few", "n": 3, "sentence": "3 days: too few to compare."}
    rows += [{**HABIT, "check": f"after_pause_{side}", **few} for side in ("systolic", "diastolic")]
    return rows


def test_how_readings_are_taken_is_told_with_verdict_n_and_lineage_and_without_blame(tmp_path: Path) -> None:
    page = made(dataset(tmp_path, bp_habits=habits()))
    said = text(page)
    assert "They tell what is noticed, not why, and find no fault with anyone" in said
    assert "Last digits, typed noticed Of 200 typed systolic values 30 % end in 0. n = 200 values" in said
    assert "as expected Around 135." in said
    assert said.count("too few to tell 3 days: too few to compare.") == 1  # the same for both sides: told once
    wanted = "metric=bp_habits.value&check=last_digit_systolic&modality=self_reported&item="
    assert [href for href in links(page) if href.endswith(wanted)]
    assert [href for href in links(page) if "metric=bp_habits.n&check=after_pause" in href]


def test_the_threshold_around_which_values_are_looked_at_is_the_guidelines(tmp_path: Path) -> None:
    said = text(made(dataset(tmp_path, bp_habits=habits()), guideline="acc_aha_2017"))
    assert "Around 130." in said
    assert "Around 135." not in said


def test_last_digits_are_bars_against_a_tenth_with_their_table(tmp_path: Path) -> None:
    sides = {"systolic": [{"value": 0.3 if digit == 0 else 0.07} for digit in range(10)]}
    figure = drawn.last_digits(view(), {**sides, "diastolic": sides["systolic"]})
    assert [(bar.name, bar.y[0], len(bar.y)) for bar in figure.data] == [("systolic", 30, 10), ("diastolic", 30, 10)]
    assert [shape.y0 for shape in figure.layout.shapes] == [10]
    assert "0 60 60 30.0 30.0 10.0" in text(made(dataset(tmp_path, bp_habits=habits())))


def test_without_checks_the_page_has_no_part_for_them(tmp_path: Path) -> None:
    assert "How the readings are taken" not in text(made(dataset(tmp_path)))


def test_every_reading_stands_by_itself_with_what_became_of_it(tmp_path: Path) -> None:
    at = datetime(2026, 3, 31, 5, tzinfo=UTC)
    one = {"date": LAST, "start_utc": at, "utc_offset_min": 120, "systolic_mmhg": 135.0, "diastolic_mmhg": 80.0}
    one |= {"pulse_bpm": None, "source": "cuff", "device": "", "fate": "counted", "why": None}
    twice = {**one, "fate": "other_device", "device": "Arm 1", "pulse_bpm": 61.0}
    wrong = {**one, "fate": "quarantined", "why": "systolic_impossible", "systolic_mmhg": 400.0}
    said = text(made(dataset(tmp_path, bp_readings=[one, twice, wrong])))
    assert "2026-03-31 07:00 135 80 no reading cuff not named counted" in said
    assert "2026-03-31 07:00 135 80 61 cuff Arm 1 set aside: another device's reading counts" in said
    assert "2026-03-31 07:00 400 80 no reading cuff not named quarantined: systolic impossible" in said
    assert "1 reading counted; 2 set aside or quarantined." in said


def test_the_guideline_is_named_and_changed_by_links(tmp_path: Path) -> None:
    page = made(dataset(tmp_path), guideline="acc_aha_2017")
    assert "Dashed: 130/80 mmHg, home threshold of ACC/AHA 2017." in text(page)
    assert "at or above 130/80 (ACC/AHA 2017)" in text(page)
    assert "/?guide=esh_2023" in links(page)


def test_a_threshold_that_nobody_looked_up_says_so(tmp_path: Path) -> None:
    assert "Not yet checked against the guideline's own text." in text(made(dataset(tmp_path), guideline="esh_2023"))


def test_mornings_are_circles_and_evenings_diamonds() -> None:
    rows = [{**SITTING, "date": LAST}, {**SITTING, "date": LAST, "daytime": "evening"}]
    figure = drawn.sittings(view(), rows, ({}, {}), ESC, [])
    marks = {trace.name: trace.marker.symbol for trace in figure.data if trace.name in drawn.SYMBOLS}
    assert marks == {"morning": "circle-open", "evening": "diamond"}
    assert {shape.y0 for shape in figure.layout.shapes} == {135, 85}


def test_readings_at_another_time_are_hollow_squares_and_in_the_legend_only_where_there_are_any(tmp_path: Path) -> None:
    at = datetime(2026, 3, 31, 12, tzinfo=UTC)
    noon = {**SITTING, "date": LAST, "start_utc": at, "daytime": "other"}
    assert "another time" in text(made(dataset(tmp_path / "noon", bp_sessions=[noon])))
    assert "another time" not in text(made(dataset(tmp_path / "usual")))


def hours(period: str, first: date) -> list[dict[str, Any]]:
    row: dict[str, Any] = {"period": period, "from_date": first, "to_date": LAST, "n": 9, "n_days": 9}
    row |= {f"{side}_{share}_mmhg": 120.0 for side in ("systolic", "diastolic") for share in ("q1", "median", "q3")}
    return [{**row, "hour": hour} for hour in range(24)]


def test_through_the_day_names_the_period_that_it_is_of(tmp_path: Path) -> None:
    data = dataset(tmp_path, bp_profile=[*hours("90d", FIRST), *hours("all", FIRST)])
    own = text(made(data))
    assert "Table of pressure through the day" in own
    assert "216 readings, 1 Jan 2026 to 31 Mar 2026." in own
    part = text(made(data, last=LAST - timedelta(days=9), is_default_range=False))
    assert "Through the day, the last 90 days of data" in part
    assert "216 readings, 1 Jan 2026 to 31 Mar 2026, not of the range above." in part


def test_through_the_day_draws_nothing_of_days_outside_the_range(tmp_path: Path) -> None:
    later = hours("30d", LAST - timedelta(days=29))
    page = made(dataset(tmp_path, bp_profile=later), last=FIRST + timedelta(days=20), is_default_range=False)
    assert "none of the days above is among them" in text(page)
    assert "Table of pressure through the day" not in text(page)


def test_tables_round_halves_up_as_cards_do() -> None:
    values = (134.5, 82.5, 81.4999, -0.4, 1234.5)
    assert [tables.shown(value) for value in values] == ["135", "83", "81", "0", "1,235"]
    assert [tables.shown(value, 1) for value in (0.15, 0.25, -0.04)] == ["0.2", "0.3", "0.0"]


def test_shares_of_a_month_are_percents_of_its_days_with_a_level() -> None:
    figure = drawn.levels(view(), LEVELS[1:], ESC)
    assert [(trace.name, trace.y[0]) for trace in figure.data] == [
        ("Non-elevated", 15.0),
        ("Elevated", 60.0),
        ("Hypertension range", 25.0),
    ]


def test_a_month_without_such_days_has_no_bar() -> None:
    figure = drawn.levels(view(), [month("elevated", 0, whole=0)], ESC)
    assert all(trace.y[0] is None for trace in figure.data)


def test_sleep_and_the_morning_after_are_told_with_n_and_interval(tmp_path: Path) -> None:
    said = text(made(dataset(tmp_path, associations=[PAIRED])))
    assert "Spearman ρ −0.36 (95 % −0.54 to −0.11), n = 65 pairs; −2.6 mmHg per hour (−4.0 to −1.0)" in said
    assert "Association, not cause." in said


def test_nineteen_pairs_draw_nothing(tmp_path: Path) -> None:
    page = made(dataset(tmp_path, associations=[{**PAIRED, "n": 19, "is_shown": False}]))
    assert "19 of 20 pairs of a night and the morning after it. Nothing is drawn below that." in text(page)
    assert "pressure-sleep" not in page


def test_it_says_that_dipping_cannot_be_judged(tmp_path: Path) -> None:
    assert "Dipping cannot be judged from home readings." in text(made(dataset(tmp_path)))


def test_every_sitting_is_in_the_table_by_its_own_clock(tmp_path: Path) -> None:
    said = text(made(dataset(tmp_path)))
    assert "2026-03-31 07:00 morning 2 135 80 61" in said
    assert said.count("morning 2 135 80 61") == 90


def test_days_without_a_reading_lead_to_the_last_that_have_one(tmp_path: Path) -> None:
    gone = tuple(LAST - timedelta(days=at) for at in range(30))
    page = made(dataset(tmp_path, gone), first=LAST - timedelta(days=6))
    assert "No blood pressure readings from 25 Mar 2026 to 31 Mar 2026. The last is of 1 Mar 2026" in text(page)


def test_readings_that_ended_ten_days_ago_are_said_to_be_old(tmp_path: Path) -> None:
    gone = tuple(LAST - timedelta(days=at) for at in range(10))
    assert "The newest blood pressure reading is 10 days old (21 Mar 2026)." in text(made(dataset(tmp_path, gone)))
