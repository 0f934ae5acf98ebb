"""One reading through all that was ever seen of it: every revision of its document, and of those that brought it back.

Raw bytes are never deleted, so each revision can be read again by its format, with the settings that the run had. A
reading is followed from revision to revision by its instant; where that is gone, by its place: a time that was
corrected beside the same values, a record that can't be read any more and still has some of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.orm import Session

from pdp.aside import aside
from pdp.errors import PdpError
from pdp.lineage import erased, manifests, rows_where, standing_rows
from pdp.lineage.in_documents import InDocument, Wanted, in_source
from pdp.lineage.manifests import Manifest
from pdp.lineage.revisions import Revision, Revisions
from pdp.lineage.standing_rows import Anchor
from pdp.vocabulary import MEASURES

_LAYERS = ("merged", "superseded")
_MOST_TOLD = 6


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
        wanted = Wanted({start}, {(one.export, one.member, one.row) for one in here})
        manifest = next((one for one in known if one.source == source), None)
        documents = in_source(revisions, manifest, wanted) if manifest else []
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


def _of(now: Iterable[Anchor], documents: Iterable[InDocument]) -> tuple[Anchor, ...]:
    """Of rows at these instants, those that stand where the reading was found last."""
    last = {
        (document.source, version.exports[-1], version.found.member, version.found.row)
        for document in documents
        for version in document.versions
        if version.found
    }
    return tuple(one for one in now if (one.source, one.export, one.member, one.row) in last)
