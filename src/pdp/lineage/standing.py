"""How a dataset stands since its last version: whether the last run made it again, and if not, why not."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from pdp.lineage import compare, dataset_names, differences, queries
from pdp.lineage.differences import Change
from pdp.lineage.model import CodeVersion, JobRun, Run, RunJob
from pdp.lineage.summary import when

_OF_INPUTS = ("Input files updated by another job", "Updated input files", "Set of input files has changed")
_MOST_CAUSES = 4  # named in a sentence; --json has all


@dataclass(frozen=True)
class Again:
    """The last time that a job made a version once more, byte for byte.

    Attributes:
        run: In which run.
        ended: When, UTC.
        changes: What differed from its run before.
        causes: What made it run, at the root; where nothing on record did, the engine's own reason.
    """

    version: int
    run: str | None
    ended: str
    changes: tuple[Change, ...]
    causes: tuple[str, ...]

    def sentence(self) -> str:
        """In words."""
        why = "; ".join(self.causes[:_MOST_CAUSES]) or "not on record"
        more = f" and {len(self.causes) - _MOST_CAUSES} more" if len(self.causes) > _MOST_CAUSES else ""
        made = f"It was made again on {when(self.ended)}, run {self.run or 'unknown'}, because of: {why}{more}."
        return f"{made} The bytes came out the same: it is still v{self.version}."


def again(session: Session, path: str) -> Again | None:
    """Whether, and why, the current version was made more than once; the last time."""
    version = queries.newest(session, path)
    jobs = queries.makers(session, version) if version else []
    if version is None or len(jobs) < 2:
        return None
    last = jobs[-1]
    changes, causes = compare.what_made_it_run(session, last)
    reason = queries.shortened(queries.reason_of(session, last))
    return Again(version.number, last.run_id, last.ended, tuple(changes), tuple(causes or [reason] * bool(reason)))


def sentences(session: Session, root: Path, path: str) -> list[str]:
    """What happened to a dataset since its current version was made, and what the next run would do with it."""
    version, run = queries.newest(session, path), queries.last_run(session)
    if version is None or run is None:
        return []
    jobs = queries.makers(session, version)
    if not jobs:
        return ["No job on record made it: it came from outside, or its receipt is lost."]
    last, repeated = jobs[-1], again(session, path)
    told = [repeated.sentence()] if repeated else []
    if last.run_id == run.id:
        reason = queries.shortened(_own_reason(queries.reason_of(session, last)))
        first = f"It was made in the last run ({run.id}).{f' Reason: {reason}.' if reason else ''}"
        return told or [first]
    subject = dataset_names.subject_of(path)
    if run.subjects and subject not in run.subjects:
        return [*told, f"{subject} was not in the configuration of the last run ({run.id}), so nothing made it again."]
    failed = _failure(session, run, last, root.absolute().parent / path)
    quiet = f"It did not run in the last run ({run.id}, {run.status}): "
    return [*told, failed or quiet + _why_not(session, root, run, last)]


def _own_reason(reason: str) -> str:
    """The engine's reason without what the causes say better: that inputs are others."""
    return "; ".join(part for part in reason.split("; ") if part and not part.startswith(_OF_INPUTS))


def _failure(session: Session, run: Run, last: JobRun, place: Path) -> str:
    entries = session.scalars(select(RunJob).where(RunJob.run_id == run.id, RunJob.rule == last.rule))
    for entry in entries:
        if entry.wildcards == last.wildcards and entry.status != "COMPLETE":
            word = "failed" if entry.status == "FAIL" else "was interrupted"
            log = f" See {entry.log}." if entry.log else ""
            left = "this is the last good version" if place.exists() else "the file is gone until it ends well"
            return f"Its job {word} in the last run ({run.id}); {left}.{log}"
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
    now = queries.current_of(session, [version.path for _, version in made.inputs])
    for _, version in made.inputs:
        current = now.get(version.path)
        if current and current.sha256 != version.sha256 and not differences.is_manifest(version.path):
            pending.append(f"{version.path} is v{current.number}, was v{version.number}")
    if made.job.key_sha256:
        place = session.get_one(CodeVersion, made.job.key_sha256).path
        present = queries.read_json(root.absolute().parent / place)
        if present:
            pending += [
                f"{change.kind} {change.name} {change.verb}" for change in differences.key_changes(made.key, present)
            ]
    return pending
