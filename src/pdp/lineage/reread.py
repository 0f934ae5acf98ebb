"""One raw export read and checked again by its own stages, into a folder aside: normalize, then validate."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from pdp.normalize import Tally
from pdp.validate import Counts
from pdp.vocabulary import MEASURES

if TYPE_CHECKING:
    from pdp.tables import SortingWriter


@dataclass(frozen=True)
class HowRead:
    """With which settings an export is read and checked.

    Attributes:
        format: A module of pdp.formats.
        settings: Its Settings, as configured.
        device: Where the export itself names none.
        time_zone: Of the source's clock, as configured.
        passwords: Tried in turn.
        limits: As configured.
        arrived_ms: When the export was first seen, ms since 1970 UTC.
        forgotten_days: First and last local day of periods that the person had erased.
    """

    format: str
    settings: Mapping[str, Any]
    device: str
    time_zone: Any
    passwords: tuple[str, ...]
    limits: Mapping[str, Any]
    arrived_ms: int | None
    forgotten_days: Sequence[Sequence[str]] = ()


@dataclass(frozen=True)
class Reread:
    """What came of it: tables in a folder, and their counts."""

    folder: Path
    tally: Tally
    counts: Counts

    def normalized(self, measure: str) -> Path:
        """Every reading of a measure (pdp.schemas.normalized)."""
        return self.folder / "normalized" / f"{measure}.parquet"

    def validated(self, measure: str) -> Path:
        """Those that were accepted (pdp.schemas.validated)."""
        return self.folder / "validated" / f"{measure}.parquet"

    @property
    def unread(self) -> Path:
        """Records without a reading (pdp.schemas.UNREAD)."""
        return self.normalized("unread")

    @property
    def quarantine(self) -> Path:
        """Readings that were refused (pdp.schemas.QUARANTINE)."""
        return self.folder / "quarantine.parquet"


def reread(file: Path, source: str, how: HowRead, folder: Path) -> Reread:
    """Take a file through both stages. One that can't be read is a row of unread.

    Args:
        file: Named as in the raw store: the name becomes the export's.
        source: Of which source.
        how: With which settings.
        folder: Where to write; `normalized` and `validated` are made in it.

    Raises:
        ConfigError: No such format, or settings that it refuses.
    """
    from pdp import formats, normalize, schemas, settings, tables, validate
    from pdp.limits import Limits
    from pdp.timeframe import ZoneLedger

    module = formats.load(how.format)
    normalized, validated = folder / "normalized", folder / "validated"
    normalized.mkdir(parents=True)
    validated.mkdir()
    tally = normalize.normalize_file(
        file,
        module,
        settings.build(module.Settings, how.settings),
        passwords=how.passwords,
        source=source,
        ledger=ZoneLedger.from_config(how.time_zone),
        writers=lambda: _writers(normalized, (*MEASURES, normalize.UNREAD), schemas.of_normalize),
        device=how.device,
        forgotten_days=how.forgotten_days,
    )
    counts = validate.validate(
        {measure: normalized / f"{measure}.parquet" for measure in MEASURES},
        writers=_writers(validated, MEASURES, schemas.validated),
        quarantine=tables.SortingWriter(folder / "quarantine.parquet", schemas.QUARANTINE),
        limits=Limits.from_config(how.limits),
        arrived_ms=how.arrived_ms,
    )
    return Reread(folder, tally, counts)


def _writers(folder: Path, names: Iterable[str], schema: Callable[[str], pa.Schema]) -> dict[str, SortingWriter]:
    from pdp import tables

    return {name: tables.SortingWriter(folder / f"{name}.parquet", schema(name)) for name in names}
