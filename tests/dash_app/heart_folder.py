"""A working folder with the results of a made-up person who has heart rate, or none."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from dash_app.gateway import Dataset
from dash_app.gateway_demo import EXPORTS
from dash_app.view import View
from pdp import described, heart_rate, pyramid, tables
from pdp.summarize import summarize
from pdp.summarize.summary_settings import SummarySettings
from pdp.trends.clock import clock
from pdp.trends.rolling import trends
from tests.dash_app.synthetic import ACCOUNT
from tests.summary_subject import Subject


def results(subject: Subject, root: Path) -> Dataset:
    """What the rules make of a person's merged rows; the gateway of the demo accepts it.

    Args:
        subject: The person.
        root: An empty folder.
    """
    made, _ = subject.write(root / "work")
    merged = {name: root / f"results/merged/demo/{name}.parquet" for name in made}
    summary = root / "results/summary/demo"
    summary.mkdir(parents=True)
    merged["heart_rate"].parent.mkdir(parents=True)
    for name, path in made.items():
        _as_of_the_demo(path)
        path.replace(merged[name])
    settings, ledger = SummarySettings(), subject.ledger
    superseded = {name: root / f"work/superseded/{name}.parquet" for name in made}
    out = {name: summary / f"{name}.parquet" for name in ("daily", "nights", "agreement")}
    summarize(merged, superseded, settings=settings, ledger=ledger, out=out)
    pyramid.build(merged["heart_rate"], {each.table: summary / f"{each.table}.parquet" for each in pyramid.LEVELS})
    own = {name: summary / f"{name}.parquet" for name in heart_rate.TABLES}
    heart_rate.build(merged, settings=settings, ledger=ledger, out=own)
    daily = tables.read(out["daily"])
    described.write(summary / "clock.parquet", clock(daily["date"].to_pylist(), ledger))
    described.write(summary / "trends.parquet", trends(daily))
    (summary / "conservation.json").write_text(ACCOUNT)
    return Dataset(True, "demo", "v", datetime(2026, 4, 1, tzinfo=UTC), "run-1", root)


def _as_of_the_demo(path: Path) -> None:
    """Rows that say they come of one of the demo's exports."""
    table = pq.read_table(path)
    at = table.schema.get_field_index("export")
    export = pa.array([sorted(EXPORTS)[0][:16]] * len(table), pa.string()).cast(table.schema.field(at).type)
    pq.write_table(table.set_column(at, table.schema.field(at), export), path)


def view(data: Dataset, **more: Any) -> View:
    """All days of the data."""
    days = data.table("daily", ["date"])["date"].to_pylist()
    span = {"first": days[0], "last": days[-1], "data_first": days[0], "data_last": days[-1]}
    return View(**{**span, "path": "/heart-rate", **more})
