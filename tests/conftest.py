"""What all tests may use: a browser, the stand-in for Google, and the option by which its likeness is checked."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

from tests.browsers import browser
from tests.google.fixtures import google, stand_in

__all__ = ["browser", "google", "stand_in"]


# On a machine with other work to do an example may take long; that says nothing about the code.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


def pytest_addoption(parser: pytest.Parser) -> None:
    """--live: hold the stand-in against Google itself (see tests/google/live)."""
    parser.addoption("--live", action="store_true", help="run tests/google/live against Google, with your credentials")
