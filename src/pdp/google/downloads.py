"""A file's bytes, piece by piece, each tried again for itself, and measured in the end."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, BinaryIO

from pdp.errors import GoogleError
from pdp.google.content import PIECE

Ask = Callable[[Callable[[Any], Any]], Any]


def whole(ask: Ask, target: BinaryIO, size: int, checksum: str) -> None:
    """Write all of a file.

    Args:
        ask: Asks for the file by a request that the function it is given has prepared; tried again.
        target: Written from where it stands.
        size: Bytes.
        checksum: "sha256:<hex>", "md5:<hex>", or "".

    Raises:
        GoogleError: damaged_download: other bytes came. Or as `ask`.
    """
    algorithm, _, expected = checksum.partition(":")
    digest = hashlib.new(algorithm or "sha256", usedforsecurity=False)
    done = 0
    while done < size:
        piece = _piece(ask, done, min(done + PIECE, size))
        digest.update(piece)
        target.write(piece)
        done += len(piece)
    if algorithm and digest.hexdigest() != expected.lower():
        raise _damaged("its checksum is another")


def _piece(ask: Ask, begin: int, end: int) -> bytes:
    """The bytes [begin, end)."""
    status: list[int] = []

    def prepared(request: Any) -> Any:
        request.headers["range"] = f"bytes={begin}-{end - 1}"
        request.headers["accept-encoding"] = "identity"  # a range of a compressed body is no range of the file
        request.add_response_callback(lambda answer: status.append(answer.status))
        return request

    try:
        piece = ask(prepared)
    except GoogleError as error:
        if status and status[-1] == 416:
            raise _damaged("it is shorter than it was") from None
        raise error from None
    assert isinstance(piece, bytes)
    if status[-1] == 200:  # the range was not heeded: this is the whole
        piece = piece[begin:end]
    if len(piece) != end - begin:
        raise _damaged("its length is another")
    return piece


def _damaged(why: str) -> GoogleError:
    return GoogleError(
        "damaged_download",
        f"the file did not arrive as it should: {why}.",
        hint="Try again; it may have been changed meanwhile.",
    )
