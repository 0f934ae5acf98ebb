"""resources/state/: the only place where a state's work lies in the clear, and the lock and marker of that work.

Plaintext and half-made things lie in resources/state/work/, which only its owner may enter; it is emptied
when a command begins and when it ends, however it ends.
"""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pdp import store
from pdp.errors import StateError
from pdp.run import INSTALLING, LOCK

ROOM = INSTALLING.parent


@dataclass(frozen=True)
class Room:
    """Places of one working folder's state."""

    root: Path

    @property
    def folder(self) -> Path:
        """resources/state, for its owner alone."""
        return self.root / ROOM

    @property
    def work(self) -> Path:
        """What is thrown away at the end: plaintext packs, what is on its way in or out."""
        return self.folder / "work"

    @property
    def marker(self) -> Path:
        """There while a pull moves files into place: no run may start before a pull has ended."""
        return self.root / INSTALLING

    def made(self, name: str) -> Path:
        """A folder of that name in `work`."""
        place = self.work / name
        place.mkdir(parents=True, exist_ok=True)
        return place


@contextmanager
def opened(root: Path) -> Iterator[Room]:
    """The room, alone in this folder: no run and no other state command at the same time.

    Raises:
        StateError: A run or another state command is at work here.
    """
    room = Room(root)
    lock_file = root / LOCK
    lock_file.parent.mkdir(parents=True, exist_ok=True)
    with lock_file.open("a") as lock:  # dies with the process
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StateError(
                "a run or another state command is at work in this folder.", hint="Wait for it to end and try again."
            ) from None
        room.folder.mkdir(parents=True, exist_ok=True)
        room.folder.chmod(0o700)
        _empty(room)
        try:
            yield room
        finally:
            _empty(room)


def _empty(room: Room) -> None:
    shutil.rmtree(room.work, ignore_errors=True)
    store.sweep(room.folder)
