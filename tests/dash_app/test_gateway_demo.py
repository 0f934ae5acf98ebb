"""Nothing but the synthetic demo is ever shown to everybody, whatever stands under its name."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
import yaml

from dash_app import gateway_demo
from dash_app.app import create_app
from dash_app.gateway_folder import DemoGateway
from dash_app.gateway_tables import NoDataError
from tests.dash_app.owner import little_demo
from tests.workflow.conftest import ROOT

FOREIGN = hashlib.sha256(b"somebody's own file").hexdigest()
REFUSED = "were not made of the synthetic demo alone, so they are not shown"


@pytest.fixture
def results(demo_folder: Path, tmp_path: Path) -> Path:
    """The demo's small results in a folder of the test's own: results."""
    for name in ("summary", "manifests", "superseded"):
        shutil.copytree(demo_folder / "results" / name, tmp_path / "results" / name)
    return tmp_path / "results"


def test_the_known_exports_are_the_files_of_the_demo_and_the_known_words_those_of_its_configuration() -> None:
    files = [path for path in (ROOT / "resources/demo").glob("*/*") if path.suffix in (".csv", ".zip")]
    assert {hashlib.sha256(path.read_bytes()).hexdigest() for path in files} == gateway_demo.EXPORTS
    demo = yaml.safe_load((ROOT / "config/config.yaml").read_text())["subjects"]["demo"]
    events = [(str(each["date"]), each["kind"], each["text"]) for each in demo["events"]]
    assert gateway_demo.sha256_of_events(events) == gateway_demo.EVENTS
    assert demo["name"] == gateway_demo.NAME


def test_the_demo_as_the_workflow_makes_it_is_shown(demo_folder: Path, results: Path) -> None:
    gateway_demo.prove(demo_folder)
    gateway_demo.prove(results.parent)


def _in_a_manifest(results: Path) -> None:
    place = results / "manifests/demo/cuff.json"
    document = json.loads(place.read_text())
    document["documents"][0]["revisions"].append(document["documents"][0]["revisions"][0] | {"sha256": FOREIGN})
    place.write_text(json.dumps(document))


def _in_the_account(results: Path) -> None:
    place = results / "summary/demo/conservation.json"
    document = json.loads(place.read_text())
    document["exports"][0]["export"] = FOREIGN[:16]
    place.write_text(json.dumps(document))


def _unaccounted(results: Path) -> None:
    place = results / "summary/demo/conservation.json"
    place.write_text(json.dumps(json.loads(place.read_text()) | {"exports": []}))


def _in_a_table(results: Path) -> None:
    (results / "merged/demo").mkdir(parents=True)
    pq.write_table(pa.table({"export": [FOREIGN[:16]]}), results / "merged/demo/heart_rate.parquet")


def _among_the_readings(results: Path) -> None:
    place = results / "summary/demo/bp_readings.parquet"
    table = pq.read_table(place)
    at = table.column_names.index("reading")
    foreign = pa.array([f"cuff/{FOREIGN[:16]}/a.csv/1", *table["reading"].to_pylist()[1:]])
    pq.write_table(table.set_column(at, table.schema.field(at), foreign), place)


def _in_quarantine(results: Path) -> None:
    (results / "quarantine/demo/cuff").mkdir(parents=True)
    (results / f"quarantine/demo/cuff/{FOREIGN[:16]}.parquet").touch()


def _in_the_events(results: Path) -> None:
    place = results / "summary/demo/events.parquet"
    table = pq.read_table(place)
    at = table.column_names.index("text")
    pq.write_table(table.set_column(at, table.schema.field(at), pc.utf8_upper(table["text"])), place)


def _in_the_name(results: Path) -> None:
    place = results / "summary/demo/report.json"
    place.write_text(json.dumps(json.loads(place.read_text()) | {"name": "Kanarienvogel"}))


@pytest.mark.parametrize(
    "smuggle",
    [
        _in_a_manifest,
        _in_the_account,
        _unaccounted,
        _in_a_table,
        _among_the_readings,
        _in_quarantine,
        _in_the_events,
        _in_the_name,
    ],
)
def test_one_trace_of_somebodys_own_under_the_demos_name_and_nothing_is_shown(
    results: Path, smuggle: Callable[[Path], Any]
) -> None:
    gateway_demo.prove(results.parent)
    smuggle(results)
    with pytest.raises(NoDataError, match=REFUSED):
        DemoGateway(results.parent).dataset()


def test_the_page_says_in_a_sentence_why_nothing_is_shown(tmp_path: Path) -> None:
    _unaccounted(little_demo(tmp_path) / "results")
    page = create_app(DemoGateway(tmp_path)).server.test_client().get("/").get_data(as_text=True)
    assert REFUSED in page
    assert "121" not in page.partition("<script id=")[0].partition("</head>")[2]
