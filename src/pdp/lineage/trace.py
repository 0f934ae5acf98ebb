"""From rows of a merged table back to the raw bytes: which file, which record, and whether it still says the same."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy.orm import Session

from pdp.errors import PdpError
from pdp.lineage import manifests, queries, raw_text
from pdp.vocabulary import MEASURES

if TYPE_CHECKING:
    from pdp.tables import SortingWriter

SAME, DIFFERS, UNPROVEN = "same", "differs", "unproven"


@dataclass(frozen=True)
class Export:
    """A raw export that rows came from. `documents`: what it is called at the source."""

    source: str
    export: str
    path: str
    sha256: str
    documents: tuple[str, ...]
    format: str
    is_intact: bool


@dataclass(frozen=True)
class Traced:
    """One row of a merged table and its origin.

    Attributes:
        values: The measure's own columns.
        text: The raw record as it stands; None where it can't be read.
        proof: "same" if the raw record, read again by its format, gives this row; "differs" or "unproven".
        note: Why it is unproven.
    """

    measure: str
    start_utc: str
    end_utc: str | None
    utc_offset_min: int
    values: dict[str, Any]
    flags: str | None
    device: str
    source: str
    export: str
    member: str
    row: int
    text: str | None
    proof: str
    note: str


@dataclass(frozen=True)
class Trace:
    """Rows in the order given, and the exports they came from."""

    rows: tuple[Traced, ...]
    exports: tuple[Export, ...]


def trace(session: Session, root: Path, subject: str, rows: pa.Table) -> Trace:
    """Find the raw record of every row and read it again.

    Args:
        session: Of the registry.
        root: The results folder.
        subject: Whose rows.
        rows: Merged rows with a column `measure` in front.
    """
    records: list[dict[str, Any]] = rows.to_pylist()
    exports: dict[tuple[str, str], Export] = {}
    proofs: dict[tuple[str, str], _Reread] = {}
    for source, export in sorted({(record["source"], record["export"]) for record in records}):
        wanted = [record for record in records if (record["source"], record["export"]) == (source, export)]
        key = _key(session, root, subject, source, export, wanted[0]["measure"])
        about = _export(root, subject, source, export, str(key.get("format") or ""))
        exports[source, export] = about
        proofs[source, export] = _reread(root.absolute().parent / about.path, about, key, wanted)
    traced = tuple(_traced(record, proofs[record["source"], record["export"]]) for record in records)
    return Trace(traced, tuple(exports.values()))


@dataclass(frozen=True)
class _Reread:
    """What the raw bytes say now: rows by (measure, member, row), texts by (member, row)."""

    rows: Mapping[tuple[str, str, int], list[dict[str, Any]]]
    texts: Mapping[tuple[str, int], str]
    note: str


def _traced(record: Mapping[str, Any], again: _Reread) -> Traced:
    measure = str(record["measure"])
    names = [column.name for column in MEASURES[measure].columns]
    compared = ["start_utc", "end_utc", "device", *names]
    found = again.rows.get((measure, record["member"], record["row"]), [])
    is_same = any(all(one[name] == record[name] for name in compared) for one in found)
    return Traced(
        measure=measure,
        start_utc=record["start_utc"].isoformat(),
        end_utc=record["end_utc"].isoformat() if record["end_utc"] else None,
        utc_offset_min=record["utc_offset_min"],
        values={name: record[name] for name in names},
        flags=record["flags"],
        device=record["device"],
        source=record["source"],
        export=record["export"],
        member=record["member"],
        row=record["row"],
        text=again.texts.get((record["member"], record["row"])),
        proof=SAME if is_same else UNPROVEN if again.note else DIFFERS,
        note="" if is_same else again.note,
    )


def _key(session: Session, root: Path, subject: str, source: str, export: str, measure: str) -> Mapping[str, Any]:
    """The settings that the export was read with."""
    table = queries.newest(session, f"{root.name}/normalized/{subject}/{source}/{export}/{measure}.parquet")
    if table is None or table.made_by is None:
        return {}
    return dict(queries.made(session, queries.makers(session, table)[-1].id).key.get("settings") or {})


def _export(root: Path, subject: str, source: str, export: str, format_name: str) -> Export:
    path = f"resources/raw/{subject}/{export}"
    own = [one for one in manifests.every(root) if (one.subject, one.source) == (subject, source)]
    known = [str(found["sha256"]) for one in own for _, found in one.revisions() if found["export"] == export]
    names = own[0].names(export) if own else ()
    try:
        with (root.absolute().parent / path).open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        digest = ""
    sha256 = known[0] if known else digest
    is_intact = bool(digest) and digest == sha256 and digest.startswith(export)
    return Export(source, export, path, sha256, names, format_name, is_intact)


def _reread(path: Path, about: Export, key: Mapping[str, Any], wanted: Iterable[Mapping[str, Any]]) -> _Reread:
    """Read the raw export again, through the same format and the same code that places times."""
    from pdp.export import open_export

    if not path.is_file():
        return _Reread({}, {}, "the raw export is missing")
    if not about.is_intact:
        return _Reread({}, {}, "the raw export is not what it was when it arrived")
    if not key:
        return _Reread({}, {}, "no receipt tells how the export was read")
    members: dict[str, set[int]] = {}
    for record in wanted:
        members.setdefault(record["member"], set()).add(record["row"])
    try:
        with open_export(path, _passwords(key)) as export:
            texts = {
                (member, row): text
                for member, rows in members.items()
                for row, text in raw_text.texts(export, member, rows).items()
            }
            return _Reread(_normalized(export, about.source, key, members), texts, "")
    except PdpError as error:
        return _Reread({}, {}, str(error))


def _passwords(key: Mapping[str, Any]) -> tuple[str, ...]:
    from pdp.secrets import passwords

    return passwords(key.get("passwords_from") or ())


def _normalized(
    export: Any, source: str, key: Mapping[str, Any], members: Mapping[str, set[int]]
) -> dict[tuple[str, str, int], list[dict[str, Any]]]:
    from pdp import formats, normalize, settings
    from pdp.timeframe import ZoneLedger

    module = formats.load(key["format"])
    keepers: dict[str, _Keeper] = {}

    def writers() -> Mapping[str, SortingWriter]:
        keepers.clear()
        keepers.update({name: _Keeper(members) for name in (*MEASURES, normalize.UNREAD)})
        return cast("Mapping[str, SortingWriter]", keepers)

    normalize.normalize(
        export,
        module,
        settings.build(module.Settings, key.get("settings") or {}),
        source=source,
        ledger=ZoneLedger.from_config(key["time_zone"]),
        writers=writers,
        device=key.get("device") or "",
    )
    found: dict[tuple[str, str, int], list[dict[str, Any]]] = {}
    for measure in MEASURES:
        for table in keepers[measure].kept:
            for record in _like_merged(table, measure):
                found.setdefault((measure, record["member"], record["row"]), []).append(record)
    return found


def _like_merged(table: pa.Table, measure: str) -> list[dict[str, Any]]:
    """Rows in the types of the merged table, so that values compare exactly (float32 to float32)."""
    from pdp import schemas
    from pdp.tables import columns

    schema = pa.schema([field.with_nullable(True) for field in schemas.validated(measure)])
    return list(columns.conform(table.select([n for n in schema.names if n in table.column_names]), schema).to_pylist())


class _Keeper:
    """Takes the place of a table's writer and keeps the wanted records alone."""

    def __init__(self, members: Mapping[str, set[int]]) -> None:
        self._members = members
        self._rows = pa.array(sorted(set().union(*members.values())), pa.int32())
        self.kept: list[pa.Table] = []
        self.rows = 0

    def write(self, table: pa.Table) -> None:
        near = table.filter(pc.is_in(table["row"].cast(pa.int32()), value_set=self._rows))
        if len(near):
            pairs = zip(near["member"].to_pylist(), near["row"].to_pylist(), strict=True)
            chosen = np.array([row in self._members.get(member, ()) for member, row in pairs], bool)
            self.kept.append(near.take(pa.array(np.flatnonzero(chosen).tolist(), pa.int64())))

    def close(self, metadata: Mapping[str, str] | None = None) -> int:
        return sum(len(table) for table in self.kept)

    def discard(self) -> None:
        self.kept.clear()
