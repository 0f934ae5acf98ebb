"""The state and the real snakemake: what was computed elsewhere is not computed again, and nothing else is kept."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.workflow.conftest import GROWN, Bench, Tree

pytestmark = pytest.mark.workflow

PASSWORD = "four words are enough"


def pdp(tree: Tree, *arguments: str, fails: bool = False) -> str:
    """The command, in a tree, with the tree's own code."""
    done = subprocess.run(
        [sys.executable, "-m", "pdp.cli", *arguments],
        cwd=tree.root,
        env=tree.environment(PYTHONPATH=str(tree.root / "src"), PDP_STATE_PASSWORD=PASSWORD, PDP_STATE=address(tree)),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode != 0) == fails, done.stdout
    return done.stdout


def address(tree: Tree) -> str:
    return f"folder:{tree.root.parent / 'store'}"


@pytest.fixture(scope="session")
def two_machines(bench: Bench, built: Tree, fresh: Tree) -> Path:
    """A folder with a built tree, the state that it was pushed to, and a clone where nothing ran, after a pull."""

    def make(folder: Path) -> None:
        tree, clone = built.copy(folder / "tree"), fresh.copy(folder / "clone")
        pdp(tree, "state", "init", address(tree))
        pdp(tree, "state", "push")
        pdp(clone, "state", "pull")

    return bench.once("two_machines", make)


@pytest.fixture
def pushed(two_machines: Path, tmp_path: Path) -> Tree:
    """A built tree whose state is in a folder beside it."""
    shutil.copytree(two_machines, tmp_path / "machines", symlinks=True)
    tree = Tree(tmp_path / "machines/tree")
    tree.new_jobs()
    return tree


@pytest.fixture
def clone(pushed: Tree) -> Tree:
    """The same repository and sources on another machine, where nothing has run, after a pull."""
    tree = Tree(pushed.root.parent / "clone")
    tree.new_jobs()
    return tree


def test_after_a_pull_nothing_is_computed_again(pushed: Tree, clone: Tree) -> None:
    assert clone.artifacts() == pushed.artifacts()
    assert clone.would_run() == {}
    assert clone.ran() == []
    assert "all as they were" in pdp(clone, "verify")
    assert "COMPLETE" in pdp(clone, "runs")


def test_a_new_export_on_one_machine_costs_its_own_jobs_alone_and_reaches_the_other(pushed: Tree, clone: Tree) -> None:
    clone.write("in/cuff/second.csv", "Date,Time,Systolic,Diastolic,Pulse\n2025-04-02,07:10,133,85,62\n")
    assert clone.ran() == GROWN
    assert "1 new raw export" in pdp(clone, "state", "push")

    pdp(pushed, "state", "pull")

    assert pushed.artifacts() == clone.artifacts()
    pushed.new_jobs()
    assert pushed.would_run() == {}
    assert "all as they were" in pdp(pushed, "verify")


def test_after_a_failed_run_the_last_good_tables_travel_and_the_rest_is_made_elsewhere(
    pushed: Tree, clone: Tree
) -> None:
    good = {path: digest for path, digest in pushed.artifacts().items() if "/merged/" in path or "/summary/" in path}
    script = pushed.root / "scripts/merge.py"
    whole = script.read_text()
    script.write_text(whole + "\nraise RuntimeError\n")
    pushed.write("in/cuff/second.csv", "Date,Time,Systolic,Diastolic,Pulse\n2025-04-02,07:10,133,85,62\n")
    pushed.ran(fails=True)
    said = pdp(pushed, "state", "push")
    assert "those of the last run that ended well" in said

    pdp(clone, "state", "pull")

    clone.new_jobs()
    here = clone.artifacts()
    assert {path: here[path] for path in good} == good
    assert len([path for path in (clone.root / "resources/raw/ada").iterdir() if len(path.name) == 16]) == 3
    assert "FAIL" in pdp(clone, "runs")
    clone.write("in/cuff/second.csv", "Date,Time,Systolic,Diastolic,Pulse\n2025-04-02,07:10,133,85,62\n")
    assert clone.ran() == GROWN
    assert "all as they were" in pdp(clone, "verify")


def test_a_run_is_refused_while_a_pull_is_unfinished(clone: Tree) -> None:
    marker = clone.root / "resources/state/installing.json"
    marker.write_text("{}")

    said = clone.snakemake(fails=True)

    assert "A pull or push of the state was cut short in this folder" in said
    assert "Finish it first: pdp state pull" in said
    assert clone.new_jobs() == []
    pdp(clone, "state", "pull")
    assert not marker.exists()
    assert clone.ran() == []
