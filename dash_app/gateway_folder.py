"""The data set of one person in a working folder; and the demo."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from dash_app import gateway_demo, gateway_registry
from dash_app.gateway import Dataset
from dash_app.gateway_demo import DEMO
from dash_app.gateway_tables import NoDataError


def dataset(
    root: Path, subject: str, *, is_synthetic: bool, bring: Callable[[Sequence[str]], None] | None = None
) -> Dataset:
    """The results of a person as they stand now.

    Args:
        root: Working folder.
        subject: Whose.
        is_synthetic: Whether that is the demo's person; believed here, proven by `gateway_demo`.
        bring: Brings files that are not in the folder yet; None where all are.

    Raises:
        NoDataError: There are no results of that person.
    """
    summary = root / "results/summary" / subject
    try:
        files = sorted(path for path in summary.iterdir() if path.suffix in (".parquet", ".json"))
        if not files:
            raise FileNotFoundError
        newest = max(path.stat().st_mtime for path in files)
        digest = hashlib.sha256(f"{subject} {is_synthetic}".encode())
        for path in files:
            digest.update(f"\n{path.name} {_content(path)}".encode())
    except OSError:
        raise NoDataError(
            f"there are no results of {subject} yet.", where="results", hint="Run the workflow: make run."
        ) from None
    run_id, ended = gateway_registry.last_run(root, subject) or ("", "")
    as_of = datetime.fromisoformat(ended) if ended else datetime.fromtimestamp(newest, UTC)
    more = {} if bring is None else {"_bring": bring}
    return Dataset(is_synthetic, subject, digest.hexdigest(), as_of, run_id, root, **more)


def demo(root: Path) -> Dataset:
    """The synthetic demo.

    Raises:
        NoDataError: The workflow has not built it here, or what it was made of is not the synthetic person alone.
    """
    gateway_demo.prove(root)
    return dataset(root, DEMO, is_synthetic=True)


def subjects(root: Path) -> list[str]:
    """Who has results in a folder."""
    return sorted(path.parent.name for path in root.glob("results/summary/*/daily.parquet"))


@dataclass(frozen=True)
class DemoGateway:
    """The demo, whoever asks.

    Args:
        root: Working folder.
    """

    root: Path = Path()

    def dataset(self) -> Dataset:
        """The demo's results."""
        return demo(self.root)

    def is_signed_in(self) -> bool:
        """Nobody is."""
        return False

    def can_sign_in(self) -> bool:
        """There is nothing to sign in to."""
        return False


def _content(path: Path) -> str:
    stamp = path.stat()
    return _sha256(path, stamp.st_ino, stamp.st_size, stamp.st_mtime_ns)


@lru_cache(maxsize=256)  # digests, no data; a file that changed has another key
def _sha256(path: Path, *_: int) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
