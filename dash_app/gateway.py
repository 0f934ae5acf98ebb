"""The only door between the page and data. It opens the summary of the synthetic demo subject, and no other."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from pdp.errors import PdpError

SUMMARY = Path("results/summary/demo")
DEMO_SOURCES = {"cuff", "omron", "watch", "band"}  # config/config.yaml


class NoDataError(PdpError):
    """There is nothing to show."""


class Gateway(Protocol):
    """Gives the tables that a page shows."""

    def daily(self, columns: list[str]) -> pa.Table:
        """One row per local day; the fields' metadata hold title, unit and method."""


@dataclass(frozen=True)
class DemoGateway:
    """The demo's summary, whoever asks.

    Args:
        summary: Folder of the demo's summary tables.
    """

    summary: Path = SUMMARY

    def daily(self, columns: list[str]) -> pa.Table:
        """One row per local day.

        Raises:
            NoDataError: The workflow has not built the demo here, or a person of that name is none of ours.
        """
        account = self.summary / "conservation.json"
        if not account.is_file():
            raise NoDataError("the demo is not built yet", where=str(self.summary), hint="Run `make run` first.")
        sources = set(json.loads(account.read_text(encoding="utf-8"))["sources"])
        if sources != DEMO_SOURCES:
            raise NoDataError(
                "the subject demo is not the synthetic one",
                where=str(self.summary),
                hint="Name your own subject otherwise; this page shows the synthetic demo alone.",
            )
        return pq.read_table(self.summary / "daily.parquet", columns=columns)
