"""Runs that found nothing to do are taken out of the registry. Their receipts stay: made anew, it has them again."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from pdp.lineage import database
from pdp.lineage.model import Dataset, DatasetVersion, JobRun, JobRunInput, JobRunOutput, Run, RunJob, SourcePoll

KEPT = 30  # newest runs, whatever they did: what was asked lately is a question of its own
_POLL = "ingest"
_AT_A_TIME = 500  # ids in one statement


@dataclass(frozen=True)
class Pruned:
    """What went: runs, their jobs (polls all of them), and the registry's size in bytes before and after."""

    runs: int
    jobs: int
    bytes_before: int
    bytes_after: int


def prune(root: Path, *, is_trial: bool = False) -> Pruned:
    """Take out runs that ended well, did nothing but ask sources, and heard of nothing new.

    Args:
        root: The results folder.
        is_trial: Count, and take out nothing.

    Raises:
        RegistryError: There is no registry, or it can't be written.
    """
    file = database.path_of(root)
    before = file.stat().st_size if file.exists() else 0
    with database.reading(root) as session:
        found, jobs = _idle(session)
    if is_trial or not found:
        return Pruned(len(found), jobs, before, before)
    with database.opened(file, is_writer=True) as engine, Session(engine) as session, session.begin():
        found, jobs = _idle(session)  # since the question above a late receipt may have come
        for start in range(0, len(found), _AT_A_TIME):
            _take_out(session, found[start : start + _AT_A_TIME])
    with closing(sqlite3.connect(file, isolation_level=None, timeout=database.BUSY_TIMEOUT_S)) as connection:
        connection.execute("VACUUM")  # not within a transaction, which every connection of the engine begins
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return Pruned(len(found), jobs, before, file.stat().st_size)


def _idle(session: Session) -> tuple[list[str], int]:
    """Ids of the runs that may go, and how many jobs they have."""
    newest = select(Run.id).order_by(Run.seq.desc(), Run.started.desc()).limit(KEPT)
    worked = select(JobRun.run_id).where(
        JobRun.run_id.is_not(None), (JobRun.rule != _POLL) | (JobRun.status != "COMPLETE")
    )
    heard = (
        select(JobRun.run_id)
        .join(SourcePoll)
        .where(
            JobRun.run_id.is_not(None),
            SourcePoll.reachable.is_(False)
            | (func.json_array_length(SourcePoll.new_exports) > 0)
            | (func.json_array_length(SourcePoll.postponed) > 0),
        )
    )
    query = select(Run.id).where(
        Run.status == "COMPLETE",
        Run.error == "",
        Run.id.not_in(newest),
        Run.id.not_in(worked),
        Run.id.not_in(heard),
    )
    jobs = select(func.count()).select_from(JobRun).where(JobRun.run_id.in_(query))
    return list(session.scalars(query)), session.scalar(jobs) or 0


def _take_out(session: Session, runs: list[str]) -> None:
    jobs = select(JobRun.id).where(JobRun.run_id.in_(runs))
    # Manifests are written anew by each poll; versions that nobody read, and that are not the last, go with it.
    read = select(JobRunInput.version_id)
    last = select(func.max(DatasetVersion.id)).group_by(DatasetVersion.dataset_id)
    manifests = select(Dataset.id).where(Dataset.path.startswith("results/manifests/"))
    unread = select(DatasetVersion.id).where(
        DatasetVersion.made_by.in_(jobs),
        DatasetVersion.dataset_id.in_(manifests),
        DatasetVersion.id.not_in(read),
        DatasetVersion.id.not_in(last),
    )
    gone = list(session.scalars(unread))
    for table in (JobRunOutput, JobRunInput, SourcePoll):
        session.execute(delete(table).where(table.job_run_id.in_(jobs)))
    session.execute(delete(DatasetVersion).where(DatasetVersion.id.in_(gone)))
    kept = select(DatasetVersion.made_by).where(DatasetVersion.made_by.is_not(None))
    session.execute(delete(JobRun).where(JobRun.run_id.in_(runs), JobRun.id.not_in(kept)))
    session.execute(delete(RunJob).where(RunJob.run_id.in_(runs)))
    still = select(JobRun.run_id).where(JobRun.run_id.is_not(None))
    session.execute(delete(Run).where(Run.id.in_(runs), Run.id.not_in(still)))
