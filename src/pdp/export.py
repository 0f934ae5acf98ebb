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

import pyzipper

from pdp.errors import DamagedMemberError, UnreadableExportError
from pdp.zip_stream import WrongPasswordError, ZipStream, is_readable

_ZIP_STARTS = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_END_RECORD = b"PK\x05\x06"
_END_SIZE = 22
_MAX_COMMENT = 0xFFFF
_LOCAL_HEADER_SIZE = 30
_WORKBOOK_PART = "[Content_Types].xml"  # every Office file (XLSX) is a zip with this entry
_AGAIN = "Copy or download the export again."
_BUFFER_BYTES = 1024 * 1024


@dataclass(frozen=True)
class Limits:
    """What a zip may hold before it is taken for an attack or an accident.

    Attributes:
        max_members: Entries, folders counted.
        max_bytes: Sum of the unpacked sizes, bytes.
        max_ratio: Unpacked size over packed size of one member...
        ratio_from_bytes: ...that is larger than this, unpacked, bytes. Short repetitive CSV reaches
            high ratios honestly.
    """

    max_members: int = 10_000
    max_bytes: int = 50 * 1024**3
    max_ratio: float = 1000.0
    ratio_from_bytes: int = 100 * 1000**2


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
            raise DamagedMemberError(member, "unsupported_compression", *_unsupported(f"{member} is"))
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


def open_export(path: Path, passwords: Sequence[str] = (), limits: Limits = Limits()) -> Export:
    """Open one raw export.

    Args:
        path: A file; its name becomes the export's id.
        passwords: Tried in turn, since each vendor's export has its own.
        limits: See Limits.

    Raises:
        UnreadableExportError: wrong_password, no_password, truncated, not_a_zip, zip_bomb,
            overlapping_entries, absurd_entries, empty_file, unsupported_compression.
    """
    size = path.stat().st_size
    if size == 0:
        raise UnreadableExportError("empty_file", "the file is empty (0 bytes).", hint=_AGAIN)
    with path.open("rb") as file:
        start = file.read(4)
        end = _end_record(file, size)
    if start not in _ZIP_STARTS:
        if end is not None:
            raise UnreadableExportError(
                "not_a_zip", "the file ends like a zip but does not begin like one.", hint=_AGAIN
            )
        return Export(path)
    if end is None:
        what = "the zip is cut off: its directory, which stands at the end, is missing."
        raise UnreadableExportError("truncated", what, hint=_AGAIN)
    if end > limits.max_members:
        raise _absurd(f"it has {end} entries, the limit is {limits.max_members}")
    infos = _directory(path)
    if any(info.filename == _WORKBOOK_PART for info in infos):
        return Export(path)
    _check_names(infos, limits)
    _check_places(infos, size)
    _check_sizes(infos, limits)
    entries = {info.filename: info for info in infos if not info.is_dir() and not _is_resource_fork(info.filename)}
    if entries and not any(is_readable(info) for info in entries.values()):
        raise UnreadableExportError("unsupported_compression", *_unsupported("every file in the zip is"))
    return Export(path, entries, _password(path, entries, passwords))


def _unsupported(what: str) -> tuple[str]:
    return (f"{what} packed in a way that is not supported. Unpack the zip and pack it again as an ordinary zip.",)


def _absurd(what: str) -> UnreadableExportError:
    hint = "No health app writes such a zip: unpack it, look at it, and pack the files again."
    return UnreadableExportError("absurd_entries", f"the zip is not believable: {what}.", hint=hint)


def _is_resource_fork(name: str) -> bool:
    return name.startswith("__MACOSX/") or PurePosixPath(name).name == ".DS_Store"


def _end_record(file: BinaryIO, size: int) -> int | None:
    """The number of entries, from the record that ends every zip; None if there is no such record.

    A CSV can hold the four magic bytes by chance: the record must reach the end of the file too.
    """
    tail_size = min(size, _END_SIZE + _MAX_COMMENT)
    file.seek(size - tail_size)
    tail = file.read()
    at = tail.rfind(_END_RECORD)
    while at >= 0:
        if at + _END_SIZE <= len(tail):
            comment = int.from_bytes(tail[at + 20 : at + 22], "little")
            if at + _END_SIZE + comment == len(tail):
                return int.from_bytes(tail[at + 10 : at + 12], "little")
        at = tail.rfind(_END_RECORD, 0, at)
    return None


def _directory(path: Path) -> list[Any]:
    try:
        with pyzipper.AESZipFile(path) as archive:
            return list(archive.infolist())
    except (pyzipper.BadZipFile, NotImplementedError, ValueError, OSError, OverflowError, IndexError) as error:
        raise UnreadableExportError("truncated", "the zip's directory is damaged.", hint=_AGAIN) from error
    except Exception as error:
        if type(error).__name__ not in ("error", "BadZipFile"):  # struct.error
            raise
        raise UnreadableExportError("truncated", "the zip's directory is damaged.", hint=_AGAIN) from error


def _check_names(infos: Sequence[Any], limits: Limits) -> None:
    if len(infos) > limits.max_members:
        raise _absurd(f"it has {len(infos)} entries, the limit is {limits.max_members}")
    seen: set[str] = set()
    for info in infos:
        raw = str(info.orig_filename)
        parts = raw.replace("\\", "/").split("/")
        if "\0" in raw:
            raise _absurd("an entry's name holds a NUL character")
        if not raw or parts[0] == "" or parts[0].endswith(":"):
            raise _absurd("an entry's name is empty or an absolute path")
        if ".." in parts:
            raise _absurd('an entry\'s name leads out of its folder ("..")')
        if info.filename in seen:
            raise _absurd("two entries have the same name")
        seen.add(info.filename)


def _check_places(infos: Sequence[Any], size: int) -> None:
    ordered = sorted(infos, key=lambda info: info.header_offset)
    limits = [info.header_offset for info in ordered[1:]] + [size]
    for info, limit in zip(ordered, limits, strict=True):
        if info.header_offset < 0:
            raise UnreadableExportError("truncated", "the zip's beginning is missing.", hint=_AGAIN)
        least = _LOCAL_HEADER_SIZE + len(info.orig_filename) + info.compress_size
        if info.header_offset + least > limit:
            what = "files inside the zip overlap, as in a zip bomb, or reach beyond its end."
            raise UnreadableExportError("overlapping_entries", what, hint=_AGAIN)


def _check_sizes(infos: Sequence[Any], limits: Limits) -> None:
    total = sum(info.file_size for info in infos)
    if total > limits.max_bytes:
        what = f"unpacked, the zip would take {total / 1024**3:.0f} GiB; the limit is {limits.max_bytes / 1024**3:.3g} GiB."
        raise UnreadableExportError("zip_bomb", what, hint="If that is honest, split the export.")
    for info in infos:
        ratio = info.file_size / max(info.compress_size, 1)
        if info.file_size > limits.ratio_from_bytes and ratio > limits.max_ratio:
            what = f"one file in the zip unpacks to {ratio:.0f} times its size; the limit is {limits.max_ratio:.0f}."
            raise UnreadableExportError(
                "zip_bomb", what, hint="If that is honest, unpack it and give the files one by one."
            )


_CERTAIN_BITS = 16  # one wrong password in 65,536 passes


def _password(path: Path, entries: dict[str, Any], passwords: Sequence[str]) -> bytes | None:
    """The first password that opens the encrypted members; None where nothing is encrypted."""
    locked = [info for info in entries.values() if info.is_encrypted and is_readable(info)]
    if not locked:
        return None
    if not passwords:
        what = "the zip is protected by a password, and none is configured."
        hint = "List the name of an environment variable that holds it in passwords_from, and set that variable."
        raise UnreadableExportError("no_password", what, hint=hint)
    locked.sort(key=lambda info: info.compress_size)
    candidates = [word for text in passwords for word in _spellings(text)]
    fitting = [word for word in candidates if _fits(path, locked[0], word)]
    for word in fitting:
        if len(fitting) == 1 and _bits(locked[0]) >= _CERTAIN_BITS:
            return word
        if _reads(path, locked[0], word):
            return word
    if fitting:  # right by its check byte, yet unreadable: the member is damaged rather than the password wrong
        others = [word for word in fitting if all(_fits(path, info, word) for info in locked[1:9])]
        if others and len(locked) > 1:
            return others[0]
    tried = (
        "the password that passwords_from names does"
        if len(passwords) == 1
        else (f"the {len(passwords)} passwords that passwords_from names do")
    )
    hint = "Each export has its own password: add the variable of this one to passwords_from."
    raise UnreadableExportError("wrong_password", f"{tried} not open the zip.", hint=hint)


def _spellings(text: str) -> list[bytes]:
    """A password as bytes: UTF-8, and what older tools write where that differs."""
    words = [text.encode()]
    for encoding in ("latin-1", "cp437"):
        try:
            word = text.encode(encoding)
        except UnicodeEncodeError:
            continue
        if word not in words:
            words.append(word)
    return words


def _bits(info: Any) -> int:
    """Size of the check value that a password must meet before any byte is read."""
    return 16 if info.wz_aes_version is not None else 8


def _fits(path: Path, info: Any, word: bytes) -> bool:
    try:
        ZipStream(path.open("rb"), info, word).close()
    except (WrongPasswordError, DamagedMemberError):
        return False
    return True


def _reads(path: Path, info: Any, word: bytes) -> bool:
    try:
        with ZipStream(path.open("rb"), info, word) as stream:
            while stream.read(_BUFFER_BYTES):
                pass
    except (WrongPasswordError, DamagedMemberError):
        return False
    return True
