"""One row per real event, from all exports and devices of a subject; every other row is kept with its winner.

In this order, each step among the rows that still stand:
    1. records told twice: one export that two sources hold (`duplicate`);
    2. copies: the same event of one device in several exports (`duplicate`, or `conflict` if the values differ);
    3. recomputed nights: sleep of one device with other bounds in a newer export (`conflict`);
    4. twins: blood pressure stored in local time and again in UTC (`twin`);
    5. fusion: several devices at the same time (`other_device`, also where both say the same: only then do
       the rows of this reason tell without bias how well two devices agree). Which device is preferred: see
       pdp.merge.preference.
A row whose winner loses in a later step is handed on to that step's winner: winner_* always names a row of the
merged table. The newer export is the one whose last reading begins or ends later; ties go to the larger export
id. So the content decides, never the order of arrival. Nothing is averaged or invented: the rows of the merged
table are rows of the inputs, at most with the flag `possible_twin` added.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from pdp import schemas, tables
from pdp.errors import ConfigError, ConservationError
from pdp.merge import preference
from pdp.merge.decision import REASONS, Decision, Rules, decide, is_settled
from pdp.merge.waiting import held_from
from pdp.settings import option
from pdp.tables import columns
from pdp.tables.columns import Integers
from pdp.vocabulary import MEASURES

if TYPE_CHECKING:
    from pdp.timeframe import ZoneLedger

MINUTE_MS = 60_000
DAY_MIN = 24 * 60
ROWS_PER_WINDOW = 524_288  # of all exports together; 100 bytes each with all copies


@dataclass(frozen=True)
class MergeInput:
    """One validated table of one export."""

    path: Path
    source: str
    export: str


@dataclass(frozen=True)
class MergeSettings:
    """How one measure of one subject is merged."""

    priority: tuple[str, ...] = option(
        (),
        'Sources, best first, or "source/device" for one device of a source. The others follow by name; devices of '
        "one source by the number of their readings of the measure, most first, on days that several of them tell.",
    )
    fusion_min: int = option(
        0, "Slot, gap between readings of one session or between parts of one night; 0: the measure's own.", unit="min"
    )
    twins: bool = option(True, "Recognise a blood pressure stored in local time and again in UTC.")

    def __post_init__(self) -> None:
        if not 0 <= self.fusion_min <= DAY_MIN:
            raise ConfigError(f"must be 0 to {DAY_MIN}.", where="fusion_min")


@dataclass(frozen=True)
class Counts:
    """What became of the rows of each export.

    Attributes:
        by_export: "source/export" to counts: read, accepted, then one per reason of supersession.
    """

    by_export: Mapping[str, Mapping[str, int]]

    @property
    def total(self) -> dict[str, int]:
        """The sum over all exports."""
        names = ("read", "accepted", *REASONS)
        return {name: sum(counts[name] for counts in self.by_export.values()) for name in names}


def merge(
    measure: str,
    inputs: Sequence[MergeInput],
    *,
    settings: MergeSettings,
    ledger: ZoneLedger,
    merged: tables.SortingWriter,
    superseded: tables.SortingWriter,
) -> Counts:
    """Merge the validated tables of one measure.

    Dense measures and sleep go window by window of time, in bounded memory; blood pressure as a whole.

    Args:
        inputs: In any order; the result does not depend on it.
        ledger: The subject's zones; decides which row of a twin is the local one.
        merged: Gets the rows that stand, schema `schemas.validated(measure)`. Not closed here.
        superseded: Gets the others, schema `schemas.superseded(measure)`. Not closed here.

    Raises:
        ConservationError: Some row went in and came out in neither table, or in both.
    """
    placed = sorted(inputs, key=lambda each: (each.source, each.export, str(each.path)))
    rules = _rules(measure, placed, settings)
    tally = np.zeros((len(placed), 1 + len(REASONS)), np.int64)
    before = merged.rows, superseded.rows
    for parts in _blocks(placed, rules):
        alone = _only_one(parts)
        if alone is not None and is_settled(parts[alone], rules):
            merged.write(parts[alone])
            tally[alone, 0] += len(parts[alone])
            continue
        table = columns.unify(parts)
        of_input = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
        decision = decide(table, rules, rules.newness[of_input], ledger)
        _write(decision, merged, superseded)
        cells = of_input * tally.shape[1] + decision.reason
        tally += np.bincount(cells, minlength=tally.size).reshape(tally.shape)
    _prove(placed, tally, merged.rows - before[0], superseded.rows - before[1])
    return _counts(placed, tally)


def _rules(measure: str, inputs: Sequence[MergeInput], settings: MergeSettings) -> Rules:
    ordered = preference.in_order([each.path for each in inputs], settings.priority)
    devices = sorted(ordered)
    sources_of: defaultdict[str, set[str]] = defaultdict(set)
    for each in inputs:
        sources_of[each.export].add(each.source)
    ages = [(tables.latest(each.path) or 0, each.export) for each in inputs]
    ranked = {age: rank for rank, age in enumerate(sorted(set(ages)))}
    return Rules(
        measure=measure,
        fusion_ms=(settings.fusion_min or MEASURES[measure].fusion_min) * MINUTE_MS,
        has_twins=settings.twins and measure == "blood_pressure",
        devices={device: code for code, device in enumerate(devices)},
        ranks=np.argsort(np.array([devices.index(device) for device in ordered], np.int64)),
        newness=np.array([ranked[age] for age in ages], np.int64),
        shared=frozenset(export for export, sources in sources_of.items() if len(sources) > 1),
    )


def _blocks(inputs: Sequence[MergeInput], rules: Rules) -> Iterator[list[pa.Table]]:
    """The rows of all inputs in blocks that can be decided each by itself, one table per input."""
    empty = pa.Table.from_batches([], schema=schemas.validated(rules.measure))
    held = [empty for _ in inputs]
    rows = ROWS_PER_WINDOW if rules.has_windows else sum(tables.row_count(e.path) for e in inputs) + 1
    for window in tables.windows([each.path for each in inputs], rules.fusion_ms, rows):
        parts = [
            before if part is None else pa.concat_tables([before, part.select(empty.column_names)])
            for before, part in zip(held, window, strict=True)
        ]
        limit = held_from(columns.unify(parts), rules) if rules.is_chained else None
        if limit is None:
            held = [empty for _ in inputs]
            yield parts
            continue
        cuts = [int(np.searchsorted(columns.integers(part["start_utc"]), limit)) for part in parts]
        held = [part.slice(cut) for part, cut in zip(parts, cuts, strict=True)]
        if any(cuts):
            yield [part.slice(0, cut) for part, cut in zip(parts, cuts, strict=True)]
    if any(len(part) for part in held):
        yield held


def _only_one(parts: Sequence[pa.Table]) -> int | None:
    """The position of the only part with rows, if there is only one."""
    filled = [position for position, part in enumerate(parts) if len(part)]
    return filled[0] if len(filled) == 1 else None


def _write(decision: Decision, merged: tables.SortingWriter, superseded: tables.SortingWriter) -> None:
    order, table = decision.order, decision.table
    loses = decision.reason[order] > 0
    if not loses.any():
        is_ordered = bool((np.diff(order) == 1).all())
        merged.write(table if is_ordered else columns.take(table, order))
        return
    merged.write(columns.take(table, order[~loses]))
    losers = order[loses]
    winners = columns.take(table.select(["start_utc", "source", "export", "member", "row"]), decision.winner[losers])
    lost = columns.take(table, losers)
    words = columns.strings(["", *REASONS])
    reason = pa.DictionaryArray.from_arrays(columns.to_arrow(decision.reason[losers].astype(np.int32)), words)
    superseded.write(pa.Table.from_arrays([*lost.columns, reason, *winners.columns], schema=superseded.schema))


def _prove(inputs: Sequence[MergeInput], tally: Integers, accepted: int, superseded: int) -> None:
    """Rows in = rows out, per export and in both tables."""
    for each, counts in zip(inputs, tally, strict=True):
        read = tables.row_count(each.path)
        if read != counts.sum():
            raise ConservationError(
                f"{read} rows went into the merge and {counts.sum()} came out.", where=f"{each.source}/{each.export}"
            )
    if accepted != tally[:, 0].sum() or superseded != tally[:, 1:].sum():
        raise ConservationError(
            f"{tally[:, 0].sum()} rows were to be merged and {accepted} were written,"
            f" {tally[:, 1:].sum()} to be superseded and {superseded} written."
        )


def _counts(inputs: Sequence[MergeInput], tally: Integers) -> Counts:
    found: dict[str, dict[str, int]] = {}
    for each, counts in zip(inputs, tally, strict=True):
        totals = found.setdefault(f"{each.source}/{each.export}", dict.fromkeys(("read", "accepted", *REASONS), 0))
        totals["read"] += int(counts.sum())
        for name, number in zip(("accepted", *REASONS), counts.tolist(), strict=True):
            totals[name] += number
    return Counts(found)
