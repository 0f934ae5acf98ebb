"""How often the graph is judged anew when jobs made what was there: once a wave, and never is a job forgotten.

A graph with Snakemake's names stands in for it, small enough to count; tests/workflow runs the real one.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pdp import early_stop


@dataclass(eq=False)
class Job:
    """A job with one output and the jobs that it waits for."""

    output: list[str]
    after: list[Job] = field(default_factory=list)
    is_checkpoint: bool = False
    is_edited: bool = False  # a reason of its own to run
    rerun: set[Any] = field(default_factory=set)

    def is_group(self) -> bool:
        return False


class Graph:
    """As much of Snakemake's graph as is reached into."""

    def __init__(self, jobs: list[Job], changed: set[Job]) -> None:
        self.jobs, self.changed, self.judged = jobs, changed, 0
        self.started, self.done = set[Job](), set[Job]()
        self.dependencies = {job: set(job.after) for job in jobs}
        self.depending = {job: {each for each in jobs if job in each.after} for job in jobs}
        self.needed = set(jobs)
        for job in jobs:
            job.rerun |= set(job.after)

    @property
    def ready_jobs(self) -> set[Job]:
        return {job for job in self.needed - self.started if not (self.dependencies[job] & self.needed - self.done)}

    async def finish(self, job: Job) -> bool:
        self.done.add(job)
        return False

    def finished(self, job: Job) -> bool:
        return job in self.done

    def needrun(self, job: Job) -> bool:
        return job in self.needed

    def reason(self, job: Job) -> Any:
        return SimpleNamespace(updated_input_run=job.rerun)

    def bfs(self, direction: dict[Job, set[Job]], *jobs: Job) -> Iterator[Job]:
        waiting, seen = list(jobs), set[Job]()
        while waiting:
            job = waiting.pop(0)
            if job not in seen:
                seen.add(job)
                yield job
                waiting += direction[job]

    async def postprocess(self) -> None:
        """What waits needs no run where nothing that it read was made anew with other bytes."""
        self.judged += 1
        for job in self.jobs:
            is_fed = any(each in self.changed or each in self.needed - self.done for each in job.after)
            if job not in self.done and job.after and not (job.rerun or is_fed or job.is_edited):
                self.needed.discard(job)


def run(graph: Graph, known: dict[str, str], fails: Collection[Job] = ()) -> list[Job]:
    """As the scheduler, in a thread of its own: this one may have the event loop of a browser."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(_run, graph, known, fails).result()


def _run(graph: Graph, known: dict[str, str], fails: Collection[Job]) -> list[Job]:
    """One job after the other until none is ready; those that ran."""
    workflow = SimpleNamespace(dag=graph, async_run=asyncio.run)
    assert early_stop.attach(workflow, lambda: known)
    ran: list[Job] = []
    while ready := graph.ready_jobs:
        job = min(ready, key=lambda each: graph.jobs.index(each))
        ran.append(job)
        graph.started.add(job)
        if job not in fails:
            asyncio.run(graph.finish(job))
    return ran


@pytest.fixture
def exports(tmp_path: Path) -> tuple[list[Job], list[Job], Job, dict[str, str]]:
    """50 normalize jobs, a validate after each, a merge after all; and the digests of what is there."""

    def job(name: str, after: list[Job]) -> Job:
        path = tmp_path / name
        path.write_text(name)
        return Job([str(path)], after)

    normalized = [job(f"normalize{n}", []) for n in range(50)]
    validated = [job(f"validate{n}", [each]) for n, each in enumerate(normalized)]
    merged = job("merge", validated)
    known = {
        each.output[0]: hashlib.sha256(Path(each.output[0]).read_bytes()).hexdigest()
        for each in [*normalized, *validated, merged]
    }
    return normalized, validated, merged, known


def test_fifty_exports_that_come_out_as_they_were_are_judged_once(
    exports: tuple[list[Job], list[Job], Job, dict[str, str]],
) -> None:
    normalized, validated, merged, known = exports
    graph = Graph([*normalized, *validated, merged], changed=set())
    assert run(graph, known) == normalized
    assert graph.judged == 1


def test_of_three_that_changed_exactly_what_follows_runs(
    exports: tuple[list[Job], list[Job], Job, dict[str, str]],
) -> None:
    normalized, validated, merged, known = exports
    changed = set(normalized[7:10])
    known |= {each.output[0]: "other bytes" for each in [*changed, *validated[7:9]]}  # one ends at its validation
    graph = Graph([*normalized, *validated, merged], changed | set(validated[7:9]))
    ran = run(graph, known)
    assert set(ran) == {*normalized, *validated[7:10], merged}
    assert len(ran) == len(set(ran))
    assert graph.judged <= 3


def test_what_waits_is_judged_also_when_the_last_job_fails(
    exports: tuple[list[Job], list[Job], Job, dict[str, str]],
) -> None:
    """The last of a wave fails: those held back for the others are not forgotten."""
    normalized, validated, merged, known = exports
    own = validated[0]
    own.is_edited = True
    graph = Graph([*normalized, *validated, merged], changed=set())
    ran = run(graph, known, fails={normalized[-1]})
    assert own in ran
    assert set(ran) - {own} == set(normalized)


def test_with_another_snakemake_jobs_simply_run() -> None:
    assert not early_stop.attach(SimpleNamespace(dag=SimpleNamespace()), dict)
