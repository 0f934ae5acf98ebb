"""What a log format tells the shared loop, and how it reads one record."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, cast

from pdp.errors import ConfigError
from pdp.settings import option
from pdp.tabular.cells import Cell, Fault, Record, Table, is_missing, text_of
from pdp.tabular.columns import Layout, Names
from pdp.tabular.numbers import Quantity, read_quantity
from pdp.tabular.stamps import Stamp, combine, written_in
from pdp.tabular.written_dates import DateOrder


@dataclass(frozen=True)
class LogSettings:
    """How a log is written. What is left out is read from the file where the file proves it."""

    person: str | None = option(None, "Whose rows to take, as the person column has it; other rows are left out.")
    date_order: str | None = option(
        None, "Order of day, month and year, where no date in the file proves it.", choices=("dmy", "mdy", "ymd")
    )
    decimal_mark: str | None = option(None, "Decimal mark, where the numbers do not prove it.", choices=(".", ","))
    clock: str | None = option(
        None, "What times without an offset are: the wall clock, or UTC. Local unless set.", choices=("local", "utc")
    )
    encoding: str | None = option(None, "Text encoding, such as cp1252, where the file does not prove it.")
    delimiter: str | None = option(None, "What stands between cells, where the header does not prove it.")
    header_row: int = option(0, "Row that holds the names of the columns, counted from 1; 0 looks for it.")
    modality: str = option(
        "self_reported",
        "Whether a device stored the values or a person typed them.",
        choices=("sensed", "self_reported"),
    )

    def __post_init__(self) -> None:
        mark = self.delimiter
        if mark is not None and (len(mark) != 1 or mark.isalnum() or mark in '"\r\n'):
            hint = 'Write one such as ";" or, in double quotes, "\\t" for the tab; or leave it out.'
            raise ConfigError("must be one character, no letter, digit or quote.", where="delimiter", hint=hint)
        if self.header_row < 0:
            hint = "Write the number of the row, counted from 1, or leave it out."
            raise ConfigError("is no row.", where="header_row", hint=hint)
        try:
            "".encode(self.encoding or "utf-8")
        except (LookupError, ValueError):
            hint = "Write one such as utf-8, cp1252 (Western Europe) or cp1251 (Cyrillic); or leave it out."
            raise ConfigError(f'there is no text encoding "{self.encoding}".', where="encoding", hint=hint) from None


@dataclass(frozen=True)
class LogKind:
    """What a log format tells the loop.

    Attributes:
        name: The format's name.
        measure: Its measure in the vocabulary.
        title: For errors: "a blood-pressure log".
        known: Column names per field.
        moments: The fields that hold dates or times.
        numbers: The fields that hold numbers.
        telling: The fields that only such a log has: a sheet, or a file in a zip, with none of them is
            something else.
        is_complete: Whether these fields suffice to recognise such a log.
        check: Raises missing_columns where a table has too few.
    """

    name: str
    measure: str
    title: str
    known: Names
    moments: tuple[str, ...]
    numbers: tuple[str, ...]
    telling: frozenset[str]
    is_complete: Callable[[frozenset[str]], bool]
    check: Callable[[Table, Layout], None]


@dataclass(frozen=True)
class Cells:
    """One record, read by field."""

    record: Record
    layout: Layout
    order: DateOrder | None
    mark: str
    settings: LogSettings

    def cell(self, name: str) -> Cell:
        """The field's cell; None where the record ends before it or no column has it."""
        index = self.layout.columns.get(name)
        return self.record[index] if index is not None and index < len(self.record) else None

    def number(self, name: str) -> Quantity | Fault | None:
        """The field's number, with the unit of its cell or else of its header."""
        read = read_quantity(self.cell(name), proven=self.mark, required=self.settings.decimal_mark)
        if isinstance(read, Quantity):
            return Quantity(read.value, read.unit or self.layout.units.get(name, ""))
        return Fault(read.reason, f"{self.layout.names[name]}: {read.detail}") if read else None

    def text(self, name: str) -> str | None:
        """The field's text; None for a missing one."""
        cell = self.cell(name)
        return None if is_missing(cell) else text_of(cell)

    def moment(self, date_field: str, time_field: str = "") -> Stamp | Fault:
        """The moment that one or two cells give."""
        timed = written_in(self.cell(time_field)) if time_field else None
        return combine(written_in(self.cell(date_field)), timed, self.order)


@dataclass(frozen=True)
class Reading:
    """What a format makes of one record: when it holds, and the measure's own columns."""

    start: Stamp
    values: Mapping[str, object]
    end: Stamp | None = None


def configured(columns: object) -> dict[str, str]:
    """field -> column name of those that a Columns settings object sets."""
    return {one.name: name for one in fields(cast(Any, columns)) if (name := getattr(columns, one.name))}
