"""Raw exports, byte for byte as they arrived, and what is known of their sources."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from pdp import store
from pdp.forgotten import NOTHING, Forgotten, ForgottenError


@dataclass(frozen=True)
class RawStore:
    """The raw exports of one subject, named by their content, and what is known of its sources.

    Attributes:
        folder: Of them.
        forgotten: What was erased on purpose.
        without: Puts a copy that lacks forgotten days in the place of a staged export; whether it did.
    """

    folder: Path
    forgotten: Forgotten = NOTHING
    without: Callable[[Path], bool] | None = None
    _copies: set[str] = field(default_factory=set)

    def is_copy(self, export: str) -> bool:
        """Whether this store took it in without forgotten days."""
        return export in self._copies

    def keep(self, stream: BinaryIO) -> tuple[str, int, bool]:
        """Take a raw export in, byte for byte.

        Returns:
            SHA-256, bytes, and whether it is new here. Bytes already held are not written again.

        Raises:
            ForgottenError: These bytes were erased on purpose; they are not kept.
            DocumentPostponedError: They hold forgotten days, which can't be taken out of them.
        """
        staged = store.stage(self.folder / "incoming")
        digest, size = hashlib.sha256(), 0
        try:
            with store.told(self.folder):
                with staged.open("wb") as target:
                    while block := stream.read(store.BLOCK):
                        digest.update(block)
                        target.write(block)
                        size += len(block)
                name = digest.hexdigest()
                if entry := self.forgotten.of_bytes(name):
                    raise ForgottenError(f"it was forgotten on {entry.day}.")
                if self.without is not None and self.without(staged):
                    name, size = store.sha256(staged), staged.stat().st_size
                    self._copies.add(name[:16])
                place = self.folder / name[:16]
                if place.exists() and place.stat().st_size == size and store.sha256(place) == name:
                    return name, size, False
                staged.chmod(0o440)
            store.settle(staged, place)
            return name, size, True
        finally:
            with suppress(OSError):
                staged.unlink(missing_ok=True)

    def holds(self, export: str, size: int) -> bool:
        """Whether an export of that size is here (`pdp verify` looks at the bytes)."""
        place = self.folder / export
        return place.is_file() and place.stat().st_size == size

    def recall(self, source: str) -> dict[str, Any] | None:
        """The last manifest of a source. It lies beside the exports, because a clean of results must not forget it."""
        manifest: dict[str, Any] | None = store.read_json(self.folder / f"{source}.manifest.json")
        return manifest

    def remember(self, source: str, manifest: Mapping[str, Any]) -> None:
        """Keep it."""
        store.commit_json(self.folder / f"{source}.manifest.json", manifest)


def missing(folder: Path, exports: Iterable[str]) -> set[Path]:
    """Those of a subject's exports that count and are not in their folder."""
    here = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    return {folder / export for export in exports if export not in here}


def told_missing(lost: Iterable[Path]) -> str:
    """What to say of raw exports that are still not there; empty where all are.

    Snakemake takes the tables made from them for raw themselves: they stay, whatever has changed.
    """
    gone = sorted(path for path in lost if not path.exists())
    if not gone:
        return ""
    which = f"{gone[0]}{f' and {len(gone) - 1:,} more' if gone[1:] else ''}"
    return (
        f"NOT BROUGHT UP TO DATE: {which}: the raw export is missing, and no source gave it again. What was read from "
        "it stays as it was, whatever changes in code or settings. Bring it back (from a backup, or pdp state pull) "
        "and run again."
    )
