"""pdp.validate.rules, pdp.limits, pdp.validate.contract: rules and models that follow from the vocabulary."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from pdp import schemas
from pdp.errors import ConfigError, ConservationError
from pdp.limits import VOCABULARY_LIMITS, ColumnLimits, Limits
from pdp.tables.row_values import as_json, join_flags, text_array
from pdp.validate import contract
from pdp.validate.masks import Batch, is_outside
from pdp.validate.rules import checks
from pdp.vocabulary import MEASURES

# Rules


@pytest.mark.parametrize("measure", MEASURES)
def test_every_range_of_the_vocabulary_has_its_rules(measure):
    rules = {rule.rule: rule for rule in checks(measure, VOCABULARY_LIMITS, None)}
    for column in MEASURES[measure].columns:
        assert (f"{column.name}_impossible" in rules) == column.arrow.startswith(("int", "float"))
        assert (f"{column.name}_unlikely" in rules) == (column.likely is not None)
        if column.likely:
            assert rules[f"{column.name}_unlikely"].is_flag


@pytest.mark.parametrize("measure", MEASURES)
def test_what_quarantines_stands_before_what_flags(measure):
    is_flag = [rule.is_flag for rule in checks(measure, VOCABULARY_LIMITS, 0)]
    assert is_flag == sorted(is_flag)
    assert checks(measure, VOCABULARY_LIMITS, 0)[0].rule == "fault"


def test_the_detail_says_what_was_expected_with_its_unit():
    details = {rule.rule: rule.detail for rule in checks("blood_pressure", VOCABULARY_LIMITS, None)}
    assert details["systolic_mmhg_impossible"] == "40 to 300 mm[Hg]"
    assert details["pulse_bpm_unlikely"] == "30 to 220 /min"


def test_a_column_without_a_range_must_still_hold_finite_numbers():
    batch = Batch(pa.table({"x": pa.array([1.0, np.inf, np.nan, None])}))
    assert is_outside(batch, "x", (-np.inf, np.inf)).tolist() == [False, True, True, False]


# Limits


def test_what_the_configuration_leaves_out_stays_as_in_the_vocabulary():
    limits = Limits.from_config({"pulse_bpm": {"likely": [40, 180]}})
    columns = {column.name: column for column in MEASURES["blood_pressure"].columns}
    assert limits.of(columns["pulse_bpm"]) == ColumnLimits((20, 300), (40, 180))
    assert limits.of(columns["systolic_mmhg"]) == ColumnLimits((40, 300), (70, 260))
    assert Limits.from_config(None) == Limits.from_config({}) == VOCABULARY_LIMITS


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"systolic": {"possible": [1, 2]}}, r'limits: there is no column "systolic" with a range.*"systolic_mmhg"\?'),
        ({"note": {"possible": [1, 2]}}, 'no column "note" with a range'),
        ({"pulse_bpm": {"posible": [1, 2]}}, r"limits.pulse_bpm: is no pair of ranges. Write possible: \[low, high\]"),
        ({"pulse_bpm": {"possible": [30]}}, r"limits.pulse_bpm.possible: is no range. Write \[low, high\]"),
        ({"pulse_bpm": {"possible": ["a", "b"]}}, "is no range"),
        ({"pulse_bpm": {"possible": [90, 30]}}, "90 is not below 30"),
        ({"pulse_bpm": {"likely": [10, 90]}}, r"likely values \(10 to 90\) must be possible \(20 to 300\)"),
    ],
)
def test_limits_that_can_not_be_are_refused(value, text):
    with pytest.raises(ConfigError, match=text):
        Limits.from_config(value)


# The contract


def heart_rate(**changes: Any) -> pa.Table:
    row = {
        "start_utc": datetime(2024, 1, 1, tzinfo=UTC),
        "end_utc": None,
        "utc_offset_min": 60,
        "offset_basis": "ledger",
        "source": "band",
        "device": "",
        "modality": "sensed",
        "export": "0123456789abcdef",
        "member": "",
        "row": 1,
        "flags": None,
        "heart_rate_bpm": 60.0,
        "context": "automatic",
    }
    schema = pa.schema([field.with_nullable(True) for field in schemas.validated("heart_rate")])
    return pa.Table.from_pylist([row, row | changes], schema=schema)


def test_good_rows_keep_the_contract():
    contract.prove("heart_rate", heart_rate(), VOCABULARY_LIMITS)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"heart_rate_bpm": 301.0}, "heart_rate_bpm: values within 20 to 300"),
        ({"heart_rate_bpm": float("inf")}, "heart_rate_bpm: values within 20 to 300"),
        ({"heart_rate_bpm": None}, "heart_rate_bpm: not_nullable"),
        ({"heart_rate_bpm": float("nan")}, "heart_rate_bpm: not_nullable"),
        ({"context": "walking"}, "context: only words of the vocabulary"),
        ({"context": None}, "context: not_nullable"),
        ({"offset_basis": "guessed"}, "offset_basis: only words of the vocabulary"),
    ],
)
def test_a_row_that_breaks_the_contract_is_a_fault_of_the_program_that_names_no_value(changes, text):
    with pytest.raises(ConservationError, match=text) as caught:
        contract.prove("heart_rate", heart_rate(**changes), VOCABULARY_LIMITS)
    assert "301" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_a_column_of_another_type_breaks_the_contract():
    table = heart_rate()
    whole = table.set_column(11, "heart_rate_bpm", table["heart_rate_bpm"].cast(pa.float64()))
    with pytest.raises(ConservationError, match=r"heart_rate_bpm: dtype\('float32'\)"):
        contract.prove("heart_rate", whole, VOCABULARY_LIMITS)


def test_a_column_more_or_less_breaks_the_contract():
    with pytest.raises(ConservationError, match="context: column_in_dataframe"):
        contract.prove("heart_rate", heart_rate().drop_columns(["context"]), VOCABULARY_LIMITS)
    with pytest.raises(ConservationError, match="more: column_in_schema"):
        contract.prove("heart_rate", heart_rate().append_column("more", pa.array([1, 2])), VOCABULARY_LIMITS)


def test_the_contract_follows_the_limits_of_the_configuration():
    limits = Limits.from_config({"heart_rate_bpm": {"possible": [70, 300], "likely": [70, 220]}})
    with pytest.raises(ConservationError, match="values within 70 to 300"):
        contract.prove("heart_rate", heart_rate(), limits)


def test_a_word_left_over_from_a_quarantined_row_breaks_nothing():
    context = pa.DictionaryArray.from_arrays(pa.array([0, 0], pa.int32()), pa.array(["automatic", "walking"]))
    contract.prove("heart_rate", heart_rate().set_column(12, "context", context), VOCABULARY_LIMITS)


# Rows as text


def test_rows_become_json_whatever_they_hold():
    table = pa.table(
        {
            "a": pa.array([1.5, float("nan"), None]),
            "b": pa.array(['say "hi"\n', None, "ü"]),
            "c": pa.array(["x", "y", None]).dictionary_encode(),
            "d": pa.array([True, None, False]),
        }
    )
    assert as_json(table).to_pylist() == [
        '{"a": 1.5, "b": "say \\"hi\\"\\n", "c": "x", "d": true}',
        '{"a": "nan", "b": null, "c": "y", "d": null}',
        '{"a": null, "b": "ü", "c": null, "d": false}',
    ]


def test_flags_are_added_sorted_and_once():
    flags = pa.array([None, "b", "a;b", "b", None])
    masks = {"a": np.array([True, True, True, False, False]), "c": np.array([False, True, False, False, False])}
    joined = join_flags(flags, masks, 5)
    assert joined.to_pylist() == ["a", "a;b;c", "a;b", "b", None]
    assert len(set(joined.dictionary.to_pylist())) == len(joined.dictionary)


def test_texts_become_an_array_with_their_nulls():
    assert text_array(["ä", None, "", "b"]).to_pylist() == ["ä", None, "", "b"]
    assert text_array([]).to_pylist() == []
