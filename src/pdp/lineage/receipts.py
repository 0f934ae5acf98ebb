"""What lies in the spool: one receipt per job, and the events of each run. The registry's write-ahead log.

Spool files are `<id>.json` (a job's receipt, see pdp.store) and `<run>.run.jsonl` (see
pdp.lineage.events; flocked while the run lives). In the archive both are one JSON line with "kind".
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

EVENTS_SUFFIX = ".run.jsonl"


class DamagedReceiptError(ValueError):
    """A receipt that says too little to be taken in. Names the field."""


@dataclass(frozen=True)
class Artifact:
    """One file that a job read or wrote. Path relative to the working directory; size in bytes."""

    name: str
    path: str
    sha256: str
    bytes: int
    rows: int | None


@dataclass(frozen=True)
class JobReceipt:
    """What a job vouches for. `document` is the receipt as written, which is what the archive keeps."""

    id: str
    run: str | None
    rule: str
    wildcards: Mapping[str, str]
    status: str
    started: str
    ended: str
    key: Mapping[str, Any] | None
    inputs: tuple[Artifact, ...]
    outputs: tuple[Artifact, ...]
    rows: Mapping[str, Any]
    error: Mapping[str, Any] | None
    poll: Mapping[str, Any] | None
    document: Mapping[str, Any]


@dataclass(frozen=True)
class RunReceipt:
    """What became of a run. `jobs`: per job jobid, rule, wildcards, reason, log, status, started, ended."""

    id: str
    status: str
    started: str
    ended: str
    document: Mapping[str, Any]
    jobs: tuple[Mapping[str, Any], ...] = field(default=())


Receipt = JobReceipt | RunReceipt


def parse(document: Mapping[str, Any]) -> Receipt:
    """A receipt from its JSON.

    Raises:
        DamagedReceiptError: A field is missing or of the wrong kind.
    """
    try:
        if document["kind"] == "run":
            jobs = tuple(document["jobs"])
            if any({"jobid", "status", "started", "ended"} - job.keys() for job in jobs):
                raise KeyError("jobs")
            if len({job["jobid"] for job in jobs}) < len(jobs):
                raise ValueError("two jobs have one number")
            return RunReceipt(
                document["id"], document["status"], document["started"], document["ended"], document, jobs
            )
        key = document.get("key")
        return JobReceipt(
            id=str(document["id"]),
            run=document.get("run") or None,
            rule=str(document["rule"]),
            wildcards=dict(document.get("wildcards") or {}),
            status=str(document["status"]),
            started=str(document["started"]),
            ended=str(document["ended"]),
            key={"path": str(key["path"]), "sha256": str(key["sha256"]), "content": dict(key["content"])}
            if key
            else None,
            inputs=_artifacts(document.get("inputs")),
            outputs=_artifacts(document.get("outputs")),
            rows=dict(document.get("rows") or {}),
            error=document.get("error"),
            poll=_poll(document.get("poll")),
            document=document,
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DamagedReceiptError(f"{type(error).__name__}: {error}") from error


def _artifacts(entries: Iterable[Mapping[str, Any]] | None) -> tuple[Artifact, ...]:
    return tuple(
        Artifact(str(e.get("name", "")), str(e["path"]), str(e["sha256"]), int(e["bytes"]), e.get("rows"))
        for e in entries or ()
    )


def _poll(said: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    if not said:
        return None
    return {
        "subject": str(said["subject"]),
        "source": str(said["source"]),
        "reachable": bool(said["reachable"]),
        "why": said.get("why"),
        "documents": int(said.get("documents") or 0),
        "gone": int(said.get("gone") or 0),
        "new_exports": list(said.get("new_exports") or ()),
        "postponed": list(said.get("postponed") or ()),
    }


def from_events(run: str, lines: Iterable[str]) -> RunReceipt:
    """The receipt of a run whose process is gone. Without its last event it was killed: ABORT.

    A line that can't be read, such as a kill leaves behind, is passed over.
    """
    document: dict[str, Any] = {"kind": "run", "id": run, "status": "ABORT", "started": "", "ended": ""}
    jobs: dict[int, dict[str, Any]] = {}
    for line in lines:
        with suppress(ValueError, KeyError, TypeError):  # cut short by a kill, or damaged: the other lines still tell
            _tell(json.loads(line), document, jobs)
    document["jobs"] = list(jobs.values())
    return RunReceipt(
        run, document["status"], document["started"], document["ended"], document, tuple(document["jobs"])
    )


def _tell(event: Mapping[str, Any], document: dict[str, Any], jobs: dict[int, dict[str, Any]]) -> None:
    """Enter an event into the receipt of its run, and into what is known of its jobs."""
    document["ended"] = at = event["at"]
    match event.get("event"):
        case "run_started":
            document |= {key: event.get(key) for key in ("host", "pid", "command", "subjects")} | {"started": at}
        case "planned":
            document["planned"] = event.get("jobs")
        case "job_planned":
            about = {key: event.get(key) for key in ("rule", "wildcards", "reason", "log")}
            jobs[event["jobid"]] = {"jobid": event["jobid"], **about, "status": "ABORT", "started": at, "ended": None}
        case "job_ended":
            jobs[event["jobid"]] |= {"status": event["status"], "ended": at}
        case "error":
            document["error"] = event.get("text")
        case "run_ended":
            document |= {"status": event["status"], "graph": event.get("graph")}


def is_run(path: Path) -> bool:
    """Whether a spool file holds the events of a run."""
    return path.name.endswith(EVENTS_SUFFIX)
