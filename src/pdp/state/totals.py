"""Counts of what a commit holds, and the guard that notices when much of it is suddenly gone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pdp.errors import StateError
from pdp.state.tree import DERIVED, File, kind_of

LEAST_SHARE = 0.8  # less than this of the tables or rows that were there needs --allow-shrink
_TABLES, _ROWS = "tables", "rows"
_STAGES = tuple(f"results/{stage}/" for stage in DERIVED if stage not in ("manifests", "keys", "history"))


def count(root: Path, files: Mapping[str, File], before: Mapping[str, int], has_tables: bool) -> dict[str, int]:
    """Raw exports, bytes in all, tables, and rows of the merged tables (as before, where the tables are)."""
    counted = {
        "raw": sum(kind_of(path) == "raw" for path in files),
        "bytes": sum(file.bytes for file in files.values()),
        _TABLES: sum(path.startswith(_STAGES) for path in files),
    }
    if not has_tables:
        return counted | ({_ROWS: before[_ROWS]} if _ROWS in before else {})
    merged = [path for path in files if path.startswith("results/merged/") and path.endswith(".parquet")]
    return counted | {_ROWS: sum(_rows(root / path) for path in merged)}


def refuse_shrinking(before: Mapping[str, int], after: Mapping[str, int]) -> None:
    """Raise when more than a fifth of the tables or rows would be gone.

    Raises:
        StateError: Says what went from how many to how many.
    """
    for name, words in ((_TABLES, "tables"), (_ROWS, "rows in merged tables")):
        if after.get(name, 0) < LEAST_SHARE * before.get(name, 0):
            raise StateError(
                f"the state has {before[name]:,} {words}, this folder {after.get(name, 0):,}. Nothing was pushed.",
                hint="Was something deleted, or a source taken out? `pdp state pull --tables` brings back the "
                "state's; if it is meant so: pdp state push --allow-shrink",
            )


def _rows(path: Path) -> int:
    from pyarrow import ArrowException
    from pyarrow.parquet import read_metadata

    try:
        return int(read_metadata(path).num_rows)
    except (ArrowException, OSError):
        raise StateError("is no readable table.", where=str(path), hint="Delete it and run snakemake.") from None
