"""Receipts' rows in the registry. Inside the caller's transaction; a receipt that is there already adds nothing.

A receipt with "aside" true is of a machine whose tables gave way to those of another (pdp.state.union): what it made is
nowhere. Its outputs are on record as any bytes that were seen once, and never are the current version.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Select, func, select, update
from sqlalchemy.orm import Session

from pdp.lineage.kept_back import KeptBack
from pdp.lineage.known_versions import Versions
from pdp.lineage.model import CodeVersion, JobRun, JobRunInput, JobRunOutput, Run, RunJob, SourcePoll
from pdp.lineage.receipts import JobReceipt, Receipt, RunReceipt


@contextmanager
def intake(session: Session) -> Iterator[Intake]:
    """Take receipts in; what was kept back is written when the block ends well."""
    taking = Intake(session)
    yield taking
    taking.kept.write()


class Intake:
    """Receipts on their way in, in one transaction of a writer."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.kept = KeptBack(session)
        self._versions = Versions(self.kept, self._seq_of)
        self._jobs: set[str] = set()
        self._runs: dict[str, dict[str, Any]] = {}  # id, seq, status, started
        self._codes: set[str] = set()

    def take(self, receipt: Receipt, seq: int | None) -> bool:
        """Enter a receipt.

        Args:
            receipt: Of a job or a run.
            seq: Its number in the archive; None for a new one.

        Returns:
            False when it was there already.
        """
        if isinstance(receipt, RunReceipt):
            known = self._run(receipt.id)
            if known and known["status"] != "START":
                return False
            self._take_run(receipt, known, self._next() if seq is None else seq)
            return True
        if receipt.id in self._jobs or self._has(select(JobRun.id).where(JobRun.id == receipt.id)):
            return False
        self._take_job(receipt, self._next() if seq is None else seq)
        return True

    def _has(self, query: Select[Any]) -> bool:
        return self.session.execute(query).first() is not None

    def _next(self) -> int:
        self.kept.write()
        return 1 + max(self.session.scalar(select(func.max(table.seq))) or 0 for table in (JobRun, Run))

    def _run(self, name: str) -> dict[str, Any] | None:
        if name not in self._runs:
            query = select(Run.id, Run.seq, Run.status, Run.started).where(Run.id == name)
            if (found := self.session.execute(query).first()) is None:
                return None
            self._runs[name] = dict(found._mapping)
        return self._runs[name]

    def _seq_of(self, run: str | None) -> int:
        known = self._run(run) if run else None
        return known["seq"] if known else 0

    def _take_run(self, receipt: RunReceipt, known: Mapping[str, Any] | None, seq: int) -> None:
        document = receipt.document
        row = {
            "id": receipt.id,
            "seq": seq,
            "status": receipt.status,
            "started": receipt.started or (known["started"] if known else ""),
            "ended": receipt.ended,
            "host": document.get("host") or "",
            "pid": document.get("pid"),
            "command": document.get("command") or [],
            "error": document.get("error") or "",
            "planned": document.get("planned") or {},
            "graph": document.get("graph") or {},
            "subjects": document.get("subjects") or {},
        }
        if known:
            self.kept.write()  # the place that its jobs made for it may be among what is kept back
            self.session.execute(update(Run).where(Run.id == receipt.id).values(row))
        else:
            self.kept.add(Run, row)
        self._runs[receipt.id] = row
        jobs = [
            {
                "run_id": receipt.id,
                "jobid": job["jobid"],
                "rule": job.get("rule") or "",
                "wildcards": job.get("wildcards") or {},
                "reason": job.get("reason") or "",
                "log": job.get("log") or "",
                "status": job["status"],
                "started": job["started"],
                "ended": job["ended"],
            }
            for job in receipt.jobs
        ]
        self.kept.add(RunJob, *jobs)

    def _take_job(self, receipt: JobReceipt, seq: int) -> None:
        if receipt.run and not self._run(receipt.run):
            # its run lives still, or was killed on a machine whose spool never came: a place to hang the job on
            self._runs[receipt.run] = {"id": receipt.run, "seq": seq, "status": "START", "started": receipt.started}
            unknown: dict[str, Any] = {"ended": None, "host": "", "pid": None, "command": [], "error": ""}
            self.kept.add(Run, {**self._runs[receipt.run], **unknown, "planned": {}, "graph": {}, "subjects": {}})
        key = receipt.key
        if key and key["sha256"] not in self._codes:
            if not self._has(select(CodeVersion.sha256).where(CodeVersion.sha256 == key["sha256"])):
                self.kept.add(CodeVersion, dict(key))
            self._codes.add(key["sha256"])
        error = receipt.error or {}
        row = {
            "id": receipt.id,
            "seq": seq,
            "run_id": receipt.run,
            "rule": receipt.rule,
            "wildcards": dict(receipt.wildcards),
            "status": receipt.status,
            "started": receipt.started,
            "ended": receipt.ended,
            "host": str(receipt.document.get("host") or ""),
            "pid": receipt.document.get("pid"),
            "key_sha256": key["sha256"] if key else None,
            "rows": dict(receipt.rows),
            "error_type": str(error.get("type") or ""),
            "error_message": str(error.get("message") or ""),
        }
        self.kept.add(JobRun, row)
        self._jobs.add(receipt.id)
        self._take_artifacts(receipt)
        if receipt.poll:
            self.kept.add(SourcePoll, {"job_run_id": receipt.id, "at": receipt.ended, **receipt.poll})

    def _take_artifacts(self, receipt: JobReceipt) -> None:
        key = receipt.key
        read = [each for each in receipt.inputs if not (key and each.path == key["path"])]  # it is the code version
        made = receipt.outputs if receipt.status == "COMPLETE" else ()
        self._versions.learn({artifact.path for artifact in (*read, *made)})
        is_aside = receipt.document.get("aside") is True
        for table, artifacts, is_made in ((JobRunInput, read, False), (JobRunOutput, made, not is_aside)):
            rows = [
                {
                    "job_run_id": receipt.id,
                    "position": position,
                    "name": artifact.name,
                    "version_id": self._versions.of(receipt, artifact, is_made=is_made),
                }
                for position, artifact in enumerate(artifacts)
            ]
            self.kept.add(table, *rows)
