"""Blood pressure stored in local time and again in UTC. Berlin: 60 minutes ahead in winter, 120 in summer."""

from __future__ import annotations

import pytest

from tests.test_fusion import reading, told
from tests.test_merge import Row, run

SUMMER = 180 * 1440  # minutes from 2022-01-08 to 2022-07-07
VALUES = (150.0, 100.0)


def twins(rows: list[Row], *, on: bool = True):
    return run("blood_pressure", [rows], twins=on)


def test_a_reading_stored_again_in_utc_is_superseded_and_the_local_stamp_stands():
    rows = [reading(482, VALUES, "cuff1", 1), reading(542, VALUES, "cuff1", 2)]
    found = twins(rows)
    assert told(found.merged, "row", "flags") == [(2, None)]
    assert told(found.superseded, "row", "reason", "winner_row") == [(1, "twin", 2)]


def test_the_lag_follows_the_ledger_into_summer_time():
    rows = [reading(SUMMER + 482, VALUES, "cuff1", 1), reading(SUMMER + 602, VALUES, "cuff1", 2)]
    assert told(twins(rows).merged, "row") == [(2,)]
    an_hour = [reading(SUMMER + 482, VALUES, "cuff1", 1), reading(SUMMER + 542, VALUES, "cuff1", 2)]
    assert told(twins(an_hour).merged, "row", "flags") == [(1, "possible_twin"), (2, "possible_twin")]


def test_at_a_round_minute_without_seconds_both_stay_and_are_flagged():
    rows = [reading(480, VALUES, "cuff1", 1, flags="ambiguous_time"), reading(540, VALUES, "cuff1", 2)]
    found = twins(rows)
    assert told(found.merged, "row", "flags") == [(1, "ambiguous_time;possible_twin"), (2, "possible_twin")]
    assert found.superseded == []


def test_seconds_that_agree_are_evidence_at_any_whole_hour():
    rows = [reading(33.5, VALUES, "cuff1", 1), reading(33.5 + 180, VALUES, "cuff1", 2, note="after a walk")]
    assert told(twins(rows).superseded, "row", "reason", "winner_row") == [(1, "twin", 2)]
    equally_full = [reading(33.5, VALUES, "cuff1", 1), reading(33.5 + 180, VALUES, "cuff1", 2)]
    assert told(twins(equally_full).superseded, "row", "winner_row") == [(2, 1)]


@pytest.mark.parametrize(
    "second",
    [
        reading(543, VALUES, "cuff1", 2),  # 61 minutes
        reading(542, (151.0, 100.0), "cuff1", 2),
        reading(542, VALUES, "cuff1", 2, pulse=61),
        reading(482 + 15 * 60, VALUES, "cuff1", 2),
        reading(542 + 0.1, VALUES, "cuff1", 2),  # seconds in one of them
    ],
    ids=["odd lag", "other value", "other pulse", "15 hours", "seconds differ"],
)
def test_readings_that_differ_in_more_than_whole_hours_are_two(second):
    found = twins([reading(482, VALUES, "cuff1", 1), second])
    assert told(found.merged, "row", "flags") == [(1, None), (2, None)]


def test_a_pulse_that_one_of_them_lacks_is_no_difference():
    rows = [reading(482, VALUES, "cuff1", 1, pulse=None), reading(542, VALUES, "cuff1", 2)]
    assert told(twins(rows).superseded, "row", "reason") == [(1, "twin")]


def test_two_sources_are_no_twins_of_each_other():
    found = run("blood_pressure", [[reading(482, VALUES, "cuff1")], [reading(542, VALUES, "sheet1")]], twins=True)
    assert told(found.merged, "flags") == [(None,), (None,)]


def test_a_chain_of_equal_readings_gives_pairs_and_not_one_reading():
    rows = [reading(482 + 60 * i, VALUES, "cuff1", i + 1) for i in range(4)]
    found = twins(rows)
    assert told(found.superseded, "row", "winner_row") == [(1, 2), (3, 4)]


def test_instants_that_the_file_itself_states_are_two_readings():
    rows = [reading(482, VALUES, "cuff1", 1), reading(542, VALUES, "cuff1", 2)]
    recorded = [{**row, "offset_basis": "recorded"} for row in rows]
    assert len(twins(recorded).merged) == 2


def test_the_setting_turns_it_off():
    rows = [reading(482, VALUES, "cuff1", 1), reading(542, VALUES, "cuff1", 2)]
    assert told(twins(rows, on=False).merged, "flags") == [(None,), (None,)]
