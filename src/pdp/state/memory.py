"""What this folder remembers of its state: where it is, which one it is, and the newest commit seen here.

A storage can be rolled back or swapped by whoever has it. What was seen once is a lower bound for all that
may be seen later. A machine that forgets has no memory; PDP_STATE_LEAST_SEQ pins it.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from pdp import store
from pdp.errors import ConfigError, StateError
from pdp.state import commit, tree
from pdp.state.backends import Backend, Tip
from pdp.state.commit import Commit
from pdp.state.room import ROOM, Room
from pdp.state.sealing import Keys
from pdp.state.tree import Tree

FILE = "memory.json"
FEW_COMMITS = 30  # what a back end of packing "one" keeps at least
ADDRESS, LEAST_SEQ = "PDP_STATE", "PDP_STATE_LEAST_SEQ"
_TREE = "tree.age"  # the sealed tree of the last commit seen, so that a push with nothing new fetches nothing


@dataclass(frozen=True)
class Memory:
    """Address of the state, id of its first commit, and id, number and SHA-256 of the newest one seen here.

    `synced` is the id of the commit that this folder's files are based on ("" before the first pull or push), and
    `receipts` what that commit has of each archive: bytes and SHA-256 by path.
    """

    address: str
    genesis: str
    commit: str
    seq: int
    sha256: str
    synced: str = ""
    receipts: dict[str, list[Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Remote:
    """The newest commit, and what it holds."""

    tip: Tip
    commit: Commit
    tree: Tree


def recall(root: Path) -> Memory | None:
    """What was remembered; None in a folder that knows of no state."""
    path = root / ROOM / FILE
    try:
        found = store.read_json(path)
        return Memory(**found) if found else None
    except (ValueError, TypeError):
        raise StateError(
            "can't be read.", where=str(path), hint="Delete it and set PDP_STATE to where the state is."
        ) from None


def remember(room: Room, memory: Memory) -> None:
    """Keep it."""
    if recall(room.root) != memory:
        store.commit_json(room.folder / FILE, asdict(memory))


def address(root: Path) -> str:
    """Where the state is: PDP_STATE, else what was remembered.

    Raises:
        ConfigError: Neither is there.
    """
    known = recall(root)
    found = os.environ.get(ADDRESS, "").strip() or (known.address if known else "")
    if not found:
        raise ConfigError(
            "no state is known in this folder.",
            where=ADDRESS,
            hint="Set it to where the state is, such as folder:/media/disk/state, or make one: pdp state init",
        )
    return found


def read_remote(room: Room, backend: Backend, keys: Keys, memory: Memory | None) -> Remote:
    """The tip, after every guard: never taken for empty, never older than or beside what was seen here.

    Raises:
        StateError: As the guards say; nothing was changed.
    """
    tip = backend.read_tip(memory.commit if memory else None, lambda data: commit.read(keys, data))
    read = commit.read(keys, tip.data)
    _guard(backend, tip, read, memory)
    if read.tree is None:
        return Remote(tip, read, Tree())
    return Remote(tip, read, fetch_tree(room, backend, keys, read, is_kept=True))


def fetch_tree(room: Room, backend: Backend, keys: Keys, read: Commit, *, is_kept: bool = False) -> Tree:
    """The tree of a commit; the newest one's sealed bytes are kept beside the memory."""
    if read.tree is None:
        return Tree()
    kept = room.folder / _TREE if is_kept else room.made("trees") / read.tree.name
    if not kept.exists() or store.sha256(kept) != read.tree.sha256:
        kept.unlink(missing_ok=True)
        try:
            backend.get_blob(read.tree, kept)
        except StateError as error:
            raise StateError(
                f"{error.what} It is the list of files of commit {read.seq}.",
                where=error.where,
                hint=f"{error.hint} A machine that pushed or pulled that commit has the list, and stores it again with "
                "pdp state push --repair.",
            ) from None
    data = keys.unseal_bytes(kept.read_bytes())
    if keys.name_of(data) != read.tree.name:
        raise StateError("the list of files is not the one its commit names.", hint="Restore the state from a backup.")
    return tree.read(data)


def keep_tree(room: Room, sealed: Path) -> None:
    """Keep the sealed tree that was just pushed, if it was sealed just now."""
    if sealed.exists():
        sealed.replace(room.folder / _TREE)


def seen(memory: Memory | None, address: str, tip: Tip) -> Memory:
    """The memory after a commit was seen."""
    header = commit.read_header(tip.data)
    digest = hashlib.sha256(tip.data).hexdigest()
    before = memory or Memory(address, header.state, header.id, header.seq, digest)
    return replace(before, address=address, commit=header.id, seq=header.seq, sha256=digest)


def synced(memory: Memory | None, address: str, tip: Tip, held: Tree) -> Memory:
    """The memory after this folder's files became based on a commit."""
    receipts = {path: [file.bytes, file.sha256] for path, file in held.of("receipts").items()}
    fresh = seen(memory, address, tip)
    return replace(fresh, synced=fresh.commit, receipts=receipts)


def _guard(backend: Backend, tip: Tip, read: Commit, memory: Memory | None) -> None:
    least = _least_seq()
    if read.seq < least:
        raise _rolled_back(read.seq, least, f"{LEAST_SEQ} says")
    if memory is None:
        return
    if read.state != memory.genesis:
        raise StateError(
            "this is another state than the one this folder belongs to. Nothing was changed.",
            hint=f"Correct {ADDRESS}; or, if this folder shall change to that state, delete {ROOM / FILE}.",
        )
    if read.seq < memory.seq:
        raise _rolled_back(read.seq, memory.seq, "this machine has seen")
    if _digest_at(backend, tip, read, memory) != memory.sha256:
        raise StateError(
            f"its history was rewritten: commit {memory.seq} is not the one seen here before. Nothing was changed.",
            where="state",
            hint="Somebody replaced commits or restored a copy that was pushed to. Find out before you push; if it is "
            f"meant so, delete {ROOM / FILE} and pull.",
        )


def _digest_at(backend: Backend, tip: Tip, read: Commit, memory: Memory) -> str:
    """SHA-256 of the commit that stands where the newest one seen here stood."""
    if read.id == memory.commit:
        return hashlib.sha256(tip.data).hexdigest()
    if read.seq <= memory.seq:
        return ""
    if read.parent == memory.commit:
        return read.parent_sha256
    if backend.packing == "one" and read.seq - memory.seq >= FEW_COMMITS:
        return memory.sha256  # this storage forgot what was seen here; that numbers only grow is all one can ask
    return hashlib.sha256(backend.read_commit(memory.commit).data).hexdigest()


def _rolled_back(seq: int, known: int, who: str) -> StateError:
    return StateError(
        f"it was rolled back: its newest commit is number {seq}, {who} number {known}. Nothing was changed.",
        where="state",
        hint="Restore the storage, or find out who went back and why; if it is meant so, delete "
        f"{ROOM / FILE} (or lower {LEAST_SEQ}) and pull.",
    )


def _least_seq() -> int:
    text = os.environ.get(LEAST_SEQ, "").strip() or "0"
    if not text.isascii() or not text.isdigit():
        raise ConfigError("is no number.", where=LEAST_SEQ, hint="Write the least commit number to accept, such as 42.")
    return int(text)
