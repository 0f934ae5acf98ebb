"""A commit that brings nothing back: this folder's files as they are after an erasure, and nothing from before.

The chain stays whole: older commits are small, hold counts and no data, and remain. Their lists of files and all blobs
that the new commit does not need are deleted for good, those in the storage's trash too. Whoever follows the chain
finds a commit marked as a cut, and asks for nothing before it.

Deleted are blobs that were stored before the cut was committed. One that another machine stored meanwhile for a push of
its own stays: that push is refused or done again, since the tip has moved, and what it leaves is garbage to collect.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from pdp.errors import StateConflictError, StateError
from pdp.state import commit, making, memory, snapshot, totals
from pdp.state.backends import Backend, Step, no_step
from pdp.state.memory import Remote
from pdp.state.room import Room
from pdp.state.sealing import Keys
from pdp.state.tree import Tree
from pdp.state.uploads import Uploads


@dataclass(frozen=True)
class Cut:
    """What it did: the commit's number, and how many blobs were deleted for good, or emptied where they can't be."""

    seq: int
    deleted: int


def is_behind(room: Room, backend: Backend, keys: Keys, op_id: str) -> bool:
    """Whether the state has a commit that this folder is not based on, and that is not the cut of this operation."""
    known = memory.recall(room.root)
    remote = memory.read_remote(room, backend, keys, known)
    is_ours = remote.commit.is_cut and remote.commit.op_id == op_id
    return not is_ours and (known is None or known.synced != remote.commit.id)


def cut(
    room: Room,
    backend: Backend,
    keys: Keys,
    *,
    op_id: str,
    before: Iterable[str] | None,
    remember: Callable[[tuple[str, ...]], None],
    step: Step = no_step,
) -> Cut:
    """Commit what is here and nothing else, then delete every blob from before.

    Args:
        room: Of this folder, held. Its files are all that shall be left.
        backend: Where the state is.
        keys: Open it.
        op_id: Of the erasure; a cut that was committed under it is not committed again.
        before: Ids of the blobs stored before, if a run that was killed has listed them.
        remember: Keeps that list.
        step: Called between steps; tests kill here.

    Raises:
        StateConflictError: Another machine has pushed; what it pushed must come here first.
        StateError: It could not be read or stored.
    """
    known = memory.recall(room.root)
    remote = memory.read_remote(room, backend, keys, known)
    if not (remote.commit.is_cut and remote.commit.op_id == op_id):
        if known is None or known.synced != remote.commit.id:
            raise StateConflictError(
                "another machine has pushed meanwhile.", hint="Do it once more: pdp forget --finish"
            )
        there = {blob.id for blob in remote.tree.blobs.values()}
        if remote.commit.tree is not None:
            there.add(remote.commit.tree.id)
        listed = there | {each.id for each in backend.stored_blobs(with_trash=True)}
        before = tuple(sorted(listed))
        remember(before)
        step("listed")
        remote = _commit(room, backend, keys, remote, op_id, step)
    stale = sorted(set(before or ()) - _ids(remote))
    if backend.packing == "one":
        remote = _empty(room, backend, keys, remote, op_id, step)
        return Cut(remote.commit.seq, len(stale))
    newest = memory.read_remote(room, backend, keys, memory.recall(room.root))
    deleted = 0
    for id in stale:
        if id not in _ids(newest):
            backend.delete(id)
            deleted += 1
            step(f"deleted {id}")
    return Cut(remote.commit.seq, deleted)


def _ids(remote: Remote) -> set[str]:
    listed = {remote.commit.tree.id} if remote.commit.tree else set()
    return listed | {blob.id for blob in remote.tree.blobs.values()}


def _commit(room: Room, backend: Backend, keys: Keys, remote: Remote, op_id: str, step: Step) -> Remote:
    copy, place = snapshot.registry(room)
    here = snapshot.here(room) | copy
    places = {path: room.root / path for path in here} | place
    backend.begin(op_id, remote.tip)
    Uploads(room.folder).forget()  # of a push that was killed, maybe of what is erased now
    made = making.commit_files(
        room,
        backend,
        keys,
        remote,
        here,
        places,
        op_id=op_id,
        theirs=Tree() if backend.packing == "one" else remote.tree,
        totals=totals.count(room.root, here, {}, True),
        is_cut=True,
        step=step,
    )
    return Remote(made.tip, commit.read(keys, made.tip.data), made.tree)


def _empty(room: Room, backend: Backend, keys: Keys, remote: Remote, op_id: str, step: Step) -> Remote:
    """Of few files that are written over: those that the cut does not need, which hold what was before it."""
    tree = remote.commit.tree
    if tree is None:
        raise StateError("the commit of an erasure holds no list of files.", hint="Report it.")
    make = making.upon(remote.tip, keys, op_id=op_id, tree=tree, totals=remote.commit.totals, is_cut=True)
    tip = backend.empty(op_id, remote.tip, make, _ids(remote))
    step("emptied")
    known = memory.recall(room.root)
    memory.remember(room, memory.synced(known, backend.address, tip, remote.tree))
    return Remote(tip, commit.read(keys, tip.data), remote.tree)
