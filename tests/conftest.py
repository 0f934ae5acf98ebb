"""What all tests may use: the stand-in for Google, and the option by which its likeness is checked."""

from __future__ import annotations

import pytest

from tests.google.fixtures import google, stand_in

__all__ = ["google", "stand_in"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """--live: hold the stand-in against Google itself (see tests/google/live)."""
    parser.addoption("--live", action="store_true", help="run tests/google/live against Google, with your credentials")
