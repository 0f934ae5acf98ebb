"""The stand-in's Drive, with googleapiclient: who sees what, who may do what, how Google says no.

What it has in common with Google beyond doubt is in tests/google/live.
"""

from __future__ import annotations

import io
import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from googleapiclient.errors import HttpError
from googleapiclient.http import MediaIoBaseUpload
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.google.stand_in import DOCUMENT, FOLDER, SHORTCUT, clients
from tests.google.stand_in.clients import refusal


@pytest.fixture
def account(stand_in):
    return stand_in.service_account()


@pytest.fixture
def reader(stand_in, account):
    """A service account's Drive, read-only."""
    return clients.drive(stand_in.root, account, "drive.readonly")


@pytest.fixture
def app(stand_in):
    """The owner's Drive through the app, drive.file."""
    return clients.drive(stand_in.root, stand_in.owner())


def upload(data, mime="application/octet-stream"):
    return MediaIoBaseUpload(io.BytesIO(data), mime)


def listed(drive, q="trashed = false", **more):
    return clients.names(drive.files().list(q=q, **more).execute()["files"])


def test_a_file_is_seen_by_those_it_is_shared_with(stand_in, account, reader):
    mine = stand_in.files.put("shared", b"1", shared_with=[account])
    other = stand_in.files.put("private", b"2")
    assert listed(reader) == ["shared"]
    assert refusal(lambda: reader.files().get(fileId=other).execute())[:2] == (404, "notFound")
    stand_in.files.unshare(mine, account)
    assert refusal(lambda: reader.files().get_media(fileId=mine).execute())[:2] == (404, "notFound")


def test_a_shared_folder_shows_all_that_is_in_it(stand_in, account, reader):
    folder = stand_in.files.folder("exports", shared_with=[account])
    inner = stand_in.files.folder("2026", parent=folder)
    stand_in.files.put("a.zip", b"1", parent=inner)
    assert listed(reader, f"'{inner}' in parents") == ["a.zip"]
    stand_in.files.unshare(folder, account)
    assert refusal(lambda: listed(reader, f"'{inner}' in parents")) == (404, "notFound", "File not found: .")


def test_an_app_sees_only_what_it_made(stand_in, app):
    by_hand = stand_in.files.put("by hand", b"1")
    app.files().create(body={"name": "by the app"}).execute()
    other = clients.drive(stand_in.root, stand_in.owner(app="another"))
    assert listed(app) == ["by the app"]
    assert listed(other) == []
    assert refusal(lambda: app.files().get(fileId=by_hand).execute())[:2] == (404, "notFound")


def test_properties_of_one_app_are_hidden_from_another(stand_in, app):
    body = {"name": "a", "appProperties": {"pdp": "1"}, "properties": {"open": "2"}}
    file_id = app.files().create(body=body).execute()["id"]
    wide = clients.drive(stand_in.root, stand_in.owner(app="another", scopes=["drive"]), "drive")
    fields = "appProperties,properties"
    assert app.files().get(fileId=file_id, fields=fields).execute()["appProperties"] == {"pdp": "1"}
    assert wide.files().get(fileId=file_id, fields=fields).execute() == {"properties": {"open": "2"}}
    assert listed(wide, "appProperties has { key='pdp' and value='1' }") == []


def test_a_property_longer_than_google_takes_is_refused(app):
    body = {"name": "a", "appProperties": {"key": "v" * 122}}
    assert refusal(lambda: app.files().create(body=body).execute())[0] == 400


def test_a_token_for_reading_does_not_write(stand_in, account, reader):
    file_id = stand_in.files.put("a", b"1", shared_with=[account])
    assert refusal(lambda: reader.files().update(fileId=file_id, body={"name": "b"}).execute())[:2] == (
        403,
        "insufficientPermissions",
    )


def test_a_service_account_may_change_what_it_was_given_to_write_but_create_nothing(stand_in, account):
    drive = clients.drive(stand_in.root, account, "drive")
    file_id = stand_in.files.put("head", b"1", shared_with=[account])
    change = drive.files().update(fileId=file_id, media_body=upload(b"2"))
    assert refusal(change.execute)[:2] == (403, "insufficientFilePermissions")
    stand_in.files.share(file_id, account, "writer")
    drive.files().update(fileId=file_id, media_body=upload(b"3")).execute()
    assert stand_in.files.content(file_id) == b"3"
    for body in ({"name": "a"}, {"name": "a", "mimeType": FOLDER}):
        create = drive.files().create(body=body)
        assert refusal(create.execute)[:2] == (403, "storageQuotaExceeded")
    stand_in.no_quota_for_service_accounts = False
    assert drive.files().create(body={"name": "a"}).execute()["name"] == "a"


def test_a_full_drive_takes_no_more(stand_in, app):
    stand_in.is_quota_full = True
    create = app.files().create(body={"name": "a"}, media_body=upload(b"1"))
    assert refusal(create.execute)[:2] == (403, "storageQuotaExceeded")


def test_a_shared_drive_shows_itself_only_to_those_who_ask_for_it(stand_in, account, reader):
    shared = stand_in.files.shared_drive("lab", {account["client_email"]: "writer"})
    file_id = stand_in.files.put("a", b"1", parent=shared)
    assert refusal(lambda: reader.files().get(fileId=file_id).execute())[:2] == (404, "notFound")
    assert reader.files().get(fileId=file_id, fields="driveId", supportsAllDrives=True).execute() == {"driveId": shared}
    assert listed(reader) == []
    assert listed(reader, supportsAllDrives=True, includeItemsFromAllDrives=True) == ["a"]
    writer = clients.drive(stand_in.root, account, "drive")
    body = {"name": "b", "parents": [shared]}
    assert writer.files().create(body=body, supportsAllDrives=True).execute()["name"] == "b"


def test_a_shortcut_names_its_target_and_has_no_bytes(stand_in, account, reader):
    target = stand_in.files.put("a.csv", b"1", mime="text/csv", shared_with=[account])
    shortcut = stand_in.files.shortcut(target, "to a", shared_with=[account])
    file = reader.files().get(fileId=shortcut, fields="mimeType,shortcutDetails,size").execute()
    assert file == {"mimeType": SHORTCUT, "shortcutDetails": {"targetId": target, "targetMimeType": "text/csv"}}
    assert refusal(reader.files().get_media(fileId=shortcut).execute)[:2] == (403, "fileNotDownloadable")


def test_a_folder_in_the_trash_takes_what_is_in_it_along(stand_in, account, reader):
    folder = stand_in.files.folder("old", shared_with=[account])
    file_id = stand_in.files.put("a", b"1", parent=folder)
    stand_in.files.trash(folder)
    got = reader.files().get(fileId=file_id, fields="trashed,explicitlyTrashed").execute()
    assert got == {"trashed": True, "explicitlyTrashed": False}
    assert listed(reader) == []
    assert listed(reader, "trashed = true") == ["a", "old"]


@pytest.mark.parametrize(
    ("mime", "refused"),
    [(DOCUMENT, (403, "insufficientFilePermissions")), (SHORTCUT, (400, "invalid")), (FOLDER, None)],
)
def test_a_reserved_id_is_for_files_and_folders_alone(app, mime, refused):
    file_id = app.files().generateIds(count=1).execute()["ids"][0]
    create = app.files().create(body={"id": file_id, "name": "a", "mimeType": mime})
    if refused is None:
        assert create.execute()["id"] == file_id
    else:
        assert refusal(create.execute)[:2] == refused


def test_of_many_that_want_one_id_one_gets_it(stand_in, app):
    file_id = app.files().generateIds(count=1).execute()["ids"][0]
    owner, together = stand_in.owner(), threading.Barrier(8)

    def create(number):
        drive = clients.drive(stand_in.root, owner)
        together.wait()
        body = {"id": file_id, "name": str(number)}
        try:
            return drive.files().create(body=body, media_body=upload(b"%d" % number)).execute()["name"]
        except HttpError as refused:
            return refused.resp.status

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(create, range(8)))
    (winner,) = [answer for answer in answers if answer != 409]
    assert stand_in.files.content(file_id) == winner.encode()


def test_a_damaged_file_keeps_the_checksum_of_what_it_was(stand_in, account, reader):
    file_id = stand_in.files.put("a", b"good", shared_with=[account])
    before = reader.files().get(fileId=file_id, fields="sha256Checksum").execute()
    stand_in.files.damage(file_id, b"baad")
    assert reader.files().get(fileId=file_id, fields="sha256Checksum").execute() == before
    assert reader.files().get_media(fileId=file_id).execute() == b"baad"


@pytest.mark.parametrize(("api", "path"), [("drive", "/drive/v3/files"), ("sheets", "/v4/spreadsheets/x")])
def test_an_api_that_is_not_enabled_says_where_to_enable_it(stand_in, reader, api, path):
    stand_in.disable_api(api)
    response, body = reader._http.request(stand_in.root + path)
    error = json.loads(body)["error"]
    assert response.status == 403
    assert f"console.developers.google.com/apis/api/{api}.googleapis.com" in error["message"]
    assert error["details"][0]["reason"] == "SERVICE_DISABLED"
    assert (error.get("errors") or [{"reason": None}])[0]["reason"] == (
        "accessNotConfigured" if api == "drive" else None
    )


def test_a_search_too_long_for_an_address_is_found_as_well(stand_in, account, reader):
    stand_in.files.put("last", b"1", shared_with=[account])
    q = " or ".join([f"name = '{number:0100}'" for number in range(40)] + ["name = 'last'"])
    assert listed(reader, q) == ["last"]


def test_about_must_be_told_what_to_say(app):
    status, reason, message = refusal(lambda: app.about().get().execute())
    assert (status, reason) == (400, "required")
    assert message == "The 'fields' parameter is required for this method."


def test_more_than_five_megabytes_go_up_in_chunks_only(app):
    create = app.files().create(body={"name": "a"}, media_body=upload(bytes(5 * 2**20 + 1)))
    with pytest.raises(HttpError) as refused:
        create.execute()
    assert refused.value.resp.status == 413


def test_a_new_file_is_missing_from_as_many_lists_as_lag(stand_in, account, reader):
    stand_in.list_lag(2)
    file_id = stand_in.files.put("new", b"1", shared_with=[account])
    assert [listed(reader) for _ in range(3)] == [[], [], ["new"]]
    assert reader.files().get(fileId=file_id).execute()["name"] == "new"


def test_every_byte_that_ever_came_can_be_searched(stand_in, app):
    file_id = app.files().create(body={"name": "first name"}, media_body=upload(b"canary one")).execute()["id"]
    app.files().update(fileId=file_id, media_body=upload(b"canary two")).execute()
    app.files().delete(fileId=file_id).execute()
    everything = b"\n".join(stand_in.every_byte())
    assert all(word in everything for word in (b"canary one", b"canary two", b"first name"))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=60) | st.sampled_from([b"\r", b"\n", b"\r\n", b"\n--", b"\r\n\r\n", b"a\r"]))
def test_bytes_come_back_as_they_went_up_whatever_they_are(app, data):
    file_id = app.files().create(body={"name": "a"}, media_body=upload(data)).execute()["id"]
    assert app.files().get_media(fileId=file_id).execute() == data


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12))
def test_any_name_can_be_searched_for(stand_in, app, name):
    file_id = app.files().create(body={"name": name}).execute()["id"]
    quoted = name.replace("\\", "\\\\").replace("'", "\\'")
    found = app.files().list(q=f"(name = '{quoted}' and not trashed = true) or name = 'no'").execute()["files"]
    assert file_id in [file["id"] for file in found]
    assert {file["name"] for file in found} <= {name, "no"}
