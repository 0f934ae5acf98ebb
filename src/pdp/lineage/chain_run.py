"""What one run made, and the way of all of it back to the raw exports, as the versions were then."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from pdp.lineage import chain, queries
from pdp.lineage.chain import Link
from pdp.lineage.differences import is_manifest
from pdp.lineage.model import Dataset, DatasetVersion, JobRun, JobRunOutput
from pdp.lineage.queries import Version

Known = dict[int, tuple[Link, tuple[Version, ...]]]  # by version: told once for all runs


def made_by(session: Session, run: str) -> list[tuple[JobRun, Version]]:
    """Every artifact that a run's jobs wrote, manifests left out, in the order of the jobs."""
    query = (
        select(JobRun, DatasetVersion, Dataset.path)
        .join(JobRunOutput, JobRunOutput.job_run_id == JobRun.id)
        .join(DatasetVersion, DatasetVersion.id == JobRunOutput.version_id)
        .join(Dataset, Dataset.id == DatasetVersion.dataset_id)
        .where(JobRun.run_id == run)
        .order_by(JobRun.seq, JobRunOutput.position)
    )
    found = session.execute(query).tuples()
    return [(job, queries.as_version(row, path)) for job, row, path in found if not is_manifest(path)]


def follow(session: Session, start: Iterable[Version], known: Known | None = None) -> list[Link]:
    """Versions, what they were made of, and so on, each once.

    Args:
        session: Of the registry.
        start: Where to begin.
        known: What earlier calls have found; added to.
    """
    memory: Known = {} if known is None else known
    links: list[Link] = []
    queue, seen = list(start), set()
    while queue:
        version = queue.pop(0)
        if version.id in seen:
            continue
        seen.add(version.id)
        if version.id not in memory:
            memory[version.id] = chain.link_of(session, version)
        link, inputs = memory[version.id]
        links.append(link)
        queue += inputs
    return links
