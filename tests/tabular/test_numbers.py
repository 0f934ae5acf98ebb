"""Written numbers."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pdp.tabular.cells import Cell, Fault
from pdp.tabular.numbers import Quantity, decimal_mark, read_quantity


@pytest.mark.parametrize(
    ("cell", "quantity"),
    [
        ("120", Quantity(120)),
        (" 130.0 ", Quantity(130)),
        ("118,5", Quantity(118.5)),
        ("104 mmHg", Quantity(104, "mmHg")),
        ("16,0 kPa", Quantity(16, "kPa")),
        ("72 Beats/Min", Quantity(72, "/min")),
        ("0,354", Quantity(0.354)),
        ("9543.000", Quantity(9543)),
        (120, Quantity(120)),
        (118.5, Quantity(118.5)),
    ],
)
def test_a_number_is_read_with_its_unit(cell: Cell, quantity: Quantity) -> None:
    assert read_quantity(cell) == quantity


@pytest.mark.parametrize("cell", [None, "", "-", " – ", "n/a", "N/A", "null", "\u00a0", "\x00\x00", "#N/A"])
def test_what_people_write_for_no_value_is_missing(cell: Cell) -> None:
    assert read_quantity(cell) is None


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("inf", "not_a_number"),
        ("nan", "not_a_number"),
        (float("nan"), "not_a_number"),
        (float("inf"), "not_a_number"),
        ("9" * 5000, "not_a_number"),
        pytest.param(10**5000, "not_a_number", id="a whole number of 5,001 digits"),
        ("１２０", "not_a_number"),
        ("1e2", "not_a_number"),
        ("12o", "not_a_number"),
        ("120?", "not_a_number"),
        ("1.234,5", "not_a_number"),
        ("1,234", "ambiguous_number"),
        ("600.000", "ambiguous_number"),
        (True, "not_a_number"),
        (datetime(2025, 8, 12), "spreadsheet_date"),
    ],
)
def test_what_is_no_plain_number_is_never_guessed(cell: Cell, reason: str) -> None:
    fault = read_quantity(cell)
    assert isinstance(fault, Fault)
    assert fault.reason == reason
    assert fault.detail


def test_a_number_elsewhere_in_the_file_decides_what_the_mark_means() -> None:
    assert decimal_mark(["600.000", "9543.000", "12"]) == "."
    assert read_quantity("600.000", proven=".") == Quantity(600)
    ambiguous = read_quantity("1,234", proven=".")
    assert isinstance(ambiguous, Fault)
    assert "Set settings.decimal_mark." in ambiguous.detail


def test_a_file_with_both_marks_proves_neither() -> None:
    assert decimal_mark(["118.5", "118,5"]) == ""
    assert decimal_mark(["1.234,5", "12.05.2025", "600.000", "x"]) == ""


def test_the_mark_in_the_settings_excludes_the_other() -> None:
    assert read_quantity("600,000", required=",") == Quantity(600)
    fault = read_quantity("118.5", required=",")
    assert isinstance(fault, Fault)
    assert fault.detail == 'the number is written with ".", settings.decimal_mark is ","'


@given(st.decimals(0, 100_000, places=2), st.sampled_from(".,"), st.sampled_from(["", " mmHg", "kPa", " bpm"]))
def test_every_decimal_is_read_back_with_either_mark(value: object, mark: str, unit: str) -> None:
    quantity = read_quantity(str(value).replace(".", mark) + unit)
    assert isinstance(quantity, Quantity)
    assert quantity.value == float(str(value))


@given(
    st.one_of(st.text(max_size=30), st.floats(), st.integers(), st.booleans(), st.dates(), st.times(), st.timedeltas())
)
def test_any_cell_gives_a_finite_number_or_a_reason(cell: Cell) -> None:
    read = read_quantity(cell)
    assert read is None or isinstance(read, Fault) or abs(read.value) < 1e16
