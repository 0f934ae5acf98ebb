"""Which column is which: by the names people and vendors use, or by the settings."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pdp.errors import UnreadableExportError, nearest
from pdp.tabular.cells import Record, Table, text_of
from pdp.tabular.month_names import plain
from pdp.tabular.numbers import unit_of
from pdp.tabular.text import HEADER_WITHIN

Names = Mapping[str, frozenset[str]]  # field -> header keys, see `key`

MIN_HEADER = 2  # known names that make a record a header; a note may hold one

_BRACKETS = re.compile(r"[(\[]([^)\]]*)[)\]]")
_VENDOR = re.compile(r"com\.[a-z.]+_[a-z_]+\.")  # com.samsung.health.blood_pressure.systolic


@dataclass(frozen=True)
class Layout:
    """Where a table's columns are.

    Attributes:
        header: The header's record number, 1-based.
        columns: field -> index of its column, 0-based.
        names: field -> the header as written.
        units: field -> unit in the header ("mmHg", "kPa", "s", ...), "" where it states none.
    """

    header: int
    columns: Mapping[str, int]
    names: Mapping[str, str]
    units: Mapping[str, str]


def header_unit(text: str) -> str:
    """The unit a header states in brackets or as its last words; "" for none."""
    for inside in _BRACKETS.findall(text):
        if unit := unit_of(inside):
            return unit
    words = re.split(r"[\s_,]+", text.strip())
    for count in (3, 2, 1):
        if len(words) > count and (unit := unit_of(" ".join(words[-count:]))):
            return unit
    return ""


def key(text: str) -> str:
    """A header without case, accents, unit, vendor prefix and punctuation: "SYS (mmHg)" -> "sys"."""
    text = _BRACKETS.sub(lambda match: " " if unit_of(match[1]) else f" {match[1]} ", _VENDOR.sub("", plain(text)))
    words = re.sub(r"[\W_]+", " ", text).split()
    for count in (3, 2, 1):
        if len(words) > count and unit_of(" ".join(words[-count:])):
            words = words[:-count]
    return " ".join(words)


def names(**known: str) -> Names:
    """A table of known names: field="name, other name"."""
    return {field: frozenset(key(name) for name in text.split(",")) for field, text in known.items()}


def matches(record: Record, known: Names, configured: Mapping[str, str]) -> dict[str, list[int]]:
    """field -> the columns whose header names it. A configured name replaces the known ones."""
    # What stands in brackets may be part of the name or a remark: "Pressure (systolic)", "Date (local)".
    keys = [{key(cell), key(_BRACKETS.sub(" ", cell))} - {""} if isinstance(cell, str) else set() for cell in record]
    written = [text_of(cell) for cell in record]
    found: dict[str, list[int]] = {}
    claimed: set[int] = set()
    for field, name in configured.items():
        exact = [i for i, text in enumerate(written) if text == text_of(name)]
        found[field] = exact or [i for i, texts in enumerate(keys) if key(name) in texts]
        claimed.update(found[field])
    for field, accepted in known.items():
        if field not in configured:
            found[field] = [i for i, texts in enumerate(keys) if texts & accepted and i not in claimed]
    return {field: columns for field, columns in found.items() if columns}


def find_header(table: Table, known: Names, configured: Mapping[str, str], header_row: int = 0) -> int:
    """The record number of the header: as set, else the record with most known names, the first among equals.

    0 for none: nothing is known in any, or the table ends before the one that is set, or that one is blank.
    """
    if header_row:
        chosen = table.records[header_row - 1 : header_row]
        return header_row if any(text_of(cell) for record in chosen for cell in record) else 0
    scores = [len(matches(record, known, configured)) for record in table.records[:HEADER_WITHIN]]
    best = max(scores, default=0)
    return scores.index(best) + 1 if best >= MIN_HEADER else 0


def layout(table: Table, known: Names, configured: Mapping[str, str], header_row: int = 0) -> Layout:
    """Where the columns are.

    Args:
        header_row: The header's record number, from the settings; 0 to find it.

    Raises:
        UnreadableExportError: no_header; missing_columns (a configured name is not there);
            ambiguous_columns (two columns have a name of one field).
    """
    place = f" in {where}" if (where := where_of(table)) else ""
    header = find_header(table, known, configured, header_row)
    if not header:
        first = first_header_like(table)
        if not first:
            what = f"there is nothing but blank lines in {where or 'the file'}."
            is_sheet = table.read_as.startswith("a Google sheet")
            hint = "Type a line with the names of the columns." if is_sheet else "Copy or download the export again."
            raise UnreadableExportError("empty_file", what, hint=hint)
        if header_row:
            what = f"row {header_row}, set as the one with the names of the columns, is blank or not there{place}."
            raise UnreadableExportError("no_header", what, hint="Set settings.header_row, or leave it out.")
        if any(_is_value(cell) for cell in first):
            raise UnreadableExportError(
                "no_header",
                f"no record{place} has known column names, and the first one holds numbers or dates.",
                hint="Put a line with the names of the columns above the first reading.",
            )
        raise UnreadableExportError(
            "no_header",
            f"no record{place} has known column names (the first has {_listed(first)}).",
            hint="Set settings.columns to the names of your columns.",
        )
    record = table.records[header - 1]
    found = matches(record, known, configured)
    for field, name in configured.items():
        if field not in found:
            there = [text_of(cell) for cell in record if text_of(cell)]
            guess = nearest(name, there).rpartition("Did you mean")[2] if there else ""
            did = f" Did you mean{guess}" if guess and guess.startswith(' "') else ""
            raise UnreadableExportError(
                "missing_columns",
                f'column "{name}" is not in {where or "the file"} (it has {_listed(record)}).{did}',
                hint=f"Set settings.columns.{field} to one of these.",
            )
    for field, columns in found.items():
        if len(columns) > 1:
            pair = _listed([record[i] for i in columns])
            raise UnreadableExportError(
                "ambiguous_columns",
                f"more than one column{place} could be the {field.replace('_', ' ')}: {pair}.",
                hint=f"Set settings.columns.{field} to one of these; give columns of equal name different names.",
            )
    chosen = {field: columns[0] for field, columns in found.items()}
    written = {field: text_of(record[i]) for field, i in chosen.items()}
    return Layout(header, chosen, written, {field: header_unit(name) for field, name in written.items()})


def missing(table: Table, header: int, field: str, title: str) -> UnreadableExportError:
    """The error for a field that no column has."""
    what = f"no column in {where_of(table) or 'the file'} is the {title} (it has {_listed(table.records[header - 1])})."
    return UnreadableExportError("missing_columns", what, hint=f"Set settings.columns.{field} to one of these.")


def where_of(table: Table) -> str:
    """The table's name for errors; "" for a file that is one table."""
    return f'"{table.member}"' if table.member else ""


def first_header_like(table: Table) -> Record:
    """The first record that is not blank."""
    return next((record for record in table.records if any(text_of(cell) for cell in record)), ())


def _is_value(cell: object) -> bool:
    """Whether a cell holds a value rather than a name: it is typed, or begins like a number or a date."""
    return cell is not None and (not isinstance(cell, str) or text_of(cell).lstrip("+-.,'\"")[:1].isdigit())


def _listed(cells: Sequence[object]) -> str:
    """Column names for an error: at most 20, each cut at 40 characters; what looks like a value is left out."""
    shown = [text[:40] for cell in cells if isinstance(cell, str) and not _is_value(cell) and (text := text_of(cell))]
    return ", ".join(shown[:20]) + (f" and {len(shown) - 20} more" if len(shown) > 20 else "") or "nothing"
