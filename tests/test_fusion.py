"""Several devices at the same time: slots, sessions, nights."""

from __future__ import annotations

import pytest

from pdp import merge as merging
from pdp.schemas import validated
from tests.test_merge import DAY_0, MINUTE, Row, run, sample

HOUR = 60


def stage(start: float, end: float, name: str, export: str, number: int = 1) -> Row:
    row = {
        key: value
        for key, value in sample(start, 0, export=export, number=number).items()
        if key in validated("sleep_stage").names
    }
    times = {"start": DAY_0 + int(start * MINUTE), "end": DAY_0 + int(end * MINUTE), "offset": 60, "row_number": number}
    return {**row, **times, "stage": name}


def episode(start: float, end: float, export: str, number: int = 1, asleep: float | None = None) -> Row:
    row = stage(start, end, "light", export, number)
    del row["stage"]
    empty = dict.fromkeys(("light_min", "deep_min", "rem_min", "awake_min", "is_main_sleep"))
    return {**row, "total_sleep_time_min": asleep, **empty}


def reading(
    minute: float, pressure: tuple[float, float], export: str, number: int = 1, pulse: float | None = 60, **more: object
) -> Row:
    row = {
        key: value
        for key, value in sample(minute, 0, export=export, number=number).items()
        if key not in ("heart_rate_bpm", "context")
    }
    values = {"systolic_mmhg": pressure[0], "diastolic_mmhg": pressure[1], "pulse_bpm": pulse}
    return {**row, **values, "body_posture": None, "measurement_location": None, "note": None, **more}


def told(rows: list[Row], *names: str) -> list[tuple[object, ...]]:
    return [tuple(row[name] for name in names) for row in rows]


def test_the_preferred_device_wins_a_slot_and_the_other_fills_its_gaps():
    band = [sample(minute, 60, number=minute + 1) for minute in (0, 1, 10)]
    ring = [sample(minute, 70, export="ring1", number=minute + 1) for minute in (1, 5, 11)]
    found = run("heart_rate", [band, ring], priority=("ring", "band"))
    assert told(found.merged, "source", "row") == [("ring", 2), ("ring", 6), ("ring", 12)]
    found = run("heart_rate", [band, ring], priority=("band", "ring"))
    assert told(found.merged, "source", "row") == [("band", 1), ("band", 2), ("ring", 6), ("band", 11)]
    assert told(found.superseded, "source", "row", "reason", "winner_source", "winner_row") == [
        ("ring", 2, "other_device", "band", 1),
        ("ring", 12, "other_device", "band", 11),
    ]


def test_one_device_of_a_source_can_be_preferred_to_another_source():
    left, right = sample(0, 60, device="left"), sample(1, 61, device="right", number=2)
    found = run("heart_rate", [[left, right], [sample(2, 70, export="ring1")]], priority=("band/right", "ring", "band"))
    assert told(found.merged, "device") == [("right",)]


def test_inside_one_source_the_device_with_more_readings_is_preferred_whatever_its_name():
    phone = [sample(minute, 70, device="1", number=minute + 1) for minute in (0, 6)]
    watch = [sample(minute, 60, device="2", number=minute + 11) for minute in (1, 2, 7)]
    assert {*told(run("heart_rate", [phone + watch]).merged, "device")} == {("2",)}
    found = run("heart_rate", [phone + watch], priority=("band/1", "band"))
    assert {*told(found.merged, "device")} == {("1",)}, "a configured priority goes before"
    assert {*told(run("heart_rate", [phone + watch[:2]]).merged, "device")} == {("1",)}, "ties by name"


def test_years_of_a_phone_alone_do_not_make_it_better_than_the_watch_where_both_were_worn():
    phone = [sample(minute, 70, device="1", number=n) for n, minute in enumerate((0, *range(2000, 2100)), start=1)]
    watch = [sample(minute, 60, device="2", number=n) for n, minute in enumerate((1, 2), start=200)]
    found = run("heart_rate", [phone + watch])
    assert told(found.merged, "row")[:3] == [(200,), (201,), (2,)]


def test_readings_that_many_exports_repeat_count_once_for_the_order_of_devices():
    phone = [[sample(0, 70, export=f"band{n}", device="1")] for n in range(4)]
    watch = [sample(minute, 60, export="band9", device="2", number=minute) for minute in (1, 2)]
    found = run("heart_rate", [*phone, watch])
    assert {*told(found.merged, "device")} == {("2",)}


def test_sources_without_a_priority_are_taken_by_name():
    found = run("heart_rate", [[sample(0, 70, export="ring1")], [sample(1, 60)], [sample(2, 80, export="watch1")]])
    assert told(found.merged, "source") == [("band",)]


def test_the_same_export_in_two_sources_is_no_second_device_even_where_a_newer_export_won():
    old, new = [sample(0, 60), sample(5, 61, number=2)], [sample(0, 60, export="band2"), sample(9, 62, export="band2")]
    again = [{**row, "source": "copy", "device": "named"} for row in old]
    found = run("heart_rate", [old, new, again], priority=("band", "copy"))
    assert told(found.merged, "source", "export") == [("band", "band2"), ("band", "band1"), ("band", "band2")]
    assert told(found.superseded, "source", "reason", "winner_source", "winner_export") == [
        ("band", "duplicate", "band", "band2"),
        ("copy", "duplicate", "band", "band2"),
        ("copy", "duplicate", "band", "band1"),
    ]


@pytest.mark.parametrize("measure", ["sleep_stage", "sleep_episode"])
def test_a_night_told_by_two_devices_stands_as_the_better_one_has_it_whole(measure):
    if measure == "sleep_stage":
        band = [
            stage(0, 60, "light", "band1"),
            stage(100, 400, "deep", "band1", 2),
            stage(900, 930, "light", "band1", 3),
        ]
        ring = [
            stage(-30, 60, "deep", "ring1"),
            stage(60, 430, "light", "ring1", 2),
            stage(435, 450, "awake", "ring1", 3),
        ]
    else:
        band = [episode(0, 400, "band1"), episode(900, 930, "band1", 3)]
        ring = [episode(-30, 430, "ring1"), episode(435, 450, "ring1", 3)]
    found = run(measure, [band, ring], priority=("ring", "band"))
    assert {row["source"] for row in found.merged if row["row"] < 3} == {"ring"}
    assert ("band", 3) in told(found.merged, "source", "row")  # the nap that only the band saw
    found = run(measure, [band, ring], priority=("band", "ring"))
    assert {row["source"] for row in found.merged} == {"band"}
    assert {row["reason"] for row in found.superseded} == {"other_device"}


def test_a_night_that_the_app_computed_anew_stands_as_the_newer_export_has_it():
    old = [episode(0, 400, "band1", asleep=390), episode(1440, 1800, "band1", 2)]
    new = [episode(10, 420, "band2", asleep=400), episode(1440, 1800, "band2", 2), episode(2880, 3200, "band2", 3)]
    found = run("sleep_episode", [old, new])
    assert told(found.merged, "export", "row") == [("band2", 1), ("band2", 2), ("band2", 3)]
    assert told(found.superseded, "row", "reason", "winner_row") == [(1, "conflict", 1), (2, "duplicate", 2)]


def test_a_night_told_anew_is_found_also_where_its_rows_come_in_different_windows_of_time(monkeypatch):
    monkeypatch.setattr(merging, "ROWS_PER_WINDOW", 4)
    in_bed = [stage(70 * n, 70 * n + 1, "in_bed", "band1", 10 + n) for n in range(1, 9)]
    old = [stage(0, 700, "light", "band1"), *in_bed]
    new = [stage(600, 720, "deep", "band2"), stage(2000, 2060, "deep", "band2", 2)]
    assert told(run("sleep_stage", [old, new]).superseded, "row", "reason", "winner_row") == [(1, "conflict", 1)]


def test_stages_that_a_newer_export_does_not_reach_are_kept_from_the_older():
    old = [stage(0, 60, "light", "band1"), stage(60, 90, "deep", "band1", 2)]
    new = [stage(55, 80, "rem", "band2"), stage(80, 120, "light", "band2", 2)]
    found = run("sleep_stage", [[*old, stage(-60, 0, "awake", "band1", 3)], new])
    assert told(found.merged, "export", "row") == [("band1", 3), ("band2", 1), ("band2", 2)]
    assert {row["reason"] for row in found.superseded} == {"conflict"}


def test_time_in_bed_does_not_contradict_the_stages_of_a_newer_export():
    old = [stage(0, 400, "in_bed", "band1"), stage(0, 100, "light", "band1", 2)]
    found = run("sleep_stage", [old, [stage(100, 300, "deep", "band2")]])
    assert len(found.merged) == 3


def test_two_different_readings_in_one_minute_of_one_cuff_are_both_real():
    found = run("blood_pressure", [[reading(0, (120, 80), "cuff1"), reading(0, (124, 82), "cuff1", 2)]])
    assert len(found.merged) == 2


def test_a_reading_typed_twice_counts_once_and_the_first_row_stands():
    found = run("blood_pressure", [[reading(0, (120, 80), "cuff1", 4), reading(0, (120, 80), "cuff1", 9)]])
    assert told(found.merged, "row") == [(4,)]
    assert told(found.superseded, "row", "reason", "winner_row") == [(9, "duplicate", 4)]


def test_a_reading_that_the_cuff_and_the_sheet_both_tell_names_its_equal_as_winner_not_the_nearest():
    cuff = [reading(-0.2, (118, 79), "cuff1", 2), reading(0.9, (120, 80), "cuff1")]
    sheet = [reading(0, (120, 80), "sheet1", pulse=None), reading(3, (125, 85), "sheet1", 2)]
    found = run("blood_pressure", [sheet, cuff], priority=("cuff", "sheet"))
    assert told(found.merged, "source", "row") == [("cuff", 2), ("cuff", 1)]
    assert told(found.superseded, "row", "reason", "winner_row") == [(1, "other_device", 1), (2, "other_device", 1)]


def test_readings_further_apart_than_the_session_gap_all_stand():
    found = run("blood_pressure", [[reading(0, (120, 80), "cuff1")], [reading(6, (121, 80), "sheet1")]])
    assert len(found.merged) == 2
    found = run("blood_pressure", [[reading(0, (120, 80), "cuff1")], [reading(6, (121, 80), "sheet1")]], fusion_min=6)
    assert len(found.merged) == 1


def test_a_fragment_within_the_gap_of_a_better_night_is_part_of_it_and_beyond_the_gap_a_sleep_of_its_own():
    band = [episode(0, 400, "band1")]
    ring = [episode(-90, -70, "ring1"), episode(460, 470, "ring1", 2), episode(600, 630, "ring1", 3)]
    found = run("sleep_episode", [band, ring], priority=("band", "ring"))
    assert told(found.merged, "source", "row") == [("ring", 1), ("band", 1), ("ring", 3)]
    assert told(found.superseded, "row", "winner_source", "winner_row") == [(2, "band", 1)]
