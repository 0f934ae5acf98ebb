"""The page of one number tells what it was in earlier versions, and what changed it."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from dash_app.app import create_app
from dash_app.gateway_folder import DemoGateway
from dash_app.gateway_local import FolderGateway
from pdp.lineage import noted, record
from tests.dash_app.documents import first_paint, text
from tests.workplace import Workplace, measured

HEAD = "Date,Time,Sys,Dia,Pulse,Note\n"
ADDRESS = "/lineage?metric=daily.bp_systolic_mean_mmhg&day=2025-03-14"


def page_after(folder: Path, *readings: str) -> str:
    """The page, once each of the texts was the log, one run after the other."""
    place = Workplace(folder)
    for at, reading in enumerate(readings):
        (folder / "results/summary/me/daily.parquet").unlink(
            missing_ok=True
        )  # jobs replace tables, never write in them
        measured(place, text=f"{HEAD}{reading}\n2025-03-15,07:12,141,91,66,\n")
        record.fold(folder / "results")
        noted.note(folder / "results", f"2025-04-0{at + 1}T06:00:00.000Z")
    return text(first_paint(create_app(FolderGateway(folder, "me")).server.test_client(), ADDRESS))


def test_a_corrected_reading_shows_both_values_of_its_day_with_the_cause(tmp_path: Path) -> None:
    page = page_after(tmp_path, "2025-03-14,07:12,133,82,66,", "2025-03-14,07:12,132,81,66,")
    told = page[page.index("What it was before") :]
    assert told.index("version 2") < told.index("version 1")
    assert "first made" in told
    now, before = told[: told.index("version 2")], told[told.index("version 2") :]
    assert " 132 " in now
    assert "replaced by" in now
    assert " 133 " in before


def test_a_number_that_was_never_another_says_so(tmp_path: Path) -> None:
    page = page_after(tmp_path, "2025-03-14,07:12,133,82,66,")
    assert "No other: it has been this since" in page


@pytest.mark.parametrize(
    "query",
    ["metric=nights.efficiency&day=2025-10-06", "metric=daily.bp_systolic_mean_mmhg&day=2025-10-06&since=2025-10-01"],
)
def test_what_is_no_figure_of_one_day_has_no_such_section(demo_folder: Path, query: str) -> None:
    client: FlaskClient = create_app(DemoGateway(demo_folder)).server.test_client()
    assert "What it was before" not in text(first_paint(client, f"/lineage?{query}"))
