"""Blobs that were stored by a push that did not come to its commit: used again, not stored twice."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from threading import Lock

from pdp import store
from pdp.state.backends import Backend, Blob
from pdp.state.tree import Sealed

FILE = "uploads.json"


class Uploads:
    """Remembered in resources/state/uploads.json by the blob's keyed name, which tells nothing of its content."""

    def __init__(self, folder: Path) -> None:
        self._file, self._lock = folder / FILE, Lock()
        try:
            self._known = {str(name): Blob(**value) for name, value in json.loads(self._file.read_text()).items()}
        except (OSError, ValueError, TypeError, AttributeError):
            self._known = {}
        self.reused: list[str] = []

    def stored(self, backend: Backend, name: str, *, is_pack: bool) -> Sealed | None:
        """The blob of that name, if it was stored before and is still there."""
        blob = self._known.get(name)
        if blob is None or not backend.has_blob(blob):
            return None
        with self._lock:
            self.reused.append(blob.id)
        return Sealed(blob.id, blob.size, blob.sha256, is_pack)

    def remember(self, name: str, blob: Blob) -> None:
        """Keep what was stored, before any commit refers to it."""
        with self._lock:
            self._known[name] = blob
            store.commit_json(self._file, {each: asdict(value) for each, value in self._known.items()})

    def forget(self) -> None:
        """A commit refers to all of them now."""
        self._file.unlink(missing_ok=True)
