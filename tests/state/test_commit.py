"""A commit says what it says under a seal and a MAC, or says nothing."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pdp.errors import StateError
from pdp.state import commit
from pdp.state.backends import Tip
from pdp.state.commit import Header, TreeBlob
from pdp.state.sealing import Keys
from tests.state.commits import Writer

WRITER = Writer()
TREE = TreeBlob(name="a" * 64, id="blob-id-0001", size=4711, sha256="b" * 64)
FIRST = Tip("genesis-0001", WRITER.genesis("genesis-0001", "commit-0001"))
SECOND = WRITER.after(FIRST, "op 1", ["rows"], TREE)("commit-0001", "commit-0002")


def test_what_was_written_is_read() -> None:
    read = WRITER.read(SECOND)
    assert (read.seq, read.id, read.next, read.parent) == (1, "commit-0001", "commit-0002", "genesis-0001")
    assert (read.op_id, read.tree, read.totals, read.runner) == ("op 1", TREE, {"rows": 1}, "laptop")
    assert commit.read_header(SECOND) == Header(**{k: v for k, v in asdict(read).items() if k in asdict(_header())})


def test_the_clear_line_tells_only_how_commits_follow_each_other() -> None:
    line = json.loads(SECOND.split(b"\n", 1)[0])
    assert set(line) == {"pdp_state", "state", "seq", "id", "parent", "parent_sha256", "next"}
    for secret in (b"op 1", b"laptop", b"rows", b"2026-10-25", b"0123abc", TREE.name.encode(), TREE.id.encode()):
        assert secret not in SECOND


def test_a_clear_header_that_was_altered_is_noticed() -> None:
    line, sealed = SECOND.split(b"\n", 1)
    altered = json.dumps(json.loads(line) | {"next": "somewhere-else"}).encode() + b"\n" + sealed
    with pytest.raises(StateError, match="clear header of commit 1 was altered"):
        WRITER.read(altered)


def test_a_commit_sealed_by_one_who_knows_only_the_public_key_is_refused() -> None:
    class PublicKeyOnly:
        """Seals for the state, as everybody can who has seen the recipient, and makes a MAC of nothing."""

        seal_bytes = WRITER.keys.seal_bytes
        mac = Keys.new().mac

    made = {"made_at": "", "runner": "", "code_version": "", "tree": None, "totals": {}}
    forged = commit.write(PublicKeyOnly(), commit.read_header(SECOND), op_id="forged", **made)  # type: ignore[arg-type]
    with pytest.raises(StateError, match="not made with this state's key: someone else wrote or altered it"):
        WRITER.read(forged)


def test_a_commit_of_other_keys_is_refused() -> None:
    with pytest.raises(StateError, match="sealed with other keys"):
        commit.read(Keys.new(), SECOND)


def test_a_newer_format_is_refused_with_the_cure() -> None:
    newer = SECOND.replace(b'"pdp_state":1', b'"pdp_state":2')
    with pytest.raises(StateError, match=r"newer program \(format 2; this one reads 1\). Update this program"):
        WRITER.read(newer)


def test_no_bit_of_the_clear_line_can_be_flipped_unnoticed() -> None:
    for bit in range(8 * (SECOND.index(b"\n") + 1)):  # all of them: one alone makes format 1 format 0
        refuses_with_the_bit_flipped(bit)


@settings(max_examples=150, deadline=None)
@given(st.integers(8 * (SECOND.index(b"\n") + 1), 8 * len(SECOND) - 1))
def test_no_bit_of_the_sealed_rest_can_be_flipped_unnoticed(bit: int) -> None:
    refuses_with_the_bit_flipped(bit)


def refuses_with_the_bit_flipped(bit: int) -> None:
    flipped = bytearray(SECOND)
    flipped[bit // 8] ^= 1 << bit % 8
    with pytest.raises(StateError):
        WRITER.read(bytes(flipped))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(SECOND) - 1))
def test_no_part_can_be_cut_off_unnoticed(length: int) -> None:
    with pytest.raises(StateError):
        WRITER.read(SECOND[:length])


@settings(max_examples=200, deadline=None)
@given(
    st.one_of(
        st.binary(max_size=200),
        st.recursive(
            st.none() | st.integers() | st.text(max_size=5),
            lambda x: st.lists(x) | st.dictionaries(st.text(max_size=9), x),
            max_leaves=9,
        ).map(lambda value: json.dumps(value).encode() + b"\n"),
        st.fixed_dictionaries(
            {
                "pdp_state": st.sampled_from([1, True, "1"]),
                "state": st.sampled_from(["genesis-0001", "", "../../etc/passwd", 7, None]),
                "seq": st.sampled_from([0, 1, -1, 1.5, True, "1"]),
                "id": st.sampled_from(["genesis-0001", "commit-0001", "a/b-c-d-e-f"]),
                "parent": st.sampled_from(["", "genesis-0001", [], None]),
                "parent_sha256": st.sampled_from(["", "b" * 64, "B" * 64]),
                "next": st.sampled_from(["commit-0002", "..", "", "x" * 200]),
            }
        ).map(lambda value: json.dumps(value).encode() + b"\n"),
    )
)
def test_any_bytes_are_a_header_that_can_be_or_a_state_error(data: bytes) -> None:
    try:
        header = commit.read_header(data)
    except StateError:
        return
    assert type(header.seq) is int
    assert "/" not in header.state + header.id + header.next
    assert (header.seq == 0) == (header.parent == "") == (header.parent_sha256 == "")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("state", "genesis-0002"),
        ("seq", 3),
        ("id", "commit-0009"),
        ("parent", "commit-0009"),
        ("parent_sha256", "c" * 64),
    ],
)
def test_a_commit_that_does_not_follow_is_noticed(field: str, value: object) -> None:
    third = _clear(replace(commit.header_after(SECOND, "commit-0002", "commit-0003"), **{field: value}))  # type: ignore[arg-type]
    with pytest.raises(StateError, match=rf"chain of commits is broken after number 1: .* \({field}\)"):
        commit.check_link(SECOND, third)


def test_a_commit_that_follows_passes() -> None:
    assert commit.check_link(FIRST.data, SECOND).seq == 1


def _header() -> Header:
    return commit.first_header("genesis-0001", "commit-0001")


def _clear(header: Header) -> bytes:
    return json.dumps({"pdp_state": 1, **asdict(header)}).encode() + b"\n"
