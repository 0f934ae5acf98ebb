"""Why two versions of a dataset differ: inputs, modules, settings, libraries; followed down to what people did."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from pdp.errors import RegistryError
from pdp.lineage import erased, queries
from pdp.lineage.differences import Change, changes, is_manifest
from pdp.lineage.model import JobRun, JobRunOutput
from pdp.lineage.queries import Made, Version
from pdp.lineage.wording import Cause, told

_NO_CAUSE = "the same inputs, code and settings gave other bytes"
_AGAIN = "made again after an erasure"  # of what the bytes were before nothing is kept, so they may be the same
_ERASED = "what was read was erased at the owner's wish"
_UPSTREAM = "Input files updated by another job"  # Snakemake's words for: see what ran before


@dataclass(frozen=True)
class Comparison:
    """Two versions, the job runs that made them, what differs directly, and the causes at the root of it.

    `roots` are the causes of which a before and an after is known: exports, modules, settings, libraries; of any job
    on the way here.
    """

    before: Version
    after: Version
    before_job: JobRun
    after_job: JobRun
    changes: tuple[Change, ...]
    causes: tuple[str, ...]
    roots: tuple[Change, ...]


def compare(session: Session, path: str, before: int | None = None, after: int | None = None) -> Comparison:
    """Compare two versions; by default the current one with the one that a job made before it.

    Raises:
        RegistryError: There are no two such versions, or no job is known to have made one.
    """
    remembered: dict[str, dict[int, Version]] = session.info.setdefault("versions", {})
    if path not in remembered:
        remembered[path] = {version.number: version for version in queries.versions(session, path)}
    known = remembered[path]
    last = max(known, default=0)
    current = queries.newest(session, path)
    after = after if after is not None else current.number if current else 0
    made = [number for number, one in known.items() if number < after and (one.made_by or erased.is_erased(one.sha256))]
    before = before if before is not None else max(made, default=after - 1)
    for number in (before, after):
        if number not in known:
            there = f"It has v1 to v{last}." if last > 1 else "It has v1 only." if last else "It has none."
            raise RegistryError(f"there is no v{number}.", where=path, hint=there)
    if before == after:
        what = f"v{after} is both: there is nothing to compare."
        raise RegistryError(what, where=path, hint=f"pdp history lists its {last} version{'' if last == 1 else 's'}.")
    jobs = [_maker(session, known[before], before_seq_of=known[after]), _maker(session, known[after])]
    for version, job in zip((known[before], known[after]), jobs, strict=True):
        if job is None:
            raise RegistryError(
                f"no job on record made v{version.number}.", where=path, hint="It was only seen as an input."
            )
    first, second = (queries.made(session, job.id) for job in jobs if job)
    is_same = known[before].sha256 == known[after].sha256
    is_again = _is_again(known[before], known[after])
    every = list(_causes(session, first, second, set(), is_again=is_again))
    found = [one for one in every if not (is_same and one == _NO_CAUSE)] or ([_AGAIN] if is_again else [])
    roots = tuple(dict.fromkeys(cause for cause in found if isinstance(cause, Change)))
    direct = tuple(changes(first, second))
    return Comparison(known[before], known[after], first.job, second.job, direct, tuple(told(found)), roots)


def cause_in_few_words(session: Session, path: str, number: int) -> str:
    """For a line of history."""
    if number == 1:
        return "first made"
    try:
        causes = compare(session, path, after=number).causes
    except RegistryError:
        return "changed outside the pipeline"
    more = f" and {len(causes) - 3} more" if len(causes) > 3 else ""
    return "; ".join(causes[:3]) + more + _return(session, path, number)


def _return(session: Session, path: str, number: int) -> str:
    """Which earlier version had these bytes."""
    known: dict[int, Version] = session.info["versions"][path]
    earlier = [one.number for one in known.values() if one.number < number and one.sha256 == known[number].sha256]
    return f" (the bytes of v{max(earlier)} again)" if earlier else ""


def what_made_it_run(session: Session, job: JobRun) -> tuple[list[Change], list[str]]:
    """Why a job ran again that found work done before: what differs from its last run, and the causes at the root.

    A job also runs because one that it takes from ran in the same run, if the bytes came out as they were:
    then the cause is that one's, and nothing differs here.

    Returns:
        Changes of the job itself, and causes: the engine's own reason (forced, output missing) where nothing differs.
    """
    own, causes = _again(session, job, session.info.setdefault("again", {}))
    return own, told(causes)


def _again(session: Session, job: JobRun, known: dict[str, list[Cause]]) -> tuple[list[Change], list[Cause]]:
    before = _run_before(session, job)
    if before is None:
        return [], []
    first, second = queries.made(session, before.id), queries.made(session, job.id)
    own = [change for change in changes(first, second) if not is_manifest(change.name)]
    causes: list[Cause] = list(_causes(session, first, second, set())) if own else []
    for _, version in second.inputs:
        maker = None if is_manifest(version.path) else _job_of(session, version, second)  # every run asks the sources
        if maker is None or maker.run_id is None or maker.run_id != job.run_id:
            continue
        if maker.id not in known:
            known[maker.id] = []  # before its own inputs are asked: each job once
            known[maker.id] = _again(session, maker, known)[1]
        causes += known[maker.id]
    if not causes and not own:
        reasons = queries.reason_of(session, job).split("; ")  # such as a missing output, a forced rule
        causes += [queries.shortened(reason) for reason in reasons if reason and not reason.startswith(_UPSTREAM)]
    return own, causes


def _run_before(session: Session, job: JobRun) -> JobRun | None:
    """The last time that the same job (rule and wildcards) ended well before."""
    known: dict[str, dict[str, list[tuple[int, str]]]] = session.info.setdefault("ran", {})
    if job.rule not in known:
        known[job.rule] = _runs_of(session, job.rule)
    same = known[job.rule].get(_spelt(job.wildcards), [])
    at = bisect_left(same, (job.seq, ""))
    return session.get_one(JobRun, same[at - 1][1]) if at else None


def _runs_of(session: Session, rule: str) -> dict[str, list[tuple[int, str]]]:
    """Order and id of a rule's jobs that ended well, by wildcards; read once: a report asks for thousands of jobs."""
    found: dict[str, list[tuple[int, str]]] = {}
    query = select(JobRun.seq, JobRun.id, JobRun.wildcards).where(JobRun.rule == rule, JobRun.status == "COMPLETE")
    for seq, ident, wildcards in session.execute(query.order_by(JobRun.seq, JobRun.id)):
        found.setdefault(_spelt(wildcards), []).append((seq, ident))
    return found


def _spelt(wildcards: Mapping[str, Any]) -> str:
    return json.dumps(wildcards, sort_keys=True)


def _maker(session: Session, version: Version, *, before_seq_of: Version | None = None) -> JobRun | None:
    """The job run to compare with: the one that made the version; for the older of two the last that
    still came to it, so that what changed without effect in between is not blamed."""
    jobs = queries.makers(session, version)
    if before_seq_of is None:
        return jobs[0] if jobs else None
    later = queries.makers(session, before_seq_of)
    earlier = [job for job in jobs if later and job.seq < later[0].seq]
    return earlier[-1] if earlier else (jobs[0] if jobs else None)


def _is_again(before: Version, after: Version) -> bool:
    return erased.is_erased(before.sha256) and not erased.is_erased(after.sha256)


def _causes(
    session: Session, before: Made, after: Made, visited: set[tuple[str, str]], *, is_again: bool = False
) -> Iterator[Cause]:
    """Follow changed inputs to the jobs that made them, down to new exports, code and settings.

    Args:
        session: Of the registry.
        before, after: The job runs.
        visited: Pairs of job runs that were asked already.
        is_again: Whether what the first one made was erased since, so nobody can say whether the bytes differ.
    """
    if (before.job.id, after.job.id) in visited:
        return
    visited.add((before.job.id, after.job.id))
    old = {version.path: version for _, version in before.inputs}
    new = {version.path: version for _, version in after.inputs}
    found = list(changes(before, after))
    if not found and not is_again:
        yield _NO_CAUSE
    yield from (change for change in found if change.kind == "module")
    for change in found:
        if change.kind == "input":
            if change.verb != "changed" or is_manifest(change.name):
                yield change
                continue
            sides = (old[change.name], new[change.name])
            jobs = [_job_of(session, version, side) for version, side in zip(sides, (before, after), strict=True)]
            if jobs[0] and jobs[1] and jobs[0].id != jobs[1].id:
                first, second = queries.made(session, jobs[0].id), queries.made(session, jobs[1].id)
                yield from _causes(session, first, second, visited, is_again=_is_again(*sides))
            elif not any(erased.is_erased(side.sha256) for side in sides):
                yield f"{change.name} changed outside the pipeline"
            elif not is_again:  # two machines that erased the same named its digests differently: it may be one table
                yield _ERASED
        elif change.kind != "module":
            yield change


def _job_of(session: Session, version: Version, reader: Made) -> JobRun | None:
    """The last job run before the reader that came to these bytes; asked once in the life of the session."""
    known: dict[tuple[int, int], JobRun | None] = session.info.setdefault("job_of", {})
    if (version.id, reader.job.seq) not in known:
        known[version.id, reader.job.seq] = _last_maker(session, version.id, reader.job.seq)
    return known[version.id, reader.job.seq]


def _last_maker(session: Session, version_id: int, before_seq: int) -> JobRun | None:
    return session.scalar(_LAST_MAKER, {"version": version_id, "seq": before_seq})


_LAST_MAKER = (
    select(JobRun)
    .join(JobRunOutput)
    .where(JobRunOutput.version_id == bindparam("version"), JobRun.seq < bindparam("seq"))
    .order_by(JobRun.seq.desc())
    .limit(1)
)
