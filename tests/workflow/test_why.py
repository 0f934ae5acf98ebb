"""Numbers changed on purpose, in source, code and settings: the answer names each, and what it did to the days."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.workflow.conftest import CUFF, Tree

pytestmark = pytest.mark.workflow


def pdp(tree: Tree, *arguments: str) -> str:
    """What the command says."""
    command = [sys.executable, "-m", "pdp.cli", *arguments]
    done = subprocess.run(
        command, cwd=tree.root, env=tree.environment(PYTHONPATH="src"), capture_output=True, text=True, check=True
    )
    return done.stdout


def why(tree: Tree, *arguments: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(pdp(tree, "why", *arguments, "--json"))
    return answer


def effect_on(answer: dict[str, Any], table: str) -> dict[str, Any]:
    (found,) = [each["effect"] for each in answer["effects"] if each["path"].endswith(f"/{table}.parquet")]
    return dict(found)


def test_each_cause_is_named_with_before_and_after_and_what_it_did(tree: Tree) -> None:
    # A cell of the sheet: 131 was 151 all along, and a reading more that can't be.
    tree.write("in/cuff/log.csv", CUFF.replace("131,84", "151,84") + "2025-03-31,07:00,900,80,60\n")
    tree.snakemake()
    answer = why(tree, "daily")
    came, went = sorted(answer["exports"], key=lambda export: not export["is_new"])
    assert (came["source"], came["documents"], came["quarantined"]) == ("cuff", ["log.csv"], 1)
    assert (went["is_new"], went["accepted"]) == (False, came["accepted"])
    day = effect_on(answer, "daily")
    assert day["corrected"]["2025-03-29"]["bp_systolic_mean_mmhg"] == [130.0, 140.0]
    assert (day["added"], day["gone"]) == ([], [])
    reading = effect_on(why(tree, "merged/blood_pressure"), "blood_pressure")
    assert list(reading["corrected"].values()) == [{"systolic_mmhg": [131.0, 151.0]}]
    said = pdp(tree, "why", "merged/blood_pressure")
    assert "cuff" in said
    assert "1 quarantined" in said
    assert "systolic_mmhg: 151" not in said
    assert "systolic_mmhg: 131 -> 151 (+20)" in said
    assert "2025-03-29 bp_systolic_mean_mmhg: 130 -> 140 (+10)" in said

    # A setting: what is possible.
    tree.write(
        "config/config.yaml",
        (tree.root / "config/config.yaml").read_text()
        + "limits:\n  systolic_mmhg: {possible: [50, 140], likely: [60, 135]}\n",
    )
    tree.snakemake()
    answer = why(tree, "daily")
    changed = {(root["kind"], root["name"]): (root["before"], root["after"]) for root in answer["roots"]}
    assert changed[("setting", "limits.systolic_mmhg.possible")] == ("", "[50, 140]")
    assert effect_on(answer, "daily")["corrected"]["2025-03-29"]["bp_systolic_mean_mmhg"] == [140.0, 129.0]

    # Code: two digests of one module.
    module = "src/pdp/summarize/__init__.py"
    source = (tree.root / module).read_text(encoding="utf-8")
    tree.write(module, source + "\n_WHY = 1\n")
    tree.snakemake()
    again = why(tree, "daily")["again"]
    assert [change["name"] for change in again["changes"]] == ["pdp.summarize"]
    assert all(change["before"] != change["after"] for change in again["changes"])

    whole = effect_on(why(tree, "daily", "--from", "v1", "--to", "v3"), "daily")
    assert whole["corrected"]["2025-03-29"]["bp_systolic_mean_mmhg"] == [130.0, 129.0]
