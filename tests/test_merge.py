"""The merge: every row has one fate, and content alone decides which."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pdp import merge as merging
from pdp import schemas, tables
from pdp.errors import ConservationError
from pdp.merge import Counts, MergeInput, MergeSettings, merge
from pdp.timeframe import ZoneLedger
from pdp.vocabulary import MEASURES
from tests.merge_oracle import MINUTE, resolve

LEDGER = ZoneLedger.from_config("Europe/Berlin")
DAY_0 = 19_000 * 86_400_000  # 2022-01-08, winter: Berlin is 60 minutes ahead
Row = dict[str, Any]
SLOW = settings(max_examples=30, deadline=None)


class Merged(NamedTuple):
    merged: list[Row]
    superseded: list[Row]
    counts: Counts
    bytes: tuple[bytes, bytes]


def instant(ms: int | None) -> datetime | None:
    return None if ms is None else datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)


def to_table(measure: str, rows: Sequence[Row]) -> pa.Table:
    """Rows as the tests write them (start and end in ms, offset, row_number) in the canonical schema."""
    records = [
        {
            "offset_basis": "ledger",
            "modality": "sensed",
            **{name: value for name, value in row.items() if name not in ("start", "end", "offset", "row_number")},
            "start_utc": instant(row["start"]),
            "end_utc": instant(row["end"]),
            "utc_offset_min": row["offset"],
            "row": row["row_number"],
        }
        for row in rows
    ]
    return pa.Table.from_pylist(records, schema=schemas.validated(measure))


def run(
    measure: str,
    files: Sequence[Sequence[Row]],
    *,
    priority: Sequence[str] = (),
    fusion_min: int = 0,
    twins: bool = False,
) -> Merged:
    """Merge files, each of which holds rows of one export."""
    with tempfile.TemporaryDirectory() as folder:
        inputs = []
        for number, rows in enumerate(files):
            path = Path(folder) / f"{number}.parquet"
            writer = tables.SortingWriter(path, schemas.validated(measure))
            writer.write(to_table(measure, rows))
            writer.close()
            source, export = (rows[0]["source"], rows[0]["export"]) if rows else ("band", f"empty{number}")
            inputs.append(MergeInput(path, source, export))
        merged = tables.SortingWriter(Path(folder) / "merged.parquet", schemas.validated(measure))
        superseded = tables.SortingWriter(Path(folder) / "superseded.parquet", schemas.superseded(measure))
        settings_ = MergeSettings(priority=tuple(priority), fusion_min=fusion_min, twins=twins)
        counts = merge(measure, inputs, settings=settings_, ledger=LEDGER, merged=merged, superseded=superseded)
        merged.close()
        superseded.close()
        return Merged(
            tables.read(merged.path).to_pylist(),
            tables.read(superseded.path).to_pylist(),
            counts,
            (merged.path.read_bytes(), superseded.path.read_bytes()),
        )


def by_export(rows: Sequence[Row]) -> list[list[Row]]:
    exports = sorted({(row["source"], row["export"]) for row in rows})
    return [[row for row in rows if (row["source"], row["export"]) == key] for key in exports]


def place(row: Row) -> tuple[Any, ...]:
    return row["source"], row["export"], row["member"], row.get("row_number", row.get("row"))


def common(draw: st.DrawFn, number: int, exports: Sequence[str], devices: Sequence[str]) -> Row:
    export = draw(st.sampled_from(exports))
    return {
        "source": export.rstrip("0123456789"),
        "export": export,
        "device": draw(st.sampled_from(devices)),
        "member": draw(st.sampled_from(["", "b.csv"])),
        "row_number": number,
        "offset": draw(st.sampled_from([60, 60, 60, 120, -300])),
        "flags": draw(st.sampled_from([None, "ambiguous_time"])),
        "end": None,
    }


EXPORTS = ("band1", "band2", "band3", "ring1", "ring2", "watch1")
SHARED = ("band1", "band2", "ring1", "ring1")


@st.composite
def readings(draw: st.DrawFn, measure: str, exports: Sequence[str] = EXPORTS) -> list[Row]:
    """Rows close enough together that everything happens."""
    devices = draw(st.sampled_from([[""], ["", "left"]]))
    step = draw(st.sampled_from([MINUTE, 7 * MINUTE, 400 * MINUTE]))
    found = []
    for number in range(1, draw(st.integers(0, 25)) + 1):
        row = common(draw, number, exports, devices)
        row["start"] = DAY_0 + draw(st.integers(-6, 12)) * step
        if measure == "heart_rate":
            row["heart_rate_bpm"] = float(draw(st.sampled_from([60, 61])))
            row["context"] = draw(st.sampled_from(["automatic", "automatic", "manual", "resting"]))
        elif measure == "step_count":
            row["end"] = row["start"] + draw(st.sampled_from([1, 1, 5, 15, 60, 1440])) * MINUTE
            row["steps"] = draw(st.sampled_from([0, 10]))
        elif measure == "sleep_stage":
            row["end"] = row["start"] + draw(st.sampled_from([1, 5, 30])) * step
            row["stage"] = draw(st.sampled_from(["light", "deep", "in_bed"]))
        elif measure == "sleep_episode":
            row["end"] = row["start"] + draw(st.sampled_from([1, 5, 30])) * step
            row["total_sleep_time_min"] = draw(st.sampled_from([None, 100.0]))
            row |= dict.fromkeys(("light_min", "deep_min", "rem_min", "awake_min", "is_main_sleep"))
        else:
            row["systolic_mmhg"], row["diastolic_mmhg"] = draw(st.sampled_from([(120.0, 80.0), (130.0, 85.0)]))
            row["pulse_bpm"] = draw(st.sampled_from([None, 60.0, 61.0]))
            row |= {"body_posture": None, "measurement_location": None, "note": draw(st.sampled_from([None, "calm"]))}
        found.append(row)
    return found


cases = st.sampled_from(sorted(MEASURES)).flatmap(lambda measure: st.tuples(st.just(measure), readings(measure)))
priorities = st.sampled_from([(), ("ring", "band"), ("watch", "ring/left", "band"), ("band/left", "watch")])


@pytest.fixture(params=[None, 4], ids=["one window", "windows of 4 rows"])
def window(request, monkeypatch):
    if request.param:
        monkeypatch.setattr(merging, "ROWS_PER_WINDOW", request.param)


@st.composite
def shared_readings(draw: st.DrawFn, measure: str) -> list[Row]:
    """Some exports are held by a second source too, which may call the device something else."""
    rows = draw(readings(measure, SHARED))
    told_twice = draw(st.sets(st.sampled_from(SHARED)))
    second = draw(st.sampled_from(["all", "zoo"]))
    names = draw(st.sampled_from([{}, {"": "x", "left": "y"}]))
    more = [
        {**row, "source": second, "device": names.get(row["device"], row["device"])}
        for row in rows
        if row["export"] in told_twice and (row["row_number"] % 5 or second == "zoo")
    ]
    return rows + more


@pytest.mark.usefixtures("window")
@pytest.mark.parametrize("measure", sorted(MEASURES))
def test_every_row_of_an_export_in_two_sources_has_the_fate_that_plain_python_gives_it(measure):
    @SLOW
    @given(shared_readings(measure), priorities)
    def check(rows: list[Row], priority: Sequence[str]) -> None:
        found = run(measure, by_export(rows), priority=priority)
        expected = resolve(measure, rows, priority, MEASURES[measure].fusion_min)
        fates = {place(row): "" for row in found.merged} | {place(row): row["reason"] for row in found.superseded}
        assert fates == {place(fate.row): fate.reason for fate in expected}

    check()


@SLOW
@given(cases)
def test_an_export_that_a_second_source_holds_too_changes_nothing_and_is_never_another_device(case):
    measure, rows = case
    files = by_export(rows)
    again = [[{**row, "source": "zoo"} for row in file] for file in files]
    once, twice = run(measure, files), run(measure, [*again, *files])
    assert twice.bytes[0] == once.bytes[0]
    assert {row["reason"] for row in twice.superseded if row["source"] == "zoo"} <= {"duplicate", "conflict"}


@pytest.mark.usefixtures("window")
@pytest.mark.parametrize("measure", sorted(MEASURES))
def test_every_row_has_has_the_fate_that_plain_python_gives_it(measure):
    @SLOW
    @given(readings(measure), priorities)
    def check(rows: list[Row], priority: Sequence[str]) -> None:
        found = run(measure, by_export(rows), priority=priority)
        expected = resolve(measure, rows, priority, MEASURES[measure].fusion_min)
        fates = {place(row): "" for row in found.merged} | {place(row): row["reason"] for row in found.superseded}
        assert fates == {place(fate.row): fate.reason for fate in expected}

    check()


@SLOW
@given(cases, priorities, st.randoms(use_true_random=False))
def test_the_order_of_the_inputs_does_not_show_in_the_bytes(case, priority, random):
    measure, rows = case
    files = by_export(rows)
    straight = run(measure, files, priority=priority, twins=True)
    shuffled = run(measure, random.sample(files, len(files)), priority=priority, twins=True)
    assert shuffled.bytes == straight.bytes
    assert shuffled.counts == straight.counts


@SLOW
@given(cases, priorities)
def test_every_row_stands_once_unchanged_and_every_winner_is_a_row_that_stands(case, priority):
    measure, rows = case
    found = run(measure, by_export(rows), priority=priority, twins=True)
    inputs = {place(row): row for row in to_table(measure, rows).to_pylist()}
    names = [name for name in schemas.validated(measure).names if name != "flags"]
    outputs = found.merged + found.superseded
    assert Counter(map(place, outputs)) == Counter(inputs.keys())
    for row in outputs:
        assert [row[name] for name in names] == [inputs[place(row)][name] for name in names]
        assert {*(row["flags"] or "").split(";")} - {"possible_twin"} >= {
            *(inputs[place(row)]["flags"] or "").split(";")
        } - {""}
    standing = {(row["start_utc"], *place(row)) for row in found.merged}
    winner = ("winner_start_utc", "winner_source", "winner_export", "winner_member", "winner_row")
    assert {tuple(row[name] for name in winner) for row in found.superseded} <= standing
    assert found.counts.total["read"] == len(rows)
    assert found.counts.total["accepted"] == len(found.merged)


@SLOW
@given(cases, priorities)
def test_the_merged_table_merges_into_itself(case, priority):
    measure, rows = case
    once = run(measure, by_export(rows), priority=priority)
    again = [
        {
            **{name: row[name] for name in row if name not in ("start_utc", "end_utc", "utc_offset_min", "row")},
            "start": int(row["start_utc"].timestamp() * 1000),
            "end": None if row["end_utc"] is None else int(row["end_utc"].timestamp() * 1000),
            "offset": row["utc_offset_min"],
            "row_number": row["row"],
        }
        for row in once.merged
    ]
    twice = run(measure, by_export(again), priority=priority)
    assert twice.bytes[0] == once.bytes[0]
    assert twice.superseded == []


@SLOW
@given(cases)
def test_an_export_merged_twice_adds_nothing_but_duplicates(case):
    measure, rows = case
    files = by_export(rows)
    once, twice = run(measure, files), run(measure, [*files, *files[:1]])
    assert twice.bytes[0] == once.bytes[0]
    extra = Counter(row["reason"] for row in twice.superseded) - Counter(row["reason"] for row in once.superseded)
    assert set(extra) <= {"duplicate", "conflict", "other_device"}
    assert sum(extra.values()) == (len(files[0]) if files else 0)


@SLOW
@given(st.data())
def test_how_the_rows_of_one_device_are_split_over_overlapping_exports_does_not_show(data):
    minutes = data.draw(st.lists(st.integers(0, 40), max_size=20, unique=True))
    cuts = data.draw(st.lists(st.sets(st.sampled_from(minutes)) if minutes else st.just(set()), max_size=3))

    def export(name: str, chosen: Sequence[int]) -> list[Row]:
        return [
            {
                "source": "band",
                "export": name,
                "device": "",
                "member": "",
                "row_number": 1,
                "offset": 60,
                "flags": None,
                "start": DAY_0 + minute * MINUTE,
                "end": None,
                "heart_rate_bpm": 60.0 + minute,
                "context": "automatic",
            }
            for minute in chosen
        ]

    whole = run("heart_rate", [export("all", minutes)])
    split = run("heart_rate", [export("all", minutes), *(export(f"e{i}", sorted(cut)) for i, cut in enumerate(cuts))])
    told = [(row["start_utc"], row["heart_rate_bpm"]) for row in whole.merged]
    assert [(row["start_utc"], row["heart_rate_bpm"]) for row in split.merged] == told
    assert {row["reason"] for row in split.superseded} <= {"duplicate"}


@SLOW
@given(readings("heart_rate"), priorities)
def test_no_slot_is_empty_that_any_device_had(rows, priority):
    def slots(start_of: Any, found: Sequence[Row]) -> set[int]:
        return {start_of(row) // (5 * MINUTE) for row in found if row["context"] != "resting"}

    found = run("heart_rate", by_export(rows), priority=priority)
    kept = slots(lambda row: int(row["start_utc"].timestamp() * 1000), found.merged)
    assert kept == slots(lambda row: row["start"], rows)


def sample(
    minute: float, bpm: float, *, export: str = "band1", number: int = 1, context: str = "automatic", **more: Any
) -> Row:
    start = DAY_0 + int(minute * MINUTE)
    base = {"source": export.rstrip("0123456789"), "export": export, "device": "", "member": "", "row_number": number}
    return {
        **base,
        "offset": 60,
        "flags": None,
        "start": start,
        "end": None,
        "heart_rate_bpm": bpm,
        "context": context,
        **more,
    }


def test_a_corrected_value_in_a_newer_export_wins_and_the_old_one_is_kept_as_conflict():
    found = run(
        "heart_rate", [[sample(0, 60)], [sample(0, 62, export="band2"), sample(9, 70, export="band2", number=2)]]
    )
    assert [row["heart_rate_bpm"] for row in found.merged] == [62, 70]
    assert [(row["reason"], row["winner_export"]) for row in found.superseded] == [("conflict", "band2")]
    assert found.counts.by_export["band/band1"] == {
        "read": 1, "accepted": 0, "duplicate": 0, "conflict": 1, "twin": 0, "other_device": 0
    }  # fmt: skip


def test_a_duplicate_whose_winner_loses_to_another_device_names_the_row_that_stands():
    old, new = sample(0, 60), sample(0, 60, export="band2")
    found = run("heart_rate", [[old], [new], [sample(1, 64, export="ring1")]], priority=("ring", "band"))
    assert [row["source"] for row in found.merged] == ["ring"]
    assert sorted((row["reason"], row["winner_source"]) for row in found.superseded) == [
        ("duplicate", "ring"),
        ("other_device", "ring"),
    ]


def test_the_daily_resting_value_is_not_displaced_by_samples_nor_by_a_sample_at_its_instant():
    resting = sample(0, 52, export="ring1", context="resting")
    same = sample(0, 66, export="ring1", number=2)
    found = run("heart_rate", [[resting, same], [sample(0, 70), sample(1, 71, number=2)]], priority=("band", "ring"))
    assert sorted((row["heart_rate_bpm"], row["context"]) for row in found.merged) == [
        (52, "resting"),
        (70, "automatic"),
        (71, "automatic"),
    ]


def test_one_resting_value_stands_per_local_day_even_where_the_utc_day_differs():
    late = sample(-70, 52, export="ring1", context="resting")  # 23:50 local on the 7th
    early = sample(-50, 50, context="resting")  # 00:10 local on the 8th, same UTC day as `late`
    noon = sample(700, 49, export="ring1", context="resting", number=2)  # the 8th
    found = run("heart_rate", [[late, noon], [early]], priority=("band", "ring"))
    assert [row["heart_rate_bpm"] for row in found.merged] == [52, 50]


def test_a_local_day_is_decided_whole_where_the_rows_of_a_journey_have_two_offsets():
    first = sample(160, 52, export="ring1", context="resting")
    last = sample(1360, 50, context="resting")  # still the same day by its own clock
    next_day = sample(1360, 49, export="ring1", context="resting", number=2) | {"offset": 120}
    later = sample(2160, 60, export="ring1", number=3)  # by when the first day is over everywhere
    found = run("heart_rate", [[first, next_day, later], [last]], priority=("ring", "band"))
    assert [row["heart_rate_bpm"] for row in found.superseded] == [50]


def steps(start: int, end: int, count: int, export: str, number: int = 1) -> Row:
    row = sample(start, 0, export=export, number=number)
    return {
        **{k: v for k, v in row.items() if k not in ("heart_rate_bpm", "context")},
        "end": DAY_0 + end * MINUTE,
        "steps": count,
    }


def test_a_daily_total_and_minutes_of_the_same_day_are_never_both_counted():
    day = [steps(0, 1440, 9_000, "ring1")]
    minutes = [steps(m, m + 1, 10, "band1", m) for m in (600, 601, 1200)]
    other_day = [*day, steps(1440, 2880, 5_000, "ring1", 2)]
    found = run("step_count", [other_day, minutes], priority=("band", "ring"))
    assert [row["steps"] for row in found.merged] == [10, 10, 10, 5_000]
    found = run("step_count", [other_day, minutes], priority=("ring", "band"))
    assert [row["steps"] for row in found.merged] == [9_000, 5_000]


def test_rows_that_vanish_on_the_way_stop_the_merge(monkeypatch):
    class Leaky(tables.SortingWriter):
        def write(self, table: pa.Table) -> None:
            super().write(table.slice(1))

    monkeypatch.setattr(tables, "SortingWriter", Leaky)
    # The leaky writer wrote the input too, so that two rows go in.
    with pytest.raises(ConservationError, match=r"^2 rows were to be merged and 1 were written"):
        run("heart_rate", [[sample(minute, 60, number=minute) for minute in range(3)]])
