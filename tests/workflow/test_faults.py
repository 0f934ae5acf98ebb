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
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.workflow.conftest import EVERYTHING, Tree

pytestmark = pytest.mark.workflow

KILLS = int(os.environ.get("PDP_TEST_KILLS", "50"))


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


@pytest.mark.parametrize("part", range(5))
def test_killed_at_random_instants_the_next_run_ends_where_an_undisturbed_one_would(
    fresh: Tree, built: Tree, tmp_path: Path, part: int
) -> None:
    expected = built.artifacts()
    timed = fresh.copy(tmp_path / "timed")
    started = time.monotonic()
    timed.snakemake()
    full_s = time.monotonic() - started
    instants = random.Random(20250330 + part)
    hits = 0
    for number in range(KILLS // 5):
        tree = fresh.copy(tmp_path / f"{number}")
        hits += killed_after(tree, instants.uniform(0.1, 0.9) * full_s)
        tree.snakemake()
        assert_sound(tree, expected)
        shutil.rmtree(tree.root)
    assert hits >= KILLS // 10, "most of the kills must have met a living run"


def test_killed_again_and_again_it_still_gets_there(built: Tree, seed: Tree) -> None:
    instants = random.Random(7)
    for _ in range(6):
        killed_after(seed, instants.uniform(1.0, 4.0))
    seed.snakemake()
    assert_sound(seed, built.artifacts())


@pytest.mark.parametrize("stage", ["normalize", "validate", "merge", "summarize"])
def test_a_job_killed_just_before_its_receipt_runs_again_to_the_same_bytes(built: Tree, seed: Tree, stage: str) -> None:
    seed.edit(
        "src/pdp/store.py",
        "    _leave(running.receipt(None))\n",
        f"    if running.rule == '{stage}' and not Path('killed').exists():\n"
        "        Path('killed').touch()\n"
        "        os.kill(os.getpid(), 9)\n"
        "    _leave(running.receipt(None))\n",
    )
    seed.snakemake(fails=True)
    shutil.copy2(built.root / "src/pdp/store.py", seed.root / "src/pdp/store.py")
    seed.snakemake()
    assert_sound(seed, built.artifacts())


@pytest.mark.parametrize("stage", ["normalize", "validate", "merge", "summarize"])
def test_a_job_killed_between_two_of_its_moves_leaves_no_mixture(built: Tree, seed: Tree, stage: str) -> None:
    seed.edit(
        "src/pdp/store.py",
        "        for place, staged in self._staged.items():\n            settle(staged, place)\n",
        "        for place, staged in self._staged.items():\n            settle(staged, place)\n"
        f"            if self.rule == '{stage}':\n                os.kill(os.getpid(), 9)\n",
    )
    seed.snakemake(fails=True)
    shutil.copy2(built.root / "src/pdp/store.py", seed.root / "src/pdp/store.py")
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


@pytest.mark.parametrize(
    ("folder", "sentence"),
    [
        ("resources/raw/ada", "the file system is read-only. Mount it writable, or work in another folder."),
        ("results/validated/ada", "Read-only file system: 'results/validated/ada/cuff/"),  # said by Snakemake
    ],
)
def test_an_unwritable_folder_is_told_in_a_sentence_and_loses_nothing(
    tree: Tree, built: Tree, tmp_path: Path, folder: str, sentence: str
) -> None:
    before = tree.artifacts()
    undisturbed = built.copy(tmp_path / "undisturbed")
    for each in (tree, undisturbed):
        each.write("in/cuff/april.csv", "Date,Time,Systolic,Diastolic,Pulse\n2025-04-13,08:00,125,80,58\n")
    undisturbed.snakemake()
    with mounted(tree.root / folder, "8m") as remount:
        remount("ro")
        said = tree.snakemake(fails=True)
        assert sentence in said
        now = tree.artifacts()
        assert {path: now.get(path) for path in before} == before
        remount("rw")
        tree.snakemake()
        assert tree.artifacts() == undisturbed.artifacts()


def test_everything_ran_once_in_an_undisturbed_run(built: Tree) -> None:
    names = [receipt["rule"] for receipt in built.receipts() if receipt["rule"] != "ingest"]
    assert len(names) == len(EVERYTHING)
