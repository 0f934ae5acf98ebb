"""The state in a folder: what only folders can suffer."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from pdp.errors import ConfigError, StateConflictError, StateError
from pdp.state import commit
from pdp.state.backends import Backend, Blob, Tip, open_backend
from tests.state.commits import Writer

WRITER = Writer()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with a new state."""
    root = tmp_path / "state"
    opened(root).create(b"keyring", WRITER.genesis)
    return root


def opened(root: Path) -> Backend:
    return open_backend(f"folder:{root}")


def appended(root: Path, op_id: str) -> Tip:
    backend = opened(root)
    tip = backend.read_tip()
    return backend.append_commit(tip, WRITER.after(tip, op_id))


@contextmanager
def mounted(folder: Path, options: str) -> Iterator[None]:
    """A small file system of its own at `folder`."""
    if subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], capture_output=True).returncode:
        pytest.skip("mounting a tmpfs needs root, and a machine that allows it")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_nobody_else_may_read_what_is_stored(root: Path, tmp_path: Path) -> None:
    appended(root, "op")
    (tmp_path / "blob").write_bytes(b"sealed")
    opened(root).put_blob(tmp_path / "blob")
    for path in [root, *root.rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path
    assert list((root / "incoming").iterdir()) == []


def test_one_of_many_threads_takes_the_next_place(root: Path) -> None:
    tip = opened(root).read_tip()

    def attempt(number: int) -> str:
        try:
            opened(root).append_commit(tip, WRITER.after(tip, f"op {number}"))
        except StateConflictError:
            return "conflict"
        return f"op {number}"

    with ThreadPoolExecutor(8) as threads:
        outcomes = list(threads.map(attempt, range(16)))
    (winner,) = [outcome for outcome in outcomes if outcome != "conflict"]
    assert WRITER.ops(opened(root)) == [winner]
    assert list((root / "incoming").iterdir()) == []


def test_a_rename_that_was_done_and_denied_is_success(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A network folder's answer gets lost, the client asks again, and is told that the source is not there."""
    rename = Path.rename

    def denied(self: Path, target: Path) -> Path:
        rename(self, target)
        raise OSError(errno.ENOENT, os.strerror(errno.ENOENT))

    monkeypatch.setattr(Path, "rename", denied)
    appended(root, "op")
    assert WRITER.ops(opened(root)) == ["op"]


def test_a_rename_that_failed_is_told(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failed(self: Path, target: Path) -> Path:
        raise OSError(errno.EIO, os.strerror(errno.EIO), str(target))

    monkeypatch.setattr(Path, "rename", failed)
    with pytest.raises(StateError, match=r"the disk does not answer\. Is it plugged in"):
        appended(root, "op")
    monkeypatch.undo()
    assert WRITER.ops(opened(root)) == []


def test_hard_links_are_not_needed(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", refused)
    appended(root, "op")
    assert WRITER.ops(opened(root)) == ["op"]


def test_an_unplugged_disk_is_told_and_not_made_anew(tmp_path: Path) -> None:
    place = tmp_path / "media" / "stick" / "state"
    with pytest.raises(StateError, match=r"media/stick/state: this folder is not there\. .*Is the disk plugged in"):
        opened(place).read_tip()
    with pytest.raises(StateError, match=r"is not there any more\. Is the disk plugged in"):
        opened(place).create(b"keyring", WRITER.genesis)
    assert not (tmp_path / "media").exists()


def test_a_folder_without_a_state_is_no_empty_state(tmp_path: Path) -> None:
    with pytest.raises(StateError, match=r"there is no state in this folder\. .*It is not taken for empty"):
        opened(tmp_path).read_tip()
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_told_and_the_tip_is_as_it_was(tmp_path: Path) -> None:
    folder = tmp_path / "disk"
    folder.mkdir()
    (tmp_path / "blob").write_bytes(os.urandom(3_000_000))
    with mounted(folder, "size=1m"):
        opened(folder / "state").create(b"keyring", WRITER.genesis)
        tip = opened(folder / "state").read_tip()
        with pytest.raises(StateError, match=r"the disk is full\. Free some space and try again"):
            opened(folder / "state").put_blob(tmp_path / "blob")
        assert opened(folder / "state").read_tip() == tip
        assert list(opened(folder / "state").stored_blobs()) == []


def test_a_read_only_disk_can_be_read_and_tells_that_it_can_not_be_written(tmp_path: Path) -> None:
    folder = tmp_path / "disk"
    folder.mkdir()
    with mounted(folder, "size=1m"):
        opened(folder / "state").create(b"keyring", WRITER.genesis)
        subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
        assert WRITER.read(opened(folder / "state").read_tip().data).seq == 0
        with pytest.raises(StateError, match=r"is on a read-only file system\. Mount it writable"):
            appended(folder / "state", "op")


def test_what_a_killed_writer_left_is_swept_when_it_is_old(root: Path) -> None:
    for name, age_days in (("old", 8), ("young", 6)):
        (root / "incoming" / name).mkdir()
        (root / "incoming" / name / "document").write_bytes(b"half")
        then = time.time() - age_days * 24 * 3600
        os.utime(root / "incoming" / name, (then, then))
    appended(root, "op")
    assert [path.name for path in (root / "incoming").iterdir()] == ["young"]


def test_a_commit_that_a_mirror_has_brought_by_half_is_waited_for(root: Path) -> None:
    tip = opened(root).read_tip()
    (root / "commits").mkdir()
    (root / "commits" / commit.read_header(tip.data).next).mkdir()
    for act in (lambda: opened(root).read_tip(), lambda: appended(root, "op")):
        with pytest.raises(StateError, match=r"is there, but not its content\. If a program mirrors this folder, wait"):
            act()


def test_a_replaced_keyring_is_gone_from_the_folder(root: Path) -> None:
    opened(root).replace_keyring(b"keyring", b"with a new password")
    opened(root).replace_keyring(b"with a new password", b"with a newer password")
    stored = [path.read_bytes() for path in root.rglob("*") if path.is_file()]
    assert stored.count(b"with a newer password") == 1
    assert b"keyring" not in stored
    assert b"with a new password" not in stored
    assert opened(root).read_keyring() == b"with a newer password"


def test_of_two_that_replace_the_keyring_at_once_one_is_told(root: Path) -> None:
    def attempt(number: int) -> int | None:
        try:
            opened(root).replace_keyring(b"keyring", b"%d" % number)
        except StateConflictError:
            return None
        return number

    with ThreadPoolExecutor(8) as threads:
        (winner,) = [number for number in threads.map(attempt, range(8)) if number is not None]
    assert opened(root).read_keyring() == b"%d" % winner


def test_a_blob_with_a_flipped_bit_is_refused(root: Path, tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(os.urandom(5000))
    blob = opened(root).put_blob(tmp_path / "source")
    stored = root / "blobs" / blob.id
    data = bytearray(stored.read_bytes())
    data[4000] ^= 4
    stored.write_bytes(data)
    with pytest.raises(StateError, match="came back with other bytes than were stored"):
        opened(root).get_blob(blob, tmp_path / "target")
    assert not (tmp_path / "target").exists()
    assert list(tmp_path.glob("*.tmp")) == []
    opened(root).put_blob(tmp_path / "source")  # and putting it again mends it
    opened(root).get_blob(blob, tmp_path / "target")


def test_a_blob_goes_into_the_trash_and_comes_back(root: Path, tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(b"sealed")
    backend = opened(root)
    blob = backend.put_blob(tmp_path / "source")
    (root / "blobs" / ".DS_Store").write_bytes(b"a desktop's")
    (root / "blobs" / f"{blob.id} (conflicted copy)").write_bytes(b"a mirror's")
    assert [(each.id, each.size) for each in backend.stored_blobs()] == [(blob.id, 6)]
    backend.trash(blob.id)
    backend.trash(blob.id)
    assert (backend.is_trashed(blob.id), backend.has_blob(blob), list(backend.stored_blobs())) == (True, False, [])
    with pytest.raises(StateError, match=r"is in the trash\. Move it back from .*trash"):
        backend.get_blob(blob, tmp_path / "target")
    backend.restore(blob.id)
    backend.restore(blob.id)
    assert (backend.is_trashed(blob.id), backend.has_blob(blob)) == (False, True)


@pytest.mark.parametrize("id", ["../genesis/commit", "/etc/passwd", "", "A" * 64])
def test_a_blob_is_never_a_path(root: Path, tmp_path: Path, id: str) -> None:
    for act in (
        lambda: opened(root).get_blob(Blob(id, 5, "f" * 64), tmp_path / "target"),
        lambda: opened(root).trash(id),
        lambda: opened(root).restore(id),
    ):
        with pytest.raises(StateError, match="has a name that can't be"):
            act()
    assert opened(root).read_tip()


def test_a_commit_of_another_state_in_its_place_is_refused(root: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    opened(other).create(b"keyring", Writer().genesis)
    next_id = commit.read_header(opened(root).read_tip().data).next
    (root / "commits" / next_id).mkdir(parents=True)
    (root / "commits" / next_id / "document").write_bytes((other / "genesis" / "commit").read_bytes())
    with pytest.raises(StateError, match="chain of commits is broken after number 0"):
        opened(root).read_tip()


def test_a_commit_that_is_missing_in_between_is_never_the_end(root: Path) -> None:
    first, second, third = (appended(root, f"op {number}") for number in range(3))
    genesis = commit.read_header(first.data).parent
    shutil.rmtree(root / "commits" / second.id)
    (root / "commits" / f"{third.id} (conflicted copy)").mkdir()
    for known in (None, genesis, first.id):
        with pytest.raises(StateError, match=rf"{second.id}/document: commit 2 of the state is missing: .*number 3 is"):
            opened(root).read_tip(known, WRITER.read)
    assert opened(root).read_tip(third.id, WRITER.read) == third


def test_what_only_looks_like_a_later_commit_misleads_nobody(root: Path) -> None:
    tip = appended(root, "op")
    header = commit.read_header(tip.data)
    places = [root / "commits" / (letter * 32) for letter in "abc"]
    later = replace(header, seq=9, id=places[0].name, parent=tip.id)
    for place, data in zip(places, (Writer()._write(later, "forged", [], None), b"no commit", b""), strict=True):
        place.mkdir()
        (place / "document").write_bytes(data)
    assert opened(root).read_tip(None, WRITER.read) == tip


def test_a_commit_that_comes_while_the_end_is_looked_at_is_the_end(root: Path) -> None:
    appended(root, "op 0")
    (root / "commits" / ("d" * 32)).mkdir()  # so that the others are looked at
    backend, come = opened(root), []
    beyond = backend.beyond  # type: ignore[attr-defined]
    backend.beyond = lambda seq: come.append(appended(root, "op 1")) or beyond(seq)  # type: ignore[attr-defined]
    assert backend.read_tip(None, WRITER.read) == come[0]


def test_a_file_planted_in_the_next_place_is_named_with_its_cure(root: Path) -> None:
    place = root / "commits" / commit.read_header(appended(root, "op").data).next
    place.mkdir()
    (place / "document").write_bytes(b"planted")
    with pytest.raises(
        StateError, match=rf"{place}/document: what lies in the place of commit 2 .*move this file away"
    ):
        opened(root).read_tip()


def test_a_full_disk_here_is_not_told_of_the_folder_of_the_state(root: Path, tmp_path: Path) -> None:
    (tmp_path / "blob").write_bytes(os.urandom(3_000_000))
    blob = opened(root).put_blob(tmp_path / "blob")
    (tmp_path / "here").mkdir()
    with (
        mounted(tmp_path / "here", "size=1m"),
        pytest.raises(StateError, match=rf"^{tmp_path}/here/target.*: the disk is full\."),
    ):
        opened(root).get_blob(blob, tmp_path / "here" / "target")


def test_no_folder_given_is_told() -> None:
    with pytest.raises(ConfigError, match=r"PDP_STATE: the folder is missing\. Write folder:/path"):
        open_backend("folder:")
