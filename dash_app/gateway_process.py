"""What holds for the process that keeps private data: alone, no core dump, and what it unsealed goes with it."""

from __future__ import annotations

import atexit
import ctypes
import fcntl
import os
import resource
import shutil
import stat
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from pdp.errors import ConfigError, PdpError

MEMORY = Path("/dev/shm")  # noqa: S108 - a file system in memory; only folders made here for one user are used
PREFIX = "pdp-private-"
LOCK = "lock"
_PR_SET_DUMPABLE = 4  # linux/prctl.h
_CLAIMS: list[IO[str]] = []  # held while the process lives


class NoRoomError(PdpError):
    """There is no place where private data could lie."""


@dataclass(frozen=True)
class PrivateFolder:
    """A folder that only this user may enter and that goes with its session or its process.

    Args:
        path: Of the folder.
        lock: Held while it is in use; whoever gets it knows that the process that made the folder is gone.
    """

    path: Path
    lock: IO[str] = field(repr=False)

    def remove(self) -> None:
        """Remove it and all that is in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        self.lock.close()


def private_folder(need_bytes: int) -> PrivateFolder:
    """A new folder with mode 0700, in memory if there is room for so many bytes, else where temporary files go.

    Raises:
        NoRoomError: There is no such place.
    """
    for place in _places():
        with suppress(OSError):
            if shutil.disk_usage(place).free < need_bytes:
                continue
            path = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=place))
            lock = (path / LOCK).open("w")
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return PrivateFolder(path, lock)
    raise NoRoomError("there is no room for the data.", hint="Give /dev/shm or the folder in TMPDIR more room.")


def sweep() -> None:
    """Remove what processes left that were killed."""
    for place in _places():
        for path in place.glob(f"{PREFIX}*"):
            with suppress(OSError):
                found = path.lstat()
                if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
                    continue
                with (path / LOCK).open("a") as lock:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    shutil.rmtree(path, ignore_errors=True)


def no_core_dumps() -> None:
    """A crash must not write keys to the disk; on Linux other programs of this user can't read the memory either."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def claim() -> None:
    """Be the only worker of this server's parent process.

    Raises:
        ConfigError: Another worker is there: it would not know who signed in here.
    """
    for place in _places():
        try:
            name = place / f"pdp-dashboard-{os.getuid()}-{os.getppid()}.lock"
            descriptor = os.open(name, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        except OSError:
            continue
        held = os.fdopen(descriptor, "w")
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            held.close()
            raise ConfigError(
                "a second worker was started, but sign-ins and their limits live in the memory of one process.",
                hint="gunicorn --workers 1 --threads 8 dash_app.wsgi:app",
            ) from None
        _CLAIMS.append(held)
        atexit.register(_give_up, name, os.getpid())
        return


def claim_in_forks() -> None:
    """The same in processes forked from this one (gunicorn --preload): a second one ends at once, and so its parent."""
    os.register_at_fork(after_in_child=_claim_or_end)


def _give_up(name: Path, owner: int) -> None:
    if os.getpid() == owner:  # not in its forks
        name.unlink(missing_ok=True)


def _claim_or_end() -> None:
    try:
        claim()
    except ConfigError as error:
        os.write(2, f"{error}\n".encode())
        os._exit(3)  # gunicorn's own code for "could not boot": the parent ends, too


def _places() -> list[Path]:
    with suppress(FileNotFoundError):
        return [place for place in dict.fromkeys((MEMORY, Path(tempfile.gettempdir()))) if place.is_dir()]
    return [MEMORY] if MEMORY.is_dir() else []
