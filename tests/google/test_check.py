"""`pdp google check`: what works, what does not, and what to do, in plain words."""

from __future__ import annotations

import json

import pytest
import yaml
from click.testing import CliRunner

from pdp.cli import main


@pytest.fixture(autouse=True)
def place(google, monkeypatch, tmp_path, waits):
    """An empty working folder, no state, no waiting."""
    for name in ("PDP_STATE", "PDP_STATE_GOOGLE_CREDENTIALS", "GOOGLE_APPLICATION_CREDENTIALS", "PDP_DISCREET"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def check(*arguments):
    return CliRunner().invoke(main, ["google", "check", *arguments])


def configured(tmp_path, **sources):
    path = tmp_path / "me.yaml"
    path.write_text(yaml.safe_dump({"subjects": {"me": {"time_zone": "Europe/Berlin", "sources": sources}}}))
    return f"--configfile={path}"


def sheet(id, *worksheets):
    return {
        "transport": "google_sheets",
        "format": "bp_log",
        "location": {"spreadsheet": id, "worksheets": list(worksheets)},
    }


def folder(id, pattern="**/*"):
    return {"transport": "google_drive", "format": "zepp_life", "location": {"folder": id, "pattern": pattern}}


def test_without_a_configuration_it_says_who_we_are_and_from_where(google):
    answer = check()
    assert answer.output == (
        f"ok    credentials: the service account {google.reader}, from the file that PDP_GOOGLE_CREDENTIALS names.\n"
    )
    assert answer.exit_code == 0


def test_without_credentials_it_says_how_to_get_some(monkeypatch):
    monkeypatch.delenv("PDP_GOOGLE_CREDENTIALS")
    answer = check()
    assert answer.output.startswith("WRONG credentials: there are no Google credentials: PDP_GOOGLE_CREDENTIALS is not")
    assert "\n      Run pdp google sign-in, or set the variable" in answer.output
    assert answer.exit_code == 1


def test_each_source_that_can_be_read_says_what_is_in_it(google, tmp_path):
    log = google.sheets.put("Log", {"Readings": [["Date"]], "Sleep": []}, shared_with=[google.account])
    exports = google.files.folder("exports", shared_with=[google.account])
    for name in ("b.zip", "a.zip", "notes.txt"):
        google.files.put(name, b"1", parent=exports)
    answer = check(configured(tmp_path, cuff=sheet(log), band=folder(exports, "*.zip")))
    assert "ok    me/cuff: can be read, 2 worksheets: Readings, Sleep.\n" in answer.output
    assert "ok    me/band: can be read, 2 files: a.zip, b.zip.\n" in answer.output
    assert answer.exit_code == 0
    assert log not in answer.output
    assert exports not in answer.output


def test_many_files_are_counted_and_the_first_named(google, tmp_path):
    exports = google.files.folder("exports", shared_with=[google.account])
    for number in range(13):
        google.files.put(f"{number:02}.zip", b"1", parent=exports)
    answer = check(configured(tmp_path, band=folder(exports)))
    assert "can be read, 13 files: 00.zip, 01.zip," in answer.output
    assert "09.zip and 3 more.\n" in answer.output


def test_a_source_that_is_not_shared_says_with_whom_to_share_it_and_the_others_are_looked_at(google, tmp_path):
    mine = google.sheets.put("Log", {"Readings": [["Date"]]}, shared_with=[google.account])
    his = google.sheets.put("Log", {"Readings": [["Date"]]})
    hidden = google.files.folder("exports")
    answer = check(configured(tmp_path, a=sheet(his), b=folder(hidden), c=sheet(mine, "Reading"), d=sheet(mine)))
    lines = answer.output.splitlines()
    assert lines[1].startswith("WRONG me/a: the spreadsheet is not shared.")
    assert f"Share it with {google.reader} as Viewer" in lines[2]
    assert lines[3].startswith("WRONG me/b: ")
    assert f"Share it with {google.reader} as Viewer" in lines[4]
    assert lines[5].startswith("WRONG me/c: ")
    assert 'Did you mean "Readings"?' in lines[6]
    assert lines[7] == "ok    me/d: can be read, 1 worksheet: Readings."
    assert answer.exit_code == 1
    assert not any(id in answer.output for id in (mine, his, hidden))


def test_an_api_that_is_off_is_told_to_be_enabled(google, tmp_path):
    log = google.sheets.put("Log", {"Readings": [["Date"]]}, shared_with=[google.account])
    google.disable_api("sheets")
    answer = check(configured(tmp_path, cuff=sheet(log)))
    assert "WRONG me/cuff: the spreadsheet: the Google Sheets API is not enabled" in answer.output
    assert "      Enable the Google Sheets API (" in answer.output
    assert answer.exit_code == 1


def test_a_folder_in_which_nothing_matches_is_not_right(google, tmp_path):
    exports = google.files.folder("exports", shared_with=[google.account])
    google.files.put("a.txt", b"1", parent=exports)
    answer = check(configured(tmp_path, band=folder(exports, "*.zip")))
    assert "WRONG me/band: can be read, but no file in it matches.\n      Check location.pattern" in answer.output
    assert answer.exit_code == 1


def test_sources_elsewhere_are_not_touched_and_none_at_google_is_said(tmp_path):
    source = {
        "transport": "folder",
        "format": "bp_log",
        "location": {"path": "/no/such"},
        "passwords_from": ["NOT_SET"],
    }
    answer = check(configured(tmp_path, cuff=source))
    assert "ok    sources: the configuration has none at Google.\n" in answer.output
    assert answer.exit_code == 0


def test_the_state_is_tried_by_writing_a_file_that_goes_to_the_bin(google, monkeypatch):
    monkeypatch.setenv("PDP_STATE_GOOGLE_CREDENTIALS", json.dumps(google.owner()))
    answer = check()
    assert answer.output.splitlines()[1:] == [
        "ok    credentials of the state: the account of owner@example.com, from the environment variable "
        "PDP_STATE_GOOGLE_CREDENTIALS.",
        "ok    state: files can be written (a small one was, and put in the bin).",
    ]
    assert answer.exit_code == 0
    assert [file.is_trashed for file in google.files.by_id.values() if file.name == "pdp-google-check"] == [True]


def test_a_state_that_a_service_account_cannot_keep_names_the_ways_out(google, monkeypatch):
    monkeypatch.setenv("PDP_STATE_GOOGLE_CREDENTIALS", json.dumps(google.service_account("keeper")))
    answer = check()
    assert "WRONG state: the new file: a service account has no storage of its own" in answer.output
    assert "pdp google sign-in --for state" in answer.output
    assert answer.exit_code == 1


def test_a_state_in_the_fixed_form_is_looked_at_in_its_folder(google, monkeypatch):
    keeper = google.service_account("keeper")
    monkeypatch.setenv("PDP_STATE_GOOGLE_CREDENTIALS", json.dumps(keeper))
    place = google.files.folder("PDP state")
    monkeypatch.setenv("PDP_STATE", f"google_fixed:{place}")
    answer = check()
    assert "WRONG state: the file is not there, or is not shared." in answer.output
    assert f"Share it with {keeper['client_email']} as Editor" in answer.output
    google.files.share(place, keeper, "reader")
    answer = check()
    assert "WRONG state: the folder of the state can be read, but its files can't be changed." in answer.output
    assert f"Share it with {keeper['client_email']} as Editor" in answer.output
    google.files.share(place, keeper, "writer")
    answer = check()
    assert "ok    state: the files in its folder can be changed." in answer.output
    assert answer.exit_code == 0
    assert place not in answer.output


def test_a_machine_that_only_keeps_its_state_at_google_needs_no_other_credentials(google, monkeypatch):
    monkeypatch.delenv("PDP_GOOGLE_CREDENTIALS")
    monkeypatch.setenv("PDP_STATE_GOOGLE_CREDENTIALS", json.dumps(google.owner()))
    answer = check()
    assert [line.partition(":")[0] for line in answer.output.splitlines()] == [
        "ok    credentials of the state",
        "ok    state",
    ]


def test_as_json_it_tells_the_same(google, tmp_path):
    log = google.sheets.put("Log", {"Readings": [["Date"]]})
    answer = check("--json", configured(tmp_path, cuff=sheet(log)))
    told = json.loads(answer.output)
    assert told["is_right"] is False
    assert [(one["what"], one["is_right"]) for one in told["findings"]] == [("credentials", True), ("me/cuff", False)]
    assert google.reader in told["findings"][1]["to_do"]
    assert answer.exit_code == 1


def test_in_a_public_log_no_file_is_named(google, tmp_path, monkeypatch):
    monkeypatch.setenv("PDP_DISCREET", "1")
    exports = google.files.folder("exports", shared_with=[google.account])
    google.files.put("blood pressure of E.zip", b"1", parent=exports)
    answer = check(configured(tmp_path, band=folder(exports)))
    assert "ok    me/band: can be read, 1 file.\n" in answer.output


@pytest.mark.parametrize("text", ["subjects: [", "subjects: 5", "subjects: {me: {}}", "\0"])
def test_a_configuration_that_cannot_be_read_is_told(tmp_path, text):
    (tmp_path / "me.yaml").write_text(text)
    answer = check("--configfile=me.yaml")
    assert answer.output == (
        "pdp: me.yaml: the configuration can't be read. See what is wrong: snakemake --dry-run --configfile me.yaml\n"
    )
    assert answer.exit_code == 2
