"""What a summary table was made of: the settings that its job ran with, and the tables that it read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from sqlalchemy.orm import Session

from pdp.lineage import chain, dataset_names
from pdp.vocabulary import MEASURES

if TYPE_CHECKING:
    from pdp.home_bp import HomeBpSettings, Readings
    from pdp.summarize.summary_settings import SummarySettings
    from pdp.timeframe import ZoneLedger


@dataclass(frozen=True)
class Inputs:
    """What a summary table was made of.

    Attributes:
        recorded: The settings in the key of the job that made it.
        root: The results folder.
        subject: Whose.
    """

    recorded: Mapping[str, Any]
    root: Path
    subject: str

    @classmethod
    def of(cls, session: Session, root: Path, path: str) -> Inputs:
        """Of the current version of a table, by the job that made it last; with the usual settings where none did."""
        links = chain.chain(session, path, lambda _: False)
        return cls(links[0].settings if links else {}, root, dataset_names.subject_of(path))

    @property
    def merged(self) -> dict[str, Path]:
        """Measure -> merged table."""
        return {measure: self.root / "merged" / self.subject / f"{measure}.parquet" for measure in MEASURES}

    @property
    def superseded(self) -> dict[str, Path]:
        """Measure -> rows that were not chosen."""
        return {measure: self.root / "superseded" / self.subject / f"{measure}.parquet" for measure in MEASURES}

    def summary(self, name: str) -> pa.Table:
        """Another summary table, as it stands."""
        from pdp import tables

        return tables.read(self.root / "summary" / self.subject / f"{name}.parquet")

    @property
    def settings(self) -> SummarySettings:
        """How days and nights were computed."""
        from pdp import settings
        from pdp.summarize.summary_settings import SummarySettings

        return settings.build(SummarySettings, self.recorded.get("summary") or {})

    @property
    def home_bp(self) -> HomeBpSettings:
        """How blood pressure was looked at."""
        from pdp import settings
        from pdp.home_bp import HomeBpSettings

        return settings.build(HomeBpSettings, self.recorded.get("home_bp") or {})

    @property
    def ledger(self) -> ZoneLedger:
        """The subject's zones."""
        from pdp.timeframe import ZoneLedger

        return ZoneLedger.from_config(self.recorded.get("time_zone", "UTC"))

    def readings(self) -> Readings:
        """Blood pressure, by the recorded windows of the day."""
        from pdp import tables
        from pdp.home_bp import COLUMNS, Readings

        table = tables.read(self.merged["blood_pressure"], COLUMNS)
        return Readings.of(table, self.settings, self.home_bp.session_gap_min)
