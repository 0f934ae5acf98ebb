"""One raw export, opened for reading: a zip (plain, ZipCrypto or AES) or a single file.

Nothing is ever unpacked to disk, and nothing a zip says about itself is believed: sizes, names
and places are checked when it is opened, real bytes and checksums while it is read.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Any, BinaryIO, Literal, Self, cast

from pdp.errors import DamagedMemberError, UnreadableExportError
from pdp.export.foreign import refuse_foreign
from pdp.export.zip_directory import AGAIN, Limits, read_directory
from pdp.export.zip_passwords import find_password
from pdp.export.zip_stream import WrongPasswordError, ZipStream, is_readable

_WORKBOOK_PART = "[Content_Types].xml"  # every Office file (XLSX) is a zip with this entry
_PACKED = "is packed in a way that is not supported."
_REPACK = "Unpack the zip and pack it again as an ordinary zip."
_HEAD_BYTES = 512
_BUFFER_BYTES = 1024 * 1024
_DEFAULT_LIMITS = Limits()

__all__ = ["Export", "Limits", "Member", "open_export"]


@dataclass(frozen=True)
class Member:
    """A file inside an export: full name ("" for a single file) and unpacked size in bytes."""

    name: str
    size: int


class Export:
    """One raw export. A context manager; streams that `open` gave stay valid until it closes.

    Attributes:
        digest: Its id, the file's name in the raw store.
        kind: "zip", or "file" for everything else (a workbook is a "file").
        members: What is inside; one member named "" for a file.
    """

    digest: str
    kind: Literal["zip", "file"]
    members: tuple[Member, ...]

    def __init__(self, path: Path, entries: dict[str, Any] | None = None, password: bytes | None = None) -> None:
        self._path, self._entries, self._password = path, entries, password
        self._streams = ExitStack()
        self.digest = path.name
        if entries is None:
            self.kind, self.members = "file", (Member("", path.stat().st_size),)
        else:
            self.kind = "zip"
            self.members = tuple(Member(name, info.file_size) for name, info in entries.items())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close every stream that is still open."""
        self._streams.close()

    def open(self, member: str = "") -> BinaryIO:
        """The member's bytes as a stream, from its beginning.

        Raises:
            KeyError: No such member.
            DamagedMemberError: Here or on any read: wrong password for this member alone, wrong
                checksum, or a real size other than the declared one.
        """
        if self._entries is None:
            if member:
                raise KeyError(member)
            return self._streams.enter_context(self._path.open("rb"))
        info = self._entries[member]
        if not is_readable(info):
            raise DamagedMemberError(member, "unsupported_compression", f"{member} {_PACKED}", hint=_REPACK)
        try:
            stream = ZipStream(self._path.open("rb"), info, self._password)
        except WrongPasswordError:
            what = f"no password in passwords_from opens {member}, though one opens other files of the export."
            hint = "Add to passwords_from the name of the environment variable that holds its password."
            raise DamagedMemberError(member, "wrong_password", what, hint=hint) from None
        return self._streams.enter_context(cast(BinaryIO, io.BufferedReader(stream, _BUFFER_BYTES)))

    def head(self, member: str = "", size: int = 4096) -> bytes:
        """The first `size` bytes, fewer if there are fewer; b"" if they can't be read."""
        try:
            with self.open(member) as stream:
                return stream.read(size)
        except (DamagedMemberError, KeyError):
            return b""


def open_export(path: Path, passwords: Sequence[str] = (), limits: Limits = _DEFAULT_LIMITS) -> Export:
    """Open one raw export.

    Args:
        path: A file; its name becomes the export's id.
        passwords: Tried in turn, since each vendor's export has its own.
        limits: See Limits.

    Raises:
        UnreadableExportError: wrong_password, no_password, truncated, not_a_zip, zip_bomb,
            overlapping_entries, absurd_entries, empty_file, empty_zip, foreign_file, unsupported_compression.
    """
    if path.stat().st_size == 0:
        raise UnreadableExportError("empty_file", "the file is empty (0 bytes).", hint=AGAIN)
    infos = read_directory(path, limits)
    if infos is None or any(info.filename == _WORKBOOK_PART for info in infos):
        with path.open("rb") as file:
            refuse_foreign(file.read(_HEAD_BYTES))
        return Export(path)
    entries = {info.filename: info for info in infos if not info.is_dir() and not _is_resource_fork(info.filename)}
    if not entries:
        raise UnreadableExportError("empty_zip", "there is no file in the zip.", hint=AGAIN)
    if not any(is_readable(info) for info in entries.values()):
        raise UnreadableExportError("unsupported_compression", f"every file in the zip {_PACKED}", hint=_REPACK)
    return Export(path, entries, find_password(path, list(entries.values()), passwords))


def _is_resource_fork(name: str) -> bool:
    return name.startswith("__MACOSX/") or PurePosixPath(name).name == ".DS_Store"
