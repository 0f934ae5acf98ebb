"""Garbage: what no recent commit needs goes to the trash, and what one needs never does."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import ANY

import pytest

from pdp.errors import StateError
from pdp.state import garbage, log, verify
from tests.state.machines import Machine, State

LATER = datetime.now(UTC) + timedelta(days=15)


@pytest.fixture
def one(tmp_path: Path, state: State) -> Machine:
    machine = Machine(tmp_path / "one", state, hour=6)
    machine.arrive(b"date,systolic\n2025-03-29,131\n")
    machine.compute()
    machine.push()
    return machine


def orphan(one: Machine) -> str:
    """A blob that a push stored and never committed."""
    place = one.root / "orphan"
    place.write_bytes(b"sealed")
    return one.state.open().put_blob(place).id


def test_what_nobody_needs_is_only_told_unless_one_says_yes(one: Machine, state: State) -> None:
    orphan(one)

    found = garbage.collect(one.root, state.open(), state.keys, now=LATER)

    assert (found.blobs, found.bytes, found.is_done) == (1, 6, False)
    assert len(list(state.open().stored_blobs())) > 1
    assert garbage.collect(one.root, state.open(), state.keys, now=LATER).blobs == 1


def test_it_goes_to_the_trash_and_everything_needed_stays(one: Machine, state: State) -> None:
    id = orphan(one)

    garbage.collect(one.root, state.open(), state.keys, now=LATER, is_real=True)

    assert state.open().is_trashed(id)
    assert verify.verify(one.root, state.open(), state.keys).findings == ()
    two = Machine(one.root.parent / "two", state)
    two.pull()
    assert two.holds() == one.holds()


def test_what_is_young_is_spared(one: Machine, state: State) -> None:
    orphan(one)

    soon = datetime.now(UTC) + timedelta(days=13)

    assert garbage.collect(one.root, state.open(), state.keys, now=soon, is_real=True).blobs == 0


def test_what_an_earlier_commit_needs_stays(one: Machine, state: State) -> None:
    one.compute(rows=20)
    one.push()

    assert garbage.collect(one.root, state.open(), state.keys, now=LATER).blobs == 0


def test_a_push_that_finishes_meanwhile_gets_its_blobs_back(one: Machine, state: State) -> None:
    """S13. A blob of a push that was cut short is old, is collected, and is needed by a commit just then."""
    one.arrive(b"second\n", document="second.csv")
    one.compute()
    with pytest.raises(KeyboardInterrupt):
        one.push(step=interrupt_at("committing"))
    other = Machine(one.root.parent / "collector", state)
    other.pull()

    def finish(_: str) -> None:
        if state.remote().commit.seq == 1:
            one.push()

    found = garbage.collect(other.root, state.open(), state.keys, now=LATER, is_real=True, step=finish)

    assert found.blobs > found.restored > 0 or found.blobs == found.restored > 0
    assert state.remote().commit.seq == 2
    assert verify.verify(one.root, state.open(), state.keys).findings == ()


def interrupt_at(name: str):
    def step(at: str) -> None:
        if at == name:
            raise KeyboardInterrupt

    return step


def test_a_push_after_an_interrupted_one_stores_nothing_twice(one: Machine, state: State) -> None:
    one.arrive(b"second\n", document="second.csv")
    one.compute()
    with pytest.raises(KeyboardInterrupt):
        one.push(step=interrupt_at("committing"))
    before = {blob.id for blob in state.open().stored_blobs()}

    pushed = one.push()

    assert pushed.is_new
    assert pushed.bytes == 0
    assert {blob.id for blob in state.open().stored_blobs()} == before
    assert not (one.root / "resources/state/uploads.json").exists()


def test_verify_names_what_is_missing_or_altered(one: Machine, state: State) -> None:
    remote = state.remote()
    raw = next(file for path, file in remote.tree.of("raw").items())
    (state.folder / "blobs" / remote.tree.blobs[raw.blob].id).unlink()

    for is_quick in (False, True):
        verdict = verify.verify(one.root, state.open(), state.keys, is_quick=is_quick)
        assert [path for path, _ in verdict.findings] == [raw.path]
    assert not (one.root / "resources/state/work").exists()


def spoiled(place: Path) -> None:
    """A file with a flipped bit at its end."""
    content = place.read_bytes()
    place.chmod(0o600)
    place.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))


def test_verify_reads_every_commit_and_the_keyring_also_where_they_were_seen_before(one: Machine, state: State) -> None:
    for number in range(5):
        one.arrive(b"%d\n" % number, document=f"{number}.csv")
        one.compute()
        one.push()
    places = {}
    at = state.remote().commit
    while at.parent:
        places[at.seq] = state.folder / "commits" / at.id / "document"
        at = state.writer.read(state.open().read_commit(at.parent).data)
    whole = verify.verify(one.root, state.open(), state.keys)
    assert (whole.findings, whole.commits, sorted(places)) == ((), 7, [1, 2, 3, 4, 5, 6])

    spoiled(places[5])
    shutil.rmtree(places[2].parent)
    state.open().replace_keyring(state.writer.keyring, b"{}")
    found = verify.verify(one.root, state.open(), state.keys)

    assert dict(found.findings) == {
        "the keyring": ANY,
        "commit 2": f"{places[2]}: a commit that must be there is not there.",
        "commits 3 to 4": "can't be reached: none that is whole leads there.",
        "commit 5": f"{places[5]}: is not the one that commit 6 was made upon: it was damaged or replaced.",
    }
    assert found.commits == 3
    assert verify.verify(one.root, state.open(), state.keys, is_quick=True).findings == ()


def test_history_tells_what_changed_by_counts(one: Machine, state: State) -> None:
    one.arrive(b"second\n", document="second.csv")
    one.compute(rows=30)
    one.push()

    lines = log.history(one.root, state.open(), state.keys, 10)

    assert [line.seq for line in lines] == [2, 1, 0]
    assert lines[0].changes["raw"] == 1
    assert lines[0].changes["rows"] == 20
    assert lines[1].changes["raw"] == 1
    assert [line.seq for line in log.history(one.root, state.open(), state.keys, 1)] == [2]


def test_a_rewritten_commit_in_the_history_is_noticed(one: Machine, state: State) -> None:
    one.arrive(b"second\n", document="second.csv")
    one.compute()
    one.push()
    spoiled(state.folder / "genesis" / "commit")

    with pytest.raises(StateError):
        log.history(one.root, state.open(), state.keys, 10)
