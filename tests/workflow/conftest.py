"""A small tree of the real workflow: the repository's own rules and code, two tiny sources, the real snakemake."""

from __future__ import annotations

import compileall
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ARTIFACTS = ("normalized", "validated", "quarantine", "merged", "superseded", "summary")

CONFIG = """\
subjects:
  ada:
    time_zone: Europe/Berlin
    sources:
      cuff:
        transport: folder
        location: {path: in/cuff, settle_s: 0}
        format: bp_log
      band:
        transport: folder
        location: {path: in/band, settle_s: 0}
        format: zepp_life
"""

CUFF = """\
Date,Time,Systolic,Diastolic,Pulse
2025-03-29,07:10,131,84,61
2025-03-29,07:12,129,83,60
2025-03-29,21:05,abc,80,66
2025-03-30,07:20,127,81,59
"""

BAND = """\
date,time,heartRate
2025-03-29,23:55,58
2025-03-30,00:00,57
2025-03-30,00:05,oops
2025-03-30,00:10,56
"""


# A second document of the cuff, and what a run does about it.
APRIL = "Date,Time,Systolic,Diastolic,Pulse\n2025-04-13,08:00,125,80,58\n"


@dataclass
class Tree:
    """A folder in which snakemake runs, and what its receipts say of it."""

    root: Path
    known: set[str] = field(default_factory=set)

    def write(self, path: str, text: str) -> Path:
        """Write a file of the tree."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        return target

    def edit(self, path: str, old: str, new: str) -> None:
        """Replace one piece of text that must be there."""
        text = (self.root / path).read_text(encoding="utf-8")
        assert old in text, f"{old!r} does not stand in {path}"
        self.write(path, text.replace(old, new, 1))

    def command(self, *arguments: str) -> list[str]:
        """The command line of a plain run."""
        return [sys.executable, "-m", "snakemake", "--cores", "2", *arguments]

    def environment(self, **more: str) -> dict[str, str]:
        """The environment of a plain run: no path of the checkout that tests it."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PDP_", "PYTHON"))}
        return kept | more

    def snakemake(self, *arguments: str, fails: bool = False, **environment: str) -> str:
        """Run snakemake; its output. The exit code must be as expected."""
        done = subprocess.run(
            self.command(*arguments),
            cwd=self.root,
            env=self.environment(**environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            check=False,
        )
        assert (done.returncode != 0) == fails, f"exit code {done.returncode}\n{done.stdout}"
        return done.stdout

    def ran(self, *arguments: str, fails: bool = False, **environment: str) -> list[str]:
        """Run snakemake; the jobs that ran after the polls, as "rule subject/source..." without export digests."""
        self.snakemake(*arguments, fails=fails, **environment)
        return self.new_jobs()

    def would_run(self) -> dict[str, int]:
        """What a dry run says would run with what is here: jobs by rule, from its table."""
        lines = iter(self.snakemake("--dry-run", "--workflow-profile", "profiles/offline").splitlines())
        for line in lines:
            if line.startswith("------"):
                break
        counted = {}
        for line in lines:
            rule, _, count = line.partition(" ")
            if rule in ("total", ""):
                break
            counted[rule] = int(count)
        return counted

    def new_jobs(self) -> list[str]:
        """Jobs whose receipts were not known before, without the polls."""
        new = [receipt for receipt in self.receipts() if receipt["id"] not in self.known]
        self.known |= {receipt["id"] for receipt in new}
        return sorted(name_of(receipt) for receipt in new if receipt["rule"] != "ingest")

    def receipts(self) -> list[dict]:
        """Every job's receipt, folded or not."""
        found = {}
        for archive in self.root.glob("results/receipts/*.jsonl"):
            for line in archive.read_text(encoding="utf-8").splitlines():
                entry = json.loads(line)
                if entry.get("kind") == "job":
                    found[entry["id"]] = entry
        for spooled in self.root.glob("results/receipts/spool/*.json"):
            entry = json.loads(spooled.read_text(encoding="utf-8"))
            found[entry["id"]] = entry
        return list(found.values())

    def artifacts(self) -> dict[str, str]:
        """SHA-256 of every artifact by path."""
        return {
            path.relative_to(self.root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for stage in ARTIFACTS
            for path in sorted((self.root / "results" / stage).rglob("*"))
            if path.is_file()
        }

    def copy(self, to: Path) -> Tree:
        """The whole folder, times and all."""
        shutil.copytree(self.root, to, symlinks=True, copy_function=shutil.copy2)
        return Tree(to, set(self.known))


def name_of(receipt: dict) -> str:
    """A job's name for people: rule, then its wildcards without the export."""
    wildcards = [value for name, value in receipt["wildcards"].items() if name != "export"]
    return " ".join([receipt["rule"], "/".join(wildcards)]).strip()


ALL_OF_CUFF = ["normalize ada/cuff", "validate ada/cuff"]
ALL_OF_BAND = ["normalize ada/band", "validate ada/band"]
# The merges of a source's measures, and what is computed from these alone.
BAND_MERGES = [
    *(f"merge ada/{name}" for name in ("heart_rate", "sleep_episode", "sleep_stage", "step_count")),
    "heart_rate ada",
    "pyramid ada",
]
CUFF_MERGES = ["merge ada/blood_pressure", "home_bp ada"]
SUMMARY = ["report_facts ada", "report_pages ada", "summarize ada", "trends ada"]  # what is computed from all measures
# All that a merge does not do.
SUMMARIES = sorted(["events ada", "heart_rate ada", "home_bp ada", "pyramid ada", *SUMMARY])
EVERYTHING = sorted([*ALL_OF_CUFF, *ALL_OF_BAND, *BAND_MERGES, *CUFF_MERGES, *SUMMARY, "events ada"])


GROWN = sorted(ALL_OF_CUFF + CUFF_MERGES + SUMMARY)  # what one export more of the cuff makes run


class Bench:
    """Where the processes of a test run share what is dear to make: the first one makes it, others wait for it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def once(self, name: str, make: Callable[[Path], object]) -> Path:
        """The folder of that name, made by `make(folder)` where no process has. Nobody writes to it afterwards."""
        made = self.folder / name
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (made / "made").exists():
                shutil.rmtree(made, ignore_errors=True)
                made.mkdir()
                make(made)
                (made / "made").touch()
        return made


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory, testrun_uid: str) -> Bench:
    """What the processes of this test run share."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if base.name.startswith("popen-") else base
    return Bench(shared / f"bench-{testrun_uid}")


def _lay_out(folder: Path) -> None:
    root = folder / "tree"
    for part in ("src", "scripts", "workflow", "profiles", "envs"):
        shutil.copytree(ROOT / part, root / part, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    shutil.copy2(ROOT / "Snakefile", root / "Snakefile")
    compileall.compile_dir(root / "src", quiet=1)
    tree = Tree(root)
    tree.write("config/config.yaml", CONFIG)
    tree.write("in/cuff/log.csv", CUFF)
    tree.write("in/band/HEARTRATE_AUTO_1.csv", BAND)


@pytest.fixture(scope="session")
def fresh(bench: Bench) -> Tree:
    """A tree with sources that no run has seen. Tests take a copy: its bytecode is compiled once for all."""
    return Tree(bench.once("fresh", _lay_out) / "tree")


@pytest.fixture(scope="session")
def built(bench: Bench, fresh: Tree) -> Tree:
    """A tree after its first run. Tests take a copy."""

    def build(folder: Path) -> None:
        tree = fresh.copy(folder / "tree")
        begun = time.monotonic()
        assert tree.ran() == EVERYTHING
        (folder / "took_s").write_text(f"{time.monotonic() - begun:.3f}")

    tree = Tree(bench.once("built", build) / "tree")
    tree.new_jobs()
    return tree


@pytest.fixture(scope="session")
def grown(bench: Bench, built: Tree) -> Tree:
    """A built tree after a run with a second document of the cuff. Tests take a copy."""

    def grow(folder: Path) -> None:
        tree = built.copy(folder / "tree")
        tree.write("in/cuff/april.csv", APRIL)
        assert tree.ran() == GROWN

    tree = Tree(bench.once("grown", grow) / "tree")
    tree.new_jobs()
    return tree


@pytest.fixture
def tree(built: Tree, tmp_path: Path) -> Tree:
    """A built tree of the test's own."""
    return built.copy(tmp_path / "tree")


@pytest.fixture
def seed(fresh: Tree, tmp_path: Path) -> Tree:
    """A tree of the test's own in which nothing has run."""
    return fresh.copy(tmp_path / "tree")
