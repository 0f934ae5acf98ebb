"""What was known on a day is built again beside the present, byte for byte, whatever was edited or deleted since."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.workflow.conftest import CUFF, Tree

pytestmark = pytest.mark.workflow

MORE = "Date,Time,Systolic,Diastolic,Pulse\n2025-04-02,07:10,133,85,62\n"


def instant() -> str:
    """Now, in the form of manifests; a clock of milliseconds is past it when this returns."""
    told = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    begun = time.monotonic()
    while time.monotonic() - begun < 0.002:
        pass
    return told


def test_the_past_is_built_beside_the_present_as_it_was(tree: Tree) -> None:
    tree.write("in/cuff/second.csv", MORE)
    tree.snakemake()
    then, moment = tree.artifacts(), instant()

    tree.write("in/cuff/log.csv", CUFF.replace("131,84", "151,94"))  # edited
    (tree.root / "in/cuff/second.csv").unlink()  # deleted
    tree.write("in/band/HEARTRATE_AUTO_2.csv", "date,time,heartRate\n2025-03-31,00:00,61\n")  # exported again
    tree.snakemake()
    now, memory = tree.artifacts(), (tree.root / "resources/raw/ada/cuff.manifest.json").read_bytes()
    assert now != then

    said = tree.snakemake("--config", f"as_of={moment}")
    (place,) = (tree.root / "results/as_of").iterdir()
    past = Tree(place)
    assert past.artifacts() == then
    assert tree.artifacts() == now, "a run into the past wrote into the present"
    assert (tree.root / "resources/raw/ada/cuff.manifest.json").read_bytes() == memory
    assert f"{place.name}/results/summary/ada" in said
    assert {receipt["rule"] for receipt in past.receipts()} >= {"ingest", "merge", "summarize"}

    asked = [sys.executable, "-m", "pdp.cli", "explain", "daily", "--day", "2025-03-29", "--json"]
    asked += ["--figure", "bp_systolic_mean_mmhg", "--results", str(place / "results")]
    answer = subprocess.run(
        asked, cwd=tree.root, env=tree.environment(PYTHONPATH="src"), capture_output=True, text=True, check=True
    )
    assert "131" in answer.stdout
    assert "151" not in answer.stdout
    assert json.loads(answer.stdout)

    before = [path.stat().st_mtime_ns for path in sorted(Path(place, "results/summary").rglob("*.parquet"))]
    tree.snakemake("--config", f"as_of={moment}")
    assert [path.stat().st_mtime_ns for path in sorted(Path(place, "results/summary").rglob("*.parquet"))] == before


def test_a_day_that_is_none_or_has_not_come_is_refused_in_a_sentence(seed: Tree) -> None:
    said = seed.snakemake("--config", "as_of=soon", fails=True)
    assert "as_of: is no day and no time. Write a day (2026-10-01)" in said
    said = seed.snakemake("--config", "as_of=2999-01-01", fails=True)
    assert "as_of: has not come yet" in said
    assert "Traceback" not in said
    assert 'File "' not in said
    assert not (seed.root / "results/as_of").exists()
