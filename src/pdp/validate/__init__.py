"""Let through what can be true, quarantine what can't, flag what is unlikely. No row is lost, no value changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pdp import schemas, tables
from pdp.errors import ConservationError
from pdp.limits import VOCABULARY_LIMITS, Limits
from pdp.tables import columns
from pdp.tables.row_values import as_json, join_flags
from pdp.validate import contract
from pdp.validate.masks import Batch, Mask
from pdp.validate.rules import Check, checks, fault_rule
from pdp.vocabulary import MEASURES

if TYPE_CHECKING:
    from pdp.tables import SortingWriter

__all__ = ["Counts", "Limits", "MeasureCounts", "validate"]

BATCH_ROWS = 262_144  # two row groups: 150 MB less than a million rows, as fast


@dataclass
class MeasureCounts:
    """What became of the rows of one measure: read = accepted + the sum of quarantined."""

    read: int = 0
    accepted: int = 0
    quarantined: Counter[str] = field(default_factory=Counter)
    flagged: Counter[str] = field(default_factory=Counter)


@dataclass
class Counts:
    """What became of the rows of one export, by measure."""

    measures: dict[str, MeasureCounts] = field(default_factory=dict)

    def to_json(self) -> dict[str, object]:
        """Deterministic; totals first, then by measure. No measured value."""
        by_measure = {
            name: {
                "read": counts.read,
                "accepted": counts.accepted,
                "quarantined": dict(sorted(counts.quarantined.items())),
                "flagged": dict(sorted(counts.flagged.items())),
            }
            for name, counts in self.measures.items()
        }
        every = self.measures.values()
        return {
            "read": sum(counts.read for counts in every),
            "accepted": sum(counts.accepted for counts in every),
            "quarantined": sum(counts.quarantined.total() for counts in every),
            "flagged": sum(counts.flagged.total() for counts in every),
            "measures": by_measure,
        }


def validate(
    normalized: Mapping[str, Path],
    *,
    writers: Mapping[str, SortingWriter],
    quarantine: SortingWriter,
    limits: Limits = VOCABULARY_LIMITS,
    arrived_ms: int | None = None,
) -> Counts:
    """Check every measure of one export.

    Args:
        normalized: Tables by measure (pdp.schemas.normalized). Sorted ones give sorted ones.
        writers: Where accepted rows go, by measure (pdp.schemas.validated). Closed when this returns.
        quarantine: Where all others go (pdp.schemas.QUARANTINE). Closed when this returns.
        limits: The ranges that hold.
        arrived_ms: When the export was first seen, ms since 1970 UTC; None if it is not known.

    Raises:
        ConservationError: Rows were lost, or accepted ones break the contract: a fault of the program.
    """
    counts = Counts()
    try:
        for measure in MEASURES:
            if measure in normalized:
                found = counts.measures.setdefault(measure, MeasureCounts())
                rules = checks(measure, limits, arrived_ms)
                for table in _batches(normalized[measure]):
                    accepted, bad = _check(measure, table, rules, found)
                    contract.prove(measure, accepted, limits)
                    writers[measure].write(accepted)
                    quarantine.write(bad)
                _prove(measure, found, tables.row_count(normalized[measure]))
        for writer in (*writers.values(), quarantine):
            writer.close()
    except BaseException:
        for writer in (*writers.values(), quarantine):
            writer.discard()
        raise
    return counts


def _batches(path: Path) -> Iterator[pa.Table]:
    for table in tables.batches(path, rows=BATCH_ROWS):
        if len(table):
            yield table.combine_chunks()


def _check(measure: str, table: pa.Table, rules: Sequence[Check], counts: MeasureCounts) -> tuple[pa.Table, pa.Table]:
    """Split a batch of n rows in accepted ones, in its order, and quarantined ones, rule by rule."""
    batch = Batch(table)
    broken = np.zeros(len(table), np.int16)  # 1 + the index of the first rule that a row breaks
    flags: dict[str, Mask] = {}
    for number, rule in enumerate(rules, start=1):
        fails = rule.fails(batch)
        if not fails.any():
            continue
        if rule.is_flag:
            flags[rule.rule] = fails
        else:
            broken[fails & (broken == 0)] = number
    is_good = broken == 0
    joined = join_flags(columns.one(table["flags"]), flags, len(table))
    table = table.set_column(table.column_names.index("flags"), "flags", joined)
    accepted, bad = table, table.slice(0, 0)
    if not is_good.all():
        accepted = table.take(columns.to_arrow(np.flatnonzero(is_good)))
        bad = table.take(columns.to_arrow(np.flatnonzero(~is_good)))
    quarantined = _quarantined(measure, bad, broken[~is_good], rules)
    counts.read += len(table)
    counts.accepted += len(accepted)
    counts.quarantined.update(_count(quarantined["rule"]))
    for text, number in _count(accepted["flags"]).items():
        counts.flagged.update(dict.fromkeys(text.split(";"), number))
    return columns.conform(accepted.select(schemas.validated(measure).names), schemas.validated(measure)), quarantined


def _quarantined(measure: str, bad: pa.Table, broken: npt.NDArray[np.int16], rules: Sequence[Check]) -> pa.Table:
    """k bad rows in the quarantine's columns, rule by rule; `broken` is 1 + the index of the rule for each."""
    if not len(bad):
        return schemas.QUARANTINE.empty_table()
    parts: list[pa.Table] = []
    own = [column.name for column in MEASURES[measure].columns]
    for number in np.unique(broken).tolist():
        rule, part = rules[number - 1], bad.take(columns.to_arrow(np.flatnonzero(broken == number)))
        given = {
            "measure": columns.constant(measure, len(part)),
            **_verdict(rule, part),
            **{name: part[name] for name in schemas.QUARANTINE.names if name in part.column_names},
            "row_values": as_json(part.select(own)),
        }
        parts.append(columns.conform(pa.table(given), schemas.QUARANTINE))
    return pa.concat_tables(parts)


def _verdict(rule: Check, part: pa.Table) -> dict[str, pa.Array]:
    n = len(part)
    if rule.rule == "fault":
        faults = columns.coded(part["fault"])
        names, figures = fault_rule(faults.dictionary)
        return {
            "rule": pa.DictionaryArray.from_arrays(faults.indices, names),
            "detail": figures.take(faults.indices),
        }
    return {
        "rule": columns.constant(rule.rule, n),
        "column": columns.constant(rule.column, n),
        "value": rule.shows(part),
        "detail": columns.constant(rule.detail, n) if rule.compares is None else rule.compares(part),
    }


def _count(column: pa.ChunkedArray) -> dict[str, int]:
    """Rows by text, without the nulls."""
    array = columns.coded(column)
    is_null = columns.nulls(array.indices)
    codes = columns.numbers(array.indices)
    numbers = np.bincount(codes if is_null is None else codes[~is_null], minlength=len(array.dictionary))
    words = array.dictionary.to_pylist()
    counted: Counter[str] = Counter()
    for word, number in zip(words, numbers.tolist(), strict=True):
        if number:
            counted[word] += number
    return dict(counted)


def _prove(measure: str, counts: MeasureCounts, rows: int) -> None:
    if counts.read == rows == counts.accepted + counts.quarantined.total():
        return
    quarantined = counts.quarantined.total()
    raise ConservationError(
        f"{rows} rows of {measure} went in, {counts.accepted} were accepted and {quarantined} quarantined.",
        where="validate",
        hint="This is a fault of the program; please report it.",
    )
