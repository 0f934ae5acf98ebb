"""How a dataset was made: version by version, back to the raw exports; and what one run made."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from pdp.lineage import queries
from pdp.lineage.differences import is_manifest
from pdp.lineage.model import Dataset, DatasetVersion, JobRun, JobRunOutput
from pdp.lineage.queries import Version


@dataclass(frozen=True)
class Link:
    """One version and the job that made it; `rule` is "" for what came from outside.

    Attributes:
        key: Content digest of the job's identity (code, settings, libraries).
        code: Digest by module.
        inputs: "path vN" of what the job read.
    """

    path: str
    version: int
    sha256: str
    rows: int | None
    rule: str
    run: str | None
    ended: str
    key: str
    code: dict[str, str]
    settings: dict[str, Any]
    libraries: dict[str, str]
    python: str
    inputs: tuple[str, ...]


Known = dict[int, tuple[Link, tuple[Version, ...]]]  # by version: told once for all questions


def chain(session: Session, path: str, is_wanted: Callable[[str], bool] = lambda _: True) -> list[Link]:
    """The dataset's current version first, then what it was made of, and so on, each once.

    Args:
        session: Of the registry.
        path: The dataset.
        is_wanted: Which inputs to follow.
    """
    start = queries.newest(session, path)
    return follow(session, [start] if start else [], {}, is_wanted)


def follow(
    session: Session, start: Iterable[Version], known: Known, is_wanted: Callable[[str], bool] = lambda _: True
) -> list[Link]:
    """Versions, what they were made of, and so on, each once.

    Args:
        session: Of the registry.
        start: Where to begin.
        known: What earlier calls have found; added to.
        is_wanted: Which inputs to follow.
    """
    links: list[Link] = []
    queue, seen = deque(start), set()
    while queue:
        version = queue.popleft()
        if version.id in seen:
            continue
        seen.add(version.id)
        if version.id not in known:
            known[version.id] = _link_of(session, version)
        link, inputs = known[version.id]
        links.append(link)
        queue += [one for one in inputs if is_wanted(one.path)]
    return links


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


def _link_of(session: Session, version: Version) -> tuple[Link, tuple[Version, ...]]:
    """A version with the job that made it last, and what that job read, manifests left out."""
    makers = queries.makers(session, version)
    made = queries.made(session, makers[-1].id) if makers else None
    inputs = tuple(one for _, one in made.inputs if not is_manifest(one.path)) if made else ()
    key = made.key if made else {}
    link = Link(
        path=version.path,
        version=version.number,
        sha256=version.sha256,
        rows=version.rows,
        rule=made.job.rule if made else "",
        run=made.job.run_id if made else None,
        ended=made.job.ended if made else version.seen,
        key=(made.job.key_sha256 or "") if made else "",
        code=dict(key.get("code") or {}),
        settings=dict(key.get("settings") or {}),
        libraries=dict(key.get("libraries") or {}),
        python=str(key.get("python") or ""),
        inputs=tuple(f"{one.path} v{one.number}" for one in inputs),
    )
    return link, inputs
