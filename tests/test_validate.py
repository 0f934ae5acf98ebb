"""pdp.validate: what can't be true is quarantined, what is unlikely is flagged, nothing is lost or changed."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pdp import schemas, tables
from pdp.errors import ConservationError
from pdp.limits import VOCABULARY_LIMITS, Limits
from pdp.validate import Counts, contract, rules, validate
from pdp.vocabulary import MEASURES

Row = dict[str, Any]
ARRIVED = int(datetime(2024, 7, 1, tzinfo=UTC).timestamp() * 1000)


def at(time: str) -> datetime:
    return datetime.fromisoformat(time).replace(tzinfo=UTC)


COMMON: Row = {
    "start_utc": at("2024-01-01T08:00"),
    "end_utc": None,
    "utc_offset_min": 60,
    "offset_basis": "ledger",
    "source": "band",
    "device": "",
    "modality": "sensed",
    "export": "0123456789abcdef",
    "member": "a.csv",
    "row": 1,
    "flags": None,
    "fault": None,
}
OWN: dict[str, Row] = {
    "blood_pressure": {"systolic_mmhg": 120.0, "diastolic_mmhg": 80.0, "pulse_bpm": 60.0},
    "heart_rate": {"heart_rate_bpm": 60.0, "context": "automatic"},
    "sleep_stage": {"stage": "deep", "end_utc": at("2024-01-01T08:30")},
    "sleep_episode": {
        "total_sleep_time_min": 400.0,
        "light_min": 200.0,
        "deep_min": 200.0,
        "awake_min": 80.0,
        "end_utc": at("2024-01-01T16:00"),
    },
    "step_count": {"steps": 10, "end_utc": at("2024-01-01T08:01")},
}


def rows(measure: str, *changes: Row) -> list[Row]:
    return [{**COMMON, **OWN[measure], "row": number, **change} for number, change in enumerate(changes, start=1)]


def run(tmp_path: Path, measure: str, given_rows: list[Row], **more: Any) -> Counts:
    table = pa.Table.from_pylist(given_rows, schema=schemas.normalized(measure))
    source = tables.SortingWriter(tmp_path / "in.parquet", schemas.normalized(measure))
    source.write(table)
    source.close()
    return validate(
        {measure: tmp_path / "in.parquet"},
        writers={measure: tables.SortingWriter(tmp_path / "accepted.parquet", schemas.validated(measure))},
        quarantine=tables.SortingWriter(tmp_path / "quarantine.parquet", schemas.QUARANTINE),
        **more,
    )


def accepted(tmp_path: Path) -> list[Row]:
    return cast(list[Row], tables.read(tmp_path / "accepted.parquet").to_pylist())


def quarantined(tmp_path: Path) -> list[Row]:
    return cast(list[Row], tables.read(tmp_path / "quarantine.parquet").to_pylist())


def verdict(tmp_path: Path, measure: str, change: Row, **more: Any) -> tuple[str, str | None, str | None]:
    """Rule, column and value of the one row that is bad, beside two good ones."""
    run(tmp_path, measure, rows(measure, {}, change, {}), **more)
    assert [row["row"] for row in accepted(tmp_path)] == [1, 3]
    (bad,) = quarantined(tmp_path)
    assert bad["row"] == 2
    return bad["rule"], bad["column"], bad["value"]


# What is quarantined


@pytest.mark.parametrize(
    ("measure", "column", "value", "text"),
    [
        ("blood_pressure", "systolic_mmhg", 2047.0, "2047"),
        ("blood_pressure", "systolic_mmhg", 39.9, "39.9"),
        ("blood_pressure", "diastolic_mmhg", 19.0, "19"),
        ("blood_pressure", "pulse_bpm", 0.0, "0"),
        ("heart_rate", "heart_rate_bpm", 255.0 + 46, "301"),
        ("heart_rate", "heart_rate_bpm", -1.0, "-1"),
        ("heart_rate", "heart_rate_bpm", float("nan"), "nan"),
        ("heart_rate", "heart_rate_bpm", float("inf"), "inf"),
        ("blood_pressure", "pulse_bpm", float("nan"), "nan"),
        ("sleep_episode", "rem_min", 1441.0, "1441"),
        ("step_count", "steps", -1, "-1"),
        ("step_count", "steps", 100_001, "100001"),
    ],
)
def test_an_impossible_value_is_quarantined_with_rule_and_value(tmp_path, measure, column, value, text):
    assert verdict(tmp_path, measure, {column: value}) == (f"{column}_impossible", column, text)


@pytest.mark.parametrize(
    ("measure", "column"),
    [
        ("blood_pressure", "systolic_mmhg"),
        ("heart_rate", "heart_rate_bpm"),
        ("heart_rate", "context"),
        ("sleep_stage", "end_utc"),
        ("heart_rate", "offset_basis"),
        ("heart_rate", "start_utc"),
    ],
)
def test_a_row_without_what_is_required_is_quarantined(tmp_path, measure, column):
    run(tmp_path, measure, rows(measure, {}, {column: None}))
    assert [row["row"] for row in accepted(tmp_path)] == [1]
    assert [(row["rule"], row["column"], row["value"]) for row in quarantined(tmp_path)] == [
        ("required_missing", column, None)
    ]


def test_what_is_not_required_may_be_missing_and_stays_null(tmp_path):
    run(tmp_path, "blood_pressure", rows("blood_pressure", {"pulse_bpm": None}))
    assert [row["pulse_bpm"] for row in accepted(tmp_path)] == [None]


@pytest.mark.parametrize(
    ("measure", "column"), [("sleep_stage", "stage"), ("heart_rate", "modality"), ("blood_pressure", "body_posture")]
)
def test_a_word_that_the_vocabulary_does_not_have_is_quarantined(tmp_path, measure, column):
    assert verdict(tmp_path, measure, {column: "dozing"}) == ("not_in_vocabulary", column, "dozing")


def test_a_diastolic_value_that_is_not_below_the_systolic_is_quarantined_with_both(tmp_path):
    change = {"systolic_mmhg": 80.0, "diastolic_mmhg": 80.0}
    expected = ("diastolic_not_below_systolic", "diastolic_mmhg", "80/80")
    assert verdict(tmp_path, "blood_pressure", change) == expected


def test_an_interval_that_ends_before_it_starts_is_quarantined(tmp_path):
    rule, column, value = verdict(tmp_path, "sleep_stage", {"end_utc": at("2024-01-01T07:59")})
    assert (rule, column) == ("ends_before_start", "end_utc")
    assert value == "2024-01-01 08:00:00.000Z/2024-01-01 07:59:00.000Z"


def test_an_interval_longer_than_a_day_is_quarantined(tmp_path):
    assert verdict(tmp_path, "sleep_stage", {"end_utc": at("2024-01-02T08:01")})[0] == "interval_too_long"


def test_stages_that_exceed_their_interval_are_quarantined_and_rounding_is_allowed(tmp_path):
    run(tmp_path, "sleep_episode", rows("sleep_episode", {"awake_min": 82.0}, {"awake_min": 82.5}))
    assert [row["awake_min"] for row in accepted(tmp_path)] == [82]
    (bad,) = quarantined(tmp_path)
    assert (bad["rule"], bad["value"]) == ("stages_exceed_interval", "400/200/200/-/82.5")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"awake_min": 82.5}, "stages 482.5 min, start to stop 480 min"),
        ({"total_sleep_time_min": 500.0, "awake_min": None}, "total sleep 500 min, start to stop 480 min"),
        ({"light_min": None, "deep_min": None, "rem_min": 495.0}, "stages 575 min, start to stop 480 min"),
    ],
)
def test_the_quarantine_says_in_words_what_exceeds_the_interval_and_how_long_that_is(tmp_path, change, words):
    run(tmp_path, "sleep_episode", rows("sleep_episode", {}, change))
    (bad,) = quarantined(tmp_path)
    assert (bad["row"], bad["detail"]) == (2, words)


def test_a_total_that_counts_time_awake_as_asleep_is_flagged_and_rounding_is_allowed(tmp_path):
    fits, inclusive = {"total_sleep_time_min": 402.0}, {"total_sleep_time_min": 402.5}
    silent = {"total_sleep_time_min": 480.0, "awake_min": None}
    run(tmp_path, "sleep_episode", rows("sleep_episode", fits, inclusive, silent))
    assert quarantined(tmp_path) == []
    assert [row["flags"] for row in accepted(tmp_path)] == [None, "total_includes_awake", None]


def test_a_reading_from_after_the_arrival_of_its_file_is_quarantined(tmp_path):
    late, near = {"start_utc": at("2024-07-02T02:01")}, {"start_utc": at("2024-07-02T02:00")}
    run(tmp_path, "heart_rate", rows("heart_rate", near, late), arrived_ms=ARRIVED)
    assert [row["row"] for row in accepted(tmp_path)] == [1]
    (bad,) = quarantined(tmp_path)
    assert (bad["rule"], bad["value"]) == ("after_arrival", "2024-07-02 02:01:00.000Z")


def test_without_an_arrival_no_reading_is_from_after_it(tmp_path):
    run(tmp_path, "heart_rate", rows("heart_rate", {"start_utc": at("2090-01-01T00:00")}))
    assert len(accepted(tmp_path)) == 1


def test_dates_are_judged_by_the_local_clock(tmp_path):
    first_hour = {"start_utc": at("1969-12-31T23:00"), "utc_offset_min": 60}
    too_early = {"start_utc": at("1969-12-31T22:59"), "utc_offset_min": 60}
    too_late = {"start_utc": at("2099-12-31T23:00"), "utc_offset_min": 60}
    run(tmp_path, "heart_rate", rows("heart_rate", first_hour, too_early, too_late))
    assert [row["row"] for row in accepted(tmp_path)] == [1]
    assert {row["rule"] for row in quarantined(tmp_path)} == {"date_out_of_range"}


def test_an_offset_that_no_zone_has_is_quarantined(tmp_path):
    expected = ("utc_offset_min_impossible", "utc_offset_min", "900")
    assert verdict(tmp_path, "heart_rate", {"utc_offset_min": 900}) == expected


def test_the_verdict_of_the_format_names_the_rule_and_both_figures(tmp_path):
    run(tmp_path, "sleep_stage", rows("sleep_stage", {}, {"fault": "stages_unlike_session: 380 min, 410 min"}))
    (bad,) = quarantined(tmp_path)
    assert (bad["rule"], bad["detail"], bad["column"]) == ("stages_unlike_session", "380 min, 410 min", None)
    assert [row["row"] for row in accepted(tmp_path)] == [1]


def test_the_first_rule_in_the_fixed_order_names_the_row(tmp_path):
    change = {"systolic_mmhg": 10.0, "diastolic_mmhg": 500.0, "body_posture": "flying"}
    assert verdict(tmp_path, "blood_pressure", change)[0] == "not_in_vocabulary"
    del change["body_posture"]
    assert verdict(tmp_path, "blood_pressure", change)[0] == "systolic_mmhg_impossible"
    assert verdict(tmp_path, "blood_pressure", {**change, "fault": "format: says so"})[0] == "format"


def test_a_quarantined_row_keeps_where_it_came_from_and_all_its_values(tmp_path):
    change = {"systolic_mmhg": 400.0, "pulse_bpm": float("nan"), "note": 'after "coffee"', "device": "Cuff"}
    run(tmp_path, "blood_pressure", rows("blood_pressure", change))
    (bad,) = quarantined(tmp_path)
    assert (bad["measure"], bad["source"], bad["device"], bad["export"], bad["member"], bad["row"]) == (
        "blood_pressure",
        "band",
        "Cuff",
        "0123456789abcdef",
        "a.csv",
        1,
    )
    assert (bad["start_utc"], bad["utc_offset_min"]) == (at("2024-01-01T08:00"), 60)
    assert bad["detail"] == "40 to 300 mm[Hg]"
    assert json.loads(bad["row_values"]) == {
        "systolic_mmhg": 400,
        "diastolic_mmhg": 80,
        "pulse_bpm": "nan",
        "body_posture": None,
        "measurement_location": None,
        "note": 'after "coffee"',
    }


# What is flagged


def test_an_unlikely_value_is_kept_and_flagged(tmp_path):
    counts = run(tmp_path, "heart_rate", rows("heart_rate", {"heart_rate_bpm": 25.0}, {}, {"heart_rate_bpm": 230.0}))
    assert [row["flags"] for row in accepted(tmp_path)] == ["heart_rate_bpm_unlikely", None, "heart_rate_bpm_unlikely"]
    assert counts.measures["heart_rate"].flagged == {"heart_rate_bpm_unlikely": 2}


def test_an_odd_pulse_pressure_is_flagged(tmp_path):
    changes = [{"diastolic_mmhg": 106.0}, {"diastolic_mmhg": 105.0}, {"systolic_mmhg": 231.0}]
    run(tmp_path, "blood_pressure", rows("blood_pressure", *changes))
    assert [row["flags"] for row in accepted(tmp_path)] == ["pulse_pressure_unlikely", None, "pulse_pressure_unlikely"]


def test_flags_are_sorted_and_joined_with_those_that_were_there(tmp_path):
    change = {
        "systolic_mmhg": 265.0,
        "diastolic_mmhg": 35.0,
        "flags": "possible_twin;ambiguous_time",
        "offset_basis": "nonexistent",
    }
    run(tmp_path, "blood_pressure", rows("blood_pressure", change))
    assert [row["flags"] for row in accepted(tmp_path)] == [
        "ambiguous_time;diastolic_mmhg_unlikely;nonexistent_time;possible_twin;pulse_pressure_unlikely;"
        "systolic_mmhg_unlikely"
    ]


# Limits


def test_limits_of_the_configuration_take_the_place_of_the_vocabularys(tmp_path):
    limits = Limits.from_config({"heart_rate_bpm": {"possible": [10, 90], "likely": [50, 80]}})
    changes = [{"heart_rate_bpm": value} for value in (15.0, 60.0, 85.0, 95.0)]
    run(tmp_path, "heart_rate", rows("heart_rate", *changes), limits=limits)
    assert [(row["row"], row["flags"]) for row in accepted(tmp_path)] == [
        (1, "heart_rate_bpm_unlikely"),
        (2, None),
        (3, "heart_rate_bpm_unlikely"),
    ]
    assert [row["rule"] for row in quarantined(tmp_path)] == ["heart_rate_bpm_impossible"]


# Counts and conservation


def test_counts_say_what_became_of_every_row(tmp_path):
    changes = [{}, {"heart_rate_bpm": 0.0}, {"heart_rate_bpm": 0.0}, {"context": "walking"}, {"heart_rate_bpm": 25.0}]
    counts = run(tmp_path, "heart_rate", rows("heart_rate", *changes))
    assert counts.to_json() == {
        "read": 5,
        "accepted": 2,
        "quarantined": 3,
        "flagged": 1,
        "measures": {
            "heart_rate": {
                "read": 5,
                "accepted": 2,
                "quarantined": {"heart_rate_bpm_impossible": 2, "not_in_vocabulary": 1},
                "flagged": {"heart_rate_bpm_unlikely": 1},
            }
        },
    }


def test_empty_measures_give_empty_tables(tmp_path):
    counts = run(tmp_path, "heart_rate", [])
    assert counts.to_json()["read"] == 0
    assert accepted(tmp_path) == [] == quarantined(tmp_path)


def test_a_bad_row_that_the_masks_let_through_is_a_fault_of_the_program(tmp_path, monkeypatch):
    kept = [rule for rule in rules.checks("heart_rate", VOCABULARY_LIMITS, None) if "impossible" not in rule.rule]
    monkeypatch.setattr("pdp.validate.checks", lambda *_: kept)
    with pytest.raises(ConservationError, match=r"heart_rate_bpm: values within 20 to 300.*fault of the program"):
        run(tmp_path, "heart_rate", rows("heart_rate", {"heart_rate_bpm": 0.0}))
    assert not (tmp_path / "accepted.parquet").exists()


VALUES = st.one_of(st.none(), st.floats(width=32), st.floats(0, 350, width=32))
ARBITRARY = st.fixed_dictionaries(
    {
        "start_utc": st.one_of(st.none(), st.datetimes(datetime(1960, 1, 1), datetime(2110, 1, 1))),
        "utc_offset_min": st.one_of(st.none(), st.integers(-900, 900)),
        "systolic_mmhg": VALUES,
        "diastolic_mmhg": VALUES,
        "pulse_bpm": VALUES,
        "body_posture": st.sampled_from([None, "sitting", "flying"]),
        "offset_basis": st.sampled_from([None, "ledger", "nonexistent"]),
        "flags": st.sampled_from([None, "ambiguous_time"]),
        "fault": st.sampled_from([None, None, None, "rule: 1 and 2"]),
    }
)


@settings(max_examples=60, deadline=None)
@given(st.lists(ARBITRARY, max_size=40))
def test_of_any_table_nothing_is_lost_nothing_changed_and_nothing_bad_accepted(tmp_path_factory, changes):
    tmp_path = tmp_path_factory.mktemp("any")
    given_rows = rows("blood_pressure", *changes)
    for row in given_rows:
        if row["start_utc"] is not None:
            row["start_utc"] = row["start_utc"].replace(tzinfo=UTC, microsecond=0)
    counts = run(tmp_path, "blood_pressure", given_rows, arrived_ms=ARRIVED).measures["blood_pressure"]
    before = tables.read(tmp_path / "in.parquet").to_pylist()
    good, bad = accepted(tmp_path), quarantined(tmp_path)

    assert counts.read == len(given_rows) == counts.accepted + counts.quarantined.total()
    assert (counts.accepted, counts.quarantined.total()) == (len(good), len(bad))
    assert sorted(row["row"] for row in [*good, *bad]) == list(range(1, len(given_rows) + 1))

    by_number = {row["row"]: row for row in before}
    order = [row["row"] for row in before]
    assert [row["row"] for row in good] == sorted((row["row"] for row in good), key=order.index)
    for row in good:
        for name, value in row.items():
            if name != "flags":
                assert value == by_number[row["row"]][name]
        assert set((by_number[row["row"]]["flags"] or "").split(";")) - {""} <= set((row["flags"] or "").split(";"))
        assert 40 <= row["systolic_mmhg"] <= 300
        assert 20 <= row["diastolic_mmhg"] < row["systolic_mmhg"]
        assert row["pulse_bpm"] is None or 20 <= row["pulse_bpm"] <= 300
        assert row["body_posture"] in (None, "sitting")
        assert row["start_utc"].timestamp() * 1000 <= ARRIVED + 26 * 3_600_000


def test_rows_keep_their_order_over_several_batches(tmp_path, monkeypatch):
    monkeypatch.setattr("pdp.validate.BATCH_ROWS", 1)
    monkeypatch.setattr("pdp.tables.parquet_file.ROW_GROUP", 7)
    changes = [
        {"start_utc": at(f"2024-01-01T{n // 60:02}:{n % 60:02}"), "heart_rate_bpm": 0.0 if n % 5 == 0 else 60.0}
        for n in range(100)
    ]
    counts = run(tmp_path, "heart_rate", rows("heart_rate", *changes))
    assert [row["row"] for row in accepted(tmp_path)] == [n + 1 for n in range(100) if n % 5]
    assert [row["row"] for row in quarantined(tmp_path)] == [n + 1 for n in range(100) if n % 5 == 0]
    assert counts.measures["heart_rate"].read == 100


@pytest.mark.parametrize("measure", MEASURES)
def test_a_plain_row_of_every_measure_is_accepted_without_a_flag(tmp_path, measure):
    run(tmp_path, measure, rows(measure, {}))
    (row,) = accepted(tmp_path)
    assert row["flags"] is None
    contract.prove(measure, tables.read(tmp_path / "accepted.parquet"), VOCABULARY_LIMITS)
