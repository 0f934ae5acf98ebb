"""Google Sheets: every cell as Google stores it, and the text that people see in it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from gspread.http_client import HTTPClient
from gspread.utils import DateTimeOption, ValueRenderOption, absolute_range_name
from requests import Response

from pdp.errors import GoogleError, nearest
from pdp.google import services
from pdp.google.answers import OddAnswerError
from pdp.google.credentials import Identity
from pdp.google.endpoint import root
from pdp.google.faults import told
from pdp.google.patience import patiently
from pdp.google.services import CALL_TIMEOUT_S, LIST_TIMEOUT_S

_ABOUT = "properties(locale,timeZone),sheets(properties(title,hidden,index,sheetType))"
_MOST_READINGS = 3  # of a spreadsheet in which somebody types
_MOST_RANGES = 50  # in one request: their names stand in its address, whose length is bounded

_Rows = list[list[Any]]


@dataclass(frozen=True)
class Sheet:
    """One worksheet.

    Attributes:
        title: Its name.
        hidden: Whether people don't see it.
        values: Rows from the first on, cells from column A on. Empty rows and cells at the end are left out. A cell
            is str, int, float or bool; "" when empty; a date is a serial number (days since 1899-12-30).
        cells: The same; one that is shown as a date, a time or a duration is a pair: the number and the text shown.
    """

    title: str
    hidden: bool
    values: list[list[Any]]
    cells: list[list[Any]]


@dataclass(frozen=True)
class Spreadsheet:
    """What was read.

    Attributes:
        locale: Such as "en_US": how people type numbers and dates there.
        time_zone: IANA name.
        sheets: In the order of their tabs.
    """

    locale: str
    time_zone: str
    sheets: tuple[Sheet, ...]


def read(identity: Identity, spreadsheet_id: str, worksheets: Sequence[str]) -> Spreadsheet:
    """Every cell of the worksheets.

    Args:
        identity: Who reads.
        spreadsheet_id: The long word in the spreadsheet's address.
        worksheets: Titles; none = all that hold cells, hidden ones too.

    Raises:
        GoogleError: not_found also when a worksheet is not there; names those that are.
    """
    services.prepare()
    client = _Client(identity.credentials)
    with told(identity, "the spreadsheet"):
        client.set_timeout(LIST_TIMEOUT_S)
        about = patiently(
            lambda: _whole(client.fetch_sheet_metadata(spreadsheet_id, params={"fields": _ABOUT}), "sheets")
        )
    tabs = [sheet["properties"] for sheet in about.get("sheets", [])]
    tabs = sorted((tab for tab in tabs if tab.get("sheetType", "GRID") == "GRID"), key=lambda tab: tab.get("index", 0))
    wanted = _wanted([tab["title"] for tab in tabs], worksheets)
    cells: dict[str, tuple[_Rows, _Rows]] = {}
    with told(identity, "the spreadsheet"):
        client.set_timeout(CALL_TIMEOUT_S)
        for first in range(0, len(wanted), _MOST_RANGES):
            titles = wanted[first : first + _MOST_RANGES]
            cells |= zip(titles, zip(*_read(client, spreadsheet_id, titles), strict=True), strict=True)
    sheets = [
        Sheet(tab["title"], bool(tab.get("hidden")), *cells[tab["title"]]) for tab in tabs if tab["title"] in cells
    ]
    properties = about.get("properties", {})
    return Spreadsheet(properties.get("locale", ""), properties.get("timeZone", ""), tuple(sheets))


def _wanted(there: list[str], worksheets: Sequence[str]) -> list[str]:
    for title in worksheets:
        if title not in there:
            # In a public log the owner's own names have no place.
            is_discreet = os.environ.get("PDP_DISCREET") == "1"
            what = "a worksheet of the configuration" if is_discreet else f'the worksheet "{title}"'
            raise GoogleError(
                "not_found",
                f"{what} is not in the spreadsheet.",
                where="location.worksheets",
                hint=f"{len(there)} others are." if is_discreet else nearest(title, there),
            )
    return [title for title in there if not worksheets or title in worksheets]


def _read(client: HTTPClient, spreadsheet_id: str, titles: list[str]) -> tuple[list[_Rows], list[_Rows]]:
    """The rows of each worksheet, and the same with date cells as pairs (see Sheet).

    Which numbers are dates only a second answer tells, in which these are text. Where the two don't fit each other,
    somebody typed in between.
    """
    for _ in range(_MOST_READINGS):
        values = _values(client, spreadsheet_id, titles, DateTimeOption.serial_number)
        shown = _values(client, spreadsheet_id, titles, DateTimeOption.formatted_string)
        paired = [_paired(first, second) for first, second in zip(values, shown, strict=True)]
        if None not in paired:
            return values, [rows for rows in paired if rows is not None]
    raise GoogleError("unavailable", "the spreadsheet is being edited just now.", hint="Try again later.")


def _paired(values: _Rows, shown: _Rows) -> _Rows | None:
    """None where the shapes differ, or a cell does that is no number in both and no date."""
    if [len(row) for row in values] != [len(row) for row in shown]:
        return None
    rows = []
    for row, texts in zip(values, shown, strict=True):
        cells: list[Any] = []
        for value, text in zip(row, texts, strict=True):
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            if is_number and isinstance(text, str):
                cells.append((value, text))
            elif value == text or (is_number and isinstance(text, int | float)):  # RAND() is another each time
                cells.append(value)
            else:
                return None
        rows.append(cells)
    return rows


def _values(client: HTTPClient, spreadsheet_id: str, titles: list[str], dates: DateTimeOption) -> list[_Rows]:
    """The rows of each worksheet, in the order of the titles, which is the order of the answer."""
    ranges = [absolute_range_name(title) for title in titles]
    options = {
        "majorDimension": "ROWS",
        "valueRenderOption": ValueRenderOption.unformatted.value,
        "dateTimeRenderOption": dates.value,
    }
    answer = patiently(
        lambda: _whole(client.values_batch_get(spreadsheet_id, ranges, params=dict(options)), "valueRanges")
    )
    return [found.get("values", []) for found in answer["valueRanges"]]


def _whole(answer: Any, needs: str) -> dict[str, Any]:
    if not isinstance(answer, dict) or not isinstance(answer.get(needs), list):
        raise OddAnswerError
    return answer


class _Client(HTTPClient):
    """gspread's, pointed at a stand-in if there is one: its addresses are constants."""

    def request(self, method: str, endpoint: str, *args: Any, **kwargs: Any) -> Response:
        at = root()
        if at is not None:
            parts = urlsplit(endpoint)
            endpoint = f"{at}{parts.path}{f'?{parts.query}' if parts.query else ''}"
        return super().request(method, endpoint, *args, **kwargs)
