"""What raw exports are called at their sources, and which source each is of: from the manifests."""

from __future__ import annotations

from pathlib import Path

from pdp.lineage import manifests


def every(root: Path) -> tuple[dict[str, str], dict[str, str]]:
    """Name of the document, and the source, by export.

    Args:
        root: The results folder.
    """
    names: dict[str, str] = {}
    sources: dict[str, str] = {}
    for manifest in manifests.every(root):
        for document, revision in manifest.revisions():
            export = str(revision["export"])
            names[export] = str(document.get("name") or document.get("id") or "")
            sources[export] = manifest.source
    return names, sources
