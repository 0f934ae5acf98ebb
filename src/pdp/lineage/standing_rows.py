"""Where a reading stands in the data set now: chosen, or superseded by another row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pdp.lineage import rows_where


@dataclass(frozen=True)
class Anchor:
    """A row of the merged or superseded table.

    Attributes:
        reason: Why another row stands for it; "" if it stands itself.
        winner: Source, export, member and row of that one.
    """

    source: str
    export: str
    member: str
    row: int
    start_utc: str
    reason: str
    winner: tuple[str, str, str, int] | None


def select(root: Path, subject: str, measure: str, conditions: Sequence[str]) -> list[Anchor]:
    """Rows for which conditions hold: of the merged table; where it has none, of the superseded one.

    Raises:
        PdpError: A condition that is none, or an unknown column.
    """
    for layer in ("merged", "superseded"):
        path = root / layer / subject / f"{measure}.parquet"
        rows = rows_where.select(path, conditions).to_pylist() if path.is_file() else []
        if rows:
            return [_anchor(row) for row in rows]
    return []


def at(root: Path, subject: str, measure: str, start_utc: str) -> list[Anchor]:
    """Rows of both tables that begin then."""
    moment = pa.scalar(datetime.fromisoformat(start_utc), pa.timestamp("ms", "UTC"))
    found = []
    for layer in ("merged", "superseded"):
        path = root / layer / subject / f"{measure}.parquet"
        found += _rows(path, lambda batch: pc.equal(batch["start_utc"], moment)) if path.is_file() else []
    return [_anchor(row) for row in found]


def _rows(path: Path, chosen: Callable[[pa.Table], Any]) -> list[dict[str, Any]]:
    from pdp import tables

    return [row for batch in tables.batches(path) for row in batch.filter(chosen(batch)).to_pylist()]


def _anchor(row: dict[str, Any]) -> Anchor:
    winner = None
    if row.get("reason"):
        winner = row["winner_source"], row["winner_export"], row["winner_member"], row["winner_row"]
    start = row["start_utc"].isoformat()
    return Anchor(row["source"], row["export"], row["member"], row["row"], start, row.get("reason") or "", winner)
