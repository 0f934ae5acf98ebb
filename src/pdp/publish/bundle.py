"""Readings, nights, steps and the newest home average of a range of days as one FHIR R4 Bundle."""

from __future__ import annotations

import datetime
import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from pdp.publish import observations
from pdp.publish.average import Rules, average
from pdp.publish.observations import Resource, Whose
from pdp.publish.origin import MOST_ROWS, Origin, Published
from pdp.publish.selection import too_many
from pdp.publish.sheet import digest_of_table

DIGEST_SYSTEM, RUN_PREFIX = "urn:pdp:data-sha256", "urn:pdp:run:"
TABLE_SYSTEM = "urn:pdp:table-sha256"
_PROVENANCE = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"


@dataclass(frozen=True)
class Contents:
    """What goes into a bundle, all of it of the days first to last.

    Args:
        first, last: Local days, both included.
        blood_pressure: Merged rows, as `pdp.publish.measure` gives them.
        nights, daily: Rows of these summary tables.
        windows: bp_windows; None where there is none.
        rules: The settings that the windows were computed with.
    """

    first: datetime.date
    last: datetime.date
    blood_pressure: pa.Table
    nights: pa.Table
    daily: pa.Table
    windows: pa.Table | None = None
    rules: Rules = field(default_factory=Rules)


def bundle(contents: Contents, origin: Origin) -> Published:
    """A collection: a nameless Patient, the Observations in order of time, and the Provenance that names the tables.

    Raises:
        RangeError: More than MOST_ROWS rows.
    """
    if sum(map(len, (contents.blood_pressure, contents.nights, contents.daily))) > MOST_ROWS // 4:
        raise too_many("fhir", contents.first, contents.last)
    whose = Whose(_patient(origin), origin)
    pairs = list(observations.readings(contents.blood_pressure, whose))
    panels = [panel for panel, _ in pairs]
    found = [resource for pair in pairs for resource in pair if resource is not None]
    found += [*observations.nights(contents.nights, whose), *observations.steps(contents.daily, whose)]
    if contents.windows is not None:
        span = contents.first, contents.last
        made = average(contents.windows, contents.blood_pressure, panels, span, contents.rules, whose)
        found += [made] if made else []
    found.sort(key=_when)
    entries = observations.entries([whose.patient, *found])
    ident = observations.identity("bundle", contents.first, contents.last, digest_of_entries(entries))
    entries += observations.entries([_provenance(ident, contents, origin)])
    digest = digest_of_entries(entries)
    told = {
        "resourceType": "Bundle",
        "id": ident,
        "meta": {
            **({"source": f"{RUN_PREFIX}{origin.run_id}"} if origin.run_id else {}),
            "tag": [{"system": DIGEST_SYSTEM, "code": digest}, *observations.test_data(origin)],
        },
        "identifier": {"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{ident}"},
        "type": "collection",
        "timestamp": origin.instant,
        "entry": entries,
    }
    text = json.dumps(told, ensure_ascii=False, indent=1) + "\n"
    return Published(text.encode(), "application/fhir+json; fhirVersion=4.0", ".fhir.json", digest)


def digest_of_entries(entries: list[Resource]) -> str:
    """SHA-256 of the entries as JSON with sorted keys and no white space."""
    text = json.dumps(entries, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _patient(origin: Origin) -> Resource:
    """No name and no birth date: who it is, the receiver knows or need not. Two people have two ids.

    Many are "me" in their own folders, so the name alone would make them one patient. A random number, kept somewhere,
    would be lost with results/ or differ on a second machine, and the same data would make other bytes there: so the
    id is made of how the person's data began. The demo's person is the same everywhere.
    """
    whose = () if origin.is_synthetic or not origin.beginning else (origin.beginning,)
    ident = observations.identity("patient", origin.is_synthetic, origin.subject, *whose)
    marks = observations.test_data(origin)
    return {"resourceType": "Patient", "id": ident, **({"meta": {"tag": marks}} if marks else {})}


def _when(resource: Resource) -> tuple[str, str, str]:
    period = resource.get("effectivePeriod") or {}
    start = str(resource.get("effectiveDateTime") or period.get("start"))
    instant = datetime.datetime.fromisoformat(start)
    instant = instant if instant.tzinfo else instant.replace(tzinfo=datetime.UTC)
    return instant.astimezone(datetime.UTC).isoformat(), resource["code"]["coding"][0]["code"], resource["id"]


def _provenance(bundle_id: str, contents: Contents, origin: Origin) -> Resource:
    """Which tables, by the digest of the rows taken, the bundle was made of."""
    tables: dict[str, Any] = {
        "blood_pressure": contents.blood_pressure,
        "nights": contents.nights,
        "daily": contents.daily,
        "bp_windows": contents.windows,
    }
    digests = {name: digest_of_table(table) for name, table in tables.items() if table is not None}
    return {
        "resourceType": "Provenance",
        "id": observations.identity("provenance", bundle_id, origin.run_id, *digests.values()),
        "target": [{"type": "Bundle", "identifier": {"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{bundle_id}"}}],
        "occurredPeriod": {"start": contents.first.isoformat(), "end": contents.last.isoformat()},
        "recorded": origin.instant,
        "agent": [
            {
                "type": {"coding": [{"system": _PROVENANCE, "code": "assembler", "display": "Assembler"}]},
                "who": {"display": f"Personal Data Platform{f', run {origin.run_id}' if origin.run_id else ''}"},
            }
        ],
        "entity": [
            {"role": "source", "what": {"display": name, "identifier": {"system": TABLE_SYSTEM, "value": digest}}}
            for name, digest in digests.items()
        ],
    }
