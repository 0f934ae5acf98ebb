"""The lineage registry, for questions alone. The synthetic demo never lends a registry that knows somebody else."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from dash_app.gateway_process import NoRoomError, private_folder
from dash_app.gateway_tables import NoDataError
from pdp.errors import RegistryError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

FILES = ("lineage.sqlite", "lineage.sqlite-wal")


@contextmanager
def reading(root: Path, *, only: str | None) -> Iterator[Session]:
    """A session.

    Args:
        root: Working folder.
        only: The one person that the registry may know; None if it may know anybody.

    Raises:
        NoDataError: There is no registry, it can't be read, or it knows others than `only`.
    """
    from pdp.lineage import database  # SQLAlchemy: not for a page that asks nothing of it

    try:
        with _writable(root / "results") as results, database.reading(results) as session:
            if only is not None and _people(session) - {only}:
                raise NoDataError(
                    "is not shown here: it knows more people than the synthetic one.",
                    where="registry",
                    hint="In a folder of its own the demo shows its lineage.",
                )
            yield session
    except RegistryError as error:
        raise NoDataError(error.what, where="registry", hint="Run the workflow: make run.") from None


def last_run(root: Path, subject: str) -> tuple[str, str] | None:
    """Id and end (ISO 8601, UTC) of the run that last made the summary of a person; None where nothing tells it."""
    stamps = []
    for name in FILES:
        try:
            found = (root / "results" / name).stat()
            stamps.append((found.st_ino, found.st_size, found.st_mtime_ns))
        except OSError:
            stamps.append((0, 0, 0))
    return _last_run(root, subject, tuple(stamps))


@lru_cache(maxsize=8)  # a run's name and time, no more; the folder is part of the key
def _last_run(root: Path, subject: str, _: tuple[tuple[int, int, int], ...]) -> tuple[str, str] | None:
    from sqlalchemy import select

    from pdp.lineage.model import JobRun, Run

    query = (
        select(JobRun, Run)
        .join(Run, JobRun.run_id == Run.id)
        .where(JobRun.rule == "summarize", JobRun.status == "COMPLETE")
        .order_by(JobRun.seq.desc())
    )
    try:
        with reading(root, only=None) as session:
            for job, run in session.execute(query):
                if job.wildcards.get("subject") == subject:
                    return run.id, run.ended or job.ended
    except NoDataError:
        return None
    return None


def _people(session: Session) -> set[str]:
    """Every person that a run was configured for, or that a job or a poll was about."""
    from sqlalchemy import select

    from pdp.lineage.model import JobRun, Run, RunJob, SourcePoll

    people = set(session.scalars(select(SourcePoll.subject)))
    for subjects in session.scalars(select(Run.subjects)):
        people |= set(subjects or {})
    for jobs in (JobRun, RunJob):
        people |= {
            wildcards["subject"] for wildcards in session.scalars(select(jobs.wildcards)) if "subject" in wildcards
        }
    return people


@contextmanager
def _writable(results: Path) -> Iterator[Path]:
    """SQLite keeps files beside a database that it only reads: in a folder that is read-only, a copy is asked.

    The copy lies where private data may: it may be somebody's own, and in a container with a read-only root there
    is no other place.
    """
    if os.access(results, os.W_OK) or not (results / FILES[0]).is_file():
        yield results
        return
    found = [results / name for name in FILES if (results / name).is_file()]
    try:
        folder = private_folder(sum(path.stat().st_size for path in found))
    except NoRoomError as error:
        raise NoDataError(error.what, where="registry", hint=error.hint) from None
    try:
        for path in found:
            shutil.copyfile(path, folder.path / path.name)
        yield folder.path
    finally:
        folder.remove()
