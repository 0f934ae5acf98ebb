"""The way of a number in an order of time that can be true: what a job read was there before the job began.

The same bytes may be made again, by newer code, after others have read them. Whoever asks how a table is made today is
told the last job that made it; a record of what happened needs, for each reader, the last one before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from pdp.lineage import queries
from pdp.lineage.chain import Link
from pdp.lineage.differences import is_manifest
from pdp.lineage.queries import Made, Version


@dataclass(frozen=True)
class Step:
    """A version on the way and the job that made it; `made` None for what came from outside."""

    version: Version
    made: Made | None
    inputs: tuple[Version, ...]


def steps(session: Session, chain: Sequence[Link]) -> list[Step]:
    """The way, the number's table first, each version once.

    Args:
        session: Of the registry.
        chain: As pdp.lineage.number tells it: which tables and raw exports are on the way.
    """
    wanted = {link.path for link in chain}
    start = next(one for one in queries.versions(session, chain[0].path) if one.number == chain[0].version)
    before: dict[int, str] = {start.id: ""}  # the earliest begin of those that read it; "": nobody did
    found: dict[int, Step] = {}
    todo = [start]
    while todo:
        version = todo.pop(0)
        step = _step(session, version, before[version.id], wanted)
        found[version.id] = step
        for one in step.inputs:
            began = step.made.job.started if step.made else ""
            known = before.get(one.id)
            if known is None or began < known:
                before[one.id] = began
                todo.append(one)
    return _in_order(start, found)


def _step(session: Session, version: Version, before: str, wanted: set[str]) -> Step:
    makers = queries.makers(session, version)
    if not makers:
        return Step(version, None, ())
    earlier = [job for job in makers if not before or job.ended <= before]
    made = queries.made(session, (earlier or makers[:1])[-1].id)
    inputs = tuple(one for _, one in made.inputs if one.path in wanted and not is_manifest(one.path))
    return Step(version, made, inputs)


def _in_order(start: Version, found: dict[int, Step]) -> list[Step]:
    """Only what is still reached: a job that was looked at first may have given way to an earlier one."""
    order: list[Step] = []
    todo, seen = [start.id], set()
    while todo:
        identity = todo.pop(0)
        if identity not in seen:
            seen.add(identity)
            order.append(found[identity])
            todo += [one.id for one in found[identity].inputs]
    return order
