"""A results folder and the receipts that jobs leave in it, in the layout of pdp.store."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

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
        self.spool.mkdir(parents=True)
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

    def run(self, name: str, *events: Mapping[str, Any], status: str | None = "COMPLETE", **end: Any) -> None:
        """Leave the events of a run that is over; without a status it was killed."""
        self._count += 1
        at = f"2026-11-23T06:{self._count // 60:02d}:{self._count % 60:02d}.500Z"
        told: list[Mapping[str, Any]] = [
            {"event": "run_started", "run": name, "host": "here", "pid": 7, "command": ["snakemake"]},
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


@pytest.fixture
def place(tmp_path: Path) -> Workplace:
    """An empty working directory."""
    return Workplace(tmp_path)
