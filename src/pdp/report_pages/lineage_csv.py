"""All runs and their artifacts as CSV: what the page's last runs leave out, and digests in full."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pdp.drawing.lineage import Names
from pdp.lineage import queries
from pdp.lineage.differences import is_manifest
from pdp.lineage.model import Dataset, DatasetVersion, JobRun, JobRunInput, JobRunOutput, Run
from pdp.report_pages import csv_link

MOST_RUNS = 10_000
MOST_ARTIFACTS = 10_000  # some 3 MB in the page; `pdp openlineage --all` has all of any registry
_RUNS = ("run", "status", "started_utc", "ended_utc", "jobs_ran", "jobs_reused", "jobs_failed", "new_exports", "error")
_FILES = (
    *("run", "job", "rule", "wildcards", "status", "ended_utc", "direction", "path", "name_at_source", "version"),
    *("is_new_version", "rows", "bytes", "sha256", "code_and_parameters_sha256"),
)


def links(session: Session, names: Names, subjects: frozenset[str]) -> str:
    """Links to both.

    Args:
        session: Of the registry.
        names: What raw exports are called.
        subjects: Whose artifacts are told.
    """
    runs = [_run(line) for line in queries.runs(session, MOST_RUNS)]
    files = list(_files(session, names, subjects))
    count = session.scalar(select(func.count()).select_from(JobRunOutput)) or 0
    written = sum(file[6] == "written" for file in files)
    left = "every job of every run: what it read from outside and all that it wrote, digests in full"
    if len(files) >= MOST_ARTIFACTS and written < count:
        left = f"the last {MOST_ARTIFACTS:,}, digests in full; pdp openlineage --all tells all"
    return csv_link.link("runs", _table(_RUNS, runs), "every run, those that found nothing to do, too") + csv_link.link(
        "artifacts", _table(_FILES, files), left
    )


def _table(names: tuple[str, ...], rows: list[tuple[Any, ...]]) -> pa.Table:
    columns = zip(*rows, strict=True) if rows else ([] for _ in names)
    return pa.table({name: pa.array(list(column)) for name, column in zip(names, columns, strict=True)})


def _run(line: queries.RunLine) -> tuple[Any, ...]:
    return (
        *(line.id, line.status, line.started, line.ended, line.ran, line.reused, line.failed),
        *(line.new_exports, line.error),
    )


def _files(session: Session, names: Names, subjects: frozenset[str]) -> Iterator[tuple[Any, ...]]:
    """What jobs read from outside and what they wrote, the newest job first; manifests left out."""
    side: dict[str, type[JobRunInput] | type[JobRunOutput]] = {"read": JobRunInput, "written": JobRunOutput}
    found: list[tuple[int, int, int, tuple[Any, ...]]] = []
    for order, (direction, table) in enumerate(side.items()):
        query = (
            select(JobRun, DatasetVersion, Dataset.path, table.position)
            .join(table, table.job_run_id == JobRun.id)
            .join(DatasetVersion, DatasetVersion.id == table.version_id)
            .join(Dataset, Dataset.id == DatasetVersion.dataset_id)
            .outerjoin(Run, Run.id == JobRun.run_id)
            .order_by(JobRun.seq.desc(), table.position)
            .limit(MOST_ARTIFACTS)
        )
        if direction == "read":  # what jobs take from each other is told where it was written
            query = query.where(DatasetVersion.made_by.is_(None))
        for job, version, path, position in session.execute(query):
            if not is_manifest(path) and job.wildcards.get("subject") in subjects:
                found.append((-job.seq, order, position, _file(job, version, path, direction, names)))
    yield from (file for _, _, _, file in sorted(found, key=lambda one: one[:3])[:MOST_ARTIFACTS])


def _file(job: JobRun, version: DatasetVersion, path: str, direction: str, names: Names) -> tuple[Any, ...]:
    wildcards = " ".join(f"{name}={value}" for name, value in job.wildcards.items())
    return (
        *(job.run_id, job.id, job.rule, wildcards, job.status, job.ended, direction, path),
        *(names.document(path) or None, version.number),
        *(direction == "written" and version.made_by == job.id, version.rows, version.bytes, version.sha256),
        job.key_sha256,
    )
