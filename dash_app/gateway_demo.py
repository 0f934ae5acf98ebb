"""Proof by content that what stands under the subject demo is the synthetic person, and nothing of anybody's own.

Everybody sees the demo. Names of sources can stand for any file; so every export that the results were made of must be
one of those in resources/demo, by its SHA-256, and the events and the name those of config/config.yaml.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from dash_app.gateway_tables import NoDataError

DEMO = "demo"
NAME = "Demo Person (synthetic)"
EXPORTS = frozenset(  # sha256sum resources/demo/*/*
    {
        "64ab4265b5ed98ae48bfcd06a9a729897831a8a1715055cf220bb43a4d1b085a",
        "79026c68c435410de008b4c825190fb0b4d4b80663b6e62a1a445f83d09c6542",
        "2d702c2f2c403671ca45ff8b419fab4bdc4b3cc51c9f74068c68d0bb18dd5ac8",
        "5c29432251450a7f75dd39c874698a432494aabdc328fbd7115c1102ffd9dc39",
        "8e1bd90b0c44b74af63084ebb4816ecece2d811439715d698d78562153da7422",
    }
)
EVENTS = "fa02e5e74c45b99517f863329588427b3f249cfcfc0802cc24a11d0f74c039cb"  # sha256_of_events
_SHORT = frozenset(sha256[:16] for sha256 in EXPORTS)  # what rows and files are marked with
_TABLES, _FILES = ("merged", "superseded"), ("normalized", "validated", "quarantine")
_READINGS = ("reading", "stands_for")  # source/export/member/row


def prove(root: Path) -> None:
    """Nothing, if the results of the subject demo are the synthetic person's.

    Args:
        root: Working folder.

    Raises:
        NoDataError: They are not there, or anything in them comes from elsewhere.
    """
    results = root / "results"
    try:
        polled = [_read(path) for path in sorted((results / "manifests" / DEMO).glob("*.json"))]
        account = _read(results / "summary" / DEMO / "conservation.json")
        is_ours = (
            bool(account)
            and account <= _SHORT
            and all(each <= EXPORTS for each in polled)
            and all(_read(path) <= _SHORT for path in _tables(results))
            and {path.name.split(".")[0] for path in _of_exports(results)} <= _SHORT
            and _is_the_persons(results / "summary" / DEMO)
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError):
        raise NoDataError("the demo is not built yet.", hint="Run `make run` first.") from None
    if not is_ours:
        raise NoDataError(
            "the results of the subject demo were not made of the synthetic demo alone, so they are not shown.",
            hint="Name your own subject otherwise, put config/config.yaml back, remove what stands under demo in "
            "results/ and resources/raw/, and run the workflow: make run.",
        )


def sha256_of_events(events: Iterable[tuple[str, str, str]]) -> str:
    """Digest of what the person says happened: day, kind and text of each, in order of the table."""
    return hashlib.sha256(json.dumps([list(each) for each in events]).encode()).hexdigest()


def _is_the_persons(summary: Path) -> bool:
    events, report = summary / "events.parquet", summary / "report.json"
    return (not events.exists() or _read(events) == {EVENTS}) and (not report.exists() or _read(report) <= {NAME})


def _tables(results: Path) -> Iterator[Path]:
    for layer in _TABLES:
        yield from sorted((results / layer / DEMO).glob("*.parquet"))
    if (readings := results / "summary" / DEMO / "bp_readings.parquet").exists():
        yield readings


def _of_exports(results: Path) -> Iterator[Path]:
    for layer in _FILES:
        yield from (path for path in (results / layer / DEMO).glob("*/*") if not path.name.startswith("."))


def _read(path: Path) -> frozenset[str]:
    stamp = path.stat()
    return _traces(path, stamp.st_ino, stamp.st_size, stamp.st_mtime_ns)


@lru_cache(maxsize=256)  # digests, no data but the name; a file that changed has another key
def _traces(path: Path, *_: int) -> frozenset[str]:
    """Whose a file is: the digests of the exports it was made of; of events their digest, of the report the name."""
    if path.suffix == ".parquet":
        return frozenset(_of_table(path))
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if path.name == "report.json":
        return frozenset({document["name"]} if "name" in document else ())
    if path.name == "conservation.json":
        return frozenset(each["export"] for each in document["exports"])
    return frozenset(each["sha256"] for one in document["documents"] for each in one["revisions"])


def _of_table(path: Path) -> set[str]:
    names = pq.read_schema(path).names
    if path.name == "events.parquet":
        rows = pq.read_table(path, columns=["date", "kind", "text"]).to_pylist()
        return {sha256_of_events((str(row["date"]), row["kind"], row["text"]) for row in rows)}
    if path.name == "bp_readings.parquet":
        found = pq.read_table(path, columns=[name for name in _READINGS if name in names])
        return {cell.split("/")[1] for column in found.columns for cell in column.unique().to_pylist() if cell}
    return set(pq.read_table(path, columns=["export"])["export"].unique().to_pylist())
