"""What a folder still holds although it was forgotten: on another machine, whose word came with the sealed state."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from pdp import forgotten, store

UNLOOKED = Path("resources/state/unlooked.json")  # erasures of periods that no export of this folder alone was held to


def unlooked(root: Path) -> list[str]:
    """Ids of erasures of periods that came while this folder had exports which the state had not."""
    found: list[str] = store.read_json(root / UNLOOKED) or []
    return found


def note_unlooked(root: Path, ids: Iterable[str]) -> None:
    """Remember more of them."""
    if ids := sorted({*ids} - {*unlooked(root)}):
        (root / UNLOOKED).parent.mkdir(parents=True, exist_ok=True)
        store.commit_json(root / UNLOOKED, [*unlooked(root), *ids])


def looked(root: Path, id: str) -> None:
    """All exports of this folder were held to an erasure."""
    left = [one for one in unlooked(root) if one != id]
    if left:
        store.commit_json(root / UNLOOKED, left)
    else:
        (root / UNLOOKED).unlink(missing_ok=True)


def names(root: Path, known: Mapping[str, forgotten.Forgotten] | None = None) -> list[tuple[str, str, str]]:
    """(subject, erasure's id, path) of every raw export, manifest and folder of tables that should be gone.

    Args:
        root: A working folder.
        known: What was forgotten, by subject, if others know more of it than this folder.
    """
    return [
        (subject, id, path)
        for subject, erased in (forgotten.every(root) if known is None else known).items()
        for id, path in _of(root, subject, erased)
    ]


def _of(root: Path, subject: str, known: forgotten.Forgotten) -> Iterator[tuple[str, str]]:
    raw = root / "resources/raw" / subject
    waiting = unlooked(root)
    for entry in known.entries:
        if entry.id in waiting:
            yield entry.id, raw.relative_to(root).as_posix()
        erased = {sha256[:16] for sha256 in entry.exports}
        is_all = entry.what == forgotten.SUBJECT
        for place in sorted(raw.glob("[0-9a-f]" * 16)):
            if place.name in erased or is_all:
                yield entry.id, place.relative_to(root).as_posix()
        for place in sorted(raw.glob("*.manifest.json")):
            said = json.loads(place.read_bytes())
            source = place.name.removesuffix(".manifest.json")
            if any(
                revision["export"] in erased
                or entry.replaced(source, document["id"], revision)
                or forgotten.mark(entry.id, source, document["id"]) in entry.documents
                for document in said["documents"]
                for revision in document["revisions"]
            ):
                yield entry.id, place.relative_to(root).as_posix()
        for layer in ("normalized", "validated", "quarantine"):
            for place in sorted((root / "results" / layer / subject).glob("*/*")):
                if place.name.removesuffix(".parquet") in erased:
                    yield entry.id, place.relative_to(root).as_posix()
