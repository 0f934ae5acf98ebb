"""The walk along the commits, for storages where a place can be taken only once.

A commit names the id reserved for the one that follows. To append is to create a file at exactly that id: the storage
lets one machine do it and refuses all others, whatever was listed, cached or believed. So the tip is wherever following
`next` ends; no list, no name and no time decides anything.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from pdp.errors import PdpError, StateConflictError, StateError
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

    def beyond(self, seq: int) -> str | None:
        """The id of the latest commit that is stored, linked or not, if it may be later than `seq`. Likewise."""

    def called(self, id: str, seq: int | None) -> str:
        """See Backend."""


def read(links: Links, genesis: str, id: str) -> Tip:
    """A commit by its id.

    Raises:
        StateError: It is not there, or is not what its place says.
    """
    data = links.fetch(id)
    if data is None:
        what = "the state's first commit" if id == genesis else "a commit that must be there"
        raise StateError(
            f"{what} is not there.",
            where=links.called(id, 0 if id == genesis else None),
            hint="Is it another folder, account or state than before? Then correct PDP_STATE. Else it was deleted or "
            "rolled back: restore it from the trash or a backup. If an older backup was restored on purpose, delete "
            "resources/state/memory.json and pull: what only this folder has stays, and goes back with the next push. "
            "The state is not taken for empty, and nothing was written.",
        )
    _is_ours(data, genesis, id)
    return Tip(id, data)


def tip(links: Links, genesis: str, known: str | None, proof: Proof | None) -> Tip:
    """The newest commit, walking on from `known` or the genesis commit.

    Raises:
        StateError: The start is missing, or a link does not fit. It is never taken for "empty".
    """
    start = read(links, genesis, known or genesis)
    if proof is None:
        return _walk(links, start, None)[0]
    at, hinted = _walk(links, start, lambda at: _ahead(links, genesis, at, _asked(links.hint), proof))
    later = _ahead(links, genesis, at, None if hinted else _asked(lambda: links.beyond(_seq(at))), proof)
    if later is at:
        return at
    at, _ = _walk(links, at, None)  # it may have been pushed since the walk ended
    if _seq(at) >= _seq(later):
        return at
    missing = _seq(at) + 1
    raise StateError(
        f"commit {missing} of the state is missing: the chain ends at number {_seq(at)}, and number {_seq(later)} is "
        "stored too. Nothing was changed.",
        where=links.called(commit.read_header(at.data).next, missing),
        hint="If a program mirrors the state, wait until it is done. Else restore that commit from the trash or a "
        "backup. If it is gone for good, nothing in this folder is: delete resources/state/memory.json, make a new "
        "state in another place (pdp state init) and push.",
    )


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


def _walk(links: Links, at: Tip, jump: Callable[[Tip], Tip] | None) -> tuple[Tip, bool]:
    """Where following `next` ends; and whether `jump` was asked, after some hops, for a place further on."""
    hops, is_asked = 0, False
    while (data := links.fetch(next_id := commit.read_header(at.data).next)) is not None:
        _check_link(links, at, next_id, data)
        at, hops = Tip(next_id, data), hops + 1
        if jump and not is_asked and hops >= _HOPS_BEFORE_A_HINT:
            at, is_asked = jump(at), True
    return at, is_asked


def _check_link(links: Links, at: Tip, id: str, data: bytes) -> None:
    try:
        commit.check_link(at.data, data)
    except StateError as error:
        seq = _seq(at) + 1
        raise StateError(
            f"what lies in the place of commit {seq} can't be followed: {error.what}",
            where=links.called(id, seq),
            hint=f"{error.hint} If no machine of yours pushed a commit {seq}, move this file away.",
        ) from None


def _seq(at: Tip) -> int:
    return commit.read_header(at.data).seq


def _asked(ask: Callable[[], str | None]) -> str | None:
    """A hint, if one can be had: a list that fails ends no walk."""
    try:
        return ask()
    except PdpError:
        return None


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
    except PdpError:
        return at  # planted or damaged; the walk goes on and tells what is really wrong, if anything is
    return Tip(hinted, data)


def _is_ours(data: bytes, genesis: str, id: str) -> None:
    header = commit.read_header(data)
    if header.state != genesis or header.id != id:
        raise StateError(
            "a commit of another state lies where one of this state is expected.",
            hint="Check PDP_STATE; if it is right, restore the file from a backup.",
        )
