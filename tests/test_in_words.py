"""Names of the program as people read them."""

from __future__ import annotations

from pdp import in_words
from pdp.vocabulary import MEASURES


def test_a_row_is_told_with_units_and_without_the_names_of_columns() -> None:
    row = {"systolic_mmhg": 136.0, "pulse_bpm": 68.5, "rem_min": 45, "note": "", "is_main_sleep": True, "x": None}
    assert in_words.values(row) == "systolic 136 mmHg, pulse 68.5 bpm, REM 45 min, main sleep"
    assert in_words.values({"is_main_sleep": False, "steps": 12_345}) == "steps 12345"


def test_what_counts_in_the_place_of_a_row_is_a_sentence_and_any_other_reason_is_words() -> None:
    assert in_words.reason("twin") == "the same reading in another time zone counts"
    assert in_words.reason("systolic_mmhg_impossible") == "systolic mmHg impossible"


def test_no_column_of_the_vocabulary_is_told_with_an_underscore_or_its_unit_twice() -> None:
    for measure in MEASURES.values():
        for column in measure.columns:
            title, unit = in_words.column(column.name)
            assert "_" not in title
            assert not unit or not title.endswith(unit)


def test_units_are_as_a_person_writes_them() -> None:
    assert [in_words.unit(ucum) for ucum in ("mm[Hg]", "/min", "{steps}", "min", "1")] == [
        "mmHg",
        "bpm",
        "steps",
        "min",
        "",
    ]
