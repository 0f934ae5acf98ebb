"""pdp forget: what people are shown before anything goes, and what they must say for more to go than they asked for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pdp.cli import main
from tests.state.machines import SUBJECT, Machine
from tests.workbooks import WHY_UNCUTTABLE, uncuttable

READING = {"format": "bp_log", "settings": {}, "device": "", "time_zone": "Europe/Berlin", "passwords_from": {}}
PERIOD = ("--subject", SUBJECT, "--from", "2025-05-02", "--to", "2025-05-02")


def pdp(*arguments: str, exit_code: int = 0, answers: str = "") -> str:
    """What the command says, both streams."""
    done: Result = CliRunner().invoke(main, ["forget", *arguments], input=answers)
    assert done.exit_code == exit_code, done.output
    return done.output


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """A folder that belongs to no state, with a workbook that can't be cut."""
    machine = Machine(tmp_path / "one")
    machine.write(f"results/keys/normalize/{SUBJECT}/cuff.json", json.dumps({"settings": READING}).encode())
    machine.arrive(uncuttable(), document="book.xlsx")
    machine.compute()
    monkeypatch.chdir(machine.root)
    return machine


def test_an_export_that_can_not_be_cut_goes_only_if_that_is_said(machine: Machine) -> None:
    said = pdp(*PERIOD, "--dry-run")
    assert f"can only go as a whole, and how many days it holds is unknown: {WHY_UNCUTTABLE}" in said

    said = pdp(*PERIOD, "--yes", exit_code=2)
    assert "of 1 raw export(s) the period can't be erased alone" in said
    assert "Add --whole-exports if these may go" in said
    assert len(machine.raw()) == 1

    assert "nothing found" in pdp(*PERIOD, "--yes", "--whole-exports")
    assert machine.raw() == set()


def test_what_is_shown_for_programs_is_the_same_and_asks_nothing(machine: Machine) -> None:
    told = json.loads(pdp(*PERIOD, "--dry-run", "--json"))

    (export,) = told["exports"]
    assert (export["why_whole"], export["rows_left"]) == (WHY_UNCUTTABLE, 0)
    assert "needs --yes" in pdp(*PERIOD, "--json", "--whole-exports", exit_code=2)
    assert len(machine.raw()) == 1


def test_nothing_goes_unless_the_subjects_name_is_typed(machine: Machine) -> None:
    assert "Nothing was erased." in pdp(*PERIOD, "--whole-exports", exit_code=1, answers="yes\n")
    assert len(machine.raw()) == 1
    assert "nothing found" in pdp(*PERIOD, "--whole-exports", answers=f"{SUBJECT}\n")
