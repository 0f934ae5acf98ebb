"""What the causes of a difference brought about: rows of each export by fate, and which days changed by how much."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pdp.lineage import manifests, noted, queries
from pdp.lineage.compare import Comparison, export_in
from pdp.lineage.effects import Effect
from pdp.lineage.model import Dataset, DatasetVersion, JobRun
from pdp.vocabulary import MEASURES

DAILY = "daily"


@dataclass(frozen=True)
class ExportRows:
    """What an export that came or went holds.

    Attributes:
        source: Of which.
        export: Its name.
        documents: What it is called at the source.
        is_new: Whether it came; else it went.
        accepted, quarantined, unread: Rows; None where no job told.
    """

    source: str
    export: str
    documents: tuple[str, ...]
    is_new: bool
    accepted: int | None
    quarantined: int | None
    unread: int | None


@dataclass(frozen=True)
class TableEffect:
    """What differs in the values of a table; `effect` is None where that was not noted."""

    path: str
    before: int
    after: int
    effect: Effect | None


def exports(session: Session, root: Path, compared: Comparison) -> list[ExportRows]:
    """The exports that came and went between two versions, in the order of the sources' names."""
    subject = queries.subject_of(compared.after.path)
    called = {one.source: one for one in manifests.every(root) if one.subject == subject}
    found: dict[tuple[str, str], ExportRows] = {}
    for change in compared.roots:
        place = export_in(change)
        if place is None or change.verb == "changed":
            continue
        source, export = place
        names = called[source].names(export) if source in called else ()
        of_export = f"{root.name}/{{}}/{subject}/{source}/{export}"
        found[place] = ExportRows(
            source,
            export,
            names,
            change.verb == "added",
            _rows(session, *(f"{of_export.format('validated')}/{measure}.parquet" for measure in MEASURES)),
            _rows(session, f"{of_export.format('quarantine')}.parquet"),
            _rows(session, f"{of_export.format('normalized')}/unread.parquet"),
        )
    return [found[place] for place in sorted(found, key=lambda place: (place[0], not found[place].is_new, place[1]))]


def effects(session: Session, root: Path, compared: Comparison) -> list[TableEffect]:
    """What differs in the table itself, where its values are noted, and in the daily values of the same two runs."""
    own, found = compared.after.path, []
    if noted.is_noted(own):
        found.append(_effect(root, own, compared.before, compared.after))
    daily = f"{root.name}/summary/{queries.subject_of(own)}/{DAILY}.parquet"
    if own != daily:
        left, right = (_standing(session, daily, job.run_id) for job in (compared.before_job, compared.after_job))
        if left is not None and right is not None:
            found.append(_effect(root, daily, left, right))
    return found


def _effect(root: Path, path: str, before: queries.Version, after: queries.Version) -> TableEffect:
    inside = root / PurePosixPath(path).relative_to(root.name)
    return TableEffect(path, before.number, after.number, noted.effect(root, inside, before.sha256, after.sha256))


def _standing(session: Session, path: str, run: str | None) -> queries.Version | None:
    """The version of a dataset that stood when a run was over."""
    last = select(func.max(JobRun.seq)).where(JobRun.run_id == run).scalar_subquery()
    query = (
        select(DatasetVersion.number)
        .join(Dataset)
        .join(JobRun, JobRun.id == DatasetVersion.made_by)
        .where(Dataset.path == path, JobRun.seq <= last)
        .order_by(DatasetVersion.number.desc())
    )
    number = session.scalar(query.limit(1))
    return next((version for version in queries.versions(session, path) if version.number == number), None)


def _rows(session: Session, *paths: str) -> int | None:
    known = [version.rows for path in paths if (version := queries.newest(session, path)) and version.rows is not None]
    return sum(known) if known else None
