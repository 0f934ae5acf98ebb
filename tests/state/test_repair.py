"""push --repair: what the storage lost or damaged comes back from any folder that has the very bytes."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from pdp.state import repair as repairing
from pdp.state import verify
from pdp.state.backends import Backend, Step, no_step
from pdp.state.repair import Repaired
from pdp.state.tree import kind_of
from tests.state.machines import SUBJECT, Machine, State
from tests.state.places import Place


@dataclass
class Placed(State):
    """A state in any back end."""

    place: Place | None = None

    def open(self, step: Step = no_step) -> Backend:
        assert self.place is not None
        return self.place.open(step)

    def make(self) -> Placed:
        assert self.place is not None
        backend = self.open()
        backend.create(self.writer.keyring, self.writer.genesis)
        self.place.address = backend.address
        return self


@pytest.fixture
def state(tmp_path: Path, place: Place) -> Placed:
    return Placed(tmp_path / "state", place=place).make()


@pytest.fixture
def one(tmp_path: Path, state: Placed) -> Machine:
    """A machine that pushed twice: one raw export is an old one."""
    machine = Machine(tmp_path / "one", state, hour=6)
    for content in (b"date,systolic\n2025-03-29,131\n", b"date,systolic\n2025-03-30,132\n"):
        machine.arrive(content)
        machine.compute()
        machine.push()
    return machine


def spoil(state: Placed, id: str, change: Callable[[bytes], bytes]) -> None:
    """Change the bytes of a stored blob (the last of its files) behind everybody's back."""
    place = state.place
    assert place is not None
    if place.google is None:
        file = state.folder / "blobs" / id
        file.chmod(0o600)
        file.write_bytes(change(file.read_bytes()))
    else:
        last = id.split("+")[-1]
        place.google.files.edit(last, change(place.google.files.content(last)))


def flipped(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


def whole(state: Placed, tmp_path: Path) -> bool:
    """Whether a verification that fetches all finds nothing."""
    return not verify.verify(tmp_path / "reader", state.open(), state.keys).findings


def repair(machine: Machine) -> Repaired:
    return repairing.repair(machine.root, machine.state.open(), machine.state.keys)


@pytest.mark.parametrize("kind", ["raw", "receipts", "derived", "registry"])
def test_what_was_damaged_is_stored_again_and_a_fresh_clone_pulls(
    one: Machine, state: Placed, tmp_path: Path, kind: str
) -> None:
    tree = state.remote().tree
    path = min(path for path in tree.files if kind_of(path) == kind)
    spoil(state, tree.blobs[tree.files[path].blob].id, flipped)
    assert not whole(state, tmp_path)
    one.push()
    assert not whole(state, tmp_path)

    done = repair(one)

    assert done.files
    assert done.lost == ()
    assert whole(state, tmp_path)
    assert repair(one).files == 0
    clone = Machine(tmp_path / "clone", state)
    clone.pull()
    assert clone.raw() == one.raw()
    assert clone.job_ids() == one.job_ids()
    assert clone.holds() == one.holds()
    one.arrive(b"more\n", document="more.csv")
    one.compute()
    assert one.push().is_new
    assert whole(state, tmp_path)


def test_a_list_of_files_that_is_gone_is_stored_again_by_who_has_seen_it(
    one: Machine, state: Placed, tmp_path: Path
) -> None:
    listed = state.remote().commit.tree
    assert listed is not None
    spoil(state, listed.id, flipped)
    assert [path for path, _ in verify.verify(one.root, state.open(), state.keys).findings] == ["the list of files"]

    repair(one)

    assert whole(state, tmp_path)
    assert Machine(tmp_path / "clone", state).pull().new_raw == 2


def test_bytes_that_rotted_while_google_tells_their_old_checksum_are_found(tmp_path: Path, drive: Place) -> None:
    state = Placed(tmp_path / "state", place=drive).make()
    one = Machine(tmp_path / "one", state)
    one.arrive(b"date,systolic\n2025-03-29,131\n")
    one.compute()
    one.push()
    id = next(iter(state.remote().tree.blobs.values())).id
    assert drive.google is not None
    drive.google.files.damage(id, flipped(drive.google.files.content(id)))

    assert repair(one).files

    assert whole(state, tmp_path)


def test_what_a_cache_of_this_machine_has_is_not_taken_for_what_the_storage_has(
    one: Machine, state: Placed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PDP_STATE_CACHE", str(tmp_path / "cache"))
    Machine(tmp_path / "clone", state).pull()
    tree = state.remote().tree
    spoil(state, tree.blobs[tree.files[min(tree.of("raw"))].blob].id, flipped)

    assert not whole(state, tmp_path)
    assert repair(one).files
    assert whole(state, tmp_path)


@pytest.fixture
def folder_state(tmp_path: Path) -> Placed:
    return Placed(tmp_path / "state", place=Place("folder", f"folder:{tmp_path / 'state'}")).make()


@pytest.fixture
def owner(tmp_path: Path, folder_state: Placed) -> Machine:
    machine = Machine(tmp_path / "owner", folder_state, hour=6)
    machine.arrive(b"one\n", document="one.csv")
    machine.arrive(b"two\n", document="two.csv")
    machine.compute()
    machine.push()
    return machine


def test_what_is_nowhere_is_named_and_the_rest_repaired(owner: Machine, folder_state: Placed, tmp_path: Path) -> None:
    tree = folder_state.remote().tree
    raw = sorted(path for path in tree.files if kind_of(path) == "raw")
    for path in raw:
        (folder_state.folder / "blobs" / tree.blobs[tree.files[path].blob].id).unlink()
    copy = tmp_path / "copy"
    shutil.copytree(owner.root, copy)
    (owner.root / raw[0]).unlink()

    done = repair(owner)

    assert (done.files, done.lost) == (1, (raw[0],))
    assert "resources/raw" in repairing.advice(done.lost)
    assert raw[0] in folder_state.tree()
    assert repair(Machine(copy, folder_state)).lost == ()  # a machine that stands behind, and has it
    assert whole(folder_state, tmp_path)


def test_a_machine_with_other_work_repairs_without_pushing_it(
    owner: Machine, folder_state: Placed, tmp_path: Path
) -> None:
    before = folder_state.tree()
    tree = folder_state.remote().tree
    path = min(path for path in tree.files if kind_of(path) == "raw")
    (folder_state.folder / "blobs" / tree.blobs[tree.files[path].blob].id).unlink()
    owner.arrive(b"three\n", document="three.csv")
    owner.compute(rows=11)

    repair(owner)

    assert folder_state.tree() == before
    pushed = owner.push()
    assert pushed.has_tables
    assert not pushed.is_united
    assert whole(folder_state, tmp_path)


def test_what_lies_in_the_trash_is_taken_out(owner: Machine, folder_state: Placed, tmp_path: Path) -> None:
    tree = folder_state.remote().tree
    for sealed in tree.blobs.values():
        folder_state.open().trash(sealed.id)
    shutil.rmtree(owner.root / "resources/raw" / SUBJECT)

    done = repair(owner)

    assert (done.restored, done.files, done.lost) == (len(tree.blobs), 0, ())
    assert folder_state.remote().commit.seq == done.seq == 1
    assert whole(folder_state, tmp_path)
