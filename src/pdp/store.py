"""The only way files reach the disk: staged beside their place, synced, moved.

Everything staged is called `<path>.<uuid>.tmp` (what a writer spills beside it ends in .tmp too), is never read by
anyone else and is swept away when the next run starts.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pdp.errors import StoreError

if TYPE_CHECKING:
    pass

BLOCK = 1 << 20


def sha256(path: Path) -> str:
    """Hex digest of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def stage(path: Path) -> Path:
    """A name beside `path` to write to; `settle` moves it there."""
    with told(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    return path.with_name(f"{path.name}.{uuid.uuid4().hex}.tmp")


def settle(staged: Path, path: Path) -> None:
    """Make the staged file the artifact: sync its bytes, move it, sync the folder."""
    with told(path):
        _sync(staged)
        staged.replace(path)
        _sync(path.parent)


@contextmanager
def commit(path: Path) -> Iterator[Path]:
    """Write a file so that either the old or the whole new one is there, whatever happens.

    Raises:
        StoreError: Disk full or no permission; the old file is as it was.
    """
    staged = stage(path)
    try:
        with told(path):
            yield staged
        settle(staged, path)
    finally:
        with suppress(OSError):
            staged.unlink(missing_ok=True)


def commit_json(path: Path, value: object) -> None:
    """Write JSON the same way: keys in order of insertion, one newline at the end."""
    with commit(path) as staged:
        staged.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def read_json(path: str | Path) -> Any:
    """A JSON artifact, or None where there is none yet."""
    place = Path(path)
    return json.loads(place.read_text(encoding="utf-8")) if place.exists() else None


def sweep(*folders: Path) -> int:
    """Delete what killed jobs left staged. An orphan still writing loses its file, and so can't commit stale bytes."""
    swept = 0
    for folder in folders:
        for path in folder.rglob("*.tmp"):
            if "as_of" not in path.relative_to(folder).parts[:1]:  # a run into the past may be at work there
                path.unlink(missing_ok=True)
                swept += 1
    return swept


def now() -> str:
    """ISO 8601 UTC, milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Say in a sentence what the system says in a number; anything that is no matter of the disk passes."""
    try:
        yield
    except OSError as error:
        hints = {
            errno.ENOSPC: ("the disk is full.", "Free some space and run again; nothing that was there is lost."),
            errno.EDQUOT: ("the disk quota is used up.", "Free some space and run again; nothing is lost."),
            errno.EACCES: ("may not be written or read.", "Give yourself permission (chmod, chown) and run again."),
            errno.EPERM: ("may not be written or read.", "Give yourself permission (chmod, chown) and run again."),
            errno.EROFS: ("the file system is read-only.", "Mount it writable, or work in another folder."),
        }
        if error.errno not in hints:
            raise
        what, hint = hints[error.errno]
        raise StoreError(what, where=str(error.filename or path), hint=hint) from error
