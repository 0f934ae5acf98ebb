"""What a run does, while it does it: a handler on Snakemake's logger that writes one JSON line per event.

The lines go to results/receipts/spool/<run>.run.jsonl, which is flocked for as long as the process
lives: whoever finds the file without a lock and without a last event knows that the run was killed.
Attached from the Snakefile, so only the standard library is imported before the end of the run.
Nothing in here may break a run: what goes wrong is said on stderr in one line.
"""

from __future__ import annotations

import atexit
import fcntl
import json
import logging
import os
import socket
import sys
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import IO, Any

from pdp import store
from pdp.lineage.receipts import EVENTS_SUFFIX

SNAKEMAKES_LOGGER = "snakemake.logging"  # by name: the library does not import Snakemake
RUN_ID = "PDP_RUN_ID"  # local jobs inherit it; their receipts name the run by it
_MAX_ERROR_TEXT = 300  # characters; the whole message stands in the job's log


def attach(
    workflow: Any, root: Path = Path("results"), *, subjects: Mapping[str, Sequence[str]] | None = None
) -> Session:
    """Record the run of this workflow, unless it is a dry run or a job's own process.

    Args:
        workflow: Snakemake's workflow object.
        root: The results folder.
        subjects: The configured subjects, each with the names of its sources: whom the run is about.
    """
    session = Session(workflow, root, subjects or {})
    if workflow.is_main_process and not workflow.output_settings.dryrun:
        logging.getLogger(SNAKEMAKES_LOGGER).addHandler(_Handler(session))
        atexit.register(session.finish)
    return session


def _harmless(method: Callable[..., None]) -> Callable[..., None]:
    @wraps(method)
    def guarded(*arguments: Any, **named: Any) -> None:
        try:
            method(*arguments, **named)
        except Exception as error:  # the one place: bookkeeping must never fail a run
            print(
                f"pdp: the run goes on, but its lineage is not recorded: {type(error).__name__}: {error}",
                file=sys.stderr,
            )

    return guarded


class Session:
    """One run. Starts with Snakemake's first event; a no-op or a fault in the graph ends at exit."""

    def __init__(self, workflow: Any, root: Path, subjects: Mapping[str, Sequence[str]]) -> None:
        self.run_id: str | None = None
        self._subjects = {subject: list(sources) for subject, sources in subjects.items()}
        self._workflow, self._root = workflow, root
        self._file: IO[str] | None = None
        self._jobs: dict[int, str] = {}
        self._has_error = False

    @_harmless
    def start(self) -> None:
        """Before the first job: take in what earlier runs, killed ones too, have left."""
        from pdp.lineage import noted, record

        record.fold(self._root)
        noted.note(self._root, store.now())

    def digests(self) -> dict[str, str]:
        """SHA-256 by path of the artifacts before this run, as far as the registry can tell."""
        from pdp.errors import PdpError
        from pdp.lineage import database, queries

        try:
            with database.reading(self._root) as session:
                return {each.path: each.sha256 for each in queries.current_versions(session) if each.made_by}
        except PdpError:
            return {}

    @_harmless
    def finish(self, status: str | None = None) -> None:
        """End the run, fold it into the registry, write pipeline_state.json and tell the summary.

        Args:
            status: COMPLETE or FAIL; None (at exit): found from what happened. Only the first call counts.
        """
        if self._file is None:
            return
        self._put("run_ended", status=status or self._verdict(), graph=self._graph())
        self._file.close()
        self._file = None
        from pdp.lineage import noted, record, state, summary

        record.fold(self._root)
        told = state.write(self._root, self.run_id)
        print(summary.text(told, self._root), file=sys.stderr)
        noted.note(self._root, store.now())
        if os.environ.get("OPENLINEAGE_URL"):
            from pdp.interchange import openlineage_send

            openlineage_send.after_run(self._root, self.run_id)

    @_harmless
    def take(self, event: Any) -> None:
        """One record of Snakemake's logger (fields of its logger-plugin interface)."""
        kind = str(getattr(event, "event", None) or "")
        if kind == "workflow_started" and self._file is None:
            self._begin()
        if self._file is None:
            return
        match kind:
            case "run_info":
                self._put("planned", jobs={k: v for k, v in (event.stats or {}).items() if k != "total"})
            case "job_info":
                self._jobs[event.jobid] = "START"
                wildcards = {str(k): str(v) for k, v in dict(event.wildcards or {}).items()}
                log = str(next(iter(event.log or ()), ""))
                about = {"rule": event.rule_name, "wildcards": wildcards, "reason": event.reason, "log": log}
                self._put("job_planned", jobid=event.jobid, **about)
            case "job_finished":
                self._job_ended(event.job_id, "COMPLETE")
            case "job_error":
                self._job_ended(event.jobid, "FAIL")
            case "error":
                self._has_error = True
                self._put("error", text=_first_words(event.getMessage(), getattr(event, "exception", "") or "Error"))

    def _begin(self) -> None:
        now = datetime.now(UTC)
        self.run_id = f"{now:%Y%m%dT%H%M%SZ}-{uuid.uuid4().hex[:8]}"
        spool = self._root / "receipts" / "spool"
        spool.mkdir(parents=True, exist_ok=True)
        # Locked before it gets its name: a file with this name and no lock always belongs to the dead.
        hidden = spool / f".{self.run_id}"
        self._file = hidden.open("w", encoding="utf-8")
        fcntl.flock(self._file, fcntl.LOCK_EX)
        self._put(
            "run_started",
            run=self.run_id,
            host=socket.gethostname(),
            pid=os.getpid(),
            command=_command(sys.argv),
            subjects=self._subjects,
        )
        hidden.rename(spool / f"{self.run_id}{EVENTS_SUFFIX}")
        os.environ[RUN_ID] = self.run_id

    def _put(self, event: str, **fields: Any) -> None:
        if self._file is not None:
            self._file.write(json.dumps({"event": event, "at": store.now(), **fields}, default=str) + "\n")
            self._file.flush()

    def _job_ended(self, jobid: int, status: str) -> None:
        self._jobs[jobid] = status
        self._put("job_ended", jobid=jobid, status=status)

    def _verdict(self) -> str:
        """For a run that no hook ended: nothing to do, a fault in the graph, or a process that was made to stop."""
        if self._has_error or "FAIL" in self._jobs.values():
            return "FAIL"
        return "ABORT" if "START" in self._jobs.values() else "COMPLETE"

    def _graph(self) -> Mapping[str, Mapping[str, int]]:
        """Jobs by rule: with nothing to do; and left undone (failed, or waiting for one that did)."""
        dag = getattr(self._workflow, "dag", None)
        if dag is None:
            return {}
        found: dict[str, dict[str, int]] = {}
        for job in dag.jobs:
            counts = found.setdefault(job.rule.name, {"reused": 0, "left": 0})
            if not dag.finished(job):
                counts["left" if dag.needrun(job) else "reused"] += 1
        return found


class _Handler(logging.Handler):
    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session

    def emit(self, record: logging.LogRecord) -> None:
        self._session.take(record)


def _first_words(message: str, kind: str) -> str:
    """Kind and first line of an error; of those whose first line is their kind, the second."""
    first, *more = message.strip().split("\n")
    line = more[0].strip() if more and first.rstrip(": ") == kind else first
    return f"{kind}: {line}"[:_MAX_ERROR_TEXT]


def _command(arguments: list[str]) -> list[str]:
    """The command without the values that --config gave: they may hold ids that are nobody's business."""
    told, is_value = [Path(arguments[0]).name] if arguments else [], False
    for argument in arguments[1:]:
        is_value = (is_value and not argument.startswith("-")) or argument in ("--config", "-C")
        hides = is_value and not argument.startswith("-") and "=" in argument
        told.append(f"{argument.split('=', 1)[0]}=..." if hides else argument)
    return told
