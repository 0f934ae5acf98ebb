"""Questions to a manifest: which exports count, and when one arrived. `pdp.ingest` writes manifests."""

from __future__ import annotations

from collections.abc import Mapping
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
