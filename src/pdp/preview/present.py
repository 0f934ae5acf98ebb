"""The file beside what is there: the merge of every measure that it touches, without the file and with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pdp import tables
from pdp.formats import load
from pdp.merge import MergeInput
from pdp.preview.configured import Chosen, Owner
from pdp.preview.effect import DailyEffect, daily_effect
from pdp.preview.known import Revision, current_exports
from pdp.preview.overlap import Against, Merged, Overlap, against, merge_settings, overlap, run_merge
from pdp.preview.reading import Taken
from pdp.timeframe import ZoneLedger
from pdp.vocabulary import MEASURES

MOST_ROWS = 20_000_000  # of one measure, the file's included: half a minute of merging


@dataclass(frozen=True)
class Beside:
    """The answer.

    Attributes:
        overlaps: By measure; None where there are more than MOST_ROWS rows.
        against: By measure, the rows of the revision before; {} where the file replaces none.
        daily: None where it was left out, for the reason in `left_out`.
        unbuilt: Exports that count and that no run has validated yet; they are left out.
    """

    overlaps: Mapping[str, Overlap | None]
    against: Mapping[str, Against]
    daily: DailyEffect | None
    left_out: str
    unbuilt: int


def beside(root: Path, owner: Owner, chosen: Chosen, taken: Taken, replaced: Revision | None, folder: Path) -> Beside:
    """Merge and compare.

    Args:
        root: The results folder, which is only read.
        owner: Whose.
        chosen: The source.
        taken: The file's rows; its export is called by the name of the folder that it lies in.
        replaced: The revision that the file would take the place of.
        folder: To write to.
    """
    ledger = ZoneLedger.from_config(owner.person.time_zone)
    export = taken.export
    old_name = replaced.export if replaced and replaced.is_replaced and replaced.is_present else None
    overlaps: dict[str, Overlap | None] = {}
    differs: dict[str, Against] = {}
    before: dict[str, Merged] = {}
    after: dict[str, Merged] = {}
    unbuilt: set[tuple[str, str]] = set()
    for measure in MEASURES:
        there, missing = _inputs(root, owner, measure)
        unbuilt |= missing
        ours = MergeInput(taken.validated(measure), chosen.name, export)
        old = [one for one in there if (one.source, one.export) == (chosen.name, old_name)]
        rest = [one for one in there if one not in old]
        old = [one for one in old if tables.row_count(one.path)]
        settings = merge_settings(owner.config, owner.person, measure)
        rows = sum(tables.row_count(one.path) for one in [ours, *there])
        is_touched = bool(taken.accepted(measure) or old)
        if is_touched and rows > MOST_ROWS:
            overlaps[measure] = None
            continue
        before[measure] = run_merge(measure, there, settings, ledger, folder / "before")
        if not is_touched:
            after[measure] = before[measure]
            continue
        after[measure] = run_merge(measure, [*rest, ours], settings, ledger, folder / "after")
        if not old:
            overlaps[measure] = overlap(ours, before[measure], after[measure])
            continue
        without = run_merge(measure, rest, settings, ledger, folder / "without")
        overlaps[measure] = overlap(ours, without, after[measure])
        differs[measure] = against(ours, old[0], run_merge(measure, [*old, ours], settings, ledger, folder / "pair"))
    daily, left_out = None, "too many rows to merge here"
    if len(after) == len(MEASURES):
        daily, left_out = daily_effect(owner.config, owner.person, before, after, folder), "too many rows"
    return Beside(overlaps, differs, daily, "" if daily else left_out, len(unbuilt))


def _inputs(root: Path, owner: Owner, measure: str) -> tuple[list[MergeInput], set[tuple[str, str]]]:
    """The validated tables that the next run would merge, and the exports of which there is none yet."""
    found: list[MergeInput] = []
    missing: set[tuple[str, str]] = set()
    for source, settings in owner.person.sources.items():
        if source not in owner.manifests or measure not in load(settings.format).MEASURES:
            continue
        for export in current_exports(owner.manifests[source], settings.on_gone):
            path = root / "validated" / owner.name / source / export / f"{measure}.parquet"
            if path.is_file():
                found.append(MergeInput(path, source, export))
            else:
                missing.add((source, export))
    return found, missing
