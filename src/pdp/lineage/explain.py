"""Where a number comes from: the rows behind it, the raw records behind those, and the jobs in between."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy.orm import Session

from pdp.errors import PdpError, RegistryError
from pdp.lineage import chain, dataset_names, erased, rows_where, trace
from pdp.lineage.summary_inputs import Inputs
from pdp.vocabulary import MEASURES

_LAYERS = ("summary", "superseded", "merged", "validated", "normalized", "raw")
_ORIGIN = ("source", "export", "member", "row")
_NIGHT = "sleep_total_min"  # the figure that rests on all sleeps and stages of a night


def figure(session: Session, root: Path, path: str, day: datetime.date, name: str) -> dict[str, Any]:
    """A figure of a day: what the table shows, the rows it was computed from, and the same number computed again.

    Args:
        session: Of the registry.
        root: The results folder.
        path: results/summary/<subject>/daily.parquet.
        day: The local day.
        name: Column of the daily table.

    Raises:
        PdpError: No such figure, day or table.
    """
    from pdp.summarize import figures

    subject = dataset_names.subject_of(path)
    shown = _cell(root.absolute().parent / path, day, name, list(figures.FIGURES))
    made = Inputs.of(session, root, path)
    rows = figures.contributing(name, day, made.merged, made.settings, made.ledger)
    again = figures.compute(name, rows, day, made.settings, made.ledger)
    about = figures.FIGURES[name]
    if about.is_count and again is None:
        again = 0
    measures = sorted({*rows["measure"].cast(pa.string()).to_pylist()} or {about.measure})
    return {
        "dataset": path,
        "subject": subject,
        "day": day.isoformat(),
        "figure": {"name": name, "title": about.title, "unit": about.unit, "method": about.method},
        "shown": shown,
        "computed_again": again,
        "is_equal": shown == again,
        "erased": [] if len(rows) else erased.sentences(root, subject, day.isoformat()),
        **_origins(session, root, subject, rows),
        "chain": _chain(session, path, measures, rows),
    }


def night(session: Session, root: Path, path: str, day: datetime.date) -> dict[str, Any]:
    """A night: the row of the table, and the sleeps and stages that it was computed from.

    Args:
        session: Of the registry.
        root: The results folder.
        path: results/summary/<subject>/nights.parquet.
        day: The local day that it belongs to.

    Raises:
        PdpError: No such night or table.
    """
    from pdp.summarize import figures

    subject = dataset_names.subject_of(path)
    record = _record(root.absolute().parent / path, day, "night_date")
    made = Inputs.of(session, root, path)
    rows = figures.contributing(_NIGHT, day, made.merged, made.settings, made.ledger)
    again = figures.compute(_NIGHT, rows, day, made.settings, made.ledger)
    return {
        "dataset": path,
        "subject": subject,
        "day": day.isoformat(),
        "night": {key: _plain(value) for key, value in record.items()},
        "shown": record["total_sleep_min"],
        "computed_again": again,
        "is_equal": record["total_sleep_min"] == again,
        "erased": [] if len(rows) else erased.sentences(root, subject, day.isoformat()),
        **_origins(session, root, subject, rows),
        "chain": _chain(session, path, ("sleep_episode", "sleep_stage"), rows),
    }


def day_of(root: Path, path: str, day: datetime.date) -> dict[str, Any]:
    """All figures of a day that have a value."""
    record = _record(root.absolute().parent / path, day)
    return {
        "dataset": path,
        "day": day.isoformat(),
        "figures": {k: v for k, v in record.items() if v is not None and k != "date"},
    }


def rows(session: Session, root: Path, path: str, conditions: Sequence[str]) -> dict[str, Any]:
    """Rows of any table, and where they come from if they say so themselves.

    Raises:
        PdpError: No table, or a condition that does not fit it.
    """
    place = root.absolute().parent / path
    if place.suffix != ".parquet" or not place.exists():
        raise PdpError("there is no such table on the disk.", where=path, hint="--where picks rows of a Parquet table.")
    found = rows_where.select(place, conditions)
    subject, measure = dataset_names.subject_of(path), place.stem
    gone = [] if len(found) else erased.sentences(root, subject)
    answer: dict[str, Any] = {"dataset": path, "where": list(conditions), "matching": len(found), "erased": gone}
    if measure in MEASURES and all(name in found.column_names for name in _ORIGIN):
        named = found.add_column(0, "measure", pa.array([measure] * len(found), pa.string()))
        answer |= {"subject": subject, **_origins(session, root, subject, named)}
        answer["chain"] = _chain(session, path, [measure], named)
    else:
        answer["rows"] = [{key: _plain(value) for key, value in record.items()} for record in found.to_pylist()]
        answer["chain"] = [asdict(link) for link in chain.chain(session, path, lambda one: False)]
    return answer


def dataset(session: Session, path: str) -> dict[str, Any]:
    """A dataset as a whole: the jobs behind its current version."""
    links = chain.chain(session, path)
    if not links:
        raise RegistryError("no version of it is on record.", where=path, hint="pdp history lists what there was.")
    return {"dataset": path, "chain": [asdict(link) for link in links]}


def _origins(session: Session, root: Path, subject: str, found: pa.Table) -> dict[str, Any]:
    traced = trace.trace(session, root, subject, found)
    return {"rows": [asdict(row) for row in traced.rows], "exports": [asdict(export) for export in traced.exports]}


def _chain(session: Session, path: str, measures: Sequence[str], found: pa.Table) -> list[dict[str, Any]]:
    """The way from the table to the raw exports of these rows, and nothing beside it."""
    origins = {*found["export"].cast(pa.string()).to_pylist()}

    def is_on_the_way(one: str) -> bool:
        layer, stem = one.split("/")[1], one.rsplit("/", 1)[-1].split(".")[0]
        if layer == "merged":
            return stem in measures
        if layer in ("validated", "normalized"):
            return stem in measures and one.split("/")[-2] in origins
        return layer == "raw" and stem in origins

    links = chain.chain(session, path, is_on_the_way)
    # summarize reads every layer (it proves that no row is lost); the way of a number leads through each in turn
    links.sort(key=lambda link: _LAYERS.index(link.path.split("/")[1]) if link.path.split("/")[1] in _LAYERS else 0)
    return [asdict(link) for link in links]


def _record(place: Path, day: datetime.date, column: str = "date") -> dict[str, Any]:
    from pdp import tables

    if not place.exists():
        raise PdpError("the table is not on the disk.", where=str(place), hint="Run the pipeline: snakemake --cores 4")
    table = tables.read(place)
    for record in table.filter(pc.equal(table[column], pa.scalar(day, table[column].type))).to_pylist():
        return dict(record)
    days = table[column].to_pylist()
    span = f"It has {days[0]} to {days[-1]}." if days else "It is empty."
    what = "day" if column == "date" else "night of"
    root, subject = place.parents[2], place.parent.name
    hint = f"{span}{erased.hint(root, subject, day.isoformat())}"
    raise PdpError(f"there is no {what} {day}.", where=str(place), hint=hint)


def _cell(place: Path, day: datetime.date, name: str, known: Sequence[str]) -> Any:
    from pdp.errors import nearest

    if name not in known:
        raise PdpError(f'there is no figure "{name}" in the daily table.', hint=nearest(name, known))
    return _record(place, day)[name]


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime.date | datetime.datetime) else value
