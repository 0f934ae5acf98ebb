"""The registry, run by run: what a telling needs of each, and never more than one run in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from pdp.errors import RegistryError, nearest
from pdp.lineage.model import CodeVersion, Dataset, DatasetVersion, JobRun, JobRunInput, JobRunOutput, Run, RunJob
from pdp.lineage.queries import TARGETS

_MOST_HELD = 64  # key files' contents; the jobs of a few runs share them


@dataclass(frozen=True)
class File:
    """One version of an artifact; `rows` None where it has none."""

    version_id: int
    path: str
    number: int
    sha256: str
    bytes: int
    rows: int | None


@dataclass(frozen=True)
class Code:
    """A job's identity without its settings, which may hold names: digest by module, version by library."""

    modules: Mapping[str, str]
    libraries: Mapping[str, str]
    python: str


@dataclass(frozen=True)
class Job:
    """One execution of a rule. `code` None: no receipt came, as of a job that was killed."""

    id: str
    run: str | None
    rule: str
    wildcards: Mapping[str, Any]
    status: str
    started: str
    ended: str
    error_type: str
    error_message: str
    rows: Mapping[str, Any]
    code: Code | None
    inputs: tuple[File, ...]
    outputs: tuple[File, ...]


@dataclass(frozen=True)
class RunTold:
    """One run and its jobs, in the order of their receipts."""

    run: Run
    jobs: tuple[Job, ...]


class Reader:
    """Reads jobs with what they read and wrote."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._code = lru_cache(_MOST_HELD)(self._code_of)

    def job(self, row: JobRun) -> Job:
        """A job run from its row."""
        return Job(
            id=row.id,
            run=row.run_id,
            rule=row.rule,
            wildcards=row.wildcards,
            status=row.status,
            started=row.started,
            ended=row.ended,
            error_type=row.error_type,
            error_message=row.error_message,
            rows=row.rows,
            code=self.code(row),
            inputs=self._files(JobRunInput, row.id),
            outputs=self._files(JobRunOutput, row.id),
        )

    def code(self, row: JobRun) -> Code | None:
        """The code that a job ran."""
        return self._code(row.key_sha256) if row.key_sha256 else None

    def _code_of(self, key: str) -> Code | None:
        content = self._session.scalar(select(CodeVersion.content).where(CodeVersion.sha256 == key))
        if content is None:
            return None
        return Code(
            dict(content.get("code") or {}), dict(content.get("libraries") or {}), str(content.get("python") or "")
        )

    def _files(self, side: type[JobRunInput] | type[JobRunOutput], job: str) -> tuple[File, ...]:
        query = (
            select(
                DatasetVersion.id,
                Dataset.path,
                DatasetVersion.number,
                DatasetVersion.sha256,
                DatasetVersion.bytes,
                DatasetVersion.rows,
            )
            .join(Dataset, Dataset.id == DatasetVersion.dataset_id)
            .join(side, side.version_id == DatasetVersion.id)
            .where(side.job_run_id == job)
            .order_by(side.position)
        )
        return tuple(File(*row) for row in self._session.execute(query))


def run_ids(session: Session, *, run: str = "", since: str = "", is_all: bool = False) -> list[str]:
    """Which runs are meant, oldest first: one by its id, those from a UTC stamp on, all, or else the last.

    Raises:
        RegistryError: No such run.
    """
    order = Run.seq, Run.started, Run.id
    if run:
        if session.get(Run, run) is None:
            known = session.scalars(select(Run.id).order_by(*(part.desc() for part in order)).limit(5))
            raise RegistryError(f'there is no run "{run}".', hint=f"pdp runs lists them. {nearest(run, known)}")
        return [run]
    query = select(Run.id).order_by(*order)
    if since:
        return list(session.scalars(query.where(Run.started >= since)))
    if is_all:
        return list(session.scalars(query))
    found = list(session.scalars(select(Run.id).order_by(*(part.desc() for part in order)).limit(1)))
    if not found:
        raise RegistryError("no run is on record yet.", hint="Run the pipeline first: snakemake --cores 4")
    return found


def each(session: Session, runs: list[str]) -> Iterator[RunTold]:
    """Run by run."""
    reader = Reader(session)
    for identity in runs:
        run = session.get_one(Run, identity)
        yield RunTold(run, (*_jobs(session, reader, identity), *_without_receipt(session, identity)))
        session.expunge_all()


def outside_runs(session: Session) -> Iterator[Job]:
    """Jobs that no run on record started."""
    reader = Reader(session)
    query = select(JobRun).where(JobRun.run_id.is_(None)).order_by(JobRun.seq)
    for row in session.scalars(query.execution_options(yield_per=_MOST_HELD)):
        yield reader.job(row)


def _jobs(session: Session, reader: Reader, run: str) -> Iterator[Job]:
    for row in session.scalars(select(JobRun).where(JobRun.run_id == run).order_by(JobRun.seq)):
        yield reader.job(row)


def _without_receipt(session: Session, run: str) -> Iterator[Job]:
    """Jobs that the engine started and that left no receipt: it knows how they ended, and nothing more."""
    known = {
        (rule, tuple(sorted(wildcards.items())))
        for rule, wildcards in session.execute(select(JobRun.rule, JobRun.wildcards).where(JobRun.run_id == run))
    }
    for one in session.scalars(select(RunJob).where(RunJob.run_id == run).order_by(RunJob.jobid)):
        if one.rule in TARGETS or (one.rule, tuple(sorted(one.wildcards.items()))) in known:
            continue
        yield Job(
            id=f"{run}/{one.jobid}",
            run=run,
            rule=one.rule,
            wildcards=one.wildcards,
            status=one.status,
            started=one.started,
            ended=one.ended or one.started,
            error_type="",
            error_message="",
            rows={},
            code=None,
            inputs=(),
            outputs=(),
        )
