"""Arrow columns as NumPy arrays and back, without the detours that import pandas.

pa.array, pa.scalar, Schema.empty_table, Table.group_by and Table.sort_by all import pandas (0.45 s), so none of
them is used here.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Integers = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
NULL_KEY = np.iinfo(np.int64).min  # sorts before every value


def to_arrow(
    values: npt.NDArray[np.generic], kind: pa.DataType | None = None, *, is_null: Mask | None = None
) -> pa.Array:
    """n numbers as an Arrow array without a copy; `kind` must have the same width (int64 for timestamps)."""
    values = np.ascontiguousarray(values)
    validity = None
    if is_null is not None:
        validity = pa.py_buffer(np.packbits(~is_null, bitorder="little").tobytes())
    wanted = kind if kind is not None else pa.from_numpy_dtype(values.dtype)
    return pa.Array.from_buffers(wanted, len(values), [validity, pa.py_buffer(values)])


def constant(text: str, rows: int) -> pa.DictionaryArray:
    """A dictionary column that says the same in every row. All such columns share one array of zeros."""
    indices = to_arrow(_zeros(max(rows, 1).bit_length())[:rows])
    return pa.DictionaryArray.from_arrays(indices, strings([text]), safe=False)


@lru_cache(maxsize=4)
def _zeros(bits: int) -> npt.NDArray[np.int32]:
    return np.zeros(1 << bits, np.int32)


def strings(texts: Sequence[str | None]) -> pa.StringArray:
    """n strings as an Arrow array."""
    encoded = [(text or "").encode() for text in texts]
    offsets = np.cumsum([0, *map(len, encoded)], dtype=np.int32)
    is_null = np.array([text is None for text in texts], bool)
    validity = pa.py_buffer(np.packbits(~is_null, bitorder="little").tobytes())
    return pa.Array.from_buffers(
        pa.string(), len(encoded), [validity, pa.py_buffer(offsets), pa.py_buffer(b"".join(encoded))]
    )


_WIDTHS = {
    pa.int8(): np.int8,
    pa.int16(): np.int16,
    pa.int32(): np.int32,
    pa.int64(): np.int64,
    pa.float32(): np.float32,
    pa.float64(): np.float64,
}


def is_numeric(kind: pa.DataType) -> bool:
    """Can `numbers` read it?"""
    return kind in _WIDTHS or bool(pa.types.is_timestamp(kind))


def one(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    """The column in one piece."""
    if not isinstance(column, pa.ChunkedArray):
        return column
    if column.num_chunks == 1:
        return column.chunk(0)
    return column.combine_chunks() if column.num_chunks else pa.nulls(0, column.type)


def numbers(column: pa.ChunkedArray | pa.Array) -> npt.NDArray[Any]:
    """n numbers or times (as int64) in their own width, without a copy; what stands in nulls is undefined."""
    array = one(column)
    dtype = np.dtype(np.int64 if pa.types.is_timestamp(array.type) else _WIDTHS[array.type])
    buffer = array.buffers()[1]
    if buffer is None or not len(array):
        return np.zeros(len(array), dtype)
    return np.frombuffer(buffer, dtype, len(array), array.offset * dtype.itemsize)


def nulls(column: pa.ChunkedArray | pa.Array) -> Mask | None:
    """Which of n values are null; None if none is."""
    array = one(column)
    if not array.null_count:
        return None
    bits = np.frombuffer(array.buffers()[0], np.uint8)
    is_valid = np.unpackbits(bits, bitorder="little")[array.offset : array.offset + len(array)]
    is_null: Mask = is_valid == 0
    return is_null


def integers(column: pa.ChunkedArray | pa.Array) -> Integers:
    """A column of times or whole numbers as int64, n values, nulls as NULL_KEY."""
    array = one(column)
    values: Integers = numbers(array).astype(np.int64, copy=False)
    is_null = nulls(array)
    return values if is_null is None else np.where(is_null, NULL_KEY, values)


def ranks(column: pa.ChunkedArray | pa.Array) -> Integers:
    """Dense ranks of n values of any type, nulls first; comparable within this column only."""
    array = one(column)
    if pa.types.is_dictionary(array.type):
        if len(array.dictionary) == 0:
            return np.zeros(len(array), np.int64)
        of_values = ranks(array.dictionary)
        codes = integers(array.indices)
        return np.where(codes < 0, NULL_KEY, of_values[np.maximum(codes, 0)])
    if pa.types.is_integer(array.type) or pa.types.is_timestamp(array.type):
        return integers(array)
    if array.null_count == len(array):
        return np.zeros(len(array), np.int64)
    if pa.types.is_boolean(array.type):
        array = array.cast(pa.int8())
    unique = pc.unique(array.drop_null())
    placed = pc.index_in(array, value_set=unique.take(pc.sort_indices(unique)))
    return integers(placed)


def coded(column: pa.ChunkedArray) -> pa.DictionaryArray:
    array = one(column)
    return array if pa.types.is_dictionary(array.type) else array.dictionary_encode()


def canonical(array: pa.Array) -> pa.Array:
    """The same values with a dictionary that is sorted and holds only what occurs."""
    if not pa.types.is_dictionary(array.type):
        return array
    values = array.dictionary
    if len(values) == 1 and array.null_count == 0:
        return array
    codes = integers(array.indices)
    is_null = codes < 0
    counts = np.bincount(codes[~is_null] if array.null_count else codes, minlength=len(values))
    used = np.flatnonzero(counts)
    texts = values.take(to_arrow(used))
    unique = pc.unique(texts)
    wanted = unique.take(pc.sort_indices(unique))
    if wanted.equals(values):
        return array
    recoded = np.zeros(max(len(values), 1), np.int32)
    if len(used):
        recoded[used] = numbers(pc.index_in(texts, value_set=wanted))
    indices = to_arrow(recoded[np.where(is_null, 0, codes)], is_null=is_null if array.null_count else None)
    return pa.DictionaryArray.from_arrays(indices, wanted)


def conform(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Columns of the schema in its order and types; a missing column is null, an unknown one left out."""
    if table.schema.equals(schema):
        return table
    columns = []
    for field in schema:
        if field.name not in table.column_names:
            columns.append(pa.nulls(len(table), field.type))
            continue
        column = table[field.name]
        if column.type != field.type:
            column = _cast(column, field.type)
        columns.append(column)
    return pa.Table.from_arrays(columns, schema=schema)


def _cast(column: pa.ChunkedArray, wanted: pa.DataType) -> pa.ChunkedArray:
    if not pa.types.is_dictionary(wanted):
        return column.cast(wanted)
    plain = column.cast(wanted.value_type)
    return pc.dictionary_encode(plain).cast(wanted) if len(plain) else pa.chunked_array([], wanted)


def is_constant(column: pa.ChunkedArray) -> bool:
    """Does a column cheaply seen say the same in every row? True for all null, and for one word without nulls."""
    if column.null_count == len(column):
        return True
    if column.null_count or not pa.types.is_dictionary(column.type):
        return False
    first = column.chunk(0).dictionary
    return len(first) == 1 and all(chunk.dictionary.equals(first) for chunk in column.chunks)


def unify(parts: Sequence[pa.Table]) -> pa.Table:
    """Tables of one schema on top of each other: one piece and one dictionary per column."""
    table = pa.concat_tables(parts)
    pieces = [_unify(column) for column in table.columns]
    return pa.Table.from_arrays(pieces, schema=table.schema)


def _unify(column: pa.ChunkedArray) -> pa.Array:
    if pa.types.is_dictionary(column.type):
        if len(column) and not column.null_count and is_constant(column):
            return constant(column.chunk(0).dictionary[0].as_py(), len(column))
        return one(column.unify_dictionaries())
    return one(column)


def take(table: pa.Table, indices: Integers) -> pa.Table:
    """Rows of a unified table by position; far faster than Table.take where columns say the same in every row."""
    chosen = to_arrow(indices)
    return pa.Table.from_arrays([_take(one(c), indices, chosen) for c in table.columns], schema=table.schema)


def _take(array: pa.Array, indices: Integers, chosen: pa.Array) -> pa.Array:
    if array.null_count == len(array):
        return pa.nulls(len(indices), array.type)
    if pa.types.is_dictionary(array.type):
        if len(array.dictionary) == 1 and not array.null_count:
            return pa.DictionaryArray.from_arrays(to_arrow(np.zeros(len(indices), np.int32)), array.dictionary)
        return pa.DictionaryArray.from_arrays(_take(array.indices, indices, chosen), array.dictionary)
    if array.null_count or not is_numeric(array.type):
        return array.take(chosen)
    return to_arrow(numbers(array)[indices], array.type)


def codes(column: pa.ChunkedArray | pa.Array) -> npt.NDArray[np.int32]:
    """n positions in the dictionary of a unified dictionary column, -1 for null."""
    indices = one(column).indices
    is_null = nulls(indices)
    found: npt.NDArray[np.int32] = numbers(indices)
    return found if is_null is None else np.where(is_null, np.int32(-1), found)


def words(column: pa.ChunkedArray | pa.Array) -> list[str]:
    """The dictionary of a unified dictionary column."""
    texts: list[str] = one(column).dictionary.to_pylist()
    return texts
