"""Fixtures of the tests of the state."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.state.machines import State
from tests.state.places import drive, fixed, google_place, place

__all__ = ["drive", "fixed", "google_place", "place"]


@pytest.fixture
def state(tmp_path: Path) -> State:
    """An empty state in a folder."""
    return State(tmp_path / "store").make()
