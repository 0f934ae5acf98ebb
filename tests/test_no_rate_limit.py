"""Snakemake's scheduler looks at the jobs when one has ended, and not a second after each look again."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SNAKEFILE = """
import threading

from pdp import no_rate_limit

onstart:
    print("lifted", no_rate_limit.attach(workflow))

onsuccess:
    print("timers", sum(isinstance(each, threading.Timer) for each in threading.enumerate()))

rule all:
    input: expand("{number}.txt", number=range(3))

rule one:
    output: "{number}.txt"
    shell: "echo > {output}"
"""


@pytest.mark.workflow
def test_nothing_is_left_to_wait_for_but_where_somebody_sets_a_limit(tmp_path: Path) -> None:
    (tmp_path / "Snakefile").write_text(SNAKEFILE)

    def told(*options: str) -> list[str]:
        command = [sys.executable, "-m", "snakemake", "--cores", "1", "--quiet", "all", "--forceall", *options]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return [line for line in done.stdout.splitlines() if line.startswith(("lifted", "timers"))]

    assert told() == ["lifted True", "timers 0"]
    limited = told("--max-jobs-per-timespan", "50/1s")
    assert limited[0] == "lifted False"
    assert limited[1] != "timers 0"  # which is what there is to lift
