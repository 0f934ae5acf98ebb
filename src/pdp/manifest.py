"""Questions to a manifest: which exports count, and when one arrived. `pdp.ingest` writes manifests."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any


def current_exports(manifest: Mapping[str, Any], on_gone: str) -> list[str]:
    """The exports that count now: the last revision of each document that is there (or was, if gone is kept)."""
    return sorted(
        {
            document["revisions"][-1]["export"]
            for document in manifest["documents"]
            if document["revisions"] and (document["present"] or on_gone == "keep" or "postponed" in document)
        }
    )


def arrived_ms(manifest: Mapping[str, Any], export: str) -> int:
    """When an export was first seen, ms since 1970 UTC."""
    seen = [
        datetime.fromisoformat(revision["first_seen"])
        for document in manifest["documents"]
        for revision in document["revisions"]
        if revision["export"] == export
    ]
    return int(min(seen).timestamp() * 1000)


def union(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """What two machines know of one source, as one manifest: every document and every revision of both.

    What a source has now (present, reachable, why, names) is what the later poll saw; a poll that never
    succeeded knows nothing of that. A revision is known by its content and when it was first seen; the one
    that was seen last is the current one.
    """
    later, earlier = sorted((one, other), key=_lateness, reverse=True)
    is_tie = _rank(later) == _rank(earlier)
    now = {document["id"]: document for document in later["documents"]}
    before = {document["id"]: document for document in earlier["documents"]}
    documents = []
    for identity in sorted({*now, *before}):
        here, there = now.get(identity), before.get(identity)
        if here and there:
            document = max(here, there, key=_standing) if is_tie else here
        else:
            document = here or (there if is_tie else None) or {**_plain(before[identity]), "present": False}
        seen = [*(here or {}).get("revisions", []), *(there or {}).get("revisions", [])]
        documents.append({**document, "revisions": _revisions(seen)})
    return {**later, "documents": documents}


def _rank(manifest: Mapping[str, Any]) -> tuple[bool, str, str]:
    """By the last poll that succeeded; then by what came after it."""
    polled, since = str(manifest.get("polled_at") or ""), str(manifest.get("unreachable_since") or "")
    return bool(manifest["documents"]), polled, since


def _lateness(manifest: Mapping[str, Any]) -> tuple[tuple[bool, str, str], str]:
    """Polls of the same millisecond are told apart by what no union changes: all but the documents."""
    others = {name: value for name, value in manifest.items() if name != "documents"}
    return _rank(manifest), json.dumps(others, sort_keys=True)


def _standing(document: Mapping[str, Any]) -> tuple[bool, bool, str]:
    """Of two polls of the same millisecond, the one that found the document, or knows why it could not be taken."""
    others = {name: value for name, value in document.items() if name != "revisions"}
    return bool(document["present"]), "postponed" in document, json.dumps(others, sort_keys=True)


def _plain(document: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name != "postponed"}


def _revisions(seen: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    found: dict[tuple[str, str, str], dict[str, Any]] = {}
    for revision in seen:
        key = (str(revision["first_seen"]), str(revision["sha256"]), str(revision["checksum"]))
        if key not in found or found[key]["last_seen"] < revision["last_seen"]:
            found[key] = dict(revision)
    return sorted(found.values(), key=lambda each: (each["last_seen"], each["first_seen"], each["sha256"]))
