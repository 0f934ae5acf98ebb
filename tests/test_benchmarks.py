"""The benchmarks' generator, and that every contender does the same work."""

from __future__ import annotations

import csv
import io
import sys
from collections import Counter
from pathlib import Path

import pytest

from benchmarks import exports, rows_question, text_table
from benchmarks.__main__ import ALL
from benchmarks.processes import ChildFailedError, Watch, environment

for module in ("polars", "duckdb", "psutil"):
    pytest.importorskip(module, reason='the benchmarks need the "bench" extra')

ROWS = 60_000  # beyond the hour that occurs twice


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Exports of a size that contains every kind of row but the rarest."""
    return exports.write(tmp_path_factory.mktemp("raw"), ROWS)


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))


def test_as_many_rows_are_written_as_were_asked_for(written: list[Path]) -> None:
    assert abs(sum(len(rows_of(path)) for path in written) / ROWS - 1) < 0.02


def test_the_same_arguments_give_the_same_bytes(written: list[Path], tmp_path: Path) -> None:
    again = exports.write(tmp_path, ROWS)
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in written]
    other = exports.write(tmp_path / "other", ROWS, seed=1)
    assert other[0].read_bytes() != written[0].read_bytes()


def test_neighbours_overlap_by_half_and_correct_each_other(written: list[Path]) -> None:
    told = [{(row["date"], row["time"]): row["heartRate"] for row in rows_of(path)} for path in written[:2]]
    shared = told[0].keys() & told[1].keys()
    assert abs(len(shared) / len(told[0]) - 0.5) < 0.1
    differ = [key for key in shared if told[0][key] != told[1][key]]
    assert 0 < len(differ) < len(shared) / 500


def test_days_are_out_of_order_and_each_is_whole(tmp_path: Path) -> None:
    told = [row["date"] for row in rows_of(exports.write(tmp_path, 1_200_000)[1])]
    days = [day for day in told if "-13-" not in day]
    runs = [day for at, day in enumerate(days) if at == 0 or day != days[at - 1]]
    assert runs != sorted(runs)
    assert len(runs) <= len(set(runs)) + 3  # but for those cut where ten days begin


def test_the_repeated_hour_is_told_once(written: list[Path]) -> None:
    first = [row["time"] for row in rows_of(written[0]) if row["date"] == "2015-10-25"]
    in_hour = Counter(time for time in first if time.startswith("02:"))
    assert len(in_hour) == 3_600 // exports.STEP_S
    assert sum(in_hour.values()) - len(in_hour) < 5  # the few that are told twice on purpose


def test_there_are_rows_that_say_nothing_and_impossible_ones(tmp_path: Path) -> None:
    told = [row["heartRate"] for path in exports.write(tmp_path, 400_000) for row in rows_of(path)]
    assert {"0", "255", "oops"} <= set(told)
    assert any(value.isdigit() and int(value) > 300 for value in told)


def test_every_contender_gives_the_same_result(tmp_path: Path) -> None:
    results = rows_question.measure(tmp_path, 120_000, ALL, repeats=1)
    assert [result.name for result in results] == list(ALL)
    assert results[0].sums["n"] > 70_000
    assert results[0].sums["rejected"] > 0
    told = rows_question.tell(results)
    assert "PDP merge: 1 job" in told
    assert "Polars" in told
    assert list(tmp_path.iterdir()) == [], "what was generated is deleted"


def test_results_that_differ_are_not_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def drop_one(name: str, place: Path, raw: Path, rows: int) -> rows_question.Result:
        result = true_one(name, place, raw, rows)
        return rows_question.Result(**{**vars(result), "sums": result.sums | {"n": result.sums["n"] - 1}})

    true_one = rows_question._other
    monkeypatch.setattr(rows_question, "_other", drop_one)
    with pytest.raises(rows_question.DifferentResultError, match=r"PDP gives .*, Polars gives"):
        rows_question.measure(tmp_path, 20_000, ["PDP", "Polars"], repeats=1)


def test_a_child_that_fails_says_why(tmp_path: Path) -> None:
    with (
        pytest.raises(ChildFailedError, match="ended with 3:\nno luck"),
        Watch(environment(), tmp_path) as watch,
    ):
        watch.run([sys.executable, "-c", "import sys; print('no luck'); sys.exit(3)"])


def test_memory_of_children_at_the_same_time_is_added_up(tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    hold = "import time; kept = bytearray(60_000_000); time.sleep(0.4)"
    with Watch(environment(), tmp_path) as watch, ThreadPoolExecutor(2) as pool:
        list(pool.map(watch.run, [[sys.executable, "-c", hold]] * 2))
    assert watch.total.largest > 60e6
    assert watch.total.together > 120e6


def test_tables_are_aligned() -> None:
    text = text_table.table("title", ["", "time"], [["one", "1.00 s"], ["fourteen", "10.0 s"]], ["a note"])
    assert text == "title\n\n            time\n--------  ------\none       1.00 s\nfourteen  10.0 s\n\na note"
