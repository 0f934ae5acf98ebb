"""A results folder and the receipts that jobs leave in it, in the layout of pdp.store."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

TABLES = (
    "run",
    "run_job",
    "code_version",
    "job_run",
    "dataset",
    "dataset_version",
    "job_run_input",
    "job_run_output",
    "source_poll",
)


class Workplace:
    """A working directory with results/, and hands that leave receipts there as jobs do."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root = folder / "results"
        self.spool = self.root / "receipts" / "spool"
        self.spool.mkdir(parents=True, exist_ok=True)
        self._count = 0

    def file(self, path: str, content: str, rows: int | None = None) -> dict[str, Any]:
        """Put an artifact there, and what a receipt says of it."""
        place = self.folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(content)
        digest = hashlib.sha256(content.encode()).hexdigest()
        return {"name": place.stem, "path": path, "sha256": digest, "bytes": len(content), "rows": rows}

    def job(
        self,
        rule: str,
        inputs: list[dict[str, Any]] | None = None,
        outputs: list[dict[str, Any]] | None = None,
        *,
        run: str | None = None,
        code: Mapping[str, str] | None = None,
        settings: Mapping[str, Any] | None = None,
        libraries: Mapping[str, str] | None = None,
        status: str = "COMPLETE",
        wildcards: Mapping[str, str] | None = None,
        **more: Any,
    ) -> str:
        """Leave a receipt; one second later than the one before."""
        self._count += 1
        identity = more.pop("id", f"{self._count:032x}")
        content = {
            "rule": rule,
            "code": dict(code or {f"pdp.{rule}": "1111"}),
            "settings": dict(settings or {}),
            "libraries": dict(libraries or {"pyarrow": "26.0.1"}),
            "python": "3.11",
        }
        text = json.dumps(content)
        ended = more.pop("ended", f"2026-11-23T06:{self._count // 60:02d}:{self._count % 60:02d}.000Z")
        receipt = {
            "kind": "job",
            "id": identity,
            "run": run,
            "rule": rule,
            "wildcards": dict(wildcards or {}),
            "status": status,
            "started": ended,
            "ended": ended,
            "host": "here",
            "pid": 1,
            "key": {
                "path": f"results/keys/{rule}.json",
                "sha256": hashlib.sha256(text.encode()).hexdigest(),
                "content": content,
            },
            "inputs": inputs or [],
            "outputs": outputs or [],
            "rows": {},
            "error": None,
            **more,
        }
        (self.spool / f"{identity}.json").write_text(json.dumps(receipt))
        return str(identity)

    def run(
        self,
        name: str,
        *events: Mapping[str, Any],
        status: str | None = "COMPLETE",
        subjects: Mapping[str, list[str]] | None = None,
        at: str = "",
        **end: Any,
    ) -> None:
        """Leave the events of a run that is over; without a status it was killed."""
        self._count += 1
        at = at or f"2026-11-23T06:{self._count // 60:02d}:{self._count % 60:02d}.500Z"
        told: list[Mapping[str, Any]] = [
            {
                "event": "run_started",
                "run": name,
                "host": "here",
                "pid": 7,
                "command": ["snakemake"],
                "subjects": dict(subjects or {}),
            },
            *events,
        ]
        if status:
            told.append({"event": "run_ended", "status": status, **end})
        text = "".join(json.dumps({"at": at, **event}) + "\n" for event in told)
        (self.spool / f"{name}.run.jsonl").write_text(text)

    def spooled(self) -> list[str]:
        """What waits to be folded."""
        return sorted(path.name for path in self.spool.iterdir())

    def contents(self) -> dict[str, list[Any]]:
        """Every row of every table, in an order that does not depend on when it was written."""
        with sqlite3.connect(self.root / "lineage.sqlite") as connection:
            found = {table: sorted(map(repr, connection.execute(f"select * from {table}"))) for table in TABLES}
        connection.close()
        return found

    def archived(self) -> list[dict[str, Any]]:
        """The lines of the archives that can be read."""
        lines = [line for path in sorted(self.root.glob("receipts/*.jsonl")) for line in path.read_text().split("\n")]
        return [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]


EXPORT_TEXT = """Date,Time,Sys,Dia,Pulse,Note
2025-03-14,07:12,128,81,66,
2025-03-14,07:14,124,79,64,"after coffee,
and a walk"
2025-03-14,20:30,131,84,70,
2025-03-15,07:05,900,80,60,
"""


SLEEP_TEXT = """start,end,duration (min)
2025-10-05 23:05,2025-10-06 06:35,420
2025-10-06 23:20,2025-10-07 06:40,410
2025-10-07 13:00,,40
soon,2025-10-08 06:40,410
2025-10-08 23:00,2025-10-09 06:00,1000
"""


def measured(place: Workplace, format_name: str = "bp_log", text: str = EXPORT_TEXT) -> str:
    """A subject "me" with one log (of blood pressure) in a source "cuff", brought through every stage; receipts as
    the jobs leave them.

    Returns:
        The export's id.
    """
    from pdp import formats, limits, merge, normalize, schemas, settings, summarize, tables, timeframe, validate
    from pdp.summarize.summary_settings import SummarySettings
    from pdp.vocabulary import MEASURES

    zone = "Europe/Berlin"
    ledger = timeframe.ZoneLedger.from_config(zone)
    raw = text.encode()
    sha256 = hashlib.sha256(raw).hexdigest()
    export = sha256[:16]
    base = place.folder
    normalized = f"results/normalized/me/cuff/{export}"
    validated = f"results/validated/me/cuff/{export}"

    def writers(folder: str, schema: Any) -> dict[str, tables.SortingWriter]:
        (base / folder).mkdir(parents=True, exist_ok=True)
        return {m: tables.SortingWriter(base / folder / f"{m}.parquet", schema(m)) for m in MEASURES}

    def vouch(path: str) -> dict[str, Any]:
        content = (base / path).read_bytes()
        rows = tables.row_count(base / path) if path.endswith(".parquet") else None
        digest = hashlib.sha256(content).hexdigest()
        return {"name": Path(path).stem, "path": path, "sha256": digest, "bytes": len(content), "rows": rows}

    place.file(f"resources/raw/me/{export}", text)
    revision = {"export": export, "sha256": sha256, "bytes": len(raw), "first_seen": "2025-04-01T00:00:00Z"}
    document = {"id": "1", "name": "my cuff.csv", "present": True, "revisions": [revision]}
    manifest = {"subject": "me", "source": "cuff", "reachable": True, "documents": [document]}
    place.file("results/manifests/me/cuff.json", json.dumps(manifest))
    poll = {"subject": "me", "source": "cuff", "reachable": True, "documents": 1, "new_exports": [export], "gone": 0}
    place.job("ingest", [], [vouch("results/manifests/me/cuff.json")], run="r1", poll=poll)

    log = formats.load(format_name)
    unread = schemas.UNREAD
    normalize.normalize_file(
        base / "resources/raw/me" / export,
        log,
        settings.build(log.Settings, {}),
        source="cuff",
        ledger=ledger,
        writers=lambda: (
            writers(normalized, schemas.normalized)
            | {"unread": tables.SortingWriter(base / normalized / "unread.parquet", unread)}
        ),
    )
    names = [f"{normalized}/{measure}.parquet" for measure in MEASURES]
    key = {"format": format_name, "settings": {}, "device": "", "time_zone": zone, "passwords_from": {}}
    code = {"pdp.normalize": "1111", f"pdp.formats.{format_name}": "2222"}
    made = [vouch(name) for name in [*names, f"{normalized}/unread.parquet"]]
    place.job("normalize", [vouch(f"resources/raw/me/{export}")], made, run="r1", settings=key, code=code)

    quarantine = f"results/quarantine/me/cuff/{export}.parquet"
    (base / quarantine).parent.mkdir(parents=True, exist_ok=True)
    into = writers(validated, schemas.validated)
    rejected = tables.SortingWriter(base / quarantine, schemas.QUARANTINE)
    validate.validate(
        {measure: base / normalized / f"{measure}.parquet" for measure in MEASURES},
        writers=into,
        quarantine=rejected,
        limits=limits.Limits.from_config({}),
        arrived_ms=None,
    )
    for writer in [*into.values(), rejected]:
        writer.close()
    good = [f"{validated}/{measure}.parquet" for measure in MEASURES]
    place.job("validate", [vouch(n) for n in names], [vouch(n) for n in [*good, quarantine]], run="r1")

    chosen, others = (
        writers("results/merged/me", schemas.validated),
        writers("results/superseded/me", schemas.superseded),
    )
    for measure in MEASURES:
        merge.merge(
            measure,
            [merge.MergeInput(base / validated / f"{measure}.parquet", "cuff", export)],
            settings=settings.build(merge.MergeSettings, {"priority": ["cuff"]}),
            ledger=ledger,
            merged=chosen[measure],
            superseded=others[measure],
        )
        chosen[measure].close()
        others[measure].close()
        outputs = [vouch(f"results/{layer}/me/{measure}.parquet") for layer in ("merged", "superseded")]
        place.job("merge", [vouch(f"{validated}/{measure}.parquet")], outputs, run="r1")

    tops = {name: f"results/summary/me/{name}.parquet" for name in ("daily", "nights", "agreement")}
    (base / "results/summary/me").mkdir(parents=True, exist_ok=True)
    merged = [f"results/merged/me/{measure}.parquet" for measure in MEASURES]
    summarize.summarize(
        {measure: base / path for measure, path in zip(MEASURES, merged, strict=True)},
        {measure: base / f"results/superseded/me/{measure}.parquet" for measure in MEASURES},
        settings=SummarySettings(),
        ledger=ledger,
        out={name: base / path for name, path in tops.items()},
    )
    key = {"time_zone": zone, "summary": {}}
    place.job("summarize", [vouch(n) for n in merged], [vouch(n) for n in tops.values()], run="r1", settings=key)
    place.run("r1")
    return export
