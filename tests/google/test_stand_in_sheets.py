"""The stand-in's spreadsheets, with gspread."""

from __future__ import annotations

from datetime import date, datetime, time

import gspread
import pytest
from gspread.utils import ValueRenderOption, a1_to_rowcol, rowcol_to_a1
from hypothesis import given
from hypothesis import strategies as st

from tests.google.stand_in import Formula, clients
from tests.google.stand_in.cells import area, column, letters, serial

ROWS = [
    ["Date", "Time", "Sys", "Note", None],
    [date(2026, 3, 29), time(7, 30), 131.5, "ok", ""],
    [],
    [datetime(2026, 3, 30, 18, 0), None, Formula("=1+1", 2), True],
    [None, None],
]


@pytest.fixture
def account(stand_in):
    return stand_in.service_account()


@pytest.fixture
def reader(stand_in, account):
    return clients.sheets(stand_in.root, account)


def values(book, area, **params):
    return book.values_batch_get([area], params=params)["valueRanges"][0].get("values", [])


def test_values_come_unformatted_with_dates_as_days(stand_in, account, reader):
    book = reader.open_by_key(stand_in.sheets.put("Log", {"2026": ROWS}, shared_with=[account]))
    assert values(book, "'2026'", valueRenderOption="UNFORMATTED_VALUE") == [
        ["Date", "Time", "Sys", "Note"],
        [46110, 0.3125, 131.5, "ok"],
        [],
        [46111.75, "", 2, True],
    ]
    assert values(book, "2026!C4", valueRenderOption="FORMULA") == [["=1+1"]]


@pytest.mark.parametrize(("locale", "written"), [("en_US", ["131.5", "3/29/26"]), ("de_DE", ["131,5", "29.03.26"])])
def test_formatted_values_are_in_the_sheets_language(stand_in, account, reader, locale, written):
    rows = [[131.5, date(2026, 3, 29), True]]
    book = reader.open_by_key(stand_in.sheets.put("Log", {"A": rows}, locale=locale, shared_with=[account]))
    assert values(book, "A") == [[*written, "TRUE"]]
    assert book.worksheet("A").get(value_render_option=ValueRenderOption.unformatted) == [[131.5, 46110, True]]


def test_a_spreadsheet_tells_its_place_and_its_sheets(stand_in, account, reader):
    sheet_id = stand_in.sheets.put(
        "Log",
        {"Sheet 1": [], "It's": [["a"]]},
        hidden=["It's"],
        locale="de_DE",
        time_zone="Asia/Tokyo",
        shared_with=[account],
    )
    book = reader.open_by_key(sheet_id)
    assert (book.title, book.locale, book.timezone) == ("Log", "de_DE", "Asia/Tokyo")
    assert [(sheet.title, sheet.isSheetHidden) for sheet in book.worksheets()] == [("Sheet 1", False), ("It's", True)]
    assert book.worksheet("It's").get_all_values() == [["a"]]
    assert values(book, "'It''s'!A:A") == [["a"]]


def test_several_ranges_come_in_the_order_asked_for(stand_in, account, reader):
    book = reader.open_by_key(stand_in.sheets.put("Log", {"A": [["1"]], "B c": [["2"]]}, shared_with=[account]))
    answer = book.values_batch_get(["'B c'", "A", "A!B2:C3"])
    assert [entry.get("values") for entry in answer["valueRanges"]] == [[["2"]], [["1"]], None]
    assert [entry["range"] for entry in answer["valueRanges"]] == ["'B c'!A1:Z1000", "A!A1:Z1000", "A!B2:C3"]


def test_an_edit_is_a_new_version_of_the_file(stand_in, account, reader):
    sheet_id = stand_in.sheets.put("Log", {"A": [["1"]]}, shared_with=[account])
    drive = clients.drive(stand_in.root, account, "drive.readonly")
    before = drive.files().get(fileId=sheet_id, fields="version,modifiedTime").execute()
    stand_in.sheets.edit(sheet_id, "A", [["2"]])
    after = drive.files().get(fileId=sheet_id, fields="version,modifiedTime").execute()
    assert int(after["version"]) > int(before["version"])
    assert values(reader.open_by_key(sheet_id), "A") == [["2"]]


def refused(act):
    with pytest.raises((gspread.exceptions.APIError, PermissionError, gspread.exceptions.SpreadsheetNotFound)) as told:
        act()
    fault = told.value if isinstance(told.value, gspread.exceptions.APIError) else told.value.__cause__
    return fault.error["code"], fault.error["status"], fault.error["message"]


def test_a_sheet_that_is_not_shared_or_not_there_or_no_sheet_is_refused_each_in_its_way(stand_in, account, reader):
    private = stand_in.sheets.put("Log", {"A": []})
    book = stand_in.files.put("log.xlsx", b"PK", shared_with=[account])
    denied = (403, "PERMISSION_DENIED", "The caller does not have permission")
    assert refused(lambda: reader.open_by_key(private)) == denied
    assert refused(lambda: reader.open_by_key("nowhere")) == (404, "NOT_FOUND", "Requested entity was not found.")
    unsupported = (400, "FAILED_PRECONDITION", "This operation is not supported for this document")
    assert refused(lambda: reader.open_by_key(book)) == unsupported
    stand_in.sheets.share(private, account)
    assert reader.open_by_key(private).title == "Log"
    stand_in.sheets.unshare(private, account)
    assert refused(lambda: reader.open_by_key(private)) == denied


@pytest.mark.parametrize("text", ["B", "B!A1", "'A", "A!1A", "A!A1:", "A!", ""])
def test_a_range_that_is_not_there_is_refused(stand_in, account, reader, text):
    book = reader.open_by_key(stand_in.sheets.put("Log", {"A": []}, shared_with=[account]))
    assert refused(lambda: book.values_batch_get([text])) == (
        400,
        "INVALID_ARGUMENT",
        f"Unable to parse range: {text}",
    )


def test_a_token_for_drive_files_alone_does_not_read_a_sheet(stand_in, account):
    sheet_id = stand_in.sheets.put("Log", {"A": []}, shared_with=[account])
    told = refused(lambda: clients.sheets(stand_in.root, account, "drive.metadata.readonly").open_by_key(sheet_id))
    assert told == (403, "PERMISSION_DENIED", "Request had insufficient authentication scopes.")


@given(number=st.integers(1, 18_278), row=st.integers(1, 10**6))
def test_columns_have_the_letters_that_gspread_gives_them(number, row):
    text = rowcol_to_a1(row, number)
    assert letters(number - 1) + str(row) == text
    assert a1_to_rowcol(text) == (row, column(letters(number - 1)) + 1)
    assert area(text, []).top == row - 1


def test_days_count_from_the_end_of_1899():
    assert serial(date(1900, 1, 1)) == 2
    assert serial(datetime(2026, 1, 1, 12)) == 46023.5
