"""Questions to a manifest: which exports count, and when one arrived. `pdp.ingest` writes manifests.

Times in it are what the clock said, and clocks are wrong at times: one that was once three years ahead must not win
against every poll of the next three years. So polls and revisions also have an `order`, a time that only goes forward:
that of the clock, or just after the newest that was known, if the clock is behind that. (A hybrid logical clock,
Kulkarni et al. 2014.) Manifests of before had none; their times stand for it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
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


def beginning(manifests: Iterable[Mapping[str, Any]]) -> str:
    """When somebody's first export was seen, and which it is; "" without any.

    It is somebody's own (two people who share a device did not begin in the same millisecond), stays when exports come
    and go, outlives results/ and travels with the state. Only another machine that had begun earlier changes it, once.
    """
    seen = (
        f"{revision['first_seen']} {revision['sha256']}"
        for manifest in manifests
        for document in manifest["documents"]
        for revision in document["revisions"]
    )
    return min(seen, default="")


def next_order(before: Mapping[str, Any] | None, now: str) -> str:
    """The place of a poll made now, after everything that the manifest before knows; ISO 8601 like `now`."""
    known = [_order(revision) for document in (before or {}).get("documents", []) for revision in document["revisions"]]
    newest = max([_polled(before or {}), *known])
    if now > newest:
        return now
    after = datetime.fromisoformat(newest) + timedelta(milliseconds=1)
    return after.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def union(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """What two machines know of one source, as one manifest: every document and every revision of both.

    What a source has now (present, reachable, why, names) is what the later poll saw; a poll that never
    succeeded knows nothing of that. A revision is known by its content and when it was first seen; the one
    that was seen last is the current one. Later and last are by `order`: a poll made from what another one
    knew is later than that one, whatever the clocks said; of two that knew nothing of each other the clocks decide.
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
        changes = _presence(here, there)
        documents.append({**document, "revisions": _revisions(seen), **({"presence": changes} if changes else {})})
    return {**later, "documents": documents}


def _presence(*both: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """What either saw of a document's vanishing and coming back, by time."""
    told = {(str(each["at"]), bool(each["present"])) for one in both for each in (one or {}).get("presence", [])}
    return [{"at": when, "present": is_present} for when, is_present in sorted(told)]


def _rank(manifest: Mapping[str, Any]) -> tuple[bool, str, str, str]:
    """By the last poll that succeeded; then by what came after it."""
    polled, since = str(manifest.get("polled_at") or ""), str(manifest.get("unreachable_since") or "")
    return bool(manifest["documents"]), _polled(manifest), polled, since


def _polled(manifest: Mapping[str, Any]) -> str:
    return str(manifest.get("order") or manifest.get("polled_at") or "")


def _order(revision: Mapping[str, Any]) -> str:
    """When it was last seen. A program that knows no order leaves an old one where it sees a revision again."""
    return max(str(revision.get("order") or ""), str(revision.get("last_seen") or ""))


def _lateness(manifest: Mapping[str, Any]) -> tuple[tuple[bool, str, str, str], str]:
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
        if key not in found or _age(found[key]) < _age(revision):
            found[key] = dict(revision)
    return sorted(found.values(), key=_age)


def _age(revision: Mapping[str, Any]) -> tuple[str, str, str, str, str]:
    about = json.dumps(revision, sort_keys=True)  # what tells two clocks apart that say the same
    return _order(revision), str(revision["first_seen"]), str(revision["sha256"]), str(revision["last_seen"]), about
