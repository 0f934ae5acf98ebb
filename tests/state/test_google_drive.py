"""The state in the owner's Drive: the chain of reserved ids, and what lists, names and properties can't do to it."""

from __future__ import annotations

import hashlib
import json
import random
import time
from pathlib import Path

import pytest

from pdp.errors import StateConflictError, StateError
from pdp.state import commit
from pdp.state.backends import Backend, Tip, open_backend
from pdp.state.backends.google_drive import GoogleDrive
from tests.google.stand_in import StandIn, status
from tests.state.commits import Writer
from tests.state.places import Place


def made(drive: Place, writer: Writer, commits: int = 0) -> tuple[Backend, Tip, StandIn]:
    backend = drive.open()
    backend.create(b"keyring", writer.genesis)
    drive.address = backend.address
    tip = backend.read_tip()
    for number in range(commits):
        tip = backend.append_commit(tip, writer.after(tip, f"op {number}"))
    assert drive.google is not None
    return backend, tip, drive.google


def plant(backend: Backend, google: StandIn, data: bytes, properties: dict[str, str], id: str = "") -> str:
    """A file that the app itself seems to have made, as one with a leaked token could."""
    assert isinstance(backend, GoogleDrive)
    id = id or backend.reserve()
    backend._drive.create(id, "commit-999999", [], "application/octet-stream", data, properties)
    return id


def test_a_long_chain_is_entered_near_its_end(drive: Place) -> None:
    _, tip, google = made(drive, writer := Writer(), 60)
    before = len(google.requests)
    assert drive.open().read_tip(proof=writer.read) == tip
    assert len(google.requests) - before < 30
    before = len(google.requests)
    assert drive.open().read_tip() == tip  # without keys no hint is believed
    assert len(google.requests) - before > 120
    before = len(google.requests)
    assert drive.open().read_tip(known=tip.id) == tip
    assert len(google.requests) - before < 6


def test_a_planted_commit_with_a_high_number_misleads_nobody(drive: Place) -> None:
    backend, tip, google = made(drive, writer := Writer(), 12)
    genesis = drive.address.partition(":")[2]
    id = backend.reserve()  # type: ignore[attr-defined]
    header = commit.Header(genesis, 999_999, id, tip.id, "f" * 64, "1" + "n" * 31)
    forged = commit.write(
        Writer().keys, header, op_id="forged", made_at="", runner="", code_version="", tree=None, totals={}
    )
    properties = {"pdp_state": genesis, "pdp_kind": "commit", "pdp_seq": "999999"}
    plant(backend, google, forged, properties, id)
    assert drive.open().hint() == id  # type: ignore[attr-defined]
    assert drive.open().read_tip(proof=writer.read) == tip
    plant(backend, google, b"no commit at all", properties | {"pdp_seq": "9999999"})
    assert drive.open().read_tip(proof=writer.read) == tip


def test_a_list_that_lags_and_properties_that_lie_change_nothing(drive: Place) -> None:
    backend, tip, google = made(drive, writer := Writer())
    google.list_lag(1000)
    for number in range(12):
        tip = backend.append_commit(tip, writer.after(tip, f"op {number}"))
    assert drive.open().read_tip(proof=writer.read) == tip
    for id in google.files.ids():
        google.files.by_id[id].app_properties.pop("pdp_seq", None)
    google.list_lag(0)
    assert drive.open().read_tip(proof=writer.read) == tip


@pytest.mark.parametrize("number", [0, 3, 6])
def test_a_commit_in_the_trash_is_noticed_with_its_cure(drive: Place, number: int) -> None:
    _, _, google = made(drive, writer := Writer(), 6)
    google.files.trash(google.files.ids(f"commit-{number:06}")[0])
    with pytest.raises(StateError, match=r'a commit of the state is in the trash\. .*choose "Restore" \(within 30 d'):
        drive.open().read_tip()
    google.files.restore(google.files.ids(f"commit-{number:06}")[0])
    assert writer.ops(drive.open())[0] == "op 5"


def test_a_commit_that_is_gone_for_good_is_never_the_end(drive: Place) -> None:
    _, tip, google = made(drive, writer := Writer(), 3)
    known = commit.read_header(tip.data).parent
    second = commit.read_header(drive.open().read_commit(known).data).parent
    google.files.delete(known)
    for start in (None, second):
        with pytest.raises(StateError, match=r'file "commit-000002": commit 2 of the state is missing: .*number 3'):
            drive.open().read_tip(start, writer.read)


def test_a_list_that_fails_ends_no_walk(drive: Place) -> None:
    _, tip, google = made(drive, writer := Writer(), 9)
    google.faults.add(r"GET /drive/v3/files\?", status(403), times=2)
    assert drive.open().read_tip(None, writer.read) == tip
    assert google.faults.left() < 2


def test_a_blob_in_the_trash_is_noticed_with_its_cure(drive: Place, tmp_path: Path) -> None:
    backend, _, _ = made(drive, Writer())
    (tmp_path / "source").write_bytes(b"sealed")
    blob = backend.put_blob(tmp_path / "source")
    assert [(each.id, each.size, each.created is not None) for each in backend.stored_blobs()] == [(blob.id, 6, True)]
    backend.trash(blob.id)
    assert (backend.is_trashed(blob.id), backend.has_blob(blob), list(backend.stored_blobs())) == (True, False, [])
    with pytest.raises(StateError, match=r"a part of the state is in the trash\. Open Google Drive"):
        backend.get_blob(blob, tmp_path / "target")
    assert not (tmp_path / "target").exists()
    backend.restore(blob.id)
    backend.get_blob(blob, tmp_path / "target")


def test_commits_and_keyring_are_never_put_into_the_trash(drive: Place) -> None:
    backend, tip, google = made(drive, Writer(), 1)
    for id in (tip.id, drive.address.partition(":")[2], google.files.ids("keyring")[0]):
        with pytest.raises(StateError, match="only blobs of this state are put into the trash"):
            backend.trash(id)
    assert backend.read_tip() == tip


def test_a_large_blob_survives_faults_in_the_middle_and_is_fast(drive: Place, tmp_path: Path) -> None:
    backend, _, google = made(drive, Writer())
    data = random.Random(6).randbytes(12_000_000)
    (tmp_path / "source").write_bytes(data)
    google.faults.add(r"PUT /upload/", status(503), skip=1)
    google.faults.add(r"PUT /upload/", status(500), skip=2)
    began = time.monotonic()
    blob = backend.put_blob(tmp_path / "source")
    assert time.monotonic() - began < 5
    assert google.faults.left() == 0
    assert blob.sha256 == hashlib.sha256(data).hexdigest()
    backend.get_blob(blob, tmp_path / "target")
    assert (tmp_path / "target").read_bytes() == data


def test_a_service_account_is_told_what_can_keep_the_state(
    drive: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert drive.google is not None
    (tmp_path / "account.json").write_text(json.dumps(drive.google.service_account()))
    monkeypatch.setenv("PDP_STATE_GOOGLE_CREDENTIALS", str(tmp_path / "account.json"))
    with pytest.raises(StateError, match=r"service account has no storage.*OAuth sign-in.*shared drive.*fixed form"):
        drive.open().create(b"keyring", Writer().genesis)


def test_a_commit_that_other_credentials_stored_unseen_is_told(
    drive: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another OAuth client of the same owner: its files are invisible to ours, the id is taken all the same."""
    backend, tip, google = made(drive, writer := Writer())
    next_id = commit.read_header(tip.data).next
    plant(backend, google, b"something", {}, next_id)
    google.files.by_id[next_id].apps = type(google.files.by_id[next_id].apps)({"another app"})
    with pytest.raises(StateError, match=r"can't be read from here.*same account and the same app's credentials"):
        backend.append_commit(tip, writer.after(tip, "op"))


def test_bytes_at_the_reserved_id_that_are_no_commit_stop_everything(drive: Place) -> None:
    backend, tip, google = made(drive, writer := Writer())
    plant(backend, google, b"something", {}, commit.read_header(tip.data).next)
    with pytest.raises(StateConflictError):
        backend.append_commit(tip, writer.after(tip, "op"))
    with pytest.raises(StateError, match="does not start with its header"):
        drive.open().read_tip()


def test_the_address_of_another_state_is_refused(drive: Place, tmp_path: Path) -> None:
    backend, tip, google = made(drive, writer := Writer(), 1)
    for wrong in (tip.id, google.files.ids("keyring")[0]):
        with pytest.raises(StateError, match=r"commit of another state|does not start with its header"):
            open_backend(f"google_drive:{wrong}").read_tip()
    with pytest.raises(StateError, match=r"first commit is not there\. Is it another folder, account or state"):
        open_backend("google_drive:1" + "x" * 32).read_tip()
    with pytest.raises(StateError, match=r"PDP_STATE does not say which state .*Write google_drive:<id>"):
        open_backend("google_drive:").read_tip()
    assert writer.ops(backend) == ["op 0"]


def test_no_name_and_no_property_tells_what_is_inside(drive: Place, tmp_path: Path) -> None:
    backend, _, google = made(drive, Writer())
    (tmp_path / "blood-pressure.parquet.age").write_bytes(b"sealed")
    backend.put_blob(tmp_path / "blood-pressure.parquet.age")
    assert not any(b"blood" in each or b"parquet" in each for each in google.every_byte())


def test_a_content_that_is_withheld_is_not_taken_for_a_commit_that_is_not_there(drive: Place) -> None:
    _, tip, google = made(drive, writer := Writer(), 3)
    google.faults.add(r"GET .*alt=media", status(404), times=1, skip=2)
    assert drive.open().read_tip(None, writer.read) == tip
    assert google.faults.left() == 0
    google.faults.add(r"GET .*alt=media", status(404), times=-1)
    with pytest.raises(StateError, match=r"knows a commit of the state, but does not give its content\. Try again"):
        drive.open().read_tip(None, writer.read)


def test_where_drive_has_no_sha256_its_md5_does_and_a_blob_is_measured(drive: Place, tmp_path: Path) -> None:
    backend, tip, google = made(drive, writer := Writer(), 1)
    (tmp_path / "source").write_bytes(b"sealed")
    blob = backend.put_blob(tmp_path / "source")
    for id in google.files.ids():
        google.files.by_id[id].told.pop("sha256Checksum", None)
    assert drive.open().read_tip(None, writer.read) == tip
    assert backend.read_keyring() == b"keyring"
    assert backend.has_blob(blob)
    google.files.damage(blob.id, b"SEALED")
    assert not backend.has_blob(blob)
    for id in google.files.ids():
        google.files.by_id[id].told.pop("md5Checksum", None)
    assert not backend.has_blob(blob)
    with pytest.raises(StateError, match="a commit of the state is no plain file"):
        drive.open().read_tip(None, writer.read)
