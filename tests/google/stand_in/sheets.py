"""The spreadsheets of the stand-in, as their owner fills them. They are files of the Drive, too."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.google.stand_in.file import SPREADSHEET
from tests.google.stand_in.files import Files, Who
from tests.google.stand_in.people import OWNER

Rows = Sequence[Sequence[Any]]
GRID_ROWS, GRID_COLUMNS = 1000, 26  # of a new sheet


@dataclass
class Worksheet:
    """One sheet: cells are None, str, bool, int, float, datetime, date, time, timedelta or Formula."""

    number: int
    rows: list[list[Any]]
    is_hidden: bool = False

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns of the grid."""
        return max(GRID_ROWS, len(self.rows)), max([GRID_COLUMNS, *(len(row) for row in self.rows)])


@dataclass
class Spreadsheet:
    """What a spreadsheet file holds."""

    locale: str
    time_zone: str
    worksheets: dict[str, Worksheet] = field(default_factory=dict)


@dataclass
class Sheets:
    """What tests do with spreadsheets. Ids are those of the files: trash, delete and share with google.files."""

    files: Files

    def put(
        self,
        title: str,
        worksheets: Mapping[str, Rows],
        *,
        locale: str = "en_US",
        time_zone: str = "Europe/Berlin",
        hidden: Collection[str] = (),
        parent: str = "",
        owner: str = OWNER,
        shared_with: Collection[Who] = (),
    ) -> str:
        """The owner makes a spreadsheet; its id."""
        with self.files.lock:
            file = self.files.make(title, SPREADSHEET, owner, parent)
            file.sheet = Spreadsheet(locale, time_zone)
            for number, (name, rows) in enumerate(worksheets.items()):
                sheet = Worksheet(number * 1_000_003, [list(row) for row in rows], name in hidden)
                file.sheet.worksheets[name] = sheet
            for who in shared_with:
                self.files.share(file.id, who)
            return file.id

    def edit(self, sheet_id: str, worksheet: str, rows: Rows) -> None:
        """Somebody fills a worksheet anew; one that is not there is made."""
        with self.files.lock:
            file = self.files.by_id[sheet_id]
            known = file.sheet.worksheets
            if worksheet in known:
                known[worksheet].rows = [list(row) for row in rows]
            else:
                known[worksheet] = Worksheet(len(known) * 1_000_003, [list(row) for row in rows])
            self.files.touch(file)

    def rename(self, sheet_id: str, worksheet: str, name: str) -> None:
        """Somebody gives a worksheet another name; its place stays."""
        with self.files.lock:
            file = self.files.by_id[sheet_id]
            old = file.sheet.worksheets
            file.sheet.worksheets = {name if key == worksheet else key: value for key, value in old.items()}
            self.files.touch(file)

    def remove(self, sheet_id: str, worksheet: str) -> None:
        """Somebody deletes a worksheet."""
        with self.files.lock:
            file = self.files.by_id[sheet_id]
            del file.sheet.worksheets[worksheet]
            self.files.touch(file)

    def set_place(self, sheet_id: str, *, locale: str = "", time_zone: str = "") -> None:
        """Somebody changes the spreadsheet's locale or time zone."""
        with self.files.lock:
            file = self.files.by_id[sheet_id]
            file.sheet.locale = locale or file.sheet.locale
            file.sheet.time_zone = time_zone or file.sheet.time_zone
            self.files.touch(file)

    def share(self, sheet_id: str, who: Who) -> None:
        """The owner lets an identity read it."""
        self.files.share(sheet_id, who)

    def unshare(self, sheet_id: str, who: Who) -> None:
        """The owner takes that back."""
        self.files.unshare(sheet_id, who)
