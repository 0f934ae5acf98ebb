"""Snakemake imports pandas (and polars, where it is) before the first script, to see whether a parameter is a table.

No rule of ours has parameters: what a job depends on is in its key. So a run that only looks at its sources is spared
half a CPU second, a sixth of what it takes. This reaches into Snakemake (9.27, tests run the real one): where it looks
otherwise, nothing is spared.
"""

from __future__ import annotations

import sys
from functools import wraps
from typing import Any

CONTAINERS = "snakemake.iocontainers"  # by name: the library does not import Snakemake
STORE = "_safely_store_params"


def attach() -> bool:
    """Let jobs without parameters be written without looking at them; whether that is possible with this Snakemake."""
    containers = sys.modules.get(CONTAINERS)
    job = getattr(containers, "Snakemake", None)
    store = getattr(job, STORE, None)
    if store is None or hasattr(store, "__wrapped__"):
        return store is not None

    @wraps(store)
    def store_if_any(self: Any, params: Any) -> None:
        if len(params):
            store(self, params)
        else:
            self._params_store, self._params_types = type(params)(), {}

    setattr(job, STORE, store_if_any)
    return True
