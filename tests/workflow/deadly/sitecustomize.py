"""Loaded by every Python of a run whose PYTHONPATH names this folder: kills at the worst instants of a rule's jobs.

From outside, so the code of the tree, of which the jobs' keys are made, stays as it is: the next run has no reason to
make anything again but that it was killed. PDP_TEST_KILL is "<rule> <who>": `job` kills each job of the rule just
before its receipt; `run` kills the whole run, as a power cut does, between two moves of the first one.
"""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

FIRST_MOVES = {
    "normalize": "results/normalized/",
    "validate": "results/validated/",
    "merge": "results/merged/",
    "summarize": "results/summary/ada/conservation.json",
}

asked = os.environ.get("PDP_TEST_KILL", "")
if asked:
    rule, who = asked.split()
    move = Path.replace

    def deadly_move(self: Path, target: str | Path) -> Path:
        place = Path(target).as_posix()
        is_receipt = place.startswith("results/receipts/spool/")
        if who == "job" and is_receipt and json.loads(self.read_text(encoding="utf-8"))["rule"] == rule:
            os.kill(os.getpid(), signal.SIGKILL)
        moved = move(self, target)
        if who == "run" and place.startswith(FIRST_MOVES[rule]):
            os.killpg(os.getpgrp(), signal.SIGKILL)
        return moved

    Path.replace = deadly_move  # type: ignore[assignment,method-assign]
