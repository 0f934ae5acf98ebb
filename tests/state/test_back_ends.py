"""Push and pull over every back end: where the state is kept changes nothing of what comes back."""

from __future__ import annotations

from pathlib import Path

import pytest

from pdp.state import garbage, log, verify
from pdp.state.pull import pull
from pdp.state.push import push
from tests.state.commits import Writer
from tests.state.machines import SUBJECT, Machine, without_times
from tests.state.places import Place


@pytest.fixture
def writer(place: Place) -> Writer:
    """Whoever has the keys of a new state at the place."""
    writer, backend = Writer(), place.open()
    backend.create(writer.keyring, writer.genesis)
    place.address = backend.address
    return writer


def test_what_one_machine_pushes_the_other_pulls_and_goes_on_with(place: Place, writer: Writer, tmp_path: Path) -> None:
    one, two = Machine(tmp_path / "one", hour=6), Machine(tmp_path / "two", hour=8)
    one.arrive(b"date,systolic\n2025-03-29,131\n")
    one.compute()
    assert push(one.root, place.open(), writer.keys).is_new
    assert not push(one.root, place.open(), writer.keys).is_new
    assert pull(two.root, place.open(), writer.keys).new_raw == 1
    assert two.holds() == one.holds()

    two.arrive(b"second\n", document="second.csv")
    two.compute()
    assert push(two.root, place.open(), writer.keys).new_raw == 1
    assert not pull(two.root, place.open(), writer.keys).is_changed

    assert pull(one.root, place.open(), writer.keys).new_raw == 1
    assert one.holds() == two.holds()
    assert verify.verify(one.root, place.open(), writer.keys).findings == ()
    assert verify.verify(one.root, place.open(), writer.keys, is_quick=True).findings == ()
    assert [line.seq for line in log.history(one.root, place.open(), writer.keys, 9)] == [2, 1, 0]
    assert garbage.collect(one.root, place.open(), writer.keys).blobs == 0


def test_after_a_failed_run_the_tables_of_the_commit_before_are_carried_over(
    place: Place, writer: Writer, tmp_path: Path
) -> None:
    one, two = Machine(tmp_path / "one", hour=6), Machine(tmp_path / "two", hour=8)
    one.arrive(b"date,systolic\n2025-03-29,131\n")
    one.compute()
    push(one.root, place.open(), writer.keys)
    table = one.root / f"results/merged/{SUBJECT}/blood_pressure.parquet"
    good = table.read_bytes()
    one.arrive(b"second\n", document="second.csv")
    one.compute(status="FAIL")
    table.write_bytes(b"half made")
    assert not push(one.root, place.open(), writer.keys).has_tables

    pull(two.root, place.open(), writer.keys)

    assert (two.root / table.relative_to(one.root)).read_bytes() == good
    assert len(two.raw()) == 2


def test_two_machines_that_push_at_once_are_united(place: Place, writer: Writer, tmp_path: Path) -> None:
    one, two, three = (Machine(tmp_path / name, hour=hour) for name, hour in (("one", 6), ("two", 8), ("three", 9)))
    for machine in (one, two):
        machine.arrive(machine.root.name.encode(), document=f"{machine.root.name}.csv")
        machine.compute()

    def overtaken(step: str) -> None:
        if step == "read" and not two.pushed:
            two.pushed = True
            push(two.root, place.open(), writer.keys)

    two.pushed = False
    push(one.root, place.open(), writer.keys, step=overtaken)

    pull(three.root, place.open(), writer.keys)
    assert three.raw() == {*one.raw(), *two.raw()}
    assert len(three.raw()) == len(three.job_ids()) == 2
    pull(one.root, place.open(), writer.keys)
    assert without_times(one.holds()) == without_times(three.holds())
