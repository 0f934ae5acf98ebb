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


def test_what_a_lost_raw_export_keeps_from_being_made_anew_is_told_until_it_is_back(tree: Tree) -> None:
    raw = next(path for path in (tree.root / "resources/raw/ada").iterdir() if "07:10" in path.read_text())
    source = tree.root / "in/cuff"
    raw.unlink()
    source.rename(tree.root / "in/away")
    tree.edit("config/config.yaml", "format: bp_log", "format: bp_log\n        device: Another")
    said = tree.snakemake()
    assert f"NOT BROUGHT UP TO DATE: resources/raw/ada/{raw.name}:" in said
    assert said.index("Done in") < said.index("NOT BROUGHT")
    assert "NOT BROUGHT" in tree.snakemake("--workflow-profile", "profiles/offline")
    (tree.root / "in/away").rename(source)
    tree.new_jobs()
    assert "NOT BROUGHT" not in tree.snakemake()
    assert "normalize ada/cuff" in tree.new_jobs()
