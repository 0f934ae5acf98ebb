"""What the merge would make of the file's rows beside those that are there: by the merge itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from pdp import merge, schemas, tables
from pdp.config import Config, Subject
from pdp.formats import load
from pdp.merge import MergeInput, MergeSettings
from pdp.settings import build
from pdp.tables import columns
from pdp.tables.columns import Integers, Mask
from pdp.timeframe import ZoneLedger

_ORIGIN = ("source", "export")
_LOSERS = [*_ORIGIN, "member", "row", "reason", *(f"winner_{name}" for name in (*_ORIGIN, "member", "row"))]


@dataclass(frozen=True)
class Merged:
    """The two tables of one merge."""

    merged: Path
    superseded: Path


@dataclass(frozen=True)
class Overlap:
    """What becomes of n accepted rows of the file. Each row counts once: n = the sum of all but `gives_way`.

    Attributes:
        new: Nothing like it is there.
        same: There already, with the same values.
        changed_wins: The same event with other values is there, and the file's values would count.
        changed_loses: The same, and the values that are there would count.
        twin: The same blood pressure is there by another clock (local time and UTC).
        device_wins: Another device told of that time, and this one is preferred.
        device_loses: Another device tells of that time, and is preferred.
        repeated: The file says it twice itself.
        gives_way: Rows of other exports that count now and would not any more, beside those of equal values.
        beside: Of the new: readings at an instant at which another reading stands; both would count.
    """

    new: int
    same: int
    changed_wins: int
    changed_loses: int
    twin: int
    device_wins: int
    device_loses: int
    repeated: int
    gives_way: int
    beside: int

    @property
    def chosen(self) -> int:
        """Rows that would bring something: values that are not there or would replace others."""
        return self.new + self.changed_wins + self.device_wins


@dataclass(frozen=True)
class Against:
    """The file against the revision before of the same document."""

    same: int
    changed: int
    added: int
    gone: int


def merge_settings(config: Config, person: Subject, measure: str) -> MergeSettings:
    """As a run has them: the configured order, else that of the sources that can hold the measure."""
    able = [name for name, source in person.sources.items() if measure in load(source.format).MEASURES]
    order = list(person.priority.get(measure, able))
    return build(MergeSettings, {"priority": order, **config.merge.get(measure, {})})


def run_merge(
    measure: str, inputs: Sequence[MergeInput], settings: MergeSettings, ledger: ZoneLedger, folder: Path
) -> Merged:
    """Merge into a folder, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    made = Merged(folder / f"{measure}.merged.parquet", folder / f"{measure}.superseded.parquet")
    merged = tables.SortingWriter(made.merged, schemas.validated(measure))
    superseded = tables.SortingWriter(made.superseded, schemas.superseded(measure))
    merge.merge(measure, inputs, settings=settings, ledger=ledger, merged=merged, superseded=superseded)
    merged.close()
    superseded.close()
    return made


def overlap(ours: MergeInput, before: Merged, after: Merged) -> Overlap:
    """What becomes of the rows of `ours` between a merge without and one with them."""
    pairs = _Pairs.of(after.superseded, (ours.source, ours.export))
    n, lost = tables.row_count(ours.path), pairs.lost
    conflict, duplicate, twin, device = (pairs.won(reason) for reason in _BY_WEIGHT)
    stands = n - sum(lost.values()) - pairs.repeated
    standing_before = tables.row_count(before.merged)
    standing_others = tables.row_count(after.merged) - stands
    return Overlap(
        new=stands - conflict - duplicate - twin - device,
        same=lost["duplicate"] + duplicate,
        changed_wins=conflict,
        changed_loses=lost["conflict"],
        twin=lost["twin"] + twin,
        device_wins=device,
        device_loses=lost["other_device"],
        repeated=pairs.repeated,
        gives_way=max(0, standing_before - standing_others - duplicate),
        beside=len(_same_instants(after.merged, ours, None)),
    )


def against(ours: MergeInput, old: MergeInput, made: Merged) -> Against:
    """The rows of a revision against those of the one before, from a merge of these two alone.

    A reading of the same instant as one that is gone is that one changed.
    """
    mine = _Pairs.of(made.superseded, (ours.source, ours.export))
    theirs = _Pairs.of(made.superseded, (old.source, old.export))
    same = mine.lost["duplicate"] + mine.won_of("duplicate")
    changed = mine.lost["conflict"] + mine.won_of("conflict")
    added = tables.row_count(ours.path) - same - changed - mine.repeated
    old_same = theirs.lost["duplicate"] + theirs.won_of("duplicate")
    old_changed = theirs.lost["conflict"] + theirs.won_of("conflict")
    gone = tables.row_count(old.path) - old_same - old_changed - theirs.repeated
    edited = len(_same_instants(made.merged, ours, old))
    return Against(same, changed + edited, max(0, added - edited), max(0, gone - edited))


def _same_instants(merged: Path, ours: MergeInput, old: MergeInput | None) -> Integers:
    """Instants at which rows of both stand, as often as both have them; `old` None: of any other export.

    Two readings of blood pressure in one minute are both real; elsewhere the merge lets one of them stand.
    """
    if not merged.name.startswith("blood_pressure."):
        return np.empty(0, np.int64)
    table = tables.read(merged, [*_ORIGIN, "start_utc"])
    start, mine = columns.integers(table["start_utc"]), _is(table, "", (ours.source, ours.export))
    theirs = ~mine if old is None else _is(table, "", (old.source, old.export))
    instants, counts = np.unique(start[mine], return_counts=True)
    others, other_counts = np.unique(start[theirs], return_counts=True)
    both, here, there = np.intersect1d(instants, others, assume_unique=True, return_indices=True)
    return np.repeat(both, np.minimum(counts[here], other_counts[there]))


_BY_WEIGHT = ("conflict", "duplicate", "twin", "other_device")


class _Pairs:
    """Who lost to whom, where one export is on one of the sides.

    Attributes:
        lost: Its rows that lost to those of others, by reason.
        repeated: Its rows that lost to its own.
    """

    def __init__(self) -> None:
        self.lost: defaultdict[str, int] = defaultdict(int)
        self.repeated = 0
        self._winners: defaultdict[str, list[Integers]] = defaultdict(list)
        self._members: dict[str, int] = {}

    @classmethod
    def of(cls, superseded: Path, export: tuple[str, str]) -> _Pairs:
        """From a table of superseded rows, in pieces."""
        pairs = cls()
        for batch in tables.batches(superseded, _LOSERS):
            if len(batch):
                pairs._add(batch, export)
        return pairs

    def won_of(self, reason: str) -> int:
        """Its rows that won over others for this reason, whatever else they won."""
        return len(self._unique(reason))

    def won(self, reason: str) -> int:
        """Its rows that won over others, counted under the weightiest reason alone."""
        mine = self._unique(reason)
        for weightier in _BY_WEIGHT[: _BY_WEIGHT.index(reason)]:
            mine = np.setdiff1d(mine, self._unique(weightier), assume_unique=True)
        return len(mine)

    def _unique(self, reason: str) -> Integers:
        parts = self._winners.get(reason)
        return np.unique(np.concatenate(parts)) if parts else np.empty(0, np.int64)

    def _add(self, batch: pa.Table, export: tuple[str, str]) -> None:
        is_loser = _is(batch, "", export)
        is_winner = _is(batch, "winner_", export)
        self.repeated += int((is_loser & is_winner).sum())
        reasons, codes = columns.words(batch["reason"]), columns.codes(batch["reason"])
        rows = columns.integers(batch["winner_row"])
        members = columns.codes(batch["winner_member"]).astype(np.int64)
        known = [self._members.setdefault(word, len(self._members)) for word in columns.words(batch["winner_member"])]
        keys = (np.array([*known, 0], np.int64)[members] << 32) + rows
        for code, reason in enumerate(reasons):
            is_reason = codes == code
            self.lost[reason] += int((is_loser & ~is_winner & is_reason).sum())
            won = np.unique(keys[is_winner & ~is_loser & is_reason])
            if len(won):
                self._winners[reason].append(won)


def _is(batch: pa.Table, prefix: str, export: tuple[str, str]) -> Mask:
    found: Mask = np.ones(len(batch), bool)
    for name, wanted in zip(_ORIGIN, export, strict=True):
        words = columns.words(batch[prefix + name])
        code = words.index(wanted) if wanted in words else -1
        found &= columns.codes(batch[prefix + name]) == code
    return found
