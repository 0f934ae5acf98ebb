"""Fixtures of the tests that talk to Google."""

from __future__ import annotations

from tests.google.waits import waits

__all__ = ["waits"]
