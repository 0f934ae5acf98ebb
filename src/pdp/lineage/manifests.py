"""What the sources' manifests say: which documents an export is called by, and its whole digest.

A manifest stands in results/manifests/<subject>/<source>.json, and beside the raw exports as
resources/raw/<subject>/<source>.manifest.json, where it outlives a deleted results folder.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pdp import forgotten
from pdp.forgotten import NOTHING, Forgotten
from pdp.lineage.queries import read_json

RAW = "resources/raw"
SUFFIX = ".manifest.json"


@dataclass(frozen=True)
class Manifest:
    """The last word on a source. `documents` as pdp.ingest writes them."""

    subject: str
    source: str
    path: str
    documents: tuple[Mapping[str, Any], ...]
    erased: Forgotten = NOTHING

    def names(self, export: str) -> tuple[str, ...]:
        """What an export is called at the source."""
        named = [str(d.get("name") or d.get("id")) for d, one in self.revisions() if one["export"] == export]
        if not named and (entry := self.erased.of_export(export)):
            named = [f"forgotten on {entry.day}"]
        return tuple(dict.fromkeys(named))

    def revisions(self) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
        """Every document with each of its revisions, oldest first."""
        for document in self.documents:
            for revision in document.get("revisions", []):
                yield document, revision

    def current(self) -> Iterator[tuple[Mapping[str, Any], str]]:
        """Every document that ever had bytes, with the export of its last revision."""
        for document in self.documents:
            if document.get("revisions"):
                yield document, str(document["revisions"][-1]["export"])


def every(root: Path) -> list[Manifest]:
    """One manifest per subject and source, by name; where results/ has none, the one beside the raw exports."""
    found: dict[tuple[str, str], Manifest] = {}
    base = root.absolute().parent
    erased = forgotten.every(base)
    places = [(place.name.removesuffix(SUFFIX), place) for place in sorted((base / RAW).glob(f"*/*{SUFFIX}"))]
    places += [(place.stem, place) for place in sorted(root.absolute().glob("manifests/*/*.json"))]
    for source, place in places:
        said = read_json(place)
        if said:
            subject, path = place.parent.name, place.relative_to(base).as_posix()
            documents = tuple(said.get("documents", []))
            found[subject, source] = Manifest(subject, source, path, documents, erased.get(subject, NOTHING))
    return [found[key] for key in sorted(found)]
