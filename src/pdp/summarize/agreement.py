"""How far devices that measured the same thing agree (Bland and Altman): bias, SD, limits of agreement.

Where devices overlap, merging keeps one and puts the others' rows into superseded with the reason
other_device and the winner's identity, whether they say the same or not. Those rows are compared
with what won; rows of other reasons are the same record or event told again, and prove nothing:

- slot measures (heart rate, steps): both devices' samples of one slot of the vocabulary's
  fusion_min; heart rates are averaged and steps summed within each device first, so that a device
  that samples more often weighs no more. Resting heart rates are compared with their own winner.
- sessions and episodes (blood pressure, sleep): a row with the row that it lost to; several rows of
  one device that lost to the same row are averaged first.

The difference is winner minus other. Below the least n there is no bias and there are no limits,
only n: few pairs say nothing of a device.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pdp import tables
from pdp.summarize.daily import MS_PER_DAY, MS_PER_MIN, table_of
from pdp.tables.columns import Integers, Mask, integers, nulls, numbers, one, to_arrow
from pdp.vocabulary import MEASURES, Measure

Floats = npt.NDArray[np.float64]

LIMITS_SD = 1.96  # limits of agreement: 95 % of differences, if these are normal
REASON = "other_device"

AGREEMENT = pa.schema(
    [
        pa.field("measure", pa.string(), nullable=False),
        pa.field("column", pa.string(), nullable=False),
        pa.field("context", pa.string(), nullable=False),  # "resting" apart from the rest of heart_rate; else ""
        pa.field("unit", pa.string(), nullable=False),  # UCUM
        pa.field("source", pa.string(), nullable=False),  # the winner
        pa.field("device", pa.string(), nullable=False),
        pa.field("other_source", pa.string(), nullable=False),
        pa.field("other_device", pa.string(), nullable=False),
        pa.field("n", pa.int64(), nullable=False),  # pairs
        pa.field("bias", pa.float64()),  # mean of winner minus other, in `unit`
        pa.field("sd", pa.float64()),  # of the differences, n - 1
        pa.field("lower_limit", pa.float64()),
        pa.field("upper_limit", pa.float64()),
    ]
)

Key = tuple[str, str, str, str, str, str]  # column, context, source, device, other source, other device


@dataclass
class _Spread:
    """Mean and sum of squares of differences, fed in batches (Chan, Golub, LeVeque 1983)."""

    n: int = 0
    mean: float = 0.0
    squares: float = 0.0

    def add(self, differences: Floats) -> None:
        count = len(differences)
        mean = float(np.mean(differences))
        squares = float(np.sum((differences - mean) ** 2))
        whole, step = self.n + count, mean - self.mean
        self.squares += squares + step * step * self.n * count / whole
        self.mean += step * count / whole
        self.n = whole


@dataclass
class _Pairs:
    """Differences by column and pair of devices."""

    found: dict[Key, _Spread] = field(default_factory=dict)

    def add(self, column: str, context: str, winner: str, other: str, differences: Floats) -> None:
        """n differences of one pair of devices, each named "source\\0device"; NaN is no pair."""
        known = differences[~np.isnan(differences)]
        if len(known):
            source, device = winner.split("\0")
            other_source, other_device = other.split("\0")
            key = (column, context, source, device, other_source, other_device)
            self.found.setdefault(key, _Spread()).add(known)


def compare(merged: Mapping[str, Path], superseded: Mapping[str, Path], least_n: int) -> pa.Table:
    """agreement.parquet: one row per measure, column and pair of (source, device)."""
    rows: list[dict[str, object]] = []
    for name, measure in MEASURES.items():
        values = [column for column in measure.columns if column.unit]
        if not values or (REASON,) not in tables.count_by(superseded[name], "reason"):
            continue
        pairs = _Pairs()
        if measure.fusion == "slot":
            _compare_slots(measure, merged[name], superseded[name], pairs)
        else:
            won = tables.read(merged[name])
            _compare_rows(won, _lost(tables.read(superseded[name])), [c.name for c in values], "", pairs)
        units = {column.name: column.unit for column in values}
        for key, spread in sorted(pairs.found.items()):
            rows.append(_row(name, key, units[key[0]], spread, least_n))
    return table_of({field.name: [row[field.name] for row in rows] for field in AGREEMENT}, AGREEMENT)


def _row(measure: str, key: Key, unit: str, spread: _Spread, least_n: int) -> dict[str, object]:
    column, context, source, device, other_source, other_device = key
    is_enough = spread.n >= max(least_n, 2)
    sd = float(np.sqrt(spread.squares / (spread.n - 1))) if is_enough else None
    bias = spread.mean if is_enough else None
    return {
        "measure": measure,
        "column": column,
        "context": context,
        "unit": unit,
        "source": source,
        "device": device,
        "other_source": other_source,
        "other_device": other_device,
        "n": spread.n,
        "bias": bias,
        "sd": sd,
        "lower_limit": None if bias is None or sd is None else bias - LIMITS_SD * sd,
        "upper_limit": None if bias is None or sd is None else bias + LIMITS_SD * sd,
    }


def _compare_slots(measure: Measure, merged: Path, superseded: Path, pairs: _Pairs) -> None:
    """Walk both tables together; windows end at UTC midnights, which every slot length divides."""
    column = next(column.name for column in measure.columns if column.unit)
    slot_ms = measure.fusion_min * MS_PER_MIN
    resting_won: list[pa.Table] = []
    resting_lost: list[pa.Table] = []
    for won, lost in tables.windows([merged, superseded], MS_PER_DAY, 400_000):
        lost = None if lost is None else _lost(lost)
        if "context" in [column.name for column in measure.columns]:
            won, apart = _set_apart(won)
            resting_won += apart
            lost, apart = _set_apart(lost)
            resting_lost += apart
        if won is None or lost is None or not len(lost) or not len(won):
            continue
        _pair_slots(column, slot_ms, measure.is_interval, won, lost, pairs)
    if resting_won and resting_lost:
        won, lost = pa.concat_tables(resting_won), pa.concat_tables(resting_lost)
        _compare_rows(won, lost, [column], "resting", pairs)


def _set_apart(table: pa.Table | None) -> tuple[pa.Table | None, list[pa.Table]]:
    """The table without resting heart rates, and these."""
    if table is None:
        return None, []
    is_resting = _is_word(table["context"], "resting")
    if not is_resting.any():
        return table, []
    return _pick(table, ~is_resting), [_pick(table, is_resting)]


def _pair_slots(column: str, slot_ms: int, is_sum: bool, won: pa.Table, lost: pa.Table, pairs: _Pairs) -> None:
    names, (won_device, lost_device) = _devices(won, lost)
    won_slot, won_of, won_value = _per_slot(won, column, slot_ms, won_device, is_sum)
    lost_slot, lost_of, lost_value = _per_slot(lost, column, slot_ms, lost_device, is_sum)
    for winner in np.unique(won_of).tolist():
        for other in np.unique(lost_of).tolist():
            a, b = won_of == winner, lost_of == other
            if winner == other:
                continue
            _, at, bt = np.intersect1d(won_slot[a], lost_slot[b], assume_unique=True, return_indices=True)
            if len(at):
                pairs.add(column, "", names[winner], names[other], won_value[a][at] - lost_value[b][bt])


def _per_slot(
    table: pa.Table, column: str, slot_ms: int, device: Integers, is_sum: bool
) -> tuple[Integers, Integers, Floats]:
    """Slot, device and value of each slot and device that hold a sample."""
    slot = integers(table["start_utc"]) // slot_ms
    values = numbers(table[column]).astype(np.float64)
    order = np.lexsort([slot, device])
    slot, device, values = slot[order], device[order], values[order]
    first = np.flatnonzero((np.diff(slot, prepend=-1) != 0) | (np.diff(device, prepend=-1) != 0))
    sums = np.add.reduceat(values, first)
    counts = np.diff(np.append(first, len(values)))
    return slot[first], device[first], sums if is_sum else sums / counts


def _compare_rows(won: pa.Table, lost: pa.Table, columns: list[str], context: str, pairs: _Pairs) -> None:
    """Each row that lost against the row that it names as its winner."""
    ours = _identities(won, ("start_utc", "source", "export", "member", "row"))
    place = {identity: number for number, identity in enumerate(ours)}
    theirs = _identities(lost, ("winner_start_utc", "winner_source", "winner_export", "winner_member", "winner_row"))
    matched = np.array([place.get(identity, -1) for identity in theirs], np.int64)
    names, (won_device, lost_device) = _devices(won, lost)
    found = np.flatnonzero(matched >= 0)
    if not len(found):
        return
    code = matched[found] * len(names) + lost_device[found]
    groups, group = np.unique(code, return_inverse=True)
    winner_row = groups // len(names)
    pair = won_device[winner_row] * len(names) + groups % len(names)
    for column in columns:
        won_value, lost_value = _floats(won[column])[winner_row], _floats(lost[column])[found]
        known = ~np.isnan(lost_value)
        counts = np.bincount(group[known], minlength=len(groups))
        sums = np.bincount(group[known], lost_value[known], minlength=len(groups))
        means = np.divide(sums, counts, out=np.full(len(groups), np.nan), where=counts > 0)
        for code in np.unique(pair).tolist():
            winner, other = divmod(code, len(names))
            pairs.add(column, context, names[winner], names[other], (won_value - means)[pair == code])


def _identities(table: pa.Table, names: tuple[str, ...]) -> list[tuple[object, ...]]:
    times = integers(table[names[0]]).tolist()
    return list(zip(times, *(table[name].to_pylist() for name in names[1:]), strict=True))


def _devices(*parts: pa.Table) -> tuple[list[str], list[Integers]]:
    """Names "source\\0device" in order, and each table's place among them by row."""
    coded = []
    for table in parts:
        sources, devices = (one(table[name].unify_dictionaries()) for name in ("source", "device"))
        words = devices.dictionary.to_pylist()
        codes = integers(sources.indices) * len(words) + integers(devices.indices)
        unique, place = np.unique(codes, return_inverse=True)
        source_words = sources.dictionary.to_pylist()
        coded.append(([f"{source_words[c // len(words)]}\0{words[c % len(words)]}" for c in unique.tolist()], place))
    names = sorted({name for found, _ in coded for name in found})
    return names, [np.array([names.index(n) for n in found] or [0], np.int64)[place] for found, place in coded]


def _lost(table: pa.Table) -> pa.Table:
    return _pick(table, _is_word(table["reason"], REASON))


def _is_word(column: pa.ChunkedArray, word: str) -> Mask:
    array = one(column.unify_dictionaries())
    words = array.dictionary.to_pylist()
    return np.equal(integers(array.indices), words.index(word) if word in words else -2)


def _pick(table: pa.Table, chosen: Mask) -> pa.Table:
    return table.take(to_arrow(np.flatnonzero(chosen)))


def _floats(column: pa.ChunkedArray) -> Floats:
    is_null = nulls(column)
    values: Floats = numbers(column).astype(np.float64)
    return values if is_null is None else np.where(is_null, np.nan, values)
