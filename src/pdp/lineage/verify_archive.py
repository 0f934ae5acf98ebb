"""The registry against the receipts that it was folded from, and copies that the history compares with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from pdp.lineage import archive, noted
from pdp.lineage.model import Dataset, DatasetVersion, JobRun, Run

REGISTRY = "results/lineage.sqlite"


@dataclass(frozen=True)
class Expected:
    """A file and the SHA-256 that it must have, or the beginning of it; or one of `others`; and who says so."""

    path: str
    sha256: str
    source: str
    others: tuple[str, ...] = ()


def unvouched(session: Session, root: Path) -> tuple[int, list[tuple[str, str]]]:
    """How many receipts the archives hold; rows of the registry of which they hold none: where, and how many.

    The archives are what the registry is made again from, so what only the registry knows would be lost with it.
    """
    jobs: set[str] = set()
    runs: set[str] = set()
    for path in archive.files(root / "receipts"):
        for document in archive.lines_from(path, 0):
            (runs if document.get("kind") == "run" else jobs).add(str(document.get("id")))
    known_jobs = set(session.scalars(select(JobRun.id)))
    known_runs = set(session.scalars(select(Run.id).where(Run.status != "START")))
    found = []
    for what, lost in (("job(s)", known_jobs - jobs), ("run(s)", known_runs - runs)):
        if lost:
            found.append((REGISTRY, f"{len(lost):,} {what} of which no receipt is in results/receipts"))
    return len(jobs) + len(runs), found


def kept_copies(session: Session, base: Path, root: Path) -> Iterator[Expected]:
    """The version of each small table that its history noted last: one that a job made."""
    for table in noted.TABLES:
        layer, name = table.split("/")
        for place in sorted((root.absolute() / noted.FOLDER).glob(f"*/.{layer}.{name}.parquet")):
            path = f"{root.name}/{layer}/{place.parent.name}/{name}.parquet"
            query = select(DatasetVersion.sha256).join(Dataset).where(Dataset.path == path)
            made = tuple(session.scalars(query.order_by(DatasetVersion.number.desc())))
            if made:
                yield Expected(place.relative_to(base).as_posix(), made[0], "the history of its table", made[1:])
