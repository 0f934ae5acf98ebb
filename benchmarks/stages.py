"""Our side of the rows' question: the workflow's own scripts, each in its own process, without the engine."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from benchmarks.exports import ZONE
from benchmarks.processes import Usage, Watch

SUBJECT, SOURCE, MEASURE = "bench", "band", "heart_rate"
MEASURES = ("blood_pressure", "heart_rate", "sleep_stage", "sleep_episode", "step_count")
SLOTS = 2  # jobs at a time

SETTINGS: dict[str, dict[str, Any]] = {
    "normalize": {
        "format": "zepp_life",
        "settings": {},
        "device": "",
        "time_zone": ZONE,
        "passwords_from": {},
        "on_unreadable": "fail",
    },
    "validate": {"limits": {}},
    "merge": {"time_zone": ZONE, "merge": {"priority": [SOURCE]}},
}


def prepare(root: Path, exports: Sequence[Path]) -> None:
    """The manifest that says when the exports arrived. Key files: see benchmarks.job_keys."""
    seen = "2026-11-23T06:00:00.000Z"
    documents = [{"revisions": [{"export": path.name, "first_seen": seen}]} for path in exports]
    manifest = root / _MANIFEST
    manifest.parent.mkdir(parents=True, exist_ok=True)
    manifest.write_text(json.dumps({"documents": documents}), encoding="utf-8")


_MANIFEST = f"results/manifests/{SUBJECT}/{SOURCE}.json"


def _key(rule: str) -> str:
    return f"results/keys/{rule}.json"


def _tables(stage: str, export: str) -> list[str]:
    return [f"results/{stage}/{SUBJECT}/{SOURCE}/{export}/{measure}.parquet" for measure in MEASURES]


def normalize_job(export: Path) -> dict[str, Any]:
    """One export's normalize."""
    unread = f"results/normalized/{SUBJECT}/{SOURCE}/{export.name}/unread.parquet"
    return {
        "rule": "normalize",
        "wildcards": {"subject": SUBJECT, "source": SOURCE, "export": export.name},
        "input": {"export": str(export), "key": _key("normalize")},
        "output": {"tables": _tables("normalized", export.name), "unread": unread},
    }


def validate_job(export: Path) -> dict[str, Any]:
    """One export's validate."""
    quarantine = f"results/quarantine/{SUBJECT}/{SOURCE}/{export.name}.parquet"
    return {
        "rule": "validate",
        "wildcards": {"subject": SUBJECT, "source": SOURCE, "export": export.name},
        "input": {"tables": _tables("normalized", export.name), "manifest": _MANIFEST, "key": _key("validate")},
        "output": {"tables": _tables("validated", export.name), "quarantine": quarantine},
    }


def merge_job(exports: Sequence[Path]) -> dict[str, Any]:
    """The merge of all exports' heart rates."""
    tables = [f"results/validated/{SUBJECT}/{SOURCE}/{export.name}/{MEASURE}.parquet" for export in exports]
    return {
        "rule": "merge",
        "wildcards": {"subject": SUBJECT, "measure": MEASURE},
        "input": {"tables": tables, "key": _key("merge")},
        "output": {
            "merged": f"results/merged/{SUBJECT}/{MEASURE}.parquet",
            "superseded": f"results/superseded/{SUBJECT}/{MEASURE}.parquet",
        },
    }


def run(watch: Watch, exports: Sequence[Path]) -> dict[str, list[Usage]]:
    """All jobs of a prepared tree, two at a time, each as soon as what it needs is there.

    Returns:
        What each used, by rule.
    """
    used: dict[str, list[Usage]] = {"normalize": [], "validate": [], "merge": []}

    def do(job: dict[str, Any]) -> None:
        used[job["rule"]].append(watch.run([sys.executable, "-m", "benchmarks.one_job", json.dumps(job)]))

    def take(export: Path) -> None:
        do(normalize_job(export))
        do(validate_job(export))

    with ThreadPoolExecutor(SLOTS) as pool:
        list(pool.map(take, exports))
    do(merge_job(exports))
    return used
