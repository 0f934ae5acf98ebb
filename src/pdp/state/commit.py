"""A commit of the state: one line of clear JSON that links the chain, then the sealed rest.

    {"pdp_state": 1, "state": ..., "seq": 7, "id": ..., "parent": ..., "parent_sha256": ..., "next": ...}\\n
    <age-sealed JSON: the header again, op_id, made_at, runner, code_version, tree, totals, mac>

The clear line tells whoever stores it nothing but how commits follow each other; it lets a machine walk the chain
before the owner's password is asked. Nothing in it is believed until `read` has found the same header inside
the sealed part under a MAC of the data key: age alone proves no sender, since whoever knows the public key can seal.

`state` is the id of the first commit (genesis), whose `seq` is 0 and whose parent is "". `next` is an id that was
reserved for the commit that follows, and only there can it be created: two machines can't both follow one commit.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

from pdp.errors import StateError
from pdp.state.backends import Blob

if TYPE_CHECKING:
    from pdp.state.sealing import Keys

FORMAT = 1
_ID = re.compile(r"[A-Za-z0-9_-]{8,128}")  # Drive's ids are 33 or 44 of these; also safe as a file name
_SHA256 = re.compile(r"[0-9a-f]{64}")
MAX_HEADER_BYTES = 4096
_RESTORE = "Restore it from a backup or the trash of its storage; pdp state verify says what else is affected."


@dataclass(frozen=True)
class Header:
    """How a commit hangs in the chain.

    Attributes:
        state: Id of the genesis commit: which state this belongs to.
        seq: 0 for genesis, then 1 more than the parent's.
        id: Where this commit is stored.
        parent: Id of the commit before it; "" for genesis.
        parent_sha256: SHA-256 of the parent's bytes, hex; "" for genesis.
        next: Id reserved for the commit that follows.
    """

    state: str
    seq: int
    id: str
    parent: str
    parent_sha256: str
    next: str


@dataclass(frozen=True)
class TreeBlob(Blob):
    """The sealed blob that lists all files, and its keyed name."""

    name: str


@dataclass(frozen=True)
class Commit(Header):
    """A commit whose seal and MAC have been checked.

    Attributes:
        op_id: Identity of the push that made it.
        made_at: ISO 8601 UTC by the pusher's clock; for people, nothing depends on it.
        runner: Which machine, for people.
        code_version: Of the program that made it.
        tree: What it holds; None for a state that holds nothing yet.
        totals: Counts by name (files, bytes, rows), for the guard against shrinking and for people.
        is_cut: Whether something was erased here: what commits before it held is gone on purpose, they alone are left.
    """

    op_id: str
    made_at: str
    runner: str
    code_version: str
    tree: TreeBlob | None
    totals: Mapping[str, int]
    is_cut: bool = False


def first_header(id: str, next_id: str) -> Header:
    """The header of a genesis commit."""
    return Header(state=id, seq=0, id=id, parent="", parent_sha256="", next=next_id)


def header_after(parent: bytes, id: str, next_id: str) -> Header:
    """The header of the commit that follows `parent` (its whole bytes)."""
    before = read_header(parent)
    digest = hashlib.sha256(parent).hexdigest()
    return Header(before.state, before.seq + 1, id, before.id, digest, next_id)


def write(
    keys: Keys,
    header: Header,
    *,
    op_id: str,
    made_at: str,
    runner: str,
    code_version: str,
    tree: TreeBlob | None,
    totals: Mapping[str, int],
    is_cut: bool = False,
) -> bytes:
    """The bytes of a commit. Two calls give different bytes (sealing is random), so make them once."""
    document: dict[str, Any] = {
        "header": asdict(header),
        "op_id": op_id,
        "made_at": made_at,
        "runner": runner,
        "code_version": code_version,
        "tree": asdict(tree) if tree else None,
        "totals": dict(totals),
        **({"is_cut": True} if is_cut else {}),
    }
    sealed = keys.seal_bytes(_canonical(document | {"mac": keys.mac(_canonical(document))}))
    return _canonical({"pdp_state": FORMAT, **asdict(header)}) + b"\n" + sealed


def read_header(data: bytes) -> Header:
    """The clear header. It is only a claim until `read` has checked it.

    Raises:
        StateError: These bytes are no commit, or one that a newer program wrote.
    """
    line, newline, _ = data[:MAX_HEADER_BYTES].partition(b"\n")
    try:
        document = json.loads(line) if newline else None
    except (ValueError, RecursionError):
        document = None
    version = document.get("pdp_state") if isinstance(document, dict) else None
    if not isinstance(document, dict) or type(version) is not int or version < 1:
        raise StateError("a commit of the state is damaged: it does not start with its header.", hint=_RESTORE)
    if version > FORMAT:
        raise StateError(
            f"the state was written by a newer program (format {version}; this one reads {FORMAT}).",
            hint="Update this program (git pull, then install again) and repeat the command.",
        )
    return _header(document)


def read(keys: Keys, data: bytes) -> Commit:
    """A commit, after its seal, its MAC and the agreement of its two headers have been checked.

    Raises:
        StateError: Not a commit, damaged, altered, of another state's key, or of a newer format.
    """
    header = read_header(data)
    try:
        document = _document(keys.unseal_bytes(data[data.index(b"\n") + 1 :]))
    except StateError as error:
        raise StateError(f"commit {header.seq} of the state can't be opened: {error.what}", hint=error.hint) from None
    mac = document.pop("mac", None)
    if not isinstance(mac, str) or not keys.is_mac(mac, _canonical(document)):
        raise StateError(
            f"commit {header.seq} of the state was not made with this state's key: someone else wrote or altered it.",
            hint="Do not push. Look at who has access to where the state is stored; if no machine of yours pushed "
            "that commit, move its file away. pdp state verify checks all of it.",
        )
    if document.get("header") != asdict(header):
        raise StateError(
            f"the clear header of commit {header.seq} was altered: it is not the one inside its sealed part.",
            hint=_RESTORE,
        )
    try:
        tree = TreeBlob(**document["tree"]) if document["tree"] else None
        texts: dict[str, Any] = {n: str(document[n]) for n in ("op_id", "made_at", "runner", "code_version")}
        is_cut = document.get("is_cut") is True
        return Commit(**asdict(header), **texts, tree=tree, totals=dict(document["totals"]), is_cut=is_cut)
    except (KeyError, TypeError, ValueError):
        raise StateError("a commit of the state lacks a field it must have.", hint=_RESTORE) from None


def check_link(parent: bytes, child: bytes) -> Header:
    """Check that `child` follows `parent`; its header.

    Raises:
        StateError: Another state's commit, a gap, or a parent that is not the one the child was made upon.
    """
    before, after = read_header(parent), read_header(child)
    expected = header_after(parent, before.next, after.next)
    wrong = [each.name for each in fields(Header) if getattr(after, each.name) != getattr(expected, each.name)]
    if wrong:
        raise StateError(
            f"the chain of commits is broken after number {before.seq}: the next one does not fit "
            f"({', '.join(wrong)}).",
            hint="Someone replaced a commit, or mixed two states. Restore where the state is stored from a backup.",
        )
    return after


def _header(document: Mapping[str, Any]) -> Header:
    try:
        header = Header(**{each.name: document[each.name] for each in fields(Header)})
    except KeyError:
        raise StateError("a commit's header lacks a field it must have.", hint=_RESTORE) from None
    is_first = header.seq == 0
    texts = (header.state, header.id, header.parent, header.parent_sha256, header.next)
    if (
        type(header.seq) is not int
        or header.seq < 0
        or not all(isinstance(text, str) for text in texts)
        or not all(_ID.fullmatch(text) for text in (header.state, header.id, header.next))
        or bool(_ID.fullmatch(header.parent)) is is_first
        or bool(_SHA256.fullmatch(header.parent_sha256)) is is_first
        or (is_first and (header.parent or header.parent_sha256 or header.id != header.state))
    ):
        raise StateError("a commit's header holds something that can't be.", hint=_RESTORE)
    return header


def _document(text: bytes) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise StateError("a commit's sealed part is not what a commit holds.", hint=_RESTORE)
    return document


def _canonical(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
