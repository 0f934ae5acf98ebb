"""Push: what is here is there afterwards, whoever else pushes and whenever it is cut short."""

from __future__ import annotations

import json
import os
import shutil
from multiprocessing import get_context
from pathlib import Path

import pytest

from pdp import store
from pdp.errors import StateConflictError, StateError
from pdp.state import push as pushing
from pdp.state import room, verify
from tests.state.machines import SUBJECT, Machine, State, dying_at, without_times, work_and_push


@pytest.fixture
def one(tmp_path: Path, state: State) -> Machine:
    machine = Machine(tmp_path / "one", state, hour=6)
    machine.arrive(b"date,systolic\n2025-03-29,131\n")
    machine.compute()
    return machine


def other(tmp_path: Path, state: State, *, hour: int = 8) -> Machine:
    return Machine(tmp_path / f"other-{hour}", state, hour=hour)


def test_everything_that_travels_is_in_the_commit_and_nothing_else(one: Machine, state: State) -> None:
    one.write("results/benchmarks/merge/ada/blood_pressure.tsv", b"s\n1\n")
    one.write(f"results/merged/{SUBJECT}/blood_pressure.parquet.0f.tmp", b"staged")
    one.write("logs/merge.log", b"log")

    pushed = one.push()

    held = state.tree()
    assert pushed.seq == 1
    assert pushed.is_new
    assert pushed.has_tables
    assert {path: digest for path, digest in held.items() if path != "results/lineage.sqlite"} == one.holds()
    assert "results/lineage.sqlite" in held
    assert not any(path.endswith((".tmp", ".tsv", ".log")) for path in held)


def test_a_push_with_nothing_new_reads_the_tip_and_stores_nothing(one: Machine, state: State) -> None:
    one.push()
    before, steps = state.every_byte(), []

    pushed = pushing.push(one.root, state.open(steps.append), state.keys)

    assert not pushed.is_new
    assert state.every_byte() == before
    assert not any("writing" in step or "taking" in step or "blob" in step for step in steps)


def test_files_are_hashed_once_and_then_known_by_their_times(one: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    one.push()
    hashed = []
    real = store.sha256
    monkeypatch.setattr(store, "sha256", lambda path: hashed.append(path) or real(path))

    one.push()

    assert not [path for path in hashed if "resources/raw" in str(path) or "results/merged" in str(path)]


def test_hundreds_of_small_tables_are_few_blobs(one: Machine, state: State) -> None:
    for number in range(600):
        one.write(f"results/validated/{SUBJECT}/cuff/{number % 4:016x}/m{number}.parquet", b"table %d" % number)
    one.push()

    remote = state.remote()

    assert len(remote.tree.files) > 600
    assert len(remote.tree.blobs) < 15


def test_only_what_changed_is_stored_again(one: Machine, state: State) -> None:
    one.push()
    before = set(state.remote().tree.blobs)
    export = one.arrive(b"date,systolic\n2025-03-30,132\n", document="second.csv")
    one.compute()
    one.push()

    tree = state.remote().tree
    reused = {path for path, file in tree.files.items() if file.blob in before}

    assert tree.files[f"resources/raw/{SUBJECT}/{export}"].blob not in before
    assert any(path.startswith("resources/raw") for path in reused)
    assert any(path.startswith("results/normalized") for path in reused)


def test_after_a_failed_run_raw_and_receipts_travel_and_the_last_good_tables_stay(one: Machine, state: State) -> None:
    one.push()
    good = {path: digest for path, digest in state.tree().items() if path.startswith("results/merged")}
    export = one.arrive(b"date,systolic\n2025-03-30,132\n", document="second.csv")
    one.compute(rows=77, status="FAIL")
    one.write(f"results/merged/{SUBJECT}/blood_pressure.parquet", b"half made")

    pushed = one.push()

    held = state.tree()
    assert pushed.is_new
    assert not pushed.has_tables
    assert pushed.has_failed
    assert f"resources/raw/{SUBJECT}/{export}" in held
    assert {path: digest for path, digest in held.items() if path.startswith("results/merged")} == good
    assert f"results/normalized/{SUBJECT}/cuff/{export}/blood_pressure.parquet" not in held
    assert held["results/receipts/2026-11.jsonl"] == one.holds()["results/receipts/2026-11.jsonl"]


def test_a_run_whose_tables_gave_way_to_another_machines_is_not_told_as_failed(
    one: Machine, state: State, tmp_path: Path
) -> None:
    one.push()
    second = other(tmp_path, state)
    second.pull()
    one.compute()
    one.push()
    second.compute()  # ends well, too
    second.pull()

    pushed = second.push()

    assert pushed.is_new, "its receipts are news"
    assert not pushed.has_tables
    assert not pushed.has_failed


def test_two_machines_that_push_different_exports_both_keep_them(one: Machine, state: State, tmp_path: Path) -> None:
    second = other(tmp_path, state)
    one.push()
    second.pull()
    mine = one.arrive(b"one\n1\n", document="one.csv")
    one.compute()
    one.push()
    theirs = second.arrive(b"two\n2\n", document="two.csv")
    second.compute()

    pushed = second.push()

    assert pushed.brought_raw == 1
    assert pushed.is_united
    assert second.raw() >= {mine, theirs}
    names = {document["id"] for document in second.manifest()["documents"]}
    assert names == {"log.csv", "one.csv", "two.csv"}
    third = other(tmp_path, state, hour=9)
    third.pull()
    assert third.raw() == second.raw()
    assert sorted(third.job_ids()) == sorted({*one.job_ids(), *second.job_ids()})
    assert len(third.job_ids()) == 3
    second.pull()
    assert without_times(third.holds()) == without_times(second.holds())


def test_a_push_says_that_a_run_is_due_when_tables_do_not_know_all_exports(
    one: Machine, state: State, tmp_path: Path
) -> None:
    second = other(tmp_path, state)
    one.push()
    second.arrive(b"two\n2\n", document="two.csv")
    second.compute()

    assert second.push().waiting == 1


def test_numbers_of_receipts_are_unique_after_a_union_and_theirs_stay(
    one: Machine, state: State, tmp_path: Path
) -> None:
    second = other(tmp_path, state)
    second.arrive(b"two\n2\n", document="two.csv")
    second.compute()
    one.push()
    before = one.receipts()

    second.push()

    united = second.receipts()
    assert united[: len(before)] == before
    assert [(each["kind"], each["seq"]) for each in united] == [("job", 1), ("run", 2), ("job", 3), ("run", 4)]


def test_three_machines_at_once_lose_nothing(state: State, tmp_path: Path) -> None:
    machines = [Machine(tmp_path / f"m{number}", state, hour=6 + number) for number in range(3)]
    processes = [get_context("fork").Process(target=work_and_push, args=(machine, 3)) for machine in machines]
    for process in processes:
        process.start()
    for process in processes:
        process.join()

    assert [process.exitcode for process in processes] == [0, 0, 0]
    held = other(tmp_path, state, hour=20)
    held.pull()
    assert len(held.raw()) == 9
    assert len(held.manifest()["documents"]) == 9
    assert len(held.job_ids()) == len(set(held.job_ids())) == 9
    assert state.remote().commit.seq == 9


def test_who_loses_every_race_leaves_the_state_alone_and_keeps_its_work_aside(
    one: Machine, state: State, tmp_path: Path
) -> None:
    rival = other(tmp_path, state)

    def overtaken(step: str) -> None:
        if step == "committing":
            rival.arrive(os.urandom(8), document=f"{os.urandom(4).hex()}.csv")
            rival.compute()
            rival.push()

    with pytest.raises(StateConflictError, match=r"other machines were faster 5 times.*conflict-.*Push again"):
        one.push(step=overtaken)

    assert state.remote().commit.seq == 5
    assert state.remote().commit.runner
    (kept,) = one.root.glob("resources/state/conflict-*")
    assert list(kept.glob(f"resources/raw/{SUBJECT}/*"))
    assert one.push().is_new


def test_one_name_with_other_bytes_is_refused_and_both_sides_stay(one: Machine, state: State, tmp_path: Path) -> None:
    one.push()
    second = other(tmp_path, state)
    export = next(iter(one.raw()))
    second.write(f"resources/raw/{SUBJECT}/{export}", b"damaged")
    second.arrive(b"two\n2\n", document="two.csv")
    second.compute()
    before = state.every_byte()

    with pytest.raises(StateError, match=r"one name and different bytes.*delete it and repeat the command"):
        second.push()

    assert state.every_byte() == before
    (kept,) = second.root.glob("resources/state/conflict-*")
    assert (kept / f"resources/raw/{SUBJECT}/{export}").read_bytes() == b"damaged"


def test_a_raw_export_that_was_damaged_here_is_refused_and_the_state_stays_as_it_was(
    one: Machine, state: State
) -> None:
    one.push()
    export = one.arrive(b"two\n2\n", document="two.csv")
    one.compute()
    place = one.root / f"resources/raw/{SUBJECT}/{export}"
    place.chmod(0o640)
    place.write_bytes(b"two\n3\n")
    before = state.every_byte()

    with pytest.raises(
        StateError, match=rf"{export}: this raw export does not have the bytes .*Delete it .*push again"
    ):
        one.push()

    assert state.every_byte() == before
    place.write_bytes(b"two\n2\n")
    assert one.push().is_new
    assert other(state.folder.parent, state).pull().new_raw == 2


def test_a_list_of_files_that_no_machine_would_read_is_never_committed(
    one: Machine, state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pushing.soundness, "refuse_damaged_raw", lambda *_: None)
    one.write(f"resources/raw/{SUBJECT}/{'0' * 16}", b"other bytes")

    with pytest.raises(StateError, match="holds a raw export whose name is not that of its content"):
        one.push()

    assert state.remote().commit.seq == 0


def test_a_table_that_was_damaged_after_its_job_is_refused(one: Machine, state: State) -> None:
    one.push()
    one.arrive(b"two\n2\n", document="two.csv")
    one.compute(rows=11)
    path = f"results/merged/{SUBJECT}/blood_pressure.parquet"
    place = one.root / path
    whole, stat = place.read_bytes(), place.stat()
    place.write_bytes(whole[:40] + bytes([whole[40] ^ 1]) + whole[41:])
    os.utime(place, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    before = state.every_byte()

    with pytest.raises(
        StateError, match=rf"{path}: this table does not have the bytes that its job wrote: .*pdp verify"
    ):
        one.push()

    assert state.every_byte() == before
    place.write_bytes(whole)
    assert one.push().has_tables


def test_a_folder_that_lost_most_of_its_tables_pushes_only_when_told(one: Machine, state: State) -> None:
    one.push()
    before = state.every_byte()
    one.compute(rows=2)

    with pytest.raises(StateError, match=r"10 rows in merged tables, this folder 2.*pull --tables.*--allow-shrink"):
        one.push()

    assert state.every_byte() == before
    assert one.push(allow_shrink=True).is_new


def test_tables_that_shrank_come_back_when_they_are_asked_for(one: Machine, state: State) -> None:
    one.push()
    good = state.tree()
    own = one.arrive(b"two\n2\n", document="two.csv")
    one.compute(rows=2)
    assert not one.pull().is_changed

    assert one.pull(wants_tables=True).is_changed

    tables = {path for path in good if path.startswith(("results/merged", "results/normalized", "results/summary"))}
    assert {path: one.holds().get(path) for path in tables} == {path: good[path] for path in tables}
    assert own in one.raw()
    assert not one.push().has_tables
    assert {path: state.tree().get(path) for path in tables} == {path: good[path] for path in tables}


def test_a_fifth_less_is_no_shrinking(one: Machine) -> None:
    one.push()
    one.compute(rows=8)

    assert one.push().is_new


def test_a_push_waits_for_no_run_but_refuses(one: Machine) -> None:
    with (
        room.opened(one.root),
        pytest.raises(StateError, match="a run or another state command is at work in this folder"),
    ):
        one.push()


def push_and_die(machine: Machine, point: int) -> None:
    """A push in a process of its own that is gone at its n-th step, without a last word."""
    step = dying_at(point)
    pushing.push(machine.root, machine.state.open(step), machine.state.keys, step=step)


def test_a_push_killed_anywhere_is_only_a_push_to_be_done_again(one: Machine, state: State, tmp_path: Path) -> None:
    """S2. The state is readable after each kill, and the end is that of a push left alone."""
    one.push()
    one.arrive(b"date,systolic\n2025-03-30,132\n", document="second.csv")
    one.compute()
    points, ends, is_over = 0, set(), False
    while not is_over:
        place = tmp_path / f"kill-{points}"
        shutil.copytree(one.root, place / "one")
        shutil.copytree(state.folder, place / "store")
        here = State(place / "store", state.writer)
        machine = Machine(place / "one", here)
        process = get_context("fork").Process(target=push_and_die, args=(machine, 2 * points))
        process.start()
        process.join()
        assert process.exitcode in (0, 9)
        assert here.remote().commit.seq in (1, 2)
        assert verify.verify(place / "reader", here.open(), here.keys, is_quick=True).findings == ()
        machine.push()
        remote = here.remote()
        ends.add((remote.commit.seq, json.dumps(remote.tree.contents(), sort_keys=True)))
        assert not (place / "one/resources/state/work").exists()
        points, is_over = points + 1, process.exitcode == 0

    assert points > 20
    assert len(ends) == 1


def test_a_commit_says_who_made_it_with_what(one: Machine, state: State) -> None:
    one.push()

    made = state.remote().commit

    assert made.code_version.startswith("0.1.0")
    assert made.totals["raw"] == 1
    assert made.totals["rows"] == 10
    assert made.totals["tables"] == 3
    assert made.made_at.endswith("Z")


def test_no_name_no_value_and_no_date_reaches_the_storage_or_stays_in_the_room(one: Machine, state: State) -> None:
    """C1."""
    canaries = [b"Mildred Canary", b"131777", b"1931-05-17", SUBJECT.encode() + b"/", b"blood_pressure"]
    one.arrive(b"name,date,systolic\nMildred Canary,1931-05-17,131777\n", document="Mildred Canary.csv")
    one.write(f"results/validated/{SUBJECT}/cuff/00000000000000aa/steps.parquet", b"Mildred Canary,131777,1931-05-17")
    one.compute()
    one.push()

    stored = state.every_byte()
    room = b"".join(p.read_bytes() for p in (one.root / "resources/state").rglob("*") if p.is_file())

    assert not [canary for canary in canaries if canary in stored]
    assert not [canary for canary in canaries if canary in room]
    assert (one.root / "resources/state").stat().st_mode & 0o777 == 0o700


def test_receipts_that_no_run_has_taken_in_yet_travel(one: Machine, state: State, tmp_path: Path) -> None:
    one.push()
    id = one.receive()

    assert one.push().is_new

    reader = other(tmp_path, state)
    reader.pull()
    assert id in reader.job_ids()
