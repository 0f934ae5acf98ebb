"""What every transport owes the pipeline. A new one needs only a fixture to be held to this."""

from __future__ import annotations

import dataclasses
import hashlib
import importlib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import pytest

from pdp import ingest, settings, transports
from pdp.errors import SourceUnreachableError
from pdp.raw_store import RawStore
from tests.formats.test_contract import undescribed

HERE = Path(__file__).parent / "fixtures"
FIXTURES = "tests.transports.fixtures"
NAMES = transports.names()
FILES = {"a.csv": b"one\n", "b b.zip": b"\0\1\2" * 100_000}
EDITED = FILES | {"a.csv": b"two\n"}  # of the same size
FIXED = {
    path.stem for path in HERE.glob("*.py") if hasattr(importlib.import_module(f"{FIXTURES}.{path.stem}"), "FILES")
}
HOLD_ANY_FILE = [name for name in NAMES if name not in FIXED]

every_transport = pytest.mark.parametrize("name", NAMES)
of_several_documents = pytest.mark.parametrize("name", HOLD_ANY_FILE)


class Held:
    """A transport, its source, and what stands at it."""

    def __init__(self, name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        if not (HERE / f"{name}.py").exists():
            pytest.fail(
                f"the transport {name} has no fixture. Write tests/transports/fixtures/{name}.py with "
                "make(folder, monkeypatch), which gives a small source (see fixtures/__init__.py)."
            )
        fixture = importlib.import_module(f"{FIXTURES}.{name}")
        self.files: dict[str, bytes] = getattr(fixture, "FILES", FILES)
        self.edited: dict[str, bytes] = getattr(fixture, "EDITED", EDITED)
        self.first = min(self.files)
        self.name = name
        self.transport: ModuleType = transports.load(name)
        self.source: Any = fixture.make(folder, monkeypatch)
        self.source.hold(self.files)

    @property
    def location(self) -> Any:
        return settings.build(self.transport.Settings, self.source.location)

    def listed(self) -> dict[str, transports.Document]:
        """Documents by name."""
        listing = self.transport.documents(self.location)
        assert listing.postponed == {}
        return {document.name: document for document in listing.documents}

    def bytes_of(self, document: transports.Document) -> bytes:
        with self.transport.fetch(self.location, document) as stream:
            data: bytes = stream.read()
        return data


@pytest.fixture
def held(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Held]:
    held = Held(name, tmp_path, monkeypatch)
    yield held
    getattr(held.source, "close", lambda: None)()


def test_every_fixture_belongs_to_a_transport() -> None:
    fixtures = {path.stem for path in HERE.glob("*.py")} - {"__init__"}
    assert fixtures <= set(NAMES), f"no transport for: {', '.join(sorted(fixtures - set(NAMES)))}"


@every_transport
def test_it_has_a_title_and_its_settings_describe_themselves(name: str) -> None:
    transport = transports.load(name)
    assert transport.TITLE.strip()
    assert undescribed(transport.Settings) == []


@every_transport
def test_every_document_is_listed_with_an_identity_and_a_checksum_and_fetched_whole(held: Held) -> None:
    listed = held.listed()
    assert sorted(listed) == sorted(held.files)
    assert len({document.id for document in listed.values()}) == len(held.files)
    for name, document in listed.items():
        assert document.size in (-1, len(held.files[name]))
        algorithm, _, digest = document.checksum.partition(":")
        assert hashlib.new(algorithm, held.files[name]).hexdigest() == digest
        assert held.bytes_of(document) == held.files[name]


@every_transport
def test_two_looks_at_an_unchanged_source_are_equal(held: Held) -> None:
    assert held.listed() == held.listed()


@every_transport
def test_an_edited_document_keeps_its_identity_and_changes_its_checksum_and_no_other(held: Held) -> None:
    before = held.listed()
    held.source.hold(held.edited)
    after = held.listed()
    assert after[held.first].id == before[held.first].id
    assert after[held.first].checksum != before[held.first].checksum
    assert held.bytes_of(after[held.first]) == held.edited[held.first]
    for name in held.files.keys() - {held.first}:
        assert (after[name].id, after[name].checksum) == (before[name].id, before[name].checksum)


@of_several_documents
def test_a_document_that_is_gone_is_not_listed(held: Held) -> None:
    held.source.hold({"a.csv": FILES["a.csv"]})
    assert sorted(held.listed()) == ["a.csv"]


@every_transport
def test_a_source_that_can_not_be_reached_says_what_to_do(held: Held) -> None:
    document = held.listed()[held.first]
    held.source.fail()
    plain = transports.Document(*(getattr(document, each.name) for each in dataclasses.fields(transports.Document)))
    anew = document if held.name in HOLD_ANY_FILE else plain  # what carries its bytes needs its source no more
    for attempt in (held.listed, lambda: held.bytes_of(anew)):
        with pytest.raises(SourceUnreachableError) as caught:
            attempt()
        assert caught.value.what.endswith("."), caught.value.what
        assert caught.value.hint.endswith("."), caught.value.hint


@of_several_documents
def test_a_document_that_vanishes_before_it_is_fetched_is_told_and_not_a_fault_of_the_program(held: Held) -> None:
    document = held.listed()["a.csv"]
    held.source.hold({"b b.zip": FILES["b b.zip"]})
    with pytest.raises(SourceUnreachableError):
        held.bytes_of(document)


@every_transport
def test_a_fault_of_the_reader_is_not_taken_for_one_of_the_source(held: Held) -> None:
    document = held.listed()[held.first]
    with pytest.raises(OSError, match="the disk is full"), held.transport.fetch(held.location, document):
        raise OSError("the disk is full")


@every_transport
def test_a_poll_takes_in_what_is_new_and_fetches_nothing_twice(held: Held, tmp_path: Path) -> None:
    raw = RawStore(tmp_path / "raw")
    fetched = []

    class Counting:
        """The transport, and which of its documents were asked for."""

        documents = staticmethod(held.transport.documents)

        @staticmethod
        def fetch(location: Any, document: transports.Document) -> Any:
            fetched.append(document.name)
            return held.transport.fetch(location, document)

    def poll() -> dict[str, Any]:
        polled = ingest.poll(
            cast(ModuleType, Counting),
            held.location,
            raw=raw,
            subject="ada",
            source="cuff",
            now="2026-01-01T00:00:00.000Z",
            fail_if_unreachable=False,
        )
        raw.remember("cuff", polled.manifest)
        return polled.manifest

    def known_of(document: dict[str, Any]) -> list[Any]:
        """All but the order of the polls."""
        return [document["id"], document["name"], [revision | {"order": ""} for revision in document["revisions"]]]

    first = poll()
    exports = [document["revisions"][-1]["export"] for document in first["documents"]]
    assert sorted((raw.folder / export).read_bytes() for export in exports) == sorted(held.files.values())
    again = poll()
    assert [known_of(each) for each in again["documents"]] == [known_of(each) for each in first["documents"]]
    assert sorted(fetched) == sorted(held.files)
    held.source.fail()
    kept = poll()
    assert (kept["reachable"], kept["documents"]) == (False, again["documents"])
    assert kept["why"]
