"""A job whose bytes came out as they were makes no job after it run, in the same invocation.

Snakemake decides before the first job that whatever follows a job that runs must run, too, and decides anew only when a
checkpoint has ended. So jobs that wait for one whose outputs have the digests that they had are held back while others
can run, and then judged anew, all at once, by Snakemake itself: what stood as a reason because of such a job is taken
back, and the graph is evaluated as after a checkpoint; inputs that are newer but of the same checksum are none. Judging
looks at the whole graph, so it is done per wave of jobs and not per job. This reaches into Snakemake's graph (9.27,
tests run the real one): where it looks otherwise, jobs simply run, as they did without.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from pdp import store

USED = ("finish", "finished", "needrun", "reason", "bfs", "depending", "dependencies", "postprocess", "ready_jobs")


def attach(workflow: Any, recall: Callable[[], Mapping[str, str]]) -> bool:
    """Judge anew after jobs that made what was there.

    Args:
        workflow: Snakemake's, with its graph, before the first job.
        recall: Gives SHA-256 by path of the artifacts before the run; asked once, when a job has made some.

    Returns:
        Whether that is possible with this Snakemake.
    """
    dag = workflow.dag
    if not all(hasattr(dag, name) for name in USED) or not isinstance(type(dag).ready_jobs, property):
        return False
    finish: Callable[..., Awaitable[bool]] = dag.finish
    known = cache(recall)
    unjudged: set[Any] = set()

    async def finish_and_look(job: Any, *arguments: Any, **named: Any) -> bool:
        updated = await finish(job, *arguments, **named)
        if is_as_before(job, known):
            unjudged.add(job)
        return updated

    class Judging(type(dag)):  # type: ignore[misc]
        """Snakemake's graph, which its scheduler asks for jobs that can run now."""

        @property
        def ready_jobs(self) -> set[Any]:
            """Those that need not wait for a judgement; when there are none, it is made."""
            ready: set[Any] = super().ready_jobs
            free = {job for job in ready if not _waits(self, job, unjudged)}
            if free or not unjudged:
                return free if unjudged else ready
            judged = unjudged.copy()
            unjudged.clear()  # before the graph is evaluated, which may ask for ready jobs itself
            for job in judged:
                for each in self.bfs(self.depending, job):
                    if each not in judged and self.needrun(each) and not self.finished(each):
                        self.reason(each).updated_input_run.clear()
            workflow.async_run(self.postprocess())
            return self.ready_jobs

    dag.finish = finish_and_look
    dag.__class__ = Judging
    return True


def _waits(dag: Any, job: Any, unjudged: set[Any]) -> bool:
    members: Iterable[Any] = job if job.is_group() else (job,)
    return any(not unjudged.isdisjoint(dag.dependencies[each]) for each in members)


def is_as_before(job: Any, known: Callable[[], Mapping[str, str]]) -> bool:
    """Whether all that a job made has the digests that it had."""
    if getattr(job, "is_checkpoint", False) or not getattr(job, "output", None):
        return False
    try:
        return all(known().get(str(path)) == store.sha256(Path(str(path))) for path in job.output)
    except OSError:
        return False
