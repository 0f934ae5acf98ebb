"""Fold receipts into the registry: the one function that writes results/lineage.sqlite.

Per receipt: one transaction; then its line in the archive, forced to the disk; then the spool file
goes. A kill between any two of these leaves the receipt in the spool, and taking it in again
changes nothing, since rows are known by the receipt's id. What an archive holds beyond what the
registry remembers of it is taken in first, so that a deleted, empty or older registry heals itself.
"""

from __future__ import annotations

import fcntl
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from pdp import sealed
from pdp.lineage import archive, database, receipts
from pdp.lineage.entries import intake
from pdp.lineage.model import Archive, JobRun, Run

RESULTS = Path("results")
_BATCH = 500  # receipts from an archive per transaction: they are safe where they stand

Step = Callable[[str], None]


def _no_step(_: str) -> None:
    """Called between the steps of a fold; tests raise here to stand in for a kill."""


def fold(root: Path = RESULTS, *, step: Step = _no_step) -> None:
    """Take in every finished receipt under `root`. Idempotent; two at once wait for each other.

    Raises:
        RegistryError: The registry can't be read, or belongs to a newer program.
    """
    folder = root / "receipts"
    if not folder.is_dir():
        return
    with archive.alone(folder), database.opened(database.path_of(root), is_writer=True) as engine:
        _take_archives(engine, folder)
        _take_spool(engine, folder, step)


def rebuild(root: Path = RESULTS) -> None:
    """Make the registry anew from the archives, then take in the spool. The old one stays until the new is whole."""
    folder = root / "receipts"
    file = database.path_of(root)
    with archive.alone(folder):
        fresh = file.with_name(f"{file.stem}.rebuilding.sqlite")  # the lock makes it ours alone
        for leftover in ("", "-wal", "-shm"):
            fresh.with_name(fresh.name + leftover).unlink(missing_ok=True)
        with database.opened(fresh, is_writer=True) as engine:
            _take_archives(engine, folder)
        for leftover in ("-wal", "-shm"):
            file.with_name(file.name + leftover).unlink(missing_ok=True)
        fresh.replace(file)
    fold(root)


def _take_archives(engine: Engine, folder: Path) -> None:
    documents: list[dict[str, Any]] = []
    sizes: dict[str, int] = {}
    with Session(engine) as session:
        known = {row.name: row.bytes for row in session.scalars(select(Archive))}
    for path in archive.files(folder):
        size, done = path.stat().st_size, known.get(path.name, 0)
        if size != done:
            documents += archive.lines_from(path, done if done < size else 0)
            sizes[path.name] = size
    documents.sort(key=lambda d: (d.get("seq", 0), str(d.get("ended")), str(d.get("id"))))
    for start in range(0, len(documents), _BATCH):
        with Session(engine) as session, session.begin(), intake(session) as taking:
            for document in documents[start : start + _BATCH]:
                try:
                    taking.take(receipts.parse(document), _number(document))
                except receipts.DamagedReceiptError:
                    continue  # it was whole when it was written; what is left of it can't be used
    _remember(engine, sizes)


def _number(document: Mapping[str, Any]) -> int | None:
    """A receipt's place in the archives; 0 for a run that was archived before runs had one."""
    number: int | None = document.get("seq", 0 if document.get("kind") == "run" else None)
    return number


def _remember(engine: Engine, sizes: dict[str, int]) -> None:
    if sizes:
        with Session(engine) as session, session.begin():
            for name, size in sizes.items():
                session.merge(Archive(name=name, bytes=size))


def _take_spool(engine: Engine, folder: Path, step: Step) -> None:
    pending, alive = _pending(folder / "spool")
    try:
        known = set()
        for path, receipt in pending:
            with Session(engine) as session, session.begin():
                with intake(session) as taking:
                    if not taking.take(receipt, None):
                        known.add(receipt.id)
                step(f"inside {path.name}")
            step(f"committed {path.name}")
        archived = archive.ids_in(folder, known)
        seqs = _numbers(engine, [receipt.id for _, receipt in pending])
        fresh = [
            {**r.document, "seq": seqs[r.id]} if r.id in seqs else r.document
            for _, r in pending
            if r.id not in archived
        ]
        archive.append(folder, fresh)
        step("archived")
        _remember(engine, {path.name: path.stat().st_size for path in archive.files(folder)} if fresh else {})
        step("remembered")
        for path, _ in pending:
            path.unlink(missing_ok=True)
            step(f"removed {path.name}")
    finally:
        for lock in alive:
            lock.close()


def _numbers(engine: Engine, ids: list[str]) -> dict[str, int]:
    with Session(engine) as session:
        found = [session.execute(select(table.id, table.seq).where(table.id.in_(ids))) for table in (JobRun, Run)]
        return {row.id: row.seq for rows in found for row in rows}


def _pending(spool: Path) -> tuple[list[tuple[Path, receipts.Receipt]], list[IO[str]]]:
    """Receipts of jobs that ended and of runs that are over, oldest first; and the locks that keep the latter ours."""
    found: list[tuple[Path, receipts.Receipt]] = []
    locks: list[IO[str]] = []
    for path in sorted(spool.glob("*.json")) + sorted(spool.glob(f"*{receipts.EVENTS_SUFFIX}")):
        if receipts.is_run(path):
            file = path.open(encoding="utf-8", errors="replace")  # a damaged line is passed over
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.close()  # this run is alive
                continue
            locks.append(file)
            found.append((path, receipts.from_events(path.name.removesuffix(receipts.EVENTS_SUFFIX), file)))
            continue
        try:
            found.append((path, receipts.parse(sealed.opened(json.loads(path.read_bytes())))))
        except (ValueError, receipts.DamagedReceiptError):
            path.rename(path.with_name(path.name + ".damaged"))  # out of the way, still there to be looked at
    found.sort(key=lambda entry: (isinstance(entry[1], receipts.RunReceipt), entry[1].ended, entry[1].id))
    return found, locks
