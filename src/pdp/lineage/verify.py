"""Look at the bytes themselves: raw exports against their names and manifests, artifacts against the registry.

results/as_of is left out: each day in it has a registry of its own (pdp verify --results results/as_of/<day>/results).
"""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sqlalchemy.orm import Session

from pdp.lineage import database, foreign, manifests, queries, verify_archive, verify_beside
from pdp.lineage.manifests import RAW
from pdp.lineage.verify_archive import Expected

LAYERS = ("manifests", "normalized", "validated", "quarantine", "merged", "superseded", "summary", "published")
ON_REQUEST = "results/published/"  # made when asked for, and not part of a pulled state: may be missing
_PER_EXPORT = ("normalized", "validated", "quarantine")  # results/<layer>/<subject>/<source>/<export>
WORKERS = max(4, os.cpu_count() or 1)  # hashing leaves the interpreter's lock, and a disk wants several to wait for
LEFT_OUT = "as_of"
_NAME_DIGITS = 16  # an export's name is this much of its SHA-256
_EXPORT = re.compile(rf"[0-9a-f]{{{_NAME_DIGITS}}}")


@dataclass(frozen=True)
class Finding:
    """Something that is not as it was vouched for.

    `spoiled`: whole itself, but made from altered bytes. `unvouched`: the registry speaks of what no receipt says.
    `unrun`: written for a run that has not been; no fault.
    """

    kind: Literal["altered", "missing", "spoiled", "unknown", "unreadable", "unrun", "unvouched"]
    path: str
    detail: str

    @property
    def is_fault(self) -> bool:
        """Whether somebody should look at it."""
        return self.kind != "unrun"


@dataclass(frozen=True)
class Verdict:
    """How many files were looked at, how many bytes that were, how long it took, what was left out and what found."""

    raw: int
    artifacts: int
    findings: tuple[Finding, ...]
    bytes: int = 0
    seconds: float = 0.0
    receipts: int = 0
    left_out: tuple[str, ...] = ()


def verify(session: Session, root: Path, wrong: Iterable[str] = (), *, is_remade: bool = False) -> Verdict:
    """Hash every raw export and every current artifact, several at a time; then look at what vouches for them.

    Args:
        session: Of the registry, or of one made from the receipts where that is damaged.
        root: The results folder; raw exports are in resources/raw beside it.
        wrong: What is wrong with the registry that is there (pdp.lineage.verify_opening).
        is_remade: Whether the session is of one made from the receipts, which can't know more than they.
    """
    base = root.absolute().parent
    begun = time.monotonic()
    raw = list(_raw(base, root))
    current = [version for version in queries.current_versions(session) if version.made_by is not None]
    replaced = set(_replaced(root))
    made = [
        Expected(version.path, version.sha256, f"v{version.number} in the registry")
        for version in current
        if not _may_be_missing(version.path, replaced) or (base / version.path).exists()
    ]
    spoiled = foreign.made_from_foreign_bytes(session)
    kept = list(verify_archive.kept_copies(session, base, root))
    with ThreadPoolExecutor(WORKERS) as pool:
        judged = list(pool.map(lambda expected: _judge(base, expected), [*raw, *made, *kept]))
    findings = [finding for finding, _ in judged if finding]
    findings += [
        Finding("spoiled", version.path, f"v{version.number} was made from altered bytes of {spoiled[version.id]}")
        for version in current
        if version.id in spoiled
    ]
    receipts, unvouched = verify_archive.unvouched(session, root)
    registry = f"{root.name}/{database.FILE}"
    findings += [Finding("unvouched", registry, detail) for detail in unvouched if not is_remade]
    findings_of_registry = [Finding("altered", registry, detail) for detail in wrong]
    findings += findings_of_registry
    findings += _beside(session, base, root, {one.path for one in findings}, is_registry_whole=not findings_of_registry)
    known = {expected.path for expected in [*raw, *made]}
    findings += [
        Finding("unknown", path, "no receipt speaks of it") for path in _present(base, root) if path not in known
    ]
    order = sorted(findings, key=lambda finding: (finding.kind, finding.path))
    return Verdict(
        len(raw),
        len(made),
        tuple(order),
        sum(size for _, size in judged),
        time.monotonic() - begun,
        receipts,
        tuple(place.relative_to(base).as_posix() for place in [root.absolute() / LEFT_OUT] if place.is_dir()),
    )


def _beside(
    session: Session, base: Path, root: Path, bad: Collection[str], *, is_registry_whole: bool
) -> Iterator[Finding]:
    """What is wrong with files that are no artifacts."""
    told = [*verify_archive.altered(base, root, bad), *verify_beside.memories(base, root)]
    told += verify_beside.last_run(session, root) if is_registry_whole else ()
    for place, detail in told:
        yield Finding("altered", place.absolute().relative_to(base).as_posix(), detail)
    for place, detail, is_altered in verify_beside.keys(session, root):
        kind: Literal["altered", "unrun"] = "altered" if is_altered else "unrun"
        yield Finding(kind, place.absolute().relative_to(base).as_posix(), detail)
    for place in verify_beside.strangers(base, root):
        yield Finding("unknown", place.absolute().relative_to(base).as_posix(), "no file of that name belongs there")


def _replaced(root: Path) -> Iterator[tuple[str, str, str]]:
    """Subject, source and name of exports that no document is now: no run makes their tables again, or misses them."""
    for manifest in manifests.every(root):
        now = {export for _, export in manifest.current()}
        for _, revision in manifest.revisions():
            if revision["export"] not in now:
                yield manifest.subject, manifest.source, str(revision["export"])


def _may_be_missing(path: str, replaced: Collection[tuple[str, str, str]]) -> bool:
    layer, *about = Path(path).parts[1:]
    is_of_export = layer in _PER_EXPORT and len(about) >= 3
    return path.startswith(ON_REQUEST) or (is_of_export and (about[0], about[1], about[2].split(".")[0]) in replaced)


def _raw(base: Path, root: Path) -> Iterator[Expected]:
    """Every raw export that a manifest knows, and those on the disk that none knows (by their name)."""
    known: dict[str, str] = {}
    for manifest in manifests.every(root):
        for _, revision in manifest.revisions():
            known[f"{RAW}/{manifest.subject}/{revision['export']}"] = str(revision["sha256"])
    for path, digest in known.items():
        yield Expected(path, digest, "its manifest")
    for place in sorted((base / RAW).glob("*/*")):
        path = place.relative_to(base).as_posix()
        if place.is_file() and _EXPORT.fullmatch(place.name) and path not in known:
            yield Expected(path, place.name, "its name (no manifest speaks of it)")


def _judge(base: Path, expected: Expected) -> tuple[Finding | None, int]:
    """What is wrong with a file, and its bytes."""
    place = base / expected.path
    if place.is_symlink():
        return Finding("altered", expected.path, "a link stands in its place"), 0
    try:
        with place.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            size = file.tell()
    except FileNotFoundError:
        return Finding("missing", expected.path, f"{expected.source} speaks of it"), 0
    except OSError as error:
        return Finding("unreadable", expected.path, f"can't be read: {error.strerror}"), 0
    if any(digest.startswith(one) and len(one) >= _NAME_DIGITS for one in (expected.sha256, *expected.others)):
        return None, size
    detail = f"SHA-256 {digest[:16]}..., {expected.source} says {expected.sha256[:16]}..."
    return Finding("altered", expected.path, detail), size


def _present(base: Path, root: Path) -> Iterator[str]:
    for layer in LAYERS:
        for place in sorted((root / layer).rglob("*")):
            if not place.is_dir() and place.suffix != ".tmp":
                yield place.absolute().relative_to(base).as_posix()
