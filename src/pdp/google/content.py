"""Bytes on their way to Drive, and the proof that they are the same on both sides."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from googleapiclient.http import MediaUpload

PIECE = 8 << 20  # a multiple of the 256 KiB that resumable uploads demand
CHECKSUM_FIELDS = "size,md5Checksum,sha256Checksum"


class Content(MediaUpload):  # type: ignore[misc]
    """Bytes or a file as an upload that can be sent again at any point.

    It offers no stream: a stream that a library has consumed by half is sent again as if it were whole, and the
    server waits for the missing rest until the time limit.
    """

    def __init__(self, data: bytes | Path, mime: str, *, is_resumable: bool) -> None:
        self._data, self._mime, self._is_resumable = data, mime, is_resumable
        self._size = len(data) if isinstance(data, bytes) else data.stat().st_size

    def chunksize(self) -> int:
        return PIECE

    def mimetype(self) -> str:
        return self._mime

    def size(self) -> int:
        return self._size

    def resumable(self) -> bool:
        return self._is_resumable

    def getbytes(self, begin: int, length: int) -> bytes:
        if isinstance(self._data, bytes):
            return self._data[begin : begin + length]
        with self._data.open("rb") as stream:
            stream.seek(begin)
            return stream.read(length)

    def is_same_as(self, stored: Mapping[str, Any]) -> bool:
        """Whether a file of Drive, by the fields `CHECKSUM_FIELDS`, holds these bytes."""
        if stored.get("size") is not None and int(stored["size"]) != self._size:
            return False
        for algorithm in ("sha256", "md5"):
            if stored.get(f"{algorithm}Checksum"):
                return str(stored[f"{algorithm}Checksum"]).lower() == self._digest(algorithm)
        return stored.get("size") is not None

    def _digest(self, algorithm: str) -> str:
        digest = hashlib.new(algorithm, usedforsecurity=False)
        for begin in range(0, self._size, PIECE):
            digest.update(self.getbytes(begin, PIECE))
        return digest.hexdigest()
