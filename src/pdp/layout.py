"""What the paths of artifacts say: results/<stage>/<subject>/<source>/<export>/<table>.parquet, and shorter."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pdp.conservation import ExportTables


def by_table(paths: Iterable[str]) -> dict[str, Path]:
    """Paths by the name of the table."""
    return {Path(path).stem: Path(path) for path in paths}


def origin(path: str) -> tuple[str, str]:
    """Source and export of a table that belongs to one export."""
    parts = Path(path).parts
    return parts[-3], parts[-2]


def per_export(
    normalized: Iterable[str], unread: Iterable[str], validated: Iterable[str], quarantine: Iterable[str]
) -> list[ExportTables]:
    """The tables of each export, brought together."""
    tables: dict[tuple[str, str], dict[str, dict[str, Path]]] = {}
    for stage, paths in (("normalized", normalized), ("validated", validated)):
        for path in paths:
            tables.setdefault(origin(path), {}).setdefault(stage, {})[Path(path).stem] = Path(path)
    set_aside = {(Path(path).parent.name, Path(path).stem): Path(path) for path in quarantine}
    return [
        ExportTables(
            source=origin(path)[0],
            export=origin(path)[1],
            normalized=tables[origin(path)]["normalized"],
            unread=Path(path),
            validated=tables[origin(path)]["validated"],
            quarantine=set_aside[origin(path)],
        )
        for path in unread
    ]
