"""What age reads from and writes to: streams that remember their own faults.

pyrage turns what a Python stream raises into other words, and drops what its last write raises: an age file written to
a full disk would count as written. So the streams are asked afterwards.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO

BLOCK_BYTES = 1 << 18  # four of age's chunks; pyrage itself asks for 8 KiB at a time


class Reader:
    """Reads ahead in larger blocks; remembers how the stream began and what reading raised."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream, self._block = stream, memoryview(b"")
        self.start: bytes | None = None
        self.fault: BaseException | None = None

    def read(self, size: int) -> bytes:
        try:
            if not self._block:
                self._block = memoryview(self._stream.read(BLOCK_BYTES))
                self.start = bytes(self._block[:64]) if self.start is None else self.start
        except BaseException as error:
            self.fault = error
            raise
        part, self._block = self._block[:size], self._block[size:]
        return bytes(part)


class Writer:
    """Writes all of each block, also to a raw stream that takes less, and remembers what writing raised."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.fault: BaseException | None = None

    def write(self, block: bytes) -> int:
        try:
            rest = memoryview(block)
            while rest:
                taken: int | None = self._stream.write(rest)
                rest = rest[len(rest) if taken is None else taken :]
        except BaseException as error:
            self.fault = error
            raise
        return len(block)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except BaseException as error:
            self.fault = error
            raise


class Tee:
    """Writes on to a stream and shows each block to a digest."""

    def __init__(self, stream: BinaryIO, update: Callable[[bytes], object]) -> None:
        self._stream, self._update = stream, update

    def write(self, block: bytes) -> int:
        self._update(block)
        return self._stream.write(block)

    def flush(self) -> None:
        self._stream.flush()


def raise_own(reader: Reader, writer: Writer) -> None:
    """Raise what a stream raised, as it was raised."""
    if fault := writer.fault or reader.fault:
        raise fault
