"""JSON lines that vouch for themselves and for the line before: a bit that flips, a line that goes, can be found.

Each line ends in `"prev":"<mark of the line before>","sum":"<mark of this line up to here>"`. A line that was altered
does not fit its own sum; one that was altered with its sum, or taken out, does not fit the line after it. Lines of
before lines were sealed have neither, and are vouched for by the first sealed line after them. This finds accidents and
clumsy hands; against somebody who writes the whole file anew only a copy elsewhere helps (the sealed state).
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from pdp.sealed import DIGITS, mark, plain

_SEALED = re.compile(rb'(.*),"sum":"([0-9a-f]{%d})"\}' % DIGITS, re.DOTALL)
_UNFIT = "0" * DIGITS  # the sum of a line that was found altered: it fits nothing
_BLOCK = 1 << 16  # bytes: what is read at first to find the last line


def lines(documents: Iterable[Mapping[str, Any]], before: bytes = b"") -> Iterator[bytes]:
    """One line per document, without its end; a seal that a document brings gives way to that of its new place.

    Args:
        documents: JSON objects. One of `moved` that was altered stays a line that was.
        before: The line that they follow, without its end.
    """
    for document in documents:
        said = {name: value for name, value in document.items() if name not in ("prev", "sum")}
        text = plain(said | {"prev": mark(before)})
        total = _UNFIT if document.get("sum") == _UNFIT else mark(text)
        before = text[:-1] + f',"sum":"{total}"}}'.encode()
        yield before


def append(file: IO[bytes], documents: Iterable[Mapping[str, Any]]) -> None:
    """Add lines to a file that is open for reading and appending, and force them to the disk.

    A torn last line, which a kill leaves behind, stays alone on its line.
    """
    size = file.seek(0, os.SEEK_END)
    before, is_torn = _last(file, size)
    file.write(b"".join([b"\n" if is_torn else b"", *(line + b"\n" for line in lines(documents, before))]))
    file.flush()
    os.fsync(file.fileno())


def scan(path: Path) -> Iterator[tuple[dict[str, Any] | None, str]]:
    """Every line: its object, if it is as it was written, and what is not. A line torn by a kill was never whole."""
    return ((None if fault else document, fault) for document, fault, _ in _judged(path))


def moved(path: Path, offset: int = 0) -> Iterator[dict[str, Any]]:
    """The objects from a byte on, to be written by `lines` to another place.

    Their seals stay behind, with what they tell: so one that was altered, or before which something was taken out, has
    a sum that fits nowhere, and is found in its new place, too.
    """
    is_gap = False
    for document, fault, at in _judged(path):
        if document is None:
            is_gap = True
        else:
            said = {name: value for name, value in document.items() if name not in ("prev", "sum")}
            if at >= offset:
                yield said | {"sum": _UNFIT} if fault or is_gap else said
            is_gap = False


def _judged(path: Path) -> Iterator[tuple[dict[str, Any] | None, str, int]]:
    """Every line's object, what is not as it was written, and the byte where it begins; None for what is not there."""
    before, is_told, has_seals, torn, at = b"", False, False, "", 0
    with path.open("rb") as file:
        for number, raw in enumerate(file, 1):
            begin, at = at, at + len(raw)
            line = raw.rstrip(b"\n")
            sealed = _SEALED.fullmatch(line)
            if sealed is None and not is_whole(line):
                # Cut short by a kill, it was never whole; else the seal of the next line tells, or that it has an end.
                torn = f"line {number:,} can't be read" if raw.endswith(b"\n") else ""
                continue
            fault, was_told, torn = "", is_told, ""
            if sealed is None:
                fault = f"line {number:,} has no seal, as those before have" if has_seals else ""
                is_told = has_seals
            elif mark(sealed[1] + b"}") != sealed[2].decode():
                fault, is_told, has_seals = f"line {number:,} was altered", True, True
            else:
                is_told, has_seals = False, True
                if json.loads(line)["prev"] != mark(before) and not was_told:
                    yield None, f"what stood before line {number:,} was altered or taken out", begin
            before = line
            yield (json.loads(line) if is_whole(line) else None), fault, begin
    if torn or not before:
        yield None, torn or "no line of it can be read", at


def faults(path: Path) -> Iterator[str]:
    """What is not as it was written."""
    return (fault for _, fault in scan(path) if fault)


def sound(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of those lines that are as they were written, or of which nothing tells."""
    return (document for document, _ in scan(path) if document is not None)


def opened(line: bytes) -> Any:
    """What a line says.

    Raises:
        ValueError: It was altered since it was sealed, or is cut short.
    """
    sealed = _SEALED.fullmatch(line)
    if sealed is not None and mark(sealed[1] + b"}") != sealed[2].decode():
        raise ValueError("it was altered since it was written")
    return json.loads(line)


def is_whole(line: bytes) -> bool:
    """Whether it is a JSON object."""
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


def _last(file: IO[bytes], size: int) -> tuple[bytes, bool]:
    """The last whole line of a file, and whether what comes after it has no end."""
    length, is_torn = _BLOCK, False
    while True:
        start = max(0, size - length)
        file.seek(start)
        found = file.read(size - start)
        is_torn = bool(found) and not found.endswith(b"\n")
        for line in reversed(found.split(b"\n")[1 if start else 0 :]):
            if line and is_whole(line):
                return line, is_torn
        if not start:
            return b"", is_torn
        length *= 4
