"""What the causes of a difference brought about: rows of each export by fate, and which days changed by how much."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path, PurePosixPath

from sqlalchemy.orm import Session

from pdp.lineage import behind, dataset_names, erased, manifests, noted, queries, standing_daily
from pdp.lineage.compare import Comparison
from pdp.lineage.effects import Effect
from pdp.lineage.wording import export_in
from pdp.vocabulary import MEASURES

DAILY = "daily"
# The tables that hold an export's rows by fate, below results; {} is <subject>/<source>/<export>.
_FATES = {
    "accepted": [f"validated/{{}}/{measure}.parquet" for measure in MEASURES],
    "quarantined": ["quarantine/{}.parquet"],
    "unread": ["normalized/{}/unread.parquet"],
}


@dataclass(frozen=True)
class ExportRows:
    """What an export that came or went holds.

    Attributes:
        source: Of which.
        export: Its name.
        documents: What it is called at the source.
        is_new: Whether it came; else it went.
        accepted, quarantined, unread: Rows; None where no job told.
    """

    source: str
    export: str
    documents: tuple[str, ...]
    is_new: bool
    accepted: int | None
    quarantined: int | None
    unread: int | None


@dataclass(frozen=True)
class TableEffect:
    """What differs in the values of a table; `effect` is None where that was not noted.

    Attributes:
        only: The measures whose figures it is about; () for all of the table.
        is_erased: Whether one of the versions is of a table that went with an erasure.
        is_pending: Whether the next run notes it: the one that made it is at work, or was killed.
    """

    path: str
    before: int
    after: int
    effect: Effect | None
    only: tuple[str, ...] = ()
    is_erased: bool = False
    is_pending: bool = False


def exports(session: Session, root: Path, compared: Comparison) -> list[ExportRows]:
    """The exports that came and went between two versions, in the order of the sources' names."""
    subject = dataset_names.subject_of(compared.after.path)
    called = {one.source: one for one in manifests.every(root) if one.subject == subject}
    came = {
        place: change.verb == "added"
        for change in compared.roots
        if (place := export_in(change)) and change.verb != "changed"
    }
    tables = {
        (place, fate): [f"{root.name}/{name.format(f'{subject}/{place[0]}/{place[1]}')}" for name in names]
        for place in came
        for fate, names in _FATES.items()
    }
    known = queries.current_of(session, chain.from_iterable(tables.values()))

    def rows(place: tuple[str, str], fate: str) -> int | None:
        counted = [one.rows for path in tables[place, fate] if (one := known.get(path)) and one.rows is not None]
        return sum(counted) if counted else None

    found = [
        ExportRows(
            source,
            export,
            called[source].names(export) if source in called else (),
            is_new,
            rows((source, export), "accepted"),
            rows((source, export), "quarantined"),
            rows((source, export), "unread"),
        )
        for (source, export), is_new in came.items()
    ]
    return sorted(found, key=lambda one: (one.source, not one.is_new, one.export))


def effects(session: Session, root: Path, compared: Comparison) -> list[TableEffect]:
    """What differs in the table itself, where its values are noted, and in the daily values that came of it.

    Of a table that rests on some measures: in the figures of these. What else came meanwhile is not its doing.
    """
    own, found = compared.after.path, []
    if noted.is_noted(own):
        found.append(_effect(root, own, compared.before, compared.after))
    daily = f"{root.name}/summary/{dataset_names.subject_of(own)}/{DAILY}.parquet"
    if own != daily:
        sides = standing_daily.of(session, daily, compared.before, compared.after)
        if sides is not None:
            found.append(_of_measures(_effect(root, daily, *sides), _measures(own)))
    return found


def _measures(path: str) -> tuple[str, ...]:
    """What a table rests on; () if that is all, or not known."""
    layer, stem = PurePosixPath(path).parts[1], PurePosixPath(path).stem
    if stem in MEASURES:
        return (stem,)
    return behind.measures_of(stem) if layer == "summary" else ()


def _of_measures(told: TableEffect, measures: tuple[str, ...]) -> TableEffect:
    if not measures or told.effect is None or set(measures) == set(MEASURES):
        return told
    corrected = {
        day: cells
        for day, every in told.effect.corrected.items()
        if (cells := {name: pair for name, pair in every.items() if set(measures) & set(rests_on(name))})
    }
    is_cut = told.effect.n_corrected > sum(map(len, told.effect.corrected.values()))
    count = told.effect.n_corrected if is_cut else sum(map(len, corrected.values()))
    lost = {
        day: {name: value for name, value in values.items() if set(measures) & set(rests_on(name))}
        for day, values in told.effect.lost.items()
    }
    only = replace(told.effect, corrected=corrected, n_corrected=count, lost=lost)
    return replace(told, only=measures, effect=only)


def rests_on(column: str) -> tuple[str, ...]:
    """The measures that a column of the daily table is computed from; all of them for what only the calendar says."""
    from pdp.summarize import nights
    from pdp.summarize.daily_heart_rate import SLEEP_NAMES
    from pdp.summarize.figures import FIGURES

    about = FIGURES.get(column)
    sleep = ("sleep_episode", "sleep_stage")
    if column.startswith("sleep_") or (about and about.measure == nights.MEASURE):
        return sleep
    if about is None:
        return tuple(MEASURES)
    return (about.measure, *sleep) if column in SLEEP_NAMES else (about.measure,)


def _effect(root: Path, path: str, before: queries.Version, after: queries.Version) -> TableEffect:
    inside = root / PurePosixPath(path).relative_to(root.name)
    found = noted.effect(root, inside, before.sha256, after.sha256)
    is_erased = any(erased.is_erased(one.sha256) for one in (before, after))
    is_pending = found is None and noted.is_pending(root, inside)
    return TableEffect(path, before.number, after.number, found, is_erased=is_erased, is_pending=is_pending)
