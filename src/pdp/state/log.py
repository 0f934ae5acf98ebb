"""The state's history in words: its commits, newest first."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pdp.errors import StateError
from pdp.state import commit, memory, room
from pdp.state.backends import Backend
from pdp.state.commit import Commit
from pdp.state.sealing import Keys


@dataclass(frozen=True)
class Line:
    """One commit: number, when and where it was made, by which code, and what changed in its counts."""

    seq: int
    made_at: str
    runner: str
    code_version: str
    changes: dict[str, int]
    totals: dict[str, int]


def history(root: Path, backend: Backend, keys: Keys, last: int) -> list[Line]:
    """The last commits, newest first."""
    root = root.absolute()
    with room.opened(root) as held:
        newest = memory.read_remote(held, backend, keys, memory.recall(root)).commit
        found = list(back(backend, keys, newest, last + 1))
    lines = []
    for at, each in enumerate(found[:last]):
        earlier = found[at + 1].totals if at + 1 < len(found) else {}
        changes = {name: count - earlier.get(name, 0) for name, count in each.totals.items()}
        lines.append(Line(each.seq, each.made_at, each.runner, each.code_version, changes, dict(each.totals)))
    return lines


def back(backend: Backend, keys: Keys, newest: Commit, most: int) -> Iterator[Commit]:
    """Commits from the newest towards the first, each checked against what its child says of it."""
    child, at = newest, 0
    while True:
        yield child
        at += 1
        if at >= most or not child.parent or (backend.packing == "one" and at >= memory.FEW_COMMITS):
            return
        child = before(backend, keys, child)


def before(backend: Backend, keys: Keys, child: Commit) -> Commit:
    """The commit that one was made upon.

    Raises:
        StateError: It is not there, or is another one.
    """
    data = backend.read_commit(child.parent).data
    if hashlib.sha256(data).hexdigest() != child.parent_sha256:
        raise StateError(
            f"is not the one that commit {child.seq} was made upon: it was damaged or replaced.",
            where=backend.called(child.parent, child.seq - 1),
            hint="Restore where the state is stored from a backup.",
        )
    return commit.read(keys, data)
