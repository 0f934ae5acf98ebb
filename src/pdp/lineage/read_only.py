"""Results that may only be read (a backup on a disc, a snapshot, somebody else's): they are asked in a copy aside."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pdp.aside import aside
from pdp.lineage import archive, database

LIVING = shutil.ignore_patterns(archive.LOCK, "*.run.jsonl")  # of a run that may be at work
_REGISTRY = (database.FILE, f"{database.FILE}-wal")


@contextmanager
def askable(root: Path) -> Iterator[Path]:
    """The results folder, or, where it may only be read, a folder with its registry and receipts, as long as it lasts.

    A question takes in what runs have left, and SQLite keeps files beside a database even when it only reads it.

    Raises:
        StoreError: There is no room for the copy.
    """
    here = [place for place in (root, root / "receipts", root / database.FILE) if place.exists()]
    if len(here) < 2 or all(os.access(place, os.W_OK) for place in here):
        yield root
        return
    with aside((root, root.absolute().parent / "resources")) as place:
        copy_receipts(root, place)
        for name in _REGISTRY:
            if (root / name).is_file():
                shutil.copyfile(root / name, place / name)
        yield place


def copy_receipts(root: Path, place: Path) -> None:
    """The receipts of a results folder, to be taken in elsewhere."""
    if (root / "receipts").is_dir():
        shutil.copytree(root / "receipts", place / "receipts", ignore=LIVING, copy_function=shutil.copyfile)
        for folder, folders, _ in os.walk(place / "receipts"):
            for each in (Path(folder), *(Path(folder, name) for name in folders)):
                each.chmod(0o700)  # the modes of folders are copied, too
