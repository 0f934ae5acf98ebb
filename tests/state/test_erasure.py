"""An erasure over every back end: nothing that is still stored there, opened with the owner's key, holds the erased."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pdp.errors import StateError
from pdp.forget import carry_out
from pdp.forget.plan import Asked, plan
from pdp.state import garbage, log, verify
from pdp.state.pull import pull
from pdp.state.push import push
from tests.state.commits import Writer
from tests.state.machines import SUBJECT, Machine
from tests.state.places import Place

AGE = b"age-encryption.org"


@pytest.fixture
def writer(place: Place) -> Writer:
    """Whoever has the keys of a new state at the place."""
    writer, backend = Writer(), place.open()
    backend.create(writer.keyring, writer.genesis)
    place.address = backend.address
    return writer


def _stored(place: Place) -> Iterator[bytes]:
    """The content of every file at the place, in the trash or not; not what Google keeps as former versions."""
    if place.google is not None:
        yield from [file.content or b"" for file in place.google.files.by_id.values()]
        return
    for path in Path(place.address.removeprefix("folder:")).rglob("*"):
        if path.is_file():
            yield path.read_bytes()


def opened(place: Place, writer: Writer) -> list[bytes]:
    """What the owner's key opens there."""
    found = []
    for data in _stored(place):
        sealed = data[data.index(AGE) :] if AGE in data[:4096] else b""
        try:
            found += [writer.keys.unseal_bytes(sealed)] if sealed else []
        except StateError:
            continue
    return found


def test_after_an_erasure_no_stored_blob_holds_it_and_the_state_is_whole(
    place: Place, writer: Writer, tmp_path: Path
) -> None:
    one = Machine(tmp_path / "one", hour=6)
    one.arrive(b"date,systolic\n2025-03-29,131\n")
    one.arrive(b"Date,Systolic\n2025-05-01,Canary-7f3a\n", document="diary.csv")
    one.compute()
    push(one.root, place.open(), writer.keys)
    one.arrive(b"third\n", document="third.csv")
    one.compute()
    push(one.root, place.open(), writer.keys)
    assert any(b"Canary" in data for data in opened(place, writer))

    done = carry_out.erase(one.root, plan(one.root, Asked(SUBJECT, "export", "diary.csv")), (place.open(), writer.keys))

    assert done.proof.found == ()
    assert done.blobs, "what was taken from the state is counted, also where files are emptied and not deleted"
    left = opened(place, writer)
    assert left
    assert not [data for data in left if b"Canary" in data or b"diary" in data]
    assert verify.verify(one.root, place.open(), writer.keys).findings == ()
    assert garbage.collect(one.root, place.open(), writer.keys).blobs == 0
    assert log.history(one.root, place.open(), writer.keys, 9)
    two = Machine(tmp_path / "two", hour=8)
    pull(two.root, place.open(), writer.keys)
    assert len(two.raw()) == 2
    two.arrive(b"fourth\n", document="fourth.csv")
    two.compute()
    assert push(two.root, place.open(), writer.keys).new_raw == 1
