"""What is tried again, how long that takes, and what is told at once."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from pdp.errors import ConfigError, GoogleError
from pdp.google import credentials, sheets
from pdp.google.drive import Drive
from pdp.google.patience import FIRST_WAIT_S, LONGEST_WAIT_S, MOST_TRIES, patience_s, patiently
from tests.google.stand_in import delay, drop, shorten, status, truncate

ABOUT = r"GET /drive/v3/about"


@pytest.fixture
def drive(google):
    return Drive(credentials.for_sources())


@pytest.fixture
def sheet(google):
    return google.sheets.put("Log", {"2026": [["Date", "Sys"]]}, shared_with=[google.account])


def tries(google, part="/drive/v3/about"):
    return sum(path.startswith(part) for _, path in google.requests)


@pytest.mark.parametrize(
    "fault",
    [
        status(408),
        status(429),
        status(403, "userRateLimitExceeded"),
        status(403, "rateLimitExceeded"),
        status(500),
        status(502),
        status(503),
        status(504),
        truncate(3),
        shorten(3),
    ],
)
def test_drive_is_asked_again_after_a_fault_that_passes(drive, google, waits, fault):
    google.faults.add(ABOUT, fault, times=3)
    assert drive.about() == google.reader
    assert tries(google) == 4
    assert len(waits) == 3


@pytest.mark.parametrize("fault", [status(429), status(500), status(503), truncate(3), shorten(3), drop()])
def test_sheets_are_asked_again_after_a_fault_that_passes(google, sheet, waits, fault):
    google.faults.add(r"GET /v4/", fault, times=3)
    assert [tab.title for tab in sheets.read(credentials.for_sources(), sheet, ()).sheets] == ["2026"]
    assert google.faults.left() == 0


def test_a_dropped_connection_is_made_again(drive, google, waits):
    google.faults.add(ABOUT, drop(), times=5)
    assert drive.about() == google.reader


@pytest.mark.parametrize("code", [400, 404, 409, 412])
@pytest.mark.parametrize("reason", ["", "storageQuotaExceeded"])
def test_what_does_not_pass_is_told_at_once(drive, google, waits, code, reason):
    google.faults.add(ABOUT, status(code, reason), times=-1)
    with pytest.raises(GoogleError):
        drive.about()
    assert tries(google) == 1
    assert waits == []


@pytest.mark.parametrize("reason", ["storageQuotaExceeded", "insufficientFilePermissions", "dailyLimitExceeded"])
def test_a_403_that_is_no_rate_limit_is_told_at_once(drive, google, waits, reason):
    google.faults.add(ABOUT, status(403, reason), times=-1)
    with pytest.raises(GoogleError):
        drive.about()
    assert tries(google) == 1


def test_tries_end_and_their_waits_double_at_most(drive, google, waits):
    google.faults.add(ABOUT, status(503), times=-1)
    with pytest.raises(GoogleError, match="Google has a fault"):
        drive.about()
    assert tries(google) == MOST_TRIES
    assert len(waits) == MOST_TRIES - 1
    assert all(0 <= wait <= FIRST_WAIT_S * 2**number for number, wait in enumerate(waits))
    assert len(set(waits)) > 1


def test_waits_are_spread_so_that_machines_do_not_come_back_together(waits):
    def fails():
        raise TimeoutError

    for _ in range(40):
        with pytest.raises(TimeoutError):
            patiently(fails)
    first = waits[:: MOST_TRIES - 1]
    assert min(first) < FIRST_WAIT_S * 0.3 < FIRST_WAIT_S * 0.7 < max(first)
    assert max(waits) <= LONGEST_WAIT_S


def test_google_says_when_to_come_back_and_that_is_done(drive, google, waits):
    google.faults.add(ABOUT, status(429, retry_after=7))
    google.faults.add(ABOUT, status(429, retry_after=100_000))
    assert drive.about() == google.reader
    assert waits == [7, LONGEST_WAIT_S]


@pytest.mark.parametrize("offset_s", [0, 1800, -1800])
def test_a_time_to_come_back_is_by_googles_clock_not_by_ours(drive, google, waits, offset_s):
    drive.about()
    google.clock_offset = offset_s
    until = datetime.now(UTC) + timedelta(seconds=offset_s + 10)
    google.faults.add(ABOUT, status(429, retry_after=format_datetime(until, usegmt=True)))
    google.faults.add(ABOUT, status(429, retry_after=format_datetime(until - timedelta(seconds=20), usegmt=True)))
    google.faults.add(ABOUT, status(429, retry_after="when it is done"))
    assert drive.about() == google.reader
    assert 7 <= waits[0] <= 11
    assert waits[1] == 0
    assert waits[2] <= FIRST_WAIT_S * 4


def test_sheets_come_back_when_google_says(google, sheet, waits):
    google.faults.add(r"GET /v4/", status(429, retry_after=3))
    sheets.read(credentials.for_sources(), sheet, ())
    assert waits == [3]


def test_patience_bounds_the_whole(drive, google, monkeypatch, waits):
    monkeypatch.setenv("PDP_GOOGLE_PATIENCE_S", "5")
    google.faults.add(ABOUT, status(429, retry_after=6), times=-1)
    with pytest.raises(GoogleError, match="asked less often"):
        drive.about()
    assert tries(google) == 1
    assert waits == []


def test_without_patience_a_real_run_does_not_wait(drive, google, monkeypatch):
    monkeypatch.setenv("PDP_GOOGLE_PATIENCE_S", "0")
    google.faults.add(ABOUT, status(503), times=-1)
    start = time.monotonic()
    with pytest.raises(GoogleError):
        drive.about()
    assert time.monotonic() - start < 2
    assert tries(google) == 1


def test_patience_is_a_number_of_seconds(monkeypatch):
    monkeypatch.delenv("PDP_GOOGLE_PATIENCE_S", raising=False)
    assert patience_s() == 120
    for value in ("-1", "soon", "inf", "nan"):
        monkeypatch.setenv("PDP_GOOGLE_PATIENCE_S", value)
        with pytest.raises(ConfigError) as caught:
            patience_s()
        assert str(caught.value) == "PDP_GOOGLE_PATIENCE_S: is no number of seconds. Write one such as 120."


def test_an_answer_that_does_not_come_in_time_is_asked_for_again(google, sheet, monkeypatch, waits):
    monkeypatch.setattr(sheets, "LIST_TIMEOUT_S", 0.2)
    monkeypatch.setattr(sheets, "CALL_TIMEOUT_S", 0.2)
    google.faults.add(r"GET /v4/spreadsheets/[^/]*$", delay(0.5))
    google.faults.add(r"GET /v4/.*:batchGet", delay(0.5))
    assert sheets.read(credentials.for_sources(), sheet, ()).locale == "en_US"
    assert len(waits) == 2


def test_a_listing_has_half_a_minute_and_other_calls_have_one(drive, google):
    list(drive.files("trashed = false", "id"))
    assert set(drive._lines._open) == {30.0}
    assert {http.http.timeout for http in drive._lines._open.values()} == {30.0}
    drive.about()
    assert set(drive._lines._open) == {30.0, 60.0}


def test_a_fault_of_our_own_passes_untouched(waits):
    def fails():
        raise KeyError("ours")

    with pytest.raises(KeyError):
        patiently(fails)
    assert waits == []
