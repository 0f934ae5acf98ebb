"""The daily table against an oracle in plain Python, and each pain of users as a test with its name."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pdp import tables
from pdp.errors import ConfigError
from pdp.summarize import daily_steps as steps
from pdp.summarize.daily import walk
from pdp.summarize.figures import FIGURES
from pdp.summarize.summary_settings import SummarySettings
from tests import summary_oracle
from tests.summary_subject import Subject, made_up, summary_of

TRIP = [
    {"zone": "Europe/Berlin"},
    {"zone": "America/New_York", "since": "2026-04-03T12:00"},
    {"zone": "Europe/Berlin", "since": "2026-04-07T09:00"},
]
DATE_LINE = [
    {"zone": "Pacific/Auckland"},
    {"zone": "Pacific/Honolulu", "since": "2026-03-30T06:00"},
    {"zone": "Pacific/Auckland", "since": "2026-04-09T18:00"},
]


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize(
    ("zones", "first", "days"),
    [
        (TRIP, "2026-03-24", 18),
        ([{"zone": "Europe/Berlin"}], "2026-10-18", 14),
        (DATE_LINE, "2026-03-25", 18),
        ([{"zone": "Asia/Kathmandu"}], "2026-01-01", 7),
    ],
)
def test_the_daily_table_equals_one_made_in_plain_python(
    zones: list[dict[str, str]], first: str, days: int, seed: int, tmp_path: Path
) -> None:
    subject = made_up(zones, first, days, seed)
    expected = summary_oracle.daily(subject)
    found = summary_of(subject, tmp_path).daily
    assert list(found) == list(expected)
    for day, values in expected.items():
        assert found[day]["day_length_min"] == values["day_length_min"]
        for name, figure in FIGURES.items():
            wanted = values.get(name, 0 if figure.is_count else None)
            is_same = found[day][name] == (wanted if wanted is None else pytest.approx(wanted, rel=1e-12))
            assert is_same, (day, name, found[day][name], wanted)


def test_a_reading_shortly_after_local_midnight_belongs_to_the_new_local_day_although_utc_is_behind(
    tmp_path: Path,
) -> None:
    subject = Subject()
    subject.cuff("2026-06-10 00:30", 120, 80)  # 22:30 UTC of the 9th
    subject.cuff("2026-06-09 23:30", 130, 85)
    found = summary_of(subject, tmp_path).daily
    assert {day: row["bp_systolic_mean_mmhg"] for day, row in found.items()} == {
        date(2026, 6, 9): 130.0,
        date(2026, 6, 10): 120.0,
    }


def test_a_day_without_data_is_a_row_of_nulls_and_zero_counts_never_zero_values(tmp_path: Path) -> None:
    subject = Subject()
    subject.cuff("2026-06-10 08:00", 120, 80, 61)
    subject.cuff("2026-06-12 08:00", 120, 80, 61)
    found = summary_of(subject, tmp_path).daily
    assert list(found) == [date(2026, 6, day) for day in (10, 11, 12)]
    empty = found[date(2026, 6, 11)]
    assert empty["day_length_min"] == 1440
    for name, figure in FIGURES.items():
        assert empty[name] == (0 if figure.is_count else None), name


@pytest.mark.parametrize(("day", "minutes"), [("2026-03-29", 1380), ("2026-10-25", 1500), ("2026-06-10", 1440)])
def test_full_wear_is_full_coverage_on_days_of_23_24_and_25_hours(day: str, minutes: int, tmp_path: Path) -> None:
    subject = Subject()
    subject.beats(f"{day} 00:00", [60] * (minutes // 5))
    subject.add("step_count", f"{day} 00:00", subject.at(f"{day} 00:00") + timedelta(minutes=minutes), steps=9)
    (row,) = summary_of(subject, tmp_path).daily.values()
    assert row["day_length_min"] == minutes
    assert row["hr_n"] == minutes // 5
    assert row["hr_coverage"] == 1.0
    assert row["steps_coverage"] == 1.0


def test_days_do_not_vanish_when_one_travels_back_over_the_date_line(tmp_path: Path) -> None:
    """The 31st is lived twice: in Auckland until noon, and again in Honolulu."""
    subject = Subject([DATE_LINE[0], {"zone": "Pacific/Honolulu", "since": "2026-03-30T13:00"}])
    subject.beats("2026-03-31 06:00", [60] * 30, 10)
    subject.beats(subject.at("2026-04-01 12:30"), [80] * 30, 10)  # 13:30 of the 31st in Honolulu
    (row,) = summary_of(subject, tmp_path).daily.values()
    assert row["date"] == date(2026, 3, 31)
    assert row["hr_n"] == 60
    assert row["hr_median_bpm"] == 70.0
    assert row["day_length_min"] > 24 * 60


def test_past_days_keep_their_figures_when_a_journey_is_added_to_the_ledger(tmp_path: Path) -> None:
    before, after = Subject(TRIP[:1]), Subject(TRIP)
    for subject in (before, after):
        subject.cuff("2026-03-20 23:50", 121, 81)
        subject.sleep("2026-03-20 23:55", "2026-03-21 07:00", 400.0)
    after.cuff("2026-04-05 03:00", 122, 82)
    old = summary_of(before, tmp_path / "before").daily
    new = summary_of(after, tmp_path / "after").daily
    assert {day: new[day] for day in old} == old


def test_a_record_keeps_the_day_of_its_own_offset_when_the_ledger_knows_no_journey(tmp_path: Path) -> None:
    subject = Subject()
    subject.cuff("2026-06-10 12:00", 120, 80, offset=-600, offset_basis="recorded")  # midnight in Honolulu
    subject.cuff("2026-06-10 11:59", 140, 90, offset=-600, offset_basis="recorded")
    found = summary_of(subject, tmp_path).daily
    assert found[date(2026, 6, 10)]["bp_systolic_mean_mmhg"] == 120.0
    assert found[date(2026, 6, 9)]["bp_systolic_mean_mmhg"] == 140.0


def test_morning_and_evening_are_windows_of_the_local_clock_with_their_own_n(tmp_path: Path) -> None:
    subject = Subject()
    for time, systolic in (("03:59", 1), ("04:00", 100), ("11:59", 110), ("12:00", 2), ("17:00", 130), ("23:59", 140)):
        subject.cuff(f"2026-03-29 {time}", systolic + 100, 80)
    (row,) = summary_of(subject, tmp_path).daily.values()
    assert (row["bp_n"], row["bp_morning_n"], row["bp_evening_n"]) == (6, 2, 2)
    assert row["bp_morning_systolic_mean_mmhg"] == 205.0
    assert row["bp_evening_systolic_mean_mmhg"] == 235.0


def test_the_windows_are_settings(tmp_path: Path) -> None:
    subject = Subject()
    subject.cuff("2026-06-10 13:00", 120, 80)
    (row,) = summary_of(subject, tmp_path, SummarySettings(morning="05:00-14:00")).daily.values()
    assert row["bp_morning_n"] == 1


@pytest.mark.parametrize("text", ["12:00-04:00", "4-12", "04:00-24:30", "08:00-08:00", ""])
def test_a_window_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        SummarySettings(evening=text)
    assert str(caught.value) == (
        f'summary.evening: "{text}" is not a window of the day. Write "04:00-12:00": from, to, not past 24:00.'
    )


def test_the_pulse_of_a_cuff_stays_with_blood_pressure(tmp_path: Path) -> None:
    subject = Subject()
    subject.cuff("2026-06-10 08:00", 120, 80, 61)
    subject.cuff("2026-06-10 08:02", 122, 82)  # no pulse typed
    (row,) = summary_of(subject, tmp_path).daily.values()
    assert (row["bp_pulse_mean_bpm"], row["bp_pulse_n"], row["bp_n"], row["hr_n"]) == (61.0, 1, 2, 0)
    assert row["hr_median_bpm"] is None


def test_one_artefact_decides_the_minimum_but_no_resting_heart_rate(tmp_path: Path) -> None:
    subject = Subject()
    subject.sleep("2026-06-10 00:00", "2026-06-10 06:00", 350.0)
    subject.beats("2026-06-10 00:00", [55] * 40 + [21] + [55] * 40, 5)
    (row,) = summary_of(subject, tmp_path).daily.values()
    assert row["hr_min_bpm"] == 21.0
    assert row["rhr_sleep_p05_bpm"] == 55.0
    assert row["rhr_lowest_30min_bpm"] == pytest.approx((5 * 55 + 21) / 6)
    assert row["rhr_vendor_bpm"] is None


def test_the_vendors_resting_rate_is_the_days_last_and_no_part_of_the_distribution(tmp_path: Path) -> None:
    subject = Subject()
    subject.beats("2026-06-10 09:00", [70, 80], 10)
    subject.beats("2026-06-10 09:05", [58, 57], 120, context="resting")
    (row,) = summary_of(subject, tmp_path).daily.values()
    assert (row["rhr_vendor_bpm"], row["rhr_vendor_n"]) == (57.0, 2)
    assert (row["hr_min_bpm"], row["hr_n"]) == (70.0, 2)


def test_a_burst_of_samples_is_no_half_hour_of_rest(tmp_path: Path) -> None:
    subject = Subject()
    subject.beats("2026-06-10 09:00", [40] * 200, 0.05)  # ten minutes, every three seconds
    subject.beats("2026-06-10 12:00", [60] * 6, 5)
    (row,) = summary_of(subject, tmp_path).daily.values()
    assert (row["rhr_lowest_30min_bpm"], row["rhr_lowest_30min_n"]) == (60.0, 6)


def test_resting_rate_in_sleep_takes_the_samples_before_midnight_and_needs_enough_of_them(tmp_path: Path) -> None:
    subject = Subject()
    subject.sleep("2026-06-09 22:00", "2026-06-10 06:00", 460.0)
    subject.beats("2026-06-09 22:00", [50] * 19 + [90], 6)
    subject.beats("2026-06-10 06:00", [30] * 9, 6)  # awake
    row = summary_of(subject, tmp_path).daily[date(2026, 6, 10)]
    assert (row["rhr_sleep_p05_bpm"], row["rhr_sleep_n"]) == (50.0, 20)
    few = summary_of(subject, tmp_path, SummarySettings(sleep_rate_least_n=21)).daily[date(2026, 6, 10)]
    assert (few["rhr_sleep_p05_bpm"], few["rhr_sleep_n"]) == (None, 20)


def test_overlapping_step_records_cover_their_time_once(tmp_path: Path) -> None:
    subject = Subject()
    subject.add("step_count", "2026-06-10 08:00", "2026-06-10 09:00", steps=100)
    subject.add("step_count", "2026-06-10 08:30", "2026-06-10 08:45", steps=50)
    (row,) = summary_of(subject, tmp_path).daily.values()
    assert row["steps_coverage"] == 1 / 24


def test_no_data_at_all_makes_empty_tables_with_every_column(tmp_path: Path) -> None:
    found = summary_of(Subject(), tmp_path)
    assert (found.daily, found.nights, found.agreement) == ({}, {}, [])
    assert tables.read(found.out["daily"]).column_names == ["date", "day_length_min", *FIGURES, "sleep_basis"]


def test_every_column_says_in_the_file_what_it_is(tmp_path: Path) -> None:
    found = summary_of(Subject(), tmp_path)
    schema = tables.read(found.out["daily"]).schema
    assert schema.field("hr_median_bpm").metadata == {
        b"title": b"Heart rate, median",
        b"unit": b"/min",
        b"method": b"exact NumPy quantile, method linear (Hyndman-Fan 7) 0.5; samples with context automatic or manual "
        b"of the local day",
        b"measure": b"heart_rate",
    }
    for name in schema.names:
        assert {b"title", b"unit", b"method"} <= set(schema.field(name).metadata), name


def test_the_same_rows_give_the_same_bytes(tmp_path: Path) -> None:
    one = summary_of(made_up(TRIP, "2026-03-28", 9, 5), tmp_path / "one").out
    two = summary_of(made_up(TRIP, "2026-03-28", 9, 5), tmp_path / "two").out
    for name in one:
        assert one[name].read_bytes() == two[name].read_bytes(), name


@st.composite
def _streams(draw: st.DrawFn) -> tuple[list[steps.Counts], list[tuple[int, int, int]]]:
    """Records in pieces, with offsets that jump, and spans of time between them."""
    hours = sorted(draw(st.lists(st.integers(0, 24 * 12), min_size=1, max_size=60)))
    offsets = draw(st.lists(st.sampled_from([-12, -10, 0, 13, 14]), min_size=len(hours), max_size=len(hours)))
    utc = np.array(hours, np.int64) * 3_600_000
    day = (utc + np.array(offsets, np.int64) * 3_600_000) // 86_400_000
    whole = steps.Counts(utc, utc, day, np.arange(len(hours)))
    cuts = sorted(draw(st.lists(st.integers(0, len(hours)), max_size=6)))
    pieces = [whole.take(slice(a, b)) for a, b in pairwise([0, *cuts, len(hours)])]
    bounds = sorted(draw(st.sets(st.integers(0, 24 * 13), max_size=8)))
    spans = [(n, a * 3_600_000, b * 3_600_000) for n, (a, b) in enumerate(zip(bounds[::2], bounds[1::2], strict=False))]
    return pieces, spans


@given(_streams())
def test_a_stream_gives_each_day_and_span_whole_and_once_however_it_is_cut(
    stream: tuple[list[steps.Counts], list[tuple[int, int, int]]],
) -> None:
    pieces, spans = stream
    rows = [(int(u), int(d), int(s)) for p in pieces for u, d, s in zip(p.utc, p.day, p.steps, strict=True)]
    found: dict[tuple[str, int], list[int]] = {}
    for kind, number, part in walk(iter(pieces), spans):
        assert (kind, number) not in found
        found[kind, number] = part.steps.tolist()
    expected = {("day", day): [s for _, d, s in rows if d == day] for day in {d for _, d, _ in rows}}
    expected |= {("span", n): [s for u, _, s in rows if a <= u < b] for n, a, b in spans}
    assert found == expected
