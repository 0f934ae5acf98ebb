"""The last run at a glance: results/pipeline_state.json, and the summary at the end of a run."""

from __future__ import annotations

from pathlib import Path


def write(root: Path = Path("results")) -> None:
    """Write pipeline_state.json."""


def summary_text(root: Path = Path("results")) -> str:
    """The end-of-run summary."""
    return ""
