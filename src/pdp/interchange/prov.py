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

from pdp.interchange.names import Names, stable_id
from pdp.lineage import queries
from pdp.lineage.chain import Link
from pdp.lineage.model import JobRun
from pdp.lineage.number import NOT_COMPUTED, Number

PDP = Namespace("pdp", "urn:pdp:prov#")


class _Teller:
    """Builds the document step by step."""

    def __init__(self, session: Session, names: Names) -> None:
        self._session, self._names = session, names
        self.document = ProvDocument()
        self.document.add_namespace(PDP)
        self._activities: dict[str, ProvActivity] = {}
        self._agents: dict[QualifiedName, ProvAgent] = {}

    def person(self, subject: str) -> ProvAgent:
        """The subject, by a hash."""
        pseudonym = self._names.pseudonym("subject", subject)
        return self.document.agent(PDP[pseudonym], {PROV_TYPE: _prov("Person"), PROV_LABEL: pseudonym})

    def version(self, link: Link, records: Mapping[str, int]) -> ProvEntity:
        """One version of a table, or a raw export."""
        is_raw = link.path.startswith("resources/raw/")
        about: dict[Any, Any] = {
            PROV_TYPE: PDP["RawExport" if is_raw else "Table"],
            PROV_LABEL: self._names.path(link.path),
            PDP["sha256"]: link.sha256,
            PDP["version"]: link.version,
        }
        if link.rows is not None:
            about[PDP["rows"]] = link.rows
        if (count := records.get(link.path)) is not None:
            about[PDP["recordsBehindTheFigure"]] = count
        return self.document.entity(_of_version(link.path, link.version), about)

    def activity(self, link: Link, person: ProvAgent) -> tuple[ProvActivity, JobRun] | None:
        """The job that made a version, with its code; None for what came from outside."""
        version = next(one for one in queries.versions(self._session, link.path) if one.number == link.version)
        makers = queries.makers(self._session, version)
        if not makers:
            return None
        job = makers[-1]
        if job.id not in self._activities:
            about: dict[Any, Any] = {PROV_TYPE: PDP["Job"], PROV_LABEL: job.rule, PDP["rule"]: job.rule}
            if job.run_id:
                about[PDP["run"]] = stable_id("run", job.run_id)
            made = self.document.activity(
                PDP[f"job.{stable_id('job', job.id)}"], _time(job.started), _time(job.ended), about
            )
            made.wasAssociatedWith(self._code(link, person))
            self._activities[job.id] = made
        return self._activities[job.id], job

    def _code(self, link: Link, person: ProvAgent) -> ProvAgent:
        content = json.dumps([link.rule, link.code, link.libraries, link.python], sort_keys=True)
        name = PDP[f"code.{hashlib.sha256(content.encode()).hexdigest()[:16]}"]
        if name not in self._agents:
            about: list[tuple[Any, Any]] = [(PROV_TYPE, _prov("SoftwareAgent")), (PROV_LABEL, f"rule {link.rule}")]
            about += [(PDP["module"], f"{module} {digest}") for module, digest in sorted(link.code.items())]
            about += [(PDP["library"], f"{library} {version}") for library, version in sorted(link.libraries.items())]
            about += [(PDP["python"], link.python)] if link.python else []
            self._agents[name] = self.document.agent(name, about)
            self.document.actedOnBehalfOf(self._agents[name], person)
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
    teller = _Teller(session, names)
    person = teller.person(subject)
    records: dict[str, int] = {}
    for row in number.behind.rows:
        raw = f"resources/raw/{subject}/{row['export']}"
        records[raw] = records.get(raw, 0) + 1
    entities = {_key(link.path, link.version): teller.version(link, records) for link in number.chain}
    for link in number.chain:
        entity = entities[_key(link.path, link.version)]
        made = teller.activity(link, person)
        if made is None:
            entity.wasAttributedTo(person)
            continue
        activity, job = made
        entity.wasGeneratedBy(activity, _time(job.ended))
        for one in link.inputs:
            if (source := entities.get(one)) is not None:
                entity.wasDerivedFrom(source, activity)
    _use(teller.document, number, entities, teller, person)
    _figure(teller, number, entities, person, has_values)
    return teller.document


def text(document: ProvDocument) -> str:
    """PROV-JSON."""
    return str(document.serialize(format="json", indent=1))


def _use(
    document: ProvDocument, number: Number, entities: Mapping[str, ProvEntity], teller: _Teller, person: ProvAgent
) -> None:
    """What each job read of the tables on the way: once, however many of its outputs are on it."""
    seen: set[tuple[str, str]] = set()
    for link in number.chain:
        made = teller.activity(link, person)
        for one in link.inputs if made is not None else ():
            if made is not None and one in entities and (made[1].id, one) not in seen:
                seen.add((made[1].id, one))
                document.used(made[0], entities[one])


def _figure(
    teller: _Teller, number: Number, entities: Mapping[str, ProvEntity], person: ProvAgent, has_values: bool
) -> None:
    asked, table = number.asked, number.chain[0]
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
    name = stable_id("figure", table.path, table.version, asked.column, day, *sorted(asked.keys.items()))
    figure = teller.document.entity(PDP[f"figure.{name}"], about)
    made = teller.activity(table, person)
    if made is None:
        figure.wasDerivedFrom(entities[_key(table.path, table.version)])
        return
    figure.wasGeneratedBy(made[0], _time(made[1].ended))
    figure.wasDerivedFrom(entities[_key(table.path, table.version)], made[0])


def _prov(name: str) -> QualifiedName:
    return Namespace("prov", "http://www.w3.org/ns/prov#")[name]


def _key(path: str, version: int) -> str:
    return f"{path} v{version}"


def _of_version(path: str, version: int) -> QualifiedName:
    return PDP[f"version.{stable_id('version', path, version)}"]


def _time(stamp: str) -> datetime | None:
    try:
        return datetime.fromisoformat(stamp)
    except ValueError:
        return None
