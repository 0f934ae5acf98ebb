"""Blobs that were stored by a push that did not come to its commit: used again, not stored twice."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from threading import Lock

from pdp.state.backends import Backend, Blob
from pdp.state.tree import Sealed
from pdp.store import told

FILE = "uploads.jsonl"


class Uploads:
    """Remembered in resources/state/uploads.jsonl by the blob's keyed name, which tells nothing of its content.

    A line each, since a first push stores thousands.
    """

    def __init__(self, folder: Path) -> None:
        self._file, self._lock = folder / FILE, Lock()
        self._known: dict[str, Blob] = {}
        for line in self._file.read_bytes().splitlines() if self._file.is_file() else ():
            try:
                stored = json.loads(line)
                name = str(stored.pop("name"))
                self._known[name] = Blob(**stored)
            except (ValueError, TypeError, AttributeError, KeyError):
                continue  # a line that a kill cut short: its blob is stored again
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
            line = json.dumps({"name": name, **asdict(blob)}).encode()
            with told(self._file), self._file.open("ab") as stream:
                stream.write(b"\n" + line + b"\n")  # an own line, whatever a kill left before it
                stream.flush()
                os.fsync(stream.fileno())

    def forget(self) -> None:
        """A commit refers to all of them now."""
        self._file.unlink(missing_ok=True)
