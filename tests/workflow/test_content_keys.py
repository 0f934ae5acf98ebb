"""A job runs exactly when its inputs, its code, its parameters or its libraries changed in content."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.workflow.conftest import (
    ALL_OF_BAND,
    BAND_MERGES,
    CUFF_MERGES,
    EVERYTHING,
    GROWN,
    SUMMARIES,
    SUMMARY,
    Tree,
)

pytestmark = pytest.mark.workflow


def test_a_second_run_only_polls(tree: Tree) -> None:
    before = tree.artifacts()
    assert tree.ran() == []
    assert tree.artifacts() == before


def test_the_offline_profile_does_not_even_poll(tree: Tree) -> None:
    polls = len(tree.receipts())
    assert tree.ran("--workflow-profile", "profiles/offline") == []
    assert len(tree.receipts()) == polls


def test_touching_every_file_runs_nothing(tree: Tree) -> None:
    for path in tree.root.rglob("*"):
        if path.is_file():
            os.utime(path)
    assert tree.ran() == []


def test_a_git_checkout_of_the_code_runs_nothing(tree: Tree) -> None:
    def git(*arguments: str) -> None:
        identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
        subprocess.run(["git", *identity, *arguments], cwd=tree.root, check=True, capture_output=True)

    tree.write(".gitignore", "results\nresources\n.snakemake\nlogs\n")
    git("init")
    git("add", ".")
    git("commit", "-m", "x")
    for path in ("src", "scripts", "workflow", "Snakefile", "config", "in"):
        target = tree.root / path
        shutil.rmtree(target) if target.is_dir() else target.unlink()
    git("checkout", "--", ".")
    assert tree.ran() == []


def test_a_copy_of_the_folder_elsewhere_runs_nothing(tree: Tree, tmp_path: Path) -> None:
    shutil.copytree(tree.root, tmp_path / "elsewhere", copy_function=shutil.copy)  # new times
    assert Tree(tmp_path / "elsewhere", tree.known).ran() == []


def test_an_edit_in_a_module_of_one_stage_runs_that_stage_and_what_follows(tree: Tree) -> None:
    with (tree.root / "src/pdp/summarize/__init__.py").open("a") as module:
        module.write("\nANOTHER_CONSTANT = 1\n")
    assert tree.ran() == SUMMARIES


def test_a_setting_of_one_source_runs_that_source(tree: Tree) -> None:
    tree.edit("config/config.yaml", "format: zepp_life", "format: zepp_life\n        device: Band 7")
    # The days come out the same, so what is computed from the days alone does not run.
    assert tree.ran() == sorted([*ALL_OF_BAND, *BAND_MERGES, "summarize ada"])


def test_a_limit_runs_validation_and_what_follows(tree: Tree) -> None:
    with (tree.root / "config/config.yaml").open("a") as config:
        config.write("limits: {systolic_mmhg: {likely: [80, 128]}}\n")
    ran = tree.ran()
    assert set(ran) >= {"validate ada/band", "validate ada/cuff", *CUFF_MERGES, "summarize ada"}
    # The band has no blood pressure: its tables come out the same.
    assert not set(ran) & {*BAND_MERGES, *(name for name in EVERYTHING if name.startswith(("normalize", "events")))}


def test_a_priority_runs_the_merge_of_its_measure(tree: Tree) -> None:
    tree.edit(
        "config/config.yaml",
        "    time_zone: Europe/Berlin\n",
        "    time_zone: Europe/Berlin\n    priority: {blood_pressure: [cuff, band]}\n",
    )
    assert tree.ran() == ["merge ada/blood_pressure"]  # of one device alone: the same rows


def test_what_changes_no_content_runs_nothing(tree: Tree) -> None:
    # A setting there and back without a run between.
    tree.edit("config/config.yaml", "format: zepp_life", "format: zepp_life\n        device: Band 7")
    tree.snakemake("--dry-run")
    tree.edit("config/config.yaml", "format: zepp_life\n        device: Band 7", "format: zepp_life")
    # A comment, a docstring, another layout.
    module = tree.root / "src/pdp/normalize/__init__.py"
    lines = module.read_text().splitlines()
    module.write_text("\n\n".join(f"{line}  # noted" if line.startswith("from pdp") else line for line in lines))
    tree.edit("src/pdp/store.py", '"""Hex digest of a file."""', '"""The hex digest of one file."""')
    tree.edit("scripts/merge.py", '"""Rule merge.', '"""The rule merge.')
    # The same export under another name.
    shutil.copy(tree.root / "in/cuff/log.csv", tree.root / "in/cuff/log (1).csv")
    # What only the poll runs.
    with (tree.root / "src/pdp/transports/folder.py").open("a") as transport:
        transport.write("\nANOTHER_CONSTANT = 1\n")
    assert tree.ran() == []


def test_a_new_export_runs_its_own_jobs_and_its_measures(built: Tree, grown: Tree) -> None:
    new = Tree(grown.root, set(built.known))
    assert new.new_jobs() == GROWN
    assert len(list(grown.root.glob("results/normalized/ada/cuff/*"))) == 2


def test_a_removed_export_leaves_the_merge_and_stays_in_the_raw_store(grown: Tree, tmp_path: Path) -> None:
    tree = grown.copy(tmp_path / "tree")
    (tree.root / "in/cuff/april.csv").unlink()
    assert tree.ran() == sorted(CUFF_MERGES + SUMMARY)
    assert len([path for path in (tree.root / "resources/raw/ada").iterdir() if not path.suffix]) == 3


def test_changed_content_with_an_older_time_is_seen(tree: Tree) -> None:
    path = tree.write("in/cuff/log.csv", (tree.root / "in/cuff/log.csv").read_text() + "2025-03-31,07:00,126,80,58\n")
    os.utime(path, (1_000_000_000, 1_000_000_000))
    assert tree.ran() == GROWN


def test_without_snakemakes_own_records_nothing_runs_and_changes_are_still_seen(tree: Tree) -> None:
    shutil.rmtree(tree.root / ".snakemake")
    assert tree.ran() == []
    shutil.rmtree(tree.root / ".snakemake")
    with (tree.root / "src/pdp/formats/bp_log.py").open("a") as module:
        module.write("\nANOTHER_CONSTANT = 1\n")
    assert tree.ran() == GROWN


def test_a_failing_job_fails_again_and_the_rest_goes_on(tree: Tree) -> None:
    with (tree.root / "src/pdp/formats/bp_log.py").open("a") as module:
        module.write("\n\ndef parse(export, settings):\n    raise RuntimeError('12' + '0/80')\n    yield\n")
    last_good = {path: digest for path, digest in tree.artifacts().items() if "/merged/" in path}
    assert tree.ran(fails=True) == ["normalize ada/cuff"]
    said = tree.snakemake(fails=True)
    assert "RuntimeError: its text is withheld" in said
    assert "120/80" not in said
    assert tree.new_jobs() == ["normalize ada/cuff"]
    now = tree.artifacts()
    assert {path: now.get(path) for path in last_good} == last_good


def test_a_deleted_artifact_is_made_again(tree: Tree) -> None:
    before = tree.artifacts()
    shutil.rmtree(tree.root / "results/validated/ada/cuff")
    assert "validate ada/cuff" in tree.ran()
    assert tree.artifacts() == before


def test_another_version_of_a_library_runs_what_imports_it(tree: Tree, tmp_path: Path) -> None:
    fake = tmp_path / "site" / "pandera-99.0.dist-info"
    fake.mkdir(parents=True)
    (fake / "METADATA").write_text("Metadata-Version: 2.1\nName: pandera\nVersion: 99.0\n")
    ran = tree.ran(PYTHONPATH=str(tmp_path / "site"))
    assert "validate ada/cuff" in ran
    assert not any(name.startswith("normalize") for name in ran)


def test_a_dry_run_leaves_no_receipt_and_says_what_would_run(tree: Tree) -> None:
    with (tree.root / "src/pdp/summarize/__init__.py").open("a") as module:
        module.write("\nANOTHER_CONSTANT = 1\n")
    polls = len(tree.receipts())
    jobs = {name.split()[0]: 1 for name in SUMMARIES}
    assert tree.would_run() == {**jobs, "all": 1}
    assert len(tree.receipts()) == polls


def test_a_dry_run_with_nothing_new_says_so(tree: Tree) -> None:
    assert tree.would_run() == {}


def test_the_report_shows_every_stage(tree: Tree) -> None:
    tree.snakemake("--report", "results/report.html")
    report = (tree.root / "results/report.html").read_text(encoding="utf-8")
    for stage in ("ingest", "normalize", "validate", "merge", "summarize"):
        assert f'"{stage}"' in report
    assert "One row per local day of ada" in report


def test_a_clean_forgets_no_document_and_the_next_run_makes_the_same(grown: Tree, tmp_path: Path) -> None:
    tree = grown.copy(tmp_path / "tree")
    tree.edit("config/config.yaml", "format: bp_log", "format: bp_log\n        on_gone: keep")
    (tree.root / "in/cuff/april.csv").unlink()
    assert tree.ran() == []
    before = tree.artifacts()
    tree.snakemake("--delete-all-output")
    assert tree.artifacts() == {}
    tree.snakemake()
    assert tree.artifacts() == before


def test_another_zone_of_one_source_runs_that_source(tree: Tree) -> None:
    tree.edit("config/config.yaml", "format: zepp_life", "format: zepp_life\n        time_zone: Asia/Kathmandu")
    assert tree.would_run().items() >= {"normalize": 1, "validate": 1, "pyramid": 1, "summarize": 1}.items()
    assert "home_bp" not in tree.would_run()


def test_a_touched_csv_of_events_runs_nothing_and_a_new_line_what_reads_it(tree: Tree) -> None:
    events = tree.write("in/events.csv", "date,kind,text\n2025-03-29,medication,first tablet\n")
    tree.edit(
        "config/config.yaml",
        "    time_zone: Europe/Berlin\n",
        "    time_zone: Europe/Berlin\n    events: in/events.csv\n",
    )
    assert "events ada" in tree.ran()
    events.touch()
    assert tree.ran() == []
    tree.write("in/events.csv", events.read_text() + "2025-03-30,note,a long walk\n")
    assert tree.ran() == ["events ada", "report_facts ada", "report_pages ada", "trends ada"]
