"""What a crate says of a run: the tables that stood when it ended, which runs made them, from which raw exports.

A run makes only what had to be made, so the tables that stand are of several runs, and each has its action.
From the registry alone: no table is opened, and of the settings only those are taken that can hold no name.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pdp.interchange.registry_stream import Code, File, Reader
from pdp.lineage import dataset_names
from pdp.lineage.differences import is_manifest
from pdp.lineage.model import CodeVersion, Dataset, DatasetVersion, JobRun, JobRunInput, JobRunOutput, Run

LAYERS = ("merged", "superseded", "summary", "published")
# Numbers, times of day and choices. Not: zones (who lived where when), sources and their order, names, dates of birth.
_SETTINGS = ("limits", "merge", "summary", "home_bp")
_NAMING = ("priority",)
_BATCH = 400  # ids in one question; SQLite takes 999 at least

Id = TypeVar("Id", int, str)


@dataclass(frozen=True)
class Action:
    """One run, or jobs outside any. `results`: those of its tables that stand; `objects`: the raw exports behind."""

    run: Run | None
    results: tuple[File, ...]
    objects: tuple[File, ...]


@dataclass(frozen=True)
class Facts:
    """A run and what stood at its end. `code` and `parameters` by rule and name, of the jobs that made it."""

    run: Run
    actions: tuple[Action, ...]
    code: Mapping[str, Code]
    parameters: Mapping[str, str]


def gather(session: Session, run: str) -> Facts:
    """Everything on record that a crate of this run says."""
    asked = session.get_one(Run, run)
    made = list(_standing(session, asked))
    by_run: dict[str | None, list[File]] = {asked.id: []}
    for job_run, file in made:
        by_run.setdefault(job_run.run_id, []).append(file)
    actions = []
    for identity, results in by_run.items():
        files = tuple(sorted(results, key=lambda file: file.path))
        about = session.get(Run, identity) if identity is not None else None
        actions.append(Action(about, files, tuple(_raw_behind(session, files))))
    actions.sort(
        key=lambda one: (one.run is not asked, one.run.started if one.run else "", one.run.id if one.run else "")
    )
    jobs = {job.id: job for job, _ in made}
    return Facts(asked, tuple(actions), _code(session, jobs.values()), _parameters(session, jobs.values()))


def _standing(session: Session, run: Run) -> Iterator[tuple[JobRun, File]]:
    """The last version of every final table up to a run, with the job that made it; of subjects of that run."""
    # By the order of runs: receipts of several runs may have been taken in at once, all jobs before the runs
    runs = select(Run.id).where(Run.seq <= run.seq)
    is_by_then = JobRun.run_id.in_(runs) | (JobRun.run_id.is_(None) & (JobRun.seq <= run.seq))
    last = (
        select(DatasetVersion.dataset_id, func.max(JobRun.seq).label("seq"))
        .join(JobRunOutput, JobRunOutput.version_id == DatasetVersion.id)
        .join(JobRun, JobRun.id == JobRunOutput.job_run_id)
        .where(is_by_then, JobRun.status == "COMPLETE")
        .group_by(DatasetVersion.dataset_id)
        .subquery()
    )
    query = (
        select(JobRun, DatasetVersion, Dataset.path)
        .join(last, last.c.seq == JobRun.seq)
        .join(JobRunOutput, JobRunOutput.job_run_id == JobRun.id)
        .join(DatasetVersion, DatasetVersion.id == JobRunOutput.version_id)
        .join(Dataset, Dataset.id == DatasetVersion.dataset_id)
        .where(DatasetVersion.dataset_id == last.c.dataset_id)
        .order_by(Dataset.path)
    )
    for job, version, path in session.execute(query):
        parts = path.split("/")
        is_of_the_run = not run.subjects or dataset_names.subject_of(path) in run.subjects
        if parts[0] == "results" and parts[1] in LAYERS and is_of_the_run:
            yield job, _file(version, path)


def _file(version: DatasetVersion, path: str) -> File:
    return File(version.id, path, version.number, version.sha256, version.bytes, version.rows)


def _raw_behind(session: Session, files: Iterable[File]) -> list[File]:
    """What came from outside and stands behind these files: raw exports, and a file of events."""
    seen: set[int] = set()
    todo = {file.version_id for file in files}
    found: dict[int, File] = {}
    while todo:
        seen |= todo
        makers: set[str] = set()
        for some in _in_batches(todo):
            query = select(DatasetVersion, Dataset.path).join(Dataset).where(DatasetVersion.id.in_(some))
            for version, path in session.execute(query):
                if version.made_by is not None:
                    makers.add(version.made_by)
                elif not is_manifest(path):
                    found[version.id] = _file(version, path)
        todo = set()
        for jobs in _in_batches(makers):
            read = select(JobRunInput.version_id).where(JobRunInput.job_run_id.in_(jobs))
            todo |= set(session.scalars(read)) - seen
    return sorted(found.values(), key=lambda file: file.path)


def _in_batches(ids: set[Id]) -> Iterator[list[Id]]:
    ordered = sorted(ids)
    for start in range(0, len(ordered), _BATCH):
        yield ordered[start : start + _BATCH]


def _code(session: Session, jobs: Iterable[JobRun]) -> dict[str, Code]:
    reader = Reader(session)
    found = {job.rule: reader.code(job) for job in sorted(jobs, key=lambda job: job.seq)}
    return {rule: code for rule, code in sorted(found.items()) if code is not None}


def _parameters(session: Session, jobs: Iterable[JobRun]) -> dict[str, str]:
    """The settings of these jobs that can hold no name, as JSON; {}: all as the program has them."""
    found: dict[str, Any] = {}
    for job in sorted(jobs, key=lambda job: job.seq):
        content = session.scalar(select(CodeVersion.content).where(CodeVersion.sha256 == job.key_sha256)) or {}
        for name, value in (content.get("settings") or {}).items():
            if name in _SETTINGS and isinstance(value, Mapping):
                told = f"merge.{job.wildcards.get('measure', '')}" if name == "merge" else name
                found[told] = {key: one for key, one in value.items() if key not in _NAMING}
    return {name: json.dumps(value, sort_keys=True) for name, value in sorted(found.items())}
