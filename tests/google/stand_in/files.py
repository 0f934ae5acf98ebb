"""The files of the stand-in's Drive, and what a test may do to them behind the program's back."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.google.stand_in.clock import Clock
from tests.google.stand_in.file import DOCUMENT, FOLDER, SHORTCUT, File
from tests.google.stand_in.people import OWNER, Caller, address_of

ROLES = ("reader", "writer", "owner")

Who = str | Mapping[str, Any]


@dataclass
class Files:
    """All files of one stand-in. Every method may be called from any thread."""

    clock: Clock
    lock: threading.RLock
    by_id: dict[str, File] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)  # ids that files have or had
    reserved: dict[str, str] = field(default_factory=dict)
    drives: dict[str, dict[str, str]] = field(default_factory=dict)
    gone: list[bytes] = field(default_factory=list)
    list_lag: int = 0
    lists: int = 0

    # -- what tests do --------------------------------------------------------------------------------------------

    def put(
        self,
        name: str,
        data: bytes = b"",
        *,
        parent: str = "",
        mime: str = "application/octet-stream",
        owner: str = OWNER,
        shared_with: Collection[Who] = (),
    ) -> str:
        """The owner uploads a file with the browser; its id."""
        with self.lock:
            file = self.make(name, mime, owner, parent)
            self.write(file, data)
            file.version = 1
            for who in shared_with:
                self.share(file.id, who)
            return file.id

    def folder(self, name: str, *, parent: str = "", owner: str = OWNER, shared_with: Collection[Who] = ()) -> str:
        """The owner makes a folder; its id. Who may see it may see what is in it."""
        return self._bare(name, FOLDER, parent, owner, shared_with).id

    def document(self, name: str, *, parent: str = "", owner: str = OWNER, shared_with: Collection[Who] = ()) -> str:
        """The owner writes a Google document, which has no bytes to download; its id."""
        return self._bare(name, DOCUMENT, parent, owner, shared_with).id

    def shortcut(
        self, target: str, name: str = "", *, parent: str = "", owner: str = OWNER, shared_with: Collection[Who] = ()
    ) -> str:
        """The owner makes a shortcut to a file, there or not; its id."""
        with self.lock:
            title = name or (self.by_id[target].name if target in self.by_id else "Shortcut")
            file = self._bare(title, SHORTCUT, parent, owner, shared_with)
            file.target = target
            return file.id

    def shared_drive(self, name: str, members: Mapping[str, str]) -> str:
        """A Workspace's shared drive with members' roles by address; the id, which is its root folder's, too."""
        with self.lock:
            file = self.make(name, FOLDER, "", "")
            file.parents, file.drive = [], file.id
            self.drives[file.id] = dict(members)
            return file.id

    def edit(self, file_id: str, data: bytes) -> None:
        """Somebody replaces a file's bytes."""
        with self.lock:
            self.write(self.by_id[file_id], data)

    def rename(self, file_id: str, name: str) -> None:
        """Somebody gives a file another name."""
        with self.lock:
            self.by_id[file_id].name = name
            self.touch(self.by_id[file_id])

    def move(self, file_id: str, parent: str) -> None:
        """Somebody moves a file into another folder."""
        with self.lock:
            self.by_id[file_id].parents = [parent]
            self.touch(self.by_id[file_id])

    def trash(self, file_id: str) -> None:
        """The owner puts a file into the trash."""
        with self.lock:
            self.by_id[file_id].is_trashed = True
            self.touch(self.by_id[file_id])

    def restore(self, file_id: str) -> None:
        """The owner takes a file out of the trash."""
        with self.lock:
            self.by_id[file_id].is_trashed = False
            self.touch(self.by_id[file_id])

    def delete(self, file_id: str) -> None:
        """The owner deletes a file for good. Its id is never free again."""
        with self.lock:
            file = self.by_id.pop(file_id)
            self.gone += [*file.old_contents, file.content or b""]

    def share(self, file_id: str, who: Who, role: str = "reader") -> None:
        """The owner shares a file or folder with an identity, as reader or writer."""
        with self.lock:
            self.by_id[file_id].roles[address_of(who)] = role
            self.touch(self.by_id[file_id], is_content=False)

    def unshare(self, file_id: str, who: Who) -> None:
        """The owner takes a share back."""
        with self.lock:
            self.by_id[file_id].roles.pop(address_of(who), None)
            self.touch(self.by_id[file_id], is_content=False)

    def damage(self, file_id: str, data: bytes) -> None:
        """The stored bytes become others while Google's checksums of before stay."""
        with self.lock:
            self.by_id[file_id].content = data

    def content(self, file_id: str) -> bytes:
        """A file's bytes."""
        with self.lock:
            return self.by_id[file_id].content or b""

    def ids(self, name: str = "") -> list[str]:
        """Ids of all files that are not root folders, or of those with a name; trashed ones too."""
        with self.lock:
            return [f.id for f in self.by_id.values() if f.parents and name in ("", f.name)]

    def stored(self) -> Iterator[bytes]:
        """Every content that ever was, and every name and property."""
        with self.lock:
            for file in self.by_id.values():
                yield from file.old_contents
                yield file.content or b""
                yield repr((file.name, file.properties, file.app_properties, file.description, file.sheet)).encode()
            yield from self.gone

    # -- what the services need -----------------------------------------------------------------------------------

    def make(self, name: str, mime: str, owner: str, parent: str, file_id: str = "") -> File:
        """A new file without content, in a folder or in the owner's root."""
        now = self.clock.now()
        place = parent or (self.root_of(owner).id if owner else "")
        file = File(file_id or _new_id(), name, mime, owner, [place], now, now)
        if place in self.by_id:
            file.drive = self.by_id[place].drive
        file.listed_from = self.lists
        self.by_id[file.id] = file
        self.used.add(file.id)
        return file

    def root_of(self, owner: str) -> File:
        """The root folder of an owner's My Drive."""
        for file in self.by_id.values():
            if file.owner == owner and not file.parents:
                return file
        now = self.clock.now()
        root = File("0A" + secrets.token_urlsafe(12) + "UK9PVA", "My Drive", FOLDER, owner, [], now, now)
        self.by_id[root.id] = root
        return root

    def reserve(self, address: str, count: int) -> list[str]:
        """Ids that an identity may use for files to come."""
        ids = [_new_id() for _ in range(count)]
        self.reserved |= dict.fromkeys(ids, address)
        return ids

    def write(self, file: File, data: bytes) -> None:
        """New bytes: a new head revision."""
        file.hold(data)
        file.head_revision = "0B" + secrets.token_urlsafe(30)
        self.touch(file)

    def touch(self, file: File, *, is_content: bool = True) -> None:
        """A change of any kind."""
        file.version += 1
        if is_content:
            file.modified = max(self.clock.now(), file.created)

    def is_trashed(self, file: File) -> bool:
        """Whether it or a folder above it is in the trash."""
        return file.is_trashed or any(self.is_trashed(above) for above in self._above(file))

    def role(self, address: str, file: File) -> str:
        """What an identity may do with a file: "", reader, writer or owner."""
        if file.drive:
            return self.drives[file.drive].get(address, file.roles.get(address, ""))
        if file.owner == address:
            return "owner"
        roles = [file.roles.get(address, ""), *(self.role(address, above) for above in self._above(file))]
        return max((role for role in roles if role), key=ROLES.index, default="")

    def is_seen_by(self, caller: Caller, file: File) -> bool:
        """Whether a token shows a file: shared with its identity, and within the scope."""
        if not self.role(caller.person.address, file):
            return False
        if caller.has("drive", "drive.readonly", "drive.metadata", "drive.metadata.readonly"):
            return True
        return caller.person.app in file.apps or (not file.parents and not file.drive)

    def _above(self, file: File) -> list[File]:
        return [self.by_id[parent] for parent in file.parents if parent in self.by_id]

    def _bare(self, name: str, mime: str, parent: str, owner: str, shared_with: Collection[Who]) -> File:
        with self.lock:
            file = self.make(name, mime, owner, parent)
            for who in shared_with:
                self.share(file.id, who)
            return file


def _new_id() -> str:
    return "1" + secrets.token_urlsafe(24)
