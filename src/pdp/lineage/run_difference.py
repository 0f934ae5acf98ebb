"""What is different after one run from what it was after another: which tables, how many rows, and why."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from pdp.errors import RegistryError
from pdp.lineage import compare, dataset_names, queries
from pdp.lineage.model import Dataset, DatasetVersion, JobRun, Run
from pdp.lineage.queries import Version

_LAYERS = ("summary", "merged", "superseded")


@dataclass(frozen=True)
class Difference:
    """One table that is not the same after both runs. `before` or `after` is None where there was none yet.

    Attributes:
        causes: What people did, down to new exports, code and settings; () for a table that is new.
    """

    path: str
    before: Version | None
    after: Version | None
    causes: tuple[str, ...]

    @property
    def name(self) -> str:
        """Layer and table: merged/blood_pressure."""
        parts = self.path.removesuffix(".parquet").split("/")
        return f"{parts[1]}/{parts[-1]}"


def between(session: Session, subject: str, before: str, after: str) -> list[Difference]:
    """Tables of a person that differ after two runs, in the order of summary, merged, superseded.

    Args:
        session: Of the registry.
        subject: Whose.
        before, after: Ids of runs; the one that was taken in earlier counts as before, however they are given.

    Raises:
        RegistryError: No such run.
    """
    runs = [_run(session, one) for one in (before, after)]
    first, second = sorted(runs, key=lambda run: (run.seq, run.started, run.id))
    then, now = (_standing(session, subject, _last_seq(session, run)) for run in (first, second))
    found = []
    for path in sorted(then.keys() | now.keys(), key=lambda path: (_LAYERS.index(path.split("/")[1]), path)):
        left, right = then.get(path), now.get(path)
        if left is None or right is None or left.sha256 != right.sha256:
            found.append(Difference(path, left, right, _causes(session, path, left, right)))
    return found


def _run(session: Session, ident: str) -> Run:
    found = session.get(Run, ident)
    if found is None:
        raise RegistryError(f'there is no run "{ident}".', hint="pdp runs lists the last ones.")
    return found


def _last_seq(session: Session, run: Run) -> int:
    """The last job of that run, or of one before it where it had nothing to do; clocks decide for runs without seq."""
    earlier = select(Run.id).where(tuple_(Run.seq, Run.started) <= (run.seq, run.started))
    return session.scalar(select(func.max(JobRun.seq)).where(JobRun.run_id.in_(earlier))) or 0


def _standing(session: Session, subject: str, seq: int) -> dict[str, Version]:
    """Path -> the version that stood when the job `seq` had ended."""
    query = (
        select(DatasetVersion, Dataset.path)
        .join(Dataset)
        .join(JobRun, JobRun.id == DatasetVersion.made_by)
        .where(JobRun.seq <= seq)
        .order_by(DatasetVersion.number)
    )
    found: dict[str, Version] = {}
    for row, path in session.execute(query):
        parts = path.split("/")
        if parts[0] == "results" and parts[1] in _LAYERS and dataset_names.subject_of(path) == subject:
            found[path] = queries.as_version(row, path)
    return found


def _causes(session: Session, path: str, before: Version | None, after: Version | None) -> tuple[str, ...]:
    if before is None or after is None:
        return ()
    try:
        return compare.compare(session, path, before.number, after.number).causes
    except RegistryError:
        return ("changed outside the pipeline",)
