"""How a commit upon the tip is made: here, now, by this program; and how one comes into the storage with its files."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from pdp import store
from pdp.state import commit, memory
from pdp.state.backends import Backend, Make, Step, Tip
from pdp.state.commit import TreeBlob
from pdp.state.memory import Remote
from pdp.state.room import Room
from pdp.state.sealing import Keys
from pdp.state.sending import Sender
from pdp.state.tree import File, Tree
from pdp.state.uploads import Uploads


@dataclass(frozen=True)
class Committed:
    """A commit that is stored: where, what it holds, and how many bytes of ciphertext were sent for it."""

    tip: Tip
    tree: Tree
    bytes: int


def upon(tip: Tip, keys: Keys, *, op_id: str, tree: TreeBlob, totals: Mapping[str, int], is_cut: bool = False) -> Make:
    """What makes the bytes of the commit that follows the tip, once its place and that of its successor are known."""

    def make(id: str, next_id: str) -> bytes:
        return commit.write(
            keys,
            commit.header_after(tip.data, id, next_id),
            op_id=op_id,
            made_at=store.now(),
            runner=socket.gethostname(),
            code_version=code_version(),
            tree=tree,
            totals=totals,
            is_cut=is_cut,
        )

    return make


def commit_files(
    room: Room,
    backend: Backend,
    keys: Keys,
    remote: Remote,
    files: Mapping[str, File],
    places: Mapping[str, Path],
    *,
    op_id: str,
    theirs: Tree,
    totals: Mapping[str, int],
    is_cut: bool = False,
    is_based: bool = True,
    step: Step,
) -> Committed:
    """Store what is not stored yet, commit the list of files upon the tip, and remember that. After `backend.begin`.

    Args:
        room: Of this folder.
        backend: Where the state is.
        keys: Open it.
        remote: The tip.
        files: The tree to be; those that stay have their blob's name.
        places: Where each other file lies.
        op_id: Of the push.
        theirs: The tree whose blobs may be used again.
        totals: Counts of what the commit holds.
        is_cut: Whether something was erased.
        is_based: Whether this folder's files are those of the commit afterwards.
        step: Called between steps; tests kill here.

    Raises:
        StateConflictError: Another machine was first.
        StateError: It could not be stored.
    """
    uploads = Uploads(room.folder)
    sender = Sender(room, backend, keys, uploads, step)
    sent = sender.send(files, places, theirs)
    blob, sealed_tree = sender.send_tree(sent.tree)
    make = upon(remote.tip, keys, op_id=op_id, tree=blob, totals=totals, is_cut=is_cut)
    step("committing")
    tip = backend.append_commit(remote.tip, make, {each.id for each in sent.tree.blobs.values()} | {blob.id})
    step("committed")
    memory.keep_tree(room, sealed_tree)
    known = memory.recall(room.root)
    after = memory.synced(known, backend.address, tip, sent.tree)
    memory.remember(room, after if is_based else memory.seen(known, backend.address, tip))
    step("remembered")
    for id in uploads.reused:  # they may be old enough to have been collected meanwhile
        if backend.is_trashed(id):
            backend.restore(id)
    uploads.forget()
    return Committed(tip, sent.tree, sent.bytes)


def code_version() -> str:
    """The program's version, and the commit of its repository where there is one."""
    version = metadata.version("pdp")
    head = Path(__file__).parents[3] / ".git" / "HEAD"
    try:
        text = head.read_text().strip()
        reference = head.parent / text.removeprefix("ref: ")
        return f"{version}+{(reference.read_text().strip() if text.startswith('ref: ') else text)[:12]}"
    except OSError:
        return version
