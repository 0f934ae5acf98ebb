"""An export read with and without days, and whether two readings of it agree."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from pdp.normalize import Tally
from pdp.redaction.staying import Integers
from pdp.vocabulary import MEASURES

if TYPE_CHECKING:
    from pdp.timeframe import ZoneLedger

_NO_MATTER = ("export", "row")  # in a copy these are others
_PLAIN = ("header", "blank", "forgotten")
_BATCH = 1 << 18
_DAY_MS, _MINUTE_MS = 86_400_000, 60_000


@dataclass(frozen=True)
class Taken:
    """What came out: tables by measure in a folder, their rows together, and what became of the records."""

    folder: Path
    tally: Tally
    rows: int

    @property
    def undated(self) -> int:
        """Records that hold no reading and are no header: unread, or of something we do not take in."""
        members = self.tally.members.values()
        others = sum(n for one in members for reason, n in one.out_of_scope.items() if reason not in _PLAIN)
        return others + sum(one.unread.total() for one in members)


def read(
    file: Path,
    folder: Path,
    *,
    module: ModuleType,
    settings: object,
    ledger: ZoneLedger,
    source: str,
    device: str,
    passwords: Sequence[str],
    days: Sequence[Sequence[str]] = (),
) -> Taken:
    """Normalize an export into a folder of its own, without some days."""
    from pdp import normalize, schemas, tables

    folder.mkdir(parents=True)
    tally = normalize.normalize_file(
        file,
        module,
        settings,
        passwords=passwords,
        source=source,
        ledger=ledger,
        writers=lambda: {
            name: tables.SortingWriter(folder / f"{name}.parquet", schemas.of_normalize(name))
            for name in (*MEASURES, normalize.UNREAD)
        },
        device=device,
        forgotten_days=days,
    )
    return Taken(folder, tally, sum(_rows(folder / f"{measure}.parquet") for measure in MEASURES))


def kept_records(whole: Taken, left: Taken) -> dict[str, Integers]:
    """Record numbers by member of which every reading is left."""
    before, after = _counted(whole), _counted(left)
    return {
        member: numbers[counts == before[member][1][np.searchsorted(before[member][0], numbers)]]
        for member, (numbers, counts) in after.items()
    }


def is_same(one: Taken, other: Taken) -> bool:
    """Whether every reading of both is equal, but for where it stands."""
    return all(_are_equal(one.folder / f"{name}.parquet", other.folder / f"{name}.parquet") for name in MEASURES)


def readings_days(taken: Taken) -> int:
    """Local days on which a reading begins."""
    import pyarrow as pa

    found = [np.array([], np.int64)]
    for measure in MEASURES:
        for batch in _batches(taken.folder / f"{measure}.parquet", ("start_utc", "utc_offset_min")):
            start = batch["start_utc"].cast(pa.int64()).to_numpy(zero_copy_only=False)
            offset = batch["utc_offset_min"].fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)
            found.append(np.unique((start + offset * _MINUTE_MS) // _DAY_MS))
    return len(np.unique(np.concatenate(found)))


def _counted(taken: Taken) -> dict[str, tuple[Integers, Integers]]:
    """By member: record numbers, and how many readings each has."""
    import pyarrow as pa
    import pyarrow.compute as pc

    found: dict[str, list[Integers]] = {}
    for measure in MEASURES:
        for batch in _batches(taken.folder / f"{measure}.parquet", ("member", "row")):
            members = batch["member"].cast(pa.string())
            for member in members.unique().to_pylist():
                rows = batch["row"].filter(pc.equal(members, member))
                found.setdefault(str(member), []).append(rows.to_numpy(zero_copy_only=False).astype(np.int64))
    return {member: np.unique(np.concatenate(rows), return_counts=True) for member, rows in found.items()}


def _are_equal(one: Path, other: Path) -> bool:
    import pyarrow as pa

    if _rows(one) != _rows(other):
        return False
    for a, b in zip(_batches(one), _batches(other), strict=True):
        for name in a.schema.names:
            if name in _NO_MATTER:
                continue
            left, right = (
                each[name].cast(each[name].type.value_type) if pa.types.is_dictionary(each[name].type) else each[name]
                for each in (a, b)
            )
            if not left.equals(right):
                return False
    return True


def _rows(path: Path) -> int:
    from pyarrow.parquet import read_metadata

    return int(read_metadata(path).num_rows)


def _batches(path: Path, columns: Iterable[str] | None = None) -> Iterable[Any]:
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        yield from file.iter_batches(_BATCH, columns=list(columns) if columns else None)
