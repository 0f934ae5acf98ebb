"""A reading that was edited, deleted and brought back under another name: its history says exactly that."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.workflow.conftest import CUFF, Tree

pytestmark = pytest.mark.workflow

READING = "2025-03-29T06:10"  # 07:10 in Berlin, where the log is kept


def asked(tree: Tree, *arguments: str) -> str:
    """What the command line says."""
    command = [sys.executable, "-m", "pdp.cli", "history", *arguments]
    environment = tree.environment(PYTHONPATH="src")
    return subprocess.run(command, cwd=tree.root, env=environment, capture_output=True, text=True, check=True).stdout


def history(tree: Tree, *arguments: str) -> dict[str, Any]:
    """The same for programs."""
    answer: dict[str, Any] = json.loads(asked(tree, *arguments, "--json"))
    return answer


def told(versions: list[dict[str, Any]]) -> list[tuple[str, str, Any, tuple[int, ...]]]:
    """Versions in short: what, fate, systolic value, rows."""
    return [
        (
            one["what"],
            one["found"]["fate"] if one["found"] else "",
            one["found"]["values"].get("systolic_mmhg") if one["found"] else None,
            tuple(one["rows"]),
        )
        for one in versions
    ]


def test_edits_a_deletion_and_a_return_under_another_name_are_told_one_by_one(tree: Tree) -> None:
    line = "2025-03-29,07:10,131,84,61\n"
    texts = [
        CUFF.replace("07:10,131", "07:10,141"),  # a cell is corrected
        CUFF.replace("07:10,131", "07:10,oops"),  # to what nobody can read
        CUFF.replace("07:10,131", "07:10,131").replace("131,84", "900,84"),  # to what nobody can have
        CUFF.replace(line, ""),  # the row is deleted
    ]
    for text in texts:
        tree.write("in/cuff/log.csv", text)
        tree.snakemake()
    gone = asked(tree, "merged/blood_pressure", "--where", f"start_utc={READING}")
    assert "Now: not in the data set." in gone

    tree.write("in/cuff/found again.csv", f"Date,Time,Systolic,Diastolic,Pulse\n2025-04-01,08:00,120,80,60\n{line}")
    tree.snakemake()

    answer = history(tree, "merged/blood_pressure", "--where", f"start_utc={READING}")
    first, second = answer["documents"]
    assert (first["document"], first["is_there"], first["revisions"]) == ("log.csv", True, 5)
    assert told(first["versions"]) == [
        ("present", "accepted", 131.0, (2,)),
        ("present", "accepted", 141.0, (2,)),
        ("present", "unread", None, (2,)),
        ("present", "quarantined", 900.0, (2,)),
        ("absent", "", None, ()),
    ]
    unread, refused = first["versions"][2]["found"], first["versions"][3]["found"]
    assert (unread["reason"], unread["text"]) == ("not_a_number", "2025-03-29,07:10,oops,84,61")
    assert refused["reason"] == "systolic_mmhg_impossible"
    stamps = [one["since"] for one in first["versions"]]
    assert stamps == sorted(set(stamps))
    assert all(
        one["until"] <= later["since"] for one, later in zip(first["versions"], first["versions"][1:], strict=False)
    )

    assert (second["document"], second["is_there"]) == ("found again.csv", True)
    assert told(second["versions"]) == [("present", "accepted", 131.0, (3,))]
    (now,) = answer["now"]
    assert (now["export"], now["row"], now["winner"]) == (second["versions"][0]["exports"][0], 3, None)

    text = asked(tree, "merged/blood_pressure", "--where", f"start_utc={READING}")
    for words in (
        "systolic_mmhg 131 -> 141",
        "unread, not a number",
        "deleted",
        'counts in the data set, from row 3 of "found again.csv"',
    ):
        assert words in text

    figure = history(tree, "daily", "--day", "2025-03-29", "--figure", "bp_systolic_mean_mmhg")
    assert [(one["value"], one["n"]) for one in figure["versions"]] == [
        (130.0, 2),
        (135.0, 2),
        (129.0, 1),
        (130.0, 2),
    ]
    assert all(one["is_noted"] and one["run"] for one in figure["versions"])
    assert figure["versions"][0]["cause"] == "first made"
    assert "replaced by" in figure["versions"][1]["cause"]
