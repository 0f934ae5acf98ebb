"""`pdp verify`: receipts, history, strangers, and what --repair may delete."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pdp.cli import main
from tests.workplace import Workplace

RAW = "resources/raw/me/"


@pytest.fixture
def place(tmp_path: Path) -> Workplace:
    """A raw export, a table made of it, and a run."""
    work = Workplace(tmp_path)
    raw = work.file(f"{RAW}export", "date,systolic\n")
    path = f"{RAW}{raw['sha256'][:16]}"
    (tmp_path / raw["path"]).rename(tmp_path / path)
    made = work.file("results/merged/me/blood_pressure.parquet", "a table")
    work.job("merge", [{**raw, "path": path}], [made], run="r1")
    work.run("r1")
    assert pdp(work).exit_code == 0
    return work


def pdp(place: Workplace, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["verify", *arguments, "--results", str(place.root)])


def findings(place: Workplace) -> list[tuple[str, str]]:
    return [(one["kind"], one["path"]) for one in json.loads(pdp(place, "--json").stdout)["findings"]]


def test_it_says_how_much_was_read_how_fast_and_what_was_left_out(place: Workplace) -> None:
    (place.root / "as_of/2026-01-01").mkdir(parents=True)
    said = json.loads(pdp(place, "--json").stdout)
    assert (said["bytes"], said["receipts"], said["left_out"]) == (21, 2, ["results/as_of"])
    assert "Left out: results/as_of." in pdp(place).output


def test_what_only_the_registry_knows_is_found(place: Workplace) -> None:
    for archive in (place.root / "receipts").glob("*.jsonl"):
        archive.write_text("")
    assert findings(place) == [("unvouched", "results/lineage.sqlite")] * 2
    assert "Restore results/receipts from a backup" in pdp(place).output


def test_a_stranger_beside_the_raw_exports_is_unknown_and_stays(place: Workplace) -> None:
    stranger = place.folder / RAW / "notes.txt"
    stranger.write_text("mine")
    assert findings(place) == [("unknown", f"{RAW}notes.txt")]
    pdp(place, "--repair", "--yes")
    assert stranger.exists()


def test_a_copy_that_the_history_compares_with_must_be_a_version_that_was_made(place: Workplace) -> None:
    kept = place.root / "history/me/.merged.blood_pressure.parquet"
    kept.parent.mkdir(parents=True)
    shutil.copy(place.root / "merged/me/blood_pressure.parquet", kept)
    assert findings(place) == []
    kept.write_text("other")
    assert findings(place) == [("altered", "results/history/me/.merged.blood_pressure.parquet")]


def test_repair_deletes_altered_tables_when_told_and_never_a_raw_export(place: Workplace) -> None:
    table = place.root / "merged/me/blood_pressure.parquet"
    (raw,) = (place.folder / RAW).iterdir()
    table.write_text("altered")
    raw.write_text("altered, too")

    declined = CliRunner().invoke(main, ["verify", "--repair", "--results", str(place.root)], input="n\n")
    assert (declined.exit_code, table.exists()) == (1, True)
    done = pdp(place, "--repair", "--yes")

    assert done.exit_code == 1  # the raw export is still not as it was
    assert "Deleted or made again: 1. Now run snakemake" in done.output
    assert not table.exists()
    assert raw.read_text() == "altered, too"


def test_repair_that_leaves_nothing_wrong_ends_well(place: Workplace) -> None:
    (place.root / "merged/me/blood_pressure.parquet").write_text("altered")
    assert pdp(place, "--repair", "--yes").exit_code == 0


def test_without_a_registry_it_can_not_look(tmp_path: Path) -> None:
    assert CliRunner().invoke(main, ["verify", "--results", str(tmp_path / "results")]).exit_code == 2
