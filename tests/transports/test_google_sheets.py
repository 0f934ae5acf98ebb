"""A spreadsheet as a source: what makes a revision, what does not, and what is said when it can't be read."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import date, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from pdp import settings
from pdp.errors import ConfigError, DocumentPostponedError, SourceUnreachableError
from pdp.transports import Document, google_sheets
from tests.google.fixtures import Google
from tests.google.stand_in import Formula
from tests.transports.conftest import Poll

ROWS = [["Datum", "Zeit", "Sys", "Dia"], [date(2025, 3, 15), time(7, 10), 131, 84.5]]


def put(google: Google, worksheets: dict[str, Any], **more: Any) -> str:
    return google.sheets.put("Ada's secret log", worksheets, locale="de_DE", shared_with=[google.reader], **more)


def read(spreadsheet: str, *worksheets: str) -> bytes:
    location = settings.build(google_sheets.Settings, {"spreadsheet": spreadsheet, "worksheets": list(worksheets)})
    (document,) = google_sheets.documents(location).documents
    with google_sheets.fetch(location, document) as stream:
        data = stream.read()
    return data


def test_cells_are_taken_as_google_stores_them_and_dates_with_the_text_shown(google: Google) -> None:
    odd = [True, "#N/A", "", 10**20, 118.0, "001", timedelta(hours=31), Formula("=1+1", 2)]
    sheet = put(google, {"Log": [[], *ROWS, odd, [None, ""], []], "Leer": []})
    assert json.loads(read(sheet)) == {
        "kind": "pdp.google-sheet/1",
        "locale": "de_DE",
        "time_zone": "Europe/Berlin",
        "worksheets": [
            {"title": "Leer", "rows": []},
            {
                "title": "Log",
                "rows": [
                    [],
                    ["Datum", "Zeit", "Sys", "Dia"],
                    [[45731, "15.03.25"], [430 / 1440, "07:10:00"], 131, 84.5],
                    [True, "#N/A", "", 1e20, 118, "001", [31 / 24, "31:00:00"], 2],
                ],
            },
        ],
    }


def test_what_does_not_change_a_cell_makes_no_revision(google: Google, poll: Poll) -> None:
    sheet = put(google, {"Log": ROWS, "Other": [["a"]]})
    location = {"spreadsheet": sheet}
    before = poll(google_sheets, location).manifest["documents"]
    google.files.rename(sheet, "Another title")
    google.sheets.edit(sheet, "Log", [[*row, None, ""] for row in ROWS] + [[], [""]])
    polled = poll(google_sheets, location)
    assert polled.poll["new_exports"] == []
    assert [len(document["revisions"]) for document in polled.manifest["documents"]] == [1]
    assert polled.manifest["documents"][0]["id"] == before[0]["id"]


def test_an_edited_cell_and_a_renamed_worksheet_are_revisions_of_one_document(google: Google, poll: Poll) -> None:
    sheet = put(google, {"Log": ROWS})
    poll(google_sheets, {"spreadsheet": sheet})
    google.sheets.edit(sheet, "Log", [ROWS[0], [*ROWS[1][:3], 85]])
    assert len(poll(google_sheets, {"spreadsheet": sheet}).poll["new_exports"]) == 1
    google.sheets.rename(sheet, "Log", "2025")
    (document,) = poll(google_sheets, {"spreadsheet": sheet}).manifest["documents"]
    assert len(document["revisions"]) == 3
    assert sheet not in json.dumps(document)
    assert document["name"] == "Google Sheet"


def test_hidden_worksheets_are_read_only_when_they_are_named(google: Google) -> None:
    sheet = put(google, {"Log": ROWS, "Hidden": [["secret"]]}, hidden=["Hidden"])
    titles = [each["title"] for each in json.loads(read(sheet))["worksheets"]]
    named = [each["title"] for each in json.loads(read(sheet, "Hidden", "Log"))["worksheets"]]
    assert (titles, named) == (["Log"], ["Hidden", "Log"])
    only = put(google, {"Hidden": []}, hidden=["Hidden"])
    with pytest.raises(SourceUnreachableError, match="has no worksheet that is not hidden"):
        read(only)


def test_a_worksheet_that_is_not_there_is_answered_with_those_that_are(
    google: Google, monkeypatch: pytest.MonkeyPatch
) -> None:
    sheet = put(google, {"Blutdruck 2025": ROWS, "Notizen": []})
    with pytest.raises(SourceUnreachableError) as caught:
        read(sheet, "Blutdruck 2024")
    assert str(caught.value) == (
        'location.worksheets: the worksheet "Blutdruck 2024" is not in the spreadsheet. '
        'Known: Blutdruck 2025, Notizen. Did you mean "Blutdruck 2025"?'
    )
    monkeypatch.setenv("PDP_DISCREET", "1")
    with pytest.raises(SourceUnreachableError) as caught:
        read(sheet, "Blutdruck 2024")
    assert "Blutdruck" not in str(caught.value)


def test_what_is_fetched_is_what_was_listed_or_nothing(google: Google) -> None:
    sheet = put(google, {"Log": ROWS})
    location = google_sheets.Settings(sheet)
    (document,) = google_sheets.documents(location).documents
    plain = Document(document.id, document.name, document.size, document.modified, document.checksum)
    google.sheets.edit(sheet, "Log", [["other"]])
    with google_sheets.fetch(location, document) as stream:
        assert b"131" in stream.read()
    refused = pytest.raises(DocumentPostponedError, match="it was edited while it was read")
    with refused, google_sheets.fetch(location, plain):
        pass


@pytest.mark.parametrize(
    "form",
    [
        "{id}",
        " {id} ",
        "https://docs.google.com/spreadsheets/d/{id}/edit#gid=0",
        "https://docs.google.com/spreadsheets/u/1/d/{id}/edit?usp=sharing",
        "docs.google.com/spreadsheets/d/{id}",
    ],
)
def test_a_spreadsheet_is_named_by_id_or_address_or_variable(
    google: Google, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sheet = put(google, {"Log": ROWS})
    monkeypatch.setenv("MY_SHEET", form.format(id=sheet))
    assert read(form.format(id=sheet)) == read("${MY_SHEET}") == read(sheet)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "my sheet",
        "https://docs.google.com/spreadsheets/d/e/2PACX-abc/pubhtml",
        "https://drive.google.com/drive/folders/abc",
        "https://evil.example/spreadsheets/d/abc/edit",
        "/home/ada/log.csv",
    ],
)
def test_what_is_no_spreadsheet_is_refused_before_anything_runs_and_not_repeated(text: str) -> None:
    with pytest.raises(ConfigError, match=r"spreadsheet: is no id or address of a spreadsheet\. Open the") as caught:
        google_sheets.Settings(text)
    assert not text or text not in str(caught.value)


def test_a_variable_that_is_not_set_or_holds_something_else_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    location = google_sheets.Settings("${NO_SUCH_SHEET}")
    with pytest.raises(SourceUnreachableError, match=r"variable NO_SUCH_SHEET of location\.spreadsheet is not set"):
        google_sheets.documents(location)
    monkeypatch.setenv("NO_SUCH_SHEET", "my sheet")
    with pytest.raises(SourceUnreachableError, match="holds is no id or address"):
        google_sheets.documents(location)


def test_another_spreadsheet_is_another_document(google: Google, poll: Poll) -> None:
    first, second = put(google, {"Log": ROWS}), put(google, {"Log": ROWS})
    poll(google_sheets, {"spreadsheet": first})
    documents = poll(google_sheets, {"spreadsheet": second}).manifest["documents"]
    assert sorted(document["present"] for document in documents) == [False, True]


def test_an_excel_file_on_drive_is_told_from_a_sheet(google: Google) -> None:
    book = google.files.put("log.xlsx", b"PK", shared_with=[google.reader])
    with pytest.raises(SourceUnreachableError, match="Read it by the transport google_drive"):
        read(book)


def test_neither_the_folder_transport_nor_a_check_of_settings_loads_googles_clients(tmp_path: Path) -> None:
    program = (
        "import sys; from pdp import config_check, ingest, transports;"
        "[transports.load(name).Settings for name in transports.names()];"
        "from pdp.transports import folder, google_drive, google_sheets;"
        "google_drive.Settings('abc'); google_sheets.Settings('abc');"
        "print([name for name in sys.modules if name.split('.')[0] in ('googleapiclient', 'gspread', 'google', "
        "'httplib2', 'babel', 'requests', 'pandas', 'pyarrow')])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout.strip() == "[]"


def test_nothing_that_is_kept_or_told_holds_the_spreadsheets_id_or_title(
    google: Google, poll: Poll, raw_files: Callable[[], dict[str, bytes]], tmp_path: Path
) -> None:
    sheet = put(google, {"Log": ROWS})
    told = [json.dumps(poll(google_sheets, {"spreadsheet": sheet}).poll)]
    google.files.unshare(sheet, google.reader)
    told.append(json.dumps(poll(google_sheets, {"spreadsheet": sheet}).poll))
    kept = [path.read_bytes() for path in (tmp_path / "raw").iterdir()]
    assert len(kept) == 2
    for text in (*(each.encode() for each in told), *kept):
        assert sheet.encode() not in text
        assert b"secret log" not in text
