"""results/receipts/<yyyy-mm>.jsonl: every receipt ever taken in, one line each, only ever appended to."""

from __future__ import annotations

import fcntl
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pdp.lineage import sealed_lines

UNDATED = "undated"
LOCK = ".fold.lock"


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Nobody else takes receipts in, or exchanges archives and registry, at the same time; waits for whoever does."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("a") as lock:  # dies with the process
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def month_of(document: Mapping[str, Any]) -> str:
    """The archive that a receipt belongs to."""
    month = str(document.get("ended") or document.get("started") or "")[:7]
    return month if re.fullmatch(r"\d{4}-\d\d", month) else UNDATED


def files(folder: Path) -> list[Path]:
    """The archives, oldest month first."""
    return sorted(folder.glob("*.jsonl"))


def append(folder: Path, documents: Iterable[Mapping[str, Any]]) -> None:
    """Add one line per receipt, sealed to the one before, and force them to the disk."""
    by_month: dict[str, list[Mapping[str, Any]]] = {}
    for document in documents:
        by_month.setdefault(month_of(document), []).append(document)
    for month, some in by_month.items():
        path = folder / f"{month}.jsonl"
        is_new = not path.exists()
        with path.open("ab+") as file:
            sealed_lines.append(file, some)
        if is_new:
            sync_folder(folder)


def sync_folder(folder: Path) -> None:
    """Force a folder's own entries (new, renamed, removed names) to the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def lines_from(path: Path, offset: int) -> Iterator[dict[str, Any]]:
    """The receipts after a byte offset; lines that are no JSON object (torn by a kill) are passed over."""
    with path.open("rb") as file:
        file.seek(offset)
        for line in file:
            try:
                document = json.loads(line)
            except ValueError:
                continue
            if isinstance(document, dict):
                yield document


def ids_in(folder: Path, wanted: set[str]) -> set[str]:
    """Which of these receipts stand in an archive. Reads all of them: only for what a kill left behind."""
    found = {str(d.get("id")) for path in files(folder) for d in lines_from(path, 0)} if wanted else set()
    return wanted & found
