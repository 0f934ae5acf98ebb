"""All runs of a registry in a handful of questions: years of daily runs are thousands, too many to ask of each."""

from __future__ import annotations

from collections import Counter

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pdp.lineage.model import JobRun, JobRunOutput, Run, RunJob, SourcePoll
from pdp.lineage.queries import TARGETS, RunLine


def every(session: Session, most: int) -> list[RunLine]:
    """The last runs, newest first, as pdp.lineage.queries.runs tells them."""
    jobs: dict[str, Counter[str]] = {}
    counted = select(RunJob.run_id, RunJob.status, func.count()).where(RunJob.rule.not_in(TARGETS))
    for run, status, count in session.execute(counted.group_by(RunJob.run_id, RunJob.status)):
        jobs.setdefault(run, Counter())[status] += count
    polls: dict[str, list[tuple[bool, int]]] = {}
    asked = select(JobRun.run_id, SourcePoll.reachable, SourcePoll.new_exports)
    for run, reachable, new in session.execute(asked.join(JobRun, JobRun.id == SourcePoll.job_run_id)):
        polls.setdefault(run, []).append((reachable, len(new)))
    columns = select(Run.id, Run.status, Run.started, Run.ended, Run.error, Run.graph)
    order = Run.seq.desc(), Run.started.desc(), Run.id.desc()
    return [
        RunLine(
            *(identity, status, started, ended, error),
            ran=jobs.get(identity, Counter())["COMPLETE"],
            failed=sum(count for each, count in jobs.get(identity, Counter()).items() if each != "COMPLETE"),
            reused=sum(one.get("reused", 0) for rule, one in graph.items() if rule not in TARGETS) if graph else None,
            polls=len(polls.get(identity, ())),
            unreachable=sum(not reachable for reachable, _ in polls.get(identity, ())),
            new_exports=sum(new for _, new in polls.get(identity, ())),
        )
        for identity, status, started, ended, error, graph in session.execute(columns.order_by(*order).limit(most))
    ]


def that_made_something(session: Session) -> frozenset[str]:
    """Runs whose jobs wrote an artifact; polls, which write manifests every time, left out."""
    query = (
        select(JobRun.run_id)
        .join(JobRunOutput, JobRunOutput.job_run_id == JobRun.id)
        .where(JobRun.rule != "ingest")
        .distinct()
    )
    return frozenset(run for run in session.scalars(query) if run is not None)
