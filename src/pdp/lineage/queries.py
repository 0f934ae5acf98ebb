"""Questions to the registry: a dataset's versions, the jobs that made them, the runs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Select, and_, bindparam, func, select
from sqlalchemy.orm import Session, aliased

from pdp.lineage.model import (
    CodeVersion,
    Dataset,
    DatasetVersion,
    JobRun,
    JobRunInput,
    JobRunOutput,
    Run,
    RunJob,
    SourcePoll,
)

TARGETS = ("all", "report")  # rules that stand for what is wanted, and do no work


@dataclass(frozen=True)
class Version:
    """One version of a dataset."""

    id: int
    path: str
    number: int
    sha256: str
    bytes: int
    rows: int | None
    seen: str
    made_by: str | None


@dataclass(frozen=True)
class Made:
    """The job run that made a version: its identity and what it read."""

    job: JobRun
    key: Mapping[str, Any]
    inputs: tuple[tuple[str, Version], ...]


@dataclass(frozen=True)
class RunLine:
    """One run as `pdp runs` shows it. Jobs counted by how they ended; polls by whether the source answered."""

    id: str
    status: str
    started: str
    ended: str | None
    error: str
    ran: int
    failed: int
    reused: int | None
    polls: int
    unreachable: int
    new_exports: int


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object from disk; {} if there is none."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def as_version(row: DatasetVersion, path: str) -> Version:
    """A row of the registry as a value."""
    return Version(row.id, path, row.number, row.sha256, row.bytes, row.rows, row.seen, row.made_by)


# The columns of a Version. Values and no mapped objects: a dataset may have thousands.
_VERSION = (
    DatasetVersion.id,
    Dataset.path,
    DatasetVersion.number,
    DatasetVersion.sha256,
    DatasetVersion.bytes,
    DatasetVersion.rows,
    DatasetVersion.seen,
    DatasetVersion.made_by,
)


def _current() -> Select[Any]:
    """Current versions, of the datasets that a caller chooses; found by the index and not by a scan of all versions."""
    one = aliased(DatasetVersion)
    last = select(one.number).where(one.dataset_id == Dataset.id).order_by(one.number.desc()).limit(1)
    number = func.coalesce(last.where(one.made_by.is_not(None)).scalar_subquery(), last.scalar_subquery())
    return select(*_VERSION).join(
        Dataset, and_(DatasetVersion.dataset_id == Dataset.id, DatasetVersion.number == number)
    )


_CURRENT = _current()
_AT_ONCE = 10_000  # values in one question; SQLite takes 32,766


def versions(session: Session, path: str) -> list[Version]:
    """All versions of a dataset, oldest first."""
    query = select(*_VERSION).join(Dataset).where(Dataset.path == path).order_by(DatasetVersion.number)
    return [Version(*row) for row in session.execute(query)]


def newest(session: Session, path: str) -> Version | None:
    """The current version of a dataset: the last that a job made; of what no job makes, the last that was read."""
    return current_of(session, [path]).get(path)


def current_of(session: Session, paths: Iterable[str]) -> dict[str, Version]:
    """The current versions of datasets, by path, as `newest` has them; those that are not on record are left out."""
    found: dict[str, Version] = {}
    wanted = list(dict.fromkeys(paths))
    for start in range(0, len(wanted), _AT_ONCE):
        some = _CURRENT.where(Dataset.path.in_(wanted[start : start + _AT_ONCE]))
        found |= {row.path: Version(*row) for row in session.execute(some)}
    return found


def current_versions(session: Session) -> list[Version]:
    """The current version of every dataset, as `newest` has it."""
    return [Version(*row) for row in session.execute(_CURRENT.order_by(Dataset.path))]


_INPUTS = (
    select(JobRunInput.name, *_VERSION)
    .join(DatasetVersion, DatasetVersion.id == JobRunInput.version_id)
    .join(Dataset, Dataset.id == DatasetVersion.dataset_id)
    .where(JobRunInput.job_run_id == bindparam("job"))
    .order_by(JobRunInput.position)
)


def made(session: Session, job_run_id: str) -> Made:
    """A job run with its key and what it read; remembered for as long as the session lives, as it never changes."""
    known: dict[str, Made] = session.info.setdefault("made", {})
    if job_run_id not in known:
        known[job_run_id] = _made(session, job_run_id)
    return known[job_run_id]


def _made(session: Session, job_run_id: str) -> Made:
    job = session.get_one(JobRun, job_run_id)
    code = session.get(CodeVersion, job.key_sha256) if job.key_sha256 else None
    inputs = tuple((name, Version(*version)) for name, *version in session.execute(_INPUTS, {"job": job_run_id}))
    return Made(job, code.content if code else {}, inputs)


def makers(session: Session, version: Version) -> list[JobRun]:
    """Every job run that wrote these bytes as this version, oldest first."""
    query = select(JobRun).join(JobRunOutput).where(JobRunOutput.version_id == version.id).order_by(JobRun.seq)
    return list(session.scalars(query))


def last_run(session: Session) -> Run | None:
    """The run that was taken in last; when it started, only its machine's clock says."""
    return session.scalar(select(Run).order_by(Run.seq.desc(), Run.started.desc(), Run.id.desc()).limit(1))


def reason_of(session: Session, job: JobRun) -> str:
    """Why the workflow engine ran a job, in its own words; "" if it did not say."""
    query = select(RunJob).where(RunJob.run_id == job.run_id, RunJob.rule == job.rule)
    return next((entry.reason for entry in session.scalars(query) if entry.wildcards == job.wildcards), "")


def shortened(reason: str) -> str:
    """The engine's reason, with the first two files of each list and how many more there were."""
    parts = []
    for part in reason.split("; "):
        what, _, files = part.partition(": ")
        names = files.split(", ") if files else []
        more = f" and {len(names) - 2} more" if len(names) > 2 else ""
        parts.append(f"{what}: {', '.join(names[:2])}{more}" if names else what)
    return "; ".join(parts)


def runs(session: Session, most: int) -> list[RunLine]:
    """The last runs by when they started, newest first; as many questions for years of runs as for ten.

    For people, who look for a day. What follows from what is told by the order of being taken in (`last_run`).
    """
    latest = Run.started.desc(), Run.id.desc()
    chosen = list(session.scalars(select(Run).order_by(*latest).limit(most)))
    last = select(Run.id).order_by(*latest).limit(most)
    jobs: dict[str, Counter[str]] = {run.id: Counter() for run in chosen}
    counted = select(RunJob.run_id, RunJob.status, func.count()).where(RunJob.rule.not_in(TARGETS))
    for run_id, status, count in session.execute(
        counted.where(RunJob.run_id.in_(last)).group_by(RunJob.run_id, RunJob.status)
    ):
        jobs[run_id][status] = count
    polls: dict[str, list[tuple[bool, int]]] = {run.id: [] for run in chosen}
    asked = select(JobRun.run_id, SourcePoll.reachable, SourcePoll.new_exports)
    for run_id, reachable, new in session.execute(
        asked.join(JobRun, JobRun.id == SourcePoll.job_run_id).where(JobRun.run_id.in_(last))
    ):
        polls[run_id].append((reachable, len(new)))
    return [_run_line(run, jobs[run.id], polls[run.id]) for run in chosen]


def _run_line(run: Run, jobs: Counter[str], polls: Sequence[tuple[bool, int]]) -> RunLine:
    reused = sum(counts.get("reused", 0) for rule, counts in run.graph.items() if rule not in TARGETS)
    return RunLine(
        id=run.id,
        status=run.status,
        started=run.started,
        ended=run.ended,
        error=run.error,
        ran=jobs["COMPLETE"],
        failed=jobs.total() - jobs["COMPLETE"],
        reused=reused if run.graph else None,
        polls=len(polls),
        unreachable=sum(not reachable for reachable, _ in polls),
        new_exports=sum(new for _, new in polls),
    )
