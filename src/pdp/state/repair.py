"""Repair: blobs of the newest commit that are gone or damaged are stored again from the files of this folder.

A push carries what the tip has without asking for it. A repair asks for every blob, and commits the same files upon
what is whole. What this folder can't give stays named in the tree, so that another machine can give it.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

from pdp.errors import StateConflictError, StateError
from pdp.state import making, memory, room, snapshot
from pdp.state.backends import Backend, Blob, Step, no_step
from pdp.state.fetching import WORKERS, fetch
from pdp.state.memory import Remote
from pdp.state.push import MOST_TRIES
from pdp.state.room import Room
from pdp.state.sealing import Keys
from pdp.state.tree import GLANCE, REGISTRY, File, Tree, kind_of

_LIST = "the list of files"
_MADE_AGAIN = (REGISTRY, GLANCE)  # a pull makes them from the receipts where they are not


@dataclass(frozen=True)
class Repaired:
    """What a repair did.

    Attributes:
        seq: Number of the newest commit.
        checked: Blobs looked at.
        restored: Blobs taken out of the storage's trash.
        files: Files stored again, and such as the next pull makes again.
        lost: Files that are not whole there, and are not here with the same bytes.
    """

    seq: int
    checked: int
    restored: int
    files: int
    lost: tuple[str, ...]


def repair(root: Path, backend: Backend, keys: Keys, *, step: Step = no_step) -> Repaired:
    """Make the newest commit whole as far as this folder has its files. Nothing else of this folder travels.

    Raises:
        StateConflictError: Others won every race. Or as below.
        StateError: A guard refused, or something could not be stored; the state is as it was.
    """
    root = root.absolute()
    with room.opened(root) as held:
        for left in reversed(range(MOST_TRIES)):
            try:
                return _once(held, backend, keys, step)
            except StateConflictError:
                if not left:
                    raise
    raise AssertionError("the last try returns or raises")


def advice(lost: tuple[str, ...]) -> str:
    """Which kind of machine could give what is lost."""
    kinds = {kind_of(path) for path in lost}
    parts = []
    if kinds & {"raw", "source"}:
        parts.append("raw exports and their manifests: a machine that fetched or pulled them still has resources/raw")
    if "receipts" in kinds:
        parts.append("receipts: a machine that worked or pulled since has results/receipts")
    if "derived" in kinds:
        parts.append("tables: the machine that pushed last, or any with all raw exports after a run that ended well")
    return f"On such a machine, pdp state push --repair helps ({'; '.join(parts)}). Or restore a backup of the storage."


def is_there(backend: Backend, blob: Blob, work: Path, *, is_thorough: bool = False) -> bool:
    """Whether a blob is whole where it is stored; as its checksum there says, or (`is_thorough`) as its bytes say."""
    if backend.packing == "fine" and (not (is_said := backend.has_blob(blob)) or not is_thorough):
        return is_said
    target = work / f"{uuid4().hex}.look"  # also of a blob in several pieces: the storage knows no checksum of them all
    try:
        backend.get_blob(blob, target, is_cached=False)
    except StateError:
        return False
    target.unlink()
    return True


def _once(held: Room, backend: Backend, keys: Keys, step: Step) -> Repaired:
    known = memory.recall(held.root)
    remote = memory.read_remote(held, backend, keys, known)
    if remote.commit.tree is None:
        return Repaired(remote.commit.seq, 0, 0, 0, ())
    memory.remember(held, memory.seen(known, backend.address, remote.tip))
    blobs: dict[str, Blob] = {**remote.tree.blobs, _LIST: remote.commit.tree}
    restored, broken = _broken(backend, blobs, held.made("in"), is_thorough=False)
    if not broken:  # what the storage says of itself may be wrong
        _, broken = _broken(backend, blobs, held.made("in"), is_thorough=True)
    step("looked")
    if not broken:
        return Repaired(remote.commit.seq, len(blobs), restored, 0, ())
    files, places = _from_here(held, remote, broken)
    lost = tuple(sorted(path for path, file in files.items() if file.blob in broken))
    wanted = {path for path, file in remote.tree.files.items() if file.blob in broken}
    if _LIST not in broken and len(lost) == len(wanted):
        return Repaired(remote.commit.seq, len(blobs), restored, 0, lost)
    is_based = known is not None and known.synced == remote.commit.id
    tree = _commit(held, backend, keys, remote, files, places, broken, is_based, step)
    gone = {blobs[name].id for name in broken}
    lost = tuple(path for path in lost if tree.blobs[tree.files[path].blob].id in gone)  # not if a twin was stored
    return Repaired(remote.commit.seq + 1, len(blobs), restored, len(wanted) - len(lost), lost)


def _broken(backend: Backend, blobs: Mapping[str, Blob], work: Path, *, is_thorough: bool) -> tuple[int, set[str]]:
    """How many blobs came back from the trash; names of those that are not whole."""

    def look(name: str) -> tuple[str, bool, bool]:
        blob = blobs[name]
        if is_there(backend, blob, work, is_thorough=is_thorough):
            return name, True, False
        with suppress(StateError):  # nowhere, or not to be had back
            if backend.is_trashed(blob.id):
                backend.restore(blob.id)
                return name, is_there(backend, blob, work), True
        return name, False, False

    with ThreadPoolExecutor(WORKERS) as pool:
        seen = list(pool.map(look, sorted(blobs)))
    back = sum(is_whole and is_back for _, is_whole, is_back in seen)
    return back, {name for name, is_whole, _ in seen if not is_whole}


def _from_here(held: Room, remote: Remote, broken: set[str]) -> tuple[dict[str, File], dict[str, Path]]:
    """The tree to be, and where the files lie that this folder has with the very bytes."""
    copy, place = snapshot.registry(held)
    here = snapshot.here(held) | copy
    places = {path: held.root / path for path in here} | place
    files, found = dict(remote.tree.files), {}
    for path, file in remote.tree.files.items():
        if file.blob not in broken:
            continue
        if path in here and here[path].sha256 == file.sha256:
            files[path], found[path] = replace(file, blob=""), places[path]
        elif path in _MADE_AGAIN:
            del files[path]
    return files, found


def _commit(
    held: Room,
    backend: Backend,
    keys: Keys,
    remote: Remote,
    files: Mapping[str, File],
    places: dict[str, Path],
    broken: set[str],
    is_based: bool,
    step: Step,
) -> Tree:
    """Store what is found here, and commit the same list of files with it."""
    op_id = uuid4().hex
    backend.begin(op_id, remote.tip)
    if backend.packing == "one":  # its blobs do not outlast the next commit: all that are whole are put anew
        carried = [path for path, file in files.items() if path not in places and file.blob not in broken]
        places |= fetch(held, backend, keys, remote.tree, carried)
        files = {path: replace(file, blob="") if path in carried else file for path, file in files.items()}
    whole = {path: file for path, file in remote.tree.files.items() if file.blob not in broken}
    return making.commit_files(
        held,
        backend,
        keys,
        remote,
        files,
        places,
        op_id=op_id,
        theirs=Tree(whole, remote.tree.blobs),
        totals=remote.commit.totals,
        is_based=is_based,
        step=step,
    ).tree
