"""Whether the registry says what the receipts say that it was folded from: row by row, some receipts at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from pdp.lineage import archive, receipts, sealed_lines
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

EITHER = "it or results/receipts was altered: it"  # receipts of before they were sealed
_BATCH = 200  # receipts; SQLite takes some thousands of ids in one question
_POLL = "ingest"
_POLL_FIELDS = ("subject", "source", "reachable", "why", "documents", "gone", "new_exports", "postponed")
# Manifests that were polled in vain are pruned, and what is left of them is no whole story.
_UNPRUNED = """CREATE TEMP VIEW IF NOT EXISTS unpruned AS SELECT * FROM dataset_version
    WHERE dataset_id NOT IN (SELECT id FROM dataset WHERE path LIKE 'results/manifests/%')"""
_STRUCTURE = {
    "versions that no job read or made": """
        SELECT count(*) FROM unpruned v WHERE NOT EXISTS (SELECT 1 FROM job_run_input i WHERE i.version_id = v.id)
        AND NOT EXISTS (SELECT 1 FROM job_run_output o WHERE o.version_id = v.id)""",
    "versions said to be made by a job that did not make them": """
        SELECT count(*) FROM unpruned v WHERE v.made_by IS NOT NULL AND NOT EXISTS
        (SELECT 1 FROM job_run_output o WHERE o.version_id = v.id AND o.job_run_id = v.made_by)""",
    "versions out of their order": """
        SELECT count(*) FROM (SELECT number - lag(number) OVER (PARTITION BY dataset_id ORDER BY id) AS step
        FROM dataset_version) WHERE step < 1""",
    "datasets with versions that are not numbered 1, 2, ...": """
        SELECT count(*) FROM (SELECT 1 FROM unpruned GROUP BY dataset_id HAVING count(*) != max(number))""",
    "versions seen when no job was": """
        SELECT count(*) FROM unpruned v WHERE NOT EXISTS (SELECT 1 FROM job_run_output o JOIN job_run j
        ON j.id = o.job_run_id WHERE o.version_id = v.id AND j.ended = v.seen) AND NOT EXISTS (SELECT 1 FROM
        job_run_input i JOIN job_run j ON j.id = i.job_run_id WHERE i.version_id = v.id AND j.ended = v.seen)""",
    "rows that speak of what is not there": "SELECT count(*) FROM pragma_foreign_key_check",
}


def differences(session: Session, root: Path) -> Iterator[str]:
    """What the registry says otherwise than the archived receipts, or lacks; what it has beyond them is not asked here.

    Runs without work may have been pruned; they are not missed.

    Args:
        session: Of the registry.
        root: The results folder.

    Raises:
        sqlalchemy.exc.DatabaseError, ValueError: It can't even be read.
    """
    damage = session.connection().exec_driver_sql("PRAGMA integrity_check(1)").scalar_one()
    if damage != "ok":
        yield "its pages are damaged"
        return
    seen: set[str] = set()
    found: dict[bool, dict[str, list[str]]] = {True: defaultdict(list), False: defaultdict(list)}
    told = _receipts(root)
    while some := list(islice(told, _BATCH)):
        fresh = [one for one in some if one.id not in seen]
        seen |= {one.id for one in fresh}
        for is_sealed, by_what in found.items():
            alike = [one for one in fresh if ("sum" in one.document) == is_sealed]
            _compare_jobs(session, [one for one in alike if isinstance(one, receipts.JobReceipt)], by_what)
            _compare_runs(session, [one for one in alike if isinstance(one, receipts.RunReceipt)], by_what)
    for is_sealed, by_what in found.items():
        for what, ids in by_what.items():
            yield f"{'it' if is_sealed else EITHER} says {what} of {len(ids):,} receipt(s), such as {ids[0]}"
    session.connection().exec_driver_sql(_UNPRUNED)
    for what, question in _STRUCTURE.items():
        if number := session.connection().exec_driver_sql(question).scalar_one():
            yield f"it has {number:,} {what}"


def _receipts(root: Path) -> Iterator[receipts.Receipt]:
    for path in archive.files(root / "receipts"):
        for document in sealed_lines.sound(path):
            try:
                yield receipts.parse(document)
            except receipts.DamagedReceiptError:
                continue  # the line's own seal tells


def _compare_jobs(session: Session, some: list[receipts.JobReceipt], found: dict[str, list[str]]) -> None:
    if not some:
        return
    ids = [one.id for one in some]
    jobs = {row.id: row for row in session.scalars(select(JobRun).where(JobRun.id.in_(ids)))}
    polls = {row.job_run_id: row for row in session.scalars(select(SourcePoll).where(SourcePoll.job_run_id.in_(ids)))}
    keys = {str(one.key["sha256"]): one for one in some if one.key}
    for row in session.scalars(select(CodeVersion).where(CodeVersion.sha256.in_(list(keys)))):
        key = keys.pop(row.sha256).key or {}
        if dict(row.content) != key["content"]:
            found["other code or settings than those"].append(row.sha256[:16])
    read, made = _artifacts(session, JobRunInput, ids), _artifacts(session, JobRunOutput, ids)
    for one in some:
        row_of_job = jobs.get(one.id)
        is_prunable = one.rule == _POLL and one.status == "COMPLETE"
        if row_of_job is None:
            if not is_prunable:
                found["nothing"].append(one.id)
            continue
        if str((one.key or {}).get("sha256")) in keys:
            found["no code and settings"].append(one.id)
        if _said_of_job(one) != _known_of_job(row_of_job, one):
            found["another job than that"].append(one.id)
        if is_prunable and not made[one.id] and one.id not in polls:
            continue
        key_path = (one.key or {}).get("path")
        if [tuple(artifact) for *artifact, _ in read[one.id]] != _listed(
            each for each in one.inputs if each.path != key_path
        ):
            found["other inputs than those"].append(one.id)
        is_made = one.document.get("aside") is not True
        if is_made and any(is_foreign for *_, is_foreign in made[one.id]):
            found["that nobody made what is the output"].append(one.id)
        if [tuple(artifact) for *artifact, _ in made[one.id]] != _listed(
            one.outputs if one.status == "COMPLETE" else ()
        ):
            found["other outputs than those"].append(one.id)
        poll = polls.get(one.id)
        told = {name: getattr(poll, name) for name in _POLL_FIELDS} if poll else None
        if told != (dict(one.poll) if one.poll else None) or (poll and poll.at != one.ended):
            found["another answer of a source than that"].append(one.id)
    session.expunge_all()


def _said_of_job(one: receipts.JobReceipt) -> tuple[Any, ...]:
    document, error = one.document, one.error or {}
    about = one.run, one.rule, dict(one.wildcards), one.status, one.started, one.ended, dict(one.rows)
    where = str(document.get("host") or ""), document.get("pid"), one.key["sha256"] if one.key else None
    return *about, *where, str(error.get("type") or ""), str(error.get("message") or ""), document.get("seq")


def _known_of_job(row: JobRun, one: receipts.JobReceipt) -> tuple[Any, ...]:
    about = row.run_id, row.rule, row.wildcards, row.status, row.started, row.ended, row.rows
    return (
        *about,
        row.host,
        row.pid,
        row.key_sha256,
        row.error_type,
        row.error_message,
        row.seq if "seq" in one.document else None,
    )


def _artifacts(
    session: Session, table: type[JobRunInput] | type[JobRunOutput], ids: list[str]
) -> dict[str, list[tuple[Any, ...]]]:
    version = DatasetVersion.sha256, DatasetVersion.bytes, DatasetVersion.made_by.is_(None)
    query = (
        select(table.job_run_id, table.name, Dataset.path, *version)
        .join(DatasetVersion, DatasetVersion.id == table.version_id)
        .join(Dataset)
        .where(table.job_run_id.in_(ids))
        .order_by(table.job_run_id, table.position)
    )
    found: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for job, *artifact in session.execute(query).tuples():
        found[job].append(tuple(artifact))
    return found


def _listed(artifacts: Iterable[receipts.Artifact]) -> list[tuple[Any, ...]]:
    return [(each.name, each.path, each.sha256, each.bytes) for each in artifacts]


def _compare_runs(session: Session, some: list[receipts.RunReceipt], found: dict[str, list[str]]) -> None:
    if not some:
        return
    ids = [one.id for one in some]
    runs = {row.id: row for row in session.scalars(select(Run).where(Run.id.in_(ids)))}
    jobs: dict[str, dict[int, tuple[Any, ...]]] = defaultdict(dict)
    for row in session.scalars(select(RunJob).where(RunJob.run_id.in_(ids))):
        about = row.rule, row.wildcards, row.reason, row.log, row.status, row.started, row.ended
        jobs[row.run_id][row.jobid] = about
    for one in some:
        run = runs.get(one.id)
        is_idle = one.status == "COMPLETE" and all(job.get("rule") in (_POLL, "all") for job in one.jobs)
        if run is None:
            if not is_idle:
                found["nothing"].append(one.id)
            continue
        is_pruned = is_idle and not jobs[one.id]
        if _said_of_run(one) != _known_of_run(run) or (not is_pruned and _jobs_of(one) != jobs[one.id]):
            found["another run than that"].append(one.id)
    session.expunge_all()


def _said_of_run(one: receipts.RunReceipt) -> tuple[Any, ...]:
    said: Mapping[str, Any] = one.document
    lists = said.get("command") or [], said.get("planned") or {}, said.get("graph") or {}, said.get("subjects") or {}
    about = one.status, one.ended, said.get("host") or "", said.get("pid"), said.get("error") or ""
    return *about, *lists, said.get("seq", 0)


def _known_of_run(run: Run) -> tuple[Any, ...]:
    lists = run.command, run.planned, run.graph, run.subjects
    return run.status, run.ended, run.host, run.pid, run.error, *lists, run.seq


def _jobs_of(one: receipts.RunReceipt) -> dict[int, tuple[Any, ...]]:
    names = "rule", "wildcards", "reason", "log"
    return {
        job["jobid"]: (
            *(job.get(name) or ({} if name == "wildcards" else "") for name in names),
            *(job[name] for name in ("status", "started", "ended")),
        )
        for job in one.jobs
    }
