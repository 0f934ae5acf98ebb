"""What two machines know, united: sources' manifests by document and revision, receipts by id. Nothing is lost.

Raw exports are named by their content, so their union is that of two sets of names.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pdp import manifest as manifests
from pdp.errors import StateError
from pdp.lineage import sealed_lines

Receipt = dict[str, Any]


def source_manifests(theirs: bytes, ours: bytes) -> bytes:
    """The union of two manifests of one source, as pdp.store writes it."""
    try:
        united = manifests.union(json.loads(theirs), json.loads(ours))
    except (ValueError, KeyError, TypeError) as error:
        raise StateError(
            f"a source's manifest can't be read ({type(error).__name__}), so the two can't be united.",
            hint="Run `pdp verify` on both machines; delete the damaged manifest where it is and pull there.",
        ) from None
    return (json.dumps(united, indent=1, ensure_ascii=False) + "\n").encode()


def only_ours(theirs: Iterable[Receipt], ours: Sequence[Receipt]) -> list[Receipt]:
    """Our receipts that they do not have, in our order."""
    known = {_identity(receipt) for receipt in theirs}
    found = []
    for receipt in ours:
        if _identity(receipt) not in known:
            known.add(_identity(receipt))
            found.append(receipt)
    return found


def set_aside(receipts: Iterable[Receipt]) -> list[Receipt]:
    """Receipts of results that are nowhere any more: other tables stand in their place (see pdp.lineage.entries)."""
    return [{**receipt, "aside": True} for receipt in receipts]


def is_aside(receipt: Receipt) -> bool:
    """Whether the results that a receipt speaks of gave way to others."""
    return receipt.get("aside") is True


def renumbered(theirs: Iterable[Receipt], extra: Sequence[Receipt]) -> list[Receipt]:
    """Our extra receipts with the numbers that follow theirs, in the order of ours. Of runs, old ones have none."""
    top = max((receipt.get("seq") or 0 for receipt in theirs), default=0)
    order = sorted(range(len(extra)), key=lambda at: (extra[at].get("seq") or 0, at))
    numbers = {}
    for at in order:
        if "seq" in extra[at]:
            top += 1
            numbers[at] = top
    return [{**receipt, "seq": numbers[at]} if at in numbers else receipt for at, receipt in enumerate(extra)]


def read_receipts(paths: Iterable[Path]) -> list[Receipt]:
    """The receipts of archives, in the archives' order."""
    return [receipt for path in paths for receipt in sealed_lines.moved(path)]


def is_extended(ours: Path, theirs_bytes: int, theirs_sha256: str) -> bool:
    """Whether our archive is theirs with lines added at its end, or the same."""
    try:
        with ours.open("rb") as file:
            digest, left = hashlib.sha256(), theirs_bytes
            while left and (block := file.read(min(left, 1 << 20))):
                digest.update(block)
                left -= len(block)
    except OSError:
        return False
    return not left and digest.hexdigest() == theirs_sha256


def added_receipts(ours: Path, theirs_bytes: int) -> list[Receipt]:
    """What our archive has beyond theirs, of which it is an extension."""
    return list(sealed_lines.moved(ours, theirs_bytes))


def waiting_exports(root: Path) -> int:
    """Raw exports that sources speak of and the tables here do not know yet: the next run brings them in."""
    found = 0
    for place in sorted((root / "resources" / "raw").glob("*/*.manifest.json")):
        source = place.name.removesuffix(".manifest.json")
        known = _exports(root / "results" / "manifests" / place.parent.name / f"{source}.json")
        found += len(_exports(place) - known)
    return found


def _exports(place: Path) -> set[str]:
    try:
        said: Mapping[str, Any] = json.loads(place.read_bytes())
        return {str(revision["export"]) for document in said["documents"] for revision in document["revisions"]}
    except (OSError, ValueError, KeyError, TypeError):
        return set()


def _identity(receipt: Mapping[str, Any]) -> tuple[str, str]:
    return ("run" if receipt.get("kind") == "run" else "job", str(receipt.get("id")))
