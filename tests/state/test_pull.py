"""Pull: what others pushed comes whole or not at all, and nothing that is only here is lost."""

from __future__ import annotations

import os
import resource
import shutil
import sqlite3
import time
from multiprocessing import get_context
from pathlib import Path

import pytest

from pdp.errors import PdpError, StateError
from pdp.lineage import database, verify
from pdp.raw_store import RawStore
from pdp.state import commit, memory
from pdp.state import pull as pulling
from pdp.state import tree as trees
from pdp.state.commit import TreeBlob
from pdp.state.tree import File, Tree
from tests.state.machines import SUBJECT, Machine, State, dying_at, without_times
from tests.state.test_folder import mounted


@pytest.fixture
def one(tmp_path: Path, state: State) -> Machine:
    """A machine that has pushed."""
    machine = Machine(tmp_path / "one", state, hour=6)
    machine.arrive(b"date,systolic\n2025-03-29,131\n")
    machine.compute()
    machine.push()
    return machine


@pytest.fixture
def two(tmp_path: Path, state: State) -> Machine:
    """An empty clone."""
    return Machine(tmp_path / "two", state, hour=8)


def times(machine: Machine) -> dict[str, int]:
    """Times of all tables, keys and records of the engine."""
    places = [
        p for stage in ("results/merged", "results/keys", ".snakemake") for p in (machine.root / stage).rglob("*")
    ]
    return {p.relative_to(machine.root).as_posix(): p.stat().st_mtime_ns for p in places if p.suffix != ".lock"}


def damage_free(machine: Machine) -> list[str]:
    """What the registry says of the bytes here."""
    with database.reading(machine.root / "results") as session:
        return [f"{f.kind} {f.path}" for f in verify.verify(session, machine.root / "results").findings]


def test_an_empty_clone_holds_all_afterwards_and_says_that_all_is_as_it_was(one: Machine, two: Machine) -> None:
    pulled = two.pull()

    assert pulled.is_changed
    assert pulled.new_raw == 1
    assert pulled.waiting == 0
    assert two.holds() == one.holds()
    assert damage_free(two) == damage_free(one)


def test_times_are_those_of_the_machine_that_computed(one: Machine, two: Machine) -> None:
    two.pull()

    files = {path: at for path, at in times(one).items() if (one.root / path).is_file() and "pdp/" not in path}

    assert {path: times(two)[path] for path in files} == files


def test_times_ahead_of_this_clock_go_back_together(one: Machine, two: Machine) -> None:
    older, newer = (
        one.root / "results/keys/validate.json",
        one.root / f"results/merged/{SUBJECT}/blood_pressure.parquet",
    )
    ahead = time.time_ns() + 3600 * 10**9
    os.utime(older, ns=(ahead, ahead))
    os.utime(newer, ns=(ahead + 5, ahead + 5))
    one.receive()
    one._end("run-again", "COMPLETE")
    one.push()
    state = one.state.remote().tree.files
    two.pull()

    here = {
        path: (two.root / path).stat().st_mtime_ns for path in state if path.startswith(("results/keys", "results/m"))
    }

    assert max(here.values()) <= time.time_ns()
    assert sorted(here, key=lambda path: here[path]) == sorted(here, key=lambda path: state[path].mtime_ns)


def test_raw_exports_can_not_be_written_to(one: Machine, two: Machine) -> None:
    two.pull()

    modes = {
        path.stat().st_mode & 0o777 for path in two.root.glob(f"resources/raw/{SUBJECT}/*") if len(path.name) == 16
    }

    assert modes == {0o440}


def test_a_second_pull_fetches_and_changes_nothing(one: Machine, two: Machine) -> None:
    two.pull()
    before, steps = times(two), []

    pulled = pulling.pull(two.root, two.state.open(steps.append), two.state.keys, step=steps.append)

    assert not pulled.is_changed
    assert times(two) == before
    assert not any(step.startswith(("fetched", "moved", "marked")) for step in steps)


def test_unpushed_work_is_kept_and_united(one: Machine, two: Machine) -> None:
    two.pull()
    mine = two.arrive(b"two\n2\n", document="two.csv")
    two.compute()
    theirs = one.arrive(b"one\n1\n", document="one.csv")
    one.compute()
    one.push()
    ids = set(two.job_ids())

    pulled = two.pull()

    assert pulled.our_receipts == 2
    assert pulled.waiting == 1
    assert two.raw() == {*one.raw(), mine}
    assert {theirs, mine} <= two.raw()
    assert set(two.job_ids()) == ids | set(one.job_ids())
    assert {document["id"] for document in two.manifest()["documents"]} == {"log.csv", "one.csv", "two.csv"}
    tables = {path: digest for path, digest in two.holds().items() if trees.kind_of(path) == "derived"}
    assert tables == {path: file.sha256 for path, file in one.state.remote().tree.of("derived").items()}


def test_work_on_top_of_what_was_pulled_stays_when_nothing_new_came(one: Machine, two: Machine) -> None:
    two.pull()
    two.arrive(b"two\n2\n", document="two.csv")
    two.compute(rows=11)
    before = two.holds()

    assert not two.pull().is_changed
    assert two.holds() == before


def test_deleted_results_come_back(one: Machine, two: Machine) -> None:
    two.pull()
    shutil.rmtree(two.root / "results")

    assert two.pull().is_changed
    assert two.holds() == one.holds()


def pull_and_die(machine: Machine, point: int) -> None:
    """A pull in a process of its own that is gone at its n-th step."""
    step = dying_at(point)
    pulling.pull(machine.root, machine.state.open(step), machine.state.keys, step=step)


def test_a_pull_killed_anywhere_is_finished_by_the_next(one: Machine, two: Machine, tmp_path: Path) -> None:
    two.arrive(b"two\n2\n", document="two.csv")
    two.compute()
    points, ends, is_over = 0, [], False
    while not is_over:
        place = tmp_path / f"kill-{points}"
        shutil.copytree(two.root, place)
        machine = Machine(place, two.state)
        process = get_context("fork").Process(target=pull_and_die, args=(machine, 2 * points))
        process.start()
        process.join()
        assert process.exitcode in (0, 9)
        machine.pull()
        assert not (place / "resources/state/installing.json").exists()
        assert not (place / "resources/state/work").exists()
        end = without_times(machine.holds())
        ends += [end] if end not in ends else []
        assert len(machine.job_ids()) == len(set(machine.job_ids())) == 2
        points, is_over = points + 1, process.exitcode == 0

    assert points >= 10
    assert len(ends) == 1


def test_every_byte_is_on_the_disk_before_it_gets_its_name(
    one: Machine, two: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    two.arrive(b"date,systolic\n2025-03-30,132\n", document="other.csv")
    two.receive()
    two.compute()
    synced: set[tuple[int, int]] = set()
    real = os.fsync

    def noted(descriptor: int) -> None:
        real(descriptor)
        status = os.fstat(descriptor)
        synced.add((status.st_ino, status.st_size))

    def check(step: str) -> None:
        if step == "marked":
            monkeypatch.setattr(os, "fsync", real)

    monkeypatch.setattr(os, "fsync", noted)
    before = {path: (two.root / path).stat().st_ino for path in two.holds()}
    two.pull(check)

    moved = {p: (two.root / p).stat() for p in two.holds() if before.get(p) != (two.root / p).stat().st_ino}
    assert {trees.kind_of(path) for path in moved} == {"raw", "source", "receipts", "derived", "glance"}
    remade = "results/pipeline_state.json"  # written by its own commit after the files are placed
    assert [path for path, it in moved.items() if (it.st_ino, it.st_size) not in synced] == [remade]


def test_a_push_is_refused_while_a_pull_is_unfinished(one: Machine, two: Machine) -> None:
    process = get_context("fork").Process(target=pull_and_die, args=(two, 22))
    process.start()
    process.join()
    assert (two.root / "resources/state/installing.json").exists()

    with pytest.raises(StateError, match=r"a pull or a push was cut short in this folder\. Finish it: pdp state pull"):
        two.push()


def stored_blobs(state: State) -> list[Path]:
    return sorted((state.folder / "blobs").iterdir())


def test_a_flipped_bit_in_any_blob_leaves_this_folder_as_it_was(one: Machine, two: Machine, state: State) -> None:
    two.arrive(b"two\n2\n", document="two.csv")
    before = two.holds()
    for blob in stored_blobs(state):
        content = blob.read_bytes()
        middle = len(content) // 2
        blob.chmod(0o600)
        blob.write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])
        with pytest.raises(StateError, match=r"other bytes than were stored"):
            two.pull()
        assert two.holds() == before
        assert not (two.root / "resources/state/installing.json").exists()
        blob.write_bytes(content)
        (two.root / "resources/state/tree.age").unlink(missing_ok=True)  # else the list of files is not fetched again
    assert two.pull().is_changed


def test_a_missing_tip_is_an_error_and_nothing_is_begun_anew(one: Machine, two: Machine, state: State) -> None:
    """S8."""
    shutil.move(state.folder, state.folder.with_name("away"))

    with pytest.raises(StateError):
        two.pull()
    with pytest.raises(StateError):
        one.push()

    assert not state.folder.exists()


def test_an_older_copy_of_the_state_is_refused(one: Machine, state: State, tmp_path: Path) -> None:
    """S11."""
    shutil.copytree(state.folder, tmp_path / "older")
    one.arrive(b"more\n", document="more.csv")
    one.compute()
    one.push()
    shutil.rmtree(state.folder)
    shutil.copytree(tmp_path / "older", state.folder)
    before = one.holds()

    for command in (one.pull, one.push):
        with pytest.raises(StateError, match=r"not there|rolled back"):
            command()

    assert one.holds() == before


def test_a_forked_history_is_refused(one: Machine, two: Machine, state: State, tmp_path: Path) -> None:
    two.pull()
    shutil.copytree(state.folder, tmp_path / "older")
    one.arrive(b"more\n", document="more.csv")
    one.compute()
    one.push()
    shutil.rmtree(state.folder)
    shutil.copytree(tmp_path / "older", state.folder)
    for number in range(2):
        two.arrive(b"other %d\n" % number, document=f"{number}.csv")
        two.compute()
        two.push()

    with pytest.raises(StateError, match=r"history was rewritten: commit 2 is not the one seen here before"):
        one.pull()


def test_a_machine_that_forgets_can_pin_the_least_number(
    one: Machine, two: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PDP_STATE_LEAST_SEQ", "2")

    with pytest.raises(StateError, match=r"its newest commit is number 1, PDP_STATE_LEAST_SEQ says number 2"):
        two.pull()
    monkeypatch.setenv("PDP_STATE_LEAST_SEQ", "1")
    assert two.pull().is_changed


def test_another_state_is_refused(one: Machine, tmp_path: Path) -> None:
    stranger = State(tmp_path / "stranger", one.state.writer).make()
    one._state = stranger
    before = one.holds()

    with pytest.raises(StateError):
        one.pull()
    with pytest.raises(StateError):
        one.push()

    assert one.holds() == before
    assert stranger.remote().commit.seq == 0


def commit_tree(machine: Machine, document: bytes) -> None:
    """Somebody with the keys commits a list of files that our program would not write."""
    state, backend = machine.state, machine.state.open()
    place = machine.root / "tree.plain"
    place.write_bytes(document)
    sealed = machine.root / "tree.sealed"
    state.keys.seal_file(place, sealed)
    blob = backend.put_blob(sealed)
    tip = backend.read_tip()
    named = TreeBlob(blob.id, blob.size, blob.sha256, state.keys.name_of(document))
    backend.append_commit(tip, state.writer.after(tip, "odd", tree=named))


@pytest.mark.parametrize(
    "path",
    [
        "../outside",
        "/etc/outside",
        "resources/raw/../../outside",
        "results/merged/../../../outside",
        "results/merged/ada/a\\b",
        "results/merged/ada/\0",
        "results/merged//x.parquet",
        "src/pdp/run.py",
        "Snakefile",
        ".snakemake/scripts/x.py",
        "resources/state/memory.json",
        "results/merged/ada/.hidden",
        "results/merged/ada/x.tmp",
    ],
)
def test_a_list_of_files_that_leads_elsewhere_is_refused_before_anything_is_written(
    one: Machine, two: Machine, path: str
) -> None:
    good = one.state.remote().tree
    some = next(iter(good.of("derived").values()))
    bad = Tree({**good.files, path: File(path, some.bytes, some.sha256, some.mtime_ns, some.blob)}, good.blobs)
    commit_tree(one, bad.write())

    with pytest.raises(StateError, match=r"names a file outside the places of a state\. Nothing was written"):
        two.pull()

    assert two.holds() == {}
    assert not (two.root.parent / "outside").exists()


def test_a_list_of_files_of_a_newer_program_is_refused(one: Machine, two: Machine) -> None:
    """S15."""
    commit_tree(one, one.state.remote().tree.write().replace(b'{"pdp_tree":1', b'{"pdp_tree":3', 1))

    with pytest.raises(StateError, match=r"its list of files has format 3, this program knows 2\. Update pdp"):
        two.pull()
    assert two.holds() == {}


def test_a_link_on_the_way_is_not_followed(one: Machine, two: Machine, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (two.root / "results/merged").mkdir(parents=True)
    (two.root / "results/merged" / SUBJECT).symlink_to(outside)

    with pytest.raises(StateError, match="is a link, which a pull does not follow"):
        two.pull()

    assert list(outside.iterdir()) == []
    assert two.raw() == set()


def test_a_large_export_passes_in_bounded_memory(one: Machine, two: Machine) -> None:
    def travel() -> None:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        one.push()
        two.pull()
        grown_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        os._exit(0 if grown_kb < 120_000 else 7)

    block = os.urandom(1 << 20)
    (one.root / "in").mkdir()
    with (one.root / "in/large").open("wb") as large:
        for _ in range(200):
            large.write(block)
    with (one.root / "in/large").open("rb") as stream:
        RawStore(one.root / "resources/raw" / SUBJECT).keep(stream)
    process = get_context("fork").Process(target=travel)
    process.start()
    process.join()

    assert process.exitcode == 0
    assert two.raw() == one.raw()


def test_the_memory_of_a_folder_says_where_it_stands(one: Machine, two: Machine) -> None:
    two.pull()

    known = memory.recall(two.root)

    assert known is not None
    assert known.seq == 1
    assert known.synced == known.commit
    assert known.address == f"folder:{two.state.folder}"
    assert known.genesis == commit.read_header(two.state.open().read_tip().data).state


def test_what_a_reader_of_the_old_registry_left_is_not_read_into_the_new_one(one: Machine, two: Machine) -> None:
    two.pull()
    reader = sqlite3.connect(two.root / "results/lineage.sqlite")
    reader.execute("PRAGMA wal_autocheckpoint=0")
    for number in range(50):
        reader.execute("INSERT INTO archive (name, bytes) VALUES (?, 1)", (f"{number}-{'x' * 200}",))
    reader.commit()
    one.arrive(b"more\n", document="more.csv")
    one.compute()
    one.push()

    two.pull()

    assert damage_free(two) == damage_free(one)
    fresh = sqlite3.connect(two.root / "results/lineage.sqlite")
    assert fresh.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert fresh.execute("SELECT count(*) FROM archive").fetchone() == (1,)
    fresh.close()
    reader.close()


def test_a_disk_that_is_full_here_is_told_as_such(one: Machine, tmp_path: Path) -> None:
    content = os.urandom(700_000)
    export = one.arrive(content, document="large.csv")
    for subject in ("bob", "eve"):  # one blob, brought once and copied
        one.write(f"resources/raw/{subject}/{export}", content)
    one.compute()
    one.push()
    place = tmp_path / "small"
    place.mkdir()
    for size in ("500k", "1200k", "1800k"):  # too little for what is sealed; for it and what it holds; for the copies
        with mounted(place, f"size={size}"), pytest.raises(PdpError, match=rf"{place}/.*: the disk is full\."):
            Machine(place, one.state).pull()
