"""Parquet in and out: order, bytes, windows."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pdp import schemas, tables
from pdp.errors import StoreError

HEART_RATE = schemas.validated("heart_rate")
SMALL = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

rows = st.fixed_dictionaries(
    {
        "start_utc": st.integers(0, 20).map(lambda minute: datetime.fromtimestamp(minute * 60, UTC)),
        "end_utc": st.none() | st.integers(0, 3).map(lambda minute: datetime.fromtimestamp(minute * 60, UTC)),
        "utc_offset_min": st.sampled_from([0, 60]),
        "offset_basis": st.just("ledger"),
        "source": st.sampled_from(["band", "ring"]),
        "device": st.sampled_from(["", "left"]),
        "modality": st.just("sensed"),
        "export": st.sampled_from(["e1", "e2", "e3"]),
        "member": st.sampled_from(["", "HEARTRATE.csv"]),
        "row": st.integers(1, 3),
        "flags": st.none() | st.just("ambiguous_time"),
        "heart_rate_bpm": st.sampled_from([50.0, 60.0]),
        "context": st.sampled_from(["manual", "automatic"]),
    }
)


def table_of(records: Sequence[dict[str, Any]], schema: pa.Schema = HEART_RATE) -> pa.Table:
    return pa.Table.from_pylist(list(records), schema=schema)


def minutes(count: int, *, start: int = 0, step_ms: int = 60_000, end: bool = False) -> pa.Table:
    starts = np.arange(start, start + count, dtype=np.int64) * step_ms
    time = pa.timestamp("ms", tz="UTC")

    def word(text: str) -> pa.DictionaryArray:
        return pa.DictionaryArray.from_arrays(pa.array(np.zeros(count, np.int32)), pa.array([text]))

    return pa.table(
        {
            "start_utc": pa.array(starts).cast(time),
            "end_utc": pa.array(starts + step_ms).cast(time) if end else pa.nulls(count, time),
            "utc_offset_min": pa.array(np.full(count, 60, np.int16)),
            **{name: word(name) for name in ("offset_basis", "source", "device", "modality", "export", "member")},
            "row": pa.array(np.arange(start, start + count, dtype=np.int32)),
            "flags": pa.nulls(count, schemas.DICTIONARY),
            "heart_rate_bpm": pa.array((starts // step_ms % 60 + 50).astype(np.float32)),
            "context": word("automatic"),
        },
        schema=HEART_RATE,
    )


def write(path: Path, parts: Sequence[pa.Table], *, schema: pa.Schema = HEART_RATE, held: int = 1_000_000) -> bytes:
    writer = tables.SortingWriter(path, schema, max_rows_in_memory=held)
    for part in parts:
        writer.write(part)
    assert writer.close({"pdp.tally": "{}"}) == sum(len(part) for part in parts)
    return path.read_bytes()


def split(table: pa.Table, cuts: Sequence[int]) -> list[pa.Table]:
    edges = [0, *sorted(cut % (len(table) + 1) for cut in cuts), len(table)]
    return [table.slice(a, b - a) for a, b in pairwise(edges)]


@SMALL
@given(st.lists(rows, max_size=40), st.randoms(use_true_random=False), st.lists(st.integers(0, 40), max_size=5))
def test_same_rows_in_any_order_and_any_pieces_give_the_same_bytes(tmp_path, records, random, cuts):
    straight = write(tmp_path / "a.parquet", [table_of(records)])
    shuffled = random.sample(records, len(records))
    pieces = split(table_of(shuffled), cuts)
    assert write(tmp_path / "a.parquet", pieces) == straight
    assert write(tmp_path / "a.parquet", [p.unify_dictionaries() for p in pieces], held=7) == straight
    assert [path.name for path in tmp_path.iterdir()] == ["a.parquet"]


@SMALL
@given(st.lists(rows, max_size=40), st.randoms(use_true_random=False))
def test_rows_come_back_sorted_by_every_key_with_nulls_first(tmp_path, records, random):
    write(tmp_path / "a.parquet", [table_of(records)], held=6)
    lowest = datetime.fromtimestamp(0, UTC)

    def key(row: dict[str, Any]) -> tuple[Any, ...]:
        values = [(row[name] is not None, row[name] or (lowest if name == "end_utc" else "")) for name in keys]
        return (*values, row["utc_offset_min"], row["flags"] or "", row["heart_rate_bpm"], row["context"])

    keys = [name for name in tables.SORT_KEYS if name != "row"]
    found = tables.read(tmp_path / "a.parquet").to_pylist()
    plain = [(key(row)[: len(keys)], row["row"]) for row in found]
    assert plain == sorted(plain)
    assert sorted(map(str, found)) == sorted(map(str, table_of(records).to_pylist()))


def test_a_missing_word_comes_before_the_first_word_also_among_rows_equal_in_every_key(tmp_path):
    row = minutes(1).to_pylist()[0]
    wordy = [{**row, "flags": flags} for flags in (None, "ambiguous_time", None, None)]
    straight = write(tmp_path / "a.parquet", [table_of(wordy)])
    assert tables.read(tmp_path / "a.parquet")["flags"].to_pylist() == [None, None, None, "ambiguous_time"]
    assert write(tmp_path / "b.parquet", [table_of(wordy[::-1])]) == straight


def test_large_tables_out_of_order_spill_and_end_in_the_same_bytes_as_sorted_ones(tmp_path):
    whole = minutes(400_000)
    straight = write(tmp_path / "a.parquet", [whole])
    parts = split(whole, [50_000, 131_072, 260_000, 390_000])
    assert write(tmp_path / "b.parquet", parts[::-1], held=60_000) == straight
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.parquet", "b.parquet"]


def test_row_groups_hold_exactly_131072_rows_whatever_the_batches_were(tmp_path):
    write(tmp_path / "a.parquet", split(minutes(300_000), list(range(0, 300_000, 7_001))))
    footer = pq.read_metadata(tmp_path / "a.parquet")
    assert [footer.row_group(i).num_rows for i in range(footer.num_row_groups)] == [131_072, 131_072, 37_856]
    column = footer.row_group(0).column(0)
    assert column.compression == "ZSTD"
    assert "DELTA_BINARY_PACKED" in column.encodings
    assert column.has_column_index
    assert column.statistics.max_raw == 131_071 * 60_000


def test_a_dictionary_lists_only_the_words_that_occur_in_its_row_group(tmp_path):
    word = pa.dictionary(pa.int32(), pa.string())
    schema = pa.schema([("start_utc", pa.timestamp("ms", tz="UTC")), ("flags", word)])
    codes = pa.array([1, None, 2], pa.int32())
    flags = pa.DictionaryArray.from_arrays(codes, pa.array(["never", "b", "a", "b"]))
    table = pa.table({"start_utc": pa.array([1, 2, 3], schema.field(0).type), "flags": flags})
    write(tmp_path / "a.parquet", [table], schema=schema)
    column = tables.read(tmp_path / "a.parquet")["flags"]
    assert column.chunk(0).dictionary.to_pylist() == ["a", "b"]
    assert column.to_pylist() == ["b", None, "a"]


def test_an_empty_table_is_a_valid_file_with_schema_and_metadata(tmp_path):
    write(tmp_path / "a.parquet", [])
    assert tables.read(tmp_path / "a.parquet").schema == HEART_RATE
    assert tables.row_count(tmp_path / "a.parquet") == 0
    assert tables.metadata(tmp_path / "a.parquet") == {"pdp.tally": "{}"}
    assert list(tables.windows([tmp_path / "a.parquet"], 1)) == []
    assert list(tables.batches(tmp_path / "a.parquet")) == []
    assert tables.count_by(tmp_path / "a.parquet", "source") == {}


def test_missing_columns_become_null_and_strings_become_dictionaries(tmp_path):
    table = minutes(3).drop_columns(["flags"])
    table = table.set_column(table.column_names.index("source"), "source", pa.array(["band", "band", "ring"]))
    write(tmp_path / "a.parquet", [table])
    found = tables.read(tmp_path / "a.parquet")
    assert found.schema == HEART_RATE
    assert found["flags"].null_count == 3
    assert found["source"].to_pylist() == ["band", "band", "ring"]


def test_a_null_in_a_required_column_is_refused_by_name(tmp_path):
    writer = tables.SortingWriter(tmp_path / "a.parquet", HEART_RATE)
    with pytest.raises(StoreError, match=r'^a.parquet: column "heart_rate_bpm" is required but has nulls\.$'):
        writer.write(minutes(3).drop_columns(["heart_rate_bpm"]))
    writer.discard()


def test_discard_leaves_nothing_behind(tmp_path):
    writer = tables.SortingWriter(tmp_path / "a.parquet", HEART_RATE, max_rows_in_memory=10)
    for start in (100, 50, 0):
        writer.write(minutes(20, start=start))
    assert len(list(tmp_path.iterdir())) == 3
    writer.discard()
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_not_parquet_is_named_with_what_to_do(tmp_path):
    (tmp_path / "a.parquet").write_bytes(b"nonsense")
    with pytest.raises(StoreError, match=r"a.parquet: can't be read: it is no Parquet file.* run again"):
        tables.read(tmp_path / "a.parquet")


def test_batches_are_bounded_and_complete(tmp_path):
    write(tmp_path / "a.parquet", [minutes(400_000)])
    sizes = [len(part) for part in tables.batches(tmp_path / "a.parquet", ["row"], rows=270_000)]
    assert sizes == [262_144, 137_856]


def test_count_by_counts_combinations_with_null_as_empty_text(tmp_path):
    table = minutes(3)
    flags = pa.array(["odd", None, None]).dictionary_encode().cast(schemas.DICTIONARY)
    write(tmp_path / "a.parquet", [table.set_column(table.column_names.index("flags"), "flags", flags)])
    counts = tables.count_by(tmp_path / "a.parquet", "source", "flags", "utc_offset_min")
    assert counts == {("source", "", "60"): 2, ("source", "odd", "60"): 1}


starts_of_files = st.lists(st.lists(st.integers(-50, 50), max_size=60), min_size=1, max_size=4)


@SMALL
@given(starts_of_files, st.integers(1, 40), st.integers(1, 30), st.booleans())
def test_windows_give_every_row_once_and_never_split_a_slot(tmp_path, files, align, rows, has_end):
    paths = []
    for index, starts in enumerate(files):
        table = minutes(len(starts), step_ms=1, end=has_end)
        column = pa.array(starts, pa.int64()).cast(pa.timestamp("ms", tz="UTC"))
        paths.append(tmp_path / f"{index}.parquet")
        write(paths[-1], [table.set_column(0, "start_utc", column)])
    found: list[list[int]] = [[] for _ in files]
    slots_before: set[int] = set()
    for parts in tables.windows(paths, align, rows):
        assert any(part is not None for part in parts)
        starts = [s for part in parts if part is not None for s in part["start_utc"].cast(pa.int64()).to_pylist()]
        slots = {start // align for start in starts}
        assert not slots & slots_before
        assert not slots_before or min(slots) > max(slots_before)
        slots_before |= slots
        for index, part in enumerate(parts):
            assert part is None or len(part)
            found[index] += [] if part is None else part["start_utc"].cast(pa.int64()).to_pylist()
    assert found == [sorted(starts) for starts in files]


def test_windows_of_large_files_stay_near_the_rows_asked_for(tmp_path):
    write(tmp_path / "a.parquet", [minutes(400_000)])
    write(tmp_path / "b.parquet", [minutes(400_000, start=200_000)])
    sizes = [
        sum(len(part) for part in parts if part is not None)
        for parts in tables.windows([tmp_path / "a.parquet", tmp_path / "b.parquet"], 300_000, rows=100_000)
    ]
    assert sum(sizes) == 800_000
    assert max(sizes) <= 200_000


def test_a_slot_larger_than_the_rows_asked_for_comes_whole(tmp_path):
    write(tmp_path / "a.parquet", [minutes(300_000, step_ms=1)])
    sizes = [len(parts[0]) for parts in tables.windows([tmp_path / "a.parquet"], 1_000_000, rows=10_000)]
    assert sizes == [300_000]


def test_writing_and_reading_import_neither_pandas_nor_pyarrow_dataset(tmp_path):
    write(tmp_path / "a.parquet", [minutes(1_000)])
    program = f"""
import sys
from pathlib import Path
from pdp import tables
path = Path({str(tmp_path)!r})
table = tables.read(path / "a.parquet")
writer = tables.SortingWriter(path / "b.parquet", table.schema, max_rows_in_memory=300)
writer.write(table.slice(500)); writer.write(table.slice(0, 500)); writer.write(table.slice(3, 5)); writer.close()
list(tables.windows([path / "b.parquet"], 1)); tables.count_by(path / "b.parquet", "source", "flags")
print(sorted({{"pandas", "pyarrow.dataset"}} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_one_altered_byte_is_noticed_and_the_file_named(tmp_path: Path) -> None:
    path = tmp_path / "damaged.parquet"
    writer = tables.SortingWriter(path, pa.schema([("start_utc", pa.timestamp("ms", tz="UTC")), ("steps", pa.int32())]))
    writer.write(
        pa.table(
            {"start_utc": pa.array(range(500), pa.timestamp("ms", tz="UTC")), "steps": pa.array(range(500), pa.int32())}
        )
    )
    writer.close()
    data = bytearray(path.read_bytes())
    data[60] ^= 1  # inside the first page
    path.write_bytes(data)
    said = (
        r"damaged\.parquet: can't be read: .* its bytes were altered .* Delete the file and run again: it will be made"
    )
    with pytest.raises(StoreError, match=said):
        tables.read(path)
    with pytest.raises(StoreError, match=said):
        list(tables.windows([path], 1000))
