"""The manifest remembers what a source held and when; raw bytes are only ever added."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pdp import ingest, manifest
from pdp.errors import DocumentPostponedError, SourceUnreachableError
from pdp.forgotten import Forgotten
from pdp.transports import Document, Listing


class Shelf:
    """A source in memory behind the transport interface, and a raw store."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.raw: dict[str, bytes] = {}
        self.is_reachable = True
        self.fetched = 0
        self.manifest: dict[str, Any] | None = None
        self.clock = 0
        self.changing: set[str] = set()
        self.forgotten = Forgotten()

    def documents(self, settings: object) -> Listing:
        if not self.is_reachable:
            raise SourceUnreachableError("there is no folder /mnt/x.", hint="Mount it.")
        return Listing(
            tuple(
                Document(name, name, len(data), "", f"sha256:{hashlib.sha256(data).hexdigest()}")
                for name, data in sorted(self.files.items())
            ),
            {},
        )

    @contextmanager
    def fetch(self, settings: object, document: Document) -> Iterator[io.BytesIO]:
        self.fetched += 1
        if document.id in self.changing:
            raise DocumentPostponedError("it was changed while it was read.", hint="It is taken in the next run.")
        yield io.BytesIO(self.files[document.id])

    def keep(self, stream: Any) -> tuple[str, int, bool]:
        data = stream.read()
        digest = hashlib.sha256(data).hexdigest()
        is_new = digest[:16] not in self.raw
        self.raw[digest[:16]] = data
        return digest, len(data), is_new

    def is_copy(self, export: str) -> bool:
        return False

    def holds(self, export: str, size: int) -> bool:
        return len(self.raw.get(export, b"")) == size

    def recall(self, source: str) -> dict[str, Any] | None:
        return self.manifest

    def poll(self, fail: bool = False) -> dict[str, Any]:
        self.clock += 1
        transport = SimpleNamespace(documents=self.documents, fetch=self.fetch)
        polled = ingest.poll(
            transport,  # type: ignore[arg-type]
            None,
            raw=self,
            subject="ada",
            source="cuff",
            now=f"2026-01-{self.clock:02d}T00:00:00.000Z",
            fail_if_unreachable=fail,
        )
        self.manifest = polled.manifest
        return polled.poll

    def current(self, on_gone: str = "drop") -> list[str]:
        assert self.manifest is not None
        return manifest.current_exports(self.manifest, on_gone)


def name(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def test_a_file_seen_before_is_not_fetched_again() -> None:
    shelf = Shelf()
    shelf.files = {"a.csv": b"1", "b.csv": b"2"}
    assert shelf.poll()["new_exports"] == sorted([name(b"1"), name(b"2")])
    assert shelf.poll()["new_exports"] == []
    assert shelf.fetched == 2


def test_an_edited_document_supersedes_itself_and_both_revisions_are_kept() -> None:
    shelf = Shelf()
    shelf.files = {"a.csv": b"1"}
    shelf.poll()
    shelf.files = {"a.csv": b"12"}
    shelf.poll()
    assert shelf.current() == [name(b"12")]
    assert set(shelf.raw) == {name(b"1"), name(b"12")}
    assert shelf.manifest is not None
    (document,) = shelf.manifest["documents"]
    assert [(revision["first_seen"][:10], revision["last_seen"][:10]) for revision in document["revisions"]] == [
        ("2026-01-01", "2026-01-01"),
        ("2026-01-02", "2026-01-02"),
    ]


def test_a_vanished_document_stays_in_the_manifest_and_leaves_the_data_set() -> None:
    shelf = Shelf()
    shelf.files = {"a.csv": b"1", "b.csv": b"2"}
    shelf.poll()
    del shelf.files["a.csv"]
    assert shelf.poll()["gone"] == 1
    assert shelf.current() == [name(b"2")]
    assert sorted(shelf.current("keep")) == sorted([name(b"1"), name(b"2")])
    assert name(b"1") in shelf.raw


def test_a_source_that_lists_nothing_any_more_is_not_believed() -> None:
    shelf = Shelf()
    shelf.files = {"a.csv": b"1"}
    shelf.poll()
    shelf.files = {}
    said = shelf.poll()
    assert said["reachable"] is False
    assert "it lists nothing, where it had 1 document(s)" in said["why"]
    assert shelf.current() == [name(b"1")]


def test_an_unreachable_source_keeps_what_it_had_and_since_when() -> None:
    shelf = Shelf()
    shelf.files = {"a.csv": b"1"}
    shelf.poll()
    shelf.is_reachable = False
    shelf.poll()
    shelf.poll()
    assert shelf.manifest is not None
    assert shelf.manifest["unreachable_since"].startswith("2026-01-02")
    assert shelf.manifest["polled_at"].startswith("2026-01-01")
    assert shelf.current() == [name(b"1")]
    with pytest.raises(SourceUnreachableError, match=r"ada/cuff: there is no folder /mnt/x\. Mount it\."):
        shelf.poll(fail=True)
    shelf.is_reachable = True
    assert shelf.poll()["reachable"] is True
    assert "unreachable_since" not in shelf.manifest


def test_a_source_that_was_never_reached_has_no_time_at_which_it_was() -> None:
    shelf = Shelf()
    shelf.is_reachable = False
    shelf.poll()
    shelf.poll()
    assert shelf.manifest is not None
    assert (shelf.manifest["polled_at"], shelf.manifest["unreachable_since"][:10]) == (None, "2026-01-01")
    shelf.files, shelf.is_reachable = {"a.csv": b"1"}, True
    shelf.poll()
    assert shelf.manifest["polled_at"].startswith("2026-01-03")


def test_a_document_that_changes_while_it_is_fetched_waits_and_its_last_state_counts() -> None:
    shelf = Shelf()
    shelf.files = {"a.csv": b"1", "b.csv": b"2"}
    shelf.poll()
    shelf.files = {"a.csv": b"3", "b.csv": b"4", "c.csv": b"5"}
    shelf.changing = {"a.csv", "c.csv"}
    said = shelf.poll()
    why = "it was changed while it was read. It is taken in the next run."
    assert said["postponed"] == [{"document": "a.csv", "why": why}, {"document": "c.csv", "why": why}]
    assert shelf.current() == sorted([name(b"1"), name(b"4")])
    shelf.changing = set()
    assert shelf.poll()["postponed"] == []
    assert shelf.current() == sorted([name(b"3"), name(b"4"), name(b"5")])


def test_a_document_that_was_postponed_and_then_vanished_is_gone() -> None:
    shelf = Shelf()
    shelf.files = {"a.csv": b"1", "b.csv": b"2"}
    shelf.poll()
    shelf.files, shelf.changing = {"a.csv": b"3", "b.csv": b"2"}, {"a.csv"}
    shelf.poll()
    assert name(b"1") in shelf.current()
    del shelf.files["a.csv"]
    shelf.poll()
    assert shelf.current() == [name(b"2")]


def test_an_export_lost_from_the_raw_store_is_fetched_again() -> None:
    shelf = Shelf()
    shelf.files = {"a.csv": b"1"}
    shelf.poll()
    shelf.raw.clear()
    shelf.poll()
    assert set(shelf.raw) == {name(b"1")}
    assert shelf.manifest is not None
    assert len(shelf.manifest["documents"][0]["revisions"]) == 1


@given(st.lists(st.dictionaries(st.sampled_from("abc"), st.binary(min_size=1, max_size=3), min_size=1), max_size=6))
def test_whatever_happens_at_the_source_no_raw_byte_is_lost(states: list[dict[str, bytes]]) -> None:
    shelf = Shelf()
    seen: set[str] = set()
    for state in states:
        shelf.files = state
        shelf.poll()
        seen |= {name(data) for data in state.values()}
        assert shelf.current() == sorted({name(data) for data in state.values()})
    assert set(shelf.raw) == seen
