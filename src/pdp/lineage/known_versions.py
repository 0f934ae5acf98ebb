"""Which version of a dataset some bytes are, while receipts are taken in: the current, one of the past, a new one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy import Row, Select, func, select, update

from pdp.lineage.kept_back import KeptBack
from pdp.lineage.model import Dataset, DatasetVersion, JobRun
from pdp.lineage.receipts import Artifact, JobReceipt

_VERSIONS = (
    select(
        DatasetVersion.id,
        DatasetVersion.number,
        DatasetVersion.sha256,
        DatasetVersion.rows,
        DatasetVersion.made_by,
        DatasetVersion.seen,
        JobRun.run_id,
    )
    .select_from(DatasetVersion)
    .outerjoin(JobRun, JobRun.id == DatasetVersion.made_by)
)


@dataclass
class _Version:
    id: int
    number: int
    sha256: str
    rows: int | None
    made_by: str | None
    seen: str
    made_in: str | None  # the run of the job that made it


@dataclass
class _Known:
    """A dataset: its version with the highest number, and that with the highest number that a job made."""

    id: int
    last: _Version | None = None
    made: _Version | None = None

    @property
    def current(self) -> _Version | None:
        return self.made or self.last


@dataclass
class Versions:
    """What one transaction has learnt of the datasets. `seq_of`: a run's place among all runs; 0 for none."""

    kept: KeptBack
    seq_of: Callable[[str | None], int]
    _datasets: dict[str, _Known] = field(default_factory=dict)

    def learn(self, paths: Iterable[str]) -> None:
        """Datasets of which nothing is known yet: the last version of each, in one question for all."""
        fresh = sorted(set(paths) - self._datasets.keys())
        if not fresh:
            return
        highest = select(func.max(DatasetVersion.number)).where(DatasetVersion.dataset_id == Dataset.id)
        query = (
            _VERSIONS.add_columns(Dataset.path, Dataset.id.label("dataset"))
            .join(Dataset, Dataset.id == DatasetVersion.dataset_id)
            .where(Dataset.path.in_(fresh), DatasetVersion.number == highest.correlate(Dataset).scalar_subquery())
        )
        for row in self.kept.session.execute(query):
            last = _as_version(row)
            made = last if last.made_by else self._first(_of(row.dataset).where(DatasetVersion.made_by.is_not(None)))
            self._datasets[row.path] = _Known(row.dataset, last, made)
        if unseen := [path for path in fresh if path not in self._datasets]:
            empty = self.kept.session.execute(select(Dataset.path, Dataset.id).where(Dataset.path.in_(unseen)))
            self._datasets |= {path: _Known(number) for path, number in empty.tuples()}
        for path in unseen:
            if path not in self._datasets:
                self._datasets[path] = _Known(self.kept.next_id(Dataset))
                self.kept.add(Dataset, {"id": self._datasets[path].id, "path": path})

    def of(self, receipt: JobReceipt, artifact: Artifact, *, is_made: bool) -> int:
        """Id of the version with these bytes: the current one, one from the past or of foreign bytes, or a new one.

        Args:
            receipt: Of the job that read or wrote them.
            artifact: Of a dataset that was learnt.
            is_made: The job made them, so they may become current.
        """
        dataset = self._datasets[artifact.path]
        found = dataset.current
        if found is None or found.sha256 != artifact.sha256:
            found = self._from_past(receipt, artifact, dataset, is_made=is_made)
            if found is None:
                found = self._new(receipt, artifact, dataset, is_made=is_made)
        changes: dict[str, Any] = {}
        if is_made and found.made_by is None:
            changes["made_by"] = found.made_by = receipt.id
            found.made_in = receipt.run
            if dataset.made is None or dataset.made.number < found.number:
                dataset.made = found
        if found.rows is None and artifact.rows is not None:
            changes["rows"] = found.rows = artifact.rows
        if changes:
            self.kept.write()
            self.kept.session.execute(update(DatasetVersion).where(DatasetVersion.id == found.id).values(changes))
        return found.id

    def _first(self, query: Select[Any]) -> _Version | None:
        row = self.kept.session.execute(query.limit(1)).first()
        return _as_version(row) if row else None

    def _from_past(self, receipt: JobReceipt, artifact: Artifact, dataset: _Known, *, is_made: bool) -> _Version | None:
        # A job that ended before the current version was made (its receipt comes late), or a reader of an
        # older version: what it names is in the past. Bytes that were read and that no job is known to have
        # made become the maker's as soon as its receipt comes; until then they never are the current version.
        # Those seen before the current version was made can't be made again under their old number.
        current = dataset.current
        known = _of(dataset.id).where(DatasetVersion.sha256 == artifact.sha256)
        # When a version was made: in which run, and there by the clock, which may have been set between two runs.
        now = self.seq_of(receipt.run), receipt.ended
        if current is None or (is_made and now >= (self.seq_of(current.made_in), current.seen)):
            if dataset.last is current and (current is None or current.made_by is not None):
                return None  # there is none, or none came after it
            known = known.where(DatasetVersion.made_by.is_(None))
            if current is not None and current.made_by is not None:
                known = known.where(DatasetVersion.number > current.number)
        self.kept.write()
        found = self._first(known)
        return next((each for each in (dataset.last, dataset.made) if each and found and each.id == found.id), found)

    def _new(self, receipt: JobReceipt, artifact: Artifact, dataset: _Known, *, is_made: bool) -> _Version:
        version = _Version(
            id=self.kept.next_id(DatasetVersion),
            number=1 + (dataset.last.number if dataset.last else 0),
            sha256=artifact.sha256,
            rows=artifact.rows,
            made_by=receipt.id if is_made else None,
            seen=receipt.ended,
            made_in=receipt.run if is_made else None,
        )
        row = {**asdict(version), "dataset_id": dataset.id, "bytes": artifact.bytes}
        del row["made_in"]
        self.kept.add(DatasetVersion, row)
        dataset.last = version
        if is_made:
            dataset.made = version
        return version


def _of(dataset: int) -> Select[Any]:
    """Its versions, the newest first."""
    return _VERSIONS.where(DatasetVersion.dataset_id == dataset).order_by(DatasetVersion.number.desc())


def _as_version(row: Row[Any]) -> _Version:
    return _Version(row.id, row.number, row.sha256, row.rows, row.made_by, row.seen, row.run_id)
