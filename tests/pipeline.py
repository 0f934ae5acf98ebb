"""A person's exports taken through the stages in a temporary folder, without Snakemake: the real functions in order."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa

from pdp import conservation, formats, merge, schemas, settings, summarize, tables, validate
from pdp.limits import Limits
from pdp.normalize import Tally, normalize_file
from pdp.timeframe import ZoneLedger
from pdp.vocabulary import MEASURES

SUBJECT = "ada"


@dataclass
class Taken:
    """What normalize made of one export."""

    tables: dict[str, pa.Table]
    unread: list[dict[str, Any]]
    tally: Tally

    def rows(self, measure: str) -> list[dict[str, Any]]:
        """The rows of a measure."""
        return self.tables[measure].to_pylist()  # type: ignore[no-any-return]

    def column(self, measure: str, name: str) -> list[Any]:
        """One column of a measure."""
        return self.tables[measure][name].to_pylist()  # type: ignore[no-any-return]

    @property
    def refusal(self) -> tuple[str, str]:
        """Reason and sentence of an export that could not be read, proved to be its only trace."""
        assert [len(table) for table in self.tables.values()] == [0] * len(MEASURES)
        (row,) = self.unread
        assert (row["row"], row["member"], row["reason"]) == (0, "", self.tally.unreadable)
        return row["reason"], row["detail"]

    @property
    def faults(self) -> dict[int, tuple[str, str]]:
        """Reason and sentence by record number."""
        return {row["row"]: (row["reason"], row["detail"]) for row in self.unread}


def take_in(
    path: Path,
    format: str,
    chosen: Mapping[str, Any] | None = None,
    *,
    zone: Any = "Europe/Berlin",
    into: Path | None = None,
    **more: Any,
) -> Taken:
    """Normalize one file with real writers and a real ledger."""
    if into is None:
        with TemporaryDirectory() as folder:
            return take_in(path, format, chosen, zone=zone, into=Path(folder), **more)
    module = formats.load(format)
    tally = normalize_file(
        path,
        module,
        settings.build(module.Settings, chosen or {}),
        source=more.pop("source", "source"),
        ledger=ZoneLedger.from_config(zone),
        writers=lambda: writers(into, schemas.normalized) | {"unread": writer(into / "unread.parquet", schemas.UNREAD)},
        **more,
    )
    assert not list(into.glob("*.tmp")), "something half-written was left behind"
    found = {measure: tables.read(into / f"{measure}.parquet") for measure in MEASURES}
    return Taken(found, tables.read(into / "unread.parquet").to_pylist(), tally)


def writer(path: Path, schema: pa.Schema) -> tables.SortingWriter:
    """One table's writer, its folder made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return tables.SortingWriter(path, schema)


def writers(folder: Path, schema: Any) -> dict[str, tables.SortingWriter]:
    """A writer per measure."""
    return {measure: writer(folder / f"{measure}.parquet", schema(measure)) for measure in MEASURES}


@dataclass
class Results:
    """What the pipeline made of all exports of a person."""

    folder: Path
    balance: dict[str, Any]
    sources: tuple[str, ...]

    def table(self, path: str) -> list[dict[str, Any]]:
        """A table below results/, by its path without the suffix."""
        return tables.read(self.folder / f"{path}.parquet").to_pylist()  # type: ignore[no-any-return]

    def merged(self, measure: str) -> list[dict[str, Any]]:
        """The rows that stand."""
        return self.table(f"merged/{SUBJECT}/{measure}")

    def superseded(self, measure: str) -> list[dict[str, Any]]:
        """The rows that another one stands for."""
        return self.table(f"superseded/{SUBJECT}/{measure}")

    def daily(self) -> dict[str, dict[str, Any]]:
        """The daily table by date."""
        return {row["date"].isoformat(): row for row in self.table(f"summary/{SUBJECT}/daily")}

    def nights(self) -> list[dict[str, Any]]:
        """The table of nights."""
        return self.table(f"summary/{SUBJECT}/nights")

    def _of_exports(self, stage: str, name: str) -> list[dict[str, Any]]:
        found = sorted((self.folder / stage / SUBJECT).rglob(name))
        return [row for path in found for row in tables.read(path).to_pylist()]

    def unread(self) -> list[dict[str, Any]]:
        """Records that no rule could read, of all exports."""
        return self._of_exports("normalized", "unread.parquet")

    def quarantined(self) -> list[dict[str, Any]]:
        """Readings that can't be true, of all exports."""
        return self._of_exports("quarantine", "*.parquet")

    def bytes(self) -> dict[str, bytes]:
        """Every table of the merge and of the summary, as it stands on the disk."""
        stages = ("merged", "superseded", "summary")
        found = sorted(path for stage in stages for path in (self.folder / stage).rglob("*.parquet"))
        return {path.relative_to(self.folder).as_posix(): path.read_bytes() for path in found}


@dataclass
class Person:
    """Someone with exports. `give` an export, then `run`."""

    folder: Path
    zone: Any = "Europe/Berlin"
    exports: list[tuple[str, str, Path, dict[str, Any]]] = field(default_factory=list)

    def give(self, source: str, format: str, content: str | bytes | Path, **chosen: Any) -> str:
        """An export arrives at a source; its id."""
        if isinstance(content, Path):
            content = content.read_bytes()
        data = content.encode() if isinstance(content, str) else content
        export = hashlib.sha256(data).hexdigest()[:16]
        raw = self.folder / "raw" / export
        raw.parent.mkdir(parents=True, exist_ok=True)
        raw.write_bytes(data)
        self.exports.append((source, format, raw, chosen))
        return export

    def run(
        self,
        *,
        zone: Any = None,
        priority: Mapping[str, Sequence[str]] | None = None,
        limits: Mapping[str, Any] | None = None,
        summary: Mapping[str, Any] | None = None,
        arrived_ms: int | None = None,
    ) -> Results:
        """Every stage over every export; the proof that no row was lost included."""
        ledger = ZoneLedger.from_config(zone or self.zone)
        base = self.folder / "results"
        shutil.rmtree(base, ignore_errors=True)
        for source, format, raw, chosen in self.exports:
            made = base / "normalized" / SUBJECT / source / raw.name
            made.mkdir(parents=True, exist_ok=True)
            take_in(raw, format, chosen, zone=zone or self.zone, into=made, source=source)
            validate.validate(
                {measure: made / f"{measure}.parquet" for measure in MEASURES},
                writers=writers(base / "validated" / SUBJECT / source / raw.name, schemas.validated),
                quarantine=writer(base / "quarantine" / SUBJECT / source / f"{raw.name}.parquet", schemas.QUARANTINE),
                limits=Limits.from_config(limits),
                arrived_ms=arrived_ms,
            )
        sources = tuple(dict.fromkeys(source for source, *_ in self.exports))
        merged, superseded = _merge(base, ledger, self.exports, priority or {}, sources)
        lying = [_lie(base, source, raw.name) for source, _, raw, _ in self.exports]
        balance = conservation.balance(SUBJECT, lying, merged, superseded)
        summarize.summarize(
            merged,
            superseded,
            settings=settings.build(summarize.SummarySettings, summary or {}),
            ledger=ledger,
            out={name: _made(base / "summary" / SUBJECT / f"{name}.parquet") for name in _SUMMARIES},
        )
        return Results(base, balance, sources)


_SUMMARIES = ("daily", "nights", "agreement")


def _made(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _merge(
    base: Path,
    ledger: ZoneLedger,
    exports: Iterable[tuple[str, str, Path, dict[str, Any]]],
    priority: Mapping[str, Sequence[str]],
    sources: tuple[str, ...],
) -> tuple[dict[str, Path], dict[str, Path]]:
    found: tuple[dict[str, Path], dict[str, Path]] = ({}, {})
    for measure in MEASURES:
        outs = {
            name: writer(base / name / SUBJECT / f"{measure}.parquet", getattr(schemas, schema)(measure))
            for name, schema in (("merged", "validated"), ("superseded", "superseded"))
        }
        merge.merge(
            measure,
            [
                merge.MergeInput(base / f"validated/{SUBJECT}/{source}/{raw.name}/{measure}.parquet", source, raw.name)
                for source, _, raw, _ in exports
            ],
            settings=merge.MergeSettings(priority=tuple(priority.get(measure, sources))),
            ledger=ledger,
            merged=outs["merged"],
            superseded=outs["superseded"],
        )
        for place, name in enumerate(("merged", "superseded")):
            outs[name].close()
            found[place][measure] = base / name / SUBJECT / f"{measure}.parquet"
    return found


def _lie(base: Path, source: str, export: str) -> conservation.ExportTables:
    """Where the tables of one export lie."""
    made, checked = (base / stage / SUBJECT / source / export for stage in ("normalized", "validated"))
    return conservation.ExportTables(
        source,
        export,
        normalized={measure: made / f"{measure}.parquet" for measure in MEASURES},
        unread=made / "unread.parquet",
        validated={measure: checked / f"{measure}.parquet" for measure in MEASURES},
        quarantine=base / "quarantine" / SUBJECT / source / f"{export}.parquet",
    )
