"""What do runs of the whole workflow cost: with nothing to do, with polls only, from scratch, and per job?"""

from __future__ import annotations

import json
import shutil
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.processes import Usage, Watch, environment
from benchmarks.text_table import ratio, seconds, table

ROOT = Path(__file__).parents[1]
PARTS = ("config", "envs", "profiles", "resources/demo", "scripts", "src", "workflow", "Snakefile")
CORES = 2
JOBS = 10

EMPTY = 'rule all:\n    input: "there"\n'  # without an input it would run, and here a run with a job ends 1.2 s late

TRIVIAL = """\
rule all:
    input: expand("out/{n}", n=range(int(config["jobs"])))

rule trivial:
    output: "out/{n}"
    script: "scripts/trivial.py"
"""
TRIVIAL_SCRIPT = 'open(snakemake.output[0], "w").close()\n'

MERGES = """\
rule all:
    input: expand("results/merged/s{n}/heart_rate.parquet", n=range(int(config["jobs"])))

rule merge:
    input:
        tables=["results/validated/s/band/0123456789abcdef/{measure}.parquet"],
        key="results/keys/merge.json",
    output:
        merged="results/merged/{subject}/{measure}.parquet",
        superseded="results/superseded/{subject}/{measure}.parquet",
    script: "scripts/merge.py"
"""
EMPTY_TABLE = """\
import sys
from pathlib import Path
from pdp import schemas, tables
path = Path(sys.argv[1])
path.parent.mkdir(parents=True)
tables.SortingWriter(path, schemas.validated("heart_rate")).close()
"""


@dataclass(frozen=True)
class Repeated:
    """Medians of several runs."""

    wall_s: float
    cpu_s: float


def plant(folder: Path) -> Path:
    """A fresh copy of what a checkout of this repository holds of the workflow and its demo."""
    ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
    for part in PARTS:
        source, target = ROOT / part, folder / part
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=ignored)
        else:
            shutil.copy2(source, target)
    return folder


def _snakemake(folder: Path, *arguments: str) -> Usage:
    with Watch(environment(folder / "src"), folder) as watch:
        watch.run([sys.executable, "-m", "snakemake", "--cores", str(CORES), *arguments])
    return watch.total


def _medians(usages: Sequence[Usage]) -> Repeated:
    return Repeated(
        statistics.median(usage.wall_s for usage in usages), statistics.median(usage.cpu_s for usage in usages)
    )


def runs(folder: Path, repeats: int) -> str:
    """The table of whole runs: the demo from scratch, and again with nothing new."""
    demo, empty = plant(folder / "demo"), folder / "empty"
    empty.mkdir()
    (empty / "Snakefile").write_text(EMPTY, encoding="utf-8")
    (empty / "there").touch()
    scratch = _snakemake(demo)
    jobs = _jobs(demo)
    ways: dict[str, tuple[Path, tuple[str, ...]]] = {
        "empty Snakefile": (empty, ()),
        "demo, nothing new, no polls (profiles/offline)": (demo, ("--workflow-profile", "profiles/offline")),
        "demo, nothing new, 3 polls (default)": (demo, ()),
    }
    found: dict[str, list[Usage]] = {name: [] for name in ways}
    for turn in range(repeats + 1):
        for name, (place, arguments) in ways.items():
            usage = _snakemake(place, *arguments)
            if turn:  # the first fills caches
                found[name].append(usage)
    medians = {name: _medians(usages) for name, usages in found.items()}
    plain, offline, polled = medians.values()
    lines = [
        [name, seconds(each.wall_s), ratio(each.wall_s / plain.wall_s), seconds(each.cpu_s)]
        for name, each in medians.items()
    ]
    lines.append(
        [
            f"demo from scratch ({jobs} jobs; what `make run` does after installing)",
            seconds(scratch.wall_s),
            ratio(scratch.wall_s / plain.wall_s),
            seconds(scratch.cpu_s),
        ]
    )
    aim = offline.wall_s / plain.wall_s
    notes = [
        f"Medians of {repeats} alternating runs; the demo was built once.",
        f"Aim: nothing new under 1.5x the empty Snakefile, plus polls:"
        f" {ratio(aim)}, {'met' if aim < 1.5 else 'MISSED'}.",
        f"The 3 polls add {seconds(polled.wall_s - offline.wall_s)}.",
    ]
    return table(f"whole runs, {CORES} cores", ["", "time", "of empty", "CPU"], lines, notes)


def _jobs(demo: Path) -> int:
    receipts = [*demo.glob("results/receipts/*.jsonl")]
    folded = [line for path in receipts for line in path.read_text(encoding="utf-8").splitlines() if '"job"' in line]
    return len(folded) + len(list(demo.glob("results/receipts/spool/*.json")))


def jobs(folder: Path, repeats: int) -> str:
    """The table of a job's cost: an empty script against a merge of nothing, by difference of runs."""
    trivial, merges = folder / "trivial", folder / "merges"
    for place, text in ((trivial, TRIVIAL), (merges, MERGES)):
        place.mkdir()
        (place / "Snakefile").write_text(text, encoding="utf-8")
    (trivial / "scripts").mkdir()
    (trivial / "scripts/trivial.py").write_text(TRIVIAL_SCRIPT, encoding="utf-8")
    settings = {"merge": {"time_zone": "Europe/Berlin", "merge": {"priority": ["band"]}}}
    for part in ("src", "scripts"):
        shutil.copytree(ROOT / part, merges / part, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    with Watch(environment(merges / "src", ROOT), merges) as watch:
        watch.run([sys.executable, "-m", "benchmarks.job_keys", json.dumps(settings)])
        table_path = "results/validated/s/band/0123456789abcdef/heart_rate.parquet"
        watch.run([sys.executable, "-c", EMPTY_TABLE, table_path])
    costs = {
        "a job with an empty script": _per_job(trivial, "out", repeats),
        "our merge of an empty table": _per_job(merges, "results/merged", repeats),
    }
    first = next(iter(costs.values()))
    lines = [
        [name, seconds(each.cpu_s), ratio(each.cpu_s / first.cpu_s), seconds(each.wall_s)]
        for name, each in costs.items()
    ]
    notes = [f"(A run with {JOBS + 1} jobs less a run with 1) / {JOBS}; medians of {repeats}; {CORES} jobs at a time."]
    return table("one small job", ["", "CPU", "of empty", "time"], lines, notes)


def _per_job(folder: Path, made: str, repeats: int) -> Repeated:
    used: list[Usage] = []
    for turn in range(repeats + 1):
        many, one = (_anew(folder, made, count) for count in (JOBS + 1, 1))
        if turn:
            used.append(Usage((many.wall_s - one.wall_s) / JOBS, (many.cpu_s - one.cpu_s) / JOBS, 0, 0))
    return _medians(used)


def _anew(folder: Path, made: str, count: int) -> Usage:
    for leftover in (made, "results/superseded", "results/receipts"):
        shutil.rmtree(folder / leftover, ignore_errors=True)
    return _snakemake(folder, "--config", f"jobs={count}")
