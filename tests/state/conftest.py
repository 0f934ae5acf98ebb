"""Fixtures of the tests of the state."""

from __future__ import annotations

from tests.state.places import drive, fixed, google_place, place

__all__ = ["drive", "fixed", "google_place", "place"]
