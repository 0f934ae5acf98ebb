"""What an erasure would take, found by manifests and tables, shown before anything goes. Nothing is written here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from pdp.errors import PdpError, nearest
from pdp.store import read_json, sha256
from pdp.vocabulary import MEASURES

if TYPE_CHECKING:
    from pdp.tables.columns import Integers

RAW = Path("resources/raw")
SUFFIX = ".manifest.json"
_DAY_MS = 86_400_000
_MINUTE_MS = 60_000
_EPOCH = date(1970, 1, 1)


class ForgetError(PdpError):
    """Nothing was erased: what was asked for is not there, or can't be told apart."""


@dataclass(frozen=True)
class Asked:
    """What a person wants gone: an export or document, a period of local days (both included), all of a subject."""

    subject: str
    what: Literal["export", "period", "subject"]
    export: str = ""
    first: str = ""
    last: str = ""


@dataclass(frozen=True)
class Export:
    """One raw export that goes.

    Attributes:
        source: Of which.
        name: 16 digits.
        sha256: Whole.
        bytes: Of the raw file; 0 where it is not here.
        documents: What it is called at the source.
        is_at_source: Whether the source still had one of these documents when it was asked last.
        rows: By measure, as far as a table tells.
        quarantined, unread: Rows; None where no table tells.
        days: Local days with rows.
        days_beside: Those of them that lie outside the period asked for, and go with it.
    """

    source: str
    name: str
    sha256: str
    bytes: int
    documents: tuple[str, ...]
    is_at_source: bool
    rows: Mapping[str, int]
    quarantined: int | None
    unread: int | None
    days: int
    days_beside: int


@dataclass(frozen=True)
class Plan:
    """All that goes.

    Attributes:
        asked: For what.
        exports: Raw exports, with every table made of them alone.
        documents: (source, id) of documents of which nothing stays.
        versions: (source, id, checksum) of what goes, as the source tells it.
        names: What these documents are called, for the search in what stays.
        undated: Exports of which no table tells the days: they stay unless they are revisions of a document that goes.
        unread_elsewhere: Rows without a date in exports that stay; a period can't find them.
    """

    asked: Asked
    exports: tuple[Export, ...]
    documents: tuple[tuple[str, str], ...]
    versions: tuple[tuple[str, str, str], ...]
    names: tuple[str, ...]
    undated: tuple[str, ...] = ()
    unread_elsewhere: int = 0

    @property
    def erased(self) -> set[tuple[str, str]]:
        """(source, export) of all that goes."""
        return {(each.source, each.name) for each in self.exports}


@dataclass
class _Held:
    """An export as the manifests know it."""

    source: str
    name: str
    sha256: str
    documents: list[tuple[str, str, str, bool]] = field(default_factory=list)  # id, name, checksum, is present


def plan(root: Path, asked: Asked) -> Plan:
    """Find what goes.

    Args:
        root: The working folder.
        asked: For what.

    Raises:
        ForgetError: No such subject or export; or nothing lies in the period.
    """
    folder = root / RAW / asked.subject
    if not folder.is_dir():
        known = [place.name for place in (root / RAW).glob("*") if place.is_dir()]
        raise ForgetError(
            f'there is no subject "{asked.subject}".', where="--subject", hint=nearest(asked.subject, known)
        )
    held = _held(folder)
    days = {each: _days(root, asked.subject, *each) for each in held}
    wanted, undated = _wanted(asked, held, days)
    if not wanted and asked.what != "subject":
        raise ForgetError(
            f"nothing of {asked.subject} lies in these days, as far as tables tell.",
            where="--from/--to",
            hint=f"{len(undated)} export(s) have no tables here; run snakemake first." if undated else "",
        )
    going = [_export(root, asked, held[each], days[each], folder) for each in sorted(wanted)]
    whole = _whole_documents(held, wanted)
    stay = held.keys() - wanted
    return Plan(
        asked,
        tuple(going),
        tuple(sorted(whole)),
        tuple(sorted({(s, d[0], d[2]) for s, n in wanted for d in held[s, n].documents})),
        tuple(sorted({text for each in wanted for d in held[each].documents for text in d[:2] if len(text) > 2})),
        tuple(sorted(f"{source}/{name}" for source, name in undated - wanted)) if asked.what == "period" else (),
        sum(_rows(root / f"results/normalized/{asked.subject}/{s}/{n}/unread.parquet") or 0 for s, n in stay)
        if asked.what == "period"
        else 0,
    )


def _held(folder: Path) -> dict[tuple[str, str], _Held]:
    """Every export that a manifest of the subject names, and those on the disk that none names (of source "")."""
    found: dict[tuple[str, str], _Held] = {}
    for place in sorted(folder.glob(f"*{SUFFIX}")):
        source = place.name.removesuffix(SUFFIX)
        said: dict[str, Any] = read_json(place)
        for document in said["documents"]:
            for revision in document["revisions"]:
                export = found.setdefault(
                    (source, revision["export"]), _Held(source, revision["export"], revision["sha256"])
                )
                about = (str(document["id"]), str(document["name"]), str(revision["checksum"]))
                export.documents.append((*about, bool(document["present"])))
    named = {name for _, name in found}
    for place in sorted(folder.glob("[0-9a-f]" * 16)):
        if place.name not in named:
            found["", place.name] = _Held("", place.name, sha256(place))
    return found


def _wanted(
    asked: Asked, held: Mapping[tuple[str, str], _Held], days: Mapping[tuple[str, str], Integers | None]
) -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
    """The exports that go, and those of which nobody can tell the days."""
    undated = {each for each, found in days.items() if found is None}
    if asked.what == "subject":
        return set(held), undated
    if asked.what == "export":
        hit = {
            each
            for each, export in held.items()
            if (len(asked.export) >= 6 and export.sha256.startswith(asked.export))
            or any(asked.export in (id, name) for id, name, _, _ in export.documents)
        }
        if not hit:
            known = {name for export in held.values() for _, name, _, _ in export.documents} | {n for _, n in held}
            raise ForgetError(
                f'no export or document is called "{asked.export}".',
                where="--export",
                hint=nearest(asked.export, known),
            )
        return _same_documents(held, hit, set(held)), undated
    first, last = ((date.fromisoformat(day) - _EPOCH).days for day in (asked.first, asked.last))
    hit = {each for each, found in days.items() if found is not None and ((found >= first) & (found <= last)).any()}
    return _same_documents(held, hit, undated), undated


def _same_documents(
    held: Mapping[tuple[str, str], _Held], hit: set[tuple[str, str]], among: set[tuple[str, str]]
) -> set[tuple[str, str]]:
    """The hits, and other revisions of their documents: they hold much of the same."""
    ids = {(source, document[0]) for source, name in hit for document in held[source, name].documents}
    same = {each for each in among if any((each[0], document[0]) in ids for document in held[each].documents)}
    bytes_of = {held[each].sha256 for each in hit | same}
    return {each for each, export in held.items() if each in hit | same or export.sha256 in bytes_of}


def _whole_documents(held: Mapping[tuple[str, str], _Held], wanted: set[tuple[str, str]]) -> set[tuple[str, str]]:
    going = {(s, d[0]) for s, n in wanted for d in held[s, n].documents}
    staying = {(s, d[0]) for s, n in held.keys() - wanted for d in held[s, n].documents}
    return going - staying


def _export(root: Path, asked: Asked, held: _Held, days: Integers | None, folder: Path) -> Export:
    at = f"{asked.subject}/{held.source}/{held.name}"
    rows = {measure: _rows(root / f"results/normalized/{at}/{measure}.parquet") for measure in MEASURES}
    raw = folder / held.name
    seen = days if days is not None else np.array([], np.int64)
    if asked.what == "period":
        first, last = ((date.fromisoformat(day) - _EPOCH).days for day in (asked.first, asked.last))
        beside = int(((seen < first) | (seen > last)).sum())
    else:
        beside = 0
    return Export(
        held.source,
        held.name,
        held.sha256,
        raw.stat().st_size if raw.is_file() else 0,
        tuple(dict.fromkeys(document[1] for document in held.documents)),
        any(document[3] for document in held.documents),
        {measure: n for measure, n in rows.items() if n},
        _rows(root / f"results/quarantine/{at}.parquet"),
        _rows(root / f"results/normalized/{at}/unread.parquet"),
        len(seen),
        beside,
    )


def _days(root: Path, subject: str, source: str, export: str) -> Integers | None:
    """The local days of an export's rows, since 1970; None where it has no tables."""
    folder = root / f"results/normalized/{subject}/{source}/{export}"
    if not all((folder / f"{measure}.parquet").is_file() for measure in MEASURES):
        return None
    found = [np.array([], np.int64)]
    for measure in MEASURES:
        found += [np.unique(np.concatenate(block)) for block in _table_days(folder / f"{measure}.parquet")]
    return np.unique(np.concatenate(found))


def _table_days(path: Path) -> Iterator[tuple[Integers, ...]]:
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        wanted = [name for name in ("start_utc", "end_utc", "utc_offset_min") if name in file.schema_arrow.names]
        for batch in file.iter_batches(columns=wanted):
            yield local_days(batch)


def local_days(batch: Any) -> tuple[Integers, ...]:
    """Every local day that rows touch, by their own offset: days since 1970. An interval touches up to its end."""
    import pyarrow as pa
    import pyarrow.compute as pc

    offset = pc.fill_null(batch["utc_offset_min"], 0).to_numpy(zero_copy_only=False).astype(np.int64) * _MINUTE_MS
    start = batch["start_utc"].cast(pa.timestamp("ms", "UTC")).cast(pa.int64())
    begin = pc.fill_null(start, 0).to_numpy(zero_copy_only=False) + offset
    if "end_utc" not in batch.schema.names:
        return (begin // _DAY_MS,)
    end = batch["end_utc"].cast(pa.timestamp("ms", "UTC")).cast(pa.int64())
    until = pc.fill_null(pc.coalesce(end, start), 0).to_numpy(zero_copy_only=False) + offset
    first, last = begin // _DAY_MS, np.maximum(begin, until - 1) // _DAY_MS
    longest = int((last - first).max(initial=0))
    return tuple(np.minimum(first + n, last) for n in range(longest + 1))


def day_name(number: int) -> str:
    """A day since 1970 as ISO 8601."""
    return (_EPOCH + timedelta(days=number)).isoformat()


def _rows(path: Path) -> int | None:
    from pyarrow.parquet import read_metadata

    return int(read_metadata(path).num_rows) if path.is_file() else None
