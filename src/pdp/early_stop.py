"""A job whose bytes came out as they were makes no job after it run, in the same invocation.

Snakemake decides before the first job that whatever follows a job that runs must run, too, and decides anew only when a
checkpoint has ended. So when a job has ended whose outputs have the digests that they had, those after it are judged
anew here, by Snakemake itself: what stood as a reason because of that job is taken back, and the graph is evaluated as
after a checkpoint; inputs that are newer but of the same checksum are none. This reaches into Snakemake's graph (9.27,
tests run the real one): where it looks otherwise, jobs simply run, as they did without.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from pdp import store

USED = ("finish", "finished", "needrun", "reason", "bfs", "depending", "postprocess")


def attach(dag: Any, recall: Callable[[], Mapping[str, str]]) -> bool:
    """Judge anew after every job that made what was there.

    Args:
        dag: Snakemake's graph, before the first job.
        recall: Gives SHA-256 by path of the artifacts before the run; asked once, when a job has made some.

    Returns:
        Whether that is possible with this Snakemake.
    """
    if not all(hasattr(dag, name) for name in USED):
        return False
    finish: Callable[..., Awaitable[bool]] = dag.finish
    known = cache(recall)

    async def finish_and_judge(job: Any, *arguments: Any, **named: Any) -> bool:
        updated = await finish(job, *arguments, **named)
        if not is_as_before(job, known):
            return updated
        behind = [each for each in dag.bfs(dag.depending, job) if each is not job]
        waiting = [each for each in behind if dag.needrun(each) and not dag.finished(each)]
        if not waiting:
            return updated
        for each in waiting:
            dag.reason(each).updated_input_run.clear()
        await dag.postprocess()
        return True

    dag.finish = finish_and_judge
    return True


def is_as_before(job: Any, known: Callable[[], Mapping[str, str]]) -> bool:
    """Whether all that a job made has the digests that it had."""
    if getattr(job, "is_checkpoint", False) or not getattr(job, "output", None):
        return False
    try:
        return all(known().get(str(path)) == store.sha256(Path(str(path))) for path in job.output)
    except OSError:
        return False
