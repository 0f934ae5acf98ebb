"""Push: seal what is here, store what is new, and commit it upon what other machines committed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

from pdp.errors import StateConflictError, StateError
from pdp.lineage import record
from pdp.state import commit, conflict, erasure, install, making, memory, room, snapshot, soundness, totals, union
from pdp.state.backends import Backend, Step, Tip, no_step
from pdp.state.fetching import fetch
from pdp.state.memory import Memory, Remote
from pdp.state.room import Room
from pdp.state.sealing import Keys
from pdp.state.tree import REGISTRY, File, kind_of

COMPLETE = "COMPLETE"
MOST_TRIES = 5  # each lost race means that somebody else won one


@dataclass(frozen=True)
class Pushed:
    """What a push did: the commit's number, whether it made one, whether the state has more than is here; counts.

    `has_tables`: its tables are those here. `has_failed`: they are not, since the last run here did not end well.
    """

    seq: int
    is_new: bool
    is_behind: bool
    bytes: int
    new_raw: int
    brought_raw: int
    is_united: bool
    has_tables: bool
    waiting: int
    has_failed: bool = False


def push(root: Path, backend: Backend, keys: Keys, *, allow_shrink: bool = False, step: Step = no_step) -> Pushed:
    """Commit this folder's files.

    Raw exports, manifests and receipts of both sides are united. The tables that travel are those here, unless the last
    run here failed, or another machine pushed tables since this folder was based on a commit: then those stay, and come
    into this folder in place of its own, which the next run makes again from all that is united.

    Raises:
        StateConflictError: Others won every race; nothing was changed there. Or as below.
        StateError: A guard refused, something could not be united or stored; the state is as it was.
    """
    root, op_id = root.absolute(), uuid4().hex
    with room.opened(root) as held:
        erasure.refuse_unfinished(held)
        if held.marker.exists():
            raise StateError(
                "a pull or a push was cut short in this folder.", hint="Finish it: pdp state pull, then push again."
            )
        record.fold(root / "results")
        pushing = _Push(held, backend, keys, allow_shrink, op_id, step)
        for _ in range(MOST_TRIES):
            try:
                return pushing.once()
            except StateConflictError:
                step("lost")
        here = snapshot.here(held)
        known = memory.recall(root)
        kept = conflict.keep_aside(held, here, memory.read_remote(held, backend, keys, known).tree, op_id)
        raise StateConflictError(
            f"other machines were faster {MOST_TRIES} times. The state is as they left it; what only this folder has "
            f"was also put into {kept.relative_to(root)}.",
            hint="Push again in a minute.",
        )


@dataclass
class _Push:
    room: Room
    backend: Backend
    keys: Keys
    allow_shrink: bool
    op_id: str
    step: Step
    brought_raw: int = 0
    is_united: bool = False

    def once(self) -> Pushed:
        known = memory.recall(self.room.root)
        remote = memory.read_remote(self.room, self.backend, self.keys, known)
        self.step("read")
        memory.remember(self.room, memory.seen(known, self.backend.address, remote.tip))
        here = snapshot.here(self.room)
        conflict.refuse_unmergeable(self.room, here, remote.tree)
        erasure.refuse_leftovers(self.room, self.backend, self.keys, here, remote.tree)
        soundness.refuse_damaged_raw(here)
        is_moved = known is None or known.synced != remote.commit.id
        fresh = _receipts_of_ours(self.room.root, here, remote, known)
        new_raw = sum(kind_of(path) == "raw" and path not in remote.tree.files for path in here)
        if not fresh and not new_raw and remote.commit.tree is not None:
            return self._nothing(known, remote, here, is_moved)
        self.is_united = is_moved and remote.commit.tree is not None
        if is_moved or not install.has_their_receipts(self.room.root, remote.tree):
            # where both have tables, those of the tip stand, also here: receipts united speak of one set alone
            tables: install.Tables = "theirs" if is_moved else "ours"
            brought = install.bring(self.room, self.backend, self.keys, remote, here, tables=tables, step=self.step)
            self.brought_raw += brought.new_raw
            here = snapshot.here(self.room)
            fresh = _receipts_of_ours(self.room.root, here, remote, known)
        last = _last_run(fresh)
        has_tables = last == COMPLETE and not (is_moved and remote.tree.of("derived"))
        if has_tables:
            soundness.refuse_damaged_tables(self.room.root, here, remote.tree)
        files = _files(here, remote, has_tables)
        places = {path: self.room.root / path for path, file in files.items() if not file.blob}
        if self._needs_registry(here, remote):
            copy, place = self._registry(here)
            files, places = files | copy, places | place
        if {path: file.sha256 for path, file in files.items()} == remote.tree.contents():
            return self._nothing(known, remote, here, is_moved)
        counted = totals.count(self.room.root, files, remote.commit.totals, has_tables)
        if not self.allow_shrink:
            totals.refuse_shrinking(remote.commit.totals, counted)
        pushed = self._commit(remote, files, places, counted, new_raw, has_tables)
        return replace(pushed, has_failed=last not in ("", COMPLETE))

    def _commit(
        self,
        remote: Remote,
        files: Mapping[str, File],
        places: dict[str, Path],
        counted: Mapping[str, int],
        new_raw: int,
        has_tables: bool,
    ) -> Pushed:
        self.backend.begin(self.op_id, remote.tip)
        self.step("begun")
        if self.backend.packing == "one":  # its blobs do not outlast the next commit: all are put anew
            carried = [path for path, file in files.items() if path not in places]
            places |= fetch(self.room, self.backend, self.keys, remote.tree, carried)
        made = making.commit_files(
            self.room,
            self.backend,
            self.keys,
            remote,
            files,
            places,
            op_id=self.op_id,
            theirs=remote.tree,
            totals=counted,
            step=self.step,
        )
        return self._pushed(made.tip, True, False, made.bytes, new_raw, has_tables)

    def _nothing(self, known: Memory | None, remote: Remote, here: Mapping[str, File], is_moved: bool) -> Pushed:
        """Nothing here that the state has not. If it has nothing else either, this folder is based on it."""
        is_behind = is_moved and any(
            path not in here or here[path].sha256 != file.sha256
            for path, file in remote.tree.files.items()
            if kind_of(path) != "registry"
        )
        if is_moved and not is_behind:
            memory.remember(self.room, memory.synced(known, self.backend.address, remote.tip, remote.tree))
        return self._pushed(remote.tip, False, is_behind, 0, 0, False)

    def _pushed(self, tip: Tip, is_new: bool, is_behind: bool, bytes: int, new_raw: int, has_tables: bool) -> Pushed:
        seq = commit.read_header(tip.data).seq
        waiting = union.waiting_exports(self.room.root)
        return Pushed(seq, is_new, is_behind, bytes, new_raw, self.brought_raw, self.is_united, has_tables, waiting)

    def _needs_registry(self, here: Mapping[str, File], remote: Remote) -> bool:
        """The registry is made of the receipts: equal receipts, equal registry."""
        ours = {path: file.sha256 for path, file in here.items() if kind_of(path) == "receipts"}
        theirs = {path: file.sha256 for path, file in remote.tree.of("receipts").items()}
        return bool(ours) and (ours != theirs or REGISTRY not in remote.tree.files)

    def _registry(self, here: Mapping[str, File]) -> tuple[dict[str, File], dict[str, Path]]:
        # the time of what it is made of, so that a push done again has the same list of files
        made = max(file.mtime_ns for path, file in here.items() if kind_of(path) == "receipts")
        copy, place = snapshot.registry(self.room, made)
        if not copy:
            raise StateError(
                "there are receipts but no registry.", where=REGISTRY, hint="Run `pdp runs`, which makes it."
            )
        return copy, place


def _receipts_of_ours(
    root: Path, here: Mapping[str, File], remote: Remote, known: Memory | None
) -> list[union.Receipt]:
    """Receipts here that the commit does not have: what was added to its archives, or to those last synced."""
    found: list[union.Receipt] = []
    for path in sorted(path for path in here if kind_of(path) == "receipts"):
        theirs = remote.tree.files.get(path)
        bases = [(theirs.bytes, theirs.sha256)] if theirs else []
        bases += [(size, digest) for size, digest in [known.receipts[path]]] if known and path in known.receipts else []
        size = next((size for size, digest in bases if union.is_extended(root / path, size, digest)), 0)
        found += union.added_receipts(root / path, size)
    return found


def _last_run(fresh: list[union.Receipt]) -> str:
    """How the last run ended that the state does not know of; "" for none. After COMPLETE its tables are one whole set.

    A run whose tables gave way to those of another machine is none.
    """
    ours = (r for r in fresh if r.get("kind") == "run" and not union.is_aside(r))
    runs = sorted(ours, key=lambda r: (r.get("seq") or 0, str(r.get("started")), str(r.get("id"))))
    return str(runs[-1].get("status")) if runs else ""


def _files(here: Mapping[str, File], remote: Remote, has_tables: bool) -> dict[str, File]:
    """The tree to be: ours; from the commit before what is only ever added to, and the tables if ours are not whole."""
    theirs = remote.tree
    files = {path: file for path, file in here.items() if kind_of(path) != "derived" or has_tables}
    files |= {
        path: file
        for path, file in theirs.of("raw", "source", "forgotten", "receipts", "registry").items()
        if path not in files
    }
    if not has_tables:
        files |= theirs.of("derived")
    return {path: file if file.blob else replace(file, blob="") for path, file in files.items()}
