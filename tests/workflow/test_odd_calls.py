"""Calls that nobody planned for, made of the real Snakemake."""

from __future__ import annotations

from tests.workflow.conftest import Tree


def test_calls_that_can_not_be_meant_end_in_a_sentence_and_leave_everything_as_it_was(tree: Tree) -> None:
    before = tree.artifacts()
    assert "--touch: would date results" in tree.snakemake("--touch", fails=True)
    assert "--omit-from merge stops after validate" in tree.snakemake("--until", "validate", fails=True)
    said = tree.snakemake("results/summary/bob/daily.parquet", fails=True)
    assert "No rule to produce results/summary/bob/daily.parquet" in said
    assert "Traceback" not in said
    assert (tree.artifacts(), tree.would_run()) == (before, {})
