"""What raw exports are called at their sources, and which source each is of: from the manifests."""

from __future__ import annotations

from pathlib import Path

from pdp.lineage import manifests


def every(root: Path) -> tuple[dict[str, str], dict[str, str]]:
    """Names of the documents, and the sources, by "subject/export": two people may have the same bytes.

    Args:
        root: The results folder.
    """
    names: dict[str, list[str]] = {}
    sources: dict[str, list[str]] = {}
    for manifest in manifests.every(root):
        for document, revision in manifest.revisions():
            key = f"{manifest.subject}/{revision['export']}"
            names.setdefault(key, []).append(str(document.get("name") or document.get("id") or ""))
            sources.setdefault(key, []).append(manifest.source)
    return _joined(names), _joined(sources)


def _joined(found: dict[str, list[str]]) -> dict[str, str]:
    return {key: ", ".join(dict.fromkeys(filter(None, each))) for key, each in found.items()}
