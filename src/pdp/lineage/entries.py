"""One receipt's rows in the registry. Inside the caller's transaction; a receipt that is there already adds nothing.

A receipt with "aside" true is of a machine whose tables gave way to those of another (pdp.state.union): what it made is
nowhere. Its outputs are on record as any bytes that were seen once, and never are the current version.
"""

from __future__ import annotations

from sqlalchemy import and_, func, insert, select
from sqlalchemy.orm import Session

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
from pdp.lineage.receipts import Artifact, JobReceipt, Receipt, RunReceipt


def take(session: Session, receipt: Receipt, seq: int | None) -> bool:
    """Enter a receipt.

    Args:
        session: In a transaction.
        receipt: Of a job or a run.
        seq: Its number in the archive; None for a new one.

    Returns:
        False when it was there already.
    """
    if isinstance(receipt, RunReceipt):
        known = session.get(Run, receipt.id)
        if known and known.status != "START":
            return False
        _take_run(session, receipt, known, seq if seq is not None else _next(session))
        return True
    if session.get(JobRun, receipt.id):
        return False
    _take_job(session, receipt, seq if seq is not None else _next(session))
    return True


def _next(session: Session) -> int:
    return 1 + max(session.scalar(select(func.max(table.seq))) or 0 for table in (JobRun, Run))


def _take_run(session: Session, receipt: RunReceipt, known: Run | None, seq: int) -> None:
    document = receipt.document
    run = known or Run(id=receipt.id)
    run.seq = seq
    run.status, run.started, run.ended = (
        receipt.status,
        receipt.started or (known.started if known else ""),
        receipt.ended,
    )
    run.host, run.pid, run.command = document.get("host") or "", document.get("pid"), document.get("command") or []
    run.error = document.get("error") or ""
    run.planned, run.graph = document.get("planned") or {}, document.get("graph") or {}
    run.subjects = document.get("subjects") or {}
    session.add(run)
    session.flush()
    for job in receipt.jobs:
        session.add(
            RunJob(
                run_id=receipt.id,
                jobid=job["jobid"],
                rule=job.get("rule") or "",
                wildcards=job.get("wildcards") or {},
                reason=job.get("reason") or "",
                log=job.get("log") or "",
                status=job["status"],
                started=job["started"],
                ended=job["ended"],
            )
        )


def _take_job(session: Session, receipt: JobReceipt, seq: int) -> None:
    if receipt.run and not session.get(Run, receipt.run):
        # its run lives still, or was killed on a machine whose spool never came: a place to hang the job on
        session.add(Run(id=receipt.run, status="START", started=receipt.started, seq=seq))
        session.flush()  # no relationship tells the unit of work that the job comes after its run
    key = receipt.key
    if key and not session.get(CodeVersion, key["sha256"]):
        session.add(CodeVersion(sha256=key["sha256"], path=key["path"], content=key["content"]))
    host, pid = str(receipt.document.get("host") or ""), receipt.document.get("pid")
    session.add(
        JobRun(
            id=receipt.id,
            seq=seq,
            run_id=receipt.run,
            rule=receipt.rule,
            wildcards=dict(receipt.wildcards),
            status=receipt.status,
            started=receipt.started,
            ended=receipt.ended,
            host=host,
            pid=pid,
            key_sha256=key["sha256"] if key else None,
            rows=dict(receipt.rows),
            error_type=str((receipt.error or {}).get("type") or ""),
            error_message=str((receipt.error or {}).get("message") or ""),
        )
    )
    session.flush()
    read = [
        artifact for artifact in receipt.inputs if not (key and artifact.path == key["path"])
    ]  # the key is the code version
    made = receipt.outputs if receipt.status == "COMPLETE" else ()
    last = _last_versions(session, {artifact.path for artifact in (*read, *made)})
    for table, artifacts, maker in (
        (JobRunInput, read, None),
        (JobRunOutput, made, None if receipt.document.get("aside") is True else receipt.id),
    ):
        found = [_version(session, artifact, receipt.ended, maker, last) for artifact in artifacts]
        rows = [
            {"job_run_id": receipt.id, "position": position, "name": artifact.name, "version_id": version.id}
            for position, (artifact, version) in enumerate(zip(artifacts, found, strict=True))
        ]
        if rows:
            session.execute(insert(table), rows)
    _take_poll(session, receipt)


def _last_versions(session: Session, paths: set[str]) -> dict[str, DatasetVersion]:
    """The version with the highest number of each dataset that is known: one question for all."""
    highest = (
        select(DatasetVersion.dataset_id, func.max(DatasetVersion.number).label("number"))
        .join(Dataset)
        .where(Dataset.path.in_(paths))
        .group_by(DatasetVersion.dataset_id)
        .subquery()
    )
    query = (
        select(Dataset.path, DatasetVersion)
        .join(DatasetVersion, DatasetVersion.dataset_id == Dataset.id)
        .join(
            highest,
            and_(highest.c.dataset_id == DatasetVersion.dataset_id, highest.c.number == DatasetVersion.number),
        )
    )
    return dict(session.execute(query).tuples().all())


def _take_poll(session: Session, receipt: JobReceipt) -> None:
    if receipt.poll:
        session.add(SourcePoll(job_run_id=receipt.id, at=receipt.ended, **receipt.poll))


def _version(
    session: Session, artifact: Artifact, at: str, maker: str | None, known_last: dict[str, DatasetVersion]
) -> DatasetVersion:
    """The version with these bytes: the current one, one from the past or of foreign bytes, or a new one.

    `known_last` has the last version by path, and is kept up to date.
    """
    last = known_last.get(artifact.path)
    dataset_id = last.dataset_id if last else _dataset_id(session, artifact.path)
    newest = (
        select(DatasetVersion).where(DatasetVersion.dataset_id == dataset_id).order_by(DatasetVersion.number.desc())
    )
    current = last
    if last is not None and last.made_by is None:
        current = session.scalar(newest.where(DatasetVersion.made_by.is_not(None)).limit(1)) or last
    if current is None or current.sha256 != artifact.sha256:
        # A job that ended before the current version was made (its receipt comes late), or a reader of an
        # older version: what it names is in the past. Bytes that were read and that no job is known to have
        # made become the maker's as soon as its receipt comes; until then they never are the current version.
        # Those seen before the current version was made can't be made again under their old number.
        known = newest.where(DatasetVersion.sha256 == artifact.sha256)
        if current is None or (maker and _place(session, maker, at) >= _place(session, current.made_by, current.seen)):
            known = known.where(DatasetVersion.made_by.is_(None))
            if current is not None and current.made_by is not None:
                known = known.where(DatasetVersion.number > current.number)
        current = session.scalar(known.limit(1))
        if current is None:
            current = known_last[artifact.path] = _new_version(session, dataset_id, artifact, at, maker, last)
    if maker and current.made_by is None:
        current.made_by = maker
    if current.rows is None:
        current.rows = artifact.rows
    return current


def _dataset_id(session: Session, path: str) -> int:
    dataset = session.scalar(select(Dataset).where(Dataset.path == path))
    if dataset is None:
        dataset = Dataset(path=path)
        session.add(dataset)
        session.flush()
    return dataset.id


def _place(session: Session, maker: str | None, at: str) -> tuple[int, str]:
    """When a version was made: in which run, and there by the clock, which may have been set between two runs."""
    job = session.get(JobRun, maker) if maker else None
    run = session.get(Run, job.run_id) if job and job.run_id else None
    return run.seq if run else 0, at


def _new_version(
    session: Session, dataset_id: int, artifact: Artifact, at: str, maker: str | None, last: DatasetVersion | None
) -> DatasetVersion:
    version = DatasetVersion(
        dataset_id=dataset_id,
        number=1 + (last.number if last else 0),
        sha256=artifact.sha256,
        bytes=artifact.bytes,
        rows=artifact.rows,
        made_by=maker,
        seen=at,
    )
    session.add(version)
    session.flush()
    return version
