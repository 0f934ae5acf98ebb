"""The texts inside a file, and keyed digests of the lines of what is erased, by which these are known again."""

from __future__ import annotations

import gzip
import hashlib
import io
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import IO

import pyzipper

from pdp.errors import UnreadableExportError

LEAST_LINE = 12  # bytes; shorter lines say too little to be anybody's
MOST_LINES = 2_000_000  # of all exports; beyond, every n-th would do, and is not worth the memory
_PIECE = 8  # bytes of a keyed digest that are kept
_WORKBOOK_PART = "[Content_Types].xml"  # in every workbook
_NESTED = 3  # how deep archives in archives are opened
# What a zip that is encrypted with another password, cut short or packed in a strange way gives.
_ZIP_FAULTS = (pyzipper.BadZipFile, RuntimeError, NotImplementedError, OSError, ValueError, EOFError, zlib.error)


class Lines:
    """Keyed digests of the lines of what is erased.

    Args:
        secret: Their key.
        known: Those that are known.
        passwords: Of encrypted zips, tried in turn.
    """

    def __init__(self, secret: str, known: Iterable[bytes] = (), passwords: Sequence[str] = ()) -> None:
        self._secret, self._known, self.passwords = secret.encode(), set(known), tuple(passwords)

    def learn(self, stream: IO[bytes], name: str = "") -> None:
        """Take up the lines of a raw export, opened as far as passwords go."""
        for _, text in opened(stream, name, self.passwords, has_parts=False):
            for line in text:
                if len(self._known) < MOST_LINES and _says_something(line := line.strip()):
                    self._known.add(self._digest(line))

    def without(self, stream: IO[bytes], name: str = "") -> None:
        """Leave out lines that also stand in what stays: column names, and readings that two exports share."""
        for _, text in opened(stream, name, self.passwords):
            for line in text:
                if _says_something(line := line.strip()):
                    self._known.discard(self._digest(line))

    def has(self, line: bytes) -> bool:
        """Whether it is one of them."""
        return _says_something(line := line.strip()) and self._digest(line) in self._known

    def write(self) -> bytes:
        """For the journal's side."""
        return b"".join(sorted(self._known))

    @classmethod
    def read(cls, secret: str, data: bytes, passwords: Sequence[str] = ()) -> Lines:
        """What was written."""
        return cls(secret, (data[at : at + _PIECE] for at in range(0, len(data), _PIECE)), passwords)

    def _digest(self, line: bytes) -> bytes:
        return hashlib.blake2b(line, digest_size=_PIECE, key=self._secret[:64]).digest()


def opened(
    stream: IO[bytes], name: str, passwords: Sequence[str] = (), depth: int = _NESTED, *, has_parts: bool = True
) -> Iterator[tuple[str, Iterable[bytes]]]:
    """Each text inside, as lines: of a file as it stands, of what a zip or gzip holds, and the rows of a workbook.

    A workbook's parts are texts as well, unless not wanted: in them a line is no record, it may be of days that stay.
    """
    head = stream.read(16)
    stream.seek(0)
    yield name, stream
    stream.seek(0)
    if head.startswith(b"PK\x03\x04") and depth:
        with suppress(*_ZIP_FAULTS), pyzipper.AESZipFile(stream) as archive:
            is_workbook = any(member.filename == _WORKBOOK_PART for member in archive.infolist())
            for member in archive.infolist() if has_parts or not is_workbook else ():
                data, inside = _member(archive, member, passwords), f"{name}/{member.filename}"
                yield from opened(io.BytesIO(data), inside, passwords, depth - 1, has_parts=has_parts)
            if is_workbook:
                stream.seek(0)
                yield name, _rows(stream.read())
    elif head.startswith(b"\x1f\x8b") and depth:
        with suppress(OSError, EOFError, zlib.error), gzip.open(stream) as inner:
            yield from opened(io.BytesIO(inner.read()), name, passwords, depth - 1, has_parts=has_parts)


def _rows(workbook: bytes) -> Iterator[bytes]:
    """As `unread` writes records; none where it can't be read."""
    from pdp.tabular.cells import Table
    from pdp.tabular.workbook import read_sheets

    with suppress(UnreadableExportError):
        for title, records in read_sheets(workbook).items():
            table = Table(title, "", records, "")
            yield from (table.text(row).encode() for row in range(1, len(records) + 1))


def _member(archive: pyzipper.AESZipFile, member: pyzipper.ZipInfo, passwords: Sequence[str]) -> bytes:
    """A member's bytes; b"" where no password opens it."""
    for password in (None, *passwords):
        with suppress(*_ZIP_FAULTS):
            data: bytes = archive.read(member, pwd=password.encode() if password else None)
            return data
    return b""


def _says_something(line: bytes) -> bool:
    return len(line) >= LEAST_LINE and any(48 <= byte <= 57 for byte in line)
