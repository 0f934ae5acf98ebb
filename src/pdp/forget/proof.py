"""The search afterwards: every byte of every file that stayed, looked at for what was erased.

What is looked for: files with the bytes of an erased export; its name, which begins its digest; lines of its text, in
any file (a compressed one is opened first) and in the texts of any Parquet table; rows of it in any table, by their
column `export`; rows of the period, by their own local day; names of its documents, as JSON and addresses write them,
too. Lines are remembered as keyed digests, so that the search can be repeated after a kill without the data.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pdp import forgotten
from pdp.forget.days import local_days, number
from pdp.forget.journal import Journal
from pdp.forget.lines import Lines, opened
from pdp.forgotten import PERIOD

PLACES = ("results", "resources/raw", "resources/state", ".snakemake", "logs", "benchmarks")
LEAST_NAME = 6  # bytes; shorter names stand by chance in what is no text
_HEAD = 4096


@dataclass(frozen=True)
class Proof:
    """What the search saw: files, bytes as they lie on the disk, and what it found: path and what is in it."""

    files: int
    bytes: int
    found: tuple[tuple[str, str], ...]


class Names:
    """Names of erased documents and exports, however they are written."""

    def __init__(self, journal: Journal) -> None:
        self._long, self._short, self._exports = (
            _pattern(names)
            for names in (
                (name for name in journal.names if len(name.encode()) >= LEAST_NAME),
                (name for name in journal.names if len(name.encode()) < LEAST_NAME),
                journal.names_of_exports,
            )
        )

    def inside(self, line: bytes, *, is_text: bool) -> str:
        """What a line names; "" for nothing. Short names are looked for in texts alone."""
        if self._exports and self._exports.search(line):
            return "the digits of an erased export"
        if (self._long and self._long.search(line)) or (is_text and self._short and self._short.search(line)):
            return "the name of an erased document"
        return ""


def search(root: Path, journal: Journal, lines: Lines) -> Proof:
    """Look at every file below the working folder's places.

    Args:
        root: The working folder.
        journal: What was erased.
        lines: Of what was erased.
    """
    digests = {sha256: name for _, name, sha256 in journal.exports}
    names = Names(journal)
    files = size = 0
    found: list[tuple[str, str]] = []
    for path in _present(root):
        relative = path.relative_to(root).as_posix()
        files += 1
        size += path.stat().st_size
        if relative.startswith("resources/state/forgetting."):
            continue  # the journal of this very erasure, which goes last
        if what := names.inside(os.fsencode(relative), is_text=True):
            found.append((relative, what))
        if path.suffix == ".parquet":
            found += [(relative, what) for what in _in_table(path, journal, lines, names)]
        found += [(relative, what) for what in _in_bytes(path, lines, names, digests)]
    return Proof(files, size, tuple(dict.fromkeys(found)))


def _present(root: Path) -> Iterator[Path]:
    for place in PLACES:
        for folder, _, names in os.walk(root / place):
            for name in sorted(names):
                path = Path(folder, name)
                if path.is_file() and not path.is_symlink():
                    yield path


def _in_bytes(path: Path, lines: Lines, names: Names, digests: dict[str, str]) -> Iterator[str]:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
        if digest.hexdigest() in digests:
            yield f"the bytes of export {digests[digest.hexdigest()]}"
        stream.seek(0)
        is_text = b"\0" not in stream.read(_HEAD)
        stream.seek(0)
        for inside, text in opened(stream, path.name, lines.passwords):
            where = f" in {inside}" if inside != path.name else ""
            for line in text:
                if lines.has(line):
                    yield f"a line of an erased export{where}"
                if path.name != forgotten.FILE and (what := names.inside(line, is_text=is_text or bool(where))):
                    yield f"{what}{where}"


def _in_table(path: Path, journal: Journal, lines: Lines, names: Names) -> Iterator[str]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    with suppress(pa.ArrowException, OSError), pq.ParquetFile(path) as file:
        schema = file.schema_arrow
        of_subject = journal.subject in path.parts
        is_dated = of_subject and journal.what == PERIOD and {"start_utc", "utc_offset_min"} <= set(schema.names)
        first, last = (number(journal.first), number(journal.last)) if is_dated else (0, -1)
        texts = [field.name for field in schema if _is_text(field.type)]
        times = [name for name in ("start_utc", "end_utc", "utc_offset_min") if is_dated and name in schema.names]
        for batch in file.iter_batches(columns=[*texts, *times]) if texts or times else ():
            if of_subject and "export" in texts and set(_values(batch["export"])) & journal.names_of_exports:
                yield "rows of an erased export"
            if is_dated and any(((each >= first) & (each <= last)).any() for each in local_days(batch)):
                yield "rows of the erased days"
            for name in texts:
                for value in _values(batch[name]):
                    if lines.has(value.encode()):
                        yield f"a line of an erased export in column {name}"
                    if what := names.inside(value.encode(), is_text=True):
                        yield f"{what} in column {name}"


def _is_text(kind: Any) -> bool:
    import pyarrow as pa

    plain = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_string(plain) or pa.types.is_large_string(plain))


def _values(column: Any) -> list[str]:
    """The texts of a column, each once."""
    return [value for value in column.unique().to_pylist() if value]


def _pattern(names: Iterable[str]) -> re.Pattern[bytes] | None:
    """What finds any of these as words of their own; None for no name."""
    written = {form for name in names for form in _forms(name)}
    longest_first = sorted(written, key=len, reverse=True)
    if not written:
        return None
    return re.compile(rb"(?<!\w)(?:" + b"|".join(map(re.escape, longest_first)) + rb")(?!\w)")


def _forms(name: str) -> Iterator[bytes]:
    for text in (name, unicodedata.normalize("NFC", name), unicodedata.normalize("NFD", name)):
        yield text.encode()
        yield json.dumps(text)[1:-1].encode()
        yield quote(text).encode()
    yield name.encode("utf-16-le")
