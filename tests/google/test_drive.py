"""Drive by Google's own client over real HTTP: every file once, every byte verified, every fault survived or told."""

from __future__ import annotations

import hashlib
import io
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pdp.errors import GoogleError
from pdp.google import content, credentials, downloads, uploads
from pdp.google import drive as google_drive
from pdp.google.drive import Drive
from tests.google.fixtures import Google, told
from tests.google.stand_in import (
    apply_then,
    apply_then_drop,
    call,
    cut_request,
    drop,
    flip,
    shorten,
    status,
    truncate,
)

MIME = "application/octet-stream"
DOWNLOAD = r"GET /drive/v3/files/[^?]*\?.*alt=media"
SMALL_PIECE = 1 << 18  # the smallest that a resumable upload may send


@pytest.fixture(autouse=True)
def no_waiting(waits):
    """Tries follow each other at once."""


@pytest.fixture
def drive(google):
    """As the service account that the sources use."""
    return Drive(credentials.for_sources())


@pytest.fixture
def owned(google, monkeypatch):
    """As the owner, with a sign-in that may make files."""
    monkeypatch.setenv("PDP_STATE_GOOGLE_CREDENTIALS", json.dumps(google.owner()))
    return Drive(credentials.for_state())


@pytest.fixture
def small_pieces(monkeypatch):
    """Files of some hundred kilobytes are large."""
    for module in (content, downloads):
        monkeypatch.setattr(module, "PIECE", SMALL_PIECE)
    monkeypatch.setattr(google_drive, "MULTIPART_BELOW", SMALL_PIECE)


def sha256(data):
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def downloaded(drive, id, data, checksum=None):
    target = io.BytesIO()
    drive.download(id, target, size=len(data), checksum=sha256(data) if checksum is None else checksum)
    return target.getvalue()


def refusal(call, *args, **options):
    with pytest.raises(GoogleError) as caught:
        call(*args, **options)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return caught.value


def pattern(size):
    """Bytes that tell where they belong."""
    return b"".join(index.to_bytes(4, "big") for index in range(size // 4 + 1))[:size]


def asked(google, method, part):
    return [path for verb, path in google.requests if verb == method and part in path]


# -- reading ---------------------------------------------------------------------------------------------------------


def test_who_is_signed_in_is_told(drive, google, owned):
    assert drive.about() == google.reader
    assert owned.about() == "owner@example.com"


def test_every_file_of_a_long_list_comes_once_with_the_fields_asked_for(drive, google):
    folder = google.files.folder("exports", shared_with=[google.account])
    ids = {google.files.put(f"{number}.csv", b"1", parent=folder) for number in range(1, 1203)}
    found = list(drive.files(f"'{folder}' in parents and trashed = false", "id,name,size"))
    assert len(found) == len(ids)
    assert {file["id"] for file in found} == ids
    assert all(set(file) == {"id", "name", "size"} for file in found)
    assert len(asked(google, "GET", "/drive/v3/files?")) == 2


def test_a_file_that_two_pages_both_list_comes_once(drive, google, monkeypatch):
    folder = google.files.folder("exports", shared_with=[google.account])
    for number in range(1001):
        google.files.put(f"{number:04}.csv", b"1", parent=folder)
    pages = google.world.pages
    query = f"'{folder}' in parents"

    def double():
        token = next(iter(pages))
        key, rest = pages[token]
        pages[token] = (key, [*rest, *rest])

    google.faults.add("pageToken", call(double))
    ids = [file["id"] for file in drive.files(query, "id")]
    assert len(ids) == len(set(ids)) == 1001


def test_a_list_that_google_calls_incomplete_is_no_list(monkeypatch):
    class Hasty(BaseHTTPRequestHandler):
        def do_GET(self):
            body = {"incompleteSearch": True, "files": [{"id": "1"}]} if self.command == "GET" else {}
            body |= {"access_token": "t", "expires_in": 3600}
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        do_POST = do_GET

        def log_message(self, *args):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Hasty) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        root = f"http://127.0.0.1:{server.server_port}"
        owner = {"client_id": "a", "client_secret": "b", "refresh_token": "c", "token_uri": f"{root}/token"}
        monkeypatch.setenv("PDP_GOOGLE_ROOT", root)
        monkeypatch.setenv("PDP_GOOGLE_CREDENTIALS", json.dumps({"type": "authorized_user", **owner}))
        error = refusal(list, Drive(credentials.for_sources()).files("trashed = false", "id"))
        server.shutdown()
    assert (error.reason, str(error)) == (
        "unavailable",
        "Google did not search everything this time. Try again later.",
    )


def test_files_of_shared_drives_are_found_and_read(drive, google):
    shared = google.files.shared_drive("lab", {google.reader: "reader"})
    id = google.files.put("a.csv", b"abc", parent=shared)
    assert [file["id"] for file in drive.files("name = 'a.csv'", "id")] == [id]
    assert drive.get(id, "name") == {"name": "a.csv"}
    assert downloaded(drive, id, b"abc") == b"abc"


@pytest.mark.parametrize("size", [0, 1, SMALL_PIECE - 1, SMALL_PIECE, SMALL_PIECE + 1, 3 * SMALL_PIECE])
def test_a_file_of_any_size_arrives_as_it_is(drive, google, small_pieces, size):
    data = pattern(size)
    id = google.files.put("a", data, shared_with=[google.account])
    assert downloaded(drive, id, data) == data
    assert downloaded(drive, id, data, "md5:" + hashlib.md5(data).hexdigest()) == data
    assert downloaded(drive, id, data, "") == data


@pytest.mark.parametrize("fault", [truncate(1000), drop(), status(503), status(429), status(403), status(500)])
def test_a_download_goes_on_where_it_broke_off(drive, google, small_pieces, fault):
    data = pattern(3 * SMALL_PIECE)
    id = google.files.put("a", data, shared_with=[google.account])
    google.faults.add(DOWNLOAD, fault, times=3, skip=1)
    assert downloaded(drive, id, data) == data
    assert google.faults.left() == 0
    assert len(asked(google, "GET", "alt=media")) in (5, 6)  # httplib2 tries a dropped connection again by itself


@pytest.mark.parametrize("fault", [flip(8 * 100 + 3), shorten(1000)])
def test_a_damaged_download_is_refused(drive, google, small_pieces, fault):
    data = pattern(2 * SMALL_PIECE)
    id = google.files.put("a", data, shared_with=[google.account])
    google.faults.add(DOWNLOAD, fault, skip=1)
    error = refusal(downloaded, drive, id, data)
    assert error.reason == "damaged_download"
    assert "the file did not arrive as it should: its" in str(error)
    assert downloaded(drive, id, data) == data


def test_a_file_that_was_changed_meanwhile_is_refused(drive, google, small_pieces):
    data = pattern(2 * SMALL_PIECE)
    id = google.files.put("a", data, shared_with=[google.account])
    google.faults.add(DOWNLOAD, call(lambda: google.files.edit(id, pattern(SMALL_PIECE))), skip=1)
    error = refusal(downloaded, drive, id, data)
    assert error.reason == "damaged_download"
    assert str(error).startswith("the file did not arrive as it should: it is shorter than it was.")
    google.files.edit(id, data[:-1] + b"x")
    assert "its checksum is another" in str(refusal(downloaded, drive, id, data))


def test_a_full_local_disk_is_no_fault_of_googles(drive, google):
    class Full(io.BytesIO):
        def write(self, data):
            raise OSError(28, "No space left on device")

    id = google.files.put("a", b"abc", shared_with=[google.account])
    with pytest.raises(OSError, match="No space left"):
        drive.download(id, Full(), size=3, checksum=sha256(b"abc"))


# -- making files ----------------------------------------------------------------------------------------------------


def test_more_ids_than_one_answer_holds_are_all_different(owned):
    ids = owned.generate_ids(1003)
    assert len(ids) == len(set(ids)) == 1003


@pytest.mark.parametrize("size", [0, 1, SMALL_PIECE - 1, SMALL_PIECE, 2 * SMALL_PIECE, 3 * SMALL_PIECE + 7])
@pytest.mark.parametrize("is_file", [False, True])
def test_what_was_sent_is_there_with_its_name_place_and_properties(
    owned, google, small_pieces, tmp_path, size, is_file
):
    data = pattern(size)
    (tmp_path / "data").write_bytes(data)
    folder = owned.create_folder("PDP")
    (id,) = owned.generate_ids(1)
    stored = owned.create(id, "a", [folder], MIME, tmp_path / "data" if is_file else data, {"pdp": "1"})
    assert (stored["id"], int(stored["size"]), stored["sha256Checksum"]) == (id, size, sha256(data)[7:])
    fields = owned.get(id, "name,parents,mimeType,appProperties")
    assert fields == {"name": "a", "parents": [folder], "mimeType": MIME, "appProperties": {"pdp": "1"}}
    assert downloaded(owned, id, data) == data
    assert bool(asked(google, "POST", "uploadType=resumable")) == (size >= SMALL_PIECE)


@pytest.mark.parametrize("fault", [apply_then(500), apply_then_drop(), status(503), drop()])
@pytest.mark.parametrize("size", [10, 2 * SMALL_PIECE])
def test_a_lost_answer_makes_no_second_file(owned, google, small_pieces, fault, size):
    data = pattern(size)
    (id,) = owned.generate_ids(1)
    google.faults.add(r"(POST|PUT) /upload/", fault, times=2)
    stored = owned.create(id, "a", [], MIME, data, {})
    assert stored["sha256Checksum"] == sha256(data)[7:]
    assert google.faults.left() == 0
    assert [file["id"] for file in owned.files("name = 'a'", "id")] == [id]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=25)
@given(
    faults=st.lists(
        st.tuples(
            st.sampled_from(
                [
                    status(500),
                    status(503),
                    status(429),
                    status(404),
                    apply_then(500),
                    apply_then_drop(),
                    drop(),
                    cut_request(SMALL_PIECE // 2),
                    cut_request(SMALL_PIECE, 503),
                ]
            ),
            st.integers(0, 3),
        ),
        max_size=3,
    )
)
def test_a_large_upload_ends_well_whatever_breaks_off(owned, google, small_pieces, faults):
    data = pattern(3 * SMALL_PIECE + 5)
    (id,) = owned.generate_ids(1)
    google.faults.clear()
    for fault, skip in faults:
        google.faults.add(r"PUT /upload/", fault, skip=skip)
    stored = owned.create(id, "a", [], MIME, data, {})
    assert stored["sha256Checksum"] == sha256(data)[7:]
    assert downloaded(owned, id, data) == data


def test_a_resumed_upload_sends_what_is_missing_and_not_all_again(owned, google, small_pieces):
    data = pattern(4 * SMALL_PIECE)
    (id,) = owned.generate_ids(1)
    google.faults.add(r"PUT /upload/", status(503), times=2, skip=2)
    received = sum(map(len, google.world.received))
    owned.create(id, "a", [], MIME, data, {})
    assert sum(map(len, google.world.received)) - received < 6.5 * SMALL_PIECE  # two pieces came in vain


def test_an_upload_whose_session_ends_again_and_again_is_given_up(owned, google, small_pieces):
    (id,) = owned.generate_ids(1)
    google.faults.add(r"PUT /upload/", status(404), times=-1)
    error = refusal(owned.create, id, "a", [], MIME, pattern(2 * SMALL_PIECE), {})
    assert error.reason == "not_found"
    assert len(asked(google, "POST", "uploadType=resumable")) == uploads._MOST_SESSIONS


def test_another_file_under_the_same_id_is_a_conflict_and_stays(owned, google, small_pieces):
    for data, other in ((b"mine", b"his"), (pattern(2 * SMALL_PIECE), b"his")):
        (id,) = owned.generate_ids(1)
        owned.create(id, "a", [], MIME, other, {})
        error = refusal(owned.create, id, "a", [], MIME, data, {})
        assert (error.reason, str(error)) == ("conflict", "the new file: there is another under its id.")
        assert downloaded(owned, id, other) == other
        assert owned.create(id, "a", [], MIME, other, {})["id"] == id


def test_the_md5_is_proof_where_drive_tells_no_sha256(owned, google):
    (id, second) = owned.generate_ids(2)
    owned.create(id, "a", [], MIME, b"mine", {})
    del google.files.by_id[id].told["sha256Checksum"]
    assert owned.create(id, "a", [], MIME, b"mine", {})["md5Checksum"] == hashlib.md5(b"mine").hexdigest()
    assert refusal(owned.create, id, "a", [], MIME, b"MINE", {}).reason == "conflict"
    assert owned.create(second, "a", [], MIME, b"", {})["id"] == second


def test_bytes_that_arrive_altered_are_told(owned, google):
    (id,) = owned.generate_ids(1)

    def spoil():
        google.files.write(google.files.by_id[id], b"spoilt!")

    google.faults.add(r"POST /upload/", apply_then_drop())
    google.faults.add(r"GET /drive/v3/files/", call(spoil))
    assert refusal(owned.create, id, "a", [], MIME, b"as sent", {}).reason == "conflict"
    assert content.Content(b"as sent", MIME, is_resumable=False).is_same_as({"size": "7"})
    assert not content.Content(b"as sent", MIME, is_resumable=False).is_same_as({"size": "8"})
    assert not content.Content(b"as sent", MIME, is_resumable=False).is_same_as({})


def test_a_folder_whose_answer_was_lost_is_made_once(owned, google):
    google.faults.add(r"POST /drive/v3/files", apply_then(500), times=2)
    id = owned.create_folder("PDP")
    assert [file["id"] for file in owned.files("name = 'PDP'", "id")] == [id]
    assert owned.get(id, "mimeType") == {"mimeType": google_drive.FOLDER}


def test_the_bin_gives_back_what_was_put_in(owned):
    (id,) = owned.generate_ids(1)
    owned.create(id, "a", [], MIME, b"abc", {})
    assert not owned.is_trashed(id)
    owned.trash(id)
    owned.trash(id)
    assert owned.is_trashed(id)
    owned.restore(id)
    assert not owned.is_trashed(id)
    assert downloaded(owned, id, b"abc") == b"abc"


# -- changing a file that nobody else changed ------------------------------------------------------------------------


@pytest.fixture
def head(google, monkeypatch):
    """A file of the owner's that a service account may change; the account's Drive, and the id."""
    monkeypatch.setenv("PDP_STATE_GOOGLE_CREDENTIALS", json.dumps(google.account))
    id = google.files.put("head", b"0")
    google.files.share(id, google.account, "writer")
    return Drive(credentials.for_state()), id


def test_an_update_needs_the_state_that_was_read(head, google):
    drive, id = head
    first = drive.etag(id)
    second = drive.update_if(id, first, b"1")
    assert second == drive.etag(id) != first
    error = refusal(drive.update_if, id, first, b"2")
    assert (error.reason, str(error)) == ("conflict", "the file was changed by somebody else meanwhile.")
    assert google.files.by_id[id].content == b"1"
    drive.update_if(id, second, b"")
    assert google.files.by_id[id].content == b""


@pytest.mark.parametrize("fault", [apply_then(500), apply_then_drop(), status(503), drop()])
def test_a_lost_answer_of_an_update_is_found_out(head, google, fault):
    drive, id = head
    google.faults.add(r"PUT /upload/drive/v2/", fault)
    assert drive.update_if(id, drive.etag(id), b"mine") == drive.etag(id)
    assert google.files.by_id[id].content == b"mine"


def test_an_update_whose_answer_was_lost_and_that_was_overwritten_is_a_conflict(head, google):
    drive, id = head
    google.faults.add(r"PUT /upload/drive/v2/", apply_then(500))
    google.faults.add(r"PUT /upload/drive/v2/", call(lambda: google.files.edit(id, b"his")))
    assert refusal(drive.update_if, id, drive.etag(id), b"mine").reason == "conflict"
    assert google.files.by_id[id].content == b"his"


# -- how it asks -----------------------------------------------------------------------------------------------------


def test_many_threads_share_one_drive(owned):
    ids = owned.generate_ids(24)
    blobs = {id: pattern(20_000) + id.encode() for id in ids}
    gate = threading.Barrier(8)

    def both_ways(part):
        gate.wait(10)
        for id in part:
            owned.create(id, "a", [], MIME, blobs[id], {})
            assert downloaded(owned, id, blobs[id]) == blobs[id]

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(both_ways, [ids[start::8] for start in range(8)]))
    assert len(list(owned.files("name = 'a'", "id"))) == 24


def test_over_tls_everything_goes_to_the_same_place(tmp_path, monkeypatch):
    with Google(tls=True) as google:
        for name, value in told(google, tmp_path).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("PDP_STATE_GOOGLE_CREDENTIALS", json.dumps(google.owner()))
        drive = Drive(credentials.for_state())
        (small, large) = drive.generate_ids(2)
        monkeypatch.setattr(google_drive, "MULTIPART_BELOW", 1000)
        drive.create(small, "small", [], MIME, b"abc", {})
        drive.create(large, "large", [], MIME, pattern(5000), {})
        assert downloaded(drive, large, pattern(5000)) == pattern(5000)
        drive.update_if(small, drive.etag(small), b"xyz")
        assert google.files.by_id[small].content == b"xyz"


def test_a_token_that_ran_out_is_renewed_without_a_word(drive, google):
    drive.about()
    google.expire_tokens()
    assert drive.about() == google.reader


def test_nobody_but_the_drive_and_the_token_endpoint_is_asked(drive, google):
    before = set(threading.enumerate())
    drive.about()
    ours = {thread for thread in set(threading.enumerate()) - before if "process_request" not in thread.name}
    assert not ours, "google-auth looks up a regional access boundary with the token, elsewhere"
    assert [path.partition("?")[0] for _, path in google.requests] == ["/token", "/drive/v3/about"]


def test_no_log_at_any_level_holds_an_id_or_a_token(drive, google, caplog):
    id = google.files.put("a", b"abc", shared_with=[google.account])
    caplog.set_level(0)
    google.faults.add(r"GET", status(503))
    google.faults.add(r"GET", status(403, "userRateLimitExceeded"), skip=1)
    downloaded(drive, id, b"abc")
    refusal(drive.get, "no-such-id", "id")
    google.expire_tokens()
    drive.get(id, "id")
    assert id not in caplog.text
    assert "no-such-id" not in caplog.text
    assert "ya29." not in caplog.text
    assert "googleapiclient" not in {record.name.partition(".")[0] for record in caplog.records}
