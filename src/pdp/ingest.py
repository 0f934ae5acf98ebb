"""Stage ingest: bring new bytes of one source into the raw store and say in the manifest what was seen when.

The manifest is the memory of a source. A document edited in place gets a new revision; a document
that vanished stays in it as not present; a source that can't be reached keeps everything it had.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import ModuleType
from typing import Any, BinaryIO, Protocol

from pdp.errors import DocumentPostponedError, SourceUnreachableError
from pdp.forgotten import REDACTED, Forgotten, ForgottenError
from pdp.manifest import next_order
from pdp.transports import Document

Manifest = dict[str, Any]
FORGOTTEN = "forgotten"  # what a document is called of which no name is left


class RawStore(Protocol):
    """What a poll needs of pdp.raw_store.RawStore. `forgotten` is what must not be taken again."""

    @property
    def forgotten(self) -> Forgotten: ...

    def keep(self, stream: BinaryIO) -> tuple[str, int, bool]:
        """Take a stream in: SHA-256, bytes, is_new."""

    def is_copy(self, export: str) -> bool:
        """Whether an export was taken in without forgotten days."""

    def holds(self, export: str, size: int) -> bool:
        """Whether an export of that name and size is here."""

    def recall(self, source: str) -> Manifest | None:
        """The last manifest."""


@dataclass(frozen=True)
class Polled:
    """The new manifest, and what the receipt says of the poll."""

    manifest: Manifest
    poll: dict[str, Any]


def poll(
    transport: ModuleType,
    location: object,
    *,
    raw: RawStore,
    subject: str,
    source: str,
    now: str,
    fail_if_unreachable: bool,
) -> Polled:
    """Look at a source once.

    Args:
        transport: A module of pdp.transports.
        location: Its Settings.
        raw: Takes a stream in, knows what it holds (what it lost is fetched again), recalls the last manifest.
        subject: Whose it is.
        source: Its name.
        now: ISO 8601 UTC time of the poll.
        fail_if_unreachable: Raise rather than go on with the last manifest.

    Raises:
        SourceUnreachableError: If so asked.
    """
    before = raw.recall(source)
    old = {document["id"]: document for document in (before or {}).get("documents", [])}
    reached = (before or {}).get("polled_at")  # None for a source that never was
    at = {"last_seen": now, "order": next_order(before, now)}
    try:
        listing = transport.documents(location)
        held = sum(document["present"] for document in old.values())
        if held and not listing.documents and not listing.postponed:
            # An unmounted disk or an unshared folder looks empty. Dropping all rows for it would be wrong;
            # who means it takes the source out of the configuration.
            raise SourceUnreachableError(
                f"it lists nothing, where it had {held} document(s).",
                hint="If they are meant to be gone, take the source out of the configuration.",
            )
        documents, new, changing, refused = _revise(
            old, listing.documents, transport, location, raw, at, _last(before), source
        )
    except SourceUnreachableError as error:
        if fail_if_unreachable:
            raise SourceUnreachableError(error.what, where=f"{subject}/{source}", hint=error.hint) from error
        since = now if (before or {}).get("reachable", True) else (before or {}).get("unreachable_since", now)
        return Polled(
            {
                "subject": subject,
                "source": source,
                "reachable": False,
                "why": f"{error.what} {error.hint}".strip(),
                "unreachable_since": since,
                "polled_at": reached,
                **({"order": before["order"]} if before and "order" in before else {}),
                "documents": list(old.values()),
            },
            _said(subject, source, False, str(error), list(old.values()), []),
        )
    known_as = {document.id: document.name for document in listing.documents} | dict(listing.names)
    postponed = listing.postponed | changing
    for identity, why in postponed.items():
        if identity in old:
            documents[identity] = old[identity]
        name = known_as.get(identity, identity)
        documents.setdefault(identity, {"id": identity, "name": name, "present": False, "revisions": []})
        documents[identity] = documents[identity] | {"name": name, "postponed": why}
    ordered = [documents[identity] for identity in sorted(documents)]
    manifest = {
        "subject": subject,
        "source": source,
        "reachable": True,
        "why": None,
        "polled_at": now,
        "order": at["order"],
        "documents": ordered,
    }
    said = _said(subject, source, True, None, ordered, new)
    told = [{"document": documents[identity]["name"], "why": postponed[identity]} for identity in sorted(postponed)]
    told += [{"document": FORGOTTEN, "why": why} for why in refused]  # its name was erased, too
    return Polled(manifest, said | {"postponed": told})


def _revise(
    old: Mapping[str, Any],
    listed: tuple[Document, ...],
    transport: ModuleType,
    location: object,
    raw: RawStore,
    at: Mapping[str, str],
    last: Mapping[str, str],
    source: str,
) -> tuple[dict[str, Any], list[str], dict[str, str], list[str]]:
    """The documents that are there or were, new exports, what could not be taken and why, what was forgotten when.

    `at` and `last` are what this poll and the one before write into the revisions that they saw (last_seen, order).
    """
    documents: dict[str, Any] = {}
    changing: dict[str, str] = {}
    new: list[str] = []
    refused: list[str] = []
    for document in listed:
        if entry := raw.forgotten.of_document(source, document.id, document.checksum):
            refused.append(f"it was forgotten on {entry.day}.")
            if document.id in old:  # what an older version held, and nobody had erased
                documents[document.id] = old[document.id] | {"present": True}
            continue
        revisions = [dict(revision) for revision in old.get(document.id, {}).get("revisions", [])]
        is_known = bool(revisions) and _is_version(revisions[-1], document)
        if not is_known or not raw.holds(revisions[-1]["export"], revisions[-1]["bytes"]):
            try:
                fetch: AbstractContextManager[BinaryIO] = transport.fetch(location, document)
                with fetch as stream:
                    digest, size, is_new = raw.keep(stream)
            except DocumentPostponedError as error:
                changing[document.id] = f"{error.what} {error.hint}".strip()
                continue
            except ForgottenError as error:
                refused.append(error.what)
                if document.id in old:
                    documents[document.id] = old[document.id] | {"present": True}
                continue
            is_copy = raw.is_copy(digest[:16])
            if is_copy and revisions and revisions[-1]["sha256"] == digest:
                is_known, revisions[-1]["modified"] = True, document.modified
            if not is_known:
                if revisions:
                    revisions[-1] |= last
                revisions.append(
                    {
                        "export": digest[:16],
                        "sha256": digest,
                        "checksum": REDACTED if is_copy else document.checksum,
                        "bytes": size,
                        "modified": document.modified,
                        "first_seen": at["last_seen"],
                        **({REDACTED: raw.forgotten.entries[-1].id} if is_copy else {}),
                    }
                )
            new += [digest[:16]] if is_new else []
        revisions[-1] |= at
        documents[document.id] = {
            "id": document.id,
            "name": document.name,
            "present": True,
            "revisions": revisions,
            **_presence(old.get(document.id, {}), True, at["last_seen"]),
        }
    for identity, gone in old.items():
        if identity not in documents:
            kept = {key: value for key, value in gone.items() if key != "postponed"}
            documents[identity] = kept | {"present": False, **_presence(gone, False, at["last_seen"])}
    return documents, new, changing, refused


def _is_version(revision: Mapping[str, Any], document: Document) -> bool:
    """Whether a revision is what the source has now. Of one without forgotten days only the source's time can tell."""
    if REDACTED in revision:
        return bool(document.modified) and revision["modified"] == document.modified
    return bool(revision["checksum"] == document.checksum)


def _presence(before: Mapping[str, Any], is_present: bool, now: str) -> dict[str, Any]:
    """When a document vanished and came back, so that one can ask what was there on a day. It came with a revision."""
    changes = list(before.get("presence", []))
    if before.get("revisions") and before["present"] != is_present:
        changes = sorted([*changes, {"at": now, "present": is_present}], key=lambda change: str(change["at"]))
    return {"presence": changes} if changes else {}


def _last(before: Mapping[str, Any] | None) -> dict[str, str]:
    """What the last poll that reached the source wrote into the revisions that it saw; {} if there was none."""
    names = {"last_seen": "polled_at", "order": "order"}
    return {name: before[said] for name, said in names.items() if before and before.get(said)}


def _said(
    subject: str, source: str, reachable: bool, why: str | None, documents: list[dict[str, Any]], new: list[str]
) -> dict[str, Any]:
    return {
        "subject": subject,
        "source": source,
        "reachable": reachable,
        "why": why,
        "documents": sum(document["present"] for document in documents),
        "new_exports": sorted(new),
        "gone": sum(not document["present"] and bool(document["revisions"]) for document in documents),
    }
