"""One figure of one day through the versions of the daily table, as far as changes were noted (pdp.lineage.noted)."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path, PurePosixPath
from typing import Any

from sqlalchemy.orm import Session

from pdp.errors import PdpError, nearest
from pdp.lineage import compare, dataset_names, erased, noted, queries
from pdp.lineage.effects import Effect, Value

DAILY = "daily"


@dataclass(frozen=True)
class FigureVersion:
    """The figure as versions of the table had it, from `number` on.

    Attributes:
        number: Of the version that brought it.
        seen: When that was made, ISO 8601 UTC.
        run: By which run; "" where no job is on record.
        is_day: Whether the table has the day at all.
        value: In the figure's unit; None where the day has none.
        n: Readings behind it, None where the table does not count them.
        cause: In few words.
        versions: How many versions in a row say so.
        is_noted: Whether it is known; what came before a change that was not noted is not.
        is_erased: Whether that is because its table went with an erasure.
    """

    number: int
    seen: str
    run: str
    is_day: bool
    value: Value
    n: Value
    cause: str
    versions: int
    is_noted: bool = True
    is_erased: bool = False


@dataclass(frozen=True)
class FigureHistory:
    """The answer; the newest version last."""

    dataset: str
    subject: str
    day: str
    figure: str
    title: str
    unit: str
    n_figure: str
    versions: tuple[FigureVersion, ...]


def figure(session: Session, root: Path, path: str, day: datetime.date, name: str) -> FigureHistory:
    """Go back through the versions of the daily table.

    Args:
        session: Of the registry.
        root: The results folder.
        path: results/summary/<subject>/daily.parquet.
        day: The local day.
        name: Column of the daily table.

    Raises:
        PdpError: Another table, or no such figure.
    """
    from pdp.summarize.figures import FIGURES

    if PurePosixPath(path).stem != DAILY:
        raise PdpError("has no daily figures.", where=path, hint="pdp history daily --day 2025-10-06 --figure NAME")
    if name not in FIGURES:
        raise PdpError(f'there is no figure "{name}".', where="--figure", hint=nearest(name, FIGURES))
    counted = n_of(name)
    inside = root / PurePosixPath(path).relative_to(root.name)
    versions = queries.versions(session, path)
    states = _states(root, inside, versions, day.isoformat(), (name, counted))
    found: list[FigureVersion] = []
    for version, state in zip(versions, states, strict=True):
        if found and state == _state(found[-1]):
            last = found[-1]
            found[-1] = FigureVersion(**{**vars(last), "versions": last.versions + 1})
            continue
        makers = queries.makers(session, version)
        run = (makers[0].run_id or "") if makers else ""
        cause = compare.cause_in_few_words(session, path, version.number)
        told = state if state is not None else (False, None, None)
        is_erased = state is None and erased.is_erased(version.sha256)
        found.append(FigureVersion(version.number, version.seen, run, *told, cause, 1, state is not None, is_erased))
    about = FIGURES[name]
    return FigureHistory(
        path, dataset_names.subject_of(path), day.isoformat(), name, about.title, about.unit, counted, tuple(found)
    )


def n_of(figure: str) -> str:
    """The column that counts what a figure rests on: that of the longest common beginning, else the measure's."""
    from pdp.gaps import COLUMNS
    from pdp.summarize.figures import FIGURES

    counts = [name for name in FIGURES if name.endswith("_n")]
    own = [name for name in counts if figure.startswith(f"{name.removesuffix('_n')}_") or figure == name]
    if own:
        return max(own, key=len)
    measure = FIGURES[figure].measure
    of_measure = [name for name in COLUMNS.values() if FIGURES[name].measure == measure]
    return (of_measure or [name for name in COLUMNS.values() if name.startswith(figure.split("_")[0])] or [figure])[0]


_State = tuple[bool, Value, Value] | None  # whether the day is there, value, n; None: not noted


def _state(version: FigureVersion) -> _State:
    return (version.is_day, version.value, version.n) if version.is_noted else None


def _states(
    root: Path, inside: Path, versions: list[queries.Version], day: str, names: tuple[str, str]
) -> list[_State]:
    """The state in every version: from the table that is there, and from both sides of every change."""
    if not versions:
        return []
    notes = noted.of(root, inside)
    told = [notes.effect(one.sha256, other.sha256) for one, other in pairwise(versions)]
    effects = [one if one is not None and not _hides(one, day, names) else None for one in told]
    is_day: list[bool | None] = [None] * len(versions)
    cells: dict[str, list[Any]] = {name: [_UNKNOWN] * len(versions) for name in names}
    for at, row in _now(inside, versions, day, names):
        is_day[at] = row is not None
        for name in names:
            cells[name][at] = row[name] if row else None
    for at, effect in enumerate(effects):
        if effect is None:
            continue
        if day in effect.added or day in effect.gone or day in effect.corrected:
            is_day[at], is_day[at + 1] = day not in effect.added, day not in effect.gone
        if day in effect.lost:
            for name in names:
                cells[name][at] = effect.lost[day].get(name)
        for name in names:
            pair = effect.corrected.get(day, {}).get(name)
            if pair is not None:
                cells[name][at], cells[name][at + 1] = pair
    steps = [*range(len(effects)), *reversed(range(len(effects)))]
    for at in [*steps, *steps]:  # what did not change is known on one side if it is on the other
        effect = effects[at]
        if effect is None or day in effect.added or day in effect.gone:
            continue
        _carry(is_day, at, None)
        for name in names:
            if name not in effect.corrected.get(day, {}):
                _carry(cells[name], at, _UNKNOWN)
    return [_told(is_day[at], *(cells[name][at] for name in names)) for at in range(len(versions))]


def _hides(effect: Effect, day: str, names: tuple[str, str]) -> bool:
    """Whether a change may hold more about the cell than it tells."""
    is_cut = effect.n_corrected > sum(map(len, effect.corrected.values()))
    return is_cut or day in effect.unknown or bool(set(names) & set(effect.columns))


def _carry(values: list[Any], at: int, unknown: object) -> None:
    if values[at] is unknown:
        values[at] = values[at + 1]
    elif values[at + 1] is unknown:
        values[at + 1] = values[at]


def _told(is_day: bool | None, value: Any, n: Any) -> _State:
    if is_day is False:
        return False, None, None
    if is_day is None or value is _UNKNOWN:
        return None
    return True, value, None if n is _UNKNOWN else n


_UNKNOWN = object()


def _now(
    table: Path, versions: list[queries.Version], day: str, names: tuple[str, str]
) -> list[tuple[int, dict[str, Any] | None]]:
    """The day's row of the table that is there, None where it has none; for each version of these bytes, by position.

    The last version is none of them where the table was altered, or made again of the bytes that it had before.
    """
    from pdp import store, tables

    here = store.sha256(table) if table.is_file() else ""
    found = [at for at, version in enumerate(versions) if version.sha256 == here]
    rows = tables.read(table, ["date", *dict.fromkeys(names)]).to_pylist() if found else []
    return [(at, next((row for row in rows if row["date"].isoformat() == day), None)) for at in found]
