"""What a push that was cut short had stored is known to the next one, whatever was cut."""

from __future__ import annotations

from pathlib import Path

import pytest

from pdp.state.backends import Blob
from pdp.state.uploads import FILE, Uploads


class _Anything:
    """A back end that has every blob."""

    def has_blob(self, blob: Blob) -> bool:
        return bool(blob.id)


def known(folder: Path, names: list[str]) -> list[bool]:
    uploads = Uploads(folder)
    return [uploads.stored(_Anything(), name, is_pack=False) is not None for name in names]  # type: ignore[arg-type]


@pytest.mark.parametrize("left", [0, 1, 20])
def test_a_line_that_was_cut_costs_its_own_blob_alone(tmp_path: Path, left: int) -> None:
    first = Uploads(tmp_path)
    for name in ("a", "b"):
        first.remember(name, Blob(f"id-{name}", 7, "0" * 64))
    file = tmp_path / FILE
    whole = file.read_bytes()
    end = whole.index(b"id-b") - 20 + left
    file.write_bytes(whole[:end])
    assert known(tmp_path, ["a", "b"]) == [True, False]
    Uploads(tmp_path).remember("c", Blob("id-c", 7, "0" * 64))
    assert known(tmp_path, ["a", "b", "c"]) == [True, False, True]


def test_what_is_written_grows_with_the_blobs_and_not_with_their_square(tmp_path: Path) -> None:
    uploads = Uploads(tmp_path)
    file = tmp_path / FILE
    places = set()
    for number in range(50):
        uploads.remember(f"{number}", Blob(f"{number}", 7, "0" * 64))
        places.add(file.stat().st_ino)
    assert len(places) == 1  # never written anew
    assert known(tmp_path, [f"{number}" for number in range(50)]) == [True] * 50
    uploads.forget()
    assert known(tmp_path, ["1"]) == [False]
