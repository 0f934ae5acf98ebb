"""pdp.normalize: any format's rows in canonical columns, and no record lost."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pdp import schemas, tables
from pdp.errors import ConservationError, DamagedMemberError, UnreadableExportError
from pdp.export import Export
from pdp.formats import Extent, OutOfScope, Parsed, Rows, Unread, UnreadRecord
from pdp.normalize import Tally, normalize, normalize_file
from pdp.normalize.coverage import Coverage
from pdp.timeframe import ZoneLedger
from pdp.vocabulary import MEASURES

BERLIN = ZoneLedger.from_config("Europe/Berlin")


def heart_rates(start: list[str | None], first_row: int = 1, member: str = "", **more: Any) -> Rows:
    clock = more.pop("clock", "local")
    n = len(start)
    table = pa.table(
        {
            "row": pa.array(range(first_row, first_row + n), pa.int32()),
            "start": pa.array(np.array([time or "NaT" for time in start], "datetime64[ms]")),
            "heart_rate_bpm": pa.array([60.0 + i for i in range(n)], pa.float32()),
            "context": pa.array(["automatic"] * n),
            **more,
        }
    )
    return Rows("heart_rate", member, clock, "sensed", table)


def steps(start: list[str], end: list[str], clock: str = "local") -> Rows:
    table = pa.table(
        {
            "row": pa.array(range(1, len(start) + 1), pa.int32()),
            "start": pa.array(np.array(start, "datetime64[ms]")),
            "end": pa.array(np.array(end, "datetime64[ms]")),
            "steps": pa.array([10] * len(start), pa.int32()),
        }
    )
    return Rows("step_count", "", cast(Any, clock), "sensed", table)


def a_format(*parts: Parsed | Exception) -> ModuleType:
    """A format that yields these, and raises what is an error."""

    def parse(export: object, settings: object) -> Iterator[Parsed]:
        for part in parts:
            if isinstance(part, Exception):
                raise part
            yield part

    return cast(ModuleType, SimpleNamespace(parse=parse))


def an_export(tmp_path: Path, kind: str = "file", members: tuple[str, ...] = ("",)) -> Export:
    path = tmp_path / "0123456789abcdef"
    path.write_bytes(b"x")
    export = Export(path)
    export.kind = cast(Any, kind)
    export.members = tuple(cast(Any, SimpleNamespace(name=name, size=1)) for name in members)
    return export


def writers(tmp_path: Path) -> Callable[[], dict[str, tables.SortingWriter]]:
    def make() -> dict[str, tables.SortingWriter]:
        made = {name: tables.SortingWriter(tmp_path / f"{name}.parquet", schemas.normalized(name)) for name in MEASURES}
        return made | {"unread": tables.SortingWriter(tmp_path / "unread.parquet", schemas.UNREAD)}

    return make


def run(tmp_path: Path, *parts: Parsed | Exception, ledger: ZoneLedger = BERLIN, **more: Any) -> Tally:
    export = more.pop("export", None) or an_export(tmp_path)
    return normalize(export, a_format(*parts), None, source="band", ledger=ledger, writers=writers(tmp_path), **more)


def read(tmp_path: Path, name: str) -> list[dict[str, Any]]:
    return cast(list[dict[str, Any]], tables.read(tmp_path / f"{name}.parquet").to_pylist())


def column(tmp_path: Path, measure: str, name: str) -> list[Any]:
    values = [row[name] for row in read(tmp_path, measure)]
    return [
        value.replace(tzinfo=None).isoformat(timespec="minutes") if name.endswith("_utc") else value for value in values
    ]


# Canonical columns


def test_a_reading_gets_every_common_column(tmp_path):
    run(tmp_path, heart_rates(["2024-07-01T08:00"]), Extent("", 1), device="Mi Band 5")
    (row,) = read(tmp_path, "heart_rate")
    assert row["start_utc"].isoformat() == "2024-07-01T06:00:00+00:00"
    del row["start_utc"]
    assert row == {
        "end_utc": None,
        "utc_offset_min": 120,
        "offset_basis": "ledger",
        "source": "band",
        "device": "Mi Band 5",
        "modality": "sensed",
        "export": "0123456789abcdef",
        "member": "",
        "row": 1,
        "flags": None,
        "heart_rate_bpm": 60.0,
        "context": "automatic",
        "fault": None,
    }


def test_every_measure_has_a_table_with_its_schema_even_if_it_is_empty(tmp_path):
    run(tmp_path, Extent("", 0))
    for measure in MEASURES:
        assert tables.read(tmp_path / f"{measure}.parquet").schema.names == schemas.normalized(measure).names


def test_a_device_that_the_row_names_stays_and_the_default_fills_the_others(tmp_path):
    device = pa.array(["Watch", "", None])
    run(tmp_path, heart_rates(["2024-07-01", "2024-07-02", "2024-07-03"], device=device), Extent("", 3), device="Band")
    assert column(tmp_path, "heart_rate", "device") == ["Watch", "Band", "Band"]


def test_a_text_that_says_nothing_becomes_null(tmp_path):
    run(tmp_path, heart_rates(["2024-07-01"], context=pa.array([""])), Extent("", 1))
    assert column(tmp_path, "heart_rate", "context") == [None]


def test_a_utc_clock_takes_its_offset_from_the_ledger(tmp_path):
    run(tmp_path, heart_rates(["2024-01-01T12:00", "2024-07-01T12:00"], clock="utc"), Extent("", 2))
    assert column(tmp_path, "heart_rate", "start_utc") == ["2024-01-01T12:00", "2024-07-01T12:00"]
    assert column(tmp_path, "heart_rate", "utc_offset_min") == [60, 120]


@pytest.mark.parametrize(("clock", "instant"), [("local", "2024-07-01T04:00"), ("utc", "2024-07-01T12:00")])
def test_an_offset_that_the_file_records_goes_before_the_ledger(tmp_path, clock, instant):
    offsets = pa.array([480, None], pa.int16())
    run(
        tmp_path,
        heart_rates(["2024-07-01T12:00", "2024-07-02T12:00"], clock=clock, utc_offset_min=offsets),
        Extent("", 2),
    )
    assert column(tmp_path, "heart_rate", "start_utc")[0] == instant
    assert column(tmp_path, "heart_rate", "utc_offset_min") == [480, 120]
    assert column(tmp_path, "heart_rate", "offset_basis") == ["recorded", "ledger"]


def test_the_repeated_hour_is_resolved_across_the_parts_that_a_format_yields(tmp_path):
    run(
        tmp_path,
        heart_rates(["2024-10-27T01:59", "2024-10-27T02:30"]),
        heart_rates(["2024-10-27T02:10", "2024-10-27T03:00"], first_row=3),
        Extent("", 4),
    )
    assert column(tmp_path, "heart_rate", "utc_offset_min") == [120, 120, 60, 60]
    assert column(tmp_path, "heart_rate", "row") == [1, 2, 3, 4]
    assert column(tmp_path, "heart_rate", "flags") == [None] * 4


def test_times_that_order_does_not_decide_and_times_that_were_skipped_are_flagged_beside_what_is_flagged(tmp_path):
    flags = pa.array(["noise", "noise", None])
    run(tmp_path, heart_rates(["2024-03-31T02:30", "2024-10-27T02:30", "2024-12-01"], flags=flags), Extent("", 3))
    assert column(tmp_path, "heart_rate", "flags") == ["noise;nonexistent_time", "ambiguous_time;noise", None]
    assert column(tmp_path, "heart_rate", "offset_basis") == ["nonexistent", "ambiguous", "ledger"]


def test_the_last_rows_of_a_file_in_the_repeated_hour_are_not_lost(tmp_path):
    tally = run(tmp_path, heart_rates(["2024-10-27T02:30"]), Extent("", 1))
    assert tally.members[""].readings == {"heart_rate": 1}
    assert len(read(tmp_path, "heart_rate")) == 1


def test_ends_of_intervals_are_placed_with_their_starts(tmp_path):
    run(
        tmp_path,
        steps(["2024-10-27T02:50", "2024-10-27T04:00"], ["2024-10-27T02:10", "2024-10-27T04:01"]),
        Extent("", 2),
    )
    assert column(tmp_path, "step_count", "end_utc") == ["2024-10-27T01:10", "2024-10-27T03:01"]


def test_an_end_that_order_does_not_decide_is_flagged(tmp_path):
    run(tmp_path, steps(["2024-10-26T23:00"], ["2024-10-27T02:30"]), Extent("", 1))
    assert column(tmp_path, "step_count", "flags") == ["ambiguous_time"]


def test_an_end_that_was_skipped_is_flagged(tmp_path):
    run(tmp_path, steps(["2024-03-31T01:00"], ["2024-03-31T02:30"]), Extent("", 1))
    assert column(tmp_path, "step_count", "flags") == ["nonexistent_time"]


def test_a_format_that_asks_for_the_ledger_gets_it(tmp_path):
    seen = []

    def parse(export: object, settings: object, *, ledger: ZoneLedger) -> Iterator[Parsed]:
        seen.append(ledger)
        yield Extent("", 0)

    format = cast(ModuleType, SimpleNamespace(parse=parse))
    normalize(an_export(tmp_path), format, None, source="s", ledger=BERLIN, writers=writers(tmp_path))
    assert seen == [BERLIN]


# What can't be read


def test_records_that_no_rule_could_read_are_kept_with_reason_and_text(tmp_path):
    unread = Unread("", [UnreadRecord(2, "no_number", "a sentence", "x" * 600)])
    tally = run(tmp_path, heart_rates(["2024-07-01"]), unread, Extent("", 2))
    (row,) = read(tmp_path, "unread")
    assert (row["row"], row["reason"], row["detail"], len(row["text"])) == (2, "no_number", "a sentence", 500)
    assert tally.members[""].unread == {"no_number": 1}


@pytest.mark.parametrize("time", ["0001-01-01T00:00", "1969-12-31T23:59", "2100-01-01T00:00", "9999-12-31T23:59"])
def test_a_time_that_no_device_can_have_recorded_is_unread_beside_good_rows(tmp_path, time):
    tally = run(tmp_path, heart_rates(["2024-07-01", time, "2024-07-02"]), Extent("", 3))
    (row,) = read(tmp_path, "unread")
    assert (row["row"], row["reason"], row["detail"]) == (
        2,
        "date_out_of_range",
        "its time is not in the years 1970 to 2099.",
    )
    assert time[:10] in row["text"]
    assert column(tmp_path, "heart_rate", "row") == [1, 3]
    assert tally.members[""].readings == {"heart_rate": 2}


def test_an_end_out_of_range_is_unread_too(tmp_path):
    run(tmp_path, steps(["2024-07-01"], ["9999-12-31"]), Extent("", 1))
    assert [row["reason"] for row in read(tmp_path, "unread")] == ["date_out_of_range"]


def test_a_record_without_a_time_is_unread(tmp_path):
    run(tmp_path, heart_rates(["2024-07-01", None]), Extent("", 2))
    assert [(row["row"], row["reason"]) for row in read(tmp_path, "unread")] == [(2, "no_time")]


def test_an_export_that_can_not_be_read_is_one_unread_row_and_empty_tables(tmp_path):
    error = UnreadableExportError("wrong_format", "does not look like it.", hint="Set format.")
    tally = run(tmp_path, heart_rates(["2024-07-01"]), error)
    (row,) = read(tmp_path, "unread")
    assert (row["member"], row["row"], row["reason"], row["detail"]) == (
        "",
        0,
        "wrong_format",
        "does not look like it. Set format.",
    )
    assert read(tmp_path, "heart_rate") == []
    assert tally.unreadable == "wrong_format"


def test_an_export_that_can_not_be_opened_is_the_same(tmp_path):
    path = tmp_path / "fedcba9876543210"
    path.write_bytes(b"")
    tally = normalize_file(path, a_format(), None, source="s", ledger=BERLIN, writers=writers(tmp_path))
    assert tally.unreadable == "empty_file"
    assert [(row["export"], row["reason"]) for row in read(tmp_path, "unread")] == [("fedcba9876543210", "empty_file")]


def test_an_unreadable_export_is_an_error_if_the_configuration_says_so(tmp_path):
    with pytest.raises(UnreadableExportError, match="does not look"):
        run(tmp_path, UnreadableExportError("wrong_format", "does not look like it."), on_unreadable="fail")
    path = tmp_path / "fedcba9876543210"
    path.write_bytes(b"")
    with pytest.raises(UnreadableExportError, match="empty"):
        normalize_file(
            path, a_format(), None, source="s", ledger=BERLIN, writers=writers(tmp_path), on_unreadable="fail"
        )


def members_format(damaged: set[str]) -> ModuleType:
    """Two rows from each member; the damaged ones break after the first."""

    def parse(export: Export, settings: object) -> Iterator[Parsed]:
        for member in export.members:
            yield heart_rates(["2024-07-01"], member=member.name)
            if member.name in damaged:
                raise DamagedMemberError(member.name, "truncated", f"{member.name} is cut off.")
            yield heart_rates(["2024-07-02"], first_row=2, member=member.name)
            yield Extent(member.name, 2)

    return cast(ModuleType, SimpleNamespace(parse=parse))


def test_a_damaged_member_leaves_nothing_half_read_behind_and_the_others_are_taken(tmp_path):
    export = an_export(tmp_path, "zip", ("a.csv", "b.csv", "c.csv"))
    tally = normalize(
        export, members_format({"b.csv", "c.csv"}), None, source="s", ledger=BERLIN, writers=writers(tmp_path)
    )
    assert column(tmp_path, "heart_rate", "member") == ["a.csv", "a.csv"]
    assert [(row["member"], row["row"], row["reason"]) for row in read(tmp_path, "unread")] == [
        ("b.csv", 0, "truncated"),
        ("c.csv", 0, "truncated"),
    ]
    assert tally.damaged == {"b.csv": "truncated", "c.csv": "truncated"}
    assert list(tally.members) == ["a.csv"]
    assert not list(tmp_path.glob("*.tmp"))


def test_writers_of_a_broken_pass_are_discarded(tmp_path):
    passes: list[Path] = []

    def make() -> dict[str, tables.SortingWriter]:
        passes.append(tmp_path / f"pass {len(passes)}")
        passes[-1].mkdir()
        return writers(passes[-1])()

    export = an_export(tmp_path, "zip", ("a.csv", "b.csv"))
    normalize(export, members_format({"b.csv"}), None, source="s", ledger=BERLIN, writers=make)
    assert [len(list(folder.iterdir())) for folder in passes] == [0, len(MEASURES) + 1]


def test_a_single_file_that_breaks_half_way_is_unreadable_as_a_whole(tmp_path):
    tally = run(tmp_path, heart_rates(["2024-07-01"]), DamagedMemberError("", "truncated", "is cut off."))
    assert tally.unreadable == "truncated"
    assert read(tmp_path, "heart_rate") == []


def test_a_member_that_stays_damaged_when_left_out_does_not_go_round_for_ever(tmp_path):
    export = an_export(tmp_path, "zip", ("a.csv",))
    tally = run(tmp_path, DamagedMemberError("a.csv", "truncated", "is cut off."), export=export)
    assert tally.unreadable == "truncated"


def test_a_fault_of_the_program_leaves_no_table_behind(tmp_path):
    with pytest.raises(ZeroDivisionError):
        run(tmp_path, heart_rates(["2024-07-01"]), ZeroDivisionError())
    assert not list(tmp_path.glob("*.parquet*"))


# Conservation


def test_a_record_that_came_out_under_no_name_stops_the_job(tmp_path):
    with pytest.raises(ConservationError, match="1 of 3 records came out under no name, the first is record 2"):
        run(tmp_path, heart_rates(["2024-07-01"]), heart_rates(["2024-07-01"], first_row=3), Extent("", 3))


def test_a_record_that_the_file_does_not_have_stops_the_job(tmp_path):
    with pytest.raises(ConservationError, match="record 2 was read, but there are 1 records"):
        run(tmp_path, heart_rates(["2024-07-01", "2024-07-02"]), Extent("", 1))
    with pytest.raises(ConservationError, match="record 0 was read"):
        run(tmp_path, heart_rates(["2024-07-01", "2024-07-02"], first_row=0), Extent("", 1))


def test_a_member_whose_records_nobody_counted_stops_the_job(tmp_path):
    with pytest.raises(ConservationError, match="the format did not count the records"):
        run(tmp_path, heart_rates(["2024-07-01"]))


def test_a_column_or_a_measure_that_would_be_lost_stops_the_job(tmp_path):
    with pytest.raises(ConservationError, match="heart_rate of the file: has no column bpm"):
        run(tmp_path, heart_rates(["2024-07-01"], bpm=pa.array([1])), Extent("", 1))
    table = heart_rates(["2024-07-01"]).table
    with pytest.raises(ConservationError, match="heart_rate of the file: needs a column start"):
        run(tmp_path, Rows("heart_rate", "", "local", "sensed", table.drop_columns(["start"])), Extent("", 1))
    with pytest.raises(ConservationError, match="no such measure"):
        run(tmp_path, Rows("weight", "", "local", "sensed", table), Extent("", 1))


def test_the_tally_counts_each_member_and_travels_with_unread(tmp_path):
    tally = run(
        tmp_path,
        OutOfScope("a", "header", np.array([1], np.int32)),
        heart_rates(["2024-07-01", "2024-07-02"], first_row=2, member="a"),
        Unread("a", [UnreadRecord(4, "no_number")]),
        Extent("a", 4),
        export=an_export(tmp_path, "zip", ("a", "readme.txt")),
    )
    expected = {
        "unreadable": None,
        "damaged": {},
        "ignored": ["readme.txt"],
        "members": {
            "a": {
                "records": 4,
                "out_of_scope": {"header": 1},
                "unread": 1,
                "unread_by_reason": {"no_number": 1},
                "readings": {"heart_rate": 2},
            }
        },
    }
    assert json.loads(tally.to_json()) == expected
    assert json.loads(tables.metadata(tmp_path / "unread.parquet")["pdp.tally"]) == expected


@settings(max_examples=200, deadline=None)
@given(st.data(), st.integers(0, 200))
def test_coverage_finds_exactly_the_records_that_are_missing(data, records):
    missing = data.draw(st.sets(st.integers(1, max(records, 1)), max_size=5)) & set(range(1, records + 1))
    present = np.array(sorted(set(range(1, records + 1)) - missing), np.int32)
    order = data.draw(st.permutations(range(4)))
    coverage = Coverage()
    for part in order:  # interleaved keys: every fourth record
        coverage.add(present[part::4])
        if data.draw(st.booleans()):
            coverage._join()
    if not missing:
        coverage.prove(records, "x")
        return
    with pytest.raises(
        ConservationError, match=f"{len(missing)} of {records} records .* first is record {min(missing)}"
    ):
        coverage.prove(records, "x")


def test_interleaved_parts_of_a_long_file_join_into_one_interval():
    coverage = Coverage()
    for block in range(40):
        rows = np.arange(block * 10_000 + 1, (block + 1) * 10_000 + 1, dtype=np.int32)
        coverage.add(rows[::2])
        coverage.add(rows[1::2])
    coverage.prove(400_000, "x")
    assert len(coverage._intervals) == 1
    assert coverage._waiting == 0


# The same whatever the blocks


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 3 * 24 * 60), min_size=1, max_size=80), st.integers(1, 80))
def test_the_tables_do_not_depend_on_how_a_format_cuts_its_rows(tmp_path_factory, minutes, block):
    start = (np.datetime64("2024-10-26T00:00", "ms") + np.array(minutes) * 60_000).astype(str).tolist()
    read_back = []
    for size in (len(start), block):
        folder = tmp_path_factory.mktemp("blocks")
        parts = [heart_rates(start[at : at + size], first_row=at + 1) for at in range(0, len(start), size)]
        parts = [
            Rows(p.measure, p.member, p.clock, p.modality, p.table.drop_columns(["heart_rate_bpm"])) for p in parts
        ]
        run(folder, *parts, Extent("", len(start)))
        read_back.append((folder / "heart_rate.parquet").read_bytes())
    assert read_back[0] == read_back[1]


def test_placing_and_naming_need_no_pandas():
    code = "import sys, pdp.normalize.placing, pdp.normalize.intake, pdp.timeframe; assert 'pandas' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("recorded", "offsets"),
    [
        pytest.param(60, [120, 60], id="as it was on waking"),
        pytest.param(120, [120, 60], id="as it was at bedtime"),
        pytest.param(330, [330, 330], id="of a place that the configuration does not know"),
    ],
)
def test_one_offset_of_a_night_in_which_the_clocks_change_is_right_on_its_side_of_it(
    tmp_path: Path, recorded: int, offsets: list[int]
) -> None:
    """Bed at 22:30 UTC on 25 October, up at 06:00 UTC: Berlin's clocks go back at 01:00 UTC in between."""
    bed, turn, up = "2025-10-25T22:30", "2025-10-26T02:00", "2025-10-26T06:00"
    rows = steps([bed, turn], [turn, up], clock="utc")
    table = rows.table.append_column("utc_offset_min", pa.array([recorded] * 2, pa.int16()))
    for name, value in (("offset_from", bed), ("offset_to", up)):
        table = table.append_column(name, pa.array(np.array([value] * 2, "datetime64[ms]")))
    run(tmp_path, Rows("step_count", "", "utc", "sensed", table), Extent("", 2))
    assert column(tmp_path, "step_count", "utc_offset_min") == offsets
    assert set(column(tmp_path, "step_count", "offset_basis")) == {"recorded"}
