"""What a folder remembers of its state, and where it looks for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pdp.errors import ConfigError, StateError
from pdp.state import memory, room
from pdp.state.memory import Memory

KNOWN = Memory("folder:/media/disk", "genesis1", "commit-9", 9, "ab" * 32, "commit-9", {"results/x": [1, "ab"]})


@pytest.fixture(autouse=True)
def unset(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (memory.ADDRESS, memory.LEAST_SEQ):
        monkeypatch.delenv(name, raising=False)


def test_it_comes_back_as_it_was_kept(tmp_path: Path) -> None:
    with room.opened(tmp_path) as held:
        memory.remember(held, KNOWN)

    assert memory.recall(tmp_path) == KNOWN


def test_the_environment_says_where_the_state_is_before_the_memory_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with room.opened(tmp_path) as held:
        memory.remember(held, KNOWN)

    assert memory.address(tmp_path) == "folder:/media/disk"
    monkeypatch.setenv("PDP_STATE", " folder:/elsewhere ")
    assert memory.address(tmp_path) == "folder:/elsewhere"


def test_a_folder_that_knows_of_no_state_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"PDP_STATE: no state is known in this folder\. Set it.*pdp state init"):
        memory.address(tmp_path)


def test_a_damaged_memory_is_no_empty_one(tmp_path: Path) -> None:
    place = tmp_path / "resources/state/memory.json"
    place.parent.mkdir(parents=True)
    place.write_text('{"address": ')

    with pytest.raises(StateError, match=r"memory\.json: can't be read\. Delete it and set PDP_STATE"):
        memory.recall(tmp_path)


def test_two_commands_do_not_work_in_one_folder(tmp_path: Path) -> None:
    with room.opened(tmp_path), pytest.raises(StateError, match="at work in this folder"), room.opened(tmp_path):
        pass


def test_plaintext_is_gone_when_a_command_ends_however_it_ends(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), room.opened(tmp_path) as held:
        (held.made("out") / "plain").write_text("131/84")
        (held.folder / "x.json.tmp").write_text("staged")
        raise RuntimeError

    assert not held.work.exists()
    assert not list(held.folder.glob("*.tmp"))


def test_what_a_killed_command_left_is_gone_when_the_next_begins(tmp_path: Path) -> None:
    left = tmp_path / "resources/state/work/out/plain"
    left.parent.mkdir(parents=True)
    left.write_text("131/84")

    with room.opened(tmp_path) as held:
        assert not left.exists()
        assert held.folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("value", ["-1", "many", "1.5"])
def test_a_pin_that_is_no_number_is_refused(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PDP_STATE_LEAST_SEQ", value)

    with pytest.raises(ConfigError, match=r"PDP_STATE_LEAST_SEQ: is no number"):
        memory._least_seq()
