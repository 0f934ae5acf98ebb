"""What the causes of a difference brought about: rows of each export by fate, and which days changed by how much."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from sqlalchemy.orm import Session

from pdp.lineage import behind, erased, manifests, noted, queries, standing_daily
from pdp.lineage.compare import Comparison
from pdp.lineage.effects import Effect
from pdp.lineage.wording import export_in
from pdp.vocabulary import MEASURES

DAILY = "daily"


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
    """

    path: str
    before: int
    after: int
    effect: Effect | None
    only: tuple[str, ...] = ()
    is_erased: bool = False


def exports(session: Session, root: Path, compared: Comparison) -> list[ExportRows]:
    """The exports that came and went between two versions, in the order of the sources' names."""
    subject = queries.subject_of(compared.after.path)
    called = {one.source: one for one in manifests.every(root) if one.subject == subject}
    found: dict[tuple[str, str], ExportRows] = {}
    for change in compared.roots:
        place = export_in(change)
        if place is None or change.verb == "changed":
            continue
        source, export = place
        names = called[source].names(export) if source in called else ()
        of_export = f"{root.name}/{{}}/{subject}/{source}/{export}"
        found[place] = ExportRows(
            source,
            export,
            names,
            change.verb == "added",
            _rows(session, *(f"{of_export.format('validated')}/{measure}.parquet" for measure in MEASURES)),
            _rows(session, f"{of_export.format('quarantine')}.parquet"),
            _rows(session, f"{of_export.format('normalized')}/unread.parquet"),
        )
    return [found[place] for place in sorted(found, key=lambda place: (place[0], not found[place].is_new, place[1]))]


def effects(session: Session, root: Path, compared: Comparison) -> list[TableEffect]:
    """What differs in the table itself, where its values are noted, and in the daily values that came of it.

    Of a table that rests on some measures: in the figures of these. What else came meanwhile is not its doing.
    """
    own, found = compared.after.path, []
    if noted.is_noted(own):
        found.append(_effect(root, own, compared.before, compared.after))
    daily = f"{root.name}/summary/{queries.subject_of(own)}/{DAILY}.parquet"
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
    return replace(told, only=measures, effect=replace(told.effect, corrected=corrected, n_corrected=count))


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
    return TableEffect(path, before.number, after.number, found, is_erased=is_erased)


def _rows(session: Session, *paths: str) -> int | None:
    known = [version.rows for path in paths if (version := queries.newest(session, path)) and version.rows is not None]
    return sum(known) if known else None
