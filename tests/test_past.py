"""What was known on a day: the manifest of now, cut there, counts what the manifest of then counted."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pdp import manifest, past
from pdp.errors import ConfigError
from pdp.raw_store import RawStore
from tests.test_ingest import Shelf

NOW = "2026-11-23T12:00:00.000Z"
SOURCE = {"subject": "ada", "source": "cuff"}
SHELVES = st.dictionaries(st.sampled_from(["a.csv", "b.csv", "c.csv"]), st.sampled_from([b"1", b"22", b"333"]))


@given(st.lists(st.one_of(st.none(), SHELVES), min_size=1, max_size=8))
def test_every_poll_can_be_asked_again_for_what_it_knew(polls: list[dict[str, bytes] | None]) -> None:
    shelf = Shelf()
    known: dict[str, dict[str, Any]] = {}
    for files in polls:  # None: the source can't be reached
        shelf.is_reachable = files is not None
        shelf.files = files or {}
        shelf.poll()
        known[f"2026-01-{shelf.clock:02d}T12:00:00.000Z"] = copy.deepcopy(shelf.manifest or {})
    for moment, then in known.items():
        again = past.known_at(shelf.manifest, moment, **SOURCE)
        for on_gone in ("drop", "keep"):
            assert manifest.current_exports(again, on_gone) == manifest.current_exports(then, on_gone)
        for export in manifest.current_exports(then, "drop"):
            assert manifest.arrived_ms(again, export) == manifest.arrived_ms(then, export)


def test_before_anything_was_known_there_is_nothing() -> None:
    shelf = Shelf()
    shelf.files = {"a.csv": b"1"}
    shelf.poll()
    assert past.known_at(shelf.manifest, "2025-12-31T00:00:00.000Z", **SOURCE)["documents"] == []
    assert past.known_at(None, NOW, **SOURCE)["documents"] == []


def test_a_document_whose_vanishing_nobody_noted_counts_for_as_long_as_it_was_seen() -> None:
    shelf = Shelf()
    shelf.files = {"a.csv": b"1", "b.csv": b"2"}
    shelf.poll()
    shelf.poll()
    del shelf.files["a.csv"]
    shelf.poll()
    assert shelf.manifest is not None
    for document in shelf.manifest["documents"]:
        document.pop("presence", None)
    days = [f"2026-01-0{day}T00:00:00.000Z" for day in (1, 2, 3)]
    known = [past.known_at(shelf.manifest, day, **SOURCE) for day in days]
    assert [len(manifest.current_exports(then, "drop")) for then in known] == [2, 2, 1]


@pytest.mark.parametrize(
    ("as_of", "zone", "moment"),
    [
        ("2026-10-01", "Europe/Berlin", "2026-10-01T21:59:59.999Z"),
        ("2026-10-25", "Europe/Berlin", "2026-10-25T22:59:59.999Z"),  # a day of 25 hours
        ("2026-10-01", "America/New_York", "2026-10-02T03:59:59.999Z"),
        ("2026-10-01T18:30", "Europe/Berlin", "2026-10-01T16:30:00.000Z"),
        ("2026-10-01T18:30:00Z", "Europe/Berlin", "2026-10-01T18:30:00.000Z"),
        ("2026-11-23", "Europe/Berlin", "2026-11-23T22:59:59.999Z"),  # today, so far
    ],
)
def test_a_day_ends_by_the_persons_own_clock(as_of: str, zone: str, moment: str) -> None:
    assert past.until(as_of, zone, NOW) == moment


@pytest.mark.parametrize("as_of", ["2026-11-24", "2026-11-23T23:30", "2027-01-01T00:00:00Z"])
def test_a_time_to_come_is_refused(as_of: str) -> None:
    with pytest.raises(ConfigError, match="as_of: has not come yet"):
        past.until(as_of, "Europe/Berlin", NOW)


@pytest.mark.parametrize("as_of", ["yesterday", "2026-13-01", "2026-10-1", "../../etc", "20261001/../.."])
def test_what_is_no_day_is_refused_and_names_no_folder(as_of: str) -> None:
    with pytest.raises(ConfigError, match="as_of: is no day and no time"):
        past.folder(as_of)


def test_two_times_have_two_folders_below_the_results() -> None:
    names = {past.folder(text) for text in ("2026-10-01", "2026-10-01T18:30", "2026-10-01T18:30:00Z")}
    assert len(names) == 3
    assert all(name.parent == past.FOLDER and ":" not in name.name for name in names)


@pytest.mark.parametrize("as_of", ["0001-01-01", "0001-01-01T00:00", "9999-12-31T23:59:59.9999995Z"])
def test_a_day_beyond_the_calendar_is_a_sentence(as_of: str) -> None:
    with pytest.raises(ConfigError, match=r"as_of: (lies outside|has not come)"):
        past.until(as_of, "Asia/Tokyo", NOW)


def test_a_source_that_was_known_then_and_is_configured_no_more_is_named(tmp_path: Path) -> None:
    shelf = Shelf()
    shelf.files = {"a.csv": b"1"}
    shelf.poll()
    assert shelf.manifest is not None
    raw = RawStore(tmp_path / "ada")
    raw.remember("cuff", shelf.manifest)
    raw.remember("never_reached", {**shelf.manifest, "documents": []})
    assert past.left_out(tmp_path / "ada", ["band"], NOW) == ["cuff"]
    assert past.left_out(tmp_path / "ada", ["cuff", "band"], NOW) == []
    assert past.left_out(tmp_path / "ada", ["band"], "2025-12-31T00:00:00.000Z") == []
