"""The versions of the daily table that stood on two versions of another table."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pdp.lineage import queries
from pdp.lineage.model import Dataset, DatasetVersion, JobRun, JobRunOutput
from pdp.lineage.queries import Version

_BESIDE = "summary"  # tables of this layer are made beside the daily one, or of it: in the same run


def of(session: Session, daily: str, one: Version, other: Version) -> tuple[Version, Version] | None:
    """Of the older version the last daily table, of the newer one the first: nothing else lies between them.

    Args:
        session: Of the registry.
        daily: Path of the daily table.
        one, other: Versions of another table, in any order.

    Returns:
        The two versions of the daily table in the order of `one` and `other`; None where one has none.
    """
    older, newer = sorted((one, other), key=lambda version: version.number)
    left, right = _last_of(session, daily, older), _first_of(session, daily, newer)
    if left is None or right is None:
        return None
    return (left, right) if one is older else (right, left)


def _first_of(session: Session, daily: str, version: Version) -> Version | None:
    makers = queries.makers(session, version)
    if not makers:
        return None
    seq, run = makers[0].seq, makers[0].run_id
    if version.path.split("/")[1] == _BESIDE:
        return _made(session, daily, JobRun.run_id == run) or _made(session, daily, JobRun.seq <= seq, is_last=True)
    return _made(session, daily, JobRun.seq >= seq)


def _last_of(session: Session, daily: str, version: Version) -> Version | None:
    """What stood when the run began that made the next version of the other table."""
    made = DatasetVersion.made_by.is_not(None), DatasetVersion.number > version.number
    query = select(DatasetVersion).join(Dataset).where(Dataset.path == version.path, *made)
    after = session.scalar(query.order_by(DatasetVersion.number).limit(1))
    makers = queries.makers(session, queries.as_version(after, version.path)) if after is not None else []
    if not makers:
        return _made(session, daily, is_last=True)
    of_run = select(func.min(JobRun.seq)).where(JobRun.run_id == makers[0].run_id).scalar_subquery()
    begun = of_run if makers[0].run_id else makers[0].seq
    return _made(session, daily, JobRun.seq < begun, is_last=True) or _first_of(session, daily, version)


def _made(session: Session, daily: str, *conditions: Any, is_last: bool = False) -> Version | None:
    """What the first, or the last, of the daily table's jobs made for which the conditions hold."""
    query = (
        select(DatasetVersion)
        .join(JobRunOutput, JobRunOutput.version_id == DatasetVersion.id)
        .join(JobRun, JobRun.id == JobRunOutput.job_run_id)
        .join(Dataset, Dataset.id == DatasetVersion.dataset_id)
        .where(Dataset.path == daily, *conditions)
        .order_by(JobRun.seq.desc() if is_last else JobRun.seq)
    )
    found = session.scalar(query.limit(1))
    return queries.as_version(found, daily) if found is not None else None
