"""FHIR R4 Observations of readings, nights and days, with LOINC and UCUM codes out of the vocabulary.

The id of a resource is made of what was observed (when, what, by which source and device) and of nothing else: the same
reading has the same id in every bundle, whichever export brought it.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from pdp.publish.origin import Origin
from pdp.publish.selection import wall_clock
from pdp.tables import columns
from pdp.vocabulary import MEASURES

Resource = dict[str, Any]

LOINC, UCUM = "http://loinc.org", "http://unitsofmeasure.org"
CARDX = "http://hl7.org/fhir/uv/cardx-htn-mng/StructureDefinition"  # CardX Hypertension Management 1.0.0, STU 1
BODY_POSITION = "http://hl7.org/fhir/StructureDefinition/observation-bodyPosition"
MODALITY = "urn:pdp:modality"
_IDS = uuid.UUID("6f4e7b0a-2d53-5a8e-9c41-6d1b7f0e3a95")  # the namespace of our ids; any constant would do
_REASON = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
_CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
DISPLAYS = {
    "85354-9": "Blood pressure panel with all children optional",
    "8480-6": "Systolic blood pressure",
    "8462-4": "Diastolic blood pressure",
    "8867-4": "Heart rate",
    "93832-4": "Sleep duration",
    "93830-8": "Light sleep duration",
    "93831-6": "Deep sleep duration",
    "93829-0": "REM sleep duration",
    "55423-8": "Number of steps in unspecified time Pedometer",
    "96607-7": "Blood pressure panel mean systolic and mean diastolic",
    "96608-5": "Systolic blood pressure mean",
    "96609-3": "Diastolic blood pressure mean",
}
UNITS = {"mm[Hg]": "mmHg", "/min": "beats/minute", "min": "minutes", "{steps}": "steps"}


@dataclass(frozen=True)
class Whose:
    """Whom an observation is about, and as of which run."""

    patient: Resource
    origin: Origin

    @property
    def reference(self) -> Resource:
        return reference(self.patient)


def reference(resource: Resource) -> Resource:
    """A reference within the bundle."""
    return {"reference": f"urn:uuid:{resource['id']}", "type": resource["resourceType"]}


def identity(*parts: object) -> str:
    """A UUID that is the same for the same parts."""
    return str(uuid.uuid5(_IDS, "\x1f".join("" if part is None else str(part) for part in parts)))


def readings(table: pa.Table, whose: Whose) -> Iterator[tuple[Resource, Resource | None]]:
    """Of every row of blood pressure: the panel, and the pulse if there is one."""
    code = {column.name: column.loinc for column in MEASURES["blood_pressure"].columns}
    utc, offset = columns.integers(table["start_utc"]).tolist(), columns.integers(table["utc_offset_min"]).tolist()
    for row, start, minutes in zip(table.to_pylist(), utc, offset, strict=True):
        when = wall_clock(start, minutes)
        seen = (whose.patient["id"], when, row["source"], row["device"])
        pressures = row["systolic_mmhg"], row["diastolic_mmhg"]
        panel = observation(
            identity("blood_pressure", *seen, *pressures),
            MEASURES["blood_pressure"].loinc,
            whose,
            profile=f"{CARDX}/self-measured-bp",
            modality=row["modality"],
            effectiveDateTime=when,
            component=[
                component(code[name], value, "mm[Hg]")
                for name, value in zip(("systolic_mmhg", "diastolic_mmhg"), pressures, strict=True)
            ],
        )
        if row["body_posture"]:
            panel["extension"] = [{"url": BODY_POSITION, "valueCodeableConcept": {"text": row["body_posture"]}}]
        if row["measurement_location"]:
            panel["bodySite"] = {"text": row["measurement_location"]}
        if row["note"]:
            panel["note"] = [{"text": row["note"]}]
        pulse = None
        if row["pulse_bpm"] is not None:
            pulse = observation(
                identity("pulse", *seen, *pressures, row["pulse_bpm"]),
                code["pulse_bpm"],
                whose,
                profile=f"{CARDX}/smbp-associated-heart-rate",
                modality=row["modality"],
                effectiveDateTime=when,
                valueQuantity=quantity(row["pulse_bpm"], "/min"),
            )
        yield panel, pulse


def nights(table: pa.Table, whose: Whose) -> Iterator[Resource]:
    """Time asleep of every night that has a total, with light, deep and REM where they are known."""
    code = {column.name: column.loinc for column in MEASURES["sleep_episode"].columns}
    spans = [columns.integers(table[name]).tolist() for name in ("night_start_utc", "night_end_utc")]
    for row, start, end in zip(table.to_pylist(), *spans, strict=True):
        if row["total_sleep_min"] is None:
            continue
        period = {
            "start": wall_clock(start, row["start_offset_min"]),
            "end": wall_clock(end, row["end_offset_min"]),
        }
        parts = [
            component(code[name], row[name], "min")
            for name in ("light_min", "deep_min", "rem_min")
            if row[name] is not None
        ]
        night = observation(
            identity(
                "sleep", whose.patient["id"], *period.values(), row["source"], row["device"], row["total_sleep_min"]
            ),
            MEASURES["sleep_episode"].loinc,
            whose,
            category="activity",
            effectivePeriod=period,
            valueQuantity=quantity(row["total_sleep_min"], "min"),
        )
        yield night | ({"component": parts} if parts else {})


def steps(table: pa.Table, whose: Whose) -> Iterator[Resource]:
    """Steps of every local day that has any."""
    for day, count in zip(table["date"].to_pylist(), table["steps"].to_pylist(), strict=True):
        if count is None:
            continue
        yield observation(
            identity("steps", whose.patient["id"], day, count),
            MEASURES["step_count"].loinc,
            whose,
            category="activity",
            effectivePeriod={"start": day.isoformat(), "end": day.isoformat()},  # FHIR: both days as wholes
            valueQuantity=quantity(count, "{steps}"),
        )


def observation(
    ident: str,
    loinc: str,
    whose: Whose,
    *,
    category: str = "vital-signs",
    profile: str = "",
    modality: str = "",
    **more: Any,
) -> Resource:
    """What all of them have in common. `issued` is when the run ended that made the number available."""
    meta: Resource = {"profile": [profile]} if profile else {}
    tags = ([{"system": MODALITY, "code": modality}] if modality else []) + test_data(whose.origin)
    meta |= {"tag": tags} if tags else {}
    return {
        "resourceType": "Observation",
        "id": ident,
        **({"meta": meta} if meta else {}),
        "identifier": [{"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{ident}"}],
        "status": "final",
        "category": [{"coding": [{"system": _CATEGORY, "code": category}]}],
        "code": concept(loinc),
        "subject": whose.reference,
        "issued": whose.origin.instant,
        "performer": [whose.reference],
        **more,
    }


def test_data(origin: Origin) -> list[Resource]:
    """The mark of data about nobody."""
    mark = {
        "system": "http://terminology.hl7.org/CodeSystem/v3-ActReason",
        "code": "HTEST",
        "display": "test health data",
    }
    return [mark] if origin.is_synthetic else []


def component(loinc: str, value: float, unit: str) -> Resource:
    """One part of a panel."""
    return {"code": concept(loinc), "valueQuantity": quantity(value, unit)}


def concept(loinc: str) -> Resource:
    """A LOINC code with its name."""
    return {"coding": [{"system": LOINC, "code": loinc, "display": DISPLAYS[loinc]}]}


def quantity(value: float, unit: str) -> Resource:
    """A number with its UCUM unit; whole numbers without a decimal point, which FHIR would take for precision."""
    number = int(value) if float(value).is_integer() else float(value)
    return {"value": number, "unit": UNITS[unit], "system": UCUM, "code": unit}


def entries(resources: Sequence[Mapping[str, Any]]) -> list[Resource]:
    """Entries of a bundle, each resource once."""
    by_id = {resource["id"]: resource for resource in resources}
    return [{"fullUrl": f"urn:uuid:{ident}", "resource": resource} for ident, resource in by_id.items()]
