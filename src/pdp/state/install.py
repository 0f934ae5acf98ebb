"""Bring a commit's files into this folder: unite what both sides add to, replace what one set must be, lose nothing.

Everything is fetched, checked and united in resources/state/work first. Then a marker is set, files are moved into
place one by one, and the marker goes. While it is there no run starts. A pull that was cut short is simply done
again: it compares all files with the commit and moves what is still different.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pdp import file_times, leftovers, store
from pdp.errors import StateError
from pdp.lineage import archive, record
from pdp.lineage import state as last_run
from pdp.state import conflict, erasure, snapshot, union
from pdp.state.backends import Backend, Step, no_step
from pdp.state.disk import sync
from pdp.state.fetching import WORKERS, fetch
from pdp.state.memory import Remote
from pdp.state.room import Room
from pdp.state.sealing import Keys
from pdp.state.tree import GLANCE, REGISTRY, File, Tree, kind_of

RAW_MODE, MODE = 0o440, 0o644  # as pdp.store has them
Tables = Literal["theirs", "ours"]


@dataclass(frozen=True)
class Brought:
    """What became different here: raw exports that are new, files replaced or removed, receipts that only we had."""

    new_raw: int
    files: int
    our_receipts: int


@dataclass(frozen=True)
class _Move:
    """A file to be put in its place; its time in ns since 1970, or None for now."""

    staged: Path
    path: str
    mtime_ns: int | None


@dataclass(frozen=True)
class _Sides:
    """Both sides of a union, and how their files are fetched."""

    room: Room
    here: Mapping[str, File]
    theirs: Tree
    fetch: _Fetch


class _Fetch:
    """fetch() with everything but the paths."""

    def __init__(self, room: Room, backend: Backend, keys: Keys, tree: Tree, step: Step) -> None:
        self._given = (room, backend, keys, tree)
        self._step = step

    def __call__(self, wanted: Iterable[str]) -> dict[str, Path]:
        return fetch(*self._given, wanted, step=self._step)


def bring(
    room: Room,
    backend: Backend,
    keys: Keys,
    remote: Remote,
    here: Mapping[str, File],
    *,
    tables: Tables,
    step: Step = no_step,
) -> Brought:
    """Unite this folder with a commit.

    Args:
        room: Of this folder, held.
        backend: Where the state is.
        keys: Open it.
        remote: The commit.
        here: What is here now (snapshot.inventory).
        tables: Whose derived tables, with Snakemake's records of them, stand afterwards.
        step: Called between steps; tests kill here.

    Raises:
        StateError: It can't be fetched or united; nothing here was changed.
    """
    theirs = remote.tree
    conflict.refuse_unmergeable(room, here, theirs)
    sides = _Sides(room, here, theirs, _Fetch(room, backend, keys, theirs, step))
    is_whole_set = tables == "theirs" and bool(theirs.of("derived"))
    shift = file_times.lead_ns(file.mtime_ns for file in theirs.files.values())
    moves = _united_manifests(sides)
    known = erasure.of_both(room, erasure.fetched(room, backend, keys, theirs))
    leftovers.note_unlooked(room.root, erasure.not_looked_for(room, here, theirs, known))
    more, extra, is_rebuilt = _united_receipts(sides, is_whole_set, known)
    moves += _united_forgotten(sides, known)
    taken = {path for path in theirs.of("raw", "source", "forgotten") if path not in here}
    if is_whole_set:
        taken |= {p for p, f in theirs.of("derived").items() if p not in here or here[p].sha256 != f.sha256}
    if more is not None and not is_rebuilt:
        taken |= {path for path in (REGISTRY, GLANCE) if path in theirs.files}
    for path, staged in sorted(sides.fetch(taken).items()):
        moves.append(_Move(staged, path, theirs.files[path].mtime_ns - shift))
        if path == REGISTRY:
            snapshot.check_registry(staged)
    moves += more or []
    gone = [p for p in here if is_whole_set and kind_of(p) == "derived" and p not in theirs.files]
    for path in [*(move.path for move in moves), *gone]:
        _refuse_links(room.root, room.root / path)

    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(sync, [move.staged for move in moves]))  # before a name leads to bytes that may be lost
    store.commit_json(room.marker, {"pulling": remote.commit.seq})
    step("marked")
    with archive.alone(room.root / "results" / "receipts"):
        for move in moves:
            _place(room.root, move)
            step(f"moved {move.path}")
        for path in gone:
            (room.root / path).unlink(missing_ok=True)
        if is_whole_set:
            _set_times(room.root, here, theirs, taken, shift)
            shutil.rmtree(room.root / ".snakemake" / "incomplete", ignore_errors=True)
    for folder in {(room.root / move.path).parent for move in moves}:
        sync(folder)
    step("placed")
    if is_rebuilt:
        record.rebuild(room.root / "results")
        last_run.write(room.root / "results")
        step("rebuilt")
    room.marker.unlink()
    sync(room.folder)
    step("unmarked")
    return Brought(sum(kind_of(path) == "raw" for path in taken), len(moves) + len(gone), len(extra))


def has_their_receipts(root: Path, theirs: Tree) -> bool:
    """Whether every archive of theirs is the beginning of the one here."""
    return all(union.is_extended(root / path, file.bytes, file.sha256) for path, file in theirs.of("receipts").items())


def _united_manifests(sides: _Sides) -> list[_Move]:
    differing = [
        p for p, f in sides.theirs.of("source").items() if p in sides.here and sides.here[p].sha256 != f.sha256
    ]
    moves = []
    for path, fetched in sides.fetch(differing).items():
        ours = (sides.room.root / path).read_bytes()
        united = union.source_manifests(fetched.read_bytes(), ours)
        if united != ours:
            staged = sides.room.made("manifests") / fetched.name
            staged.write_bytes(united)
            moves.append(_Move(staged, path, None))
    return moves


def _united_forgotten(sides: _Sides, known: erasure.Known) -> list[_Move]:
    """What either side had erased."""
    moves = []
    for path in sides.theirs.of("forgotten"):
        united = known[path.split("/")[2]].write()
        if path in sides.here and united != (sides.room.root / path).read_bytes():
            staged = sides.room.made("forgotten") / path.split("/")[2]
            staged.write_bytes(united)
            moves.append(_Move(staged, path, None))
    return moves


def _united_receipts(
    sides: _Sides, tables_give_way: bool, forgotten: erasure.Known
) -> tuple[list[_Move] | None, list[union.Receipt], bool]:
    """Archives to move (None: ours hold theirs), receipts that only we had, whether the registry is made anew.

    Where our tables give way to theirs, what our extra receipts say was made is set aside: it is nowhere any more.
    """
    room, theirs = sides.room, sides.theirs
    is_settled = has_their_receipts(room.root, theirs) and not room.marker.exists()
    if is_settled and not (tables_give_way and _has_standing_receipts(sides)):
        return None, [], False
    folder = room.made("receipts")
    missing = []
    for path, file in theirs.of("receipts").items():
        if union.is_extended(room.root / path, file.bytes, file.sha256):
            shutil.copyfile(room.root / path, folder / Path(path).name)
            os.truncate(folder / Path(path).name, file.bytes)
        else:
            missing.append(path)
    for path, fetched in sides.fetch(missing).items():
        shutil.copyfile(fetched, folder / Path(path).name)
    known = union.read_receipts(archive.files(folder))
    ours = union.read_receipts(sorted(room.root / path for path in sides.here if kind_of(path) == "receipts"))
    extra = union.renumbered(known, erasure.without_forgotten(union.only_ours(known, ours), forgotten))
    extra = union.set_aside(extra) if tables_give_way else extra
    archive.append(folder, extra)
    moves = []
    for staged in archive.files(folder):
        path = f"results/receipts/{staged.name}"
        if path not in sides.here or sides.here[path].sha256 != store.sha256(staged):
            moves.append(_Move(staged, path, None))
    return moves, extra, bool(extra) or REGISTRY not in theirs.files


def _has_standing_receipts(sides: _Sides) -> bool:
    """Whether our archives, which hold theirs, add receipts that are not set aside."""
    for path in sides.here:
        if kind_of(path) == "receipts":
            theirs = sides.theirs.files.get(path)
            added = union.added_receipts(sides.room.root / path, theirs.bytes if theirs else 0)
            if not all(union.is_aside(receipt) for receipt in added):
                return True
    return False


def _place(root: Path, move: _Move) -> None:
    target = root / move.path
    target.parent.mkdir(parents=True, exist_ok=True)
    move.staged.chmod(RAW_MODE if kind_of(move.path) == "raw" else MODE)
    if move.mtime_ns is not None:
        os.utime(move.staged, ns=(move.mtime_ns, move.mtime_ns))
    if move.path == REGISTRY:
        for leftover in ("-wal", "-shm"):  # of the one that goes: SQLite would read them into the new one
            target.with_name(target.name + leftover).unlink(missing_ok=True)
    move.staged.replace(target)


def _set_times(root: Path, here: Mapping[str, File], theirs: Tree, taken: set[str], shift: int) -> None:
    """Equal bytes made here at another time: Snakemake compares times within the set, so they are the set's."""
    for path, file in theirs.of("derived").items():
        if path not in taken and here[path].mtime_ns != file.mtime_ns - shift:
            os.utime(root / path, ns=(file.mtime_ns - shift,) * 2)


def _refuse_links(root: Path, target: Path) -> None:
    """A link below the places of a state could lead a write out of them. The places themselves may be links."""
    for place in [target, *target.parents]:
        if len(place.relative_to(root).parts) <= 2:
            return
        if place.is_symlink():
            raise StateError(
                "is a link, which a pull does not follow.", where=str(place), hint="Put a folder or file in its place."
            )
