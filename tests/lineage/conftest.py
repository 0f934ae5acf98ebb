"""Every test of the registry works in an empty folder of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.workplace import Workplace


@pytest.fixture
def place(tmp_path: Path) -> Workplace:
    """An empty working directory."""
    return Workplace(tmp_path)
