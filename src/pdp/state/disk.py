"""What a disk says in numbers, in sentences; and bytes that are on the disk when a call returns."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pdp.errors import StateError

_SENTENCES = {
    errno.ENOSPC: ("the disk is full.", "Free some space and try again; nothing that was there is lost."),
    errno.EDQUOT: ("the disk quota is used up.", "Free some space and try again; nothing that was there is lost."),
    errno.EFBIG: ("the file system takes no file of that size.", "Use another file system (FAT takes 4 GB at most)."),
    errno.EACCES: ("may not be written or read.", "Give yourself permission (chmod, chown) and try again."),
    errno.EPERM: ("may not be written or read.", "Give yourself permission (chmod, chown) and try again."),
    errno.EROFS: ("is on a read-only file system.", "Mount it writable, then try again."),
    errno.EIO: ("the disk does not answer.", "Is it plugged in, is the network there? Then try again."),
    errno.ESTALE: ("the network folder is gone.", "Mount it again, then try again."),
    errno.ENOENT: ("is not there any more.", "Is the disk plugged in, the network folder mounted? Then try again."),
    errno.ENOTDIR: ("is a file where a folder is needed.", "Name a folder, or move that file away."),
}


@contextmanager
def told(place: Path) -> Iterator[None]:
    """Turn an OSError into a StateError about `place`."""
    try:
        yield
    except OSError as error:
        what, hint = _SENTENCES.get(
            error.errno or 0,
            (f"can't be used: {error.strerror or type(error).__name__}.", "Mend that and try again."),
        )
        raise StateError(what, where=str(error.filename or place), hint=hint) from error


def sync(path: Path) -> None:
    """Force a file or folder to the disk. Some network file systems can't sync a folder; they order by themselves."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EBADF) or not path.is_dir():
            raise
    finally:
        os.close(handle)


def write_new(path: Path, data: bytes) -> None:
    """Write a file that nobody else may read and that is not there yet; it is on the disk when this returns."""
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:  # noqa: PTH123
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
