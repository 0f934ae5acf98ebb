"""The state in a folder: a disk, a USB stick, a network folder, a git checkout, a folder that a cloud program mirrors.

    genesis/commit, genesis/document          the first commit, and the keyring as it was made
    commits/<id>/document                     one folder per commit
    keyrings/<number>/document                later keyrings; replaced ones are emptied: an old password is gone
    blobs/<sha256>, trash/<sha256>            sealed bytes, named by their ciphertext's SHA-256
    incoming/<random>/                        what is being written; swept when a week old

How a place is taken by one alone is in pdp.state.places. A mirrored folder (Dropbox and the like) is safe
from one machine at a time: between two that write while apart no folder can decide, and conflict copies are not read.
A mount that only imitates a file system (rclone, s3fs) promises no such rename: use the back end google_drive.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Literal

from pdp.errors import ConfigError, StateConflictError, StateError
from pdp.state import chain, commit, receiving
from pdp.state.backends import NEW_KEYS, Blob, Make, Proof, Step, Stored, Tip
from pdp.state.disk import told
from pdp.state.places import Places

TITLE = "A folder: a disk, a USB stick, a network folder"
_DOCUMENT = "document"


def open_at(where: str, step: Step) -> Folder:
    """The state in the folder `where`.

    Raises:
        ConfigError: No folder given.
    """
    if not where:
        raise ConfigError("the folder is missing.", where="PDP_STATE", hint="Write folder:/path/to/a/folder.")
    return Folder(Path(where).expanduser().absolute(), step)


class Folder:
    """The back end `folder`."""

    packing: Literal["fine", "one"] = "fine"

    def __init__(self, root: Path, step: Step) -> None:
        self._root, self._step, self._places = root, step, Places(root, step)
        self.address = f"folder:{root}"

    # A new state, and its keyring

    def create(self, keyring: bytes, genesis: Make) -> None:
        """See Backend. The folder above must be there: else an unplugged disk would be made anew, beside itself."""
        with told(self._root):
            if not self._root.is_dir():
                self._root.mkdir(mode=0o700)
            is_free = not (self._root / "genesis").exists()
            documents = {"commit": genesis(self.reserve(), self.reserve()), _DOCUMENT: keyring} if is_free else {}
            if not is_free or not self._places.take("genesis", documents):
                raise StateConflictError(
                    "there is a state in this folder already; it is left as it is.",
                    where=str(self._root),
                    hint=f"Set PDP_STATE to it and pull, or name another folder. {NEW_KEYS}",
                )

    def read_keyring(self) -> bytes:
        """See Backend."""
        with self._at_the_state():
            return self._newest_keyring()[1]

    def replace_keyring(self, old: bytes, new: bytes) -> None:
        """See Backend. What was replaced is emptied; its number stays taken."""
        with self._at_the_state():
            number, here = self._newest_keyring()
            if here != old or not self._places.take(f"keyrings/{number + 1:06}", {_DOCUMENT: new}):
                raise StateConflictError(
                    "the keyring was changed by another machine meanwhile.", hint="Do it once more."
                )
            for older in range(number + 1):
                if self._keyring(older).read_bytes():
                    self._places.settle(b"", self._keyring(older))

    def _newest_keyring(self) -> tuple[int, bytes]:
        number = 0
        while self._keyring(number + 1).parent.exists():
            number += 1
        document = self._keyring(number).read_bytes()
        if not document:
            raise StateError(
                "the newest keyring of the state is not there.",
                where=str(self._root),
                hint="If a program mirrors this folder, wait until it is done; else restore keyrings/ from a backup.",
            )
        return number, document

    def _keyring(self, number: int) -> Path:
        return self._root / (f"keyrings/{number:06}" if number else "genesis") / _DOCUMENT

    # Commits

    def read_tip(self, known: str | None = None, proof: Proof | None = None) -> Tip:
        """See Backend."""
        return chain.tip(self, self._genesis(), known, proof)

    def read_commit(self, id: str) -> Tip:
        """See Backend."""
        return chain.read(self, self._genesis(), id)

    def append_commit(self, tip: Tip, make: Make, keeps: Iterable[str] = ()) -> Tip:
        """See Backend."""
        self._genesis()
        return chain.append(self, tip, make)

    def begin(self, op_id: str, tip: Tip) -> None:
        """Nothing to reserve here."""

    def fetch(self, id: str) -> bytes | None:
        """See chain.Links."""
        place = self._root / "commits" / id
        with self._at_the_state():
            if (data := (self._root / "genesis/commit").read_bytes()) and commit.read_header(data).id == id:
                return data
            self._step("before reading a commit")
            if not place.exists():
                return None
            try:
                return (place / _DOCUMENT).read_bytes()
            except FileNotFoundError:
                raise StateError(
                    "a commit of the state is there, but not its content.",
                    where=str(place),
                    hint="If a program mirrors this folder, wait until it is done; else restore it from a backup.",
                ) from None

    def put_new(self, id: str, data: bytes) -> bool:
        """See chain.Links."""
        with self._at_the_state():
            self._places.sweep()
            return self._places.take(f"commits/{id}", {_DOCUMENT: data})

    def reserve(self) -> str:
        """See chain.Links: 128 random bits are nobody else's."""
        return secrets.token_hex(16)

    def hint(self) -> None:
        """None: following a thousand links in a folder takes no time."""

    def beyond(self, seq: int) -> str | None:
        """See chain.Links. Nothing is read as long as there are as many commits as the chain is long."""
        with self._at_the_state():
            stored = sorted((self._root / "commits").glob("[0-9a-f]" * 32))
            if len(stored) == seq:
                return None
            best = (seq, "")
            for place in stored:
                with suppress(FileNotFoundError, StateError), (place / _DOCUMENT).open("rb") as stream:
                    best = max(best, (commit.read_header(stream.read(commit.MAX_HEADER_BYTES)).seq, place.name))
            return best[1] or None

    def called(self, id: str, seq: int | None) -> str:
        """See Backend."""
        return str(self._root / "commits" / id / _DOCUMENT)

    # Blobs

    def put_blob(self, source: Path) -> Blob:
        """See Backend."""
        with self._at_the_state():
            size, sha256 = receiving.measure(source)
            blob = Blob(sha256, size, sha256)
            place = self._root / "blobs" / sha256
            if place.is_file() and receiving.measure(place) == (size, sha256):
                return blob
            staged = self._places.staging() / sha256
            self._step("before writing a blob")
            with open(os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:  # noqa: PTH123
                with source.open("rb") as original:
                    shutil.copyfileobj(original, stream, receiving.BLOCK)
                stream.flush()
                os.fsync(stream.fileno())
            self._step("before moving a blob")
            self._places.move(staged, place)
            staged.parent.rmdir()
            self._step("after moving a blob")
            if receiving.measure(place) != (size, sha256):
                raise StateError(
                    "what was written came back with other bytes.", where=str(place), hint="Check the disk."
                )
            return blob

    def has_blob(self, blob: Blob) -> bool:
        """See Backend. A folder knows no checksums, so the bytes are measured."""
        with self._at_the_state():
            place = self._root / "blobs" / _safe(blob.id)
            is_there = blob.id == blob.sha256 and place.is_file() and place.stat().st_size == blob.size
            return is_there and receiving.measure(place) == (blob.size, blob.sha256)

    def get_blob(self, blob: Blob, target: Path, *, is_cached: bool = True) -> None:
        """See Backend."""
        receiving.receive(blob, target, lambda stream: self._copy(blob.id, stream), is_cached)

    def _copy(self, id: str, stream: BinaryIO) -> None:
        with self._at_the_state():
            place = self._root / "blobs" / _safe(id)
            if not place.is_file():
                is_trashed = (self._root / "trash" / id).is_file()
                raise StateError(
                    f"a part of the state is {'in the trash' if is_trashed else 'missing'}.",
                    where=str(place),
                    hint=f"Move it back from {self._root / 'trash'}."
                    if is_trashed
                    else "Restore it from a backup; pdp state verify says what else is affected.",
                )
            original = place.open("rb")
        with original:
            while block := self._read(original):
                stream.write(block)  # a fault of this machine's disk, so not told as one of the folder

    def _read(self, original: BinaryIO) -> bytes:
        with self._at_the_state():
            return original.read(receiving.BLOCK)

    def stored_blobs(self, *, with_trash: bool = False) -> Iterator[Stored]:
        """See Backend."""
        with self._at_the_state():
            for place in ("blobs", "trash") if with_trash else ("blobs",):
                for path in sorted((self._root / place).glob("[0-9a-f]" * 64)):  # not what a mirror or a desktop adds
                    seen = path.stat()
                    yield Stored(path.name, seen.st_size, datetime.fromtimestamp(seen.st_mtime, UTC))

    def trash(self, id: str) -> None:
        """See Backend."""
        with self._at_the_state():
            if not self.is_trashed(id):
                self._places.move(self._root / "blobs" / id, self._root / "trash" / id)

    def restore(self, id: str) -> None:
        """See Backend."""
        with self._at_the_state():
            if self.is_trashed(id):
                self._places.move(self._root / "trash" / id, self._root / "blobs" / id)

    def delete(self, id: str) -> None:
        """See Backend. What was begun under that name and not finished goes, too."""
        with self._at_the_state():
            places = [self._root / "blobs" / _safe(id), self._root / "trash" / id]
            for path in [*places, *(self._root / "incoming").glob(f"*/{id}")]:
                self._step("before deleting a blob")
                path.unlink(missing_ok=True)

    def empty(self, op_id: str, tip: Tip, make: Make, keeps: Iterable[str]) -> Tip:
        """See Backend: not of this one."""
        raise NotImplementedError

    def is_trashed(self, id: str) -> bool:
        """See Backend."""
        with self._at_the_state():
            if (self._root / "blobs" / _safe(id)).is_file():
                return False
            if (self._root / "trash" / id).is_file():
                return True
        raise StateError("a part of the state is missing.", where=str(self._root), hint="Restore it from a backup.")

    def _genesis(self) -> str:
        with self._at_the_state():
            return commit.read_header((self._root / "genesis/commit").read_bytes()).id

    def _at_the_state(self) -> AbstractContextManager[None]:
        if not (self._root / "genesis/commit").exists():
            is_there = self._root.is_dir()
            raise StateError(
                "there is no state in this folder." if is_there else "this folder is not there.",
                where=str(self._root),
                hint="Is PDP_STATE right? Is the disk plugged in, the network folder mounted? "
                "It is not taken for empty; pdp state init makes a new state.",
            )
        return told(self._root)


def _safe(id: str) -> str:
    """A blob's id as a file name: it comes from a sealed tree, but a path is not made from what one was told."""
    if len(id) != 64 or set(id) - set("0123456789abcdef"):
        raise StateError("a part of the state has a name that can't be.", hint="pdp state verify checks all of it.")
    return id
