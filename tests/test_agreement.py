"""How far two devices that measured the same thing agree."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pdp import schemas, tables
from pdp.merge import MergeInput, MergeSettings, merge
from pdp.summarize.agreement import compare
from pdp.summarize.summary_settings import SummarySettings
from tests.summary_subject import Subject, summary_of
from tests.test_fusion import reading
from tests.test_merge import Row, sample, to_table

WATCH = {"source": "watch", "device": "w1", "context": "automatic"}
LEAST_3 = SummarySettings(agreement_least_n=3)


def the_one(subject: Subject, folder: Path, settings: SummarySettings | None = None, **where: Any) -> dict[str, Any]:
    rows = summary_of(subject, folder, settings).agreement
    (row,) = [row for row in rows if all(row[name] == value for name, value in where.items())]
    return row


def test_bias_and_limits_of_heart_rate_are_those_of_bland_and_altman(tmp_path: Path) -> None:
    subject = Subject()
    band, watch = [60.0, 64, 70, 90, 58, 61], [61.0, 62, 75, 88, 58, 55]
    subject.beats("2026-06-10 08:00", band, 5)
    for place, bpm in enumerate(watch):
        start = subject.at("2026-06-10 08:01") + timedelta(minutes=5 * place)
        subject.lose("heart_rate", start, winner=place, heart_rate_bpm=bpm, **WATCH)
    row = the_one(subject, tmp_path, LEAST_3)
    differences = [a - b for a, b in zip(band, watch, strict=True)]
    bias, sd = statistics.mean(differences), statistics.stdev(differences)
    assert (row["measure"], row["column"], row["unit"], row["n"]) == ("heart_rate", "heart_rate_bpm", "/min", 6)
    assert (row["source"], row["device"], row["other_source"], row["other_device"]) == ("band", "", "watch", "w1")
    assert row["bias"] == pytest.approx(bias)
    assert row["sd"] == pytest.approx(sd)
    assert row["lower_limit"] == pytest.approx(bias - 1.96 * sd)
    assert row["upper_limit"] == pytest.approx(bias + 1.96 * sd)


def test_too_few_pairs_give_n_and_no_value(tmp_path: Path) -> None:
    subject = Subject()
    subject.beats("2026-06-10 08:00", [60, 61], 5)
    for place in range(2):
        start = subject.at("2026-06-10 08:01") + timedelta(minutes=5 * place)
        subject.lose("heart_rate", start, winner=place, heart_rate_bpm=70.0, **WATCH)
    row = the_one(subject, tmp_path)
    assert row["n"] == 2
    assert [row[name] for name in ("bias", "sd", "lower_limit", "upper_limit")] == [None] * 4


def test_a_device_that_samples_more_often_weighs_no_more(tmp_path: Path) -> None:
    subject = Subject()
    subject.beats("2026-06-10 08:00", [60, 60, 60], 5)
    for minute, bpm in [(0, 70.0), (1, 72.0), (2, 74.0), (3, 76.0), (5, 60.0), (10, 60.0)]:
        start = subject.at("2026-06-10 08:00") + timedelta(minutes=minute, seconds=30)
        subject.lose("heart_rate", start, winner=0, heart_rate_bpm=bpm, **WATCH)
    row = the_one(subject, tmp_path, LEAST_3)
    assert (row["n"], row["bias"]) == (3, pytest.approx((60 - 73) / 3))


def test_duplicates_are_no_pairs(tmp_path: Path) -> None:
    subject = Subject()
    subject.beats("2026-06-10 08:00", [60] * 20, 5)
    for place in range(20):
        start = subject.at("2026-06-10 08:00") + timedelta(minutes=5 * place)
        reason = "duplicate" if place else "other_device"
        subject.lose("heart_rate", start, winner=place, reason=reason, heart_rate_bpm=60.0, **WATCH)
    assert the_one(subject, tmp_path, LEAST_3)["n"] == 1


def test_slots_in_which_only_one_device_measured_are_no_pairs(tmp_path: Path) -> None:
    subject = Subject()
    subject.beats("2026-06-10 08:00", [60] * 6, 10)
    for place in range(12):
        start = subject.at("2026-06-10 08:00") + timedelta(minutes=5 * place)
        subject.lose("heart_rate", start, winner=0, heart_rate_bpm=62.0, **WATCH)
    assert the_one(subject, tmp_path, LEAST_3)["n"] == 6


def test_resting_heart_rate_is_compared_with_its_own_winner_and_apart_from_the_rest(tmp_path: Path) -> None:
    subject = Subject()
    for day in range(10, 14):
        subject.beats(f"2026-06-{day} 00:30", [55.0], context="resting")
        winner = len(subject.rows["heart_rate"]) - 1
        more = {**WATCH, "context": "resting"}
        subject.lose("heart_rate", f"2026-06-{day} 23:00", winner=winner, heart_rate_bpm=50.0 + day % 2, **more)
    row = the_one(subject, tmp_path, LEAST_3)
    assert (row["context"], row["n"], row["bias"]) == ("resting", 4, 4.5)


def test_steps_are_summed_within_a_slot_before_they_are_compared(tmp_path: Path) -> None:
    subject = Subject()
    for slot in range(3):
        start = subject.at("2026-06-10 08:00") + timedelta(minutes=15 * slot)
        subject.add("step_count", start, start + timedelta(minutes=15), steps=300)
        for minute in range(15):
            begins = start + timedelta(minutes=minute)
            subject.lose("step_count", begins, begins + timedelta(minutes=1), winner=slot, steps=19, source="phone")
    row = the_one(subject, tmp_path, LEAST_3)
    assert (row["measure"], row["unit"], row["n"], row["bias"]) == ("step_count", "{steps}", 3, 300 - 15 * 19)


def test_cuffs_are_compared_by_session_and_column_and_a_missing_pulse_is_no_pair(tmp_path: Path) -> None:
    subject = Subject()
    for place in range(4):
        subject.cuff(f"2026-06-1{place} 08:00", 120.0 + place, 80.0, 60.0, source="omron")
        first = {"systolic_mmhg": 126.0 + place, "diastolic_mmhg": 79.0, "pulse_bpm": None if place else 66.0}
        second = {"systolic_mmhg": 130.0 + place, "diastolic_mmhg": 81.0, "pulse_bpm": None}
        for minute, values in (("08:02", first), ("08:03", second)):
            subject.lose("blood_pressure", f"2026-06-1{place} {minute}", winner=place, source="wrist", **values)
    systolic = the_one(subject, tmp_path, LEAST_3, column="systolic_mmhg")
    assert (systolic["n"], systolic["bias"], systolic["sd"]) == (4, -8.0, 0.0)
    pulse = the_one(subject, tmp_path, LEAST_3, column="pulse_bpm")
    assert (pulse["n"], pulse["bias"]) == (1, None)


def test_nights_of_two_devices_are_compared(tmp_path: Path) -> None:
    subject = Subject()
    for place in range(3):
        start, end = f"2026-06-1{place} 00:00", f"2026-06-1{place} 07:00"
        subject.sleep(start, end, 400.0)
        subject.lose("sleep_episode", start, end, winner=place, total_sleep_time_min=380.0 - place, source="watch")
    row = the_one(subject, tmp_path, LEAST_3)
    assert (row["column"], row["n"], row["bias"]) == ("total_sleep_time_min", 3, 21.0)
    assert math.isclose(row["sd"], 1.0)


def agreement_of(measure: str, files: Sequence[Sequence[Row]], priority: tuple[str, ...], folder: Path) -> list[Row]:
    """What agreement says after these files were merged."""
    merged, superseded = Subject().write(folder)
    inputs = []
    for number, rows in enumerate(files):
        writer = tables.SortingWriter(folder / str(number), schemas.validated(measure))
        writer.write(to_table(measure, rows))
        writer.close()
        inputs.append(MergeInput(writer.path, rows[0]["source"], rows[0]["export"]))
    stands = tables.SortingWriter(merged[measure], schemas.validated(measure))
    lost = tables.SortingWriter(superseded[measure], schemas.superseded(measure))
    merge(measure, inputs, settings=MergeSettings(priority), ledger=Subject().ledger, merged=stands, superseded=lost)
    stands.close()
    lost.close()
    return compare(merged, superseded, 3).to_pylist()


def test_readings_that_two_sources_tell_alike_are_pairs_too(tmp_path: Path) -> None:
    cuff = [reading(day * 1440, (120 + day, 80), "cuff1", day) for day in range(10)]
    log = [reading(day * 1440 + 0.5, (120 + day - (5 if day == 9 else 0), 80), "log1", day) for day in range(10)]
    typed_again = [{**row, "export": "log2"} for row in log]
    rows = agreement_of("blood_pressure", [log, typed_again, cuff], ("cuff", "log"), tmp_path)
    (systolic,) = [row for row in rows if row["column"] == "systolic_mmhg"]
    assert (systolic["source"], systolic["other_source"], systolic["n"]) == ("cuff", "log", 10)
    assert systolic["bias"] == pytest.approx(0.5)


@pytest.mark.parametrize("measure", ["heart_rate", "blood_pressure"])
def test_an_export_that_two_sources_hold_proves_no_agreement(measure: str, tmp_path: Path) -> None:
    def told(minute: int, export: str, number: int) -> Row:
        if measure == "heart_rate":
            return sample(minute, 60, export=export, number=number)
        return reading(minute, (120, 80), export, number)

    old = [told(10 * n, "band1", n) for n in range(10)]
    new = [told(10 * n, "band2", n) for n in range(4, 20)]
    again = [[{**row, "source": "copy"} for row in file] for file in (old, new)]
    assert agreement_of(measure, [old, new, again[0]], (), tmp_path / "one") == []
    assert agreement_of(measure, [old, new, *again], ("copy", "band"), tmp_path / "both") == []
