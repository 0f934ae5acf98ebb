"""What the owner says happened: a medicine begun, an illness, a journey. Marks on charts; what before and after mean.

Either a CSV with the columns date, kind and text, or the same as a list in the configuration, which travels with it to
machines that have no such file. A fault in it is an error, not a missing mark: a table this small is written by hand,
and mended by hand.
"""

from __future__ import annotations

import csv
import datetime
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from pdp import described
from pdp.described import column
from pdp.errors import ConfigError, nearest
from pdp.summarize.daily import EPOCH

COLUMNS = ("date", "kind", "text")
KINDS = ("medication", "illness", "lifestyle", "travel", "device", "note")
SCHEMA = pa.schema(
    [
        column("date", pa.date32(), "Local day", "", "as the owner wrote it", is_required=True),
        column("kind", pa.string(), "Kind of event", "", f"one of {', '.join(KINDS)}", is_required=True),
        column("text", pa.string(), "Event", "", "the owner's words", is_required=True),
    ]
)


def gather(files: Sequence[str], entries: Sequence[Mapping[str, Any]]) -> pa.Table:
    """events.parquet: the CSV where there is one, else the list of the configuration."""
    return from_file(Path(files[0])) if files else from_config(entries)


def from_file(path: Path) -> pa.Table:
    """The table from a CSV.

    Raises:
        ConfigError: No such file, not of that form, or a row that says nothing; names the line.
    """
    where = str(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError("is not UTF-8 text.", where=where, hint="Save it as CSV in UTF-8.") from error
    return from_text(text, where)


def from_text(text: str, where: str) -> pa.Table:
    """The table from the text of a CSV that lies at `where`.

    Raises:
        ConfigError: As from_file.
    """
    reader = csv.reader(io.StringIO(text, newline=""))
    try:
        header = [cell.strip().lower() for cell in next(reader, [])]
        if sorted(header) != sorted(COLUMNS):
            raise ConfigError(
                f"its first line has the columns {', '.join(header) or 'of nothing'}.",
                where=where,
                hint=f"Write the first line as {','.join(COLUMNS)}.",
            )
        return _table(_of_lines(reader, header, where))
    except csv.Error as error:
        raise ConfigError(f"is no CSV ({error}).", where=f"{where}, line {reader.line_num}") from error


def from_config(entries: Sequence[Mapping[str, Any]], where: str = "events") -> pa.Table:
    """The table from a list of {date, kind, text}.

    Raises:
        ConfigError: An entry that says nothing; names it.
    """
    return _table((f"{where}, entry {place}", entry) for place, entry in enumerate(entries, start=1))


def _of_lines(reader: Any, header: Sequence[str], where: str) -> Iterator[tuple[str, dict[str, str]]]:
    for cells in reader:
        if any(cell.strip() for cell in cells):
            at = f"{where}, line {reader.line_num}"
            if len(cells) != len(header):
                raise ConfigError(
                    f"has {len(cells)} cells, not {len(header)}.", where=at, hint="Put a text with commas in quotes."
                )
            yield at, dict(zip(header, cells, strict=True))


def _table(entries: Iterator[tuple[str, Mapping[str, Any]]]) -> pa.Table:
    rows = sorted({_checked(entry, where) for where, entry in entries})
    return described.table(dict(zip(COLUMNS, zip(*rows, strict=True), strict=True)) if rows else _NOTHING, SCHEMA)


_NOTHING: dict[str, tuple[Any, ...]] = dict.fromkeys(COLUMNS, ())


def _checked(entry: Mapping[str, Any], where: str) -> tuple[int, str, str]:
    told, kind, text = (str(entry.get(name) or "").strip() for name in COLUMNS)
    try:
        date = datetime.date.fromisoformat(told)
    except ValueError:
        raise ConfigError("has no date that can be read.", where=where, hint="Write it as 2026-05-01.") from None
    if kind not in KINDS:
        what = f'there is no kind of event "{kind}".' if kind else "has no kind."
        raise ConfigError(what, where=where, hint=nearest(kind, KINDS))
    if not text:
        raise ConfigError("has no text.", where=where, hint="Say in a few words what happened.")
    return (date - EPOCH).days, kind, text
