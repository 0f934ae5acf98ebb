"""Bring one raw export into the canonical tables, one per measure, and prove that no record was lost."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

from pdp.errors import DamagedMemberError, UnreadableExportError
from pdp.formats import Parsed
from pdp.normalize.intake import TALLY_KEY, UNREAD, Intake, Tally, Writers
from pdp.normalize.placing import Origin
from pdp.timeframe import ZoneLedger

if TYPE_CHECKING:
    from pdp.export import Export

__all__ = ["TALLY_KEY", "UNREAD", "Tally", "normalize", "normalize_file"]


def normalize(
    export: Export,
    format: ModuleType,
    settings: object,
    *,
    source: str,
    ledger: ZoneLedger,
    writers: Callable[[], Writers],
    device: str = "",
    on_unreadable: str = "keep",
    forgotten_days: Sequence[Sequence[str]] = (),
) -> Tally:
    """Write every measure of one export, and `unread` for what no rule could read.

    Args:
        export: The raw file, opened.
        format: A module of pdp.formats.
        settings: Its Settings.
        source: Name of the source.
        ledger: Zones of the local times.
        writers: Makes fresh writers by measure, and one named "unread". Called again when a damaged member
            shows itself half-way: the old ones are discarded and the export read anew without it. Those
            made last are closed when this returns; the tally is in the metadata of unread ("pdp.tally").
        device: Name of the device where the export itself names none.
        on_unreadable: "keep": an export or a member that can't be read is a row of unread; "fail": an error.
        forgotten_days: First and last local day of periods whose rows are counted, and written nowhere.

    Raises:
        ConservationError: A record of a member came out under no name.
        UnreadableExportError: Only if on_unreadable is "fail".
    """
    origin = Origin(source, export.digest, device)
    damaged: dict[str, DamagedMemberError] = {}
    while True:
        intake = Intake(origin, ledger, writers(), forgotten_days)
        try:
            try:
                intake.take(_parse(format, export, settings, ledger, damaged))
                intake.prove()
            except UnreadableExportError as error:
                if on_unreadable == "fail":
                    raise
                intake.discard()
                if isinstance(error, DamagedMemberError) and export.kind == "zip" and error.member not in damaged:
                    damaged[error.member] = error
                    continue
                intake = Intake(origin, ledger, writers(), forgotten_days)
                if not (damaged and error.reason == "wrong_format"):
                    # else the damaged members were all that there was to recognise: their faults are the cause
                    intake.unreadable(error)
            for fault in damaged.values():
                intake.damaged(fault)
            intake.tally.ignored = _ignored(export, intake.tally)
            return intake.close()
        except BaseException:
            intake.discard()
            raise


def normalize_file(
    path: Path,
    format: ModuleType,
    settings: object,
    *,
    passwords: Sequence[str] = (),
    source: str,
    ledger: ZoneLedger,
    writers: Callable[[], Writers],
    device: str = "",
    on_unreadable: str = "keep",
    forgotten_days: Sequence[Sequence[str]] = (),
) -> Tally:
    """Open a raw export and normalize it; one that can't even be opened is a row of unread, too."""
    from pdp.export import open_export

    try:
        export = open_export(path, passwords)
    except UnreadableExportError as error:
        if on_unreadable == "fail":
            raise
        intake = Intake(Origin(source, path.name, device), ledger, writers())
        intake.unreadable(error)
        return intake.close()
    with export:
        return normalize(
            export,
            format,
            settings,
            source=source,
            ledger=ledger,
            writers=writers,
            device=device,
            on_unreadable=on_unreadable,
            forgotten_days=forgotten_days,
        )


def _parse(
    format: ModuleType, export: Export, settings: object, ledger: ZoneLedger, damaged: Mapping[str, object]
) -> Iterator[Parsed]:
    """Some formats anchor their local times to UTC ones in the same export and so need the ledger."""
    more = {"ledger": ledger} if "ledger" in inspect.signature(format.parse).parameters else {}
    whole = cast("Export", _Without(export, damaged)) if damaged else export
    parsed: Iterator[Parsed] = format.parse(whole, settings, **more)
    return parsed


class _Without:
    """An export without the members that can't be read."""

    def __init__(self, export: Export, damaged: Mapping[str, object]) -> None:
        self._export, self._damaged = export, damaged
        self.members = tuple(member for member in export.members if member.name not in damaged)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._export, name)

    def open(self, member: str = "") -> Any:
        if member in self._damaged:
            raise KeyError(member)
        return self._export.open(member)

    def head(self, member: str = "", size: int = 4096) -> bytes:
        return b"" if member in self._damaged else self._export.head(member, size)


def _ignored(export: Export, tally: Tally) -> list[str]:
    known = {*tally.members, *tally.damaged}
    return [] if tally.unreadable else [member.name for member in export.members if member.name not in known]
