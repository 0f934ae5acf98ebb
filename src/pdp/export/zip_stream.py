"""One file inside a zip as a stream: decrypted, inflated, and checked to its last byte.

The directory is read by pyzipper; the bytes are read here, because pyzipper's own stream stops at
the declared size without a word when there is more, and may check an AES signature before it has
read the last compressed bytes. ZipCrypto is decrypted in plain Python, at some 2 MB of packed bytes
a second; its key depends on every byte before, so nothing vectorised helps.
"""

from __future__ import annotations

import bz2
import io
import struct
import zlib
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

from pyzipper.zipfile import CRCZipDecrypter
from pyzipper.zipfile_aes import WZ_AES_V2, AESZipDecrypter

from pdp.errors import DamagedMemberError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

STORED, DEFLATED, BZIP2 = 0, 8, 12
METHODS = (STORED, DEFLATED, BZIP2)  # all that any vendor has been seen to use, and bzip2

_LOCAL_HEADER = struct.Struct("<4s5H3L2H")
_PULL_BYTES = 256 * 1024  # compressed bytes per step
_PUSH_BYTES = 1024 * 1024  # most bytes inflated per step, so that a bomb can't fill the memory


class WrongPasswordError(Exception):
    """The password does not fit the member's own check bytes."""


class _Decrypter(Protocol):
    def decrypt(self, data: bytes) -> bytes: ...


def is_readable(info: Any) -> bool:
    """Whether this module can inflate and decrypt the member (given its password)."""
    return info.compress_type in METHODS and not info.is_compressed_patch_data and not info.is_strong_encryption


class ZipStream(io.RawIOBase):
    """The bytes of one member.

    Args:
        file: The whole zip; read at this member's place, so several streams need several files.
        info: pyzipper's directory entry.
        password: For an encrypted member.

    Raises:
        WrongPasswordError: From the constructor.
        DamagedMemberError: From the constructor or any read; the last read proves size and checksum.
    """

    def __init__(self, file: BinaryIO, info: Any, password: bytes | None) -> None:
        super().__init__()
        self._file, self._info = file, info
        self._packed_left: int = info.compress_size
        self._size: int = info.file_size
        self._seen = 0
        self._crc = 0
        self._ready = memoryview(b"")
        self._is_done = False
        self._pending = b""
        self._decrypter: _Decrypter | None = None
        self._skip_local_header()
        if info.is_encrypted:
            self._decrypter = self._make_decrypter(password or b"")
        self._inflater: Any = {STORED: None, DEFLATED: zlib.decompressobj(-15), BZIP2: bz2.BZ2Decompressor()}[
            info.compress_type
        ]

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        target = memoryview(buffer).cast("B")
        while not self._ready and not self._is_done:
            self._ready = memoryview(self._step())
        count = min(len(target), len(self._ready))
        target[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()

    def _damaged(self, reason: str, what: str) -> DamagedMemberError:
        hint = "Copy or download the export again; the other files in it are kept."
        if self._info.is_encrypted and reason != "size_beyond_declared":
            hint = f"Is the right password listed in passwords_from? {hint}"
        return DamagedMemberError(self._info.filename, reason, f"{self._info.filename} {what}.", hint=hint)

    def _read(self, size: int) -> bytes:
        data = self._file.read(min(size, self._packed_left))
        if not data and self._packed_left:
            raise self._damaged("truncated", "ends before its declared length")
        self._packed_left -= len(data)
        return data

    def _skip_local_header(self) -> None:
        self._file.seek(self._info.header_offset)
        raw = self._file.read(_LOCAL_HEADER.size)
        if len(raw) < _LOCAL_HEADER.size or raw[:4] != b"PK\x03\x04":
            raise self._damaged("bad_header", "does not begin where the zip's directory says")
        *_, name_length, extra_length = _LOCAL_HEADER.unpack(raw)
        self._file.seek(name_length + extra_length, io.SEEK_CUR)

    def _make_decrypter(self, password: bytes) -> _Decrypter:
        kind = AESZipDecrypter if self._info.wz_aes_version is not None else CRCZipDecrypter
        length = kind.encryption_header_length
        size = length(self._info) if callable(length) else length
        header = self._read(size)
        if len(header) < size:
            raise self._damaged("truncated", "ends inside its encryption header")
        if kind is AESZipDecrypter:
            self._packed_left -= AESZipDecrypter.hmac_size
        try:
            decrypter: _Decrypter = kind(self._info, password, header)
        except RuntimeError:  # pyzipper's only word for it
            raise WrongPasswordError from None
        return decrypter

    def _step(self) -> bytes:
        """The next inflated bytes; b"" may come before the end."""
        if not self._pending and self._packed_left > 0:
            self._pending = self._read(_PULL_BYTES)
            if self._decrypter:
                self._pending = self._decrypter.decrypt(self._pending)
        try:
            data = self._inflate()
        except (zlib.error, OSError, ValueError, EOFError) as error:
            raise self._damaged("bad_compression", "can't be decompressed") from error
        self._seen += len(data)
        self._crc = zlib.crc32(data, self._crc)
        if self._seen > self._size:
            raise self._damaged("size_beyond_declared", "holds more bytes than the zip's directory declares")
        if not data and not self._pending and self._packed_left <= 0:
            self._finish()
        return data

    def _inflate(self) -> bytes:
        packed, self._pending = self._pending, b""
        if self._inflater is None:
            return packed
        if self._inflater.eof:
            return b""  # bytes after the compressed stream: read on, the AES signature covers them
        data: bytes = self._inflater.decompress(packed, _PUSH_BYTES)
        if self._info.compress_type == DEFLATED:
            self._pending = self._inflater.unconsumed_tail
        elif not self._inflater.needs_input and not self._inflater.eof:
            # bzip2 keeps its input to itself: go on until it asks for more
            parts = [data]
            while not self._inflater.needs_input and not self._inflater.eof:
                parts.append(self._inflater.decompress(b"", _PUSH_BYTES))
                if self._seen + sum(map(len, parts)) > self._size:
                    break
            data = b"".join(parts)
        return data

    def _finish(self) -> None:
        self._is_done = True
        if self._seen != self._size:
            raise self._damaged("truncated", "holds fewer bytes than the zip's directory declares")
        is_aes = self._info.wz_aes_version is not None
        if is_aes:
            signature = self._file.read(AESZipDecrypter.hmac_size)
            try:
                self._decrypter.check_hmac(signature)  # type: ignore[union-attr]
            except Exception as error:  # pyzipper raises its own BadZipFile, a plain Exception
                raise self._damaged("wrong_checksum", "does not match its signature") from error
        if not (is_aes and self._info.wz_aes_version == WZ_AES_V2) and self._crc != self._info.CRC:
            raise self._damaged("wrong_checksum", "does not match its checksum")
