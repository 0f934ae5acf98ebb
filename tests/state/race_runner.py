"""A machine of the races, as a process: commits its operations one by one, each upon whatever the tip is then.

    python -m tests.state.race_runner <address> <file with the identity> <name> <operations> <known tip> <kill at>

Killed at its n-th step (0: never) by SIGKILL. Started again, it goes on with what the state does not hold.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from pathlib import Path

from pdp.errors import StateConflictError
from pdp.state.backends import Blob, open_backend
from pdp.state.backends.google_fixed import GoogleFixed
from pdp.state.commit import TreeBlob
from pdp.state.sealing import Keys
from tests.state.commits import Writer

MOST_CONFLICTS = 400  # in all; a race without luck, not a race without end


def main(address: str, identity: str, name: str, operations: int, known: str, kill_at: int) -> None:
    """Do all operations."""
    steps = 0

    def step(_: str) -> None:
        nonlocal steps
        steps += 1
        if steps == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    writer = Writer(Keys.of(Path(identity).read_text(encoding="utf-8")))
    backend = open_backend(address, step=step)
    if isinstance(backend, GoogleFixed):
        backend.take_over_after_s = 1.0
    conflicts = 0
    with tempfile.TemporaryDirectory() as folder:
        while conflicts < MOST_CONFLICTS:
            tip = backend.read_tip(known or None, writer.read)
            known, commit = tip.id, writer.read(tip.data)
            left = [op for n in range(operations) if (op := f"{name}-{n}") not in commit.totals]
            if not left:
                return
            try:
                backend.begin(left[0], tip)
                tree = None
                if backend.packing == "one":  # here the data files are the race
                    held = Path(folder) / "held"
                    held.write_text("\n".join([*commit.totals, left[0]]))
                    blob: Blob = backend.put_blob(held)
                    tree = TreeBlob(blob.id, blob.size, blob.sha256, "held")
                backend.append_commit(tip, writer.after(tip, left[0], [*commit.totals, left[0]], tree))
            except StateConflictError:
                conflicts += 1
    raise SystemExit(f"{name}: {MOST_CONFLICTS} conflicts")


if __name__ == "__main__":
    given = sys.argv[1:]
    main(given[0], given[1], given[2], int(given[3]), given[4], int(given[5]))
