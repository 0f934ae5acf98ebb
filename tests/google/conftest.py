"""Fixtures of the tests that talk to Google."""

from __future__ import annotations

from tests.google.fixtures import google, stand_in

__all__ = ["google", "stand_in"]
