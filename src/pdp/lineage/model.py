"""The registry's tables: what ran, what it read and wrote, in which version, by which code.

Everything here is folded from receipts (pdp.lineage.record) and can be made again from them.
Times are ISO 8601 in UTC with milliseconds, as text, so that they sort as they stand. Statuses are
OpenLineage's: START, COMPLETE, FAIL, ABORT.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

# Raised together with a new file in migrations/versions; stands in the file as PRAGMA user_version.
SCHEMA_VERSION = 3


class Base(DeclarativeBase):
    """All tables of the registry."""

    type_annotation_map = {dict[str, Any]: JSON, list[Any]: JSON}  # noqa: RUF012 - SQLAlchemy's own protocol


class Run(Base):
    """One call of snakemake, also when it did nothing, failed or was killed (ABORT)."""

    __tablename__ = "run"
    id: Mapped[str] = mapped_column(primary_key=True)
    status: Mapped[str]
    started: Mapped[str] = mapped_column(index=True)
    ended: Mapped[str | None]
    host: Mapped[str] = mapped_column(default="")
    pid: Mapped[int | None]
    command: Mapped[list[Any]] = mapped_column(default=list)  # values after --config left out
    error: Mapped[str] = mapped_column(default="")
    planned: Mapped[dict[str, Any]] = mapped_column(default=dict)  # rule -> jobs that were to run at the start
    graph: Mapped[dict[str, Any]] = mapped_column(
        default=dict
    )  # rule -> {reused, left}: jobs with nothing to do, jobs not done
    subjects: Mapped[dict[str, Any]] = mapped_column(default=dict)  # configured subject -> its sources; {}: not told
    # The order in which runs and jobs were taken in, whatever the clocks said. 0: taken in before runs had a number
    seq: Mapped[int] = mapped_column(default=0, index=True)


class RunJob(Base):
    """A job as the workflow engine saw it: why it ran, and how it ended even where no receipt came."""

    __tablename__ = "run_job"
    run_id: Mapped[str] = mapped_column(ForeignKey("run.id"), primary_key=True)
    jobid: Mapped[int] = mapped_column(primary_key=True)
    rule: Mapped[str]
    wildcards: Mapped[dict[str, Any]]
    reason: Mapped[str]
    log: Mapped[str]  # path, "" for a job without one
    status: Mapped[str]
    started: Mapped[str]
    ended: Mapped[str | None]


class CodeVersion(Base):
    """What a job's identity is made of: module digests, settings, libraries, Python (its key file)."""

    __tablename__ = "code_version"
    sha256: Mapped[str] = mapped_column(primary_key=True)
    path: Mapped[str]
    content: Mapped[dict[str, Any]]


class JobRun(Base):
    """One execution of a rule, from its receipt. `seq` is the order in which receipts, of runs too, were taken in."""

    __tablename__ = "job_run"
    id: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(index=True)
    run_id: Mapped[str | None] = mapped_column(ForeignKey("run.id"), index=True)
    rule: Mapped[str]
    wildcards: Mapped[dict[str, Any]]
    status: Mapped[str]
    started: Mapped[str]
    ended: Mapped[str]
    host: Mapped[str]
    pid: Mapped[int | None]
    key_sha256: Mapped[str | None] = mapped_column(ForeignKey("code_version.sha256"))
    rows: Mapped[dict[str, Any]]
    error_type: Mapped[str] = mapped_column(default="")
    error_message: Mapped[str] = mapped_column(default="")


class Dataset(Base):
    """One path of an artifact, relative to the working directory."""

    __tablename__ = "dataset"
    id: Mapped[int] = mapped_column(primary_key=True)
    path: Mapped[str] = mapped_column(unique=True)


class DatasetVersion(Base):
    """The bytes of a dataset at one time: v1, v2, ...; a new one exactly when they differ from the one before."""

    __tablename__ = "dataset_version"
    __table_args__ = (UniqueConstraint("dataset_id", "number"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    dataset_id: Mapped[int] = mapped_column(ForeignKey("dataset.id"))
    number: Mapped[int]
    sha256: Mapped[str]
    bytes: Mapped[int]
    rows: Mapped[int | None]
    # null: only ever seen as an input. Where jobs do make the dataset, such bytes are foreign and never current.
    made_by: Mapped[str | None] = mapped_column(ForeignKey("job_run.id"))
    seen: Mapped[str]


class JobRunInput(Base):
    """The version that a job read."""

    __tablename__ = "job_run_input"
    __table_args__ = (Index("ix_job_run_input_version", "version_id"),)
    job_run_id: Mapped[str] = mapped_column(ForeignKey("job_run.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    version_id: Mapped[int] = mapped_column(ForeignKey("dataset_version.id"))


class JobRunOutput(Base):
    """The version that a job wrote; the same one again when it made the same bytes."""

    __tablename__ = "job_run_output"
    __table_args__ = (Index("ix_job_run_output_version", "version_id"),)
    job_run_id: Mapped[str] = mapped_column(ForeignKey("job_run.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    version_id: Mapped[int] = mapped_column(ForeignKey("dataset_version.id"))


class SourcePoll(Base):
    """What a source answered when it was asked."""

    __tablename__ = "source_poll"
    job_run_id: Mapped[str] = mapped_column(ForeignKey("job_run.id"), primary_key=True)
    at: Mapped[str] = mapped_column(index=True)
    subject: Mapped[str]
    source: Mapped[str]
    reachable: Mapped[bool]
    why: Mapped[str | None]
    documents: Mapped[int]
    gone: Mapped[int]
    new_exports: Mapped[list[Any]]
    postponed: Mapped[list[Any]] = mapped_column(default=list)  # ids of documents that were still being written


class Archive(Base):
    """How far each receipts/<month>.jsonl has been taken in. A longer file holds receipts to take in."""

    __tablename__ = "archive"
    name: Mapped[str] = mapped_column(primary_key=True)
    bytes: Mapped[int]
