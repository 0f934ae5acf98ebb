"""Nights, fragments and naps: what users of such systems find wrong most often after time zones."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pdp.formats.zepp_life.minutes import UNANCHORED
from pdp.limits import VOCABULARY_LIMITS
from pdp.reconcile import UNPROVED_STAGES
from pdp.summarize import sleep_flags
from pdp.summarize.sleep_stages import CLASSES, StageLine
from pdp.summarize.summary_settings import SummarySettings
from pdp.validate import rules
from tests.summary_subject import Subject, summary_of

NIGHT = date(2026, 6, 10)


def test_a_sleep_across_midnight_belongs_to_the_date_on_which_it_ends(tmp_path: Path) -> None:
    subject = Subject()
    subject.sleep("2026-06-09 23:00", "2026-06-10 07:00", 450.0)
    found = summary_of(subject, tmp_path)
    assert list(found.nights) == [NIGHT]
    assert found.daily[NIGHT]["sleep_total_min"] == 450.0


def test_a_sleep_that_begins_after_midnight_belongs_to_the_same_date(tmp_path: Path) -> None:
    subject = Subject()
    subject.sleep("2026-06-10 01:30", "2026-06-10 07:00", 320.0)
    assert list(summary_of(subject, tmp_path).nights) == [NIGHT]


def test_the_noon_to_noon_rule_gives_a_long_lie_in_to_the_night_before(tmp_path: Path) -> None:
    """Begins at 11:00 and ends after noon: the wake date's night by both rules; begins at 13:00: the next one's."""
    subject = Subject()
    subject.sleep("2026-06-10 13:00", "2026-06-10 20:30", 440.0)
    assert list(summary_of(subject, tmp_path / "a").nights) == [NIGHT]
    noon = SummarySettings(night_rule="noon_to_noon")
    assert list(summary_of(subject, tmp_path / "b", noon).nights) == [date(2026, 6, 11)]


def test_the_night_over_the_change_to_summer_time_is_an_hour_shorter_than_the_clock_says(tmp_path: Path) -> None:
    subject = Subject()
    subject.stages("2026-03-28 23:00", ("light", 7 * 60))
    (night,) = summary_of(subject, tmp_path).nights.values()
    assert night["end_utc"] == subject.at("2026-03-29 07:00")
    assert night["total_sleep_min"] == 420.0  # the clock shows 23:00 to 07:00, eight hours
    assert (night["start_offset_min"], night["end_offset_min"]) == (60, 120)
    assert (night["onset_local_min"], night["offset_local_min"]) == (-60.0, 420.0)
    assert night["flags"] == "dst_night"
    assert night["efficiency"] == 1.0


def test_the_night_over_the_change_to_winter_time_is_an_hour_longer_than_the_clock_says(tmp_path: Path) -> None:
    subject = Subject()
    subject.sleep("2026-10-24 23:00", "2026-10-25 07:00", 540.0)
    (night,) = summary_of(subject, tmp_path).nights.values()
    assert (night["end_utc"] - night["start_utc"]).total_seconds() == 9 * 3600
    assert night["efficiency"] == 1.0
    assert night["offset_local_min"] == 420.0
    assert night["flags"] == "dst_night"


def test_a_night_on_a_plane_is_dated_where_one_wakes(tmp_path: Path) -> None:
    subject = Subject([{"zone": "America/New_York"}, {"zone": "Europe/Berlin", "since": "2026-06-10T05:00"}])
    subject.sleep("2026-06-09 20:00", datetime(2026, 6, 10, 5, 0, tzinfo=UTC), 200.0)
    (night,) = summary_of(subject, tmp_path).nights.values()
    assert night["night_date"] == NIGHT
    assert night["offset_local_min"] == 420.0  # 07:00 in Berlin
    assert night["flags"] == "zone_change_night"


def test_two_sleeps_of_one_night_are_one_night_with_a_main_sleep_and_a_fragment(tmp_path: Path) -> None:
    subject = Subject()
    subject.sleep("2026-06-09 22:30", "2026-06-10 01:00", 140.0)
    subject.sleep("2026-06-10 02:45", "2026-06-10 07:00", 245.0)
    found = summary_of(subject, tmp_path)
    row, night = found.daily[NIGHT], found.nights[NIGHT]
    assert (row["sleep_total_min"], row["sleep_main_min"], row["sleep_episodes_n"]) == (385.0, 245.0, 2)
    assert (row["sleep_onset_local_min"], row["sleep_offset_local_min"]) == (-90.0, 420.0)
    assert (night["start_utc"], night["end_utc"]) == (subject.at("2026-06-10 02:45"), subject.at("2026-06-10 07:00"))
    assert night["night_start_utc"] == subject.at("2026-06-09 22:30")
    assert row["sleep_naps_n"] == 0


def test_a_fragment_that_ends_before_midnight_stays_with_its_night(tmp_path: Path) -> None:
    subject = Subject()
    subject.sleep("2026-06-09 21:30", "2026-06-09 23:40", 120.0)
    subject.sleep("2026-06-10 00:20", "2026-06-10 06:00", 330.0)
    found = summary_of(subject, tmp_path)
    assert list(found.nights) == [NIGHT]
    assert found.daily[NIGHT]["sleep_total_min"] == 450.0


def test_a_fragment_contained_in_the_night_is_not_counted_again(tmp_path: Path) -> None:
    subject = Subject()
    subject.sleep("2026-06-09 23:00", "2026-06-10 07:00", 450.0)
    subject.sleep("2026-06-10 03:00", "2026-06-10 04:00", 60.0)
    (night,) = summary_of(subject, tmp_path).nights.values()
    assert (night["total_sleep_min"], night["episodes_n"]) == (450.0, 1)
    assert night["flags"] == "overlapping_episodes"


def test_an_afternoon_nap_is_no_part_of_the_night_and_never_the_night(tmp_path: Path) -> None:
    subject = Subject()
    subject.sleep("2026-06-09 23:00", "2026-06-10 07:00", 450.0)
    subject.sleep("2026-06-10 14:00", "2026-06-10 14:40", 35.0)
    subject.sleep("2026-06-11 14:00", "2026-06-11 14:40", 30.0)  # no night was recorded before this one
    found = summary_of(subject, tmp_path)
    row, lone = found.daily[NIGHT], found.daily[date(2026, 6, 11)]
    assert (row["sleep_total_min"], row["sleep_naps_n"], row["sleep_naps_min"]) == (450.0, 1, 35.0)
    assert (lone["sleep_total_min"], lone["sleep_naps_n"], lone["sleep_naps_min"]) == (None, 1, 30.0)
    assert list(found.nights) == [NIGHT]
    assert (found.nights[NIGHT]["naps_n"], found.nights[NIGHT]["naps_min"]) == (1, 35.0)


def test_what_the_vendor_calls_a_nap_is_one_at_any_hour(tmp_path: Path) -> None:
    subject = Subject()
    subject.sleep("2026-06-10 05:00", "2026-06-10 06:00", 50.0, is_main_sleep=False)
    subject.sleep("2026-06-09 22:00", "2026-06-10 04:30", 380.0)
    row = summary_of(subject, tmp_path).daily[NIGHT]
    assert (row["sleep_total_min"], row["sleep_naps_min"]) == (380.0, 50.0)


def test_a_sleep_of_the_day_after_a_night_shift_is_the_night(tmp_path: Path) -> None:
    subject = Subject()
    subject.sleep("2026-06-10 10:30", "2026-06-10 17:00", 370.0)
    assert summary_of(subject, tmp_path).daily[NIGHT]["sleep_total_min"] == 370.0


def test_the_longest_sleep_is_the_night_but_one_with_stages_is_preferred(tmp_path: Path) -> None:
    subject = Subject()
    subject.sleep("2026-06-10 00:00", "2026-06-10 04:00", 240.0)
    subject.stages("2026-06-10 06:30", ("light", 150))
    staged = summary_of(subject, tmp_path / "a").nights[NIGHT]
    assert (staged["total_sleep_min"], staged["basis"], staged["naps_min"]) == (150.0, "stages", 240.0)
    subject.rows["sleep_stage"].clear()
    subject.stages("2026-06-10 06:30", ("light", 100))
    assert summary_of(subject, tmp_path / "b").nights[NIGHT]["total_sleep_min"] == 240.0  # too short to be preferred


def test_time_awake_or_in_bed_is_never_counted_as_asleep(tmp_path: Path) -> None:
    subject = Subject()
    subject.stages("2026-06-09 22:00", ("in_bed", 30), ("light", 200), ("awake", 25), ("deep", 90), ("rem", 60))
    subject.sleep("2026-06-09 22:00", "2026-06-10 04:45", 405.0)
    row = summary_of(subject, tmp_path).daily[NIGHT]
    assert row["sleep_total_min"] == 350.0
    assert [row[f"sleep_{name}_min"] for name in ("light", "deep", "rem", "awake")] == [200.0, 90.0, 60.0, 25.0]
    assert (row["sleep_onset_local_min"], row["sleep_offset_local_min"]) == (-90.0, 285.0)
    assert row["sleep_basis"] == "stages"
    assert row["sleep_stage_coverage"] == 375 / 405


@pytest.mark.parametrize("around", ["light", "deep", "rem", "asleep", "in_bed"])
def test_a_short_wake_written_over_a_long_stage_is_time_awake(around: str, tmp_path: Path) -> None:
    subject = Subject()
    subject.stages("2026-06-10 00:00", ("light", 60), (around, 300))
    subject.stages("2026-06-10 02:00", ("awake", 10))
    row = summary_of(subject, tmp_path).daily[NIGHT]
    assert row["sleep_awake_min"] == 10.0
    assert row["sleep_total_min"] == (60.0 if around == "in_bed" else 350.0)


def test_the_end_of_a_night_comes_from_its_stages(tmp_path: Path) -> None:
    subject = Subject()
    subject.sleep("2026-06-09 23:00", "2026-06-10 07:30", None)
    subject.stages("2026-06-09 23:00", ("light", 465), ("awake", 45))
    assert summary_of(subject, tmp_path).daily[NIGHT]["sleep_offset_local_min"] == 405.0


def test_bedtimes_around_midnight_have_a_plain_mean(tmp_path: Path) -> None:
    subject = Subject()
    subject.sleep("2026-06-09 23:30", "2026-06-10 07:00", 400.0)
    subject.sleep("2026-06-11 00:30", "2026-06-11 07:00", 380.0)
    onsets = [row["sleep_onset_local_min"] for row in summary_of(subject, tmp_path).daily.values()]
    assert np.mean(onsets) == 0.0  # midnight, not noon


def test_stages_that_cover_too_little_leave_the_vendors_minutes_and_the_basis_says_so(tmp_path: Path) -> None:
    subject = Subject()
    subject.sleep("2026-06-09 23:00", "2026-06-10 07:00", 440.0, light_min=300.0, deep_min=140.0, awake_min=40.0)
    subject.stages("2026-06-09 23:00", ("light", 120), ("rem", 60))
    row = summary_of(subject, tmp_path).daily[NIGHT]
    assert (row["sleep_basis"], row["sleep_total_min"], row["sleep_light_min"]) == ("vendor", 440.0, 300.0)
    assert row["sleep_rem_min"] is None  # the vendor gave none: missing, not 0


def inclusive(subject: Subject, **minutes: float) -> None:
    """Asleep as long as in bed, though awake for 41 minutes."""
    flag = "total_includes_awake"
    subject.sleep("2026-06-09 23:00", "2026-06-10 07:15", 495.0, awake_min=41.0, flags=flag, **minutes)


def test_a_total_that_includes_time_awake_gives_way_to_the_vendors_minutes_per_stage(tmp_path: Path) -> None:
    subject = Subject()
    inclusive(subject, light_min=250.0, deep_min=100.0, rem_min=92.0)
    found = summary_of(subject, tmp_path)
    row, night = found.daily[NIGHT], found.nights[NIGHT]
    assert (row["sleep_total_min"], row["sleep_main_min"], row["sleep_basis"]) == (442.0, 442.0, "vendor_stages")
    assert row["sleep_efficiency"] == 442 / 495
    assert (night["total_sleep_min"], night["basis"]) == (442.0, "vendor_stages")
    assert night["flags"] == "total_includes_awake"


def test_a_total_that_includes_time_awake_is_no_total_where_a_stage_is_not_stated(tmp_path: Path) -> None:
    subject = Subject()
    inclusive(subject, light_min=250.0, deep_min=100.0)
    subject.stages("2026-06-10 01:00", ("light", 10))
    row = summary_of(subject, tmp_path).daily[NIGHT]
    assert (row["sleep_total_min"], row["sleep_efficiency"], row["sleep_basis"]) == (None, None, "none")
    assert (row["sleep_light_min"], row["sleep_awake_min"]) == (250.0, 41.0)


def test_stages_that_cover_the_night_go_before_a_total_that_includes_time_awake(tmp_path: Path) -> None:
    subject = Subject()
    inclusive(subject)
    subject.stages("2026-06-09 23:00", ("light", 454), ("awake", 41))
    row = summary_of(subject, tmp_path).daily[NIGHT]
    assert (row["sleep_total_min"], row["sleep_basis"]) == (454.0, "stages")


@pytest.mark.parametrize("flag", ["unproved_stages", "unanchored", "date_corrected;unproved_stages"])
def test_stray_minutes_that_nothing_proves_make_no_night(flag: str, tmp_path: Path) -> None:
    subject = Subject()
    subject.stages("2026-06-10 03:00", ("light", 10), flags=flag)
    subject.cuff("2026-06-10 08:00", 120, 80)
    found = summary_of(subject, tmp_path)
    row = found.daily[NIGHT]
    assert found.nights == {}
    assert (row["sleep_total_min"], row["sleep_stage_coverage"], row["sleep_basis"]) == (None, None, None)


def test_unproved_stages_inside_a_sleep_count_and_the_night_hands_on_the_flags_of_its_rows(tmp_path: Path) -> None:
    subject = Subject()
    subject.sleep("2026-06-09 23:00", "2026-06-10 07:00", 450.0, flags="ambiguous_time")
    subject.stages("2026-06-09 23:00", ("light", 470), ("awake", 10), flags="date_corrected;unproved_stages")
    subject.stages("2026-06-11 03:00", ("light", 10), flags="unanchored")  # of no night
    (night,) = summary_of(subject, tmp_path).nights.values()
    assert (night["total_sleep_min"], night["basis"]) == (470.0, "stages")
    assert night["flags"] == "ambiguous_time;date_corrected;unproved_stages"


def test_a_night_does_not_hand_on_the_flags_of_stages_that_it_was_not_computed_from(tmp_path: Path) -> None:
    subject = Subject()
    subject.sleep("2026-06-09 23:00", "2026-06-10 07:00", 450.0)
    subject.stages("2026-06-10 03:00", ("light", 10), flags="unproved_stages")
    (night,) = summary_of(subject, tmp_path).nights.values()
    assert (night["basis"], night["flags"]) == ("vendor", "")


def test_the_flags_that_nights_look_for_are_the_ones_that_are_set() -> None:
    names = {check.rule for check in rules.checks("sleep_episode", VOCABULARY_LIMITS, None) if check.is_flag}
    assert sleep_flags.TOTAL_INCLUDES_AWAKE in names
    assert sleep_flags.UNFOUNDED == (UNANCHORED, UNPROVED_STAGES)


def test_a_sleep_of_which_only_the_bounds_are_known_has_no_total(tmp_path: Path) -> None:
    subject = Subject()
    subject.sleep("2026-06-09 23:00", "2026-06-10 07:00")
    (night,) = summary_of(subject, tmp_path).nights.values()
    assert (night["total_sleep_min"], night["basis"], night["efficiency"]) == (None, "none", None)
    assert night["flags"] == "total_incomplete"


def test_lying_in_bed_alone_is_no_sleep(tmp_path: Path) -> None:
    subject = Subject()
    subject.stages("2026-06-09 23:00", ("in_bed", 480))
    assert summary_of(subject, tmp_path).nights == {}


def test_a_night_of_two_devices_says_so(tmp_path: Path) -> None:
    subject = Subject()
    subject.sleep("2026-06-09 23:00", "2026-06-10 07:00", 450.0, source="band")
    subject.stages("2026-06-09 23:00", ("light", 480), source="watch", device="w1")
    (night,) = summary_of(subject, tmp_path).nights.values()
    assert (night["flags"], night["source"], night["total_sleep_min"]) == ("two_devices", "band", 480.0)


def test_fragments_of_different_basis_are_called_mixed(tmp_path: Path) -> None:
    subject = Subject()
    subject.sleep("2026-06-09 22:30", "2026-06-10 01:00", 140.0)
    subject.stages("2026-06-10 02:00", ("light", 240))
    assert summary_of(subject, tmp_path).nights[NIGHT]["basis"] == "mixed"


_STAGES = st.lists(
    st.tuples(st.integers(0, 60), st.integers(0, 20), st.integers(0, len(CLASSES) - 1)), min_size=1, max_size=12
)


@given(_STAGES, st.lists(st.tuples(st.integers(-5, 85), st.integers(0, 90)), max_size=5))
def test_each_minute_counts_once_under_its_most_telling_stage(
    rows: list[tuple[int, int, int]], windows: list[tuple[int, int]]
) -> None:
    start, length, code = (np.array(column, np.int64) for column in zip(*rows, strict=True))
    line = StageLine.of(start, start + length, code)
    told = {
        minute: min(c for s, n, c in rows if s <= minute < s + n)
        for minute in range(100)
        if any(s <= minute < s + n for s, n, _ in rows)
    }
    for first, width in windows:
        low, high = np.array([first]), np.array([first + width])
        inside = [minute for minute in told if first <= minute < first + width]
        for place in range(len(CLASSES)):
            ms = line.of_class(place).ms_within(low, high).tolist()
            assert ms == [sum(told[minute] == place for minute in inside)]
        if inside:
            assert line.first_within(low, high).tolist() == [inside[0]]
            assert line.last_within(low, high).tolist() == [inside[-1] + 1]
