"""Snakemake starts at most 100 jobs a second, and for that looks at all jobs again a second after each look.

Every job that ends begins one more such chain of looks, so what its scheduler costs grows with the square of the
number of jobs (300 of them: a fifth of a CPU second each, and 8,000 threads), and a run ends a second late, when the
last timer does. Jobs on this machine need no such limit, since they wait for its cores. One that somebody sets holds,
and so does the limit where jobs are sent elsewhere. This reaches into Snakemake (9.27, tests run the real one): where
it looks otherwise, nothing changes.
"""

from __future__ import annotations

from typing import Any

_DEFAULT = (100, 1)  # jobs, seconds


def attach(workflow: Any) -> bool:
    """Lift the limit that nobody set, before the first job; whether it was lifted.

    Args:
        workflow: Snakemake's, with its scheduler.
    """
    scheduler = getattr(workflow, "scheduler", None)
    limiter = getattr(scheduler, "job_rate_limiter", None)
    limit = getattr(limiter, "max_jobs", None), getattr(limiter, "timespan", None)
    if limit != _DEFAULT or not getattr(workflow, "local_exec", False):
        return False
    scheduler.job_rate_limiter = None  # type: ignore[union-attr]
    return True
