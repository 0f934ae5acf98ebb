"""A folder aside of the data set, which only the owner can read, for as long as a question lasts."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pdp.errors import StoreError

PREFIX = "pdp-aside-"
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def aside(forbidden: tuple[Path, ...]) -> Iterator[Path]:
    """An empty folder (0700), gone afterwards. What a killed question left is swept first: it holds measured values.

    Args:
        forbidden: Folders below which nothing may be written.

    Raises:
        StoreError: The system's temporary folder lies in one of them, or is full.
    """
    base = Path(tempfile.gettempdir()).resolve()
    for folder in forbidden:
        if base.is_relative_to(folder.resolve()):
            what = "the folder for temporary files lies inside the data set, where questions write nothing."
            raise StoreError(what, where=str(base), hint="Set TMPDIR to a folder elsewhere, such as /tmp.")
    _sweep(base)
    place, lock = _make(base)
    try:
        yield place
    except OSError as error:
        if error.errno not in _FULL:
            raise
        what = "there is no room for temporary files."
        raise StoreError(what, where=str(base), hint="Free some space, or set TMPDIR to a folder elsewhere.") from error
    finally:
        shutil.rmtree(place, ignore_errors=True)
        os.close(lock)


def _make(base: Path) -> tuple[Path, int]:
    """A new folder and the lock that says somebody works in it; the lock dies with the process."""
    while True:
        place = Path(tempfile.mkdtemp(prefix=PREFIX, dir=base))
        with suppress(FileNotFoundError):  # swept by another question, before it was locked
            lock = os.open(place, os.O_RDONLY)
            fcntl.flock(lock, fcntl.LOCK_EX)
            if place.is_dir():
                return place, lock
            os.close(lock)


def _sweep(base: Path) -> None:
    for left in base.glob(f"{PREFIX}*"):
        with suppress(OSError):  # somebody else's, at work, or gone meanwhile
            if left.is_symlink() or left.stat().st_uid != os.geteuid():
                continue
            lock = os.open(left, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(left)
            finally:
                os.close(lock)
