"""Results of formulas that tell of other rows of a worksheet, or of other sheets: a mean of the week, the worst so far.

With the other days at hand such a result gives a forgotten value away. One of cells in its own row, such as the mean of
three readings, is the row's own; so is a date that counts on from another cell.
"""

from __future__ import annotations

import io
import re
import warnings
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from pdp.redaction.staying import Integers, WholeOnlyError
from pdp.tabular.cells import Record

_CELLS = re.compile(r"\$?([A-Z]{1,3})\$?(\d+)(?::\$?([A-Z]{1,3})\$?(\d+))?")
_ONE_CELL = re.compile(r"(?:.*!)?\$?[A-Z]{1,3}\$?\d+")
_OWN_ROW = re.compile(r"[^\[\]!]*\[\[#This Row\],?.*\]")  # of a table: which columns it names is not looked at
_REACHING = frozenset({"INDIRECT", "OFFSET", "GETPIVOTDATA"})  # look at cells that they don't name
_LAST_COLUMN = 16_384


@dataclass(frozen=True)
class _Looks:
    """Where a formula looks: columns of its own row; other cells; and, if so, only at single ones."""

    columns: frozenset[int]
    is_away: bool
    is_at_cells: bool


def results_of_other_rows(
    data: bytes, records: Mapping[str, Sequence[Record]], readings: Mapping[str, Integers]
) -> dict[str, dict[int, frozenset[int]]]:
    """Cells with such results.

    Args:
        data: A workbook that can be read.
        records: As they are read, by worksheet.
        readings: By worksheet that is wanted: rows that hold readings.

    Returns:
        By worksheet and row: columns, from 1.

    Raises:
        WholeOnlyError: A formula is not understood.
    """
    from openpyxl import load_workbook
    from openpyxl.formula.tokenizer import TokenizerError
    from openpyxl.formula.translate import TranslatorError

    # What openpyxl lets through on formulas that no spreadsheet program wrote, or of a kind it does not know.
    faults = (TokenizerError, TranslatorError, LookupError, TypeError, ValueError, AttributeError, AssertionError)
    found = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        book = load_workbook(io.BytesIO(data), read_only=True)
        for title, rows in readings.items():
            try:
                found[title] = _of_sheet(book[title], records[title], frozenset(rows.tolist()))
            except faults as error:
                raise WholeOnlyError("it is a workbook (XLSX) with a formula that is not understood.") from error
    return found


def _of_sheet(sheet: Any, records: Sequence[Record], readings: frozenset[int]) -> dict[int, frozenset[int]]:
    from openpyxl.worksheet.formula import ArrayFormula, DataTableFormula

    away: dict[int, set[int]] = defaultdict(set)
    looks: dict[int, dict[int, _Looks]] = defaultdict(dict)
    sheet.reset_dimensions()
    for row, (cells, record) in enumerate(zip(sheet.iter_rows(), records, strict=False), start=1):
        for column, (cell, result) in enumerate(zip(cells, record, strict=False), start=1):  # of a blank record none
            if cell.data_type != "f":
                continue
            formula = cell.value
            if isinstance(formula, ArrayFormula) and formula.ref == cell.coordinate:
                formula = formula.text  # of one cell: like any other
            if isinstance(formula, ArrayFormula | DataTableFormula):
                last, columns = _spread(str(formula.ref))
                for spilt in range(row, min(last, len(records)) + 1):
                    away[spilt] |= columns
                continue
            look = looks[row][column] = _look(str(formula), row, column)
            is_date = isinstance(result, date) and row in readings
            if look.is_away and not (is_date and look.is_at_cells):
                away[row].add(column)
    for row, of_row in looks.items():
        while more := {column for column, look in of_row.items() if look.columns & away[row]} - away[row]:
            away[row] |= more
    return {row: frozenset(columns) for row, columns in away.items()}


def _look(formula: str, row: int, column: int) -> _Looks:
    from openpyxl.formula import Tokenizer
    from openpyxl.formula.tokenizer import Token
    from openpyxl.utils import FORMULAE

    columns: set[int] = set()
    is_away, is_at_cells = formula == "=", True
    for token in Tokenizer(formula).items:
        if token.type == Token.FUNC and token.subtype == Token.OPEN:
            name = token.value.rstrip("(").upper()
            if name not in FORMULAE or name in _REACHING:
                is_away, is_at_cells = True, False
        elif token.type == Token.OPERAND and token.subtype == Token.RANGE:
            if _OWN_ROW.fullmatch(token.value):
                columns |= set(range(1, _LAST_COLUMN + 1)) - {column}
                continue
            named = _CELLS.fullmatch(token.value)
            if named and {int(named[2]), int(named[4] or named[2])} == {row}:
                columns |= _between(named[1], named[3] or named[1])
                continue
            is_away = True
            is_at_cells &= _ONE_CELL.fullmatch(token.value) is not None
    return _Looks(frozenset(columns), is_away, is_at_cells)


def _between(first: str, last: str) -> set[int]:
    from openpyxl.utils import column_index_from_string

    one, other = sorted((column_index_from_string(first), column_index_from_string(last)))
    return set(range(one, other + 1))


def _spread(ref: str) -> tuple[int, set[int]]:
    """The last row and the columns that a formula fills."""
    named = _CELLS.fullmatch(ref)
    if named is None:
        raise WholeOnlyError("it is a workbook (XLSX) with a formula that is not understood.")
    return int(named[4] or named[2]), _between(named[1], named[3] or named[1])
