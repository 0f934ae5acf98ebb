"""Look at what the state holds: its whole history, and every blob of its newest commit, unsealed and compared."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from pdp.errors import PdpError
from pdp.state import audit, memory, packs, repair, room
from pdp.state.backends import Backend
from pdp.state.fetching import WORKERS, fetch
from pdp.state.sealing import Keys


@dataclass(frozen=True)
class Verdict:
    """How much was looked at in commit `seq`, and what was found: a sentence by file, blob or commit that is not whole.

    `commits` is how many of them are whole, 0 where they were not looked at; `cut` the newest that erased something.
    """

    seq: int
    files: int
    blobs: int
    is_quick: bool
    findings: tuple[tuple[str, str], ...]
    commits: int = 0
    cut: int | None = None


def verify(root: Path, backend: Backend, keys: Keys, *, is_quick: bool = False) -> Verdict:
    """Check the newest commit, all commits before it, and the keyring; this folder's memory spares none of it.

    Args:
        root: The working folder; nothing in it is changed or compared.
        backend: Where the state is.
        keys: Open it.
        is_quick: Believe what the storage says of sizes and checksums, fetch nothing, leave the history out.
    """
    root = root.absolute()
    with room.opened(root) as held:
        remote = memory.read_remote(held, backend, keys, memory.recall(root))
        by_blob = packs.groups((file.path, file.blob) for file in remote.tree.files.values())

        def look(name: str) -> tuple[str, str] | None:
            paths = by_blob[name]
            called = paths[0] if len(paths) == 1 else f"{paths[0]} and {len(paths) - 1} more"
            try:
                if is_quick:
                    is_there = repair.is_there(backend, remote.tree.blobs[name], held.made("in"))
                    return None if is_there else (called, "is missing, in the trash, or has another size or checksum.")
                for fetched in fetch(held, backend, keys, remote.tree, paths, is_cached=False).values():
                    fetched.unlink()
            except PdpError as error:
                return called, error.what
            return None

        with ThreadPoolExecutor(1 if not is_quick else WORKERS) as pool:
            findings = tuple(finding for finding in pool.map(look, sorted(by_blob)) if finding)
        listed = remote.commit.tree  # which was read here from what is kept of it, if it was seen before
        if listed and not repair.is_there(backend, listed, held.made("in")):
            findings += (("the list of files", "is missing, in the trash, or has another size or checksum."),)
        commits, broken, cut = (0, [], None) if is_quick else audit.history(backend, keys, remote.commit)
        findings = (*broken, *findings)
        return Verdict(remote.commit.seq, len(remote.tree.files), len(by_blob), is_quick, findings, commits, cut)
