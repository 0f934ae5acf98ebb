"""The way of one number in W3C PROV: the figure, the tables between, the raw exports; jobs, code, a person.

The value itself and the records' contents stay out unless asked for; subjects and sources are told by hashes always,
since the document is made to be handed on.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from prov.constants import PROV_LABEL, PROV_TYPE
from prov.identifier import Namespace, QualifiedName
from prov.model import ProvActivity, ProvAgent, ProvDocument, ProvEntity
from sqlalchemy.orm import Session

from pdp.interchange import prov_way
from pdp.interchange.names import Names, stable_id
from pdp.interchange.prov_way import Step
from pdp.lineage.number import NOT_COMPUTED, Number
from pdp.lineage.queries import Made, Version

PDP = Namespace("pdp", "urn:pdp:prov#")


class _Teller:
    """Builds the document step by step."""

    def __init__(self, names: Names, subject: str) -> None:
        self._names = names
        self.document = ProvDocument()
        self.document.add_namespace(PDP)
        pseudonym = names.pseudonym("subject", subject)
        self.person = self.document.agent(PDP[pseudonym], {PROV_TYPE: _prov("Person"), PROV_LABEL: pseudonym})
        self._activities: dict[str, ProvActivity] = {}
        self._agents: dict[QualifiedName, ProvAgent] = {}

    def version(self, version: Version, records: Mapping[str, int]) -> ProvEntity:
        """One version of a table, or a raw export."""
        is_raw = version.path.startswith("resources/raw/")
        about: dict[Any, Any] = {
            PROV_TYPE: PDP["RawExport" if is_raw else "Table"],
            PROV_LABEL: self._names.path(version.path),
            PDP["sha256"]: version.sha256,
            PDP["version"]: version.number,
        }
        if version.rows is not None:
            about[PDP["rows"]] = version.rows
        if (count := records.get(version.path)) is not None:
            about[PDP["recordsBehindTheFigure"]] = count
        return self.document.entity(_of_version(version.path, version.number), about)

    def activity(self, made: Made) -> ProvActivity:
        """The job that made a version, with its code."""
        job = made.job
        if job.id not in self._activities:
            about: dict[Any, Any] = {PROV_TYPE: PDP["Job"], PROV_LABEL: job.rule, PDP["rule"]: job.rule}
            if job.run_id:
                about[PDP["run"]] = stable_id("run", job.run_id)
            told = self.document.activity(
                PDP[f"job.{stable_id('job', job.id)}"], _time(job.started), _time(job.ended), about
            )
            told.wasAssociatedWith(self._code(made))
            self._activities[job.id] = told
        return self._activities[job.id]

    def _code(self, made: Made) -> ProvAgent:
        rule, code, libraries = made.job.rule, made.key.get("code") or {}, made.key.get("libraries") or {}
        python = str(made.key.get("python") or "")
        content = json.dumps([rule, code, libraries, python], sort_keys=True)
        name = PDP[f"code.{hashlib.sha256(content.encode()).hexdigest()[:16]}"]
        if name not in self._agents:
            about: list[tuple[Any, Any]] = [(PROV_TYPE, _prov("SoftwareAgent")), (PROV_LABEL, f"rule {rule}")]
            about += [(PDP["module"], f"{module} {digest}") for module, digest in sorted(code.items())]
            about += [(PDP["library"], f"{library} {version}") for library, version in sorted(libraries.items())]
            about += [(PDP["python"], python)] if python else []
            self._agents[name] = self.document.agent(name, about)
            self.document.actedOnBehalfOf(self._agents[name], self.person)
        return self._agents[name]


def document(session: Session, names: Names, subject: str, number: Number, *, has_values: bool = False) -> ProvDocument:
    """The way of a number.

    Args:
        session: Of the registry.
        names: Makes the hashes.
        subject: Whose number it is.
        number: As pdp.lineage.number tells it.
        has_values: Whether the number itself is told, too.
    """
    teller = _Teller(names, subject)
    records: dict[str, int] = {}
    for row in number.behind.rows:
        raw = f"resources/raw/{subject}/{row['export']}"
        records[raw] = records.get(raw, 0) + 1
    way = prov_way.steps(session, number.chain)
    entities = {step.version.id: teller.version(step.version, records) for step in way}
    used: set[tuple[str, int]] = set()
    for step in way:
        entity = entities[step.version.id]
        if step.made is None:
            entity.wasAttributedTo(teller.person)
            continue
        activity = teller.activity(step.made)
        entity.wasGeneratedBy(activity, _time(step.made.job.ended))
        for one in step.inputs:
            entity.wasDerivedFrom(entities[one.id], activity)
            if (step.made.job.id, one.id) not in used:  # once, however many of its outputs are on the way
                used.add((step.made.job.id, one.id))
                teller.document.used(activity, entities[one.id])
    _figure(teller, number, way[0], entities[way[0].version.id], has_values)
    return teller.document


def text(document: ProvDocument) -> str:
    """PROV-JSON."""
    return str(document.serialize(format="json", indent=1))


def _figure(teller: _Teller, number: Number, step: Step, table: ProvEntity, has_values: bool) -> None:
    asked, version = number.asked, step.version
    about: dict[Any, Any] = {
        PROV_TYPE: PDP["Figure"],
        PROV_LABEL: f"{asked.column} of {asked.day}" if asked.day else asked.column,
        PDP["column"]: asked.column,
        PDP["title"]: number.title,
        PDP["records"]: len(number.behind.rows),
    }
    about |= {PDP[name]: value for name, value in (("unit", number.unit), ("method", number.method)) if value}
    if asked.day:
        about[PDP["day"]] = asked.day.isoformat()
    if number.verdict != NOT_COMPUTED:
        about[PDP["computedAgain"]] = number.verdict
    if has_values and number.shown is not None:
        shown = number.shown
        about[PDP["value"]] = shown if isinstance(shown, int | float | bool) else str(shown)
    day = asked.day.isoformat() if asked.day else ""
    name = stable_id("figure", version.path, version.number, asked.column, day, *sorted(asked.keys.items()))
    figure = teller.document.entity(PDP[f"figure.{name}"], about)
    if step.made is not None:
        figure.wasGeneratedBy(teller.activity(step.made), _time(step.made.job.ended))
    figure.wasDerivedFrom(table)  # read off it: the job did not use what it made


def _prov(name: str) -> QualifiedName:
    return Namespace("prov", "http://www.w3.org/ns/prov#")[name]


def _of_version(path: str, version: int) -> QualifiedName:
    return PDP[f"version.{stable_id('version', path, version)}"]


def _time(stamp: str) -> datetime | None:
    try:
        return datetime.fromisoformat(stamp)
    except ValueError:
        return None
