"""What each source answered when it was last asked, and since when it has been silent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from pdp.lineage.model import JobRun, Run, SourcePoll

UNREACHABLE = "SourceUnreachableError"  # the type that a failed ingest's receipt names (pdp.errors)


def answers(session: Session, run: Run | None) -> list[dict[str, Any]]:
    """The last answer of every source of the run, in the order of its configuration.

    An ingest that failed left no poll: `failure` is the error's type then, and the rest is what was known before.
    It is told of the run in which it happened; later ones say what the last poll said.
    """
    reached = _last_reached(session)
    last: dict[tuple[str, str], dict[str, Any]] = {}
    silent: dict[tuple[str, str], str] = {}
    query = (
        select(JobRun, SourcePoll)
        .outerjoin(SourcePoll, SourcePoll.job_run_id == JobRun.id)
        .where(
            or_(
                JobRun.seq.in_(list(reached.values())),
                SourcePoll.reachable.is_(False),
                (JobRun.rule == "ingest") & (JobRun.status == "FAIL"),
            )
        )
        .order_by(JobRun.seq)
    )
    for job, poll in session.execute(query):
        about = {"subject": poll.subject, "source": poll.source} if poll else _of(job.wildcards)
        if about is None:
            continue
        key = about["subject"], about["source"]
        if job.seq < reached.get(key, 0):
            continue  # it answered after that
        if not (poll.reachable if poll else job.error_type != UNREACHABLE):
            silent.setdefault(key, job.ended)
        elif not poll:
            silent.pop(key, None)
        is_of_this_run = run is not None and job.run_id == run.id
        if poll or is_of_this_run:
            told = _polled(poll) if poll else _failed(job, last.get(key))
            since = {"unreachable_since": silent.get(key), "was_ever_reached": key in reached}
            last[key] = {**about, "is_polled_in_this_run": is_of_this_run, **told, **since}
    return of_run([last[key] for key in sorted(last)], run)


def _last_reached(session: Session) -> dict[tuple[str, str], int]:
    """When each source answered last: the place of that poll among all jobs. Years of polls before it say nothing."""
    query = (
        select(SourcePoll.subject, SourcePoll.source, func.max(JobRun.seq))
        .join(JobRun, JobRun.id == SourcePoll.job_run_id)
        .where(SourcePoll.reachable)
        .group_by(SourcePoll.subject, SourcePoll.source)
    )
    return {(subject, source): seq for subject, source, seq in session.execute(query)}


def of_run(entries: Sequence[dict[str, Any]], run: Run | None) -> list[dict[str, Any]]:
    """The entries (with "subject" and "source") of what the run was configured for, in that order.

    A run that does not say (a record from before runs did) is about all.
    """
    if run is None or not run.subjects:
        return list(entries)
    order = [(subject, source) for subject, sources in run.subjects.items() for source in sources]
    known = {pair: position for position, pair in enumerate(order)}
    chosen = [entry for entry in entries if (entry["subject"], entry["source"]) in known]
    return sorted(chosen, key=lambda entry: known[entry["subject"], entry["source"]])


def _of(wildcards: Mapping[str, Any]) -> dict[str, str] | None:
    if not {"subject", "source"} <= wildcards.keys():
        return None
    return {"subject": str(wildcards["subject"]), "source": str(wildcards["source"])}


def _polled(poll: SourcePoll) -> dict[str, Any]:
    return {
        "polled_at": poll.at,
        "reachable": poll.reachable,
        "why": poll.why,
        "failure": "",
        "documents": poll.documents,
        "new_exports": poll.new_exports,
        "gone": poll.gone,
        "postponed": poll.postponed,
    }


def _failed(job: JobRun, before: Mapping[str, Any] | None) -> dict[str, Any]:
    known = before or {"polled_at": None, "documents": 0, "gone": 0, "postponed": []}
    is_silent = job.error_type == UNREACHABLE
    return {
        "polled_at": known["polled_at"],
        "reachable": not is_silent,
        "why": job.error_message if is_silent else None,  # our own words; what others say might hold more than that
        "failure": job.error_type or "interrupted",
        "documents": known["documents"],
        "new_exports": [],
        "gone": known["gone"],
        "postponed": known["postponed"],
    }
