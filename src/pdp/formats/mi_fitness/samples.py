"""Heart rate and steps of Mi Fitness: millions of small JSON values, read by pattern.

A strict pattern takes the values as the app writes them, a whole block at a time. Whatever does not
match, down to a space too many or a figure too long, goes through the JSON reader one by one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pdp.formats import RowNumbers, UnreadRecord
from pdp.formats.mi_fitness.records import MAX_TEXT, as_dicts
from pdp.formats.mi_fitness.values import (
    EARLIEST_S,
    LATEST_S,
    TIME_SLACK_S,
    ValueFaultError,
    number,
    read_object,
    read_time,
    required_number,
)
from pdp.schemas import DICTIONARY

MINUTE_MS = 60_000
EPOCH_DIGITS = 10  # epoch seconds since September 2001

# 0 while the sensor has no contact; 255 and -1 are "no value" of the firmware (Gadgetbridge,
# HeartRateUtils: valid are 10..250).
NO_HEART_RATE = (0, 255, -1)

_NUMBER = r"-?[0-9]+(?:\.[0-9]+)?"


@dataclass(frozen=True)
class Kind:
    """One kind of sample.

    Attributes:
        measure: Name in the vocabulary.
        name: The JSON name of the value.
        column: The measure's column.
        type: Its type.
        contexts: Key to the context of its rows; for steps the context is "".
        patterns: Tried in turn; group v is the value, group t another time of the record.
        no_data: Values that stand for none.
        untimed: Keys whose second time is a date or the like, not to be compared.
        length_ms: 0 for instants.
    """

    measure: str
    name: str
    column: str
    type: pa.DataType
    contexts: dict[str, str]
    patterns: tuple[str, ...]
    no_data: tuple[int, ...] = ()
    untimed: tuple[str, ...] = ()
    length_ms: int = 0


HEART_RATE = Kind(
    measure="heart_rate",
    name="bpm",
    column="heart_rate_bpm",
    type=pa.float32(),
    contexts={"heart_rate": "automatic", "single_heart_rate": "manual", "resting_heart_rate": "resting"},
    patterns=(
        r'^\{"bpm": ?(?P<v>[0-9]{1,4}), ?"(?:date_)?time": ?(?P<t>[0-9]{10})\}$',
        r'^\{"(?:date_)?time": ?(?P<t>[0-9]{10}), ?"bpm": ?(?P<v>[0-9]{1,4})\}$',
        r'^\{"bpm": ?(?P<v>[0-9]{1,4})\}$',
    ),
    no_data=NO_HEART_RATE,
    untimed=("resting_heart_rate",),
)
STEPS = Kind(
    measure="step_count",
    name="steps",
    column="steps",
    type=pa.int32(),
    contexts={"steps": ""},
    patterns=(
        rf'^\{{"steps": ?(?P<v>[0-9]{{1,6}})(?:, ?"(?:distance|calories)": ?{_NUMBER}){{0,2}}\}}$',
        rf'^\{{(?:"(?:distance|calories)": ?{_NUMBER}, ?){{1,2}}"steps": ?(?P<v>[0-9]{{1,6}})\}}$',
        rf'^\{{"distance": ?{_NUMBER}, ?"steps": ?(?P<v>[0-9]{{1,6}}), ?"calories": ?{_NUMBER}\}}$',
    ),
    length_ms=MINUTE_MS,
)
KINDS = (HEART_RATE, STEPS)


@dataclass(frozen=True)
class Samples:
    """What a block's records of one kind gave: rows for Rows.table, no data, unread."""

    table: pa.Table
    no_data: RowNumbers
    unread: list[UnreadRecord] = field(default_factory=list)


def read_samples(records: pa.Table, kind: Kind) -> Samples:
    """Readings of one kind.

    Args:
        records: Columns row, Sid, Key, Time, Value (pdp.formats.mi_fitness.records); only keys of `kind`; n rows.

    Returns:
        At most n rows in file order; rows, no_data and unread together name every record.
    """
    value, time_s, is_fast = _by_pattern(records, kind)
    is_empty = is_fast & np.isin(value, kind.no_data)
    is_kept = is_fast & ~is_empty
    row = records["row"].to_numpy()
    table = pa.table({"row": records["row"], "device": records["Sid"], "context": _context(records, kind)})
    if not is_kept.all():
        table = table.filter(pa.array(is_kept))
        value, time_s = value[is_kept], time_s[is_kept]
    table = _finished(table, time_s * 1000, value, kind)
    if bool(is_fast.all()):
        return Samples(table, row[is_empty])
    slow, no_data, unread = _one_by_one(records.filter(pa.array(~is_fast)), kind)
    if slow.num_rows:
        empty = pa.nulls(table.num_rows, pa.string()).dictionary_encode().cast(DICTIONARY)
        table = pa.concat_tables([table.append_column("fault", empty), slow]).unify_dictionaries()
        table = table.combine_chunks().sort_by("row")
    return Samples(table, np.concatenate([row[is_empty], np.array(no_data, np.int32)]), unread)


def _context(records: pa.Table, kind: Kind) -> pa.DictionaryArray:
    keys = records["Key"].combine_chunks()
    words = list(kind.contexts.values())
    code_of = [words.index(kind.contexts[key]) if key in kind.contexts else 0 for key in keys.dictionary.to_pylist()]
    codes = np.array(code_of, np.int32)[keys.indices.to_numpy()]
    return pa.DictionaryArray.from_arrays(pa.array(codes), pa.array(words))


def _by_pattern(
    records: pa.Table, kind: Kind
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Values and times [n], and where both are certain: pattern met, time plausible, both times agree."""
    n = records.num_rows
    value, other = np.zeros(n, np.int64), np.zeros(n, np.int64)
    is_met = np.zeros(n, bool)
    texts = records["Value"].combine_chunks()
    for pattern in kind.patterns:
        left = np.flatnonzero(~is_met)
        if not len(left):
            break
        found = pc.extract_regex(texts if len(left) == n else texts.take(pa.array(left)), pattern=pattern)
        if found.null_count == len(found):
            continue
        place = left
        if found.null_count:
            hit = found.is_valid().to_numpy(zero_copy_only=False)
            found, place = found.drop_null(), left[hit]
        value[place] = found.field("v").cast(pa.int64()).to_numpy()
        if "(?P<t>" in pattern:
            other[place] = found.field("t").cast(pa.int64()).to_numpy()
        is_met[place] = True
    text = records["Time"].combine_chunks()
    is_epoch = pc.and_(pc.ascii_is_decimal(text), pc.equal(pc.binary_length(text), EPOCH_DIGITS))
    if not pc.all(is_epoch).as_py():
        text = pc.if_else(is_epoch, text, "0")
    time_s = text.cast(pa.int64()).to_numpy()
    is_fast = is_met & (time_s >= EARLIEST_S) & (time_s < LATEST_S)
    is_timed = other != 0
    if kind.untimed:
        keys = records["Key"].combine_chunks()
        untimed = [i for i, key in enumerate(keys.dictionary.to_pylist()) if key in kind.untimed]
        is_timed &= ~np.isin(keys.indices.to_numpy(), untimed)
    return value, time_s, is_fast & (~is_timed | (np.abs(other - time_s) <= TIME_SLACK_S))


def _finished(table: pa.Table, start_ms: npt.NDArray[np.int64], value: npt.NDArray[Any], kind: Kind) -> pa.Table:
    """Times and values added to row, device and context."""
    stamp = pa.timestamp("ms")
    table = table.append_column("start", pa.array(start_ms).cast(stamp))
    if kind.length_ms:
        table = table.append_column("end", pa.array(start_ms + kind.length_ms).cast(stamp)).drop_columns(["context"])
    return table.append_column(kind.column, pa.array(value).cast(kind.type))


def _one_by_one(records: pa.Table, kind: Kind) -> tuple[pa.Table, list[int], list[UnreadRecord]]:
    rows: list[int] = []
    texts: dict[str, list[str | None]] = {"device": [], "context": [], "fault": []}
    start_ms: list[int] = []
    values: list[float] = []
    no_data: list[int] = []
    unread: list[UnreadRecord] = []
    for record in as_dicts(records):
        try:
            read = read_object(record["Value"])
            value = required_number(read, kind.name)
            if pa.types.is_integer(kind.type) and value != int(value):
                raise ValueFaultError("wrong_type", f'"{kind.name}" is not a whole number.')
            other = None if record["Key"] in kind.untimed else number(read, "time")
            start = read_time(record["Time"], (other,))
        except ValueFaultError as fault:
            text = f"{record['Key']},{record['Time']},{record['Value']}"[:MAX_TEXT]
            unread.append(UnreadRecord(record["row"], fault.reason, fault.detail, text))
            continue
        if value in kind.no_data:
            no_data.append(record["row"])
            continue
        rows.append(record["row"])
        texts["device"].append(record["Sid"])
        texts["context"].append(kind.contexts[record["Key"]])
        texts["fault"].append(_time_fault(start, other))
        start_ms.append(start)
        values.append(value)
    words = {name: pa.array(column, pa.string()).dictionary_encode() for name, column in texts.items()}
    table = pa.table({"row": pa.array(rows, pa.int32()), **words})
    made = _finished(table, np.array(start_ms, np.int64), np.array(values, np.float64), kind)
    order = [name for name in made.column_names if name != "fault"]
    return made.select([*order, "fault"]), no_data, unread


def _time_fault(start_ms: int, other: float | None) -> str | None:
    """Time against the time inside the value, which real exports give to within a second."""
    if other is None or any(abs(other * unit - start_ms) <= TIME_SLACK_S * 1000 for unit in (1000, 1)):
        return None
    return f"time_mismatch: Time {start_ms // 1000}, time inside Value {other:.0f}"
