"""The search afterwards: every byte of every file that stayed, looked at for what was erased.

What is looked for: files with the bytes of an erased export; lines of its text, in any file (a compressed one is opened
first); rows of it in any Parquet table, by their column `export`; rows of the period, by their own local day; names of
its documents. Lines are remembered as keyed digests, so that the search can be repeated after a kill without the data.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import re
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from pdp import forgotten
from pdp.forget.days import local_days, number
from pdp.forget.journal import Journal
from pdp.forgotten import PERIOD

PLACES = ("results", "resources/raw", "resources/state", ".snakemake", "logs", "benchmarks")
LEAST_LINE = 12  # bytes; shorter lines say too little to be anybody's
MOST_LINES = 2_000_000  # of all exports; beyond, every n-th would do, and is not worth the memory
_PIECE = 8  # bytes of a keyed digest that are kept
_NESTED = 3  # how deep archives in archives are opened
_WORD = re.compile(rb"\w")


@dataclass(frozen=True)
class Proof:
    """What the search saw: files, bytes as they lie on the disk, and what it found: path and what is in it."""

    files: int
    bytes: int
    found: tuple[tuple[str, str], ...]


class Lines:
    """Keyed digests of the lines of what is erased."""

    def __init__(self, secret: str, known: Iterable[bytes] = ()) -> None:
        self._secret, self._known = secret.encode(), set(known)

    def learn(self, stream: IO[bytes], name: str = "") -> None:
        """Take up the lines of a raw export, opened as far as that goes without a password."""
        for _, text in _opened(stream, name, _NESTED):
            for line in text:
                if len(self._known) < MOST_LINES and _says_something(line := line.strip()):
                    self._known.add(self._digest(line))

    def without(self, stream: IO[bytes], name: str = "") -> None:
        """Leave out lines that also stand in what stays: column names, and readings that two exports share."""
        for _, text in _opened(stream, name, _NESTED):
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
    def read(cls, secret: str, data: bytes) -> Lines:
        """What was written."""
        return cls(secret, (data[at : at + _PIECE] for at in range(0, len(data), _PIECE)))

    def _digest(self, line: bytes) -> bytes:
        return hashlib.blake2b(line, digest_size=_PIECE, key=self._secret[:64]).digest()


def search(root: Path, journal: Journal, lines: Lines) -> Proof:
    """Look at every file below the working folder's places.

    Args:
        root: The working folder.
        journal: What was erased.
        lines: Of what was erased.
    """
    digests = {sha256: name for _, name, sha256 in journal.exports}
    files = size = 0
    found: list[tuple[str, str]] = []
    for path in _present(root):
        relative = path.relative_to(root).as_posix()
        files += 1
        size += path.stat().st_size
        if relative.startswith("resources/state/forgetting."):
            continue  # the journal of this very erasure, which goes last
        if path.suffix == ".parquet":
            found += [(relative, what) for what in _in_table(path, journal)]
        found += [(relative, what) for what in _in_bytes(path, journal, lines, digests)]
    return Proof(files, size, tuple(dict.fromkeys(found)))


def _present(root: Path) -> Iterator[Path]:
    for place in PLACES:
        for folder, _, names in os.walk(root / place):
            for name in sorted(names):
                path = Path(folder, name)
                if path.is_file() and not path.is_symlink():
                    yield path


def _in_bytes(path: Path, journal: Journal, lines: Lines, digests: dict[str, str]) -> Iterator[str]:
    names = [name.encode() for name in journal.names if len(name) >= LEAST_LINE // 2]
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
        if digest.hexdigest() in digests:
            yield f"the bytes of export {digests[digest.hexdigest()]}"
        stream.seek(0)
        for inside, text in _opened(stream, path.name, _NESTED):
            for line in text:
                if lines.has(line):
                    yield f"a line of an erased export{f' in {inside}' if inside != path.name else ''}"
                    break
    if path.name == forgotten.FILE:
        return
    data = path.read_bytes() if path.stat().st_size < (256 << 20) else b""
    for name in names:
        for at in _found(data, name):
            if not _WORD.match(data[at - 1 : at]) and not _WORD.match(data[at + len(name) : at + len(name) + 1]):
                yield "the name of an erased document"
                break


def _found(data: bytes, name: bytes) -> Iterator[int]:
    at = data.find(name)
    while at >= 0:
        yield at
        at = data.find(name, at + 1)


def _in_table(path: Path, journal: Journal) -> Iterator[str]:
    import pyarrow.parquet as pq
    from pyarrow import ArrowException

    with suppress(ArrowException, OSError), pq.ParquetFile(path) as file:
        columns = set(file.schema_arrow.names)
        days = {"start_utc", "utc_offset_min"} <= columns and journal.what == PERIOD
        wanted = [n for n in ("export", "start_utc", "end_utc", "utc_offset_min") if n in columns]
        subject = journal.subject in path.parts
        if not subject or not wanted:
            return
        for batch in file.iter_batches(columns=wanted):
            if "export" in columns and set(batch["export"].unique().to_pylist()) & journal.names_of_exports:
                yield "rows of an erased export"
                return
            first, last = (number(journal.first), number(journal.last)) if days else (0, -1)
            if days and any(((each >= first) & (each <= last)).any() for each in local_days(batch)):
                yield "rows of the erased days"
                return


def _opened(stream: IO[bytes], name: str, depth: int) -> Iterator[tuple[str, Iterable[bytes]]]:
    """Each text inside: of a file as it stands, of what a zip or gzip holds, of a database its cells."""
    head = stream.read(16)
    stream.seek(0)
    yield name, _lines_of(stream)
    stream.seek(0)
    if head.startswith(b"PK\x03\x04") and depth:
        faults = (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError, ValueError)  # encrypted, cut short
        with suppress(*faults), zipfile.ZipFile(stream) as archive:
            for member in archive.infolist():
                with suppress(*faults), archive.open(member) as inner:
                    yield from _opened(io.BytesIO(inner.read()), f"{name}/{member.filename}", depth - 1)
    elif head.startswith(b"\x1f\x8b") and depth:
        with suppress(OSError, EOFError), gzip.open(stream) as inner:
            yield from _opened(io.BytesIO(inner.read()), name, depth - 1)


def _lines_of(stream: IO[bytes]) -> Iterator[bytes]:
    yield from stream


def _says_something(line: bytes) -> bool:
    return len(line) >= LEAST_LINE and any(48 <= byte <= 57 for byte in line)
