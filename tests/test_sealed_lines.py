"""Lines that vouch for themselves and for the line before: any bit that flips, any line that goes, is found."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from pdp import sealed
from pdp.lineage import sealed_lines

DOCUMENTS = [
    {"id": number, "name": "Käthe\u2028" * number, "nested": {"values": [number, None]}} for number in range(9)
]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Nine lines, added in three parts."""
    path = tmp_path / "lines.jsonl"
    for start in (0, 3, 6):
        with path.open("ab+") as stream:
            sealed_lines.append(stream, DOCUMENTS[start : start + 3])
    return path


def test_what_was_written_is_sound_and_comes_back(file: Path) -> None:
    assert list(sealed_lines.faults(file)) == []
    said = [{name: each[name] for name in ("id", "name", "nested")} for each in sealed_lines.sound(file)]
    assert said == DOCUMENTS


def test_any_bit_that_flips_is_found(file: Path) -> None:
    whole = file.read_bytes()
    chance = random.Random(1)
    for bit in chance.sample(range(8 * (len(whole) - 1)), 400):  # the last line's end says nothing
        data = bytearray(whole)
        data[bit // 8] ^= 1 << bit % 8
        file.write_bytes(data)
        assert list(sealed_lines.faults(file)), (bit, bytes(data[bit // 8 - 9 : bit // 8 + 9]))


@pytest.mark.parametrize("gone", range(8))
def test_a_line_that_is_taken_out_is_missed_by_the_next(file: Path, gone: int) -> None:
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(lines[:gone] + lines[gone + 1 :]))
    assert list(sealed_lines.faults(file)) == [f"what stood before line {gone + 1} was altered or taken out"]


def test_a_line_altered_with_its_sum_is_found_by_the_next(file: Path) -> None:
    lines = file.read_bytes().splitlines()
    lines[4] = next(sealed_lines.lines([{**DOCUMENTS[4], "id": 44}], lines[3]))
    file.write_bytes(b"\n".join(lines) + b"\n")
    assert list(sealed_lines.faults(file)) == ["what stood before line 6 was altered or taken out"]


def move(file: Path) -> Path:
    """To another place, after a line that stands there."""
    place = file.with_name("moved.jsonl")
    place.write_bytes(b"".join(line + b"\n" for line in sealed_lines.lines([{"id": 99}, *sealed_lines.moved(file)])))
    return place


def test_sound_lines_are_sound_in_another_place_too(file: Path) -> None:
    place = move(file)
    assert list(sealed_lines.faults(place)) == []
    assert [each["id"] for each in sealed_lines.sound(place)] == [99, *range(9)]
    offset = len(b"".join(file.read_bytes().splitlines(keepends=True)[:7]))
    assert [each["id"] for each in sealed_lines.moved(file, offset)] == [7, 8]


def test_a_line_that_was_altered_is_found_wherever_lines_are_moved_to(file: Path) -> None:
    file.write_bytes(file.read_bytes().replace(b'"id":4', b'"id":5'))
    again = move(move(file))
    assert list(sealed_lines.faults(again)) == ["line 7 was altered"]
    assert [each["id"] for each in sealed_lines.sound(again)] == [99, 99, 0, 1, 2, 3, 5, 6, 7, 8]


@pytest.mark.parametrize("spoiled", [b"", b"{no line\n"])
def test_what_was_taken_out_before_a_line_is_missed_wherever_lines_are_moved_to(file: Path, spoiled: bytes) -> None:
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join([*lines[:4], spoiled, *lines[5:]]))
    assert list(sealed_lines.faults(move(file))) == ["line 6 was altered"]


def test_a_line_that_a_kill_cut_short_is_no_fault_and_the_next_stands_on_its_own_line(file: Path) -> None:
    with file.open("ab") as stream:
        stream.write(b'{"id":9,"na')
    assert list(sealed_lines.faults(file)) == []
    with file.open("ab+") as stream:
        sealed_lines.append(stream, [{"id": 10}])
    assert list(sealed_lines.faults(file)) == []
    assert [each["id"] for each in sealed_lines.sound(file)] == [*range(9), 10]


def test_lines_of_before_lines_were_sealed_are_taken_and_the_last_is_vouched_for_by_the_next(tmp_path: Path) -> None:
    file = tmp_path / "old.jsonl"
    file.write_bytes(b'{"id":1}\n{"id":2}\n')
    with file.open("ab+") as stream:
        sealed_lines.append(stream, [{"id": 3}])
    assert list(sealed_lines.faults(file)) == []
    file.write_bytes(file.read_bytes().replace(b'"id":2', b'"id":4'))
    assert list(sealed_lines.faults(file)) == ["what stood before line 3 was altered or taken out"]


def test_a_line_longer_than_what_is_read_at_first_is_found_again(tmp_path: Path) -> None:
    file = tmp_path / "long.jsonl"
    for number in range(3):
        with file.open("ab+") as stream:
            sealed_lines.append(stream, [{"id": number, "text": "x" * 400_000}])
    assert list(sealed_lines.faults(file)) == []


def test_what_stands_alone_is_opened_whole_or_not_at_all() -> None:
    document = sealed.sealed(DOCUMENTS[3])
    assert sealed.opened(document) == DOCUMENTS[3]
    assert sealed.opened(DOCUMENTS[3]) == DOCUMENTS[3]  # of before
    with pytest.raises(ValueError, match="altered"):
        sealed.opened({**document, "id": 4})
