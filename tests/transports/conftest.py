"""A Google to talk to, and what a poll makes of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from pdp import ingest, settings, store
from pdp.raw_store import RawStore
from tests.google.fixtures import google

__all__ = ["google"]

Poll = Callable[..., ingest.Polled]


@pytest.fixture
def poll(tmp_path: Path) -> Poll:
    """Poll a source as the rule does, and remember what was found."""
    raw = RawStore(tmp_path / "raw")

    def once(transport: ModuleType, location: dict[str, Any], fails: bool = False) -> ingest.Polled:
        polled = ingest.poll(
            transport,
            settings.build(transport.Settings, location),
            raw=raw,
            subject="ada",
            source="cuff",
            now=store.now(),
            fail_if_unreachable=fails,
        )
        raw.remember("cuff", polled.manifest)
        return polled

    return once


@pytest.fixture
def raw_files(tmp_path: Path) -> Callable[[], dict[str, bytes]]:
    """Everything in the raw store but the manifest."""
    return lambda: {
        path.name: path.read_bytes() for path in (tmp_path / "raw").rglob("*") if "manifest" not in path.name
    }
