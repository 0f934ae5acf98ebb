"""The stand-in's faults as Google's clients meet them; TLS; the stand-in as a process."""

from __future__ import annotations

import contextlib
import http.client
import io
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import gspread
import pytest
import requests
from googleapiclient.errors import HttpError
from googleapiclient.http import MediaIoBaseUpload

from tests.google.stand_in import (
    HTTPLIB2_TRIES,
    StandIn,
    apply_then,
    apply_then_call,
    apply_then_drop,
    call,
    clients,
    cut_request,
    delay,
    drop,
    flip,
    shorten,
    status,
    tell,
    truncate,
)
from tests.google.stand_in.clients import refusal
from tests.google.stand_in.control import Remote

BLOCK = 262_144
DATA = bytes(range(256)) * 40


@pytest.fixture
def app(stand_in):
    return clients.drive(stand_in.root, stand_in.owner(), "drive.file")


@pytest.fixture
def file_id(app):
    return app.files().create(body={"name": "a"}, media_body=upload(DATA)).execute()["id"]


def upload(data, chunk=None):
    return MediaIoBaseUpload(io.BytesIO(data), "application/x-pdp", chunksize=chunk or BLOCK, resumable=bool(chunk))


def read(app, file_id):
    return app.files().get_media(fileId=file_id).execute()


def test_a_status_comes_as_often_as_told_after_those_that_go_well(stand_in, app, file_id):
    stand_in.faults.add("alt=media", status(403, "userRateLimitExceeded", retry_after=7), times=2, skip=1)
    assert read(app, file_id) == DATA
    for _ in range(2):
        with pytest.raises(HttpError) as refused:
            read(app, file_id)
        assert refused.value.resp["retry-after"] == "7"
        assert refused.value.error_details[0]["reason"] == "userRateLimitExceeded"
    assert read(app, file_id) == DATA
    assert stand_in.faults.left() == 0


def test_googleapiclient_retries_a_rate_limit_but_not_a_full_drive(stand_in, app, file_id):
    stand_in.faults.add("alt=media", status(403, "userRateLimitExceeded"))
    stand_in.faults.add("alt=media", status(403, "storageQuotaExceeded"))
    request = app.files().get_media(fileId=file_id)
    request._sleep = lambda seconds: None
    with pytest.raises(HttpError, match="storage quota"):
        request.execute(num_retries=5)
    assert stand_in.faults.left() == 0


def test_a_sheets_rate_limit_has_the_form_of_sheets(stand_in):
    account = stand_in.service_account()
    sheet_id = stand_in.sheets.put("Log", {"A": []}, shared_with=[account])
    stand_in.faults.add("GET /v4/", status(429))
    with pytest.raises(gspread.exceptions.APIError, match="Quota exceeded for quota metric") as refused:
        clients.sheets(stand_in.root, account).open_by_key(sheet_id)
    assert refused.value.error["status"] == "RESOURCE_EXHAUSTED"


@pytest.mark.parametrize("fault", [apply_then(500), apply_then_drop()])
def test_what_was_done_before_the_answer_was_lost_is_done(stand_in, app, fault):
    file_id = app.files().generateIds(count=1).execute()["ids"][0]
    create = app.files().create(body={"name": "a", "id": file_id}, media_body=upload(b"1"))
    stand_in.faults.add("POST /upload/", fault)
    with pytest.raises((HttpError, OSError, http.client.HTTPException)):
        create.execute()
    assert refusal(create.execute)[:2] == (409, "fileIdInUse")
    assert read(app, file_id) == b"1"


def test_a_download_that_breaks_off_is_an_incomplete_read(stand_in, app, file_id):
    stand_in.faults.add("alt=media", truncate(1000))
    with pytest.raises(http.client.IncompleteRead) as broken:
        read(app, file_id)
    assert len(broken.value.partial) == 1000


def test_a_wrong_answer_looks_like_a_right_one(stand_in, app, file_id):
    stand_in.faults.add("alt=media", flip(8 * 5 + 3))
    stand_in.faults.add("alt=media", shorten(100))
    flipped = read(app, file_id)
    assert [(at, was ^ now) for at, (was, now) in enumerate(zip(DATA, flipped, strict=True)) if was != now] == [(5, 8)]
    assert read(app, file_id) == DATA[:100]


def test_an_answer_can_say_what_is_not_so(stand_in, app, file_id):
    stand_in.faults.add(r"GET /drive/v3/files\?", tell(incompleteSearch=True))
    answer = app.files().list(fields="files(id),incompleteSearch").execute()
    assert answer == {"incompleteSearch": True, "files": [{"id": file_id}]}
    assert app.files().list(fields="incompleteSearch").execute() == {"incompleteSearch": False}


def test_a_connection_can_be_lost_before_anything_is_done(stand_in, app, file_id):
    stand_in.faults.add("PATCH", drop(), times=HTTPLIB2_TRIES)
    with pytest.raises((OSError, http.client.HTTPException)):
        app.files().update(fileId=file_id, body={"name": "b"}).execute()
    assert app.files().get(fileId=file_id).execute()["name"] == "a"


def test_nothing_gets_through_while_the_network_is_down(stand_in, app, file_id):
    stand_in.is_network_down = True
    with pytest.raises((OSError, http.client.HTTPException)):
        read(app, file_id)
    stand_in.is_network_down = False
    assert read(app, file_id) == DATA


def test_an_answer_can_be_late(stand_in, app, file_id):
    stand_in.faults.add("alt=media", delay(0.1))
    begun = time.monotonic()
    assert read(app, file_id) == DATA
    assert time.monotonic() - begun >= 0.1


@pytest.mark.parametrize("code", [0, 503])
def test_of_a_chunk_that_was_cut_whole_blocks_are_kept(stand_in, app, code):
    data = bytes(4 * BLOCK)
    request = app.files().create(body={"name": "a"}, media_body=upload(data[:BLOCK], chunk=BLOCK), fields="id")
    started, _ = app._http.request(request.uri, "POST", body=b"{}", headers={"x-upload-content-type": "a/b"})
    stand_in.faults.add("PUT /upload/", cut_request(2 * BLOCK + 77, code), times=HTTPLIB2_TRIES)
    head = {"content-range": f"bytes 0-{len(data) - 1}/{len(data)}"}
    with contextlib.suppress(OSError, http.client.HTTPException):
        assert app._http.request(started["location"], "PUT", body=data, headers=head)[0].status == code
    stand_in.faults.clear()
    asked = {"content-range": f"bytes */{len(data)}", "content-length": "0"}
    response, _ = app._http.request(started["location"], "PUT", body=b"", headers=asked)
    assert (response.status, response["range"]) == (308, f"bytes=0-{2 * BLOCK - 1}")
    rest = {"content-range": f"bytes {2 * BLOCK}-{len(data) - 1}/{len(data)}"}
    _, body = app._http.request(started["location"], "PUT", body=data[2 * BLOCK :], headers=rest)
    assert read(app, json.loads(body)["id"]) == data


def test_a_test_can_act_right_before_and_right_after_a_request(stand_in, app, file_id):
    seen = []

    def look():
        seen.append(stand_in.files.content(file_id))

    stand_in.faults.add("PATCH /upload", call(look))
    stand_in.faults.add("PATCH /upload", apply_then_call(look))
    for data in (b"1", b"2"):
        app.files().update(fileId=file_id, media_body=upload(data)).execute()
    assert seen == [DATA, b"2"]


def test_a_held_request_waits_while_others_go_on(stand_in, app, file_id):
    rival = clients.drive(stand_in.root, stand_in.owner())
    held = stand_in.faults.hold("PATCH /upload")
    with ThreadPoolExecutor(1) as pool:
        late = pool.submit(app.files().update(fileId=file_id, media_body=upload(b"late")).execute)
        assert held.reached.wait(10)
        rival.files().update(fileId=file_id, media_body=upload(b"early")).execute()
        assert stand_in.files.content(file_id) == b"early"
        held.go.set()
        late.result(10)
    assert stand_in.files.content(file_id) == b"late"


def test_over_tls_both_clients_trust_the_test_authority_and_nothing_else(monkeypatch):
    with StandIn(tls=True) as google:
        account = google.service_account()
        sheet_id = google.sheets.put("Log", {"A": [["1"]]}, shared_with=[account])
        with pytest.raises(ssl.SSLCertVerificationError):
            clients.drive(google.root, google.owner()).files().list().execute()
        monkeypatch.setenv("HTTPLIB2_CA_CERTS", str(google.ca))
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(google.ca))
        drive = clients.drive(google.root, google.owner())
        request = drive.files().create(body={"name": "a"}, media_body=upload(DATA, chunk=BLOCK), fields="id")
        assert request.next_chunk()[1]["id"] in google.files.by_id
        assert clients.sheets(google.root, account).open_by_key(sheet_id).sheet1.get_all_values() == [["1"]]


def test_a_stand_in_listens_at_127_0_0_1_alone(stand_in):
    host, port = stand_in._server.server_address
    assert host == "127.0.0.1"
    with pytest.raises(OSError), socket.create_connection(("127.0.0.2", port), timeout=1):
        pass


def test_when_it_ends_its_connections_end():
    with StandIn() as google:
        session = requests.Session()
        session.get(google.root, timeout=5)
    with pytest.raises(requests.ConnectionError):
        session.get(google.root, timeout=5)


def test_a_stand_in_of_another_process_is_controlled_in_the_same_words():
    root = Path(__file__).parents[2]
    environment = os.environ | {"PYTHONPATH": str(root)}
    command = [sys.executable, "-m", "tests.google.stand_in"]
    process = subprocess.Popen(command, cwd=root, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        google = Remote(json.loads(process.stdout.readline())["root"])
        account = google.service_account()
        file_id = google.files.put("a", DATA, shared_with=[account])
        drive = clients.drive(google.root, account, "drive.readonly")
        google.faults.add("alt=media", status(503))
        assert refusal(lambda: read(drive, file_id))[0] == 503
        assert read(drive, file_id) == DATA == google.files.content(file_id)
        google.set(is_network_down=True)
        with pytest.raises((OSError, http.client.HTTPException)):
            read(drive, file_id)
        assert ("POST", "/token") in google.requests
        assert DATA in google.every_byte()
        with pytest.raises(ValueError, match="There is no files/_above to control"):
            google.files._above()
        assert requests.post(f"{google.root}/_control/expire_tokens", timeout=5).status_code == 403
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
