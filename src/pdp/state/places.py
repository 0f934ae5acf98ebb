"""Taking a place in a folder so that only one can, on any file system.

What belongs at the place is written into a folder of its own, synced, and that folder is renamed onto the place:
rename(2) refuses where a folder with something in it stands, does so atomically for all clients of a network file
system, and needs no hard links and no locks. Whoever reads sees a place empty or whole.
"""

from __future__ import annotations

import shutil
import time
import uuid
from contextlib import suppress
from pathlib import Path

from pdp.state.backends import Step
from pdp.state.disk import sync, write_new

_ABANDONED_S = 7 * 24 * 3600  # by file times; a writer that slow is refused by its own rename, and says so


class Places:
    """The places under a root."""

    def __init__(self, root: Path, step: Step) -> None:
        self._root, self._step = root, step

    def take(self, name: str, files: dict[str, bytes]) -> bool:
        """Make a folder with these files at `name`, unless something is there: all or nothing, one winner."""
        place = self._root / name
        if place.exists():
            return False
        staged = self.staging()
        for file, data in files.items():
            write_new(staged / file, data)
        sync(staged)
        self._folder(place.parent)
        self._step(f"before taking {name}")
        try:
            staged.rename(place)
        except OSError:
            if not place.exists():
                raise
        self._step(f"after taking {name}")
        with suppress(OSError):
            shutil.rmtree(staged)
        sync(place.parent)
        # A network folder may say no to a rename that it has done (the answer was lost, it was asked again).
        return all((place / file).read_bytes() == data for file, data in files.items())

    def settle(self, data: bytes, place: Path) -> None:
        """Put these bytes in the place of a file, whole."""
        staged = self.staging() / place.name
        write_new(staged, data)
        self.move(staged, place)
        staged.parent.rmdir()

    def move(self, staged: Path, place: Path) -> None:
        """Move a file onto `place`, whatever is there."""
        self._folder(place.parent)
        staged.replace(place)
        sync(place.parent)

    def staging(self) -> Path:
        """A folder of our own to write in."""
        staged = self._root / "incoming" / uuid.uuid4().hex
        self._folder(staged.parent)
        staged.mkdir(mode=0o700)
        return staged

    def _folder(self, path: Path) -> None:
        if not path.is_dir():
            path.mkdir(mode=0o700, exist_ok=True)
            sync(path.parent)

    def sweep(self) -> None:
        """Remove what killed writers left."""
        for old in (self._root / "incoming").glob("*"):
            with suppress(OSError):
                if time.time() - old.stat().st_mtime > _ABANDONED_S:
                    shutil.rmtree(old)
