"""A spreadsheet read by gspread over real HTTP: cells as Google stores them, dates with the text that people see."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from datetime import time as clock_time
from urllib.parse import parse_qs, urlsplit

import pytest

from pdp.errors import GoogleError
from pdp.google import credentials, sheets
from tests.google.fixtures import Google, told
from tests.google.stand_in import Formula, call

BATCH = r"GET /v4/spreadsheets/[^/]*/values:batchGet"


@pytest.fixture
def put(google):
    """Makes a spreadsheet that the reader may see."""

    def put(worksheets, **options):
        return google.sheets.put("Log", worksheets, shared_with=[google.account], **options)

    return put


def read(id, *worksheets):
    return sheets.read(credentials.for_sources(), id, worksheets)


def test_cells_keep_the_kind_that_google_stores(google, put):
    id = put(
        {
            "2026": [
                ["Date", "Sys", "Note", "ok"],
                [date(2026, 1, 2), 131, "007", True],
                [datetime(2026, 1, 2, 7, 30), 131.5, "", False],
            ]
        },
        locale="de_DE",
        time_zone="Europe/Berlin",
    )
    found = read(id)
    assert (found.locale, found.time_zone) == ("de_DE", "Europe/Berlin")
    (tab,) = found.sheets
    assert tab.values == [
        ["Date", "Sys", "Note", "ok"],
        [46024, 131, "007", True],
        [46024.3125, 131.5, "", False],
    ]
    assert [type(cell) for cell in tab.values[1][1:]] == [int, str, bool]
    assert [row[1:] for row in tab.cells] == [row[1:] for row in tab.values]
    serial, shown = tab.cells[1][0]
    assert (serial, shown) == (46024, "02.01.26")


def test_times_and_durations_are_pairs_and_numbers_like_them_are_not(put):
    id = put({"a": [[clock_time(7, 30), 0.3125, timedelta(hours=7, minutes=30), 46024]]})
    (row,) = read(id).sheets[0].cells
    assert [isinstance(cell, tuple) for cell in row] == [True, False, True, False]
    assert [cell[0] if isinstance(cell, tuple) else cell for cell in row] == [0.3125, 0.3125, 0.3125, 46024]


def test_tabs_come_in_their_order_hidden_ones_marked(put):
    id = put({"b": [[1]], "a": [[2]], "empty": [], "c": [[3]]}, hidden=["a"])
    found = read(id)
    assert [(tab.title, tab.hidden, tab.values) for tab in found.sheets] == [
        ("b", False, [[1]]),
        ("a", True, [[2]]),
        ("empty", False, []),
        ("c", False, [[3]]),
    ]
    assert [tab.title for tab in read(id, "c", "b").sheets] == ["b", "c"]


@pytest.mark.parametrize("title", ["it's", "A1", "R1C1", "a!b", "2026", "Größe 😀", "x&y=z#?/%20", "'", " "])
def test_a_worksheet_of_any_name_is_found(google, put, title):
    id = put({title: [["mine"]], "other": [["his"]]})
    assert read(id, title).sheets[0].values == [["mine"]]
    (_, path), *_ = [asked for asked in google.requests if "batchGet" in asked[1]]
    assert parse_qs(urlsplit(path).query)["ranges"] == ["'" + title.replace("'", "''") + "'"]


def test_more_worksheets_than_one_address_can_name_are_all_read(google, put):
    id = put({f"{number:03} {'ü' * 40}": [[number]] for number in range(120)})
    found = read(id)
    assert [tab.values for tab in found.sheets] == [[[number]] for number in range(120)]
    assert max(len(path) for _, path in google.requests) < 16_000


def test_a_worksheet_that_is_not_there_names_those_that_are(put):
    with pytest.raises(GoogleError) as caught:
        read(put({"Readings": [[1]], "Sleep": [[1]]}), "Reading")
    assert caught.value.reason == "not_found"
    assert str(caught.value) == (
        'location.worksheets: the worksheet "Reading" is not in the spreadsheet. Known: Readings, Sleep. '
        'Did you mean "Readings"?'
    )


def test_in_a_public_log_no_worksheet_is_named(put, monkeypatch):
    monkeypatch.setenv("PDP_DISCREET", "1")
    with pytest.raises(GoogleError) as caught:
        read(put({"Readings": [[1]]}), "Reading")
    assert str(caught.value) == (
        "location.worksheets: a worksheet of the configuration is not in the spreadsheet. 1 others are."
    )


def test_an_edit_between_two_answers_makes_it_be_read_again(google, put):
    id = put({"a": [["Date", "Sys"], [date(2026, 1, 2), 131]]})

    def edit():
        google.sheets.edit(id, "a", [["Date", "Sys"], [date(2026, 1, 2), 131], [date(2026, 1, 3), 128]])

    google.faults.add(BATCH, call(edit), skip=1)
    (tab,) = read(id).sheets
    assert [row[0][0] for row in tab.cells[1:]] == [46024, 46025]
    assert tab.values == [["Date", "Sys"], [46024, 131], [46025, 128]]


def test_a_sheet_that_never_stands_still_is_told(google, put):
    id = put({"a": [["x"]]})
    turn = iter(range(1000))

    def edit():
        google.sheets.edit(id, "a", [["x"]] * (2 + next(turn) % 7))

    google.faults.add(BATCH, call(edit), times=-1)
    with pytest.raises(GoogleError) as caught:
        read(id)
    assert (caught.value.reason, str(caught.value)) == (
        "unavailable",
        "the spreadsheet is being edited just now. Try again later.",
    )


def test_a_formula_that_fails_is_its_error_text_and_another_its_value(put):
    id = put({"a": [[Formula("=1/0", "#DIV/0!"), Formula("=1+1", 2)]]})
    assert read(id).sheets[0].values == [["#DIV/0!", 2]]


def test_over_tls_it_goes_to_the_same_place(tmp_path, monkeypatch):
    with Google(tls=True) as google:
        for name, value in told(google, tmp_path).items():
            monkeypatch.setenv(name, value)
        id = google.sheets.put("Log", {"a": [[1]]}, shared_with=[google.account])
        assert read(id).sheets[0].values == [[1]]


def test_nothing_is_logged_at_any_level_that_holds_an_id_or_a_token(google, put, caplog):
    caplog.set_level(0)
    id = put({"a": [[1]]})
    read(id)
    google.files.unshare(id, google.account)
    with pytest.raises(GoogleError):
        read(id)
    assert id not in caplog.text
    assert "ya29." not in caplog.text
