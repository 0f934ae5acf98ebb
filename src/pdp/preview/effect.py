"""Which daily values would change, and by how much: the daily table computed without the file and with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pdp import settings, summarize, tables
from pdp.config import Config, Subject
from pdp.gaps import COLUMNS
from pdp.lineage import effects
from pdp.lineage.effects import Pair
from pdp.preview.overlap import Merged
from pdp.summarize.summary_settings import SummarySettings
from pdp.timeframe import ZoneLedger

MOST_ROWS = 2_000_000  # of all measures together: some seconds each way


@dataclass(frozen=True)
class DailyEffect:
    """What differs in the daily values.

    Attributes:
        filled: Local days that get data for the first time.
        emptied: Days that would have none any more.
        changed: By other day and figure, the value before and after in the figure's unit.
    """

    filled: tuple[str, ...]
    emptied: tuple[str, ...]
    changed: Mapping[str, Mapping[str, Pair]]


def daily_effect(
    config: Config, person: Subject, before: Mapping[str, Merged], after: Mapping[str, Merged], folder: Path
) -> DailyEffect | None:
    """Compute the daily table twice; None where there are more than MOST_ROWS rows.

    Args:
        config: Of which `summary` counts.
        person: Whose zones.
        before, after: Every measure of the vocabulary.
        folder: To write to.
    """
    if sum(tables.row_count(made.merged) for made in after.values()) > MOST_ROWS:
        return None
    without = _daily(config, person, before, folder / "daily_without")
    with_it = _daily(config, person, after, folder / "daily_with")
    had, has = _days_with_data(without), _days_with_data(with_it)
    effect = effects.between(without, with_it, ("date",))
    filled, emptied = has - had, had - has
    changed = {day: cells for day, cells in effect.corrected.items() if day not in filled | emptied}
    return DailyEffect(tuple(sorted(filled)), tuple(sorted(emptied)), changed)


def _daily(config: Config, person: Subject, merged: Mapping[str, Merged], folder: Path) -> Path:
    folder.mkdir()
    out = {name: folder / f"{name}.parquet" for name in ("daily", "nights", "agreement")}
    summarize.summarize(
        {measure: made.merged for measure, made in merged.items()},
        {measure: made.superseded for measure, made in merged.items()},
        settings=settings.build(SummarySettings, config.summary),
        ledger=ZoneLedger.from_config(person.time_zone),
        out=out,
    )
    return out["daily"]


def _days_with_data(daily: Path) -> set[str]:
    rows = tables.read(daily, ["date", *COLUMNS.values()]).to_pylist()
    return {row["date"].isoformat() for row in rows if any(row[name] for name in COLUMNS.values())}
