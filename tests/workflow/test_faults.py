"""Kill it at any instant, fill the disk, take permissions away: nothing is half-written and nothing vanishes."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest

from tests.workflow.conftest import APRIL, BAND_MERGES, CUFF_MERGES, EVERYTHING, SUMMARY, Tree

pytestmark = pytest.mark.workflow

KILLS = int(os.environ.get("PDP_TEST_KILLS", "6"))  # 50 after a change of pdp.store, pdp.run or the rules
DEADLY = Path(__file__).parent / "deadly"


def killed_after(tree: Tree, seconds: float) -> bool:
    """Start a run and kill its whole process group after a while; whether it was still alive then."""
    run = subprocess.Popen(
        tree.command(),
        cwd=tree.root,
        env=tree.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        run.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()
        return True
    return False


def assert_sound(tree: Tree, expected: dict[str, str]) -> None:
    """Artifacts as undisturbed, nothing staged left, every finished job registered once, rows conserved."""
    assert tree.artifacts() == expected
    assert list(tree.root.rglob("*.tmp")) == []
    completed = [receipt["id"] for receipt in tree.receipts() if receipt["status"] == "COMPLETE"]
    with sqlite3.connect(tree.root / "results/lineage.sqlite") as registry:
        registered = [row[0] for row in registry.execute("select id from job_run where status = 'COMPLETE'")]
    assert sorted(registered) == sorted(completed)
    balance = json.loads((tree.root / "results/summary/ada/conservation.json").read_text())
    totals = balance["total"]
    assert totals["read"] == sum(
        totals[fate] for fate in ("accepted", "quarantined", "duplicate", "superseded", "unread")
    )
    assert totals["read"] == 8


@pytest.mark.parametrize("part", range(2))
def test_killed_at_random_instants_the_next_run_ends_where_an_undisturbed_one_would(
    fresh: Tree, built: Tree, tmp_path: Path, part: int
) -> None:
    """The next run is killed, too, and the next, until one gets there."""
    whole_s = float((built.root.parent / "took_s").read_text())
    instants = random.Random(20250330 + part)
    hits = 0
    for number in count():
        tree = fresh.copy(tmp_path / f"{number}")
        for _ in range(min(5, KILLS // 2 - hits)):  # each starts where the one before was killed: all has its turn
            if not killed_after(tree, instants.uniform(0.1, 0.6) * whole_s):
                break
            hits += 1
        else:
            tree.snakemake()
        assert_sound(tree, built.artifacts())
        assert set(tree.new_jobs()) == set(EVERYTHING)
        shutil.rmtree(tree.root)
        if hits >= KILLS // 2:
            break


def deadly(stage: str, who: str) -> dict[str, str]:
    """The environment of a run in which jobs of this stage die (see deadly/sitecustomize.py)."""
    return {"PYTHONPATH": str(DEADLY), "PDP_TEST_KILL": f"{stage} {who}"}


def test_jobs_killed_just_before_their_receipts_run_again_to_the_same_bytes(built: Tree, seed: Tree) -> None:
    """Every job of a stage dies in one run, and is made up for by the next, in which those of the next stage die."""
    normalized = ["normalize ada/band", "normalize ada/cuff"]
    validated = ["validate ada/band", "validate ada/cuff"]
    assert seed.ran(fails=True, **deadly("normalize", "job")) == ["events ada"]
    assert seed.ran(fails=True, **deadly("validate", "job")) == normalized
    assert seed.ran(fails=True, **deadly("merge", "job")) == validated
    assert seed.ran(fails=True, **deadly("summarize", "job")) == sorted([*BAND_MERGES, *CUFF_MERGES])
    assert seed.ran() == SUMMARY
    assert_sound(seed, built.artifacts())


def test_runs_cut_off_between_two_moves_of_a_job_leave_no_mixture(built: Tree, seed: Tree) -> None:
    """As by a power cut, once in every stage: some of a job's outputs stand, the others do not."""
    stages = {
        "normalize": ("normalized/ada/*/*/*.parquet", "normalized/ada/*/*/unread.parquet"),
        "validate": ("validated/ada/*/*/*.parquet", "quarantine/ada/*/*.parquet"),
        "merge": ("merged/ada/*.parquet", "superseded/ada/*.parquet"),
        "summarize": ("summary/ada/conservation.json", "summary/ada/agreement.parquet"),
    }
    for stage, (first, last) in stages.items():
        environment = seed.environment(**deadly(stage, "run"))
        cut = subprocess.run(
            seed.command(), cwd=seed.root, env=environment, capture_output=True, start_new_session=True, check=False
        )
        assert cut.returncode == -signal.SIGKILL, cut.stdout
        assert list((seed.root / "results").glob(first)), f"{stage}: something was moved"
        assert not list((seed.root / "results").glob(last)), f"{stage}: and something was not"
    seed.snakemake()
    assert_sound(seed, built.artifacts())


def test_a_second_run_at_the_same_time_stops_with_a_sentence(tree: Tree) -> None:
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import fcntl,sys; f=open('.snakemake/pdp/run.lock','a'); fcntl.flock(f, fcntl.LOCK_EX);"
            "print('held', flush=True); sys.stdin.read()",
        ],
        cwd=tree.root,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    said = tree.snakemake(fails=True)
    assert "Another run is at work in this folder." in said
    assert "Traceback" not in said
    holder.kill()
    holder.communicate()
    assert tree.ran() == [], "the lock died with the process that held it"


@contextmanager
def mounted(folder: Path, size: str) -> Iterator[Callable[[str], None]]:
    """A small file system of its own in place of a folder, with what the folder holds; gives a way to remount it."""
    folder.mkdir(parents=True, exist_ok=True)
    kept = Path(tempfile.mkdtemp()) / "kept"
    shutil.copytree(folder, kept)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("mounting a tmpfs needs root, and a machine that allows it")
    try:
        shutil.copytree(kept, folder, dirs_exist_ok=True)
        yield lambda how: subprocess.run(["mount", "-o", f"remount,{how}", str(folder)], check=True) and None
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
        shutil.rmtree(kept.parent)


def test_a_full_disk_is_told_in_a_sentence_and_loses_nothing(seed: Tree, built: Tree) -> None:
    with mounted(seed.root / "results", "96k") as remount:
        said = seed.snakemake(fails=True)
        assert "the disk is full. Free some space and run again; nothing that was there is lost." in said
        remount("size=64m")
        seed.snakemake()
        assert_sound(seed, built.artifacts())


def test_unwritable_folders_are_told_in_a_sentence_and_lose_nothing(tree: Tree, grown: Tree) -> None:
    before = tree.artifacts()
    tree.write("in/cuff/april.csv", APRIL)
    for folder, sentence in (
        ("resources/raw/ada", "the file system is read-only. Mount it writable, or work in another folder."),
        ("results/validated/ada", "Read-only file system: 'results/validated/ada/cuff/"),  # said by Snakemake
    ):
        with mounted(tree.root / folder, "8m") as remount:
            remount("ro")
            said = tree.snakemake(fails=True)
            assert sentence in said
            now = tree.artifacts()
            assert {path: now.get(path) for path in before} == before
    tree.snakemake()
    assert tree.artifacts() == grown.artifacts()


def test_everything_ran_once_in_an_undisturbed_run(built: Tree) -> None:
    names = [receipt["rule"] for receipt in built.receipts() if receipt["rule"] != "ingest"]
    assert len(names) == len(EVERYTHING)
