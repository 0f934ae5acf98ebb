"""Rows told as text: column by column, never value by value."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pdp.tables import columns

Mask = npt.NDArray[np.bool_]


def as_json(table: pa.Table) -> pa.Array:
    """n rows as n JSON objects of their columns, in the table's order; missing values are null."""
    parts: list[pa.Array | str] = []
    for name in table.column_names:
        parts += [f"{', ' if parts else '{'}{json.dumps(name)}: ", _as_json(columns.one(table[name]))]
    if not parts or not len(table):
        return text_array(["{}"] * len(table))
    return pc.binary_join_element_wise(*parts, "}", "", null_handling="replace", null_replacement="null")


def _as_json(array: pa.Array) -> pa.Array:
    if pa.types.is_dictionary(array.type):
        words = text_array([json.dumps(word, ensure_ascii=False) for word in array.dictionary.to_pylist()])
        return words.take(array.indices)
    if pa.types.is_string(array.type) or pa.types.is_large_string(array.type):
        texts = [None if text is None else json.dumps(text, ensure_ascii=False) for text in array.to_pylist()]
        return text_array(texts)
    text = as_text(array)
    if pa.types.is_floating(array.type):  # JSON has no word for what is no number
        is_number = pc.is_finite(array)
        return pc.if_else(is_number, text, _quoted(text))
    return _quoted(text) if pa.types.is_timestamp(array.type) else text


def _quoted(text: pa.Array) -> pa.Array:
    return pc.binary_join_element_wise('"', text, '"', "")


def as_text(array: pa.Array) -> pa.Array:
    """n values as n texts; whole numbers without a point."""
    return pc.cast(array, pa.string())


def join_flags(flags: pa.Array | None, masks: Mapping[str, Mask], rows: int) -> pa.DictionaryArray:
    """Add the flag of each mask to the rows where it is true.

    Args:
        flags: n texts (flags joined by ";") or null, or None for no flags at all.
        masks: For each flag, n times whether it holds.
        rows: n.

    Returns:
        n texts: each row's flags sorted, without repetition, joined by ";"; null where there is none.
    """
    if flags is None:
        base = pa.DictionaryArray.from_arrays(pa.nulls(rows, pa.int32()), text_array([]))
    else:
        base = _unique_words(columns.coded(pa.chunked_array([flags])))
    raised = {name: mask for name, mask in masks.items() if mask.any()}
    if not raised:
        return base
    at = np.flatnonzero(np.logical_or.reduce(list(raised.values())))
    bits = np.zeros(len(at), np.int64)
    for bit, mask in enumerate(raised.values()):
        bits |= mask[at].astype(np.int64) << bit
    is_null = columns.nulls(base.indices)
    codes = columns.numbers(base.indices).astype(np.int32)
    words: list[str | None] = base.dictionary.cast(pa.string()).to_pylist()
    before = np.where(is_null[at], -1, codes[at]) if is_null is not None else codes[at]
    combined, which = np.unique(bits * (len(words) + 1) + before + 1, return_inverse=True)
    position = {word: code for code, word in enumerate(words)}
    recoded = np.empty(len(combined), np.int32)
    for number, combination in enumerate(combined.tolist()):
        bit_set, code = divmod(combination, len(words) + 1)
        held = (words[code - 1] or "").split(";") if code else []
        held += [name for bit, name in enumerate(raised) if bit_set >> bit & 1]
        text = ";".join(sorted({flag for flag in held if flag}))
        recoded[number] = position.setdefault(text, len(position))
    codes[at] = recoded[which]
    if is_null is not None:
        is_null[at] = False
    return pa.DictionaryArray.from_arrays(columns.to_arrow(codes, is_null=is_null), text_array(list(position)))


def text_array(texts: Sequence[str | None]) -> pa.Array:
    """n texts as an Arrow array. By its buffers: pa.array would import pandas (0.45 s)."""
    encoded = [b"" if text is None else text.encode() for text in texts]
    ends = np.cumsum([0, *map(len, encoded)]).astype(np.int32)
    is_null = np.array([text is None for text in texts], np.bool_)
    validity = pa.py_buffer(np.packbits(~is_null, bitorder="little").tobytes()) if is_null.any() else None
    return pa.Array.from_buffers(
        pa.string(), len(texts), [validity, pa.py_buffer(ends), pa.py_buffer(b"".join(encoded))]
    )


def _unique_words(array: pa.DictionaryArray) -> pa.DictionaryArray:
    """The same texts by a dictionary that says each word once, and no null."""
    words = array.dictionary.to_pylist()
    is_unique = len(set(words)) == len(words) and None not in words
    return array if is_unique else array.cast(pa.string()).dictionary_encode()
