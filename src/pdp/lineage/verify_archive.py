"""What is only ever added to: receipts, and the history of tables; and copies that the history compares with."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from pdp import store
from pdp.lineage import archive, noted, sealed_lines
from pdp.lineage.model import Dataset, DatasetVersion, JobRun, JobRunOutput, Run


@dataclass(frozen=True)
class Expected:
    """A file and the SHA-256 that it must have, or the beginning of it; or one of `others`; and who says so."""

    path: str
    sha256: str
    source: str
    others: tuple[str, ...] = ()


def unvouched(session: Session, root: Path) -> tuple[int, list[str]]:
    """How many receipts the archives hold; and of how many rows of the registry they hold none.

    The archives are what the registry is made again from, so what only the registry knows would be lost with it.
    """
    jobs: set[str] = set()
    runs: set[str] = set()
    for path in archive.files(root / "receipts"):
        for document in archive.lines_from(path, 0):
            (runs if document.get("kind") == "run" else jobs).add(str(document.get("id")))
    spool = root / "receipts" / "spool"  # not empty where the folder may only be read (pdp.lineage.read_only)
    jobs |= {path.stem for path in spool.glob("*.json")}
    runs |= {path.name.removesuffix(".run.jsonl") for path in spool.glob("*.run.jsonl")}
    known_jobs = set(session.scalars(select(JobRun.id)))
    known_runs = set(session.scalars(select(Run.id).where(Run.status != "START")))
    lost = (("job(s)", known_jobs - jobs), ("run(s)", known_runs - runs))
    found = [f"{len(ids):,} {what} of which no receipt is in results/receipts" for what, ids in lost if ids]
    return len(jobs) + len(runs), found


def altered(base: Path, root: Path, bad: Collection[str]) -> Iterator[tuple[Path, str]]:
    """Files of lines and what is wrong in them; receipts that were whole once and can't be read.

    Args:
        base: The working folder.
        root: The results folder.
        bad: Paths of what is altered itself: a copy that is proves nothing of its history.
    """
    for place in [*archive.files(root / "receipts"), *sorted((root / noted.FOLDER).glob("*/*.jsonl"))]:
        found = list(sealed_lines.faults(place))
        if not found and place.parent.parent.name == noted.FOLDER and not _leads_to_kept(base, place, bad):
            found = ["it does not lead to the version that was noted last: lines were taken out at its end"]
        if found:
            yield place, f"{found[0]}{f', and {len(found) - 1:,} more' if len(found) > 1 else ''}"
    for place in sorted((root / "receipts" / "spool").glob("*.damaged")):
        yield place, "a receipt that can't be read: what it vouched for is not known"


def _leads_to_kept(base: Path, history: Path, bad: Collection[str]) -> bool:
    """Whether a line speaks of the copy that the history compares the next version with."""
    kept = history.with_name(f".{history.stem}.parquet")
    if not kept.is_file() or kept.absolute().relative_to(base).as_posix() in bad:
        return True
    ends = {str(line.get(end)) for line in sealed_lines.sound(history) for end in ("before", "after")}
    return store.sha256(kept) in ends


def kept_copies(session: Session, base: Path, root: Path) -> Iterator[Expected]:
    """The version of each small table that its history noted last: one that a job made."""
    for table in noted.TABLES:
        layer, name = table.split("/")
        for place in sorted((root.absolute() / noted.FOLDER).glob(f"*/.{layer}.{name}.parquet")):
            path = f"{root.name}/{layer}/{place.parent.name}/{name}.parquet"
            query = select(DatasetVersion.sha256).join(Dataset).where(Dataset.path == path)
            by_a_job = query.where(DatasetVersion.id.in_(select(JobRunOutput.version_id)))  # not what one only read
            made = tuple(session.scalars(by_a_job.order_by(DatasetVersion.number.desc())))
            if made:
                yield Expected(place.relative_to(base).as_posix(), made[0], "the history of its table", made[1:])
