"""The state in the owner's Google Drive: a folder of sealed files that the app made and no other app sees.

Everything goes by id: an address is google_drive:<id of the genesis commit>, a commit names the id of the next, a tree
those of its blobs. Names are for people; a file of the same name is never looked at. The scope drive.file suffices.

    commit-000007   at the id that its parent reserved (files.generateIds); Drive refuses a second one there (409)
    keyring         its id stands in the app properties of the genesis commit; replaced under If-Match (Drive v2)
    blob            at a reserved id, so that a request whose answer was lost is not stored twice

App properties (pdp_state, pdp_kind, pdp_seq) find a late commit quickly and list blobs for the collection of garbage.
They are hints: a list may lag, a property may lie. What decides is the walk along the reserved ids (pdp.state.chain).
All machines must use one account and one OAuth client: an id is reserved for the one who asked for it.
Google keeps a replaced keyring as an old revision for 30 days, with the old password's slot.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any, BinaryIO, Literal

from pdp.errors import GoogleError, StateConflictError, StateError
from pdp.google.content import CHECKSUM_FIELDS
from pdp.google.drive import Drive
from pdp.state import chain, commit, receiving, remote
from pdp.state.backends import NEW_KEYS, Blob, Make, Proof, Step, Stored, Tip
from pdp.state.remote import WHERE, stepped, told

TITLE = "The owner's Google Drive, by the owner's sign-in"
FOLDER_NAME = "Personal Data Platform state"
_MIME = "application/octet-stream"
_IDS_AT_ONCE = 20  # reserved in one request; those not used cost nothing


def open_at(where: str, step: Step) -> GoogleDrive:
    """The state whose genesis commit has the id `where`; "" for one to be created."""
    return GoogleDrive(where, step)


class GoogleDrive:
    """The back end `google_drive`."""

    packing: Literal["fine", "one"] = "fine"

    def __init__(self, genesis: str, step: Step) -> None:
        self._genesis, self._step = genesis, step
        self._ids: list[str] = []
        self._ids_lock = Lock()
        self.address = f"google_drive:{genesis}"

    @cached_property
    def _drive(self) -> Drive:
        return remote.open_drive()

    # A new state, and its keyring

    def create(self, keyring: bytes, genesis: Make) -> None:
        """See Backend. One per account: the app's files are searched for another genesis first."""
        with told():
            if self._genesis or any(self._drive.files(f"{_has('pdp_kind', 'genesis')} and trashed = false", "id")):
                raise StateError(
                    "there is a state in this Google Drive already; it is left as it is.",
                    where=WHERE,
                    hint=f'Set PDP_STATE to google_drive:<id>: the id is in the link of the file "commit-000000" in '
                    f'the folder "{FOLDER_NAME}". {NEW_KEYS} To begin anew, put that folder into the trash first.',
                )
            id, next_id, keyring_id = self.reserve(), self.reserve(), self.reserve()
            with stepped(self._step, "making the folder"):
                folder = self._drive.create_folder(FOLDER_NAME)
            with stepped(self._step, "storing the keyring"):
                kind = {"pdp_state": id, "pdp_kind": "keyring"}
                self._drive.create(keyring_id, "keyring", [folder], _MIME, keyring, kind)
            self.address = f"google_drive:{id}"
            data = genesis(id, next_id)
            with stepped(self._step, "storing the genesis commit"):
                properties = {"pdp_state": id, "pdp_kind": "genesis", "pdp_seq": "0", "pdp_keyring": keyring_id}
                self._drive.create(id, "commit-000000", [folder], _MIME, data, properties)
        self._genesis = id

    def read_keyring(self) -> bytes:
        """See Backend."""
        with told():
            return remote.read_whole(self._drive, self._keyring_id, "the keyring")

    def replace_keyring(self, old: bytes, new: bytes) -> None:
        """See Backend."""
        with told():
            etag = self._drive.etag(self._keyring_id)  # before the content: if that is newer, the update is refused
            is_old = remote.read_whole(self._drive, self._keyring_id, "the keyring") == old
            try:
                with stepped(self._step, "replacing the keyring"):
                    if is_old:
                        self._drive.update_if(self._keyring_id, etag, new)
            except GoogleError as error:
                if error.reason != "conflict":
                    raise
                is_old = False
        if not is_old:
            raise StateConflictError("the keyring was changed by another machine meanwhile.", hint="Do it once more.")

    @cached_property
    def _folder(self) -> list[str]:
        return [str(id) for id in self._about_genesis.get("parents", [])]

    @property
    def _keyring_id(self) -> str:
        id = self._about_genesis.get("appProperties", {}).get("pdp_keyring")
        if not id:
            raise StateError(
                "the first commit does not say where the keyring is.",
                where=WHERE,
                hint="Is PDP_STATE the id of commit-000000, and are these the credentials of the app that made it?",
            )
        return str(id)

    @cached_property
    def _about_genesis(self) -> dict[str, Any]:
        chain.read(self, self._genesis_id(), self._genesis_id())
        with stepped(self._step, "asking for the folder"):
            return self._drive.get(self._genesis, "parents,appProperties")

    def _genesis_id(self) -> str:
        if not self._genesis:
            raise StateError(
                "PDP_STATE does not say which state in Google Drive.",
                where=WHERE,
                hint="Write google_drive:<id>, as pdp state init told it. pdp state init makes a new state.",
            )
        return self._genesis

    # Commits

    def read_tip(self, known: str | None = None, proof: Proof | None = None) -> Tip:
        """See Backend."""
        with told():
            return chain.tip(self, self._genesis_id(), known, proof)

    def read_commit(self, id: str) -> Tip:
        """See Backend."""
        with told():
            return chain.read(self, self._genesis_id(), id)

    def begin(self, op_id: str, tip: Tip) -> None:
        """Nothing to reserve here."""

    def append_commit(self, tip: Tip, make: Make, keeps: Iterable[str] = ()) -> Tip:
        """See Backend."""
        with told():
            self._genesis_id()
            return chain.append(self, tip, make)

    def fetch(self, id: str) -> bytes | None:
        """See chain.Links."""
        try:
            with stepped(self._step, "reading a commit"):
                return remote.read_whole(self._drive, id, "a commit of the state")
        except GoogleError as error:
            if error.reason == "not_found":
                return None
            raise

    def put_new(self, id: str, data: bytes) -> bool:
        """See chain.Links."""
        seq = commit.read_header(data).seq
        properties = {"pdp_state": self._genesis, "pdp_kind": "commit", "pdp_seq": str(seq)}
        try:
            with stepped(self._step, "storing a commit"):
                self._drive.create(id, f"commit-{seq:06}", self._folder, _MIME, data, properties)
        except GoogleError as error:
            if error.reason in ("conflict", "not_found"):  # not_found: it is there, and these credentials don't see it
                return False
            raise
        return True

    def reserve(self) -> str:
        """See chain.Links."""
        with self._ids_lock:
            if not self._ids:
                with stepped(self._step, "reserving ids"):
                    self._ids = self._drive.generate_ids(_IDS_AT_ONCE)
            return self._ids.pop()

    def hint(self) -> str | None:
        """The commit with the highest number among those that a list shows: a thousand per request."""
        best = (0, "")
        for file in self._drive.files(f"{self._all_of('commit')} and trashed = false", "id,appProperties"):
            number = str(file.get("appProperties", {}).get("pdp_seq", ""))
            if number.isdecimal() and len(number) < 10:
                best = max(best, (int(number), str(file["id"])))
        return best[1] or None

    def beyond(self, seq: int) -> str | None:
        """See chain.Links."""
        return self.hint()

    def called(self, id: str, seq: int | None) -> str:
        """See Backend. No id: what is printed may be public."""
        return WHERE if seq is None else f'{WHERE}, file "commit-{seq:06}"'

    # Blobs

    def put_blob(self, source: Path) -> Blob:
        """See Backend. Drive measures what arrives; its SHA-256 must be ours."""
        size, sha256 = receiving.measure(source)
        with told():
            id = self.reserve()
            properties = {"pdp_state": self._genesis_id(), "pdp_kind": "blob"}
            with stepped(self._step, "storing a blob"):
                self._drive.create(id, "blob", self._folder, _MIME, source, properties)
        return Blob(id, size, sha256)

    def has_blob(self, blob: Blob) -> bool:
        """See Backend."""
        with told():
            try:
                with stepped(self._step, "looking for a blob"):
                    about = self._drive.get(blob.id, f"{CHECKSUM_FIELDS},trashed")
                    is_there = not about.get("trashed") and int(about.get("size", -1)) == blob.size
                    return is_there and remote.sha256_of(self._drive, blob.id, about) == blob.sha256
            except GoogleError as error:
                if error.reason in ("not_found", "damaged_download"):
                    return False
                raise

    def get_blob(self, blob: Blob, target: Path, *, is_cached: bool = True) -> None:
        """See Backend."""
        receiving.receive(blob, target, lambda stream: self._download(blob, stream), is_cached)

    def _download(self, blob: Blob, stream: BinaryIO) -> None:
        with told(), stepped(self._step, "fetching a blob"):
            if self._drive.is_trashed(blob.id):
                raise remote.refuse_trashed("a part of the state")
            self._drive.download(blob.id, stream, size=blob.size, checksum=f"sha256:{blob.sha256}")

    def stored_blobs(self, *, with_trash: bool = False) -> Iterator[Stored]:
        """See Backend. A list may lag, so what is not in it may still be there."""
        with told():
            query = self._all_of("blob") + ("" if with_trash else " and trashed = false")
            for file in self._drive.files(query, "id,size,createdTime"):
                created = datetime.fromisoformat(file["createdTime"]) if "createdTime" in file else None
                yield Stored(str(file["id"]), int(file.get("size", 0)), created)

    def trash(self, id: str) -> None:
        """See Backend. What is no blob of this state is refused."""
        with told():
            self._refuse_others(id)
            with stepped(self._step, "trashing a blob"):
                self._drive.trash(id)

    def _refuse_others(self, id: str) -> None:
        properties = self._drive.get(id, "appProperties").get("appProperties", {})
        if properties.get("pdp_kind") != "blob" or properties.get("pdp_state") != self._genesis_id():
            raise StateError("only blobs of this state are put into the trash or deleted.", where=WHERE)

    def delete(self, id: str) -> None:
        """See Backend. What is no blob of this state is refused."""
        with told():
            try:
                self._refuse_others(id)
                with stepped(self._step, "deleting a blob"):
                    self._drive.delete(id)
            except GoogleError as error:
                if error.reason != "not_found":
                    raise

    def empty(self, op_id: str, tip: Tip, make: Make, keeps: Iterable[str]) -> Tip:
        """See Backend: not of this one."""
        raise NotImplementedError

    def restore(self, id: str) -> None:
        """See Backend."""
        with told(), stepped(self._step, "restoring a blob"):
            self._drive.restore(id)

    def is_trashed(self, id: str) -> bool:
        """See Backend."""
        with told():
            return self._drive.is_trashed(id)

    def _all_of(self, kind: str) -> str:
        return f"{_has('pdp_state', self._genesis_id())} and {_has('pdp_kind', kind)}"


def _has(key: str, value: str) -> str:
    quoted = value.replace("\\", "\\\\").replace("'", "\\'")  # an address comes from the environment
    return f"appProperties has {{ key='{key}' and value='{quoted}' }}"
