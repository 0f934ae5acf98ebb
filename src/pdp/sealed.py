"""JSON objects that vouch for themselves: with the beginning of the SHA-256 of all that they say."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

DIGITS = 16  # of a SHA-256: a chance of 1 in 2^64 that an accident is missed


def mark(content: bytes) -> str:
    """The beginning of the SHA-256; "" of nothing."""
    return hashlib.sha256(content).hexdigest()[:DIGITS] if content else ""


def plain(document: Mapping[str, Any]) -> bytes:
    """The object in one line, in the order of its keys."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def sealed(document: Mapping[str, Any]) -> dict[str, Any]:
    """With its sum, as it is written to a file of its own."""
    return {**document, "sum": mark(plain(document))}


def opened(document: Mapping[str, Any]) -> dict[str, Any]:
    """Without its sum; one that never had any as it is.

    Raises:
        ValueError: It was altered since it was sealed.
    """
    said = {name: value for name, value in document.items() if name != "sum"}
    if "sum" in document and document["sum"] != mark(plain(said)):
        raise ValueError("it was altered since it was written")
    return said
