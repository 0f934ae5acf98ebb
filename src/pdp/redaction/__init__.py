"""A raw export without some days: a copy that holds its headers and those records alone that are read and lie outside.

What no rule can date (unread records, other people's, measures we do not know, files of a zip that are not read, titles
above a header, all of a workbook but its cells) may belong to these days, so it is not in the copy. The copy is read as
the original was, and taken only if every reading comes out as before; what can't be cut like that is left to whoever
asks, with the reason. The same bytes and days make the same copy on any machine. A zip's copy has no password.
"""

from __future__ import annotations

import hashlib
import inspect
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from pdp.errors import PdpError, UnreadableExportError
from pdp.redaction import cutting
from pdp.redaction.reading import Taken, is_same, kept_records, read, readings_days
from pdp.redaction.staying import Integers, Staying, WholeOnlyError
from pdp.timeframe import ZoneLedger

if TYPE_CHECKING:
    from pdp.export import Export

_KEPT = ("header", "blank")  # records that belong to no day
_NO_ROWS = np.array([], np.int64)


class CannotRedactError(PdpError):
    """These days can't be taken out of an export; the rest of it would not be what it was."""


class UndatedError(CannotRedactError):
    """The export can't be read, so nobody can tell its days."""


@dataclass(frozen=True)
class How:
    """How an export is read, as configured.

    Attributes:
        format: A module of pdp.formats.
        settings: Its Settings.
        device: Where the export names none.
        time_zone: Of the source's clock.
        passwords: Tried in turn.
    """

    format: str
    settings: Mapping[str, Any]
    device: str
    time_zone: Any
    passwords: tuple[str, ...] = ()

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> How:
        """From the settings in a key of normalize.

        Raises:
            ConfigError: A password's variable is not set.
        """
        from pdp.secrets import passwords

        return cls(
            str(said["format"]),
            said.get("settings") or {},
            str(said.get("device") or ""),
            said["time_zone"],
            passwords(said.get("passwords_from") or ()),
        )


@dataclass(frozen=True)
class Copy:
    """What is left of an export.

    Attributes:
        path: The copy; None where no reading would be left.
        sha256, bytes: Of it.
        rows: Readings that it holds.
        gone: Readings of the days that it lacks.
        undated: Records that it lacks because nobody can tell their day.
        days: Local days that it holds.
    """

    path: Path | None
    sha256: str
    bytes: int
    rows: int
    gone: int
    undated: int
    days: int


def copy_without(file: Path, source: str, how: How, days: Sequence[Sequence[str]], folder: Path) -> Copy | None:
    """Make a copy of a raw export that lacks some days.

    Args:
        file: The raw export.
        source: Its source's name.
        how: How it is read.
        days: First and last local day of each period, ISO 8601.
        folder: Empty; the copy and tables on the way are written there.

    Returns:
        The copy; None where no reading of the export touches these days.

    Raises:
        CannotRedactError: It has readings of these days, and they can't be taken out alone; says why.
        UndatedError: It can't be read.
    """
    from pdp import formats, settings
    from pdp.export import open_export

    module = formats.load(how.format)
    chosen = settings.build(module.Settings, how.settings)
    ledger = ZoneLedger.from_config(how.time_zone)
    arguments = {"module": module, "settings": chosen, "ledger": ledger, "source": source, "device": how.device}
    whole = read(file, folder / "whole", passwords=how.passwords, **arguments)
    if whole.tally.unreadable:
        raise UndatedError(f"it can't be read ({whole.tally.unreadable.replace('_', ' ')}).")
    left = read(file, folder / "left", passwords=how.passwords, days=days, **arguments)
    gone = whole.rows - left.rows
    if not gone:
        return None
    if not left.rows:
        return Copy(None, "", 0, 0, gone, whole.undated, 0)
    if whole.tally.damaged:
        raise CannotRedactError("a part of it is damaged.")
    readings = kept_records(whole, left)
    results = 0
    for at, (cut, has_titles) in enumerate(product(cutting.WAYS, (False, True))):
        copy = folder / f"copy-{at}"
        try:
            with open_export(file, how.passwords) as export:
                if at == 0:
                    with_titles = _staying(module, export, chosen, ledger, readings)
                made = cutting.write(export, cut, with_titles if has_titles else with_titles.without_titles(), copy)
        except UnreadableExportError as error:
            raise CannotRedactError(error.what) from error
        except WholeOnlyError as error:
            raise CannotRedactError(str(error)) from error
        results = max(results, made.results)
        if not made.is_made:
            continue
        again = read(copy, folder / f"again-{at}", passwords=how.passwords, **arguments)
        if not again.undated and is_same(left, again):
            digest = hashlib.sha256(copy.read_bytes()).hexdigest()
            return Copy(copy, digest, copy.stat().st_size, left.rows, gone, whole.undated, readings_days(left))
    if results:
        raise CannotRedactError(
            "it would be read otherwise without the days and the results of formulas that look at other rows or sheets."
        )
    raise CannotRedactError(
        "its records can't be told apart in its bytes, or would be read otherwise without the days."
    )


def _staying(
    module: ModuleType, export: Export, settings: object, ledger: ZoneLedger, readings: Mapping[str, Integers]
) -> Staying:
    """With all headers and blank records."""
    from pdp.formats import Extent, OutOfScope

    more = {"ledger": ledger} if "ledger" in inspect.signature(module.parse).parameters else {}
    found: dict[str, dict[str, list[Integers]]] = {reason: defaultdict(list) for reason in _KEPT}
    extent: dict[str, int] = {}
    for part in module.parse(export, settings, **more):
        if isinstance(part, OutOfScope) and part.reason in _KEPT:
            found[part.reason][part.member].append(part.rows.astype(np.int64))
        elif isinstance(part, Extent):
            extent[part.member] = part.records
    header, blank = (
        {member: np.unique(np.concatenate([*found[reason][member], _NO_ROWS])) for member in extent} for reason in _KEPT
    )
    return Staying(readings, header, blank, extent)


__all__ = ["CannotRedactError", "Copy", "How", "Taken", "UndatedError", "copy_without"]
