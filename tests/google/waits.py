"""How long the program would have waited between its tries; it does not wait in tests."""

from __future__ import annotations

from types import SimpleNamespace

import pytest


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds that were waited for so far, in order. The library's sleep returns at once."""
    waited: list[float] = []
    monkeypatch.setattr("tenacity.nap.time", SimpleNamespace(sleep=waited.append))
    return waited
