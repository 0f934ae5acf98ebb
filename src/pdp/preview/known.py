"""What is known of these bytes, and of a document of this name at the source."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pdp import manifest as manifest_of
from pdp.lineage.manifests import Manifest
from pdp.preview.configured import Chosen


@dataclass(frozen=True)
class Known:
    """These very bytes, seen before.

    Attributes:
        source: Where.
        document: What they were called there.
        export: The name of the raw export.
        first_seen, last_seen: ISO 8601 UTC.
        is_current: Whether they count now.
    """

    source: str
    document: str
    export: str
    first_seen: str
    last_seen: str
    is_current: bool


_REPLACING = ("folder", "google_drive")  # where a file that is put beside one of its name takes its place


@dataclass(frozen=True)
class Revision:
    """A document at the source that has the file's name, and other bytes.

    Attributes:
        document: Its name.
        revisions: How many there are.
        export: Of the current one.
        first_seen: When that was first seen, ISO 8601 UTC.
        is_present: Whether the document was there at the last poll.
        is_replaced: Whether a file of this name takes its place, or counts beside it.
        may_lie_beside: Whether the source can hold two of one name, so that it depends on how the file is put there.
        alike: How many documents of that name are there; the file is compared with the one seen last.
    """

    document: str
    revisions: int
    export: str
    first_seen: str
    is_present: bool
    is_replaced: bool
    may_lie_beside: bool = False
    alike: int = 1


def current_exports(manifest: Manifest, on_gone: str) -> list[str]:
    """The exports of a source that count now."""
    return manifest_of.current_exports(
        {"documents": [{"present": False, **one} for one in manifest.documents]}, on_gone
    )


def known(manifests: Iterable[Manifest], sha256: str, on_gone: Mapping[str, str]) -> tuple[Known, ...]:
    """Every place and time at which bytes of this digest were seen; those that count now first.

    Args:
        manifests: Of the subject.
        sha256: Of the file.
        on_gone: By source, whether gone documents count.
    """
    found = []
    for manifest in manifests:
        current = set(current_exports(manifest, on_gone[manifest.source])) if manifest.source in on_gone else set()
        for document, revision in manifest.revisions():
            if revision["sha256"] != sha256:
                continue
            is_last = revision is document["revisions"][-1]
            is_current = is_last and str(revision["export"]) in current
            times = str(revision["first_seen"]), str(revision.get("last_seen") or revision["first_seen"])
            found.append(Known(manifest.source, _name(document), str(revision["export"]), *times, is_current))
    return tuple(sorted(found, key=lambda one: (not one.is_current, one.first_seen)))


def revision(manifest: Manifest | None, chosen: Chosen, file: Path, sha256: str) -> Revision | None:
    """The document that the file would be a new revision of: the one at its very place, else that of the same name.

    Args:
        manifest: Of the source.
        chosen: The source.
        file: Its name counts, and where it lies if that is in the source's folder.
        sha256: Of the file.
    """
    place = chosen.place_of(file)
    named = [
        document
        for document in (manifest.documents if manifest else ())
        if document.get("revisions") and (document.get("id") == place if place else _name(document) == file.name)
    ]
    named.sort(key=lambda document: (bool(document.get("present")), str(document["revisions"][-1].get("last_seen"))))
    if not named or named[-1]["revisions"][-1]["sha256"] == sha256:
        return None
    last = named[-1]["revisions"][-1]
    is_present = bool(named[-1].get("present"))
    return Revision(
        document=_name(named[-1]),
        revisions=len(named[-1]["revisions"]),
        export=str(last["export"]),
        first_seen=str(last["first_seen"]),
        is_present=is_present,
        is_replaced=chosen.settings.transport in _REPLACING,
        may_lie_beside=chosen.settings.transport == "google_drive",
        alike=sum(bool(document.get("present")) for document in named) if is_present else 1,
    )


def _name(document: Mapping[str, Any]) -> str:
    return str(document.get("name") or document.get("id"))
