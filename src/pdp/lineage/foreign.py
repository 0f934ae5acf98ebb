"""Foreign bytes: what a job read in place of what another job had made, and all that came of it."""

from __future__ import annotations

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, aliased

from pdp.lineage.model import Dataset, DatasetVersion, JobRunInput, JobRunOutput

_SQL_VARIABLES = 500  # ids in one question; SQLite allows some thousands


def made_from_foreign_bytes(session: Session) -> dict[int, str]:
    """Versions that came of foreign bytes alone, with the dataset at the root of it.

    A version that some job also made from good inputs is good: the bytes are the same.

    Returns:
        Path of the altered dataset by id of the version that was made from it, through any number of jobs.
    """
    made = aliased(DatasetVersion)
    is_made_elsewhere = exists().where(made.dataset_id == DatasetVersion.dataset_id, made.made_by.is_not(None))
    query = select(DatasetVersion.id, Dataset.path).join(Dataset)
    roots = dict(session.execute(query.where(DatasetVersion.made_by.is_(None), is_made_elsewhere)).tuples().all())
    found: dict[int, str] = {}
    spoiled_jobs: dict[str, str] = {}
    wave = roots
    while wave:
        readers = _pairs(session, JobRunInput, list(wave))
        spoiled_jobs |= {job: wave[version] for version, job in readers if job not in spoiled_jobs}
        made_now = {
            version: spoiled_jobs[job]
            for job, version in _made_by(session, [job for _, job in readers])
            if version not in found
        }
        makers: dict[int, set[str]] = {}
        for version, job in _pairs(session, JobRunOutput, list(made_now)):
            makers.setdefault(version, set()).add(job)
        wave = {version: root for version, root in made_now.items() if makers[version] <= spoiled_jobs.keys()}
        found |= wave
    return found


def _pairs(
    session: Session, table: type[JobRunInput] | type[JobRunOutput], versions: list[int]
) -> list[tuple[int, str]]:
    """(version, job run) of every reading or writing of these versions."""
    pairs: list[tuple[int, str]] = []
    for start in range(0, len(versions), _SQL_VARIABLES):
        some = versions[start : start + _SQL_VARIABLES]
        query = select(table.version_id, table.job_run_id).where(table.version_id.in_(some))
        pairs += session.execute(query).tuples().all()
    return pairs


def _made_by(session: Session, jobs: list[str]) -> list[tuple[str, int]]:
    """(job run, version) of all that these jobs wrote."""
    pairs: list[tuple[str, int]] = []
    for start in range(0, len(jobs), _SQL_VARIABLES):
        some = jobs[start : start + _SQL_VARIABLES]
        query = select(JobRunOutput.job_run_id, JobRunOutput.version_id).where(JobRunOutput.job_run_id.in_(some))
        pairs += session.execute(query).tuples().all()
    return pairs
