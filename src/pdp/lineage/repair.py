"""What can be made again of what `pdp verify` found, and making it so: never a raw export, never a receipt."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from pdp import store
from pdp.errors import StoreError
from pdp.lineage import database, noted, record, state
from pdp.lineage.manifests import RAW, SUFFIX
from pdp.lineage.verify import LAYERS, Finding
from pdp.lineage.verify_registry import EITHER

_BAD = ("altered", "spoiled")


def can_be(findings: Sequence[Finding], root: Path) -> list[Finding]:
    """Those that a repair and the run after it put right."""
    ways = _ways(findings, root)
    return [finding for finding in findings if finding.is_fault and ways[finding]]


def carry_out(findings: Sequence[Finding], root: Path) -> list[str]:
    """Repair; the paths of files that were deleted for a run to make again, or made again here.

    Raises:
        StoreError: A file can't be deleted.
        RegistryError: The registry can't be made again.
    """
    base = root.absolute().parent
    done = []
    ways = {finding.path: way for finding, way in _ways(findings, root).items()}
    for path, way in sorted(ways.items()):
        place = base / path
        match way:
            case "delete":
                try:
                    place.unlink(missing_ok=True)
                except OSError as error:
                    raise StoreError(f"can't be deleted ({error.strerror}).", where=path, hint="Remove it.") from None
            case "from the manifest":
                made = root / "manifests" / place.parent.name / f"{place.name.removesuffix(SUFFIX)}.json"
                with store.commit(place) as staged:
                    staged.write_bytes(made.read_bytes())
            case "from receipts":
                record.rebuild(root)
            case _:
                continue
        done.append(path)
    if "from registry" in ways.values() or "from receipts" in ways.values():
        state.write(root)
        done += [path for path, way in ways.items() if way == "from registry"]
    return sorted(done)


def _ways(findings: Sequence[Finding], root: Path) -> dict[Finding, str]:
    """How each is put right; "" if it can't be. There may be one for every file."""
    bad = {one.path for one in findings if one.kind != "unrun"}
    is_lost = any(
        one.kind == "unvouched" or one.detail.startswith(EITHER) or "receipts" in Path(one.path).parts[1:2]
        for one in findings
    )
    return {finding: _way(finding, bad, root, is_lost=is_lost) for finding in findings}


def _way(finding: Finding, bad: Collection[str], root: Path, *, is_lost: bool) -> str:
    path = Path(finding.path)
    parts = path.parts
    if finding.path == f"{root.name}/{database.FILE}":
        return "" if is_lost or finding.kind != "altered" else "from receipts"
    if parts[:1] == (root.name,) and parts[1:2] in [(layer,) for layer in LAYERS]:
        return "by a run" if finding.kind == "missing" else "delete" if finding.kind in _BAD else ""
    if finding.kind not in _BAD:
        return ""
    if parts[:2] == (root.name, "keys") or (parts[:2] == (root.name, noted.FOLDER) and path.suffix == ".parquet"):
        return "delete"
    if finding.path == f"{root.name}/{state.FILE}":
        return "from registry"
    made = f"{root.name}/manifests/{path.parent.name}/{path.name.removesuffix(SUFFIX)}.json"
    is_memory = path.name.endswith(SUFFIX) and finding.path.startswith(RAW)
    return "from the manifest" if is_memory and made not in bad and (root.absolute().parent / made).is_file() else ""
