"""Where the state is kept: one module per back end, found by its file name. No registry.

An address is `<back end>:<where>`. A module has:
    TITLE                       one line for people.
    open_at(where, step)        a Backend. Nothing is asked yet; `where` may be "" for one still to be created.

Whoever stores the state is trusted with nothing: it sees ciphertext and the commits' clear headers, and what comes back
is checked. Two families keep the promise that two machines can't overwrite each other:
    folder, google_drive    a chain: each commit reserves the place of the next (pdp.state.chain).
    google_fixed            files that the owner made, written only under the condition that nobody wrote in between.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol

from pdp.errors import ConfigError, nearest

Step = Callable[[str], None]
Make = Callable[[str, str], bytes]
Proof = Callable[[bytes], object]


NEW_KEYS = "Whoever has its password makes new keys to it: pdp state recovery-key, pdp state machine add."


def no_step(_: str) -> None:
    """Called before and after whatever changes or asks the storage; tests kill here."""


@dataclass(frozen=True)
class Blob:
    """Sealed bytes that are stored: where, how many bytes, and their SHA-256 in hex, all of the ciphertext."""

    id: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Stored:
    """A blob as the storage lists it. `created` is the storage's own clock: good for sparing the young, for no more."""

    id: str
    size: int
    created: datetime | None


@dataclass(frozen=True)
class Tip:
    """A commit as it is stored: its id and its bytes."""

    id: str
    data: bytes


class Backend(Protocol):
    """A place for the state. Every method raises StateError in words; put_blob and get_blob may be called from threads.

    Attributes:
        address: What PDP_STATE is set to. Before `create` it may lack the part that only the storage can give.
        packing: "fine": a blob per raw export and per unit of tables. "one": few, large blobs; all of a commit's blobs
            are put anew between begin and append_commit, or named in `keeps`.
    """

    address: str
    packing: Literal["fine", "one"]

    def create(self, keyring: bytes, genesis: Make) -> None:
        """Make a new state: the keyring, and the commit that genesis(id, next id) gives. Sets `address`.

        `genesis` is called when all is ready but the storing of that commit: before, a fault means that no state was
        made; from then on there may be one, at `address`.

        Raises:
            StateError: There is a state already. It is never replaced.
        """

    def read_keyring(self) -> bytes:
        """The keyring document."""

    def replace_keyring(self, old: bytes, new: bytes) -> None:
        """Put `new` in the place of `old`.

        Raises:
            StateConflictError: What is stored is not `old`: another machine changed it. Read it and do it again.
        """

    def read_tip(self, known: str | None = None, proof: Proof | None = None) -> Tip:
        """The newest commit.

        Args:
            known: Id of a commit seen before: where to start from. It must still be there.
            proof: Called with a commit's bytes, raises StateError if they are not this state's
                (`lambda data: commit.read(keys, data)`). With it a long chain is entered near its end; a place that
                does not pass is not believed, and the chain is walked. Without it the chain is walked from the start.

        Raises:
            StateError: Missing, unreadable, trashed, another state's, a broken chain. Never is that taken for "empty".
        """

    def read_commit(self, id: str) -> Tip:
        """A commit by its id."""

    def called(self, id: str, seq: int | None) -> str:
        """Where a commit is stored, in words for whoever restores it; `seq` as far as it is known."""

    def begin(self, op_id: str, tip: Tip) -> None:
        """Say that a commit upon `tip` will follow, before the first put_blob.

        Raises:
            StateConflictError: The tip has moved.
        """

    def put_blob(self, source: Path) -> Blob:
        """Store a sealed file; it is whole there when this returns. No commit refers to it yet."""

    def has_blob(self, blob: Blob) -> bool:
        """Whether it is there, of that size and content as far as the storage tells, and not in the trash."""

    def get_blob(self, blob: Blob, target: Path, *, is_cached: bool = True) -> None:
        """Fetch it to `target`, whole and verified; else StateError and nothing at `target`.

        Without `is_cached` the storage is asked even where PDP_STATE_CACHE has it.
        """

    def append_commit(self, tip: Tip, make: Make, keeps: Iterable[str] = ()) -> Tip:
        """Store the commit that make(id, next id) gives, upon `tip`. An answer that got lost is found out.

        Args:
            tip: The commit it follows; `commit.header_after(tip.data, id, next_id)` is its header.
            make: Called once.
            keeps: Ids of blobs it refers to besides those put since `begin`. Only packing "one" needs them.

        Raises:
            StateConflictError: Another machine was first. Nothing was written.
        """

    def stored_blobs(self, *, with_trash: bool = False) -> Iterator[Stored]:
        """All blobs that are stored, referred to or not; those in the trash only `with_trash`."""

    def trash(self, id: str) -> None:
        """Put a blob into the trash, from which it can come back."""

    def restore(self, id: str) -> None:
        """Take a blob out of the trash. One that is not in it stays as it is."""

    def delete(self, id: str) -> None:
        """Delete a blob for good, in the trash or not. One that is nowhere is as if deleted."""

    def empty(self, op_id: str, tip: Tip, make: Make, keeps: Iterable[str]) -> Tip:
        """Only packing "one": empty all files that no commit needs, and store the commit that `make` gives upon `tip`.

        Args:
            op_id: As `begin` has it.
            tip, make, keeps: As `append_commit` has them.
        """

    def is_trashed(self, id: str) -> bool:
        """Whether a blob is in the trash. One that is nowhere: StateError."""


def names() -> list[str]:
    """The back ends there are, by file name."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def open_backend(address: str, *, step: Step = no_step) -> Backend:
    """The back end at an address such as folder:/media/disk/state or google_drive:<id>.

    Raises:
        ConfigError: No such back end, or no place given.
    """
    name, _, where = address.strip().partition(":")
    if name not in names():
        raise ConfigError(f'"{name}" is no place for the state.', where="PDP_STATE", hint=nearest(name, names()))
    backend: Backend = importlib.import_module(f"{__name__}.{name}").open_at(where, step)
    return backend
