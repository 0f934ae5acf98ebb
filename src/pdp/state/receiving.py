"""Sealed bytes that arrive: staged, measured, only then given out; kept in PDP_STATE_CACHE for the next time.

The cache holds ciphertext alone, named by its SHA-256, and is believed no more than the network: what it gives is
measured again. It may be deleted at any time, may be full or read-only, and forgets what nobody asked for in 30 days.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from pdp.errors import StateError
from pdp.state.backends import Blob
from pdp.state.disk import told

BLOCK = 1 << 20  # bytes read at a time
_UNASKED_S = 30 * 24 * 3600  # by this machine's clock; a mistake costs a download


def measure(path: Path) -> tuple[int, str]:
    """Bytes and SHA-256 in hex of a file."""
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
        return stream.tell(), digest


def receive(blob: Blob, target: Path, fetch: Callable[[BinaryIO], None], is_cached: bool) -> None:
    """Bring a blob to `target`: from the cache if that may and does give it, else by `fetch`, which writes a stream.

    Raises:
        StateError: What came is not the blob. Nothing is left at `target`.
    """
    staged = target.with_name(f"{target.name}.{uuid.uuid4().hex}.tmp")
    try:
        with told(target):
            _receive(blob, staged, fetch, is_cached)
            staged.replace(target)
    finally:
        with suppress(OSError):
            staged.unlink(missing_ok=True)


def _receive(blob: Blob, staged: Path, fetch: Callable[[BinaryIO], None], is_cached: bool) -> None:
    if is_cached and _from_cache(blob, staged):
        return
    with open(os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:  # noqa: PTH123
        fetch(stream)
    if measure(staged) != (blob.size, blob.sha256):
        raise StateError(
            "a part of the state came back with other bytes than were stored.",
            hint="Try again.",
        )
    _to_cache(blob, staged)


def cached() -> list[Path]:
    """The files of the cache, staged ones too: ours alone, since the folder may be one that holds more."""
    folder = _folder()
    return list(folder.glob(f"{'[0-9a-f]' * 64}*")) if folder else []


def _folder() -> Path | None:
    given = os.environ.get("PDP_STATE_CACHE", "").strip()
    return Path(given).expanduser() if given else None


def _from_cache(blob: Blob, staged: Path) -> bool:
    if (folder := _folder()) is None:
        return False
    try:
        shutil.copyfile(folder / blob.sha256, staged)
        if measure(staged) == (blob.size, blob.sha256):
            with suppress(OSError):
                os.utime(folder / blob.sha256)
            return True
        (folder / blob.sha256).unlink()
    except OSError:
        pass  # not in it, or the cache is not there: then it is fetched
    staged.unlink(missing_ok=True)
    return False


def _to_cache(blob: Blob, staged: Path) -> None:
    if (folder := _folder()) is None:
        return
    fresh = folder / f"{blob.sha256}.{uuid.uuid4().hex}.tmp"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.copyfile(staged, fresh)
        fresh.replace(folder / blob.sha256)
        for old in cached():
            if time.time() - old.stat().st_mtime > _UNASKED_S:
                old.unlink(missing_ok=True)
    except OSError:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)  # full or read-only: a cache is a convenience
