"""The last run at a glance: results/pipeline_state.json, and the summary at the end of a run.

Counts, names and reasons only; no measured value.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from pdp.lineage import archive, database, manifests, queries, sources
from pdp.lineage.model import JobRun, Run, RunJob

FILE = "pipeline_state.json"
_ORDER = ("ingest", "normalize", "validate", "merge", "summarize")


def write(root: Path = Path("results"), run_id: str | None = None) -> dict[str, Any]:
    """Write pipeline_state.json as a whole or not at all, and give what stands in it; `run_id` as in `current`."""
    state = current(root, run_id)
    path = root / FILE
    staged = path.with_name(f"{FILE}.{os.getpid()}.tmp")
    with staged.open("w", encoding="utf-8") as file:
        file.write(json.dumps(state, indent=1, ensure_ascii=False) + "\n")
        file.flush()
        os.fsync(file.fileno())
    staged.replace(path)
    archive.sync_folder(root)
    return state


def current(root: Path, run_id: str | None = None) -> dict[str, Any]:
    """What the registry and the proofs of conservation say of a run.

    Args:
        root: The results folder.
        run_id: Which; the last one, if not told or not on record.

    Raises:
        RegistryError: There is no registry.
    """
    with database.reading(root) as session:
        return told_by(session, root, run_id)


def told_by(session: Session, root: Path, run_id: str | None = None) -> dict[str, Any]:
    """The same, by a registry that is open already."""
    run = (session.get(Run, run_id) if run_id else None) or queries.last_run(session)
    state: dict[str, Any] = {"run": None, "stages": {}, "failures": [], "sources": sources.answers(session, run)}
    if run is not None:
        state["run"] = {
            "id": run.id,
            "status": run.status,
            "started": run.started,
            "ended": run.ended,
            "error": run.error,
            "subjects": run.subjects,
        }
        state["stages"] = _stages(session, run)
        state["failures"] = _failures(session, run)
    proofs = {path.parent.name: path for path in sorted(root.glob("summary/*/conservation.json"))}
    subjects = list(run.subjects) if run is not None and run.subjects else list(proofs)
    state["rows"] = {subject: _rows(proofs[subject]) for subject in subjects if subject in proofs}
    state["unreadable"] = sources.of_run(_unreadable(session, root), run)
    return state


def _stages(session: Session, run: Run) -> dict[str, dict[str, int]]:
    stages = {
        rule: {"ran": 0, "reused": counts.get("reused", 0), "failed": 0, "waiting": counts.get("left", 0)}
        for rule, counts in run.graph.items()
        if rule not in queries.TARGETS
    }
    for job in session.scalars(select(RunJob).where(RunJob.run_id == run.id)):
        if job.rule in queries.TARGETS:
            continue
        stage = stages.setdefault(job.rule, {"ran": 0, "reused": 0, "failed": 0, "waiting": 0})
        stage["ran"] += job.status == "COMPLETE"
        if job.status != "COMPLETE":
            stage["failed"] += 1
            stage["waiting"] = max(0, stage["waiting"] - 1)
    return dict(
        sorted(stages.items(), key=lambda item: (_ORDER.index(item[0]) if item[0] in _ORDER else len(_ORDER), item[0]))
    )


def _failures(session: Session, run: Run) -> list[dict[str, Any]]:
    errors = {
        (job.rule, json.dumps(job.wildcards, sort_keys=True)): job
        for job in session.scalars(select(JobRun).where(JobRun.run_id == run.id, JobRun.status == "FAIL"))
    }
    failures = []
    for job in session.scalars(select(RunJob).where(RunJob.run_id == run.id, RunJob.status != "COMPLETE")):
        told = errors.get((job.rule, json.dumps(job.wildcards, sort_keys=True)))
        failures.append(
            {
                "rule": job.rule,
                "wildcards": job.wildcards,
                "status": job.status,
                "error": told.error_type if told else "",
                "message": told.error_message if told else "",
                "log": job.log,
            }
        )
    return failures


def _rows(path: Path) -> dict[str, Any]:
    """Totals by source from a proof of conservation; {} if it can't be read."""
    try:
        proof = json.loads(path.read_text(encoding="utf-8"))
        totals = proof.get("totals") or proof.get("sources") or {}
        return {name: counts for name, counts in totals.items() if isinstance(counts, Mapping)}
    except (OSError, ValueError, AttributeError):
        return {}


def _unreadable(session: Session, root: Path) -> list[dict[str, Any]]:
    """Whole exports, and whole files inside exports, that could not be read: row 0 in `unread`."""
    found = []
    for manifest in manifests.every(root):
        for document, export in manifest.current():
            if not document.get("present"):
                continue
            path = f"{root.name}/normalized/{manifest.subject}/{manifest.source}/{export}/unread.parquet"
            newest = queries.newest(session, path)
            about = {"subject": manifest.subject, "source": manifest.source, "export": export}
            for fault in _whole_faults(root.parent / path) if newest and newest.rows else ():
                found.append({**about, "name": document.get("name") or "", **fault})
    return found


def _whole_faults(path: Path) -> list[dict[str, str]]:
    """member, reason and detail (a sentence with what to do; no measured value) of the rows that are whole files."""
    import numpy as np

    from pdp import tables
    from pdp.errors import StoreError
    from pdp.tables.columns import integers, take

    names = ["member", "reason", "detail"]
    try:
        table = tables.read(path, ["row", *names])
    except StoreError:
        return []
    faults = take(table, np.flatnonzero(integers(table["row"]) == 0))
    return [{name: str(record[name] or "") for name in names} for record in faults.to_pylist()]
