"""Blobs that no recent commit refers to: found, and put into the storage's trash when told so.

Never commits, never for good, never what is young: a push that is under way has stored blobs that no commit
refers to yet. A push that uses an old blob again looks after its commit whether it was collected meanwhile; a
collection looks after its work whether a new commit needs what it took. One of the two always sees the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pdp.state import log, memory, room
from pdp.state.backends import Backend, Step, Stored, no_step
from pdp.state.room import Room
from pdp.state.sealing import Keys

COMMITS = 30  # what the newest commits refer to stays: that many pushes can be gone back to
LEAST_AGE = timedelta(days=14)  # by the storage's clock; longer than any push takes, and than one needs to notice


@dataclass(frozen=True)
class Collected:
    """Blobs nobody needs and their bytes; whether they were trashed; how many were put back at the end."""

    blobs: int
    bytes: int
    is_done: bool
    restored: int


def collect(
    root: Path,
    backend: Backend,
    keys: Keys,
    *,
    is_real: bool = False,
    now: datetime | None = None,
    step: Step = no_step,
) -> Collected:
    """Find blobs that are unreachable from the last 30 commits and older than 14 days.

    Args:
        root: The working folder.
        backend: Where the state is.
        keys: Open it.
        is_real: Put them into the trash; else only say how many there are.
        now: The time; given by tests.
        step: Called after each blob that went to the trash.

    Raises:
        StateError: A commit or tree can't be read, so that nobody can say what it needs. Nothing was trashed.
    """
    root = root.absolute()
    if backend.packing == "one":
        return Collected(0, 0, is_real, 0)  # its files are written over, so there never is garbage
    with room.opened(root) as held:
        needed = _needed(held, backend, keys)
        before = (now or datetime.now(UTC)) - LEAST_AGE
        garbage = [each for each in backend.stored_blobs() if _is_garbage(each, needed, before)]
        restored = 0
        if is_real:
            for each in garbage:
                backend.trash(each.id)
                step(f"trashed {each.id}")
            back = {each.id for each in garbage} & _needed(held, backend, keys)
            for id in sorted(back):
                backend.restore(id)
            restored = len(back)
        return Collected(len(garbage), sum(each.size for each in garbage), is_real, restored)


def _needed(held: Room, backend: Backend, keys: Keys) -> set[str]:
    """Ids of all blobs that the last commits refer to, their lists of files included."""
    newest = memory.read_remote(held, backend, keys, memory.recall(held.root)).commit
    found: set[str] = set()
    for read in log.back(backend, keys, newest, COMMITS):
        if read.tree is not None:
            held_then = memory.fetch_tree(held, backend, keys, read)
            found |= {read.tree.id, *(blob.id for blob in held_then.blobs.values())}
        if read.is_cut:
            break  # what the commits before it held was erased on purpose
    return found


def _is_garbage(blob: Stored, needed: set[str], before: datetime) -> bool:
    return blob.id not in needed and blob.created is not None and blob.created < before
