"""What is here now: digests of every file that travels, and a copy of the registry that is whole."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pdp import store
from pdp.errors import StateError
from pdp.lineage.database import BUSY_TIMEOUT_S
from pdp.state.room import Room
from pdp.state.tree import DERIVED, GLANCE, METADATA, REGISTRY, File, kind_of

WORKERS = 4  # hashing leaves the interpreter's lock; more only make a spinning disk seek
DIGESTS = "digests.json"  # in the room: a cache
_PLACES = ("resources/raw", "results/receipts", *(f"results/{name}" for name in DERIVED), METADATA)
_Stamp = tuple[int, int, int, int, int]


class Digests:
    """SHA-256 of files, kept by what the system says of them: device, inode, size, times. No path stands in it.

    ctime sees an edit whose mtime was set back.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        try:
            self._known: dict[str, str] = dict(json.loads(file.read_text()))
        except (OSError, ValueError, TypeError):
            self._known = {}
        self._used: dict[str, str] = {}

    def of(self, path: Path) -> File:
        """Size, digest and time of a file, read only if it changed. Its path is not filled in."""
        status = path.stat()
        stamp = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
        key = " ".join(map(str, stamp))
        digest = self._known.get(key) or store.sha256(path)
        self._used[key] = digest
        return File("", status.st_size, digest, status.st_mtime_ns)

    def save(self) -> None:
        """Keep what was asked for."""
        if self._used != self._known:
            store.commit_json(self._file, self._used)


def here(room: Room) -> dict[str, File]:
    """The inventory of a room's folder."""
    return inventory(room.root, Digests(room.folder / DIGESTS))


def inventory(root: Path, digests: Digests) -> dict[str, File]:
    """Every file that travels, by path, apart from the registry, which can only be copied through SQLite.

    Raises:
        StateError: A file can't be read.
    """
    places = dict(sorted(_present(root)))
    with ThreadPoolExecutor(WORKERS) as pool:
        try:
            found = list(pool.map(digests.of, places.values()))
        except OSError as error:
            raise StateError(
                f"can't be read ({error.strerror}).", where=str(error.filename), hint="See who may read it."
            ) from None
    digests.save()
    return {path: File(path, file.bytes, file.sha256, file.mtime_ns) for path, file in zip(places, found, strict=True)}


def _present(root: Path) -> Iterator[tuple[str, Path]]:
    for place in _PLACES:
        for folder, _, names in os.walk(root / place):
            for name in names:
                path = Path(folder, name)
                relative = path.relative_to(root).as_posix()
                if kind_of(relative) not in (None, "registry") and path.is_file() and not path.is_symlink():
                    yield relative, path
    if (root / GLANCE).is_file():
        yield GLANCE, root / GLANCE


def registry(room: Room, mtime_ns: int = 0) -> tuple[dict[str, File], dict[str, Path]]:
    """A copy of the registry in the work folder, as a file of the tree with that time, and its place; {} without one.

    Raises:
        StateError: As copy_registry.
    """
    copy = room.made("out") / "registry"
    if not copy_registry(room.root, copy):
        return {}, {}
    return {REGISTRY: File(REGISTRY, copy.stat().st_size, store.sha256(copy), mtime_ns)}, {REGISTRY: copy}


def copy_registry(root: Path, target: Path) -> bool:
    """Write all committed rows of the registry to a file of its own, also while others write; False: there is none.

    A plain copy of a file in WAL mode loses rows. VACUUM INTO reads one consistent state and writes the same
    bytes for the same rows.

    Raises:
        StateError: The registry is damaged, is held by another program, or there is no room for a copy.
    """
    source = root / REGISTRY
    if not source.is_file():
        return False
    target.unlink(missing_ok=True)
    try:
        connection = sqlite3.connect(source, timeout=BUSY_TIMEOUT_S)
        try:
            connection.execute("VACUUM INTO ?", (str(target),))
        finally:
            connection.close()
    except sqlite3.OperationalError as error:
        hint = "Is another program holding it, or the disk full? Then try again."
        raise StateError(f"can't be copied ({error}).", where=str(source), hint=hint) from None
    except sqlite3.DatabaseError as error:
        raise _damaged(str(source), error) from None
    check_registry(target, str(source))
    return True


def check_registry(file: Path, called: str = REGISTRY) -> None:
    """Raise unless SQLite finds the file whole (its digest is checked elsewhere; this is no checksum)."""
    try:
        connection = sqlite3.connect(f"file:{file}?mode=ro&immutable=1", uri=True)
        try:
            said = [row[0] for row in connection.execute("PRAGMA integrity_check")]
        finally:
            connection.close()
    except sqlite3.DatabaseError as error:
        raise _damaged(called, error) from None
    if said != ["ok"]:
        raise _damaged(called, None)


def _damaged(called: str, error: Exception | None) -> StateError:
    return StateError(
        f"is damaged{f' ({error})' if error else ''}.",
        where=called,
        hint="Move it away: it is made again from the receipts by the next run or question.",
    )
