"""What the paths of artifacts say: results/<stage>/<subject>/<source>/<export>/<table>.parquet, and shorter."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path


def by_table(paths: Iterable[str]) -> dict[str, Path]:
    """Paths by the name of the table."""
    return {Path(path).stem: Path(path) for path in paths}


def origin(path: str) -> tuple[str, str]:
    """Source and export of a table that belongs to one export."""
    parts = Path(path).parts
    return parts[-3], parts[-2]


def by_export(paths: Mapping[str, Iterable[str]]) -> dict[tuple[str, str], dict[str, dict[str, Path]]]:
    """Tables by (source, export), stage and name, for stages that have a folder per export."""
    found: dict[tuple[str, str], dict[str, dict[str, Path]]] = {}
    for stage, each in paths.items():
        for path in each:
            found.setdefault(origin(path), {}).setdefault(stage, {})[Path(path).stem] = Path(path)
    return found
