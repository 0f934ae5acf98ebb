"""Pull: bring what other machines pushed, so that this folder has nothing to compute that was computed before."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pdp import leftovers
from pdp.lineage import record
from pdp.state import erasure, install, memory, room, snapshot, union
from pdp.state.backends import Backend, Step, no_step
from pdp.state.sealing import Keys
from pdp.state.tree import kind_of


@dataclass(frozen=True)
class Pulled:
    """What a pull did: the commit's number; whether anything changed here; counts; whether the state holds nothing.

    `forgotten` counts places of this folder that still hold what was forgotten on another machine.
    """

    seq: int
    is_changed: bool
    new_raw: int
    files: int
    our_receipts: int
    waiting: int
    is_empty: bool = False
    forgotten: int = 0


def pull(
    root: Path,
    backend: Backend,
    keys: Keys,
    *,
    wants_tables: bool = False,
    is_forgetting: bool = False,
    step: Step = no_step,
) -> Pulled:
    """Bring the newest commit into a folder.

    Raw exports, sources' manifests and receipts of both sides are united. Derived tables become the commit's, as one
    set, unless this folder is based on that very commit and has all of them: then what was made here since stays. With
    `wants_tables` it gives way also then. `is_forgetting`: for an erasure that was begun here, and goes on afterwards.

    Raises:
        StateError: A guard refused, something could not be fetched or united; nothing here was changed.
    """
    root = root.absolute()
    with room.opened(root) as held:
        if not is_forgetting:
            erasure.refuse_unfinished(held)
        known = memory.recall(root)
        was_cut_short = held.marker.exists()
        remote = memory.read_remote(held, backend, keys, known)
        step("read")
        memory.remember(held, memory.seen(known, backend.address, remote.tip))
        if not was_cut_short:
            record.fold(root / "results")
        here = snapshot.here(held)
        is_based_on_it = known is not None and known.synced == remote.commit.id and not was_cut_short
        has_all = all(path in here or kind_of(path) == "registry" for path in remote.tree.files)
        if is_based_on_it and has_all and not wants_tables:
            is_empty = remote.commit.tree is None
            return Pulled(remote.commit.seq, False, 0, 0, 0, union.waiting_exports(root), is_empty, _forgotten(root))
        brought = install.bring(held, backend, keys, remote, here, tables="theirs", step=step)
        memory.remember(held, memory.synced(known, backend.address, remote.tip, remote.tree))
        step("remembered")
        return Pulled(
            remote.commit.seq,
            brought.files > 0,
            brought.new_raw,
            brought.files,
            brought.our_receipts,
            union.waiting_exports(root),
            is_empty=remote.commit.tree is None,
            forgotten=_forgotten(root),
        )


def _forgotten(root: Path) -> int:
    return len({path for *_, path in leftovers.names(root)})
