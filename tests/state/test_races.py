"""Three machines at once, killed and started again, with faults of Google: no operation is lost, none is done twice."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pdp.errors import StateError
from pdp.state.backends import Backend, Blob
from tests.google.stand_in import apply_then, apply_then_drop, drop, status, truncate
from tests.google.stand_in.control import Remote
from tests.state.commits import Writer
from tests.state.places import Place, credentials, drive_place, fixed_place, folder_place

RUNNERS = 3
WRITE = r"(POST|PUT|PATCH) /(upload/)?drive"
FAULTS = [  # kind, at which requests, after how many of them
    (apply_then(500), WRITE, 5),
    (status(503), WRITE, 11),
    (apply_then_drop(), WRITE, 17),
    (status(429), "GET", 23),
    (apply_then(503), WRITE, 29),
    (drop(), "GET", 31),
    (truncate(100), "alt=media", 37),
    (status(403, "userRateLimitExceeded"), WRITE, 41),
]


@contextmanager
def remote_google() -> Iterator[Remote]:
    """A stand-in in a process of its own."""
    command = [sys.executable, "-m", "tests.google.stand_in"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield Remote(json.loads(process.stdout.readline())["root"])
        finally:
            process.terminate()


class Machine:
    """A runner that is killed at some of its steps and started again."""

    def __init__(self, name: str, arguments: list[str], operations: int, kills: list[int], known: str) -> None:
        self._command = [sys.executable, "-m", "tests.state.race_runner", *arguments, name, str(operations), known]
        self._kills = [*kills, 0]
        self.killed = 0
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen([*self._command, str(self._kills.pop(0))], stderr=subprocess.PIPE, text=True)

    def is_running(self) -> bool:
        """Whether there is something left to wait for; started again if it was killed."""
        code = self.process.poll()
        if code is None:
            return True
        if code == -9:
            self.killed += 1
            self.start()
            return True
        assert code == 0, self.process.communicate()[1]
        return False


def race(place: Place, tmp_path: Path, operations: int, kills: list[list[int]]) -> tuple[Backend, Writer]:
    """Let three machines commit at once, read all the while, and see that everything is there once at the end."""
    writer = Writer()
    (tmp_path / "identity").write_text(writer.keys.identity())
    reader = place.open()
    reader.create(b"keyring", writer.genesis)
    place.address = reader.address
    seen = reader.read_tip()
    if place.google:
        for kind, where, skip in FAULTS:
            place.google.faults.add(where, kind, skip=skip)
    arguments = [reader.address, str(tmp_path / "identity")]
    machines = [Machine(f"m{n}", arguments, operations, kills[n], seen.id) for n in range(RUNNERS)]
    held: set[str] = set()
    try:
        while sum([machine.is_running() for machine in machines]):
            tip = reader.read_tip(seen.id, writer.read)
            commit = writer.read(tip.data)
            assert commit.seq >= writer.read(seen.data).seq, "the tip went back"
            assert held <= set(commit.totals), "an operation was lost"
            if commit.tree:
                with_data(reader, commit.tree.id, commit.tree.size, commit.tree.sha256, tmp_path, set(commit.totals))
            seen, held = tip, set(commit.totals)
    finally:
        for machine in machines:
            machine.process.kill()
            machine.process.communicate()
    everything = {f"m{n}-{number}" for n in range(RUNNERS) for number in range(operations)}
    last = writer.read(place.open().read_tip(seen.id).data)
    assert set(last.totals) == everything
    assert last.seq == len(everything), "an operation was done twice"
    assert sum(machine.killed for machine in machines) == sum(len(each) for each in kills)
    return reader, writer


def with_data(reader: Backend, id: str, size: int, sha256: str, tmp_path: Path, expected: set[str]) -> None:
    """See that a commit's data is what the commit says, unless it was overtaken twice meanwhile, which is told."""
    try:
        reader.get_blob(Blob(id, size, sha256), tmp_path / "data")
    except StateError as error:
        assert "overwritten meanwhile" in str(error)  # noqa: PT017
        return
    assert set((tmp_path / "data").read_text().split("\n")) == expected


KILLS = [[7, 60], [23, 90], [41, 150]]  # at which step of a life each machine is killed


def test_three_machines_race_in_a_folder(tmp_path: Path) -> None:
    reader, writer = race(folder_place(tmp_path), tmp_path, 50, KILLS)
    ops = writer.ops(reader)
    assert len(ops) == len(set(ops)) == 150


@pytest.mark.parametrize(("name", "operations"), [("google_drive", 50), ("google_fixed", 15)])
def test_three_machines_race_in_google_drive(
    name: str, operations: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with remote_google() as google:
        environment, account = credentials(google, name, tmp_path)
        for variable, value in environment.items():
            monkeypatch.setenv(variable, value)
        place = drive_place(google) if name == "google_drive" else fixed_place(google, account)  # type: ignore[arg-type]
        reader, writer = race(place, tmp_path, operations, KILLS)
        ops = writer.ops(reader)
        assert len(ops) == len(set(ops)) == {"google_drive": 150, "google_fixed": 30}[name]
        if name == "google_drive":
            assert len(google.files.ids()) == 1 + 1 + 151, "something was stored twice"
        assert google.faults.left() == 0
