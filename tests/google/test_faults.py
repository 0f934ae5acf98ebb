"""Each fault of Google's is a sentence with a cause and a cure, and without an id."""

from __future__ import annotations

import json
import socket
from types import SimpleNamespace

import pytest

from pdp.errors import ConfigError, GoogleError
from pdp.google import credentials, sheets
from pdp.google import drive as google_drive
from pdp.google.drive import Drive
from pdp.google.faults import told
from tests.google.fixtures import Google
from tests.google.fixtures import told as environment
from tests.google.stand_in import delay, drop, instead, status

MIME = "application/octet-stream"


@pytest.fixture(autouse=True)
def no_waiting(waits):
    """Tries follow each other at once."""


@pytest.fixture
def drive(google):
    return Drive(credentials.for_sources())


@pytest.fixture
def owner(google, monkeypatch):
    """The owner signed in for everything: the credentials' content."""
    content = google.owner(scopes=["drive.file", "drive.readonly", "spreadsheets.readonly"])
    monkeypatch.setenv("PDP_GOOGLE_CREDENTIALS", json.dumps(content))
    return content


def refusal(call, *args, secret=""):
    with pytest.raises(GoogleError) as caught:
        call(*args)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    assert not secret or secret not in str(caught.value)
    return caught.value


def read(id):
    return sheets.read(credentials.for_sources(), id, ())


def test_a_sheet_that_is_not_shared_names_the_address_to_share_it_with(google):
    id = google.sheets.put("Log", {"2026": [["Date"]]})
    error = refusal(read, id, secret=id)
    assert error.reason == "not_shared"
    assert str(error) == (
        f"the spreadsheet is not shared. Share it with {google.reader} as Viewer, and compare the id with the one in "
        "the browser's address line."
    )


def test_a_sheet_that_is_not_there_is_told_alike(google):
    error = refusal(read, "no-such-sheet", secret="no-such-sheet")
    assert error.reason == "not_found"
    assert str(error).startswith(f"the spreadsheet is not there, or is not shared. Share it with {google.reader} as")


def test_a_file_that_is_not_shared_names_the_address_to_share_it_with(google, drive):
    id = google.files.put("a", b"1")
    error = refusal(drive.get, id, "id", secret=id)
    assert error.reason == "not_found"
    assert str(error).startswith(f"the file is not there, or is not shared. Share it with {google.reader} as Viewer,")


def test_the_owner_is_told_to_sign_in_as_somebody_who_may(google, owner):
    id = google.files.put("a", b"1", owner="other@example.com")
    error = refusal(Drive(credentials.for_sources()).get, id, "id")
    assert "Sign in as somebody who may open it (pdp google sign-in)" in str(error)


def test_a_file_that_may_only_be_read_is_told_when_it_is_to_be_changed(google, monkeypatch):
    monkeypatch.setenv("PDP_STATE_GOOGLE_CREDENTIALS", json.dumps(google.account))
    id = google.files.put("a", b"1", shared_with=[google.account])
    error = refusal(Drive(credentials.for_state()).trash, id)
    assert error.reason == "no_permission"
    assert str(error).startswith(f"the file may be seen, but not used like this. Share it with {google.reader} as Edit")


def test_a_sign_in_that_does_not_cover_it_is_told(google, drive):
    error = refusal(drive.create_folder, "PDP")
    assert error.reason == "no_permission"
    assert "the sign-in does not cover this. Sign in again for it: pdp google sign-in (sources) or pdp google" in str(
        error
    )


@pytest.mark.parametrize(("api", "name"), [("drive", "Google Drive API"), ("sheets", "Google Sheets API")])
def test_an_api_that_is_not_enabled_is_named(google, drive, api, name):
    id = google.sheets.put("Log", {"2026": [["Date"]]}, shared_with=[google.account])
    google.disable_api(api)
    error = refusal(drive.about) if api == "drive" else refusal(read, id, secret=id)
    assert error.reason == "api_disabled"
    assert f"the {name} is not enabled in the project that the credentials belong to. Enable the {name} (" in str(error)


def test_an_owners_sign_in_that_ended_names_the_seven_days_of_testing(google, owner):
    google.revoke(owner)
    error = refusal(Drive(credentials.for_sources()).about, secret=owner["refresh_token"])
    assert error.reason == "expired"
    assert str(error) == (
        "the environment variable PDP_GOOGLE_CREDENTIALS: Google refused the credentials: the sign-in expired or was "
        "withdrawn. Sign in again: pdp google sign-in --force --client <file of your OAuth client>. If this comes back "
        "every 7 days, the OAuth consent screen is in the status Testing: publish it (Google Cloud console, Google "
        "Auth Platform, Audience, Publish app)."
    )
    assert str(refusal(read, "any")) == str(error)


def test_a_service_account_whose_key_was_deleted_needs_a_new_key(google, drive):
    google.revoke(google.account)
    error = refusal(drive.about)
    assert error.reason == "expired"
    assert str(error) == (
        "the file that PDP_GOOGLE_CREDENTIALS names: Google refused the service account: its key or account was "
        "deleted or disabled. Make a new key for the service account (Google Cloud console, IAM, Service Accounts, "
        "Keys)."
    )


def test_a_key_that_belongs_to_another_account_is_told_as_such(google, monkeypatch):
    other = google.service_account("other")
    monkeypatch.setenv("PDP_GOOGLE_CREDENTIALS", json.dumps({**google.account, "private_key": other["private_key"]}))
    assert refusal(Drive(credentials.for_sources()).about).reason == "expired"


def test_an_application_that_google_does_not_know_is_told(google, owner, monkeypatch):
    monkeypatch.setenv("PDP_GOOGLE_CREDENTIALS", json.dumps({**owner, "client_id": "gone"}))
    error = refusal(Drive(credentials.for_sources()).about)
    assert error.reason == "bad_credentials"
    assert "Google does not know the application (OAuth client) that these credentials are for." in str(error)


@pytest.mark.parametrize("offset_s", [-7200, 7200])
def test_a_wrong_clock_is_told_when_a_token_is_refused_for_it(google, drive, offset_s):
    google.clock_offset = offset_s
    error = refusal(drive.about)
    assert error.reason == "clock"
    assert str(error) == (
        "Google refused the credentials: this machine's clock is wrong. Set this machine's clock (timedatectl set-ntp "
        "true) and try again."
    )


def test_a_wrong_clock_is_told_by_the_date_of_a_refusal(google, owner):
    drive = Drive(credentials.for_sources())
    google.faults.add(r"GET /drive", status(401), times=-1)
    assert refusal(drive.about).reason == "expired"
    google.clock_offset = -600
    error = refusal(drive.about)
    assert error.reason == "clock"
    assert "Google refused the credentials: this clock is 10 minutes ahead of Google's." in str(error)
    google.clock_offset = 1200
    assert "this clock is 20 minutes behind Google's." in str(refusal(drive.about))


def test_a_date_header_that_lies_does_no_harm_where_nothing_is_refused(google, drive):
    drive.about()
    google.clock_offset = -86_400
    assert drive.about() == google.reader


def test_a_service_account_can_make_no_files_and_the_ways_out_are_named(google, monkeypatch):
    monkeypatch.setenv("PDP_STATE_GOOGLE_CREDENTIALS", json.dumps(google.account))
    drive = Drive(credentials.for_state())
    (id,) = drive.generate_ids(1)
    for size in (3, 6_000_000):
        error = refusal(drive.create, id, "a", [], MIME, bytes(size), {})
        assert error.reason == "quota"
        assert str(error) == (
            "the new file: a service account has no storage of its own and can't make files. Keep the state by the "
            "owner's OAuth sign-in (pdp google sign-in --for state), in a shared drive of a Workspace, or in the fixed "
            "form with files that the owner made."
        )
    assert sum(path.startswith("/upload/") for _, path in google.requests) == 2


def test_a_full_drive_is_told(google, owner):
    google.is_quota_full = True
    drive = Drive(credentials.for_sources())
    (id,) = drive.generate_ids(1)
    error = refusal(drive.create, id, "a", [], MIME, b"1", {})
    assert (error.reason, str(error)) == (
        "quota",
        "the new file: the Google Drive is full. Free some space, or buy more.",
    )


def test_rate_limits_that_stay_are_told_after_all_patience(google, drive):
    for fault in (status(429), status(403, "userRateLimitExceeded")):
        google.faults.clear()
        google.faults.add(r"GET /drive", fault, times=-1)
        error = refusal(drive.about)
        assert error.reason == "rate_limited"
        assert "Google asks to be asked less often, and still did after several tries. Try again in some" in str(error)


def test_a_fault_of_googles_that_stays_is_told_with_its_number(google, drive):
    google.faults.add(r"GET", status(503), times=-1)
    for error in (refusal(drive.about), refusal(read, "any")):
        assert error.reason == "unavailable"
        assert "Google has a fault (HTTP 503). Try again later;" in str(error)


def test_a_fault_of_googles_sign_in_is_told_as_such(google, drive, monkeypatch):
    monkeypatch.setattr("google.auth._exponential_backoff.time", SimpleNamespace(sleep=lambda seconds: None))
    google.faults.add(r"POST /token", status(503), times=-1)
    error = refusal(drive.about)
    assert (error.reason, str(error)) == ("unavailable", "Google's sign-in has a fault. Try again later.")


def test_an_office_file_is_told_to_be_no_google_sheet(google):
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    id = google.files.put("log.xlsx", b"PK", mime=kind, shared_with=[google.account])
    error = refusal(read, id, secret=id)
    assert error.reason == "not_found"
    assert str(error).startswith("the spreadsheet is no Google Sheet but an Office file that lies in Drive. Read it by")


def test_an_unknown_refusal_is_told_by_its_number_and_word(google, drive):
    google.faults.add(r"GET", status(400, "someNewReason"))
    google.faults.add(r"GET", status(418, "<script>1AbcId"))
    error = refusal(drive.about)
    assert (error.reason, str(error)) == (
        "refused",
        "the account: Google refused the request (HTTP 400, someNewReason).",
    )
    assert str(refusal(drive.about)) == "the account: Google refused the request (HTTP 418)."


def test_a_silent_google_is_told_as_such(google, drive, monkeypatch):
    drive.about()
    for module in (google_drive, sheets):
        monkeypatch.setattr(module, "CALL_TIMEOUT_S", 0.05)
        monkeypatch.setattr(module, "LIST_TIMEOUT_S", 0.05)
    google.faults.add(r"GET", delay(0.1), times=-1)
    errors = [
        refusal(drive.get, "any", "id"),
        refusal(list, drive.files("trashed = false", "id")),
        refusal(sheets.read, drive.identity, "any", ()),
    ]
    for error in errors:
        assert error.reason == "unavailable"
        assert "no answer from Google in time, tried again and again. Try again later." in str(error)


def test_connections_that_break_off_again_and_again_are_told(google, drive):
    google.faults.add(r"GET", drop(), times=-1)
    for error in (refusal(drive.about), refusal(read, "any")):
        assert error.reason == "unreachable"
        assert "the connection to Google failed or broke off (" in str(error)
        assert "Check that this machine is online and that a firewall or proxy lets it speak with" in str(error)


def test_a_machine_that_nothing_listens_on_is_told(google, drive, monkeypatch):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv("PDP_GOOGLE_ROOT", f"http://127.0.0.1:{free.getsockname()[1]}")
        for error in (refusal(Drive(credentials.for_sources()).about), refusal(read, "any")):
            assert error.reason == "unreachable"


def test_no_network_is_told_as_such(google, drive, monkeypatch):
    def offline(*args, **options):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", offline)
    for error in (refusal(drive.about), refusal(read, "any")):
        assert error.reason == "unreachable"
        assert "Google's address can't be looked up. Check that this machine is online." in str(error)


def test_a_certificate_that_is_not_trusted_is_told_at_once(tmp_path, monkeypatch, waits):
    with Google(tls=True) as google:
        for name, value in environment(google, tmp_path).items():
            if not name.endswith(("CERTS", "BUNDLE")):
                monkeypatch.setenv(name, value)
        for error in (refusal(Drive(credentials.for_sources()).about), refusal(read, "any")):
            assert error.reason == "unreachable"
            assert "the other side's TLS certificate is not one that this machine trusts. Check the clock." in str(
                error
            )
        assert waits == []
        assert google.requests == []


@pytest.mark.parametrize("variable", ["HTTPLIB2_CA_CERTS", "REQUESTS_CA_BUNDLE"])
def test_a_file_of_certificates_that_is_not_there_is_named(google, monkeypatch, variable):
    monkeypatch.setenv(variable, "/no/such/file")
    for call in (lambda: Drive(credentials.for_sources()), lambda: read("any")):
        with pytest.raises(ConfigError) as caught:
            call()
        assert str(caught.value).startswith(f"{variable}: names no file. Set it to a file of certificates")


def test_what_is_not_googles_fault_passes(google, drive):
    with pytest.raises(FileNotFoundError), told(drive.identity, "the file"):
        raise FileNotFoundError
    with pytest.raises(KeyError), told(drive.identity, "the file"):
        raise KeyError("ours")


ODD = ("<html>Please sign in to this network</html>", "null", "[]", '"text"', '{"access_to')


@pytest.mark.parametrize("body", ODD)
@pytest.mark.parametrize("is_owner", [False, True])
def test_something_else_than_a_token_is_told_and_is_no_fault_of_the_program(google, monkeypatch, body, is_owner):
    who = google.owner(scopes=["drive.readonly", "spreadsheets.readonly"]) if is_owner else google.service_account()
    monkeypatch.setenv("PDP_GOOGLE_CREDENTIALS", json.dumps(who))
    google.faults.add(r"POST /token", instead(body), times=-1)
    for error in (refusal(Drive(credentials.for_sources()).about), refusal(read, "any")):
        assert error.reason in ("unreachable", "unavailable", "expired")
        assert error.hint


@pytest.mark.parametrize("body", ODD)
def test_an_answer_that_google_does_not_give_is_told_and_is_no_fault_of_the_program(google, drive, body):
    google.faults.add(r"GET /(drive|v4)", instead(body), times=-1)
    calls = (drive.about, lambda: list(drive.files("trashed = false", "id")), lambda: drive.get("any", "id"))
    for call in (*calls, lambda: drive.generate_ids(1), lambda: drive.etag("any"), lambda: read("any")):
        error = refusal(call)
        assert error.reason == "unavailable"
        assert "the answer was not one that Google gives" in str(error)


def test_an_answer_without_what_was_asked_for_is_told(google, drive):
    id = google.sheets.put("Log", {"2026": [["Date"]]}, shared_with=[google.account])
    google.faults.add(r"GET .*(generateIds|/drive/v2/|batchGet)", instead("{}"), times=-1)
    for call in (lambda: drive.generate_ids(1), lambda: drive.etag("any"), lambda: read(id)):
        assert refusal(call, secret=id).reason == "unavailable"


def test_an_odd_answer_that_passes_is_asked_again(google, drive):
    google.faults.add(r"GET /drive", instead("null"), times=2)
    assert drive.about() == google.reader


def test_a_state_that_may_only_be_read_names_editor(google, monkeypatch):
    monkeypatch.setenv("PDP_STATE_GOOGLE_CREDENTIALS", json.dumps(google.service_account()))
    google.faults.add(r"GET /drive", status(403, "forbidden"))
    assert " as Editor" in str(refusal(Drive(credentials.for_state()).about))
