"""What was not taken, row by row: records that no rule could read, and rows in quarantine."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from pdp.errors import RegistryError, nearest
from pdp.lineage import manifests, queries
from pdp.lineage.manifests import Manifest
from pdp.vocabulary import MEASURES

UNREAD, QUARANTINED = "unread", "quarantined"
_LAYERS = {"unread": UNREAD, "quarantine": QUARANTINED}
_SHORTEST_EXPORT = 4  # letters of an export's name that tell it
_PIECE = 1000  # rows that become Python objects at once

_Key = tuple[str, str, str, str, str]  # the fields of a Kind but its count


@dataclass(frozen=True)
class Scope:
    """Which rows are asked for; "" is any. `export`: the beginning of its name."""

    fate: str = ""
    subject: str = ""
    source: str = ""
    measure: str = ""
    export: str = ""


@dataclass(frozen=True)
class Kind:
    """Rows with one reason in one source. `measure` is "" for what could not be read: nobody knows what it was."""

    fate: str
    subject: str
    source: str
    measure: str
    reason: str
    count: int


@dataclass(frozen=True)
class Rejected:
    """One row that was not taken.

    Attributes:
        document: What its export is called at the source.
        row: Number of the record; 0 for a whole member, with member "" for the whole export.
        reason: The rule that it breaks, or why it could not be read.
        detail: The same in words, with what to do where there is something.
        text: The record as it stands; of what could not be read.
        values: The measure's own columns; of what is in quarantine.
    """

    fate: str
    subject: str
    source: str
    export: str
    document: str
    member: str
    row: int
    measure: str
    reason: str
    column: str
    value: str | None
    detail: str
    start_utc: str | None
    utc_offset_min: int | None
    text: str | None
    values: dict[str, Any] | None


@dataclass(frozen=True)
class Answer:
    """All kinds counted, most rows first; some rows of each; unread rows left out because a measure was asked for."""

    kinds: tuple[Kind, ...]
    rows: tuple[Rejected, ...]
    without_measure: int

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        counts = {fate: sum(kind.count for kind in self.kinds if kind.fate == fate) for fate in (QUARANTINED, UNREAD)}
        return {
            **counts,
            "kinds": [asdict(kind) for kind in self.kinds],
            "rows": [asdict(row) for row in self.rows],
            "unread_without_measure": self.without_measure,
        }


def scope_of(session: Session, root: Path, name: str, subject: str | None) -> Scope | None:
    """What a name such as "unread", "quarantine/cuff", "quarantine/demo/cuff/64ab4265" asks for; None if other tables.

    Raises:
        RegistryError: It is about such rows, and a part of it is the name of nothing.
    """
    parts = [part for part in name.removeprefix("./").removesuffix(".parquet").split("/") if part]
    parts = parts[1:] if parts[:1] == ["results"] else parts
    if parts[:1] == ["normalized"] and parts[-1] == "unread":
        parts = ["unread", *parts[1:-1]]
    if not parts or parts[0] not in _LAYERS:
        return None
    known = _current(session, root)
    by_field = {
        "subject": {one.subject for one, _ in known},
        "source": {one.source for one, _ in known},
        "measure": set(MEASURES),
    }
    exports = {export for _, export in known}
    told = {"fate": _LAYERS[parts[0]], "subject": subject or ""}
    for part in parts[1:]:
        field = next((field for field, names in by_field.items() if part in names and not told.get(field)), None)
        if field is None and len(part) >= _SHORTEST_EXPORT and any(export.startswith(part) for export in exports):
            field = "export"
        if field is None:
            hint = nearest(part, set().union(*by_field.values(), exports))
            raise RegistryError(f'"{part}" is no subject, source, measure or export.', where=name, hint=hint)
        told[field] = part
    return Scope(**told)


def find(session: Session, root: Path, scope: Scope, most: int) -> Answer:
    """Count what was not taken, and take the first rows of each kind.

    Args:
        session: Of the registry.
        root: The results folder.
        scope: Whose rows.
        most: Rows of each kind.

    Raises:
        RegistryError: There is no such subject, source or measure.
    """
    known = _current(session, root)
    _known("subject", scope.subject, {one.subject for one, _ in known})
    _known("source", scope.source, {one.source for one, _ in known if scope.subject in ("", one.subject)})
    _known("measure", scope.measure, set(MEASURES))
    counts: Counter[_Key] = Counter()
    rows: list[tuple[_Key, Rejected]] = []
    without_measure = 0
    for fate, manifest, export, path in _tables(root, known, scope):
        here = _counted(path, fate, manifest)
        if scope.measure and fate == UNREAD:
            without_measure += sum(here.values())
            continue
        here = {key: count for key, count in here.items() if scope.measure in ("", key[3])}
        wanted = Counter({key: min(count, max(0, most - counts[key])) for key, count in here.items()})
        rows += _first(path, fate, manifest, export, wanted)
        counts.update(here)
    order = sorted(counts, key=lambda key: (-counts[key], key))
    place = {key: position for position, key in enumerate(order)}
    rows.sort(key=lambda entry: place[entry[0]])
    return Answer(tuple(Kind(*key, counts[key]) for key in order), tuple(row for _, row in rows), without_measure)


def _known(field: str, name: str, names: set[str]) -> None:
    if name and name not in names:
        raise RegistryError(f'there is no {field} "{name}".', hint=nearest(name, names))


def _current(session: Session, root: Path) -> list[tuple[Manifest, str]]:
    """The exports that count: of the last run's sources, the last revision of each document that is there; of one
    that is gone (and kept, or dropped, as the configuration says) if the last proof of conservation counted it."""
    run = queries.last_run(session)
    subjects = dict(run.subjects) if run is not None else {}
    found: dict[tuple[str, str, str], tuple[Manifest, str]] = {}
    for manifest in manifests.every(root):
        if subjects and manifest.source not in subjects.get(manifest.subject, ()):
            continue
        proof = queries.read_json(root / "summary" / manifest.subject / "conservation.json")
        counted = {(one.get("source"), one.get("export")) for one in proof.get("exports", [])}
        for document, export in manifest.current():
            is_there = document.get("present") or "postponed" in document
            if is_there or (manifest.source, export) in counted:
                found[manifest.subject, manifest.source, export] = manifest, export
    return list(found.values())


def _tables(
    root: Path, known: Sequence[tuple[Manifest, str]], scope: Scope
) -> Iterator[tuple[str, Manifest, str, Path]]:
    """Fate, manifest, export and table of everything in scope that is on the disk and not empty."""
    from pdp import tables

    for manifest, export in known:
        is_wanted = scope.subject in ("", manifest.subject) and scope.source in ("", manifest.source)
        home = f"{manifest.subject}/{manifest.source}/{export}"
        places = {UNREAD: root / f"normalized/{home}/unread.parquet", QUARANTINED: root / f"quarantine/{home}.parquet"}
        for fate, path in places.items():
            is_asked = is_wanted and export.startswith(scope.export) and scope.fate in ("", fate)
            if is_asked and path.exists() and tables.row_count(path):
                yield fate, manifest, export, path


def _counted(path: Path, fate: str, manifest: Manifest) -> dict[_Key, int]:
    from pdp import tables

    columns = ("measure", "rule") if fate == QUARANTINED else ("reason",)
    found = tables.count_by(path, *columns)
    return {
        (fate, manifest.subject, manifest.source, key[0] if len(key) == 2 else "", key[-1]): count
        for key, count in found.items()
    }


def _first(
    path: Path, fate: str, manifest: Manifest, export: str, wanted: Counter[_Key]
) -> Iterator[tuple[_Key, Rejected]]:
    """So many rows of each kind, in the table's order; stops when it has them."""
    from pdp import tables

    for batch in tables.batches(path) if wanted.total() else ():
        for start in range(0, len(batch), _PIECE):
            for record in batch.slice(start, _PIECE).to_pylist():
                row = _rejected(record, fate, manifest, export)
                key = fate, manifest.subject, manifest.source, row.measure, row.reason
                if wanted[key] > 0:
                    wanted[key] -= 1
                    yield key, row
            if not wanted.total():
                return


def _rejected(record: dict[str, Any], fate: str, manifest: Manifest, export: str) -> Rejected:
    start = record.get("start_utc")
    return Rejected(
        fate=fate,
        subject=manifest.subject,
        source=manifest.source,
        export=export,
        document=", ".join(manifest.names(export)),
        member=record["member"],
        row=record["row"],
        measure=record.get("measure") or "",
        reason=record.get("rule") or record["reason"],
        column=record.get("column") or "",
        value=record.get("value"),
        detail=record.get("detail") or "",
        start_utc=start.isoformat() if start else None,
        utc_offset_min=record.get("utc_offset_min"),
        text=record.get("text"),
        values=json.loads(record["row_values"]) if record.get("row_values") else None,
    )
