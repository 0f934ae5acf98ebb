"""A job without parameters is written without pandas; one with parameters as Snakemake itself does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SCRIPT = """
import pickle
import sys

from snakemake import iocontainers as io

from pdp import no_params

assert no_params.attach()
assert no_params.attach(), "a second time changes nothing"


def job(params):
    parts = [io.InputFiles(["in"]), io.OutputFiles(["out"]), params, io.Wildcards()]
    made = io.Snakemake(*parts, 1, io.ResourceList(), io.Log(["log"]), {}, "merge", None)
    return pickle.loads(pickle.dumps(made))


assert list(job(io.Params()).params) == []
assert "pandas" not in sys.modules
assert list(job(io.Params(["a", 2])).params) == ["a", 2]
assert "pandas" in sys.modules, "with a parameter Snakemake looks itself"
"""


def test_a_job_without_parameters_is_written_without_pandas_and_one_with_some_as_ever(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
