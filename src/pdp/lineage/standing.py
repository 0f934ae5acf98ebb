"""How a dataset stands since its last version: whether the last run made it again, and if not, why not."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from pdp.lineage import compare, queries
from pdp.lineage.model import CodeVersion, JobRun, Run, RunJob


def sentences(session: Session, root: Path, path: str) -> list[str]:
    """What happened to a dataset in the last run, and what the next run would do with it."""
    version, run = queries.newest(session, path), queries.last_run(session)
    if version is None or run is None:
        return []
    jobs = queries.makers(session, version)
    if not jobs:
        return ["No job on record made it: it came from outside, or its receipt is lost."]
    last = jobs[-1]
    if last.run_id == run.id:
        made = "was made" if len(jobs) == 1 else "was made again, with the same bytes,"
        reason = queries.reason_of(session, last)
        return [f"It {made} in the last run ({run.id}).{f' Reason: {shortened(reason)}.' if reason else ''}"]
    failed = _failure(session, run, last)
    if failed:
        return [failed]
    return [f"It did not run in the last run ({run.id}, {run.status}): {_why_not(session, root, run, last)}"]


def shortened(reason: str) -> str:
    """The engine's reason, with the first two files of each list and how many more there were."""
    parts = []
    for part in reason.split("; "):
        what, _, files = part.partition(": ")
        names = files.split(", ") if files else []
        more = f" and {len(names) - 2} more" if len(names) > 2 else ""
        parts.append(f"{what}: {', '.join(names[:2])}{more}" if names else what)
    return "; ".join(parts)


def _failure(session: Session, run: Run, last: JobRun) -> str:
    entries = session.scalars(select(RunJob).where(RunJob.run_id == run.id, RunJob.rule == last.rule))
    for entry in entries:
        if entry.wildcards == last.wildcards and entry.status != "COMPLETE":
            word = "failed" if entry.status == "FAIL" else "was interrupted"
            log = f" See {entry.log}." if entry.log else ""
            return f"Its job {word} in the last run ({run.id}); this is the last good version.{log}"
    return ""


def _why_not(session: Session, root: Path, run: Run, last: JobRun) -> str:
    made = queries.made(session, last.id)
    pending = _pending(session, root, made)
    if not pending:
        return "its inputs, code, settings and libraries are what they were."
    blockers = session.scalars(select(RunJob).where(RunJob.run_id == run.id, RunJob.status != "COMPLETE"))
    blocked = sorted({entry.rule for entry in blockers})
    what = "; ".join(pending[:4]) + (f"; and {len(pending) - 4} more" if len(pending) > 4 else "")
    if blocked:
        return f"it waits for what did not end well ({', '.join(blocked)}). Changed since: {what}."
    return f"changed since, and taken up by the next run that asks for it: {what}."


def _pending(session: Session, root: Path, made: queries.Made) -> list[str]:
    """What a job would find changed now."""
    pending = []
    for _, version in made.inputs:
        current = queries.newest(session, version.path)
        if current and current.sha256 != version.sha256 and not compare.is_manifest(version.path):
            pending.append(f"{version.path} is v{current.number}, was v{version.number}")
    if made.job.key_sha256:
        place = session.get_one(CodeVersion, made.job.key_sha256).path
        present = queries.read_json(root.absolute().parent / place)
        if present:
            pending += [
                f"{change.kind} {change.name} {change.verb}" for change in compare.key_changes(made.key, present)
            ]
    return pending
