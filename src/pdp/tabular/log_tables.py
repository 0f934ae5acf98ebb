"""The tables of a log: where their columns are, and what holds for a whole file (date order, decimal mark)."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from pdp.errors import DamagedMemberError, UnreadableExportError
from pdp.export import Export
from pdp.formats import recognise, unlike
from pdp.tabular import google_sheet
from pdp.tabular.cells import Cell, Table, text_of
from pdp.tabular.columns import Layout, find_header, layout, matches, missing, where_of
from pdp.tabular.files import glimpse, read_tables, table_files
from pdp.tabular.log_kind import LogKind, LogSettings
from pdp.tabular.numbers import decimal_mark
from pdp.tabular.stamps import written_in
from pdp.tabular.written_dates import ORDERS, DateOrder, Written, decide

log = logging.getLogger(__name__)


@dataclass
class LogTable:
    """A table, and where its columns are or why that can't be said."""

    table: Table
    layout: Layout | None = None
    error: UnreadableExportError | None = None
    order: DateOrder | None = None
    mark: str = ""
    by_locale: tuple[str, ...] = ()  # what only the spreadsheet's locale decided

    @property
    def read_as(self) -> str:
        """How it was read, in words."""
        by = {name: f" (as in {self.table.locale})" if name in self.by_locale else "" for name in ("order", "mark")}
        order = f"; order of dates {self.order}{by['order']}" if self.order else ""
        return f"{self.table.read_as}{order}{f'; decimal mark {self.mark!r}' + by['mark'] if self.mark else ''}"

    @property
    def is_readable(self) -> bool:
        return self.layout is not None and self.error is None


def looks_like(export: Export, kind: LogKind) -> bool:
    """Whether some record near the top of some table is such a log's header."""
    tables = (table for file in table_files(export) for table in glimpse(export, file))
    return any(kind.is_complete(_fields(table, kind, {})) for table in tables)


def _fields(table: Table, kind: LogKind, columns: Mapping[str, str], header_row: int = 0) -> frozenset[str]:
    """The fields that the table's header names; empty where it has no header."""
    header = find_header(table, kind.known, columns, header_row)
    return frozenset(matches(table.records[header - 1], kind.known, columns)) if header else frozenset()


def open_tables(export: Export, kind: LogKind, settings: LogSettings, columns: Mapping[str, str]) -> list[LogTable]:
    """Every table of the export that concerns the log; at least one can be read.

    Raises:
        UnreadableExportError: None can be read.
    """
    found: list[LogTable] = []
    for file in table_files(export):
        if export.kind == "zip" and not any(
            _fields(table, kind, columns, settings.header_row) & kind.telling for table in glimpse(export, file)
        ):
            continue  # other files of a zip are not ours to open
        found.extend(_open(export, file, kind, settings, columns))
    good = [one for one in found if one.is_readable]
    if not good:
        raise _why_not(export, kind, found)
    _check_person(good, settings)
    return found


def _open(
    export: Export, file: str, kind: LogKind, settings: LogSettings, columns: Mapping[str, str]
) -> list[LogTable]:
    """The tables of one file, with their columns, and with date order and decimal mark of the whole file."""
    try:
        tables = read_tables(
            export,
            file,
            encoding=settings.encoding,
            delimiter=settings.delimiter,
            score=lambda record: len(matches(record, kind.known, columns)),
        )
    except UnreadableExportError as error:
        if export.kind == "file" or isinstance(error, DamagedMemberError):
            raise
        raise DamagedMemberError(file, error.reason, f"{file}: {error.what}", hint=error.hint) from error
    found = [LogTable(table) for table in tables]
    is_alone = len(found) == 1 and export.kind == "file"
    for one in found:
        if not is_alone and not _fields(one.table, kind, columns, settings.header_row) & kind.telling:
            continue  # a sheet with something else
        try:
            one.layout = layout(one.table, kind.known, columns, settings.header_row)
            kind.check(one.table, one.layout)
            _check_settings(one.table, one.layout, settings)
        except UnreadableExportError as error:
            one.error = error
    good = [one for one in found if one.is_readable]
    habits = google_sheet.habits(good[0].table.locale) if good and good[0].table.locale else None
    try:
        for one in good if settings.date_order is None else ():
            _check_date_cells(one, kind)
        dates = [pair for one in good for pair in _dates(one, kind)]
        order = cast(DateOrder | None, settings.date_order) or decide(
            dates, _named(good, kind), habits.order if habits else None
        )
    except UnreadableExportError as error:
        for one in good:
            one.error = error
        return found
    numbers = [cell for one in good for cell in _column_cells(one, kind.numbers)]
    mark = decimal_mark(numbers, habits.mark if habits else "")
    is_open = (
        order and not settings.date_order and len(frozenset(ORDERS).intersection(*(w.votes for _, w in dates))) > 1
    )
    decided = (("order", is_open), ("mark", mark and not decimal_mark(numbers)))
    for one in good:
        one.order, one.mark = order, mark
        one.by_locale = tuple(name for name, is_so in decided if is_so) if habits else ()
        log.info("read as %s", one.read_as)
    return found


def _column_cells(one: LogTable, names: Sequence[str]) -> Iterator[Cell]:
    assert one.layout is not None
    indices = [one.layout.columns[name] for name in names if name in one.layout.columns]
    for record in one.table.records[one.layout.header :]:
        yield from (record[i] for i in indices if i < len(record))


def _dates(one: LogTable, kind: LogKind) -> Iterator[tuple[int, Written]]:
    """Record numbers and what their date cells say."""
    assert one.layout is not None
    indices = [one.layout.columns[name] for name in kind.moments if name in one.layout.columns]
    for row, record in enumerate(one.table.records[one.layout.header :], start=one.layout.header + 1):
        for written in (written_in(record[i]) for i in indices if i < len(record) and isinstance(record[i], str)):
            if isinstance(written, Written) and written.dates:
                yield row, written


def _check_date_cells(one: LogTable, kind: LogKind) -> None:
    """Refuse dates that a spreadsheet of another country has half converted.

    Opening day-first text in a month-first spreadsheet makes dates, with day and month exchanged, of
    those up to the 12th, and leaves the others as text. So: typed dates up to the 12th only, beside
    text dates from the 13th only.
    """
    cells = (cell for cell in _column_cells(one, kind.moments) if not isinstance(cell, str))
    typed = [day for cell in cells if (day := _day(cell))]
    votes = [written.votes for _, written in _dates(one, kind) if written.separator]
    if typed and votes and all(len(vote) == 1 for vote in votes) and all(day <= 12 for day in typed):
        raise UnreadableExportError(
            "mixed_date_cells",
            f"a spreadsheet has made dates of some cells in {_named([one], kind)} and left others as text, as one "
            "set to another country does: day and month of the former may be exchanged.",
            hint="Import the original again with the right country, or set settings.date_order to trust the cells.",
        )


def _day(cell: Cell) -> int | None:
    """The day of the month of a typed date or a serial number; None for another cell."""
    written = written_in(cell)
    return next(iter(written.dates.values())).day if isinstance(written, Written) and written.dates else None


def _named(good: Sequence[LogTable], kind: LogKind) -> str:
    """The date columns' names, for errors."""
    every = {
        one.layout.names[name]: None for one in good if one.layout for name in kind.moments if name in one.layout.names
    }
    return ", ".join(f'"{name}"' for name in every)


def _check_settings(table: Table, where: Layout, settings: LogSettings) -> None:
    """What the file leaves open and only the settings can say."""
    place = where_of(table) or "the file"
    if "person" in where.names and settings.person is None:
        raise UnreadableExportError(
            "person_not_set",
            f'{place} has a column that says whose each row is ("{where.names["person"]}").',
            hint="Set settings.person to the value of the person whose rows to take.",
        )
    if settings.person is not None and "person" not in where.names:
        raise missing(table, where.header, "person", "person's")
    if "utc_offset" in where.names and settings.clock is None and not is_samsung(where):
        raise UnreadableExportError(
            "clock_not_set",
            f'{place} states offsets from UTC ("{where.names["utc_offset"]}"), but not whether its times are '
            "local or UTC.",
            hint="Set settings.clock to local or utc.",
        )


def is_samsung(where: Layout) -> bool:
    """Samsung Health's own tables give UTC beside a time_offset column."""
    return any(name.startswith("com.samsung.") for name in where.names.values())


def _check_person(good: Sequence[LogTable], settings: LogSettings) -> None:
    if settings.person is None:
        return
    there = {text_of(cell) for one in good for cell in _column_cells(one, ("person",))} - {""}
    if text_of(settings.person) not in there:
        raise UnreadableExportError(
            "person_absent",
            f"none of the {len(there)} people in the file is the one in settings.person.",
            hint="Set settings.person exactly as the file writes it.",
        )


def _why_not(export: Export, kind: LogKind, found: Sequence[LogTable]) -> UnreadableExportError:
    """The error for an export without one table that can be read."""
    errors = [one.error for one in found if one.error]
    is_unknown = all(error.reason in ("no_header", "missing_columns") for error in errors)
    if is_unknown and set(recognise(export)) - {kind.name}:
        return unlike(export, kind.name, kind.title)
    if errors:
        return errors[0]
    what = f"does not look like {kind.title}: no table in it has known column names."
    return UnreadableExportError("wrong_format", what, hint="Set settings.columns to the names of your columns.")
