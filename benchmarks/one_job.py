"""Runs one of the workflow's scripts as its engine would: `python -m benchmarks.one_job JSON`.

Imports nothing else, so that what is measured is the script.
"""

import json
import runpy
import sys
from pathlib import Path
from types import SimpleNamespace

if __name__ == "__main__":
    job = json.loads(sys.argv[1])
    script = Path.cwd() / "scripts" / f"{job['rule']}.py"
    runpy.run_path(str(script), init_globals={"snakemake": SimpleNamespace(log=[], **job)})
