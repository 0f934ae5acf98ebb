"""A spreadsheet and a folder on Drive feed the real workflow: a cell that is edited reruns exactly its jobs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, time
from pathlib import Path

import pytest

from tests.google.fixtures import Google, told
from tests.workflow.conftest import BAND, EVERYTHING, GROWN, Tree

pytestmark = pytest.mark.workflow

CONFIG = """\
subjects:
  ada:
    time_zone: Europe/Berlin
    sources:
      cuff:
        transport: google_sheets
        location: {spreadsheet: "${ADAS_SHEET}"}
        format: bp_log
      band:
        transport: google_drive
        location: {folder: "${ADAS_FOLDER}", pattern: "**/*.csv"}
        format: zepp_life
"""
ROWS = [
    ["Datum", "Zeit", "Sys", "Dia", "Puls"],
    [date(2025, 3, 29), time(7, 10), 131, 84, 61],
    [date(2025, 3, 29), time(21, 5), "abc", 80, 66],
    [date(2025, 3, 30), time(7, 20), 127.5, 81, 59],
]


@pytest.fixture
def google() -> Iterator[Google]:
    """A stand-in that other processes are told of."""
    with Google() as stand_in:
        yield stand_in


def test_an_edited_cell_reruns_its_jobs_and_a_source_that_is_lost_reruns_none(
    google: Google, seed: Tree, tmp_path: Path
) -> None:
    sheet = google.sheets.put("Ada's log", {"Blutdruck": ROWS}, locale="de_DE", shared_with=[google.reader])
    folder = google.files.folder("Ada's exports", shared_with=[google.reader])
    below = google.files.folder("2025", parent=folder)
    google.files.put("Ada_HEARTRATE_AUTO_1.csv", BAND.encode(), parent=below)
    google.files.document("Ada's diary.csv", parent=folder)
    environment = told(google, tmp_path) | {"ADAS_SHEET": sheet, "ADAS_FOLDER": folder, "PDP_DISCREET": "1"}
    environment["PDP_GOOGLE_PATIENCE_S"] = "0"
    seed.write("config/config.yaml", CONFIG)

    printed = seed.snakemake(**environment)
    assert seed.new_jobs() == EVERYTHING
    assert "ada/cuff: 1 document, 1 new export" in printed
    assert "1 not taken: it is a document of Google's own, which has no file: download it as one" in printed
    first = seed.artifacts()
    assert seed.ran(**environment) == []

    google.sheets.edit(sheet, "Blutdruck", [*ROWS[:3], [*ROWS[3][:3], 82, 59]])
    assert seed.ran(**environment) == GROWN
    changed = {path for path, digest in seed.artifacts().items() if first.get(path) != digest}
    assert [path for path in changed if "/band/" in path or path.endswith("merged/ada/heart_rate.parquet")] == []

    google.files.unshare(sheet, google.reader)
    lost = seed.snakemake(**environment)
    assert seed.new_jobs() == []
    assert "ada/cuff: could not be reached since" in lost
    assert f"Share it with {google.reader}" in lost

    (document,) = json.loads((seed.root / "results/manifests/ada/cuff.json").read_text())["documents"]
    assert len(document["revisions"]) == 2
    logs = "".join(path.read_text() for path in seed.root.glob("logs/**/*.log"))
    for text in (printed, lost, logs):
        for name in ("Ada's", "Ada_", "Blutdruck", sheet, folder):
            assert name not in text
