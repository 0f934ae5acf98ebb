"""What the program relies on in Google's behaviour, asserted of the stand-in and, with --live, of Google."""

from __future__ import annotations

import hashlib
import io
from typing import Any

import gspread
import pytest
from googleapiclient.errors import HttpError
from googleapiclient.http import MediaIoBaseDownload, MediaIoBaseUpload

from tests.google.live.conftest import Side
from tests.google.stand_in import SPREADSHEET, clients
from tests.google.stand_in.clients import refusal

MIME = "application/octet-stream"
BLOCK = 262_144


def upload(data: bytes, *, chunk: int = -1) -> MediaIoBaseUpload:
    return MediaIoBaseUpload(io.BytesIO(data), MIME, chunksize=chunk, resumable=chunk > 0)


def made(side: Side, data: bytes, name: str = "a file", fields: str = "id", **body: Any) -> dict[str, Any]:
    whole = {"name": name, "parents": [side.folder]} | body
    return side.drive.files().create(body=whole, media_body=upload(data), fields=fields).execute()


def test_a_files_size_and_checksums_are_told(side: Side) -> None:
    data = b"one\r\n--two\n\0three"
    file = made(side, data, fields="size,md5Checksum,sha1Checksum,sha256Checksum,headRevisionId,version,trashed")
    assert file["size"] == str(len(data))
    assert file["md5Checksum"] == hashlib.md5(data).hexdigest()
    assert file["sha1Checksum"] == hashlib.sha1(data).hexdigest()
    assert file["sha256Checksum"] == hashlib.sha256(data).hexdigest()
    assert file["headRevisionId"]
    assert int(file["version"]) >= 1
    assert file["trashed"] is False


def test_without_fields_a_file_tells_kind_id_name_and_type_alone(side: Side) -> None:
    file = made(side, b"x")
    got = side.drive.files().get(fileId=file["id"]).execute()
    assert set(got) == {"kind", "id", "name", "mimeType"}


def test_an_unknown_field_is_refused(side: Side) -> None:
    status, reason, message = refusal(lambda: side.drive.files().get(fileId=side.folder, fields="nope").execute())
    assert (status, reason) == (400, "invalidParameter")
    assert message == "Invalid field selection nope"


def test_a_reserved_id_is_taken_once(side: Side) -> None:
    file_id = side.drive.files().generateIds(count=1, type="files").execute()["ids"][0]
    assert made(side, b"first", id=file_id)["id"] == file_id
    status, reason, message = refusal(lambda: made(side, b"second", id=file_id))
    assert (status, reason) == (409, "fileIdInUse")
    assert message == "A file already exists with the provided ID."
    assert side.drive.files().get_media(fileId=file_id).execute() == b"first"


def test_an_id_that_was_never_reserved_is_refused(side: Side) -> None:
    assert refusal(lambda: made(side, b"x", id="not-an-id-that-google-made"))[0] == 400


def test_two_files_may_have_one_name(side: Side) -> None:
    ids = {made(side, b"x", name="twin")["id"] for _ in range(2)}
    assert len(ids) == 2


def test_a_range_of_bytes_is_given(side: Side) -> None:
    file_id = made(side, bytes(range(100)))["id"]
    request = side.drive.files().get_media(fileId=file_id)
    response, body = request.http.request(request.uri, headers={"range": "bytes=10-19"})
    assert (response.status, body) == (206, bytes(range(10, 20)))
    assert response["content-range"] == "bytes 10-19/100"
    response, _ = request.http.request(request.uri, headers={"range": "bytes=100-"})
    assert (response.status, response["content-range"]) == (416, "bytes */100")


def test_an_empty_file_is_kept(side: Side) -> None:
    file = made(side, b"", fields="id,size")
    assert file["size"] == "0"
    assert side.drive.files().get_media(fileId=file["id"]).execute() == b""


def test_a_large_file_goes_up_and_comes_down_in_chunks(side: Side) -> None:
    data = bytes(range(256)) * (BLOCK // 100)
    body = {"name": "large", "parents": [side.folder]}
    request = side.drive.files().create(body=body, media_body=upload(data, chunk=BLOCK), fields="id,sha256Checksum")
    file = None
    while file is None:
        _, file = request.next_chunk()
    assert file["sha256Checksum"] == hashlib.sha256(data).hexdigest()
    target = io.BytesIO()
    download = MediaIoBaseDownload(target, side.drive.files().get_media(fileId=file["id"]), chunksize=300_000)
    is_done = False
    while not is_done:
        _, is_done = download.next_chunk()
    assert target.getvalue() == data


def test_an_upload_says_how_many_bytes_came(side: Side) -> None:
    data = b"x" * (BLOCK + 10)
    body = {"name": "resumed", "parents": [side.folder]}
    request = side.drive.files().create(body=body, media_body=upload(data, chunk=BLOCK), fields="id,size")
    _, file = request.next_chunk()
    assert file is None
    http = side.drive._http
    head = {"content-range": f"bytes */{len(data)}", "content-length": "0"}
    response, _ = http.request(request.resumable_uri, "PUT", body=b"", headers=head)
    assert (response.status, response["range"]) == (308, f"bytes=0-{BLOCK - 1}")
    _, file = request.next_chunk()
    assert file["size"] == str(len(data))


def test_a_middle_chunk_of_odd_length_is_refused(side: Side) -> None:
    body = {"name": "odd", "parents": [side.folder]}
    request = side.drive.files().create(body=body, media_body=upload(b"x" * 2000, chunk=1000), fields="id")
    with pytest.raises(HttpError) as refused:
        request.next_chunk()
    assert refused.value.resp.status == 400


def test_the_old_api_refuses_an_update_whose_etag_is_stale(side: Side) -> None:
    file_id = made(side, b"one")["id"]
    etag = side.old_drive.files().get(fileId=file_id).execute()["etag"]

    def update(data: bytes) -> dict[str, Any]:
        request = side.old_drive.files().update(fileId=file_id, media_body=upload(data))
        request.headers["If-Match"] = etag
        return request.execute()

    assert update(b"two")["etag"] != etag
    status, reason, _ = refusal(lambda: update(b"three"))
    assert (status, reason) == (412, "conditionNotMet")
    assert side.drive.files().get_media(fileId=file_id).execute() == b"two"


def test_the_etag_changes_with_the_name_too(side: Side) -> None:
    file_id = made(side, b"one")["id"]
    before = side.old_drive.files().get(fileId=file_id).execute()["etag"]
    side.drive.files().update(fileId=file_id, body={"name": "another"}).execute()
    assert side.old_drive.files().get(fileId=file_id).execute()["etag"] != before


def test_what_is_in_the_trash_is_still_there(side: Side) -> None:
    file_id = made(side, b"rubbish")["id"]
    side.drive.files().update(fileId=file_id, body={"trashed": True}).execute()
    assert side.drive.files().get(fileId=file_id, fields="trashed").execute() == {"trashed": True}
    side.drive.files().update(fileId=file_id, body={"trashed": False}).execute()
    assert side.drive.files().get_media(fileId=file_id).execute() == b"rubbish"


def test_a_deleted_file_is_not_found_and_its_id_not_free(side: Side) -> None:
    file_id = side.drive.files().generateIds(count=1, type="files").execute()["ids"][0]
    made(side, b"x", id=file_id)
    side.drive.files().delete(fileId=file_id).execute()
    status, reason, message = refusal(lambda: side.drive.files().get(fileId=file_id).execute())
    assert (status, reason, message) == (404, "notFound", f"File not found: {file_id}.")


def test_a_list_is_searched_and_paged(side: Side) -> None:
    for number in range(3):
        made(side, b"x", name=f"it's {number}", appProperties={"pdp": "likeness"})
    q = f"'{side.folder}' in parents and trashed = false and appProperties has {{ key='pdp' and value='likeness' }}"
    found, token, pages = [], None, 0
    while pages == 0 or token:
        answer = side.drive.files().list(q=q, pageSize=2, pageToken=token, fields="nextPageToken,files(name)").execute()
        found += answer["files"]
        token, pages = answer.get("nextPageToken"), pages + 1
    assert clients.names(found) == ["it's 0", "it's 1", "it's 2"]
    assert pages == 2
    q = f"'{side.folder}' in parents and name = 'it\\'s 1'"
    assert side.drive.files().list(q=q, fields="files(name)").execute() == {"files": [{"name": "it's 1"}]}


@pytest.mark.parametrize("q", ["nonsense (((", "name ~ 'a'", "name = a", "colour = 'red'", "'a' in children"])
def test_a_search_that_is_no_search_is_refused(side: Side, q: str) -> None:
    status, reason, message = refusal(lambda: side.drive.files().list(q=q).execute())
    assert (status, reason, message) == (400, "invalid", "Invalid Value")


def test_a_google_document_has_no_bytes(side: Side) -> None:
    body = {"name": "a sheet", "parents": [side.folder], "mimeType": SPREADSHEET}
    file_id = side.drive.files().create(body=body).execute()["id"]
    status, reason, _ = refusal(lambda: side.drive.files().get_media(fileId=file_id).execute())
    assert (status, reason) == (403, "fileNotDownloadable")


def test_a_sheets_rows_come_without_their_empty_ends(side: Side) -> None:
    body = {"name": "a sheet", "parents": [side.folder], "mimeType": SPREADSHEET}
    file_id = side.drive.files().create(body=body).execute()["id"]
    book = clients.sheets(side.root, side.owner, "drive.file").open_by_key(file_id)
    title = book.sheet1.title
    book.values_update(
        f"'{title}'!A1:C4",
        params={"valueInputOption": "RAW"},
        body={"values": [["a", 1.5, ""], ["", "", ""], ["", True, "007"], ["", "", ""]]},
    )
    answer = book.values_batch_get(
        [f"'{title}'", f"'{title}'!A2:B3"], params={"valueRenderOption": "UNFORMATTED_VALUE"}
    )
    whole, part = answer["valueRanges"]
    assert whole["values"] == [["a", 1.5], [], ["", True, "007"]]
    assert part["values"] == [[], ["", True]]
    with pytest.raises(gspread.exceptions.APIError, match="Unable to parse range: nowhere"):
        book.values_batch_get(["nowhere"])


def test_a_stranger_does_not_learn_that_a_file_is_there(side: Side) -> None:
    if side.stranger is None:
        pytest.skip("PDP_LIVE_STRANGER is not set")
    file_id = made(side, b"private")["id"]
    stranger = clients.drive(side.root, side.stranger, "drive.readonly")
    status, reason, message = refusal(lambda: stranger.files().get(fileId=file_id).execute())
    assert (status, reason, message) == (404, "notFound", f"File not found: {file_id}.")


def test_a_service_account_cannot_create_a_file(side: Side) -> None:
    if side.stranger is None:
        pytest.skip("PDP_LIVE_STRANGER is not set")
    stranger = clients.drive(side.root, side.stranger, "drive")
    body = {"name": "never"}
    status, reason, message = refusal(lambda: stranger.files().create(body=body, media_body=upload(b"x")).execute())
    assert (status, reason) == (403, "storageQuotaExceeded")
    assert message.startswith("Service Accounts do not have storage quota.")
