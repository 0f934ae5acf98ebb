"""What differs between versions of a table is noted when it happens, and put together for any two of them."""

from __future__ import annotations

import hashlib
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pdp.lineage import noted
from pdp.lineage.effects import Effect, between, together

NOW = "2026-11-23T12:00:00.000Z"
FIRST = date(2026, 3, 1)
Days = dict[int, tuple[float | None, int]]
TABLES = st.dictionaries(st.integers(0, 4), st.tuples(st.none() | st.sampled_from([1.5, 2.5]), st.integers(0, 2)))


def write(path: Path, days: Days, **more: list[object]) -> str:
    """A daily table; its SHA-256. Moved into place as artifacts are."""
    path.parent.mkdir(parents=True, exist_ok=True)
    table = pa.table(
        {
            "date": pa.array([FIRST + timedelta(days=day) for day in sorted(days)], pa.date32()),
            "bp_systolic_mean_mmhg": pa.array([days[day][0] for day in sorted(days)], pa.float64()),
            "bp_n": pa.array([days[day][1] for day in sorted(days)], pa.int64()),
            **more,
        }
    )
    staged = path.with_name("staged")
    pq.write_table(table, staged)
    staged.replace(path)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def said(before: Days, after: Days) -> Effect:
    """What differs, by definition."""
    name = {day: (FIRST + timedelta(days=day)).isoformat() for day in range(5)}
    corrected = {}
    for day in sorted(before.keys() & after.keys()):
        cells = zip(("bp_systolic_mean_mmhg", "bp_n"), before[day], after[day], strict=True)
        changed = {column: (old, new) for column, old, new in cells if old != new}
        if changed:
            corrected[name[day]] = changed
    return Effect(
        tuple(name[day] for day in sorted(after.keys() - before.keys())),
        tuple(name[day] for day in sorted(before.keys() - after.keys())),
        corrected,
        n_corrected=sum(map(len, corrected.values())),
    )


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TABLES, TABLES)
def test_rows_that_came_went_and_were_corrected_are_told_apart(tmp_path: Path, before: Days, after: Days) -> None:
    write(tmp_path / "a.parquet", before)
    write(tmp_path / "b.parquet", after)
    assert between(tmp_path / "a.parquet", tmp_path / "b.parquet", ("date",)) == said(before, after)


@given(st.lists(TABLES, min_size=2, max_size=6))
def test_steps_together_are_the_difference_of_the_ends(versions: list[Days]) -> None:
    whole, direct = together(said(old, new) for old, new in pairwise(versions)), said(versions[0], versions[-1])
    assert (whole.added, whole.gone) == (direct.added, direct.gone)
    always = {(FIRST + timedelta(days=day)).isoformat() for day in set.intersection(*map(set, versions))}
    assert not always & set(whole.unknown)
    known = {key: dict(cells) for key, cells in direct.corrected.items() if key not in whole.unknown}
    assert whole.corrected == known


def test_every_new_version_is_noted_once_and_any_two_can_be_compared(tmp_path: Path) -> None:
    root, daily = tmp_path / "results", tmp_path / "results/summary/ada/daily.parquet"
    first = write(daily, {0: (131.0, 2), 1: (129.0, 2)})
    assert noted.note(root, NOW) == 0
    second = write(daily, {0: (141.0, 2), 1: (129.0, 2), 2: (None, 0)})
    assert (noted.note(root, NOW), noted.note(root, NOW)) == (1, 0)
    third = write(daily, {0: (141.0, 3), 2: (125.5, 1)})
    assert noted.note(root, NOW) == 1
    assert noted.effect(root, daily, first, second) == Effect(
        ("2026-03-03",), (), {"2026-03-01": {"bp_systolic_mean_mmhg": (131.0, 141.0)}}, n_corrected=1
    )
    whole = noted.effect(root, daily, first, third)
    assert whole is not None
    assert (whole.added, whole.gone) == (("2026-03-03",), ("2026-03-02",))
    assert whole.corrected == {"2026-03-01": {"bp_systolic_mean_mmhg": (131.0, 141.0), "bp_n": (2, 3)}}
    back = noted.effect(root, daily, third, first)
    assert back is not None
    assert (back.added, back.gone) == (("2026-03-02",), ("2026-03-03",))
    assert back.corrected == {"2026-03-01": {"bp_systolic_mean_mmhg": (141.0, 131.0), "bp_n": (3, 2)}}
    assert noted.effect(root, daily, first, "0" * 64) is None
    assert noted.effect(root, daily, second, second) == Effect()


def test_a_version_that_came_back_is_compared_the_short_way(tmp_path: Path) -> None:
    root, daily = tmp_path / "results", tmp_path / "results/summary/ada/daily.parquet"
    tables: list[Days] = [{0: (131.0, 2)}, {}, {0: (131.0, 2)}, {0: (131.0, 2), 1: (120.0, 1)}]
    digests = []
    for table in tables:
        digests.append(write(daily, table))
        noted.note(root, NOW)
    assert digests[0] == digests[2]
    told = noted.effect(root, daily, digests[3], digests[0])
    assert told == Effect(gone=("2026-03-02",))


def readings(path: Path, rows: list[tuple[int, float]]) -> Path:
    """Readings by minute and value, in the order of a file."""
    day = datetime(2026, 3, 1, tzinfo=UTC)
    path.parent.mkdir(parents=True, exist_ok=True)
    table = {
        "start_utc": pa.array([day + timedelta(minutes=minute) for minute, _ in rows], pa.timestamp("ms", "UTC")),
        "systolic_mmhg": pa.array([value for _, value in rows], pa.float64()),
        "row": pa.array(range(2, len(rows) + 2), pa.int32()),
    }
    pq.write_table(pa.table(table), path)
    return path


def between_readings(folder: Path, before: list[tuple[int, float]], after: list[tuple[int, float]]) -> Effect:
    how = noted.TABLES["merged/blood_pressure"]
    files = readings(folder / "before.parquet", before), readings(folder / "after.parquet", after)
    return between(*files, how.keys, how.left_out, how.told_by)


def test_a_reading_that_came_to_stand_before_another_of_the_same_minute_corrects_nothing(tmp_path: Path) -> None:
    effect = between_readings(tmp_path, [(0, 129.0), (5, 120.0)], [(0, 139.0), (0, 129.0), (5, 120.0)])
    assert effect == Effect(added=("2026-03-01T00:00:00Z (139.0)",))
    assert between_readings(tmp_path, [(0, 129.0)], [(0, 139.0)]).n_corrected == 1
    twice = between_readings(tmp_path, [(0, 129.0)], [(0, 129.0), (0, 129.0)])
    assert twice == Effect(added=("2026-03-01T00:00:00Z (129.0) #2",))


MINUTES = st.lists(st.tuples(st.integers(0, 1), st.sampled_from([1.0, 2.0, 3.0])), max_size=4)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(MINUTES, min_size=2, max_size=4))
def test_what_is_told_of_several_readings_of_one_minute_is_true_over_many_steps(
    tmp_path: Path, versions: list[list[tuple[int, float]]]
) -> None:
    whole = together(between_readings(tmp_path, old, new) for old, new in pairwise(versions))
    for minute in (0, 1):
        key = f"2026-03-01T00:0{minute}:00Z"
        if key in whole.unknown:
            continue
        first, last = (Counter(value for at, value in one if at == minute) for one in (versions[0], versions[-1]))

        def told(keys: tuple[str, ...], key: str = key) -> list[str]:
            return [one for one in keys if one.partition(" (")[0] == key]

        assert len(told(whole.added)) - len(told(whole.gone)) == last.total() - first.total()
        for named in told(whole.added):
            if named != key:
                assert float(named.partition("(")[2].partition(")")[0]) in last - first
        for pair in (cells["systolic_mmhg"] for one, cells in whole.corrected.items() if one == key):
            assert (first, last) == (Counter([pair[0]]), Counter([pair[1]]))


def test_bytes_that_came_out_the_same_are_no_change(tmp_path: Path) -> None:
    root, daily = tmp_path / "results", tmp_path / "results/summary/ada/daily.parquet"
    write(daily, {0: (131.0, 2)})
    noted.note(root, NOW)
    write(daily, {0: (131.0, 2)})
    assert noted.note(root, NOW) == 0
    assert not list(root.glob("history/*/*.jsonl"))


def test_bits_that_flipped_in_a_table_cost_the_comparison_with_it_and_no_later_one(tmp_path: Path) -> None:
    root, daily = tmp_path / "results", tmp_path / "results/summary/ada/daily.parquet"
    first = write(daily, {0: (131.0, 2)})
    noted.note(root, NOW)
    daily.write_bytes(b"no table any more")  # and so is the link that is kept
    assert noted.note(root, NOW) == 0
    write(daily, {0: (131.0, 2)})  # made again
    assert noted.note(root, NOW) == 0
    second = write(daily, {0: (132.0, 2)})
    assert noted.note(root, NOW) == 1
    told = noted.effect(root, daily, first, second)
    assert told is not None
    assert told.n_corrected == 1


def test_a_line_that_was_cut_short_harms_no_other(tmp_path: Path) -> None:
    root, daily = tmp_path / "results", tmp_path / "results/summary/ada/daily.parquet"
    versions = [write(daily, {0: (131.0, 2)})]
    noted.note(root, NOW)
    file = root / "history/ada/summary.daily.jsonl"
    for value in (132.0, 133.0):
        versions.append(write(daily, {0: (value, 2)}))
        noted.note(root, NOW)
        file.write_bytes(file.read_bytes() + b'{"before": "abc", "aft')
    told = noted.effect(root, daily, versions[0], versions[-1])
    assert told is not None
    assert told.corrected["2026-03-01"]["bp_systolic_mean_mmhg"] == (131.0, 133.0)


def test_a_line_that_was_cut_after_its_versions_gives_way_to_the_whole_one(tmp_path: Path) -> None:
    root, daily = tmp_path / "results", tmp_path / "results/summary/ada/daily.parquet"
    first = write(daily, {0: (131.0, 2)})
    noted.note(root, NOW)
    second = write(daily, {0: (132.0, 2)})
    noted.note(root, NOW)
    file = root / "history/ada/summary.daily.jsonl"
    line = file.read_bytes()
    cut = line[: line.index(b'"corrected"')]
    file.write_bytes(cut + b"\n" + line)
    told = noted.effect(root, daily, first, second)
    assert told is not None
    assert told.corrected["2026-03-01"]["bp_systolic_mean_mmhg"] == (131.0, 132.0)
    file.write_bytes(cut)
    assert noted.effect(root, daily, first, second) is None


@pytest.mark.parametrize("altered", [b"130", b'"corrupted"'], ids=["a value", "a name"])
def test_a_line_that_was_altered_is_not_told_as_what_happened(tmp_path: Path, altered: bytes) -> None:
    root, daily = tmp_path / "results", tmp_path / "results/summary/ada/daily.parquet"
    first = write(daily, {0: (131.0, 2)})
    noted.note(root, NOW)
    second = write(daily, {0: (132.0, 2)})
    noted.note(root, NOW)
    file = root / "history/ada/summary.daily.jsonl"
    for true in (b"131", b'"corrected"'):
        if true[:1] == altered[:1]:
            file.write_bytes(file.read_bytes().replace(true, altered))
    assert noted.effect(root, daily, first, second) is None


def test_a_new_column_is_named_and_not_told_as_a_change_of_every_day(tmp_path: Path) -> None:
    root, daily = tmp_path / "results", tmp_path / "results/summary/ada/daily.parquet"
    first = write(daily, {0: (131.0, 2)})
    noted.note(root, NOW)
    second = write(daily, {0: (131.0, 2)}, steps=[4000])
    noted.note(root, NOW)
    assert noted.effect(root, daily, first, second) == Effect(columns=("steps",))


def test_what_holds_values_stays_below_the_results_and_has_no_name_of_its_own_in_them(tmp_path: Path) -> None:
    root, daily = tmp_path / "results", tmp_path / "results/summary/ada/daily.parquet"
    write(daily, {0: (131.0, 2)})
    noted.note(root, NOW)
    (kept,) = (root / "history/ada").iterdir()
    assert kept.name.startswith(".")  # does not travel with a sealed state: a link, made again where it is missing
    assert kept.samefile(daily)


@pytest.mark.parametrize("path", ["results/summary/ada/daily.parquet", "results/merged/ada/blood_pressure.parquet"])
def test_these_are_noted(path: str) -> None:
    assert noted.is_noted(path)


@pytest.mark.parametrize(
    "path", ["results/merged/ada/heart_rate.parquet", "results/normalized/ada/cuff/0/daily.parquet"]
)
def test_these_are_not(path: str) -> None:
    assert not noted.is_noted(path)
