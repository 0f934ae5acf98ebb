"""Look at the bytes themselves: raw exports against their names and manifests, artifacts against the registry."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sqlalchemy.orm import Session

from pdp.lineage import foreign, manifests, queries
from pdp.lineage.manifests import RAW, SUFFIX

LAYERS = ("manifests", "normalized", "validated", "quarantine", "merged", "superseded", "summary", "published")
ON_REQUEST = "results/published/"  # made when asked for, and not part of a pulled state: may be missing
WORKERS = 4  # hashing leaves the interpreter's lock; more only make a spinning disk seek
_NAME_DIGITS = 16  # an export's name is this much of its SHA-256


@dataclass(frozen=True)
class Finding:
    """Something that is not as it was vouched for; `spoiled`: whole itself, but made from altered bytes."""

    kind: Literal["altered", "missing", "spoiled", "unknown"]
    path: str
    detail: str


@dataclass(frozen=True)
class Verdict:
    """How many files were looked at, and what was found."""

    raw: int
    artifacts: int
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class _Expected:
    path: str
    sha256: str  # whole, or the name's 16 digits where no manifest knows the export
    source: str


def verify(session: Session, root: Path) -> Verdict:
    """Hash every raw export and every current artifact, several at a time.

    Args:
        session: Of the registry.
        root: The results folder; raw exports are in resources/raw beside it.
    """
    base = root.absolute().parent
    raw = list(_raw(base, root))
    current = [version for version in queries.current_versions(session) if version.made_by is not None]
    made = [
        _Expected(version.path, version.sha256, f"v{version.number} in the registry")
        for version in current
        if not version.path.startswith(ON_REQUEST) or (base / version.path).exists()
    ]
    spoiled = foreign.made_from_foreign_bytes(session)
    with ThreadPoolExecutor(WORKERS) as pool:
        judged = pool.map(lambda expected: _judge(base, expected), [*raw, *made])
        findings = [finding for finding in judged if finding]
    findings += [
        Finding("spoiled", version.path, f"v{version.number} was made from altered bytes of {spoiled[version.id]}")
        for version in current
        if version.id in spoiled
    ]
    findings += [
        Finding("altered", place.relative_to(base).as_posix(), "it is no manifest any more: not JSON")
        for place in sorted((base / RAW).glob(f"*/*{SUFFIX}"))
        if not queries.read_json(place)
    ]
    known = {expected.path for expected in [*raw, *made]}
    findings += [
        Finding("unknown", path, "no receipt speaks of it") for path in _present(base, root) if path not in known
    ]
    order = sorted(findings, key=lambda finding: (finding.kind, finding.path))
    return Verdict(len(raw), len(made), tuple(order))


def _raw(base: Path, root: Path) -> Iterator[_Expected]:
    """Every raw export that a manifest knows, and those on the disk that none knows (by their name)."""
    known: dict[str, str] = {}
    for manifest in manifests.every(root):
        for _, revision in manifest.revisions():
            known[f"{RAW}/{manifest.subject}/{revision['export']}"] = str(revision["sha256"])
    for path, digest in known.items():
        yield _Expected(path, digest, "its manifest")
    for place in sorted((base / RAW).glob("*/*")):
        path = place.relative_to(base).as_posix()
        is_export = place.is_file() and place.suffix != ".tmp" and not place.name.endswith(SUFFIX)
        if is_export and path not in known:
            yield _Expected(path, place.name, "its name (no manifest speaks of it)")


def _judge(base: Path, expected: _Expected) -> Finding | None:
    place = base / expected.path
    try:
        with place.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return Finding("missing", expected.path, f"{expected.source} speaks of it")
    except OSError as error:
        return Finding("missing", expected.path, f"can't be read: {error.strerror}")
    if digest.startswith(expected.sha256) and len(expected.sha256) >= _NAME_DIGITS:
        return None
    return Finding(
        "altered", expected.path, f"SHA-256 {digest[:16]}..., {expected.source} says {expected.sha256[:16]}..."
    )


def _present(base: Path, root: Path) -> Iterator[str]:
    for layer in LAYERS:
        for place in sorted((root / layer).rglob("*")):
            if place.is_file() and place.suffix != ".tmp":
                yield place.absolute().relative_to(base).as_posix()
