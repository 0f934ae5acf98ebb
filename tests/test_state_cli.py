"""pdp state: what people type, and what they are told."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pdp.cli import main
from tests.google.stand_in import StandIn, apply_then, status
from tests.state.machines import SUBJECT, Machine
from tests.state.places import make_place

PASSWORD, OTHER = "four words are enough", "five other words will do"
CANARY = "Mildred Canary"


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PDP_STATE", "PDP_STATE_KEY", "PDP_STATE_LEAST_SEQ", "PDP_STATE_CACHE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PDP_STATE_PASSWORD", PASSWORD)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """A folder with a run, in which commands are typed."""
    machine = Machine(tmp_path / "one")
    machine.arrive(f"name,systolic\n{CANARY},131777\n".encode(), document=f"{CANARY}.csv")
    machine.compute()
    monkeypatch.chdir(machine.root)
    return machine


@pytest.fixture
def address(tmp_path: Path) -> str:
    return f"folder:{tmp_path / 'store'}"


def pdp(*arguments: str, exit_code: int = 0, answers: str = "") -> str:
    """What a command says, both streams."""
    done: Result = CliRunner().invoke(main, ["state", *arguments], input=answers)
    assert done.exit_code == exit_code, done.output
    assert CANARY not in done.output
    assert "131777" not in done.output
    return done.output


def test_init_shows_the_recovery_key_once_and_remembers_where_the_state_is(machine: Machine, address: str) -> None:
    (machine.root / ".gitignore").write_text("results/*\n")

    said = pdp("init", address)

    (key,) = re.findall(r"^ +(AGE-SECRET-KEY-1[A-Z0-9 ]+)$", said, re.MULTILINE)
    assert "shown once and kept nowhere" in said
    kept = b"".join(p.read_bytes() for p in machine.root.parent.rglob("*") if p.is_file())
    assert key.encode() not in kept
    assert key.replace(" ", "").encode() not in kept
    assert json.loads((machine.root / "resources/state/memory.json").read_text())["address"] == address
    assert (machine.root / ".gitignore").read_text() == "results/*\nresources/state/\n"


def test_init_makes_no_second_state(machine: Machine, address: str, tmp_path: Path, monkeypatch) -> None:
    pdp("init", address)

    assert "this folder belongs to a state already" in pdp("init", f"{address}-2", exit_code=2)
    (tmp_path / "two").mkdir()
    monkeypatch.chdir(tmp_path / "two")
    assert re.search("there is a state|state already|is a state", pdp("init", address, exit_code=2))


def test_a_short_password_is_refused(machine: Machine, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PDP_STATE_PASSWORD", "short")

    assert "fewer than 14 characters" in pdp("init", address, exit_code=2)
    assert not Path(address.removeprefix("folder:")).exists()


def test_init_asks_for_the_password_twice_where_none_is_set(
    machine: Machine, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PDP_STATE_PASSWORD")

    said = pdp("init", address, answers=f"{PASSWORD}\n{PASSWORD}\n")

    assert "New password" in said
    assert PASSWORD not in said


def test_push_then_pull_elsewhere_then_nothing_is_new(
    machine: Machine, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pdp("init", address)
    assert re.match(r"Pushed commit 1: .* sealed, 1 new raw export\.\n$", pdp("push"))
    assert pdp("push") == "Nothing new to push; the state is at commit 1.\n"
    (tmp_path / "two").mkdir()
    monkeypatch.chdir(tmp_path / "two")
    assert "PDP_STATE: no state is known in this folder" in pdp("pull", exit_code=2)
    monkeypatch.setenv("PDP_STATE", address)

    said = pdp("pull")

    assert re.match(r"Pulled commit 1: \d+ files, 1 raw export of them new\.\n$", said)
    monkeypatch.delenv("PDP_STATE")
    assert pdp("pull") == "Nothing new: this folder is at commit 1.\n"
    assert Machine(tmp_path / "two").holds() == machine.holds()
    assert re.match(r"Commit 1: \d+ files in \d+ blobs, 2 commits of history, all whole\.\n$", pdp("verify"))


def test_a_failed_run_is_told_of(machine: Machine, address: str) -> None:
    pdp("init", address)
    pdp("push")
    machine.arrive(b"more", document="more.csv")
    machine.compute(status="FAIL")

    assert "The tables that travel are those of the last run that ended well" in pdp("push")


def test_a_wrong_password_opens_nothing(machine: Machine, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pdp("init", address)
    monkeypatch.setenv("PDP_STATE_PASSWORD", OTHER)

    assert "the password is wrong" in pdp("push", exit_code=2)


def test_a_new_password_replaces_the_old_and_leaves_the_blobs(
    machine: Machine, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """C4."""
    pdp("init", address)
    pdp("push")
    blobs = {p: p.read_bytes() for p in Path(address.removeprefix("folder:"), "blobs").iterdir()}

    assert "The password is changed" in pdp("password", answers=f"{OTHER}\n{OTHER}\n")

    assert "the password is wrong" in pdp("pull", exit_code=2)
    monkeypatch.setenv("PDP_STATE_PASSWORD", OTHER)
    pdp("pull")
    assert {p: p.read_bytes() for p in Path(address.removeprefix("folder:"), "blobs").iterdir()} == blobs


def test_the_recovery_key_brings_all_back_on_an_empty_machine(
    machine: Machine, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """C5."""
    key = json.loads(pdp("init", address, "--json"))["recovery_key"]
    pdp("push")
    expected = machine.holds()
    shutil.rmtree(machine.root)
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    monkeypatch.delenv("PDP_STATE_PASSWORD")
    monkeypatch.setenv("PDP_STATE", address)

    said = pdp("recover", answers=f"{key}\n{OTHER}\n{OTHER}\n")

    assert "pdp state pull" in said
    assert key not in said
    monkeypatch.setenv("PDP_STATE_PASSWORD", OTHER)
    pdp("pull")
    assert Machine(tmp_path / "empty").holds() == expected


def test_a_recovery_key_is_shown_also_where_it_could_not_be_seen_whether_it_was_stored(
    machine: Machine, address: str, tmp_path: Path
) -> None:
    pdp("init", address)
    pdp("recovery-key")
    (tmp_path / "store/genesis/document").unlink()  # what was replaced is emptied after the new one is stored

    said = pdp("recovery-key", exit_code=2)

    assert "this recovery key may have been stored, but that could not be seen" in said
    (new,) = re.findall(r"^ +(AGE-SECRET-KEY-1[A-Z0-9 ]+)$", said, re.MULTILINE)
    (tmp_path / "store/genesis/document").write_bytes(b"")
    pdp("recover", answers=f"{new}\n{OTHER}\n{OTHER}\n")


def test_a_new_recovery_key_takes_the_place_of_the_lost_one(machine: Machine, address: str) -> None:
    old = json.loads(pdp("init", address, "--json"))["recovery_key"]

    (new,) = re.findall(r"^ +(AGE-SECRET-KEY-1[A-Z0-9 ]+)$", pdp("recovery-key"), re.MULTILINE)

    assert "not the one of this state" in pdp("recover", exit_code=2, answers=f"{old}\n")
    assert "The new password is set" in pdp("recover", answers=f"{new}\n{OTHER}\n{OTHER}\n")


def test_a_machine_opens_the_state_with_its_own_key_until_it_is_removed(
    machine: Machine, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = json.loads(pdp("init", address, "--machine", "ci", "--json"))
    assert pdp("machine", "list").splitlines() == ["password", "recovery", "machine ci"]
    monkeypatch.setenv("PDP_STATE_KEY", made["machines"]["ci"])
    assert "Pushed commit 1" in pdp("push")
    added = json.loads(pdp("machine", "add", "server", "--json"))
    monkeypatch.setenv("PDP_STATE_KEY", added["identity"])
    pdp("pull")
    monkeypatch.delenv("PDP_STATE_KEY")

    assert 'The key of machine "server" no longer opens' in pdp("machine", "remove", "server")

    monkeypatch.setenv("PDP_STATE_KEY", added["identity"])
    assert "this machine's key has no slot" in pdp("pull", exit_code=2)


def test_log_and_collect_speak_in_words(machine: Machine, address: str) -> None:
    pdp("init", address)
    pdp("push")

    assert re.search(r"^ +1  .*\+1 raw, \+10 rows, \+3 tables|\+3 tables", pdp("log"), re.MULTILINE)
    assert pdp("collect") == "Nothing to collect.\n"
    assert json.loads(pdp("log", "--json"))[0]["seq"] == 1


def test_verify_ends_with_1_when_something_is_not_whole(machine: Machine, address: str) -> None:
    pdp("init", address)
    pdp("push")
    for blob in Path(address.removeprefix("folder:"), "blobs").iterdir():
        blob.unlink()
    (machine.root / "resources/state/tree.age").rename(machine.root / "resources/state/tree.age")

    said = pdp("verify", exit_code=1)

    assert "NOT WHOLE" in said
    assert "pdp state push --repair, on a machine that has these files" in said


def test_no_answer_names_an_id_of_the_storage(machine: Machine, address: str) -> None:
    pdp("init", address)
    said = [pdp("push"), pdp("pull"), pdp("verify"), pdp("log"), pdp("collect")]
    ids = [p.name for p in Path(address.removeprefix("folder:")).rglob("*") if len(p.name) >= 32]

    assert ids
    assert not [id for id in ids for text in said if id in text]


def test_answers_for_programs_are_json(machine: Machine, address: str) -> None:
    assert json.loads(pdp("init", address, "--json"))["address"] == address
    for command in ("push", "pull", "verify", "collect", "log"):
        json.loads(pdp(command, "--json"))


def test_subjects_are_named_nowhere_in_what_a_push_says(machine: Machine, address: str) -> None:
    pdp("init", address)

    assert SUBJECT not in pdp("push")


def test_init_shows_the_address_for_other_machines_once(machine: Machine, address: str) -> None:
    assert pdp("init", address).count(address) == 1


def test_a_pull_of_a_state_that_holds_nothing_says_so(
    machine: Machine, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pdp("init", address)
    (tmp_path / "two").mkdir()
    monkeypatch.chdir(tmp_path / "two")
    monkeypatch.setenv("PDP_STATE", address)

    assert pdp("pull") == "The state holds nothing yet: `pdp state push` brings in what is in this folder.\n"
    assert pdp("pull") == "The state holds nothing yet: `pdp state push` brings in what is in this folder.\n"


def test_a_damaged_part_is_named_by_what_it_holds_with_the_cure(
    machine: Machine, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pdp("init", address)
    pdp("push")
    largest = max(Path(address.removeprefix("folder:"), "blobs").iterdir(), key=lambda blob: blob.stat().st_size)
    data = largest.read_bytes()
    largest.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    (tmp_path / "two").mkdir()
    monkeypatch.chdir(tmp_path / "two")
    monkeypatch.setenv("PDP_STATE", address)

    said = pdp("pull", exit_code=2)

    assert re.search(r"other bytes than were stored\. It holds the registry\..*pdp state verify .*push --repair", said)
    monkeypatch.chdir(machine.root)
    assert re.search(
        r"^Repaired: \d+ file.s. were stored again, as commit \d\.$", pdp("push", "--repair"), re.MULTILINE
    )
    assert "all whole" in pdp("verify")
    assert "Nothing to repair" in pdp("push", "--repair")


@pytest.fixture
def drive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    with StandIn() as google:
        make_place("google_drive", google, tmp_path, monkeypatch)
        yield google


def test_init_shows_the_keys_also_if_the_state_can_not_be_read_back(machine: Machine, drive: StandIn) -> None:
    drive.faults.add(r"GET .*alt=media", status(403), times=-1)

    said = pdp("init", "google_drive:", "--machine", "ci", exit_code=2)

    keys = re.findall(r"^ +(AGE-SECRET-KEY-1[A-Z0-9 ]+)$", said, re.MULTILINE)
    assert len(keys) == 2
    assert re.search(
        r"may have been made, but it could not be read back: .*Keep the keys above.*pdp state verify", said
    )
    (address,) = re.findall(r"^ +(google_drive:\S+)$", said, re.MULTILINE)
    assert memory_of(machine)["address"] == address
    drive.faults.clear()
    assert "commit 0" in pdp("init", "google_drive:", exit_code=2).lower()
    assert pdp("recover", answers=f"{keys[0]}\n{OTHER}\n{OTHER}\n")


def test_init_shows_the_keys_if_the_answer_to_the_first_commit_was_lost(machine: Machine, drive: StandIn) -> None:
    drive.faults.add(r"POST /upload/", apply_then(400), skip=1)

    said = pdp("init", "google_drive:", exit_code=2)

    (key,) = re.findall(r"^ +(AGE-SECRET-KEY-1[A-Z0-9 ]+)$", said, re.MULTILINE)
    again = pdp("init", "google_drive:", exit_code=2)
    assert re.search(r"a state in this Google Drive already.*pdp state recovery-key, pdp state machine add", again)
    assert key not in again


def test_init_that_made_nothing_shows_no_keys(machine: Machine, drive: StandIn) -> None:
    drive.faults.add(r"POST /upload/", status(400))

    assert "AGE-SECRET-KEY" not in pdp("init", "google_drive:", exit_code=2)
    assert "The state is made" in pdp("init", "google_drive:")


def memory_of(machine: Machine) -> dict[str, str]:
    found: dict[str, str] = json.loads((machine.root / "resources/state/memory.json").read_text())
    return found
