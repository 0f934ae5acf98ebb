"""What bytes mean: one module per format, found by its file name. No registry.

A format module has:
    TITLE      one line for people: what makes such files.
    MEASURES   a literal tuple of names from pdp.vocabulary (read without importing the module).
    LEFT_OUT   what such an export holds besides and nobody takes, for people.
    Settings   a frozen dataclass; every field has a default or is documented as required.
    sniff(export) -> bool      looks like mine? Cheap: names and first bytes only. Never raises.
    parse(export, settings) -> Iterator[Parsed]   everything in the export, in bounded memory.

parse yields, in any order and as often as it likes: Rows (readings), Unread (records no rule could
read), OutOfScope (records that hold no measure of ours: headers, blanks, other people, other keys)
and, once per member that it opened, Extent (how many records the member has, counted by the reader
and not by the rules). normalize proves that every record 1..n stands in at least one of the first
three. A fault of the whole export is UnreadableExportError, of one member DamagedMemberError.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pdp.errors import ConfigError, UnreadableExportError, nearest

UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")  # with which Windows begins such a text
RowNumbers = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Rows:
    """Readings of one measure from one member, as the file gives them.

    Attributes:
        measure: Name in the vocabulary.
        member: File inside the export; "" for an export that is a single file.
        clock: What `start` and `end` are: "utc", or "local" (wall clock, no zone).
        modality: "sensed" or "self_reported".
        table: Columns row (int32, 1-based record number in the member, header counted) and start
            (timestamp[ms], naive), then as available end (timestamp[ms], naive), utc_offset_min
            (int16, where the file records it), offset_from and offset_to (timestamp[ms], for clock "utc":
            the stretch, such as a night, that one offset was recorded for), device, flags, fault
            (strings or dictionaries) and the measure's own columns. What is left out is null; device defaults to "".
            Rows stand in file order, which is what decides the hour that occurs twice.
    """

    measure: str
    member: str
    clock: Literal["utc", "local"]
    modality: Literal["sensed", "self_reported"]
    table: pa.Table


@dataclass(frozen=True)
class UnreadRecord:
    """A record no rule could read. `reason` is a short code, `detail` a sentence, `text` the record."""

    row: int
    reason: str
    detail: str = ""
    text: str = ""


@dataclass(frozen=True)
class Unread:
    """Records of one member that no rule could read."""

    member: str
    records: Sequence[UnreadRecord]


@dataclass(frozen=True)
class OutOfScope:
    """Records of one member that hold nothing we take in. `reason`: header, blank, other_person, other_key, no_data."""

    member: str
    reason: str
    rows: RowNumbers


@dataclass(frozen=True)
class Extent:
    """How many records a member has, header and blank ones counted.

    `read_as` says how it was read where it might have been read otherwise: encoding, order of dates. No value.
    """

    member: str
    records: int
    read_as: str = ""


Parsed = Rows | Unread | OutOfScope | Extent


def names() -> list[str]:
    """The formats there are, by file name."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def load(name: str) -> ModuleType:
    """The format's module.

    Raises:
        ConfigError: No such format; names the known ones and the nearest.
    """
    if name not in names():
        raise ConfigError(f'there is no format "{name}".', hint=nearest(name, names()))
    return importlib.import_module(f"{__name__}.{name}")


def recognise(export: object) -> list[str]:
    """The formats that say an export looks like theirs."""
    return [name for name in names() if load(name).sniff(export)]


def unlike(export: object, name: str, title: str) -> UnreadableExportError:
    """The error of a format in whose export nothing is its own.

    Args:
        export: Opened.
        name: The format's own name.
        title: What it reads, with its article: "a Zepp Life export".

    Returns:
        wrong_format, with the format that the export looks like, or else what may have happened to it.
    """
    others = [other for other in recognise(export) if other != name]
    what = f"does not look like {title}"
    if others:
        what += f"; it looks like {' or '.join(others)}."
        return UnreadableExportError("wrong_format", what, hint=f"Set format: {others[0]}.")
    head: bytes = export.head(size=2) if export.kind == "file" else b""  # type: ignore[attr-defined]
    if head in UTF16_MARKS:
        what += ": it is UTF-16 text, as a spreadsheet or an editor saves it."
        return UnreadableExportError("wrong_format", what, hint="Give it as the app exported it.")
    hint = f"Is it the whole export, as the app gave it? Formats that can be set: {', '.join(names())}."
    return UnreadableExportError("wrong_format", f"{what}, nor like any other format.", hint=hint)


__all__ = [
    *("Extent", "OutOfScope", "Parsed", "Rows", "Unread", "UnreadRecord"),
    *("load", "names", "recognise", "unlike"),
]
