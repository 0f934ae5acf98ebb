"""pdp.home_bp against an oracle in plain Python, and each way in which an average of home readings can deceive."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pdp import home_bp, tables
from pdp.errors import ConfigError
from pdp.home_bp import CustomProtocol, HomeBpSettings, Readings, Window
from pdp.home_bp.protocols import custom
from pdp.summarize.summary_settings import SummarySettings
from tests import home_bp_oracle as oracle
from tests.summary_subject import Subject

SUMMARY = SummarySettings()
NAMES = ("bp_sessions", "bp_windows", "bp_habits", "bp_profile", "bp_days", "bp_months")
BERLIN = [{"zone": "Europe/Berlin"}]
TRIP = [
    {"zone": "Europe/Berlin"},
    {"zone": "America/New_York", "since": "2026-03-31T12:00"},
    {"zone": "Europe/Berlin", "since": "2026-04-07T09:00"},
]
DATE_LINE = [{"zone": "Pacific/Auckland"}, {"zone": "Pacific/Honolulu", "since": "2026-03-30T06:00"}]


def readings_of(subject: Subject, folder: Path, gap_min: int = 10) -> Readings:
    merged, _ = subject.write(folder)
    return Readings.of(tables.read(merged["blood_pressure"], home_bp.COLUMNS), SUMMARY, gap_min)


def summary_of(subject: Subject, folder: Path, chosen: HomeBpSettings | None = None) -> dict[str, pa.Table]:
    merged, _ = subject.write(folder)
    out = {name: folder / f"{name}.parquet" for name in NAMES}
    counted = home_bp.summarize(merged["blood_pressure"], settings=chosen or HomeBpSettings(), summary=SUMMARY, out=out)
    found = {name: tables.read(path) for name, path in out.items()}
    assert counted == {name: len(table) for name, table in found.items()}
    return found


def week(subject: Subject, first: str, days: int, *, systolic: float = 128, diastolic: float = 78) -> None:
    """The full schedule: two readings each morning and each evening."""
    for number in range(days):
        day = date.fromisoformat(first) + timedelta(days=number)
        for time in ("07:00", "07:02", "20:00", "20:02"):
            subject.cuff(f"{day} {time}", systolic, diastolic, 62)


def newest(subject: Subject, folder: Path, protocol: str = "esh") -> Window:
    found = home_bp.newest(home_bp.find(readings_of(subject, folder), home_bp.protocols()[protocol]), protocol)
    assert found is not None
    return found


def lived(zones: list[dict[str, str]], first: str, draw: random.Random) -> Subject:
    """Some weeks of readings at all hours, more in the morning and in the evening, with pauses."""
    subject = Subject(zones)
    midnight = datetime.fromisoformat(first).replace(tzinfo=UTC)
    minutes: set[int] = set()
    for day in range(draw.randrange(1, 45)):
        if draw.random() < 0.2:
            continue
        for hour in (draw.choice([5, 6, 18, 19, 20]), draw.randrange(24)):
            start = day * 1440 + hour * 60 + draw.randrange(60)
            minutes |= {start, *(start + draw.choice([1, 9, 10, 11]) for _ in range(draw.randrange(3)))}
    for minute in sorted(minutes):
        subject.add(
            "blood_pressure",
            midnight + timedelta(minutes=minute),
            systolic_mmhg=draw.choice([draw.randrange(110, 150) * 1.0, draw.randrange(250, 290) / 2]),
            diastolic_mmhg=draw.choice([draw.randrange(60, 95) * 1.0, draw.randrange(130, 175) / 2]),
            pulse_bpm=draw.choice([None, float(draw.randrange(50, 90))]),
            modality=draw.choice(["sensed", "self_reported"]),
        )
    return subject


def agrees(found: dict[str, Any], wanted: dict[str, Any]) -> None:
    for name, value in wanted.items():
        is_number = isinstance(value, float) and not isinstance(value, bool)
        assert found[name] == (pytest.approx(value, rel=1e-12) if is_number else value), (name, found, wanted)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    zones_first=st.sampled_from([(TRIP, "2026-03-24"), (BERLIN, "2026-10-01"), (DATE_LINE, "2026-03-20")]),
    seed=st.integers(0, 2**32),
)
def test_every_table_equals_one_made_in_plain_python(
    zones_first: tuple[list[dict[str, str]], str], seed: int, tmp_path: Path
) -> None:
    subject = lived(*zones_first, random.Random(seed))
    rows = subject.rows["blood_pressure"]
    found = summary_of(subject, tmp_path)
    sessions = found["bp_sessions"].to_pylist()
    assert len(sessions) == len(oracle.sessions(rows))
    for row, wanted in zip(sessions, oracle.sessions(rows), strict=True):
        agrees(row, wanted)
    windows = {(row["protocol"], row["to_date"]): row for row in found["bp_windows"].to_pylist()}
    assert windows.keys() == oracle.windows(rows).keys()
    for key, wanted in oracle.windows(rows).items():
        agrees(windows[key], wanted)
        assert bool(windows[key]["why_not"]) is not wanted["is_sufficient"]
    months = {(row["month"], row["guideline"], row["level"]): row for row in found["bp_months"].to_pylist()}
    for key, wanted in oracle.months(rows).items():
        agrees(months.pop(key), wanted)
    assert all(row["n_days"] == 0 for row in months.values())
    if rows:
        profile = {(row["period"], row["hour"]): row for row in found["bp_profile"].to_pylist()}
        assert profile.keys() == oracle.profile(rows).keys()
        for hour, wanted in oracle.profile(rows).items():
            agrees(profile[hour], wanted)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_a_window_is_the_same_asked_for_alone_and_its_rows_give_its_average(seed: int, tmp_path: Path) -> None:
    readings = readings_of(lived(TRIP, "2026-03-24", random.Random(seed)), tmp_path)
    for protocol in home_bp.protocols().values():
        for window in home_bp.find(readings, protocol):
            assert home_bp.at(readings, protocol, window.to_date) == window
            rows = home_bp.contributing(readings, protocol, window.to_date)
            assert len(rows) == window.n_readings
            if len(rows):
                assert float(np.mean(readings.systolic[rows])) == window.systolic_mean_mmhg


def test_the_same_rows_in_another_order_give_the_same_bytes(tmp_path: Path) -> None:
    subject = lived(TRIP, "2026-03-24", random.Random(5))
    summary_of(subject, tmp_path / "one")
    random.Random(6).shuffle(subject.rows["blood_pressure"])
    summary_of(subject, tmp_path / "two")
    for name in NAMES:
        file = f"{name}.parquet"
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes(), name


def test_no_reading_at_all_gives_tables_without_rows_but_for_what_can_never_be_judged(tmp_path: Path) -> None:
    found = summary_of(Subject(), tmp_path)
    assert {name: len(table) for name, table in found.items() if name != "bp_habits"} == dict.fromkeys(
        [name for name in NAMES if name != "bp_habits"], 0
    )
    assert not [row for row in found["bp_habits"].to_pylist() if row["verdict"] not in ("too_few", "cannot_be_judged")]


def test_every_column_says_what_it_is(tmp_path: Path) -> None:
    suffixes = {"mm[Hg]": "_mmhg", "/min": "_bpm"}
    for name, table in summary_of(Subject(), tmp_path).items():
        for field in table.schema:
            told = {key.decode(): value.decode() for key, value in field.metadata.items()}
            assert told["title"], (name, field.name)
            assert told["method"], (name, field.name)
            assert field.name.endswith(suffixes.get(told["unit"], "")), (name, field.name)


# Protocols


def test_esh_leaves_out_the_first_day_of_the_series_and_aha_averages_all(tmp_path: Path) -> None:
    subject = Subject()
    week(subject, "2026-06-01", 1, systolic=160)
    week(subject, "2026-06-02", 6, systolic=130)
    esh, aha = newest(subject, tmp_path), newest(subject, tmp_path, "aha")
    assert (esh.systolic_mean_mmhg, esh.n_readings, esh.n_left_out) == (130, 24, 4)
    assert aha.systolic_mean_mmhg == pytest.approx((160 + 6 * 130) / 7)
    assert aha.n_readings == 28


def test_a_series_that_begins_in_the_middle_of_a_window_loses_its_own_first_day(tmp_path: Path) -> None:
    subject = Subject()
    week(subject, "2026-06-03", 1, systolic=160)
    week(subject, "2026-06-04", 4, systolic=130)
    found = newest(subject, tmp_path)
    assert found.from_date == date(2026, 6, 1)
    assert (found.systolic_mean_mmhg, found.n_days) == (130, 4)


def test_readings_of_other_times_of_day_do_not_count(tmp_path: Path) -> None:
    subject = Subject()
    week(subject, "2026-06-01", 7)
    subject.cuff("2026-06-05 14:00", 190, 120)
    found = newest(subject, tmp_path)
    assert (found.systolic_highest_mmhg, found.n_left_out) == (128, 5)


def test_a_day_of_the_window_is_the_local_day_of_the_measurement(tmp_path: Path) -> None:
    subject = Subject()
    week(subject, "2026-06-01", 7)
    subject.cuff("2026-06-08 00:10", 150, 90)  # 22:10 UTC of the 7th
    assert newest(subject, tmp_path).to_date == date(2026, 6, 8)


def test_both_readings_of_the_repeated_hour_count_and_stand_an_hour_apart(tmp_path: Path) -> None:
    subject = Subject()
    for fold in (0, 1):
        start = subject.at("2026-10-25 02:30", fold=fold)
        subject.add("blood_pressure", start, systolic_mmhg=120.0 + fold, diastolic_mmhg=80.0)
    found = summary_of(subject, tmp_path)
    assert found["bp_sessions"]["n"].to_pylist() == [1, 1]
    assert found["bp_sessions"]["date"].to_pylist() == [date(2026, 10, 25)] * 2
    hour = next(row for row in found["bp_profile"].to_pylist() if (row["period"], row["hour"]) == ("all", 2))
    assert hour["n"] == 2


def test_a_sitting_over_midnight_is_one_of_the_evening_before_and_keeps_its_first_reading(tmp_path: Path) -> None:
    subject = Subject()
    subject.cuff("2026-06-10 23:58", 130, 80)
    subject.cuff("2026-06-11 00:02", 120, 80)
    found = summary_of(subject, tmp_path)["bp_sessions"].to_pylist()
    assert [(row["date"], row["daytime"], row["n"]) for row in found] == [(date(2026, 6, 10), "evening", 2)]
    without_first = custom(CustomProtocol(skip_first_of_sitting=True, is_any_time=True, skip_days=0))
    only_second = home_bp.at(readings_of(subject, tmp_path), without_first, date(2026, 6, 17))
    assert (only_second.n_readings, only_second.systolic_highest_mmhg) == (1, 120)


@pytest.mark.parametrize(("gap_min", "sittings"), [(10, 1), (9, 2)])
def test_readings_exactly_the_gap_apart_are_one_sitting(gap_min: int, sittings: int, tmp_path: Path) -> None:
    subject = Subject()
    subject.cuff("2026-06-10 08:00", 130, 80)
    subject.cuff("2026-06-10 08:10", 120, 80)
    found = summary_of(subject, tmp_path, HomeBpSettings(session_gap_min=gap_min))["bp_sessions"]
    assert len(found) == sittings


def test_a_protocol_of_ones_own_is_computed_beside_the_named_ones_where_it_is_the_default(tmp_path: Path) -> None:
    subject = Subject()
    week(subject, "2026-06-01", 5, systolic=140)
    own = CustomProtocol(days=5, skip_days=2, skip_first_of_sitting=True, least_readings=6, least_days=3)
    found = summary_of(subject, tmp_path, HomeBpSettings(protocol="custom", custom=own))["bp_windows"].to_pylist()
    assert {row["protocol"] for row in found} == {"esh", "aha", "custom"}
    last = max((row for row in found if row["protocol"] == "custom"), key=lambda row: row["to_date"])
    assert (last["n_readings"], last["n_days"], last["is_sufficient"], last["is_default"]) == (6, 3, True, True)
    assert last["from_date"] == date(2026, 6, 1)
    assert custom(own).words == (
        "5 days, readings in the morning and in the evening, 2 days at the start left out, without the first of each "
        "sitting"
    )


# Verdict


def test_below_the_minimum_there_is_no_level_and_the_reasons_stand_in_words(tmp_path: Path) -> None:
    subject = Subject()
    for day in ("2026-06-01", "2026-06-02", "2026-06-03"):
        for time in ("07:00", "07:02", "07:04"):
            subject.cuff(f"{day} {time}", 150, 95)
    found = newest(subject, tmp_path)
    assert not found.is_sufficient
    assert found.why_not == (
        "6 readings of at least 12. 2 days of at least 3. No evening reading. 3 readings left out by the protocol: of "
        "the first day or neither of the morning nor of the evening."
    )
    assert set(found.levels.values()) == {""}


def test_twelve_readings_on_three_days_are_enough_and_eleven_are_not(tmp_path: Path) -> None:
    subject = Subject()
    week(subject, "2026-06-01", 4)
    assert newest(subject, tmp_path / "a").is_sufficient
    subject.rows["blood_pressure"].pop()
    found = newest(subject, tmp_path / "b")
    assert found.why_not.startswith("11 readings of at least 12. 4 readings left out")
    assert found.systolic_mean_mmhg == 128, "the average is told; the verdict is not"


def test_twelve_readings_of_mornings_alone_are_no_home_average(tmp_path: Path) -> None:
    subject = Subject()
    for number in range(1, 8):
        subject.cuff(f"2026-06-0{number} 07:00", 128, 78)
        subject.cuff(f"2026-06-0{number} 07:02", 128, 78)
    found = newest(subject, tmp_path)
    assert found.why_not.startswith("No evening reading. 2 readings left out")


def test_the_spread_from_day_to_day_is_that_of_daily_means_not_of_readings(tmp_path: Path) -> None:
    subject = Subject()
    for number, systolic in enumerate((120, 120, 130, 140)):
        for time, more in (("07:00", -20), ("07:02", 20), ("20:00", -20), ("20:02", 20)):
            subject.cuff(f"2026-06-0{number + 1} {time}", systolic + more, 80)
    found = newest(subject, tmp_path)
    assert found.systolic_sd_mmhg == pytest.approx(10)
    assert (found.systolic_highest_mmhg, found.systolic_lowest_mmhg) == (160, 100)


def test_two_days_have_no_spread(tmp_path: Path) -> None:
    subject = Subject()
    week(subject, "2026-06-01", 3)
    assert newest(subject, tmp_path).systolic_sd_mmhg is None


# Which window


def test_the_newest_window_may_be_insufficient_where_an_older_one_is_not(tmp_path: Path) -> None:
    subject = Subject()
    week(subject, "2026-05-01", 7)
    subject.cuff("2026-06-20 08:00", 150, 90)
    windows = home_bp.find(readings_of(subject, tmp_path), home_bp.protocols()["esh"])
    last, enough = home_bp.newest(windows, "esh"), home_bp.newest(windows, "esh", is_sufficient=True)
    assert last is not None
    assert enough is not None
    assert (last.to_date, last.is_sufficient) == (date(2026, 6, 20), False)
    assert enough.to_date == date(2026, 5, 7)
    before = home_bp.newest(windows, "esh", as_of=date(2026, 5, 5))
    assert before is not None
    assert before.to_date == date(2026, 5, 5)
    assert home_bp.newest(windows, "aha") is None


def test_the_best_window_is_the_fullest_that_lies_wholly_in_the_range(tmp_path: Path) -> None:
    subject = Subject()
    week(subject, "2026-05-01", 7)
    week(subject, "2026-05-20", 5)
    windows = home_bp.find(readings_of(subject, tmp_path), home_bp.protocols()["esh"])
    best = home_bp.best(windows, "esh", date(2026, 5, 1), date(2026, 6, 1))
    assert best is not None
    assert (best.to_date, best.n_days) == (date(2026, 5, 7), 6)
    later = home_bp.best(windows, "esh", date(2026, 5, 2), date(2026, 6, 1))
    assert later is not None
    assert later.to_date == date(2026, 5, 24)
    assert home_bp.best(windows, "esh", date(2026, 5, 2), date(2026, 5, 22)) is None


def test_windows_come_back_from_their_table_as_they_were(tmp_path: Path) -> None:
    subject = lived(TRIP, "2026-03-24", random.Random(3))
    windows = home_bp.find(readings_of(subject, tmp_path), home_bp.protocols()["esh"])
    table = summary_of(subject, tmp_path)["bp_windows"]
    assert [window for window in home_bp.of_table(table) if window.protocol == "esh"] == windows


# Months


def test_a_day_with_one_reading_has_no_level_and_a_month_without_readings_is_told(tmp_path: Path) -> None:
    subject = Subject()
    subject.cuff("2026-04-10 08:00", 150, 90)
    week(subject, "2026-06-01", 2)
    months = summary_of(subject, tmp_path)["bp_months"].to_pylist()
    told = {(row["month"].month, row["level"]): row for row in months if row["guideline"] == "esc_2024"}
    assert (told[4, ""]["n_days"], told[4, "hypertension_range"]["n_days"]) == (1, 0)
    assert {row["n_days_with_reading"] for (month, _), row in told.items() if month == 5} == {0}
    assert (told[6, "elevated"]["n_days"], told[6, "elevated"]["n_days_of_month"]) == (2, 30)
    assert {row["is_default"] for row in months if row["guideline"] == "esc_2024"} == {True}
    sums = {month: sum(row["n_days"] for (m, _), row in told.items() if m == month) for month in (4, 5, 6)}
    assert sums == {4: 1, 5: 0, 6: 2}


def test_months_follow_one_another_over_the_turn_of_the_year(tmp_path: Path) -> None:
    subject = Subject()
    subject.cuff("2025-11-30 08:00", 150, 90)
    subject.cuff("2026-02-01 08:00", 150, 90)
    months = sorted(set(summary_of(subject, tmp_path)["bp_months"]["month"].to_pylist()))
    assert months == [date(2025, 11, 1), date(2025, 12, 1), date(2026, 1, 1), date(2026, 2, 1)]
    assert all(a < b for a, b in pairwise(months))


# Days


def test_the_days_of_a_month_are_those_that_the_month_counts(tmp_path: Path) -> None:
    subject = lived(TRIP, "2026-03-24", random.Random(5))
    subject.cuff("2026-04-20 08:00", 150, 90)
    made = summary_of(subject, tmp_path)
    counted = Counter(
        (row["date"].replace(day=1), row["guideline"], row["level"]) for row in made["bp_days"].to_pylist()
    )
    months = {(row["month"], row["guideline"], row["level"]): row for row in made["bp_months"].to_pylist()}
    assert counted == Counter({key: row["n_days"] for key, row in months.items() if row["n_days"]})


def test_a_day_is_below_the_threshold_by_its_mean_in_whole_mmhg_and_unknown_from_one_reading(tmp_path: Path) -> None:
    subject = Subject()
    for day, pressures in (("2026-03-02", (134, 135)), ("2026-03-03", (134, 134)), ("2026-03-04", (120,))):
        for minute, systolic in enumerate(pressures):
            subject.cuff(f"{day} 08:0{minute}", systolic, 80)
    days = summary_of(subject, tmp_path)["bp_days"].to_pylist()
    told = {(row["date"].day, row["guideline"]): row["is_below_threshold"] for row in days}
    assert [told[day, "esc_2024"] for day in (2, 3, 4)] == [False, True, None]  # 134.5 is shown as 135
    assert told[3, "acc_aha_2017"] is False
    assert {(row["date"].day, row["n"]) for row in days} == {(2, 2), (3, 2), (4, 1)}


# Settings


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (
            lambda: HomeBpSettings(protocol="nice"),
            'home_bp.protocol: there is no protocol "nice". Known: esh, aha, custom.',
        ),
        (lambda: HomeBpSettings(session_gap_min=0), "home_bp.session_gap_min: must be 1 to 120."),
        (lambda: CustomProtocol(least_readings=0), "home_bp.custom.least_readings: must be at least 1."),
        (
            lambda: CustomProtocol(days=3, skip_days=1, least_days=3),
            "home_bp.custom.least_days: 3 days can never be left of 3 when 1 are left out. Lower it or skip_days, or "
            "raise days.",
        ),
    ],
)
def test_a_setting_that_cannot_be_is_refused_with_its_place_and_what_to_do(make: Any, text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        make()
    assert str(caught.value) == text
