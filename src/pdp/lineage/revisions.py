"""Every revision of a document: when it was there, and its rows as the run read them.

They stand in the tables that the run made of it; where these are gone or not what the registry has, the raw bytes are
read again with the settings that the run had.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from pdp import forgotten
from pdp.errors import PdpError
from pdp.lineage import queries
from pdp.lineage.manifests import RAW
from pdp.lineage.model import Dataset
from pdp.lineage.one_export import OneExport
from pdp.lineage.reread import HowRead, reread
from pdp.store import sha256


@dataclass(frozen=True)
class Revision:
    """One revision of a document. first_seen, last_seen: ISO 8601 UTC."""

    export: str
    sha256: str
    first_seen: str
    last_seen: str

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Revision:
        """From a manifest."""
        first = str(told["first_seen"])
        return cls(str(told["export"]), str(told["sha256"]), first, str(told.get("last_seen") or first))


@dataclass(frozen=True)
class Moment:
    """From `since` to `until` a revision was there, by its position; None: the document was not there."""

    since: str
    until: str
    position: int | None


def moments(document: Mapping[str, Any]) -> list[Moment]:
    """What the polls saw of a document, in the order of time."""
    seen = [Revision.of(one) for one in document["revisions"]]
    changes: list[tuple[str, int | None]] = [(one.first_seen, position) for position, one in enumerate(seen)]
    for told in document.get("presence", []):
        at = str(told["at"])
        there = max((position for position, one in enumerate(seen) if one.first_seen <= at), default=0)
        changes.append((at, there if told["present"] else None))
    # Back with new bytes: the revision is the event.
    ordered = dict(sorted(changes, key=lambda change: (change[0], -1 if change[1] is None else change[1])))
    starts = list(ordered.items())
    found = []
    for (since, position), after in zip(starts, [*starts[1:], None], strict=True):
        if position is None:
            until = after[0] if after else since
        else:
            until = min(seen[position].last_seen, after[0]) if after else max(since, seen[position].last_seen)
        found.append(Moment(since, until, position))
    return found


@dataclass(frozen=True)
class Again:
    """A revision read again; `readings` is None where it can't be, for the reason in `note`."""

    readings: OneExport | None
    note: str


class Revisions:
    """Raw exports of one subject, each looked into once.

    Args:
        session: Of the registry.
        root: The results folder.
        subject: Whose.
        measure: Which measure is wanted.
        folder: Where tables may be written.
    """

    def __init__(self, session: Session, root: Path, subject: str, measure: str, folder: Path) -> None:
        self._session, self._root, self._subject, self._measure = session, root, subject, measure
        self._folder = folder
        self._forgotten = forgotten.read(root.absolute().parent / RAW / subject)
        self._read: dict[tuple[str, str], Again] = {}

    def read(self, source: str, revision: Revision) -> Again:
        """The export's readings, with the settings in the key of the job that read it."""
        key = (source, revision.export)
        if key not in self._read:
            try:
                self._read[key] = self._again(source, revision)
            except PdpError as error:
                self._read[key] = Again(None, str(error))
        return self._read[key]

    def _again(self, source: str, revision: Revision) -> Again:
        path = self._root.absolute().parent / RAW / self._subject / revision.export
        if entry := self._forgotten.of_bytes(revision.sha256):
            return Again(None, f"it was forgotten on {entry.day}")
        if not path.is_file():
            return Again(None, "the raw export is missing")
        if sha256(path) != revision.sha256:
            return Again(None, "the raw export is not what it was when it arrived")
        if (kept := self._kept(source, revision.export)) is not None:
            return Again(kept, "")
        how = self._how(source, revision)
        if how is None:
            return Again(None, "no receipt tells how an export of this source was read")
        made = reread(path, source, how, self._folder / source / revision.export)
        found = OneExport(self._measure, made.normalized(self._measure), made.unread, made.quarantine)
        return Again(None, found.fault) if made.tally.unreadable else Again(found, "")

    def _kept(self, source: str, export: str) -> OneExport | None:
        """The tables that the last job to read the export made, if they are still what it made: read in a moment.

        None as well where a file could not be read, since what that leaves unsaid a reading of the raw bytes says, and
        after days were erased, which tables from before may hold.
        """
        if self._forgotten.days:
            return None
        inside = f"{self._subject}/{source}/{export}"
        names = (f"normalized/{inside}/{self._measure}", f"normalized/{inside}/unread", f"quarantine/{inside}")
        for name in names:
            version = queries.newest(self._session, f"{self._root.name}/{name}.parquet")
            place = self._root / f"{name}.parquet"
            if version is None or version.made_by is None or not place.is_file() or sha256(place) != version.sha256:
                return None
        found = OneExport(self._measure, *(self._root / f"{name}.parquet" for name in names))
        return None if found.fault else found

    def _how(self, source: str, revision: Revision) -> HowRead | None:
        """From the keys of the jobs that read this export; where a run never came to it, the source's newest."""
        key = self._key("normalized", source, revision.export)
        if not key:
            return None
        from pdp.secrets import passwords

        return HowRead(
            format=str(key["format"]),
            settings=key.get("settings") or {},
            device=key.get("device") or "",
            time_zone=key["time_zone"],
            passwords=passwords(key.get("passwords_from") or ()),
            limits=self._key("validated", source, revision.export).get("limits") or {},
            forgotten_days=self._forgotten.days,
            arrived_ms=int(datetime.fromisoformat(revision.first_seen).timestamp() * 1000),
        )

    def _key(self, layer: str, source: str, export: str) -> Mapping[str, Any]:
        base = f"{self._root.name}/{layer}/{self._subject}/{source}/"
        own = f"{base}{export}/{self._measure}.parquet"
        query = select(Dataset.path).where(Dataset.path.startswith(base, autoescape=True)).order_by(Dataset.id.desc())
        for path in [own, *self._session.scalars(query)]:
            table = queries.newest(self._session, path)
            if table is not None and (makers := queries.makers(self._session, table)):
                settings: Mapping[str, Any] = queries.made(self._session, makers[-1].id).key.get("settings") or {}
                return settings
        return {}
