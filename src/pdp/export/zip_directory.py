"""A zip's own directory, believed only after it has been checked: names, places and sizes."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import pyzipper

from pdp.errors import UnreadableExportError

AGAIN = "Copy or download the export again."

_STARTS = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_END_RECORD = b"PK\x05\x06"
_END_SIZE = 22
_MAX_COMMENT = 0xFFFF
_PADDING = b"\0\r\n \x1a"  # what mail and terminals have been seen to append to a file
_LOCAL_HEADER_SIZE = 30
_MANY = 0xFFFF  # what the end record says where a ZIP64 record has the true number


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


def read_directory(path: Path, limits: Limits) -> list[Any] | None:
    """pyzipper's entries of a zip, folders among them; None for a file that is not a zip at all.

    Raises:
        UnreadableExportError: truncated, not_a_zip, zip_bomb, overlapping_entries, absurd_entries.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(4)
        count = _end_record(file, size)
    if start not in _STARTS:
        if count is None:
            return None
        raise UnreadableExportError("not_a_zip", "the file ends like a zip but does not begin like one.", hint=AGAIN)
    if count is None:
        what = "the zip is cut off: its directory, which stands at the end, is missing."
        raise UnreadableExportError("truncated", what, hint=AGAIN)
    if count != _MANY:
        _check_count(count, limits)
    infos = _entries(path)
    _check_count(len(infos), limits)
    _check_names(infos)
    _check_places(infos, size)
    _check_sizes(infos, limits)
    return infos


def _check_count(count: int, limits: Limits) -> None:
    if count > limits.max_members:
        raise _absurd(f"it has {count} entries, the limit is {limits.max_members}")


def _absurd(what: str) -> UnreadableExportError:
    hint = "No health app writes such a zip: unpack it, look at it, and pack the files again."
    return UnreadableExportError("absurd_entries", f"the zip is not believable: {what}.", hint=hint)


def _end_record(file: BinaryIO, size: int) -> int | None:
    """The number of entries, from the record that ends every zip; None if there is no such record.

    A CSV can hold the four magic bytes by chance: the record must reach the end of the file too, padding aside.
    """
    tail_size = min(size, _END_SIZE + _MAX_COMMENT)
    file.seek(size - tail_size)
    tail = file.read()
    at = tail.rfind(_END_RECORD)
    while at >= 0:
        if at + _END_SIZE <= len(tail):
            comment = int.from_bytes(tail[at + 20 : at + 22], "little")
            rest = tail[at + _END_SIZE + comment :]
            if at + _END_SIZE + comment <= len(tail) and not rest.strip(_PADDING):
                return int.from_bytes(tail[at + 10 : at + 12], "little")
        at = tail.rfind(_END_RECORD, 0, at)
    return None


# all that pyzipper is known to raise on damaged bytes
_FAULTS = (
    pyzipper.BadZipFile,
    NotImplementedError,
    ValueError,
    OSError,
    OverflowError,
    IndexError,
    struct.error,
    AttributeError,
)


def _entries(path: Path) -> list[Any]:
    try:
        with pyzipper.AESZipFile(path) as archive:
            return list(archive.infolist())
    except _FAULTS as error:
        raise UnreadableExportError("truncated", "the zip's directory is damaged.", hint=AGAIN) from error


def _check_names(infos: Sequence[Any]) -> None:
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
    limits = [*(info.header_offset for info in ordered[1:]), size][: len(ordered)]
    for info, limit in zip(ordered, limits, strict=True):
        if info.header_offset < 0:
            raise UnreadableExportError("truncated", "the zip's beginning is missing.", hint=AGAIN)
        least = _LOCAL_HEADER_SIZE + len(info.orig_filename) + info.compress_size
        if info.header_offset + least > limit:
            what = "files inside the zip overlap, as in a zip bomb, or reach beyond its end."
            raise UnreadableExportError("overlapping_entries", what, hint=AGAIN)


def _check_sizes(infos: Sequence[Any], limits: Limits) -> None:
    total = sum(info.file_size for info in infos)
    if total > limits.max_bytes:
        gib = 1024**3
        what = f"unpacked, the zip would take {total / gib:.3g} GiB; the limit is {limits.max_bytes / gib:.3g} GiB."
        raise UnreadableExportError("zip_bomb", what, hint="If that is honest, split the export.")
    for info in infos:
        ratio = info.file_size / max(info.compress_size, 1)
        if info.file_size > limits.ratio_from_bytes and ratio > limits.max_ratio:
            what = f"one file in the zip unpacks to {ratio:.0f} times its size; the limit is {limits.max_ratio:.0f}."
            raise UnreadableExportError(
                "zip_bomb", what, hint="If that is honest, unpack it and give the files one by one."
            )
