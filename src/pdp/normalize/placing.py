"""Readings as a file gives them, brought to the canonical columns of their measure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pdp import schemas
from pdp.errors import ConservationError
from pdp.formats import Rows
from pdp.tables import columns
from pdp.tables.row_values import join_flags, text_array
from pdp.timeframe import Placed, Placer, ZoneLedger
from pdp.vocabulary import COMMON, MEASURES, MINUTE_MS, OFFSET_BASES

_UTC = pa.timestamp("ms", tz="UTC")
_RECORDED, _LEDGER, _NONEXISTENT = (OFFSET_BASES.index(basis) for basis in ("recorded", "ledger", "nonexistent"))
_BOUNDS = ("offset_from", "offset_to")
_GIVEN = ("row", "start", "end", "utc_offset_min", *_BOUNDS, "device", "flags", "fault")


@dataclass(frozen=True)
class Origin:
    """What is the same in every row of an export."""

    source: str
    export: str
    device: str


def plain(rows: Rows) -> pa.Table:
    """The table in one piece, with times in ms and row as int32.

    Raises:
        ConservationError: A measure or a column that the vocabulary does not know would be lost, or one is missing.
    """
    where = f"{rows.measure} of {rows.member or 'the file'}"
    if rows.measure not in MEASURES:
        raise ConservationError("the vocabulary has no such measure.", where=where, hint=_HINT)
    measure = MEASURES[rows.measure]
    known = {*_GIVEN, *(column.name for column in measure.columns)} - (set() if measure.is_interval else {"end"})
    if strange := set(rows.table.column_names) - known:
        raise ConservationError(f"has no column {', '.join(sorted(strange))}.", where=where, hint=_HINT)
    if missing := {"row", "start"} - set(rows.table.column_names):
        raise ConservationError(f"needs a column {', '.join(sorted(missing))}.", where=where, hint=_HINT)
    table = rows.table
    times = [(name, pa.timestamp("ms")) for name in ("start", "end", *_BOUNDS)]
    for name, kind in (("row", pa.int32()), *times):
        if name in table.column_names and table[name].type != kind:
            table = table.set_column(table.column_names.index(name), name, pc.cast(table[name], kind, safe=False))
    return table.unify_dictionaries().combine_chunks()


_HINT = "This is a fault of the format's parser; please report it."


class Stream:
    """One measure of one member in file order, by one clock.

    Rows that end a block inside a repeated hour are held until the next block settles them.
    """

    def __init__(self, rows: Rows, origin: Origin, ledger: ZoneLedger) -> None:
        self.measure = rows.measure
        self._member, self._modality, self._clock = rows.member, rows.modality, rows.clock
        self._origin, self._ledger = origin, ledger
        self._placer: Placer = ledger.placer()
        self._held: pa.Table | None = None

    def feed(self, table: pa.Table | None, *, is_last: bool = False) -> pa.Table | None:
        """Canonical rows (pdp.schemas.normalized) for those that are settled, in file order; None for none."""
        if self._held is not None:
            parts = [self._held] if table is None else [self._held, table]
            table = pa.concat_tables(parts, promote_options="permissive").unify_dictionaries().combine_chunks()
        if table is None:
            return None
        starts = self._place(table, is_last)
        self._held = table.slice(len(starts)) if len(starts) < len(table) else None
        return self._canonical(table.slice(0, len(starts)), starts) if len(starts) else None

    def _place(self, table: pa.Table, is_last: bool) -> Placed:
        start = columns.numbers(table["start"])
        if self._clock == "local":
            placed = self._placer.place(start, is_last=is_last)
        else:
            basis = np.full(len(start), _LEDGER, np.int8)
            placed = Placed(start, self._ledger.offsets(start), basis, np.zeros(len(start), np.bool_))
        if "utc_offset_min" not in table.column_names:
            return placed
        offset, is_null = _recorded(table, len(placed))
        if self._clock == "utc" and set(_BOUNDS) <= set(table.column_names):
            offset = np.where(self._is_known(table, offset), placed.offset_min, offset)
        instant = start[: len(placed)] - (offset * MINUTE_MS if self._clock == "local" else 0)
        return Placed(
            np.where(is_null, placed.utc_ms, instant),
            np.where(is_null, placed.offset_min, offset).astype(np.int16),
            np.where(is_null, placed.basis, _RECORDED).astype(np.int8),
            placed.is_undecided & is_null,
        )

    def _is_known(self, table: pa.Table, offset: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Rows whose recorded offset the ledger has at either bound of the stretch that it was recorded for.

        In a night in which the clocks change one recorded offset is right before or after, and the ledger in both.
        """
        bounds = (columns.numbers(table[name])[: len(offset)] for name in _BOUNDS)
        known: npt.NDArray[np.bool_] = np.logical_or(*(self._ledger.offsets(bound) == offset for bound in bounds))
        return known

    def _ends(self, table: pa.Table, starts: Placed) -> tuple[pa.Array, Placed]:
        """Ends as UTC instants, null where there is none, and how they were placed."""
        end, is_null = columns.numbers(table["end"]), columns.nulls(table["end"])
        if self._clock == "utc":
            placed = Placed(end, starts.offset_min, starts.basis, np.zeros(len(end), np.bool_))
        else:
            local = starts.utc_ms + starts.offset_min.astype(np.int64) * MINUTE_MS
            placed = self._ledger.place_ends(end if is_null is None else np.where(is_null, local, end), starts)
            is_recorded = starts.basis == _RECORDED
            if is_recorded.any():
                instant = end - starts.offset_min.astype(np.int64) * MINUTE_MS
                placed = Placed(
                    np.where(is_recorded, instant, placed.utc_ms),
                    placed.offset_min,
                    np.where(is_recorded, _RECORDED, placed.basis).astype(np.int8),
                    placed.is_undecided & ~is_recorded,
                )
        return columns.to_arrow(placed.utc_ms, _UTC, is_null=is_null), placed

    def _canonical(self, table: pa.Table, starts: Placed) -> pa.Table:
        n = len(table)
        is_undecided, is_skipped = starts.is_undecided, starts.basis == _NONEXISTENT
        ends = pa.nulls(n, _UTC)
        if "end" in table.column_names:
            ends, placed = self._ends(table, starts)
            is_undecided, is_skipped = is_undecided | placed.is_undecided, is_skipped | (placed.basis == _NONEXISTENT)
        flags = columns.one(table["flags"]) if "flags" in table.column_names else None
        made: dict[str, pa.Array] = {
            "start_utc": columns.to_arrow(starts.utc_ms, _UTC),
            "end_utc": ends,
            "utc_offset_min": columns.to_arrow(starts.offset_min),
            "offset_basis": pa.DictionaryArray.from_arrays(
                columns.to_arrow(starts.basis.astype(np.int32)), text_array(OFFSET_BASES)
            ),
            "source": columns.constant(self._origin.source, n),
            "device": self._device(table),
            "modality": columns.constant(self._modality, n),
            "export": columns.constant(self._origin.export, n),
            "member": columns.constant(self._member, n),
            "row": columns.one(table["row"]),
            "flags": join_flags(flags, {"ambiguous_time": is_undecided, "nonexistent_time": is_skipped}, n),
        }
        assert list(made) == [column.name for column in COMMON]
        for column in MEASURES[self.measure].columns:
            if column.name in table.column_names:
                made[column.name] = _without_empty(columns.one(table[column.name]))
        if "fault" in table.column_names:
            made["fault"] = columns.one(table["fault"])
        return columns.conform(pa.table(made), schemas.normalized(self.measure))

    def _device(self, table: pa.Table) -> pa.Array:
        if "device" not in table.column_names or table["device"].null_count == len(table):
            return columns.constant(self._origin.device, len(table))
        named = columns.coded(table["device"])
        words = [word or self._origin.device for word in named.dictionary.to_pylist()]
        codes = {word: code for code, word in enumerate(dict.fromkeys([*words, self._origin.device]))}
        recoded = columns.to_arrow(np.array([codes[word] for word in words], np.int32))
        indices = pc.fill_null(recoded.take(named.indices), codes[self._origin.device])
        return pa.DictionaryArray.from_arrays(indices, text_array(list(codes)))


def _recorded(table: pa.Table, rows: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Offsets that the file records for the first rows, and where it records none."""
    column = columns.one(table["utc_offset_min"])
    is_null = columns.nulls(column)
    offset = columns.numbers(column).astype(np.int64)[:rows]
    return offset, np.zeros(rows, np.bool_) if is_null is None else is_null[:rows]


def _without_empty(array: pa.Array) -> pa.Array:
    """Texts that say nothing are missing."""
    if pa.types.is_dictionary(array.type):
        words = array.dictionary.to_pylist()
        if all(words):
            return array
        array = array.cast(array.type.value_type)
    if pa.types.is_string(array.type) or pa.types.is_large_string(array.type):
        return pc.if_else(pc.equal(array, ""), None, array)
    return array
