"""The state in files that the owner made, for owners who give only a service account (which can't make files itself).

In a folder shared with the account as Editor stand pdp-head, pdp-keys and pdp-data-1, pdp-data-2, ... , as many as the
data needs twice over; empty at first. Every write is conditional (Drive v2, If-Match): who wrote later than we read
makes it fail (412). The address is google_fixed:<folder id>.

    1  pdp-head: from a commit C to C + an intent (operation, the data files that C does not need)
    2  each such data file: read its etag; see that pdp-head still holds our intent; write if the etag is still that
    3  pdp-head: from our intent to the new commit, which names the data files it needs

A data file that the head's commit needs is in nobody's intent, so whatever is killed or late, the commit in force stays
whole. An intent whose machine seems dead is taken over. That is safe whether or not it is dead: its next step 2 sees
another intent, a write that was already under way is older than our etag or makes ours fail and be repeated, and its
step 3 fails. An etag that changed for nothing (sharing, renaming) makes a write fail that is then repeated.
More fragile than `google_drive`, and older commits' data is overwritten: the second choice.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from threading import RLock
from typing import BinaryIO, Literal

from pdp.errors import ConfigError, StateConflictError, StateError
from pdp.state import commit, fixed_head, receiving, remote
from pdp.state.backends import NEW_KEYS, Blob, Make, Proof, Step, Stored, Tip
from pdp.state.fixed_files import DATA, HEAD, KEYS, About, FixedFiles
from pdp.state.fixed_turn import Turn, take_turn
from pdp.state.remote import WHERE, told

TITLE = "Files in Google Drive that the owner made for a service account"
PART_BYTES = 5 * 1000 * 1000  # per data file: no more goes into an upload in one request, as a condition needs it
TAKE_OVER_AFTER_S = 60.0  # an intent that stood still for so long by our own clock is taken over
_BETWEEN = "+"  # the ids of the data files that hold a blob, in order


def open_at(where: str, step: Step) -> GoogleFixed:
    """The state in the folder with that id.

    Raises:
        ConfigError: No folder, or something beside it.
    """
    if not where or "," in where:
        raise ConfigError(
            "this is no address of the fixed form.", where="PDP_STATE", hint="Write google_fixed:<folder id>."
        )
    return GoogleFixed(where, step)


class GoogleFixed:
    """The back end `google_fixed`.

    Attributes:
        take_over_after_s: How long another's intent must stand still before it is taken over.
    """

    packing: Literal["fine", "one"] = "one"

    def __init__(self, folder: str, step: Step) -> None:
        self._folder, self._step = folder, step
        self._turn: Turn | None = None
        self._lock = RLock()
        self.take_over_after_s = TAKE_OVER_AFTER_S
        self.address = f"google_fixed:{folder}"

    @cached_property
    def _files(self) -> FixedFiles:
        return FixedFiles(remote.open_drive(), self._folder, self._step)

    # A new state, and its keyring

    def create(self, keyring: bytes, genesis: Make) -> None:
        """See Backend. The head is claimed first, so that keyring and genesis are by the same one of two that try."""
        with told(), self._lock:
            empty = fixed_head.Head((), (), None)
            etag, data = self._files.read_with_etag(HEAD)
            if data and fixed_head.read(data).commits:
                raise StateError(
                    "there is a state in these files already; it is left as it is.",
                    where=WHERE,
                    hint=f"Set PDP_STATE to this address and pull, or use other files. {NEW_KEYS}",
                )
            if not data and self._files.read(KEYS):
                raise StateError(
                    "pdp-head is empty, but pdp-keys is not: there was a state in these files.",
                    where=WHERE,
                    hint="Restore pdp-head (Google Drive, File information, Manage versions). To begin anew, empty "
                    "pdp-keys, too.",
                )
            id, next_id = _fresh_id(), _fresh_id()
            turn = Turn(self._files, empty.announcing(fixed_head.Intent(_fresh_id(), ())))
            if not turn.claim(etag):
                raise StateConflictError("another machine is making a state in these files.", where=WHERE)
            turn.write(KEYS, keyring)
            turn.commit(genesis(id, next_id), ())

    def read_keyring(self) -> bytes:
        """See Backend."""
        with told():
            if document := self._files.read(KEYS):
                return document
        raise StateError(
            "pdp-keys is empty: no state was made in these files, or somebody emptied it.",
            where=WHERE,
            hint="pdp state init makes a state. If there was one, restore pdp-keys (Google Drive, File information, "
            "Manage versions).",
        )

    def replace_keyring(self, old: bytes, new: bytes) -> None:
        """See Backend."""
        with told():
            etag, here = self._files.read_with_etag(KEYS)
            if here != old or not self._files.write_if(KEYS, etag, new):
                raise StateConflictError(
                    "the keyring was changed by another machine meanwhile.", hint="Do it once more."
                )

    # Commits

    def read_tip(self, known: str | None = None, proof: Proof | None = None) -> Tip:
        """See Backend. The head is the tip; that it is not older than `known` its number tells."""
        with told():
            return _tip(fixed_head.read(self._files.read(HEAD)))

    def read_commit(self, id: str) -> Tip:
        """See Backend. The newest 30."""
        with told():
            for data in fixed_head.read(self._files.read(HEAD)).commits:
                if commit.read_header(data).id == id:
                    return Tip(id, data)
        raise StateError(
            "this commit is not among the newest 30, and older ones are not kept in the fixed form.",
            where=WHERE,
            hint="pdp state log lists those that are.",
        )

    def called(self, id: str, seq: int | None) -> str:
        """See Backend."""
        return f"{WHERE}, file {HEAD}"

    def begin(self, op_id: str, tip: Tip) -> None:
        """See Backend. Takes the data files that the tip does not need."""
        with told(), self._lock:
            self._turn = take_turn(self._files, op_id, tip, self.take_over_after_s)

    def append_commit(self, tip: Tip, make: Make, keeps: Iterable[str] = ()) -> Tip:
        """See Backend."""
        with told(), self._lock:
            if self._turn is None or self._turn.tip != tip:
                self.begin(_fresh_id(), tip)
            assert self._turn is not None
            turn, self._turn = self._turn, None
            new = Tip(commit.read_header(tip.data).next, b"")
            new = Tip(new.id, make(new.id, _fresh_id()))
            commit.check_link(tip.data, new.data)
            kept = {file for id in keeps for file in id.split(_BETWEEN)}
            turn.commit(new.data, (*turn.used, *turn.keep(kept - set(turn.used))))
            return new

    # Blobs

    def put_blob(self, source: Path) -> Blob:
        """See Backend. After `begin`, one at a time."""
        size, sha256 = receiving.measure(source)
        with told(), self._lock:
            if self._turn is None:
                raise StateError("a blob is put only between begin and append_commit.", where=WHERE)
            count = max(1, -(-size // PART_BYTES))
            taken = self._turn.take(count)
            with source.open("rb") as stream:
                for name in taken:
                    self._turn.write(name, stream.read(PART_BYTES))
            return Blob(_BETWEEN.join(self._files.ids[name] for name in taken), size, sha256)

    def has_blob(self, blob: Blob) -> bool:
        """See Backend. One of the tip's is kept for the commit that was begun."""
        ids = blob.id.split(_BETWEEN)
        with told(), self._lock:
            known = {id for name, id in self._files.ids.items() if name.startswith(DATA)}
            if not known.issuperset(ids):
                return False
            if self._turn is not None and not self._turn.can_keep(ids):
                return False
            abouts = [self._files.about(id) for id in ids]
            is_there = sum(about.size for about in abouts) == blob.size and not any(each.trashed for each in abouts)
            is_there = is_there and self._sha256(ids, abouts) == blob.sha256
            if is_there and self._turn is not None:
                self._turn.keep(ids)
            return is_there

    def _sha256(self, ids: list[str], abouts: list[About]) -> str:
        """Of a blob in several files no checksum is stored, and another machine's may be as long: then it is read."""
        if len(abouts) == 1:
            return abouts[0].sha256
        digest = hashlib.sha256()
        for id in ids:
            digest.update(self._files.read_id(id, "a part of the state"))
        return digest.hexdigest()

    def get_blob(self, blob: Blob, target: Path, *, is_cached: bool = True) -> None:
        """See Backend."""
        receiving.receive(blob, target, lambda stream: self._download(blob, stream), is_cached)

    def _download(self, blob: Blob, stream: BinaryIO) -> None:
        digest = hashlib.sha256()
        with told():
            for id in blob.id.split(_BETWEEN):
                part = self._files.read_id(id, "a part of the state")
                digest.update(part)
                stream.write(part)
        if digest.hexdigest() != blob.sha256:
            raise StateError(
                "a data file holds something else than the commit says: it was overwritten meanwhile.",
                where=WHERE,
                hint="Try again: another machine has pushed. If it stays so, restore an earlier version of the file.",
            )

    def stored_blobs(self, *, with_trash: bool = False) -> Iterator[Stored]:
        """None: the files are the owner's, and are written over; there is nothing to collect."""
        return iter(())

    def trash(self, id: str) -> None:
        """Refused: the files are the owner's."""
        raise StateError("files of the fixed form are never put into the trash.", where=WHERE)

    def delete(self, id: str) -> None:
        """Nothing: the files are the owner's; `empty` takes their content."""

    def empty(self, op_id: str, tip: Tip, make: Make, keeps: Iterable[str]) -> Tip:
        """See Backend. What Google keeps of their former content for 30 days is in its version history."""
        self.begin(op_id, tip)
        with told(), self._lock:
            assert self._turn is not None
            self._turn.empty_all()
        return self.append_commit(tip, make, keeps)

    def restore(self, id: str) -> None:
        """See Backend."""
        if self.is_trashed(id):
            raise remote.refuse_trashed("a data file")

    def is_trashed(self, id: str) -> bool:
        """See Backend."""
        with told():
            return any(self._files.about(file).trashed for file in id.split(_BETWEEN))


def _tip(head: fixed_head.Head) -> Tip:
    if not head.commits:
        raise StateError(
            "the making of a state in these files was begun, and not finished.",
            where=WHERE,
            hint="Run pdp state init again.",
        )
    return Tip(commit.read_header(head.commits[0]).id, head.commits[0])


def _fresh_id() -> str:
    return secrets.token_hex(16)
