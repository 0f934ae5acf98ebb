"""The walk along the commits, for storages where a place can be taken only once.

A commit names the id reserved for the one that follows. To append is to create a file at exactly that id: the storage
lets one machine do it and refuses all others, whatever was listed, cached or believed. So the tip is wherever following
`next` ends; no list, no name and no time decides anything.
"""

from __future__ import annotations

from typing import Protocol

from pdp.errors import StateConflictError, StateError
from pdp.state import commit
from pdp.state.backends import Make, Proof, Tip

_HOPS_BEFORE_A_HINT = 8  # one listing costs about as much as walking a few links


class Links(Protocol):
    """What the walk asks of a storage."""

    def fetch(self, id: str) -> bytes | None:
        """A commit's bytes; None only where the storage says that there is no such file. Trashed: StateError."""

    def put_new(self, id: str, data: bytes) -> bool:
        """Create it whole; False where another one is. Ours after a lost answer is True."""

    def reserve(self) -> str:
        """A fresh id, never used before."""

    def hint(self) -> str | None:
        """The id of a late commit, where the storage can tell one. May be wrong, stale, planted."""


def read(links: Links, genesis: str, id: str) -> Tip:
    """A commit by its id.

    Raises:
        StateError: It is not there, or is not what its place says.
    """
    data = links.fetch(id)
    if data is None:
        what = "the state's first commit" if id == genesis else "a commit that was seen here before"
        raise StateError(
            f"{what} is not there.",
            hint="Is it another folder, account or state than before? Then correct PDP_STATE. Else it was deleted or "
            "rolled back: restore it from the trash or a backup. It is not taken for empty, and nothing was written.",
        )
    _is_ours(data, genesis, id)
    return Tip(id, data)


def tip(links: Links, genesis: str, known: str | None, proof: Proof | None) -> Tip:
    """The newest commit, walking on from `known` or the genesis commit.

    Raises:
        StateError: The start is missing, or a link does not fit. It is never taken for "empty".
    """
    at, hops, hint = read(links, genesis, known or genesis), 0, links.hint if proof else None
    while (data := links.fetch(next_id := commit.read_header(at.data).next)) is not None:
        commit.check_link(at.data, data)
        at, hops = Tip(next_id, data), hops + 1
        if hint and proof and hops >= _HOPS_BEFORE_A_HINT:
            at, hint = _ahead(links, genesis, at, hint(), proof), None
    return at


def append(links: Links, at: Tip, make: Make) -> Tip:
    """Store the commit that follows `at`.

    Raises:
        StateConflictError: Another machine was first.
        StateError: It could not be stored, or stored commits can't be read back.
    """
    before = commit.read_header(at.data)
    new = Tip(before.next, make(before.next, links.reserve()))
    commit.check_link(at.data, new.data)
    if links.put_new(new.id, new.data):
        return new
    there = links.fetch(new.id)
    if there == new.data:
        return new
    if there is None:
        raise StateError(
            "another machine has stored the next commit, but it can't be read from here.",
            hint="All machines must use the same account and the same app's credentials for the state.",
        )
    raise StateConflictError(
        "another machine has pushed meanwhile.", hint="Pull, so that both are united, and push again."
    )


def _ahead(links: Links, genesis: str, at: Tip, hinted: str | None, proof: Proof) -> Tip:
    """Where the hint leads, if that is further on and proves to be a commit of this state; else where we are."""
    if not hinted:
        return at
    try:
        data = links.fetch(hinted)
        if data is None or commit.read_header(data).seq <= commit.read_header(at.data).seq:
            return at
        _is_ours(data, genesis, hinted)
        proof(data)
    except StateError:
        return at  # planted or damaged; the walk goes on and tells what is really wrong, if anything is
    return Tip(hinted, data)


def _is_ours(data: bytes, genesis: str, id: str) -> None:
    header = commit.read_header(data)
    if header.state != genesis or header.id != id:
        raise StateError(
            "a commit of another state lies where one of this state is expected.",
            hint="Check PDP_STATE; if it is right, restore the file from a backup.",
        )
