"""What a person had erased, so that no run takes it in again: resources/raw/<subject>/forgotten.json.

The file holds no health data and no name of a document: SHA-256 of exports that were erased as a whole, keyed digests
of the documents they came from, days, and when. The keys stand beside: whoever has the file can tell whether a guess of
a whole export, or of a document's id, is right. Of a subject that was erased it holds none, as all of it is refused. It
travels with the state and is united with that of other machines.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from pdp.errors import PdpError

FILE = "forgotten.json"
FORMAT = 1
REDACTED = "redacted"  # in a manifest, of a revision that is a copy without forgotten days: the erasure's id
EXPORT, PERIOD, SUBJECT = "export", "period", "subject"
_NAME_DIGITS = 16  # an export's name is this much of its SHA-256


class ForgottenError(PdpError):
    """Bytes that were erased on purpose have come again; they were not taken in."""


@dataclass(frozen=True)
class Entry:
    """One erasure.

    Attributes:
        id: Its own; also the key of the digests below.
        at: When, ISO 8601 UTC.
        what: export, period or subject.
        first, last: Of a period: local days, both included, ISO 8601; else "".
        exports: SHA-256 of the raw files that were erased.
        documents: Keyed digests of documents that are not taken again, whatever they hold.
        versions: Keyed digests of documents in the very version that was erased, so that it is not even fetched.
        revisions: Keyed digests of documents, when they were first seen and what was taken out of them before, of
            exports that days were taken out of. A digest of such an export is nowhere: whoever has the rest could find
            the days by trying.
    """

    id: str
    at: str
    what: str
    first: str = ""
    last: str = ""
    exports: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()
    revisions: tuple[str, ...] = ()

    def replaced(self, source: str, id: str, revision: Mapping[str, Any]) -> bool:
        """Whether it took days out of this revision of a document: the revision itself must go, its copy stays."""
        before = str(revision.get(REDACTED, ""))
        return mark(self.id, source, id, str(revision["first_seen"]), before) in self.revisions

    def with_more(self, other: Entry) -> Entry:
        """The same erasure, with what another machine knows of it."""
        return replace(
            self,
            exports=_both(self.exports, other.exports),
            documents=_both(self.documents, other.documents),
            versions=_both(self.versions, other.versions),
            revisions=_both(self.revisions, other.revisions),
        )

    @property
    def day(self) -> str:
        """The day of the erasure, UTC."""
        return self.at[:10]


def mark(entry: str, *parts: str) -> str:
    """The keyed digest by which the erasure of that id knows a document."""
    return hmac.new(entry.encode(), "\0".join(parts).encode(), hashlib.sha256).hexdigest()


@dataclass(frozen=True)
class Forgotten:
    """All that was erased of one subject."""

    entries: tuple[Entry, ...] = ()

    def of_bytes(self, sha256: str) -> Entry | None:
        """The erasure that these bytes fell to."""
        return next((entry for entry in self.entries if entry.what == SUBJECT or sha256 in entry.exports), None)

    def of_export(self, export: str) -> Entry | None:
        """The same for an export, by its name."""
        hit = (e for e in self.entries if e.what == SUBJECT or any(one[:_NAME_DIGITS] == export for one in e.exports))
        return next(hit, None)

    def of_document(self, source: str, id: str, checksum: str) -> Entry | None:
        """The erasure that keeps a document, or this version of it, from being taken."""
        for entry in self.entries:
            is_refused = mark(entry.id, source, id) in entry.documents
            if entry.what == SUBJECT or is_refused or mark(entry.id, source, id, checksum) in entry.versions:
                return entry
        return None

    @property
    def exports(self) -> set[str]:
        """Names of all erased exports."""
        return {sha256[:_NAME_DIGITS] for entry in self.entries for sha256 in entry.exports}

    @property
    def days(self) -> list[list[str]]:
        """Erased periods, first and last local day, in order."""
        return sorted([entry.first, entry.last] for entry in self.entries if entry.what == PERIOD)

    def with_entry(self, entry: Entry) -> Forgotten:
        """One more; united with that of the same id, if there is one."""
        return self.united(Forgotten((entry,)))

    def united(self, other: Forgotten) -> Forgotten:
        """What two machines know, as one."""
        found = {entry.id: entry for entry in other.entries}
        for entry in self.entries:
            found[entry.id] = entry.with_more(found[entry.id]) if entry.id in found else entry
        return Forgotten(tuple(sorted(found.values(), key=_order)))

    def write(self) -> bytes:
        """The document; the same bytes for the same entries."""
        document = {"pdp_forgotten": FORMAT, "entries": [asdict(entry) for entry in self.entries]}
        return (json.dumps(document, indent=1) + "\n").encode()


NOTHING = Forgotten()


def parse(data: bytes) -> Forgotten:
    """From the document.

    Raises:
        ForgottenError: It can't be read. It is not taken for empty: what was erased would come back.
    """
    try:
        document = json.loads(data)
        version = document["pdp_forgotten"]
        if type(version) is not int or version < 1:
            raise ValueError("format")
        if version > FORMAT:
            raise ForgottenError("was written by a newer program.", where=FILE, hint="Update pdp on this machine.")
        return Forgotten(tuple(sorted((_entry(each) for each in document["entries"]), key=_order)))
    except (ValueError, KeyError, TypeError) as error:
        raise ForgottenError(
            f"can't be read ({type(error).__name__}), so nobody can tell what was erased on purpose.",
            where=f"resources/raw/<subject>/{FILE}",
            hint="Restore it from a backup, or by pdp state pull into a fresh clone. Without it the data comes back.",
        ) from None


def read(folder: Path) -> Forgotten:
    """What was erased of the subject whose raw exports are in `folder`."""
    file = folder / FILE
    return parse(file.read_bytes()) if file.is_file() else Forgotten()


def every(root: Path) -> dict[str, Forgotten]:
    """By subject, in a working folder."""
    return {place.parent.name: parse(place.read_bytes()) for place in sorted(root.glob(f"resources/raw/*/{FILE}"))}


def _entry(said: Mapping[str, Any]) -> Entry:
    ident, at, what, first, last = (str(said[name]) for name in ("id", "at", "what", "first", "last"))
    exports, documents, versions = (_texts(said[name]) for name in ("exports", "documents", "versions"))
    return Entry(ident, at, what, first, last, exports, documents, versions, _texts(said.get("revisions", ())))


def _both(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted({*one, *other}))


def _texts(said: Iterable[Any]) -> tuple[str, ...]:
    return tuple(sorted(str(each) for each in said))


def _order(entry: Entry) -> tuple[str, str]:
    return entry.at, entry.id
