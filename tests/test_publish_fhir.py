"""The FHIR Bundle: valid R4, codes out of the vocabulary, the values of the tables, ids made of what was observed."""

from __future__ import annotations

import datetime
import json
import re
from datetime import date, timedelta
from pathlib import Path
from statistics import fmean
from typing import Any

import pyarrow as pa
import pytest
from fhir.resources.R4B.bundle import Bundle

from pdp import home_bp, publish, tables
from pdp.home_bp import window_table
from pdp.publish import Origin
from pdp.publish.bundle import Contents
from pdp.summarize.summary_settings import SummarySettings
from tests.published import ORIGIN, resources_of, rows_of_csv
from tests.summary_subject import Subject, summary_of

FIRST, LAST = date(2025, 10, 20), date(2025, 10, 28)
UCUM = {"85354-9": "mm[Hg]", "8867-4": "/min", "93832-4": "min", "55423-8": "{steps}", "96607-7": "mm[Hg]"}


def person() -> Subject:
    """Nine days of readings morning and evening, a night with stages over the change of clocks, steps."""
    made = Subject()
    for n in range((LAST - FIRST).days + 1):
        day = FIRST + timedelta(days=n)
        for hour, more in (("07:05", 4), ("07:07", 2), ("21:30", -3), ("21:32", -5)):
            note = {"note": "=1"} if n == 0 else {}
            pulse = 60 + n if hour != "21:32" else None
            made.cuff(f"{day} {hour}", 128 + n + more, 80 + n, pulse, modality="self_reported", **note)
    made.sleep("2025-10-25 23:00", "2025-10-26 06:00", total=460, light_min=240.0, deep_min=120.0, rem_min=100.0)
    made.add("step_count", "2025-10-24 12:00", "2025-10-24 12:15", steps=812)
    return made


@pytest.fixture(scope="module")
def contents(tmp_path_factory: pytest.TempPathFactory) -> Contents:
    return contents_of(person(), tmp_path_factory.mktemp("person"))


def contents_of(subject: Subject, folder: Path, first: date = FIRST, last: date = LAST) -> Contents:
    found = summary_of(subject, folder)
    settings, summary = home_bp.HomeBpSettings(), SummarySettings()
    columns = tables.read(found.merged["blood_pressure"], home_bp.COLUMNS)
    every = home_bp.Readings.of(columns, summary, settings.session_gap_min)
    windows = [one for protocol in home_bp.chosen(settings).values() for one in home_bp.find(every, protocol)]
    return Contents(
        first,
        last,
        publish.measure(found.merged["blood_pressure"], first, last),
        tables.read(found.out["nights"]),
        tables.read(found.out["daily"]),
        window_table.table(windows, settings.protocol),
    )


def test_the_bundle_is_valid_fhir(contents: Contents) -> None:
    Bundle.model_validate_json(publish.bundle(contents, ORIGIN).content)


def test_every_reference_leads_to_an_entry_and_no_id_occurs_twice(contents: Contents) -> None:
    content = publish.bundle(contents, ORIGIN).content
    urls = [entry["fullUrl"] for entry in json.loads(content)["entry"]]
    assert len(urls) == len(set(urls))
    assert {*re.findall(r'"reference": "([^"]+)"', content.decode())} <= set(urls)
    assert all(entry["fullUrl"] == f"urn:uuid:{entry['resource']['id']}" for entry in json.loads(content)["entry"])


def test_a_reading_is_a_panel_with_its_two_components_at_its_wall_clock(contents: Contents) -> None:
    panels = resources_of(publish.bundle(contents, ORIGIN).content, loinc="85354-9")
    found = [
        (
            panel["effectiveDateTime"],
            {part["code"]["coding"][0]["code"]: part["valueQuantity"]["value"] for part in panel["component"]},
        )
        for panel in panels
    ]
    lines = rows_of_csv(publish.csv_file(contents.blood_pressure, ORIGIN).content)
    expected = [
        (line["start_local"], {"8480-6": float(line["systolic_mmhg"]), "8462-4": float(line["diastolic_mmhg"])})
        for line in lines
    ]
    assert found == expected
    assert panels[0]["effectiveDateTime"] == "2025-10-20T07:05:00.000+02:00"
    assert panels[-1]["effectiveDateTime"] == "2025-10-28T21:32:00.000+01:00"


def test_a_pulse_is_an_observation_of_its_own_and_none_is_made_up(contents: Contents) -> None:
    pulses = resources_of(publish.bundle(contents, ORIGIN).content, loinc="8867-4")
    known = [value for value in contents.blood_pressure["pulse_bpm"].to_pylist() if value is not None]
    assert [pulse["valueQuantity"]["value"] for pulse in pulses] == known
    assert len(known) == 27


def test_every_quantity_has_the_ucum_unit_of_its_code(contents: Contents) -> None:
    for one in resources_of(publish.bundle(contents, ORIGIN).content):
        unit = UCUM[one["code"]["coding"][0]["code"]]
        quantities = [part["valueQuantity"] for part in [one, *one.get("component", [])] if "valueQuantity" in part]
        assert quantities
        for quantity in quantities:
            assert (quantity["system"], quantity["code"]) == ("http://unitsofmeasure.org", unit)


def test_a_night_has_its_stages_and_ends_with_the_offset_of_its_end(contents: Contents) -> None:
    (night,) = resources_of(publish.bundle(contents, ORIGIN).content, loinc="93832-4")
    assert night["effectivePeriod"] == {
        "start": "2025-10-25T23:00:00.000+02:00",
        "end": "2025-10-26T06:00:00.000+01:00",
    }
    assert night["valueQuantity"]["value"] == 460
    parts = {part["code"]["coding"][0]["code"]: part["valueQuantity"]["value"] for part in night["component"]}
    assert parts == {"93830-8": 240, "93831-6": 120, "93829-0": 100}


def test_only_days_with_steps_have_an_observation_of_steps(contents: Contents) -> None:
    (steps,) = resources_of(publish.bundle(contents, ORIGIN).content, loinc="55423-8")
    assert steps["effectivePeriod"] == {"start": "2025-10-24", "end": "2025-10-24"}
    assert steps["valueQuantity"] == {
        "value": 812,
        "unit": "steps",
        "system": "http://unitsofmeasure.org",
        "code": "{steps}",
    }


def test_the_average_is_that_of_the_readings_that_it_names(contents: Contents) -> None:
    content = publish.bundle(contents, ORIGIN).content
    (average,) = resources_of(content, loinc="96607-7")
    panels = {f"urn:uuid:{panel['id']}": panel for panel in resources_of(content, loinc="85354-9")}
    used = [panels[one["reference"]] for one in average["derivedFrom"]]
    for place, code in enumerate(("96608-5", "96609-3")):
        part = average["component"][place]
        assert part["code"]["coding"][0]["code"] == code
        assert part["valueQuantity"]["value"] == fmean(
            one["component"][place]["valueQuantity"]["value"] for one in used
        )
    # Seven days to the 28th, the first of them left out: six days of four readings.
    assert average["extension"][0]["valueInteger"] == len(used) == 24
    assert average["effectivePeriod"] == {"start": used[0]["effectiveDateTime"], "end": used[-1]["effectiveDateTime"]}
    assert average["effectivePeriod"]["start"].startswith("2025-10-23T07:05")
    assert average["meta"]["profile"] == ["http://hl7.org/fhir/uv/cardx-htn-mng/StructureDefinition/average-smbp"]


def test_too_few_readings_give_no_average(tmp_path: Path) -> None:
    made = Subject()
    for day in (20, 21):
        made.cuff(f"2025-10-{day} 07:05", 150, 95)
    content = publish.bundle(contents_of(made, tmp_path), ORIGIN).content
    assert not resources_of(content, loinc="96607-7")
    assert len(resources_of(content, loinc="85354-9")) == 2


def test_a_window_that_begins_before_the_range_gives_no_average(tmp_path: Path) -> None:
    found = contents_of(person(), tmp_path, first=LAST - timedelta(days=2))
    assert not resources_of(publish.bundle(found, ORIGIN).content, loinc="96607-7")


def test_a_window_whose_readings_are_not_those_here_is_not_published(contents: Contents) -> None:
    fewer = Contents(**{**vars(contents), "blood_pressure": contents.blood_pressure.slice(0, 30)})
    averages = resources_of(publish.bundle(fewer, ORIGIN).content, loinc="96607-7")
    assert not averages


def test_ids_stay_when_another_export_brings_the_same_reading(contents: Contents) -> None:
    first = {one["id"] for one in resources_of(publish.bundle(contents, ORIGIN).content)}
    table = contents.blood_pressure
    at = table.column_names.index("export")
    other = table.set_column(at, "export", pa.array(["f" * 16] * len(table)))
    later = Origin("20270101T000000Z-ffffffff", ORIGIN.as_of + timedelta(days=300), True, "demo")
    again = publish.bundle(Contents(**{**vars(contents), "blood_pressure": other}), later).content
    assert {one["id"] for one in resources_of(again)} == first


def test_two_people_with_the_same_reading_have_two_ids(contents: Contents) -> None:
    ids: list[set[str]] = []
    for subject in ("one", "two"):
        origin = Origin(ORIGIN.run_id, ORIGIN.as_of, False, subject)
        content = publish.bundle(contents, origin).content
        ids.append({one["id"] for kind in ("Observation", "Patient") for one in resources_of(content, kind)})
        assert f'"{subject}"' not in content.decode()
    assert not ids[0] & ids[1]


def test_two_people_of_one_name_have_two_ids_and_each_the_same_ones_again(contents: Contents) -> None:
    def ids(is_synthetic: bool, beginning: str) -> set[str]:
        origin = Origin(ORIGIN.run_id, ORIGIN.as_of, is_synthetic, "me", beginning)
        return {one["id"] for kind in ("Patient", "Observation") for one in resources_of(made(origin), kind)}

    def made(origin: Origin) -> bytes:
        return publish.bundle(contents, origin).content

    first, second = "2025-01-01T06:00:00.000Z 11", "2025-01-01T06:00:00.001Z 11"
    assert not ids(False, first) & ids(False, second)
    assert ids(False, first) == ids(False, first)
    assert ids(True, first) == ids(True, second)  # the demo's person is the same everywhere


def test_data_about_nobody_is_marked_as_a_test_and_real_data_is_not(contents: Contents) -> None:
    def marked(is_synthetic: bool) -> list[bool]:
        content = publish.bundle(contents, Origin("", ORIGIN.as_of, is_synthetic, "x")).content
        every = [json.loads(content), *resources_of(content)]
        return [any(tag["code"] == "HTEST" for tag in one.get("meta", {}).get("tag", [])) for one in every]

    assert all(marked(True))
    assert not any(marked(False))


def test_the_bundle_names_its_run_its_digest_and_the_digests_of_its_tables(contents: Contents) -> None:
    made = publish.bundle(contents, ORIGIN)
    proof = publish.verify(made.content)
    assert (proof.run_id, proof.stated, proof.is_intact) == (ORIGIN.run_id, made.data_sha256, True)
    assert not publish.verify(made.content.replace(b'"value": 812', b'"value": 811')).is_intact
    (provenance,) = resources_of(made.content, "Provenance")
    told = {one["what"]["display"]: one["what"]["identifier"]["value"] for one in provenance["entity"]}
    assert told["blood_pressure"] == publish.csv_file(contents.blood_pressure, ORIGIN).data_sha256


def test_the_same_contents_give_the_same_bytes_whatever_the_clock_says(contents: Contents) -> None:
    assert publish.bundle(contents, ORIGIN).content == publish.bundle(contents, ORIGIN).content
    years = {
        int(year)
        for year in re.findall(
            r'"(?:issued|timestamp|recorded)": "(\d{4})', publish.bundle(contents, ORIGIN).content.decode()
        )
    }
    assert years == {ORIGIN.as_of.astimezone(datetime.UTC).year}


def test_text_in_a_note_is_kept_as_it_was_typed(contents: Contents) -> None:
    panel: dict[str, Any] = resources_of(publish.bundle(contents, ORIGIN).content, loinc="85354-9")[0]
    assert panel["note"] == [{"text": "=1"}]
