"""What people are told where something was forgotten on another machine of theirs."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pdp import run
from pdp.cli import main
from tests.state.machines import SUBJECT, Machine

DIARY = b"Date,Systolic\n2025-05-01,Canary-7f3a\n"
HERE = ("forgotten on another machine is still here, in ", "pdp forget --finish")


def pdp(machine: Machine, patch: pytest.MonkeyPatch, *arguments: str, exit_code: int = 0) -> str:
    """What the command says in a machine's folder, both streams."""
    patch.chdir(machine.root)
    done: Result = CliRunner().invoke(main, arguments)
    assert done.exit_code == exit_code, done.output
    return done.output


def test_each_command_says_what_is_left_and_how_it_goes_until_it_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PDP_STATE_KEY", "PDP_STATE_LEAST_SEQ", "PDP_STATE_CACHE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PDP_STATE_PASSWORD", "four words are enough")
    monkeypatch.setenv("PDP_STATE", f"folder:{tmp_path / 'store'}")
    one, two = Machine(tmp_path / "one", hour=6), Machine(tmp_path / "two", hour=8)
    two.root.mkdir(exist_ok=True)
    one.arrive(b"Date,Systolic\n2025-05-02,131\n")
    one.arrive(DIARY, document="diary.csv")
    one.compute()
    pdp(one, monkeypatch, "state", "init", f"folder:{tmp_path / 'store'}")
    pdp(one, monkeypatch, "state", "push")
    pdp(two, monkeypatch, "state", "pull")
    two.compute()
    said = pdp(one, monkeypatch, "forget", "--subject", SUBJECT, "--export", "diary.csv", "--yes")
    assert "Erased of the state: " in said

    said = pdp(two, monkeypatch, "state", "push", exit_code=2)
    assert HERE[0] in said
    assert "Nothing was pushed" in said
    said = pdp(two, monkeypatch, "state", "pull")
    assert all(words in said for words in HERE), said
    assert "run snakemake" not in said, "a run is refused until it is gone"
    assert all(words in pdp(two, monkeypatch, "state", "pull") for words in HERE), "told again while it is true"
    with pytest.raises(SystemExit) as refused:
        run._refuse_unfinished(two.root)
    assert all(words in str(refused.value) for words in HERE)

    said = pdp(two, monkeypatch, "forget", "--finish")
    assert "erased there by the machine where it was forgotten" in said
    assert "belongs to no state" not in said
    run._refuse_unfinished(two.root)
    assert "is still here" not in pdp(two, monkeypatch, "state", "pull")
    assert "nothing is left here" in pdp(two, monkeypatch, "forget", "--finish")
