"""Run by run: why it ran, what it made and from what, what became of the rows; runs without work, in a line."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from sqlalchemy import select
from sqlalchemy.orm import Session

from pdp import drawing
from pdp.drawing import lineage
from pdp.lineage import chain, compare, dataset_names, queries, summary
from pdp.lineage.chain import Link
from pdp.lineage.differences import Change
from pdp.lineage.model import JobRun, JobRunOutput
from pdp.lineage.queries import RunLine
from pdp.report_pages import lineage_csv, lineage_tables
from pdp.report_pages import page as pages

MOST_RUNS = 20  # drawn, of those that did something; all stand in the files that the page hands out
_MOST_CAUSES = 12
_Made = Sequence[tuple[JobRun, queries.Version]]

STATUS = {"COMPLETE": "complete", "FAIL": "failed", "ABORT": "stopped"}


def section(session: Session, known: chain.Known, names: lineage.Names, subjects: frozenset[str]) -> str:
    """The last runs that did something, newest first, and between them how many found nothing to do."""
    parts: list[str] = []
    idle: list[RunLine] = []
    count = 0
    every = queries.runs(session, lineage_csv.MOST_RUNS)
    at_work = _that_made_something(session)
    for run in every:
        written = chain.made_by(session, run.id) if run.id in at_work else []
        made = [one for one in written if dataset_names.subject_of(one[1].path) in subjects]
        if not made and run.status == "COMPLETE" and not run.new_exports:
            idle.append(run)
            continue
        if count == MOST_RUNS:
            break
        parts += [_idle(idle), _run(session, run, made, known, names, subjects)]
        idle, count = [], count + 1
    else:
        parts.append(_idle(idle))
        idle = []
    is_cut = count == MOST_RUNS and len(every) > MOST_RUNS
    left = f" Here are the last {MOST_RUNS} runs that did something; the files above have every run." if is_cut else ""
    return f"<p>Newest first.{left}</p>{''.join(parts)}" if every else "<p>None.</p>"


def _idle(runs: Sequence[RunLine]) -> str:
    if not runs:
        return ""
    first, last = summary.when(runs[-1].started), summary.when(runs[0].started)
    span = last if first == last else f"{first} to {last}"
    return f'<p class="muted">{span}: {summary.counted(len(runs), "run")} found nothing to do.</p>'


def _run(
    session: Session,
    run: RunLine,
    made: _Made,
    known: chain.Known,
    names: lineage.Names,
    subjects: frozenset[str],
) -> str:
    took = summary.duration(summary.seconds(run.started, run.ended))
    reused = "" if run.reused is None else f", {run.reused:,} reused because nothing they depend on had changed"
    failed = f", {summary.counted(run.failed, 'job')} did not end well" if run.failed else ""
    new = f" New raw exports: {run.new_exports:,}." if run.new_exports else ""
    status = "killed, or still running" if run.status == "START" else STATUS.get(run.status, run.status.lower())
    head = f'<h3 id="run-{escape(run.id)}">{summary.when(run.started)}: {escape(status)}</h3>'
    told = (
        f"<p>Run <code>{escape(run.id)}</code>, {took}. {summary.counted(run.ran, 'job')} ran{reused}{failed}.{new}</p>"
    )
    faults = lineage_tables.of_failed(session, run.id, subjects)
    told += faults or (f"<p>{escape(run.error)}</p>" if run.error else "")
    told += _why(session, run.id, subjects)
    if not made:
        return f"{head}{told}<p>It made no table.</p>"
    told_of = sorted({dataset_names.subject_of(version.path) for _, version in made})
    parts = [_of_subject(session, subject, made, known, names, is_only=len(told_of) == 1) for subject in told_of]
    new_versions = sum(version.made_by == job.id for job, version in made)
    listed = lineage_tables.of_artifacts(f"Artifacts of run {run.id}", made)
    details = f"<summary>{len(made):,} artifacts, {new_versions:,} of them new versions</summary>{listed}"
    note = '<p class="muted">Thick edges: made in this run. Thin: as it stood before.</p>'
    return f"{head}{told}{note}{''.join(parts)}<details>{details}</details>"


def _of_subject(
    session: Session, subject: str, made: _Made, known: chain.Known, names: lineage.Names, *, is_only: bool
) -> str:
    own = [version for _, version in made if dataset_names.subject_of(version.path) == subject]
    links = chain.follow(session, own, known)
    wanted = frozenset(version.path for version in own)
    title = f"What this run made of {subject}, and from what"
    graph = lineage.of_tables(links, title, names=names, wanted=wanted, href=to_key)
    head = "" if is_only else f"<h4>{escape(subject)}</h4>"
    read = lineage_tables.of_exports(links, names, "Raw exports that were read, and what became of their rows", wanted)
    return f"{head}{drawn(graph)}{read}{lineage_tables.of_merges(links, 'What was merged', wanted)}"


def _why(session: Session, run: str, subjects: frozenset[str]) -> str:
    """What was different from the last time, down to what people did; nothing for a first run."""
    query = select(JobRun).where(JobRun.run_id == run, JobRun.rule != "ingest").order_by(JobRun.seq)
    jobs = [job for job in session.scalars(query) if job.wildcards.get("subject") in subjects]
    causes: dict[str, None] = {}
    changed: dict[Change, dict[str, None]] = {}
    for job in jobs:
        changes, roots = compare.what_made_it_run(session, job)
        causes |= dict.fromkeys(roots)
        for change in changes:
            if change.kind != "input":  # these are told as causes, down to the export
                changed.setdefault(change, {})[job.rule] = None
    if not causes:
        return ""
    more = f" and {len(causes) - _MOST_CAUSES} more" if len(causes) > _MOST_CAUSES else ""
    told = f"<p>Because of: {escape('; '.join(list(causes)[:_MOST_CAUSES]))}{more}.</p>"
    return told + (lineage_tables.of_changes(changed) if changed else "")


def to_key(link: Link) -> str:
    """Where the page tells what a job was made of."""
    return f"#key-{link.key[:12]}" if link.key else ""


def drawn(graph: drawing.Graph) -> str:
    """A drawing that scrolls."""
    return pages.figure(drawing.svg(graph), graph.title)


def _that_made_something(session: Session) -> frozenset[str]:
    """Runs whose jobs wrote an artifact; polls, which write manifests every time, left out."""
    query = (
        select(JobRun.run_id)
        .join(JobRunOutput, JobRunOutput.job_run_id == JobRun.id)
        .where(JobRun.rule != "ingest")
        .distinct()
    )
    return frozenset(run for run in session.scalars(query) if run is not None)
