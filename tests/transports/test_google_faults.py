"""Whatever goes wrong at Google: the source keeps its last state, says what to do, and stores nothing by halves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, time
from types import ModuleType
from typing import Any

import pytest

from pdp.errors import SourceUnreachableError
from pdp.google import drive, sheets
from pdp.transports import google_drive, google_sheets
from tests.google.fixtures import Google
from tests.google.stand_in import delay, drop, status, truncate
from tests.transports.conftest import Poll

RawFiles = Callable[[], dict[str, bytes]]


@dataclass
class Source:
    """A transport and what it reads, which can be changed."""

    google: Google
    transport: ModuleType
    location: dict[str, Any]
    change: Callable[[], None]
    shared: str


@pytest.fixture(params=["google_drive", "google_sheets"])
def source(request: pytest.FixtureRequest, google: Google, monkeypatch: pytest.MonkeyPatch) -> Source:
    monkeypatch.setenv("PDP_GOOGLE_PATIENCE_S", "0")
    if request.param == "google_drive":
        folder = google.files.folder("Exports", shared_with=[google.reader])
        file = google.files.put("a.csv", b"old", parent=folder)
        return Source(google, google_drive, {"folder": folder}, lambda: google.files.edit(file, b"new"), folder)
    rows = [["Date", "Time", "Sys"], [date(2025, 3, 15), time(7), 131]]
    sheet = google.sheets.put("Log", {"Log": rows}, shared_with=[google.reader])
    return Source(
        google, google_sheets, {"spreadsheet": sheet}, lambda: google.sheets.edit(sheet, "Log", rows[:1]), sheet
    )


DATA = "alt=media|values:batchGet"  # the request that gives the bytes
FAULTS = {
    "429": (status(429, "rateLimitExceeded"), "asks to be asked less often", "Try again in some minutes"),
    "500": (status(500), "has a fault (HTTP 500)", "Try again later"),
    "503": (status(503), "has a fault (HTTP 503)", "Try again later"),
    "cut": (truncate(1), "broke off", "Check that this machine is online"),
    "drop": (drop(), "broke off", "Check that this machine is online"),
}


def stays(source: Source, poll: Poll, raw_files: RawFiles, break_it: Callable[[], object]) -> str:
    """Break a source after a good poll and a change: nothing that was there moves. What is said."""
    before = poll(source.transport, source.location)
    held = raw_files()
    source.change()
    break_it()
    after = poll(source.transport, source.location)
    assert after.manifest["reachable"] is False
    assert after.manifest["documents"] == before.manifest["documents"]
    assert after.manifest["polled_at"] == before.manifest["polled_at"]
    assert raw_files() == held
    assert source.shared not in after.poll["why"]
    with pytest.raises(SourceUnreachableError, match="ada/cuff: "):
        poll(source.transport, source.location, fails=True)
    assert raw_files() == held
    said: str = after.manifest["why"]
    return said


def recovers(source: Source, poll: Poll) -> None:
    polled = poll(source.transport, source.location)
    assert polled.manifest["reachable"] is True
    assert len(polled.poll["new_exports"]) == 1


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_that_stays_keeps_the_last_state_and_says_what_to_do(
    source: Source, poll: Poll, raw_files: RawFiles, name: str
) -> None:
    kind, what, hint = FAULTS[name]
    said = stays(source, poll, raw_files, lambda: source.google.faults.add(DATA, kind, times=-1))
    assert what in said
    assert hint in said
    source.google.faults.clear()
    recovers(source, poll)


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_that_passes_is_no_fault(
    source: Source, poll: Poll, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PDP_GOOGLE_PATIENCE_S", "20")
    source.google.faults.add(DATA, FAULTS[name][0], times=1)
    recovers(source, poll)
    assert source.google.faults.left() == 0


@pytest.mark.parametrize("source", ["google_drive"], indirect=True)
def test_drives_other_way_to_say_too_often_is_understood(source: Source, poll: Poll, raw_files: RawFiles) -> None:
    kind = status(403, "userRateLimitExceeded")  # Sheets says 429 alone
    said = stays(source, poll, raw_files, lambda: source.google.faults.add(DATA, kind, times=-1))
    assert "asks to be asked less often" in said


def test_an_answer_that_does_not_come_is_not_waited_for_for_ever(
    source: Source, poll: Poll, raw_files: RawFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (drive, sheets):
        monkeypatch.setattr(module, "LIST_TIMEOUT_S", 0.3)
    lists = "q=|fields=properties"
    said = stays(source, poll, raw_files, lambda: source.google.faults.add(lists, delay(1), times=-1))
    assert "no answer from Google in time" in said
    source.google.faults.clear()
    recovers(source, poll)


def test_a_token_that_expired_is_renewed(source: Source, poll: Poll) -> None:
    poll(source.transport, source.location)
    source.change()
    source.google.faults.add(DATA, status(401))
    source.google.expire_tokens()
    recovers(source, poll)


def test_a_share_that_was_taken_back_names_the_address_to_share_with(
    source: Source, poll: Poll, raw_files: RawFiles
) -> None:
    google = source.google
    said = stays(source, poll, raw_files, lambda: google.files.unshare(source.shared, google.reader))
    assert google.reader in said
    google.files.share(source.shared, google.reader)
    recovers(source, poll)


def test_a_clock_that_is_wrong_is_told_as_such(source: Source, poll: Poll, raw_files: RawFiles) -> None:
    google = source.google
    said = stays(source, poll, raw_files, lambda: setattr(google, "clock_offset", 7200.0))
    assert "clock" in said
    google.clock_offset = 0.0
    recovers(source, poll)


def test_an_account_that_was_withdrawn_is_told(source: Source, poll: Poll, raw_files: RawFiles) -> None:
    said = stays(source, poll, raw_files, lambda: source.google.revoke(source.google.account))
    assert "its key or account was deleted or disabled. Make a new key" in said


def test_an_api_that_is_not_enabled_is_told(source: Source, poll: Poll, raw_files: RawFiles) -> None:
    api = "drive" if source.transport is google_drive else "sheets"
    said = stays(source, poll, raw_files, lambda: source.google.disable_api(api))
    assert "enable" in said.lower()
    source.google.enable_api(api)
    recovers(source, poll)


def test_no_network_keeps_the_last_state(source: Source, poll: Poll, raw_files: RawFiles) -> None:
    said = stays(source, poll, raw_files, lambda: setattr(source.google, "is_network_down", True))
    assert "Check that this machine is online" in said
    source.google.is_network_down = False
    recovers(source, poll)


def test_no_credentials_are_told_with_where_they_belong(
    source: Source, poll: Poll, raw_files: RawFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = stays(source, poll, raw_files, lambda: monkeypatch.setenv("PDP_GOOGLE_CREDENTIALS", "/none/such.json"))
    assert "PDP_GOOGLE_CREDENTIALS" in said
