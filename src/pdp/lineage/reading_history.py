"""One reading through all that was ever seen of it: every revision of its document, and of those that brought it back.

Raw bytes are never deleted, so each revision can be read again by its format, with the settings that the run had. A
reading is followed from revision to revision by its instant; where that is gone, by its place: a time that was
corrected beside the same values, a record that can't be read any more and still has some of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from pdp.aside import aside
from pdp.errors import PdpError
from pdp.lineage import erased, manifests, rows_where, standing_rows
from pdp.lineage.following import followed
from pdp.lineage.manifests import Manifest
from pdp.lineage.one_export import Occurrence, OneExport
from pdp.lineage.revisions import Revision, Revisions, moments
from pdp.lineage.standing_rows import Anchor
from pdp.vocabulary import MEASURES

PRESENT, ABSENT, GONE, UNKNOWN = "present", "absent", "gone", "unknown"
_LAYERS = ("merged", "superseded")
_MOST_TOLD = 6


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


@dataclass(frozen=True)
class ReadingHistory:
    """The answer.

    Attributes:
        start_utc: The instant of the reading as it was asked for.
        documents: In the order in which they first had it.
        now: What it is in the data set: the rows of merged or superseded tables that are it; () if none is.
    """

    dataset: str
    subject: str
    measure: str
    start_utc: str
    documents: tuple[InDocument, ...]
    now: tuple[Anchor, ...]


def reading(session: Session, root: Path, path: str, conditions: Sequence[str]) -> ReadingHistory:
    """Find the reading and go through its documents.

    Args:
        session: Of the registry.
        root: The results folder.
        path: results/merged/<subject>/<measure>.parquet.
        conditions: As rows_where has them; they must hold for one reading, there now or in any revision.

    Raises:
        PdpError: None or several are meant, or the table has no readings.
    """
    subject, measure = _named(root, path)
    known = [one for one in manifests.every(root) if one.subject == subject]
    here = standing_rows.select(root, subject, measure, conditions)
    _one_only(here, path)
    with aside((root, root.absolute().parent / "resources")) as folder:
        revisions = Revisions(session, root, subject, measure, folder)
        start, source = (
            (here[0].start_utc, here[0].source) if here else _search(root, revisions, known, conditions, path)
        )
        wanted = _Wanted({start}, {(one.export, one.member, one.row) for one in here})
        manifest = next((one for one in known if one.source == source), None)
        documents = _in_source(revisions, manifest, wanted) if manifest else []
    documents.sort(key=lambda one: one.versions[0].since)
    now = tuple(one for instant in sorted(wanted.instants) for one in standing_rows.at(root, subject, measure, instant))
    return ReadingHistory(path, subject, measure, start, tuple(documents), _of(now, documents))


def _named(root: Path, path: str) -> tuple[str, str]:
    parts = path.removesuffix(".parquet").split("/")
    if len(parts) != 4 or parts[0] != root.name or parts[1] not in _LAYERS or parts[3] not in MEASURES:
        hint = f"Ask for merged/{next(iter(MEASURES))}, or for a figure: pdp history daily --day ... --figure ..."
        raise PdpError("is no table of readings.", where=path, hint=hint)
    return parts[2], parts[3]


def _one_only(found: Sequence[Anchor], path: str) -> None:
    if len(found) > 1:
        told = [f"start_utc={one.start_utc[:19]} row={one.row} source={one.source}" for one in found[:_MOST_TOLD]]
        more = f" and {len(found) - _MOST_TOLD} more" if len(found) > _MOST_TOLD else ""
        what = f"{len(found):,} readings match: {'; '.join(told)}{more}."
        raise PdpError(what, where=path, hint="Narrow it by one more --where, such as --where row=12.")


def _search(
    root: Path, revisions: Revisions, known: Iterable[Manifest], conditions: Sequence[str], path: str
) -> tuple[str, str]:
    """The instant of a reading that the data set does not have now, from the newest revision that has it."""
    for manifest in known:
        found: dict[str, str] = {}
        for document in manifest.documents:
            for revision in reversed(document.get("revisions", [])):
                there = revisions.read(manifest.source, Revision.of(revision))
                if there.readings is None:
                    continue
                rows = rows_where.select(there.readings.readings, conditions).to_pylist()
                found |= {row["start_utc"].isoformat(): row["start_utc"].isoformat()[:19] for row in rows}
                if rows:
                    break
        if len(found) > 1:
            told = ", ".join(list(found.values())[:_MOST_TOLD])
            what = f"it is not there now, and revisions of {manifest.source} have {len(found):,} that match: {told}."
            raise PdpError(what, where=path, hint="Narrow it: --where start_utc=... of one of these.")
        if found:
            return next(iter(found)), manifest.source
    what = "no reading matches, now or in any revision of any document."
    hint = "Times are UTC: --where start_utc=2025-10-06T04:54 for a minute."
    raise PdpError(what, where=path, hint=f"{hint}{erased.hint(root, path.split('/')[2])}")


@dataclass
class _Wanted:
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


def _in_source(revisions: Revisions, manifest: Manifest, wanted: _Wanted) -> list[InDocument]:
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


def _in_document(revisions: Revisions, source: str, document: Mapping[str, Any], wanted: _Wanted) -> InDocument | None:
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


def _of(now: Iterable[Anchor], documents: Iterable[InDocument]) -> tuple[Anchor, ...]:
    """Of rows at these instants, those that stand where the reading was found last."""
    last = {
        (document.source, version.exports[-1], version.found.member, version.found.row)
        for document in documents
        for version in document.versions
        if version.found
    }
    return tuple(one for one in now if (one.source, one.export, one.member, one.row) in last)
