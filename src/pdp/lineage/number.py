"""One number of any summary table: what the table shows, the same computed again, and the way back to the raw bytes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
from sqlalchemy.orm import Session

from pdp import store
from pdp.errors import RegistryError
from pdp.lineage import behind, cell, chain, explain, recompute
from pdp.lineage.behind import Behind
from pdp.lineage.cell import Asked
from pdp.lineage.chain import Link
from pdp.lineage.summary_inputs import Inputs

SAME, DIFFERS, NOT_COMPUTED = "same", "differs", "not_computed"
_LAYERS = ("summary", "merged", "validated", "normalized", "raw")


@dataclass(frozen=True)
class Number:
    """The answer.

    Attributes:
        row: The whole row that it stands in; {} where the day has none.
        others: What tells the other rows of the same day apart, for further questions.
        shown, again: The number in the table, and computed now.
        of_what: Title of the figure, in tables that have a row per figure; "" elsewhere.
        verdict: same, differs, or not_computed with the reason in `why`.
        behind: The rows or days that it was computed from, with their raw records.
        chain: The jobs between: the table first.
        is_intact: Whether the table on the disk is the one that its job vouched for.
    """

    asked: Asked
    path: str
    title: str
    unit: str
    of_what: str
    method: str
    row: Mapping[str, Any]
    others: tuple[Mapping[str, str], ...]
    shown: Any
    again: Any
    verdict: str
    why: str
    behind: Behind
    chain: tuple[Link, ...]
    is_intact: bool

    @property
    def has_days(self) -> bool:
        """Whether the table's rows are of days."""
        return "start_utc" in self.row or any(name in self.row for name in cell.DAYS)


def tell(session: Session, root: Path, subject: str, asked: Asked) -> Number:
    """Where a number comes from, and whether it comes out again.

    Args:
        session: Of the registry.
        root: The results folder.
        subject: Whose.

    Raises:
        PdpError: No such table, column or row.
    """
    found = shown(root, subject, asked)
    path, place = found.path, _place(root, subject, asked)
    links = chain.chain(session, path, lambda one: False)
    if not links:
        raise RegistryError("no run on record made it.", where=asked.table, hint="Run the workflow: make run.")
    inputs = Inputs(links[0].settings, root, subject)
    if asked.since is not None:
        again, why, rests = _sum_again(asked, inputs, cell.read(place, asked))
    else:
        again, why, rests = _again(session, root, path, asked, cell.read(place, asked), found.row, inputs)
    return replace(
        found,
        again=again,
        verdict=NOT_COMPUTED if why else SAME if found.shown == again else DIFFERS,
        why=why,
        behind=rests,
        chain=tuple(_way(session, path, rests)),
        is_intact=_is_intact(place, links[0].sha256),
    )


def shown(root: Path, subject: str, asked: Asked) -> Number:
    """What the table alone tells: for a folder that has tables and no registry.

    Raises:
        PdpError: No such table, column or row.
    """
    table = cell.read(_place(root, subject, asked), asked)
    if asked.since is None:
        rows, row = cell.find(table, asked)
        value = row.get(asked.column)
    else:
        value, n = cell.summed(table, asked)
        rows, row = [], {"from": asked.since, "to": asked.day, **asked.keys, "n": n}
    about = {key.decode(): value.decode() for key, value in (table.schema.field(asked.column).metadata or {}).items()}
    return Number(
        asked=asked,
        path=f"{root.name}/summary/{subject}/{asked.table}.parquet",
        title=about.get("title") or asked.column.replace("_", " "),
        unit=_unit(about.get("unit", ""), row),
        of_what=_of_what(row),
        method=about.get("method", ""),
        row=row,
        others=cell.others(rows, row, asked.column),
        shown=value,
        again=None,
        verdict=NOT_COMPUTED,
        why="no registry is at hand that tells which run made it, and from what" if row else "there is no such row",
        behind=behind.NOTHING,
        chain=(),
        is_intact=True,
    )


def _unit(stated: str, row: Mapping[str, Any]) -> str:
    """UCUM. Where a table has rows of several units, the column points to where the row's own stands."""
    from pdp.summarize.figures import FIGURES

    if stated == "slope_unit":
        return str(row.get("slope_unit", ""))
    if "of the figure" in stated or stated == "unit of y":
        about = FIGURES.get(str(row.get("y" if stated == "unit of y" else "figure")))
        return about.unit if about else ""
    return stated or str(row.get("unit", ""))


def _of_what(row: Mapping[str, Any]) -> str:
    from pdp.summarize.figures import FIGURES

    about = FIGURES.get(str(row.get("figure")))
    return about.title if about else ""


def _place(root: Path, subject: str, asked: Asked) -> Path:
    return root / "summary" / subject / f"{asked.table}.parquet"


def _again(
    session: Session,
    root: Path,
    path: str,
    asked: Asked,
    table: pa.Table,
    row: Mapping[str, Any],
    inputs: Inputs,
) -> tuple[Any, str, Behind]:
    """The cell computed once more, why it was not, and what it rests on."""
    from pdp.summarize import figures

    if not row:
        return None, "there is no such row", behind.NOTHING
    if asked.table == "daily" and asked.column in figures.FIGURES:
        told = explain.figure(session, root, path, row["date"], asked.column)
        return told["computed_again"], "", behind.of_figure(told)
    rests = behind.of_row(session, root, asked.table, asked.column, row, inputs)
    if asked.table == "daily":
        return recompute.of_day(asked.column, inputs, row["date"]), "", rests
    if recompute.is_by_day(asked.table):
        made: pa.Table | None = recompute.of_days(asked.table, inputs, row["date"], row["date"])
    elif asked.table.startswith("heart_rate_"):
        made = recompute.slot(asked.table, inputs, row["start_utc"], row["utc_offset_min"])
        cells = made.to_pylist() if made is not None else []
        return (cells[0][asked.column], "", rests) if cells else (None, "no sample lies in that slot", rests)
    else:
        made = recompute.table(asked.table, inputs)
    if made is None:
        return None, "the table is taken over as it was written; nothing is computed in it", rests
    if made.column_names != table.column_names:
        return None, "the program has changed since; the next run makes the table anew", rests
    names = [name for name in cell.keys(row) if name != asked.column and name in made.column_names]
    same = [one for one in made.cast(table.schema).to_pylist() if all(one[name] == row[name] for name in names)]
    if len(same) != 1:
        return None, f"computed again, {len(same)} rows are like this one" if same else "", rests
    return same[0][asked.column], "", rests


def _sum_again(asked: Asked, inputs: Inputs, table: pa.Table) -> tuple[Any, str, Behind]:
    """The sum over the rows of the table made anew; of samples, over the days that the table has."""
    measures = behind.measures_of(asked.table)
    if recompute.is_by_day(asked.table):
        held = cell.days_held(table, asked)
        if held is None:
            return None, "the table has none of these days", Behind(measures)
        n_days = (held[1] - held[0]).days + 1
        if n_days > cell.MOST_DAYS:
            why = f"these are {n_days:,} days, and no more than {cell.MOST_DAYS} are computed at once"
            return None, why, Behind(measures)
        made: pa.Table | None = recompute.of_days(asked.table, inputs, *held)
    else:
        made = recompute.table(asked.table, inputs)
    if made is None:
        return None, "the table is too large to be made here, or nothing is computed in it", Behind(measures)
    days = cell.summands(made, asked)
    return cell.summed(made, asked)[0], "", Behind(measures, days=days, figure=f"{asked.table}.{asked.column}")


def _way(session: Session, path: str, rests: Behind) -> list[Link]:
    """The way from the table to the raw exports, by way of the measures that it rests on, and nothing beside it."""

    def is_on_the_way(one: str) -> bool:
        parts = one.split("/")
        layer, stem = parts[1], parts[-1].split(".")[0]
        if layer == "merged":
            return stem in rests.measures
        if layer in ("validated", "normalized"):
            return stem in rests.measures and (not rests.exports or parts[-2] in rests.export_names)
        if layer == "raw":
            return not rests.exports or stem in rests.export_names
        return layer == "summary"

    found = [link for link in chain.chain(session, path, is_on_the_way) if link.rows != 0 or link.path == path]
    read = {one.rpartition(" v")[0] for link in found for one in link.inputs}
    found = [link for link in found if link.path == path or link.path in read]
    found.sort(key=lambda link: _depth(link.path))
    return found


def _depth(path: str) -> int:
    layer = path.split("/")[1]
    return _LAYERS.index(layer) if layer in _LAYERS else 0


def _is_intact(place: Path, sha256: str) -> bool:
    return store.sha256(place) == sha256
