"""What each new version of a table changed, noted when it is there: results/history/<subject>/<layer>.<table>.jsonl.

The version noted last is kept beside it under a hidden name: a hard link, which costs no space, since artifacts are
moved into place and never written to. Lines name versions by SHA-256, so they are true wherever the file travels.
They hold measured values, as the tables do.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pdp.lineage.effects import Effect, between, together

FOLDER = "history"
# By layer and table: what names a row, and columns that say where it stands
TABLES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "summary/daily": (("date",), ()),
    "summary/nights": (("night_date",), ()),
    "merged/blood_pressure": (("start_utc",), ("export", "member", "row")),
    "merged/sleep_episode": (("start_utc",), ("export", "member", "row")),
}


def note(root: Path, now: str) -> int:
    """Note what is new since the last time; the number of tables that changed. Quick where nothing did.

    Args:
        root: The results folder.
        now: ISO 8601 UTC.

    Raises:
        StoreError: Disk full or no permission.
    """
    noted = 0
    for table, (keys, left_out) in TABLES.items():
        layer, name = table.split("/")
        for path in sorted((root / layer).glob(f"*/{name}.parquet")):
            kept = root / FOLDER / path.parent.name / f".{layer}.{name}.parquet"
            if kept.exists() and kept.samefile(path):
                continue
            if kept.exists() and (digests := (_sha256(kept), _sha256(path)))[0] != digests[1]:
                line = {"before": digests[0], "after": digests[1], "at": now}
                _append(_file(root, path), line | asdict(between(kept, path, keys, left_out)))
                noted += 1
            _keep(path, kept)
    return noted


def is_noted(path: str) -> bool:
    """Whether values of a dataset's versions are compared, by its path: results/<layer>/<subject>/<table>.parquet."""
    parts = Path(path).with_suffix("").parts
    return len(parts) == 4 and f"{parts[1]}/{parts[3]}" in TABLES


def effect(root: Path, path: Path, before: str, after: str) -> Effect | None:
    """What differs between two versions of a table, by their SHA-256; None where that was not noted.

    Args:
        root: The results folder.
        path: Of the table, below it.
        before, after: SHA-256.
    """
    if before == after:
        return Effect()
    lines = list(_lines(_file(root, path)))
    ways: dict[str, list[dict[str, Any]]] = {before: []}
    todo = [before]
    while todo and after not in ways:
        here = todo.pop(0)
        for line in lines:
            if line["before"] == here and line["after"] not in ways:
                ways[line["after"]] = [*ways[here], line]
                todo.append(line["after"])
    return together(map(_effect, ways[after])) if after in ways else None


def _file(root: Path, path: Path) -> Path:
    return root / FOLDER / path.parent.name / f"{path.parent.parent.name}.{path.stem}.jsonl"


def _effect(line: dict[str, Any]) -> Effect:
    corrected = {
        key: {name: (pair[0], pair[1]) for name, pair in cells.items()} for key, cells in line["corrected"].items()
    }
    added, gone, columns = (tuple(line[name]) for name in ("added", "gone", "columns"))
    return Effect(added, gone, corrected, columns, line["n_corrected"])


def _lines(file: Path) -> Iterator[dict[str, Any]]:
    """Whole lines; one that was cut short is as if it had not been written."""
    if file.is_file():
        for line in file.read_text(encoding="utf-8").splitlines():
            with suppress(ValueError):
                yield json.loads(line)


def _append(file: Path, line: dict[str, Any]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a+b") as stream:
        if stream.tell():
            stream.seek(-1, os.SEEK_END)
            if stream.read(1) != b"\n":
                stream.write(b"\n")
        stream.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
        stream.flush()
        os.fsync(stream.fileno())


def _keep(path: Path, kept: Path) -> None:
    kept.parent.mkdir(parents=True, exist_ok=True)
    staged = kept.with_name(f"{kept.name}.tmp")
    staged.unlink(missing_ok=True)
    try:
        os.link(path, staged)
    except OSError:  # a file system without links
        shutil.copy2(path, staged)
    staged.replace(kept)


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
