"""A reading in the documents of its source: followed through every revision of each, and told in spans of time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pdp.lineage.following import followed
from pdp.lineage.manifests import Manifest
from pdp.lineage.one_export import Occurrence, OneExport
from pdp.lineage.revisions import Revision, Revisions, moments

PRESENT, ABSENT, GONE, UNKNOWN = "present", "absent", "gone", "unknown"


@dataclass(frozen=True)
class Version:
    """What was seen of the reading in one document over a span of time.

    Attributes:
        since: When it was first seen so, ISO 8601 UTC.
        until: When it was last seen so.
        what: present; absent (the document was there without it); gone (the document was not there); unknown (its
            bytes can't be read: `note` says why).
        found: The reading; None unless present.
        exports: Names of the raw exports, oldest first.
        rows: Its record numbers in these, where they differ.
    """

    since: str
    until: str
    what: str
    found: Occurrence | None
    exports: tuple[str, ...]
    rows: tuple[int, ...]
    note: str = ""


@dataclass(frozen=True)
class InDocument:
    """The reading in one document of a source."""

    source: str
    document: str
    is_there: bool
    revisions: int
    versions: tuple[Version, ...]


@dataclass
class Wanted:
    """What the reading is known by so far.

    Attributes:
        instants: At which it began, in any revision.
        places: Export, member and row of it.
        said: What it said.
        others: What other readings of these instants say, beside it in the same revision.
    """

    instants: set[str]
    places: set[tuple[str, str, int]]
    said: list[Mapping[str, Any]] = field(default_factory=list)
    others: list[Mapping[str, Any]] = field(default_factory=list)

    def choose(self, there: OneExport, export: str) -> Occurrence | None:
        """The reading in an export, by instant; two readings of one minute are told apart by place, then by values."""
        same = [one for instant in sorted(self.instants) for one in there.at_instant(instant)]
        known = [one for one in same if (export, *one.place) in self.places]
        likely = [one for one in same if one.values in self.said]
        other = [one for one in same if one.values not in self.others]
        chosen = next(iter([*known, *likely, *other]), None)
        if chosen is not None:
            self.others += [one.values for one in same if one is not chosen and one.values != chosen.values]
        return chosen


def in_source(revisions: Revisions, manifest: Manifest, wanted: Wanted) -> list[InDocument]:
    """Every document of a source that ever had the reading; instants that it had elsewhere are looked for as well."""
    exports = {export for export, _, _ in wanted.places}
    documents = [document for document in manifest.documents if document.get("revisions")]
    documents.sort(key=lambda document: not any(one["export"] in exports for one in document["revisions"]))
    found: dict[str, InDocument] = {}
    while True:
        known = len(wanted.instants)
        for document in documents:
            name = str(document["id"])
            if name not in found and (told := _in_document(revisions, manifest.source, document, wanted)):
                found[name] = told
        if len(wanted.instants) == known:
            return list(found.values())


def _in_document(revisions: Revisions, source: str, document: Mapping[str, Any], wanted: Wanted) -> InDocument | None:
    """Follow the reading from the newest revision that has it, both ways."""
    seen = [Revision.of(one) for one in document["revisions"]]
    found: list[Occurrence | None] = [None] * len(seen)
    anchor = None
    known = [position for position, one in enumerate(seen) if any(one.export == place[0] for place in wanted.places)]
    for position in [*reversed(known), *reversed(range(len(seen)))]:
        there = revisions.read(source, seen[position]).readings
        chosen = wanted.choose(there, seen[position].export) if there else None
        if chosen:
            anchor, found[position] = position, chosen
            break
    if anchor is None:
        return None
    for way in (range(anchor + 1, len(seen)), range(anchor - 1, -1, -1)):
        before, last = anchor, found[anchor]
        for position in way:
            here, there = (revisions.read(source, seen[at]).readings for at in (before, position))
            if here is None or there is None or last is None:
                continue
            one = followed(here, last, there)
            found[position] = one
            if one is not None:
                before, last = position, replace(one, start_utc=one.start_utc or last.start_utc)
    wanted.instants.update(one.start_utc for one in found if one is not None and one.start_utc)
    wanted.said += [one.values for one in found if one is not None and one.values]
    versions = _versions(revisions, source, document, seen, found)
    name = str(document.get("name") or document["id"])
    return InDocument(source, name, bool(document.get("present")), len(seen), tuple(versions))


def _versions(
    revisions: Revisions,
    source: str,
    document: Mapping[str, Any],
    seen: Sequence[Revision],
    found: Sequence[Occurrence | None],
) -> Iterator[Version]:
    """Spans in which the same was seen, from the first in which the reading was."""
    held: Version | None = None
    for moment in moments(document):
        if moment.position is None:
            version = Version(moment.since, moment.until, GONE, None, (), ())
        else:
            one, export = found[moment.position], seen[moment.position].export
            note = revisions.read(source, seen[moment.position]).note
            what = PRESENT if one else UNKNOWN if note else ABSENT
            rows: tuple[int, ...] = (one.row,) if one else ()
            version = Version(moment.since, moment.until, what, one, (export,), rows, "" if one else note)
        if held is None:
            held = version if version.what == PRESENT else None
        elif _is_same(held, version):
            rows = held.rows if version.rows == held.rows[-1:] else held.rows + version.rows
            exports = held.exports if version.exports == held.exports[-1:] else held.exports + version.exports
            held = replace(held, until=version.until, found=version.found, exports=exports, rows=rows)
        else:
            yield held
            held = version
    if held is not None:
        yield held


def _is_same(before: Version, after: Version) -> bool:
    if before.what != after.what or before.note != after.note:
        return False
    if before.found is None or after.found is None:
        return before.found is after.found
    return before.found.says_the_same(after.found)
