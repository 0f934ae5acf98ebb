"""`snakemake report` with the real snakemake: prints when asked, and only what changed."""

from __future__ import annotations

import hashlib

from pdp.report import verification
from tests.workflow.conftest import Tree

PDF = "results/published/ada/report.pdf"


def test_the_report_is_printed_when_asked_for_and_not_by_a_plain_run(tree: Tree) -> None:
    assert tree.ran() == []
    assert not (tree.root / PDF).exists()
    assert tree.ran("report") == ["report_pdf ada"]
    pdf = (tree.root / PDF).read_bytes()
    facts = (tree.root / "results/summary/ada/report.json").read_bytes()
    assert verification.data_sha256(pdf) == hashlib.sha256(facts).hexdigest()

    assert tree.ran("report") == []
    (tree.root / PDF).unlink()
    assert tree.ran() == []
    assert tree.ran("report") == ["report_pdf ada"]
    assert (tree.root / PDF).read_bytes() == pdf


def test_another_drawing_prints_again_and_chooses_nothing_again(tree: Tree) -> None:
    tree.snakemake("report")
    tree.new_jobs()
    tree.edit("src/pdp/report/plot_days.py", "WIDTH, HEIGHT = 674.0, 270.0", "WIDTH, HEIGHT = 673.0, 270.0")
    assert tree.ran() == ["report_pages ada"]  # the sheet is shown there, too
    assert tree.ran("report") == ["report_pdf ada"]


def test_the_name_on_the_report_changes_the_report_alone(tree: Tree) -> None:
    tree.edit("config/config.yaml", "  ada:\n", "  ada:\n    name: Ada King\n")
    assert tree.ran("report") == ["report_facts ada", "report_pdf ada"]
    assert b"Home blood pressure report: Ada King" in (tree.root / PDF).read_bytes()
