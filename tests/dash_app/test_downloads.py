"""What /download hands out: the demo's rows, named for nobody, never kept, and refusals in words."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from fhir.resources.R4B.bundle import Bundle
from flask.testing import FlaskClient

from dash_app.app import create_app
from dash_app.gateway_folder import DemoGateway
from dash_app.gateway_local import FolderGateway
from pdp import publish
from tests.dash_app.documents import first_paint, links, text
from tests.dash_app.owner import CANARY, OWN_LOG, little_demo, own_folder
from tests.dash_app.test_gateway import manifest
from tests.published import resources_of, rows_of_csv, table_of

RANGE = "?from=2025-10-01&to=2025-10-31"


@pytest.fixture(scope="module")
def client(demo_folder: Path) -> FlaskClient:
    return create_app(DemoGateway(demo_folder)).server.test_client()


def test_csv_parquet_and_fhir_hold_the_rows_of_the_merged_table(client: FlaskClient, demo_folder: Path) -> None:
    lines = rows_of_csv(client.get(f"/download/blood_pressure.csv{RANGE}").data)
    kept = table_of(client.get(f"/download/blood_pressure.parquet{RANGE}").data)
    panels = resources_of(client.get(f"/download/health.fhir.json{RANGE}").data, loinc="85354-9")
    merged = pq.read_table(demo_folder / "results/merged/demo/blood_pressure.parquet").to_pylist()
    expected = [
        (row["systolic_mmhg"], row["diastolic_mmhg"])
        for row in merged
        if "2025-10-01T00:00" <= row["start_utc"].replace(tzinfo=None).isoformat() < "2025-10-31T23:00"
    ]
    assert [(float(line["systolic_mmhg"]), float(line["diastolic_mmhg"])) for line in lines] == expected
    assert list(zip(kept["systolic_mmhg"].to_pylist(), kept["diastolic_mmhg"].to_pylist(), strict=True)) == expected
    values = [tuple(part["valueQuantity"]["value"] for part in panel["component"]) for panel in panels]
    assert values == expected


def test_nights_and_steps_of_the_bundle_are_those_of_the_tables(client: FlaskClient) -> None:
    bundle = client.get(f"/download/health.fhir.json{RANGE}").data
    nights = rows_of_csv(client.get(f"/download/nights.csv{RANGE}").data)
    days = rows_of_csv(client.get(f"/download/daily.csv{RANGE}").data)
    slept = [one["valueQuantity"]["value"] for one in resources_of(bundle, loinc="93832-4")]
    assert slept == [float(night["total_sleep_min"]) for night in nights if night["total_sleep_min"]]
    steps = {
        one["effectivePeriod"]["start"]: one["valueQuantity"]["value"] for one in resources_of(bundle, loinc="55423-8")
    }
    assert steps == {day["date"]: int(day["steps"]) for day in days if day["steps"]}
    assert len(days) == 31


def test_the_average_of_the_bundle_is_that_of_the_window_table(client: FlaskClient) -> None:
    bundle = client.get(f"/download/health.fhir.json{RANGE}").data
    Bundle.model_validate_json(bundle)
    (average,) = resources_of(bundle, loinc="96607-7")
    windows = table_of(client.get(f"/download/bp_windows.parquet{RANGE}").data).to_pylist()
    usual = [one for one in windows if one["is_default"] and one["is_sufficient"]]
    assert [part["valueQuantity"]["value"] for part in average["component"]] == [
        usual[-1]["systolic_mean_mmhg"],
        usual[-1]["diastolic_mean_mmhg"],
    ]
    assert len(average["derivedFrom"]) == usual[-1]["n_readings"]


@pytest.mark.parametrize("name", ["blood_pressure.csv", "daily.parquet", "health.fhir.json"])
def test_a_file_names_the_run_that_the_registry_knows_and_is_intact(client: FlaskClient, name: str) -> None:
    answer = client.get(f"/download/{name}{RANGE}")
    proof = publish.verify(answer.data)
    assert proof.is_intact
    assert proof.run_id in client.get("/data").get_data(as_text=True)
    digest = base64.b64encode(hashlib.sha256(answer.data).digest()).decode()
    assert answer.headers["Repr-Digest"] == f"sha-256=:{digest}:"
    assert client.get(f"/download/{name}{RANGE}").data == answer.data


def test_a_file_is_never_kept_and_its_name_tells_nothing_private(client: FlaskClient) -> None:
    for name, suffix in (("blood_pressure.csv", "csv"), ("blood_pressure.parquet", "parquet")):
        answer = client.get(f"/download/{name}{RANGE}")
        assert answer.headers["Cache-Control"] == "no-store"
        told = f'attachment; filename="pdp_demo_blood_pressure_2025-10-01_2025-10-31.{suffix}"'
        assert answer.headers["Content-Disposition"] == told


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("blood_pressure.csv?from=yesterday", "from: is no date. Write it as"),
        ("blood_pressure.csv?from=2025-13-01", "from: is no date."),
        ("blood_pressure.csv?from=20250101", "from: is no date."),
        ("blood_pressure.csv?from=2025-10-31&to=2025-10-01", "2025-10-31 is after 2025-10-01."),
        ("daily.csv?from=1900-01-01&to=2025-10-01", "is longer than 7,306 days."),
        ("blood_pressure.csv?from=1999-01-01&to=1999-02-01", "there is nothing from 1999-01-01 to 1999-02-01."),
        ("health.fhir.json?from=1999-01-01&to=1999-02-01", "there is nothing from 1999-01-01 to 1999-02-01."),
        ("../../etc/passwd.csv", "there is no such file."),
        ("conservation.json", "there is no such file."),
        ("nothing.csv", "there is no such file."),
        ("daily.xlsx", "there is no such file."),
    ],
)
def test_what_can_not_be_handed_out_is_refused_in_words(client: FlaskClient, path: str, why: str) -> None:
    answer = client.get(f"/download/{path}")
    assert answer.status_code == 404
    assert answer.headers["Cache-Control"] == "no-store"
    assert why in text(answer.text)


def test_without_dates_the_last_days_are_meant(client: FlaskClient) -> None:
    days = [line["date"] for line in rows_of_csv(client.get("/download/daily.csv").data)]
    assert (len(days), days[-1]) == (90, "2026-03-31")


def test_every_link_of_the_data_page_gives_a_file(client: FlaskClient) -> None:
    found = [href for href in links(first_paint(client, f"/data{RANGE}")) if href.startswith("/download/")]
    assert len(found) == 13
    for href in found:
        answer = client.get(href)
        assert answer.status_code == 200, href
        assert publish.verify(answer.data).is_intact, href
        assert "from=2025-10-01&to=2025-10-31" in href


def test_a_range_with_more_rows_than_a_file_holds_is_refused(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pdp.publish.selection.MOST_ROWS", 1000)
    answer = client.get(f"/download/heart_rate.csv{RANGE}")
    assert answer.status_code == 404
    assert "has more than 1,000 rows, the most that one file holds. Ask for fewer days" in text(answer.text)


def test_what_is_not_on_the_machine_is_refused_without_naming_its_folders(tmp_path: Path) -> None:
    client = create_app(DemoGateway(little_demo(tmp_path))).server.test_client()
    for name in ("blood_pressure.csv", "health.fhir.json"):
        answer = client.get(f"/download/{name}")
        assert answer.status_code == 404
        assert "its rows are not on this machine" in text(answer.text)
        assert str(tmp_path) not in answer.text


def test_two_people_called_me_are_two_patients_and_each_the_same_again(tmp_path: Path) -> None:
    def patient(name: str, when: str) -> str:
        root = own_folder(tmp_path / name)
        manifest(root, "cuff", when)
        client = create_app(FolderGateway(root, "me")).server.test_client()
        files = [client.get("/download/health.fhir.json?from=2025-03-01&to=2025-03-31").data for _ in range(2)]
        assert files[0] == files[1]
        return str(resources_of(files[0], "Patient")[0]["id"])

    assert patient("one", "2025-03-16T06:00:00Z") != patient("other", "2025-03-16T06:00:01Z")
    assert patient("one_again", "2025-03-16T06:00:00Z") == patient("and_again", "2025-03-16T06:00:00Z")


def test_somebody_elses_rows_beside_the_demo_are_never_handed_out(tmp_path: Path) -> None:
    little_demo(tmp_path)
    own_folder(tmp_path)
    assert CANARY in OWN_LOG
    client = create_app(DemoGateway(tmp_path)).server.test_client()
    for name in ("blood_pressure.csv", "blood_pressure.parquet", "daily.csv", "health.fhir.json", "../me/daily.csv"):
        for query in ("?from=2025-03-01&to=2025-03-31", "?from=2025-03-01&to=2025-03-31&subject=me", ""):
            answer = client.get(f"/download/{name}{query}")
            assert CANARY.encode() not in answer.data
            assert b"187" not in answer.data
