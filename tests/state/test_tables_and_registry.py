"""Whoever unites with whom: what the registry says of the tables is what lies on the disk."""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pdp import store
from pdp.lineage import database, queries, record, verify
from tests.state.machines import SUBJECT, Machine, State

MERGED = f"results/merged/{SUBJECT}/blood_pressure.parquet"


@pytest.fixture
def pair(tmp_path: Path, state: State) -> tuple[Machine, Machine]:
    """Two machines that stand at the same commit."""
    one, two = Machine(tmp_path / "one", state, hour=1), Machine(tmp_path / "two", state, hour=2)
    one.arrive(b"base\n")
    one.compute(rows=10)
    one.push()
    two.pull()
    return one, two


def findings(machine: Machine) -> list[str]:
    """What the registry says that is not so, and what is there without its knowing (what jobs of tests don't tell)."""
    untold = ("results/manifests/",)
    with database.reading(machine.root / "results") as session:
        found = verify.verify(session, machine.root / "results").findings
    return [f"{each.kind} {each.path}" for each in found if not each.path.startswith(untold)]


def versions(machine: Machine, path: str = MERGED) -> list[tuple[int, bool]]:
    """Numbers of a dataset's versions, and whether a job here or in the tip made them."""
    with database.reading(machine.root / "results") as session:
        return [(each.number, each.made_by is not None) for each in queries.versions(session, path)]


def said(machine: Machine, path: str = MERGED) -> str:
    """SHA-256 of the version that the registry calls current."""
    with database.reading(machine.root / "results") as session:
        newest = queries.newest(session, path)
    assert newest is not None
    return newest.sha256


def work(machine: Machine, hour: int, rows: int) -> None:
    machine.hour = hour
    machine.arrive(f"{machine.root.name} {hour}\n".encode(), document=f"{machine.root.name}.csv")
    machine.compute(rows=rows)


@pytest.mark.parametrize("is_pulled_first", [False, True], ids=["push first", "pull first"])
def test_after_a_union_everybody_has_the_tables_of_which_the_registry_speaks(
    pair: tuple[Machine, Machine], state: State, tmp_path: Path, is_pulled_first: bool
) -> None:
    one, two = pair
    work(two, 3, rows=12)
    work(one, 4, rows=11)
    one.push()
    if is_pulled_first:
        two.pull()
        assert findings(two) == []
    two.push()

    third = Machine(tmp_path / "third", state)
    third.pull()
    one.pull()

    for machine in (one, two, third):
        assert findings(machine) == []
        assert said(machine) == store.sha256(machine.root / MERGED) == state.tree()[MERGED]
        assert [is_made for _, is_made in versions(machine)] == [True, True, False]
    work(two, 5, rows=12)
    two.push()
    third.pull()
    for machine in (two, third):
        assert findings(machine) == []
        assert said(machine) == store.sha256(machine.root / MERGED)
        assert versions(machine) == [(1, True), (2, True), (3, True)]  # the bytes of before the union, made now


def test_a_table_that_only_we_made_anew_gives_way_too(pair: tuple[Machine, Machine]) -> None:
    """Theirs made nothing after the base, so that no receipt of theirs is younger than ours."""
    one, two = pair
    work(two, 3, rows=12)
    one.hour = 4
    one.receive()
    one.arrive(b"theirs\n", document="theirs.csv")
    one.push()

    two.push()

    assert findings(two) == []
    assert said(two) == store.sha256(two.root / MERGED) == store.sha256(one.root / MERGED)


def test_work_that_a_pull_replaced_is_on_record_as_replaced(pair: tuple[Machine, Machine]) -> None:
    """The folder stands at the newest commit, lost a file, and has work that was not pushed."""
    _, two = pair
    work(two, 3, rows=12)
    shutil.rmtree(two.root / "results/summary")

    two.pull()

    assert findings(two) == []
    assert two.pull().is_changed is False
    before = two.receipts()
    shutil.rmtree(two.root / "results/summary")
    two.pull()
    assert two.receipts() == before


def test_a_receipt_that_was_altered_here_is_found_after_a_union_too(pair: tuple[Machine, Machine]) -> None:
    one, two = pair
    work(two, 3, rows=12)
    archive = next(two.root.glob("results/receipts/*.jsonl"))
    altered = archive.read_bytes().replace(b'"rule":"merge"', b'"rule":"marge"')
    archive.write_bytes(altered)
    found = [f"altered {archive.relative_to(two.root).as_posix()}"]
    assert found[0] in findings(two)
    work(one, 4, rows=11)
    one.push()

    two.pull()

    assert archive.read_bytes() != altered
    assert found[0] in findings(two)


def test_where_the_state_has_no_tables_ours_are_the_ones(tmp_path: Path, state: State) -> None:
    one, two = Machine(tmp_path / "one", state, hour=1), Machine(tmp_path / "two", state, hour=2)
    one.arrive(b"only raw\n", document="one.csv")
    one.push()
    work(two, 2, rows=10)

    assert two.push().has_tables

    one.pull()
    assert findings(one) == findings(two) == []
    assert said(one) == said(two) == store.sha256(one.root / MERGED)


steps = st.tuples(st.integers(0, 2), st.sampled_from(["work", "push", "pull"]), st.integers(9, 11))


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(steps, min_size=6, max_size=12))
def test_in_whatever_order_three_machines_work_push_and_pull(order: list[tuple[int, str, int]]) -> None:
    with TemporaryDirectory() as folder:
        state = State(Path(folder) / "store").make()
        machines = [Machine(Path(folder) / f"m{number}", state) for number in range(3)]
        for hour, (number, action, rows) in enumerate(order, start=1):
            machine = machines[number]
            if action == "work":
                work(machine, hour, rows)
            elif action == "push":
                machine.push(allow_shrink=True)
            else:
                machine.pull()
            assert not (machine.root / "results/receipts").exists() or findings(machine) == []
        for machine in machines:
            machine.push(allow_shrink=True)
        reader = Machine(Path(folder) / "reader", state)
        for machine in [*machines, reader]:
            machine.pull()
        assert len({frozenset(machine.job_ids()) for machine in machines}) == 1
        for machine in [*machines, reader]:
            if (machine.root / "results/receipts").exists():
                assert findings(machine) == []
                record.rebuild(machine.root / "results")
                assert findings(machine) == []
