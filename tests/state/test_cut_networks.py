"""S16: a network that goes a hundred times, anywhere in pushes and pulls of two machines, costs nothing but time."""

from __future__ import annotations

import random
from contextlib import suppress
from pathlib import Path

import pytest

from pdp.errors import StateError
from pdp.state import pull, push, verify
from tests.state.machines import Machine
from tests.state.places import Place
from tests.state.test_repair import Placed
from tests.state.test_tables_and_registry import findings

CUTS, CUTS_IN_A_ROW = 100, 5


def test_a_network_that_goes_a_hundred_times_loses_nothing(
    tmp_path: Path, drive: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    google, chance = drive.google, random.Random(16)
    assert google is not None
    state = Placed(tmp_path / "state", place=drive).make()
    machines = [Machine(tmp_path / name, state) for name in ("one", "two")]
    arrived, cuts, done = set(), 0, 0
    for turn in range(1, 1 + CUTS // CUTS_IN_A_ROW):
        machine = machines[turn % 2]
        machine.hour = turn
        arrived.add(machine.arrive(f"{turn}\n".encode(), document=f"{turn}.csv"))
        machine.compute(rows=10 + turn % 2)
        tip = state.remote()
        for _ in range(CUTS_IN_A_ROW):
            left = [chance.randrange(2, 34)]

            def step(_: str, left: list[int] = left) -> None:
                left[0] -= 1
                google.is_network_down = left[0] <= 0

            with monkeypatch.context() as impatient, suppress(StateError):
                impatient.setenv("PDP_GOOGLE_PATIENCE_S", "0")
                move = chance.choice([push.push, pull.pull])
                move(machine.root, state.open(step), state.keys, step=step)
                done += 1
            cuts += google.is_network_down
            google.is_network_down = False
            now = state.remote()  # the old tip, or a new one upon it; never another, never unreadable
            assert now.tip == tip.tip or now.commit.seq > tip.commit.seq
            assert set(now.tree.files) >= {path for path in tip.tree.files if path.startswith("resources/raw")}
            tip = now
        machine.pull()
        machine.push()
        assert findings(machine) == []
        assert arrived <= {path.rpartition("/")[2] for path in state.tree()}
    assert cuts > CUTS // 2
    assert 0 < done < CUTS
    assert verify.verify(tmp_path / "reader", state.open(), state.keys).findings == ()
    third = Machine(tmp_path / "third", state)
    for machine in [*machines, third]:
        machine.pull()
        assert machine.raw() == arrived
        assert findings(machine) == []
    assert set(third.job_ids()) == set(machines[0].job_ids()) == set(machines[1].job_ids())
    assert len(third.job_ids()) == len(set(third.job_ids())) == CUTS // CUTS_IN_A_ROW
