"""The committed demo exports, read independently of the project: csv, zipfile and json alone."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from functools import cache
from pathlib import Path

DEMO = Path(__file__).resolve().parents[1] / "resources" / "demo"
Rows = list[list[str]]
EXPECTED: dict[str, dict[str, dict[str, object]]] = json.loads((DEMO / "expected.json").read_text())


def member_of(export: str, name: str) -> str:
    """Full name of the one member of a file category."""
    (member,) = (member for member in EXPECTED[export] if not name or f"/{name}/" in member or f"_{name}." in member)
    return member


@cache
def bytes_of(export: str, name: str) -> bytes:
    if not name:
        return (DEMO / export).read_bytes()
    with zipfile.ZipFile(DEMO / export) as archive:
        return archive.read(member_of(export, name))


@cache
def rows_of(export: str, name: str = "") -> Rows:
    """Records as Python's own csv module reads them, header first."""
    return list(csv.reader(io.StringIO(bytes_of(export, name).decode("utf-8-sig"), newline="")))
