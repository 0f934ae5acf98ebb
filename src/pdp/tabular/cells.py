"""What a cell and a table are, whatever file they came from."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

# A spreadsheet's date that a program delivers unformatted is a plain number: days since 1899-12-30.
Cell = str | int | float | date | datetime | time | timedelta | None
Record = Sequence[Cell]

MAX_TEXT = 500  # characters of a record that `unread` keeps (pdp.schemas.UNREAD)

# What people and vendors write for "no value" (Omron "-", Zepp "null", spreadsheets "#N/A").
MISSING_WORDS = frozenset({"", "-", "--", "–", "—", "n/a", "na", "#n/a", "null", "none"})

# Zero-width characters and byte-order marks vanish; NUL (left by a crashed writer) is a blank.
_INVISIBLE = {ord(c): None for c in "\ufeff\u200b\u200c\u200d\u200e\u200f\u2060\u202a\u202c"} | {0: " "}


@dataclass(frozen=True)
class Fault:
    """Why something could not be read. `reason` is a short code, `detail` a sentence."""

    reason: str
    detail: str


@dataclass(frozen=True)
class Table:
    """One table of cells.

    Attributes:
        member: Its name among the export's parts; "" for an export that is a single text file.
        file: The file that holds it; tables of one file share date order and decimal mark.
        records: Record i (1-based, header and blank ones counted) is records[i - 1].
        read_as: How the bytes were read, for the log: "utf-8, delimiter ;" or "xlsx".
        locale: That of the spreadsheet it comes from, such as "de_DE"; "" for a file that states none.
    """

    member: str
    file: str
    records: Sequence[Record]
    read_as: str
    locale: str = ""

    def text(self, row: int) -> str:
        """Record `row` as text, cut at MAX_TEXT characters."""
        return ",".join(text_of(cell) for cell in self.records[row - 1])[:MAX_TEXT]


def squeeze(text: str) -> str:
    """Text without invisible characters, each run of blanks (no-break ones too) one space."""
    if text.isascii() and text.isprintable() and " " not in text:
        return text  # most cells
    return " ".join(text.translate(_INVISIBLE).split())


def text_of(cell: Cell) -> str:
    """A cell as one would write it; 1.0 is "1". Never fails, never holds a lone surrogate."""
    if cell is None:
        return ""
    if isinstance(cell, str):
        return squeeze(cell).encode("utf-8", "replace").decode("utf-8")
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, int):
        return str(cell) if abs(cell) < 10**15 else "a number of more than 15 digits"
    if isinstance(cell, float):
        return str(int(cell)) if math.isfinite(cell) and cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime):
        return cell.isoformat(" ")
    return str(cell)


def is_missing(cell: Cell) -> bool:
    """Whether a cell says that there is no value."""
    return cell is None or (isinstance(cell, str) and squeeze(cell).casefold() in MISSING_WORDS)


def is_blank(record: Record) -> bool:
    """Whether a record has no text in any cell. A record of "-" is not blank."""
    return all(cell is None or (isinstance(cell, str) and not squeeze(cell)) for cell in record)
