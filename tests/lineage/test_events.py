"""The handler on a real, tiny workflow: every way that a run can end leaves one row, and a dry run none."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pdp.lineage import database, events, queries, record, state, summary

SNAKEFILE = """
from pathlib import Path
from pdp.lineage import events

SESSION = events.attach(workflow, subjects={"me": ["band"]})

onstart:
    SESSION.start()

onsuccess:
    SESSION.finish("COMPLETE")

onerror:
    SESSION.finish("FAIL")

rule all:
    input: "results/a.txt", "results/b.txt"

rule copy:
    input: "in.txt"
    output: "results/a.txt"
    log: "logs/copy.log"
    shell:
        "if [ -p started ]; then echo go > started; read line < gate; fi; "
        "! grep BAD {input} && cp {input} {output} && echo $PDP_RUN_ID > run.txt"

rule last:
    input: "results/a.txt"
    output: "results/b.txt"
    shell: "cp {input} {output}"
"""
COMMAND = [sys.executable, "-m", "snakemake", "--cores", "1", "--nolock", "--rerun-incomplete", "--quiet", "all"]

pytestmark = pytest.mark.workflow


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "Snakefile").write_text(SNAKEFILE)
    (tmp_path / "in.txt").write_text("good\n")
    return tmp_path


def snakemake(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], cwd=folder, capture_output=True, text=True, check=False)


def statuses(folder: Path) -> list[str]:
    with database.reading(folder / "results") as session:
        return [line.status for line in queries.runs(session, 20)][::-1]


def state_of(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "results/pipeline_state.json").read_text()))


def test_a_run_a_no_op_and_a_failure_are_each_one_row_and_a_dry_run_none(folder: Path) -> None:
    dry = snakemake(folder, "--dry-run")
    assert dry.returncode == 0, dry.stderr
    assert not (folder / "results").exists()

    first = snakemake(folder)
    assert first.returncode == 0, first.stderr
    assert statuses(folder) == ["COMPLETE"]
    assert state_of(folder)["stages"] == {
        "copy": {"ran": 1, "reused": 0, "failed": 0, "waiting": 0},
        "last": {"ran": 1, "reused": 0, "failed": 0, "waiting": 0},
    }
    assert state_of(folder)["run"]["subjects"] == {"me": ["band"]}
    assert "2 jobs ran (copy 1, last 1)" in first.stderr
    with database.reading(folder / "results") as session:
        assert (folder / "run.txt").read_text().strip() == queries.runs(session, 1)[0].id

    again = snakemake(folder)
    assert statuses(folder) == ["COMPLETE", "COMPLETE"]
    assert "Nothing to do: all 2 results are up to date." in again.stderr

    (folder / "in.txt").write_text("BAD\n")
    failed = snakemake(folder)
    assert failed.returncode == 1
    assert statuses(folder) == ["COMPLETE", "COMPLETE", "FAIL"]
    assert state_of(folder)["stages"] == {
        "copy": {"ran": 0, "reused": 0, "failed": 1, "waiting": 0},
        "last": {"ran": 0, "reused": 0, "failed": 0, "waiting": 1},
    }
    assert "copy: failed. Log: logs/copy.log" in failed.stderr
    assert list((folder / "results/receipts/spool").iterdir()) == []


def test_a_fault_in_the_graph_is_a_failed_run_with_its_reason(folder: Path) -> None:
    (folder / "in.txt").unlink()
    assert snakemake(folder).returncode == 1
    with database.reading(folder / "results") as session:
        line = queries.runs(session, 1)[0]
    assert line.status == "FAIL"
    assert line.error.startswith("MissingInputException")
    assert snakemake(folder, "--", "nosuch").returncode == 1
    with database.reading(folder / "results") as session:
        assert queries.runs(session, 1)[0].error.startswith("MissingRuleException: No rule to produce nosuch")


def test_a_killed_run_is_an_abort_at_the_next_fold_and_not_while_it_lives(folder: Path) -> None:
    for pipe in ("started", "gate"):
        os.mkfifo(folder / pipe)
    with subprocess.Popen([*COMMAND], cwd=folder, stderr=subprocess.DEVNULL, start_new_session=True) as process:
        assert (folder / "started").read_text() == "go\n"  # blocks until the job runs
        record.fold(folder / "results")
        assert statuses(folder) == []
        os.killpg(process.pid, signal.SIGKILL)
    for pipe in ("started", "gate"):
        (folder / pipe).unlink()
    record.fold(folder / "results")
    assert statuses(folder) == ["ABORT"]
    told = state.current(folder / "results")
    assert told["failures"][0]["status"] == "ABORT"
    assert "Stopped after" in summary.text(told, folder / "results")
    assert "copy: interrupted." in summary.text(told, folder / "results")

    assert snakemake(folder).returncode == 0
    assert statuses(folder) == ["ABORT", "COMPLETE"]


def test_a_registry_that_cannot_be_written_does_not_break_the_run(folder: Path) -> None:
    (folder / "results").mkdir()
    (folder / "results/lineage.sqlite").write_text(
        "this is no database, but a long enough text to be taken for one" * 30
    )
    done = snakemake(folder)
    assert done.returncode == 0, done.stderr
    assert (folder / "results/b.txt").exists()
    assert "pdp: the run goes on, but its lineage is not recorded: RegistryError" in done.stderr


def test_the_command_is_kept_without_the_values_that_config_gave() -> None:
    arguments = [
        "/usr/bin/snakemake",
        "--cores",
        "4",
        "--config",
        "token=secret",
        "sheet=1234",
        "--forcerun",
        "validate",
    ]
    kept = ["snakemake", "--cores", "4", "--config", "token=...", "sheet=...", "--forcerun", "validate"]
    assert events._command(arguments) == kept
