"""Folding receipts into the registry: once, whole, and again from the archives."""

from __future__ import annotations

import json
import shutil
import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest

from pdp.lineage import database, queries, record
from tests.workplace import Workplace


class Kill(BaseException):
    """Stands in for kill -9: nothing of ours catches it."""


def two_runs(place: Workplace) -> None:
    """A first run, and a second one with a corrected export."""
    raw = place.file("resources/raw/me/aaaa", "first")
    table = place.file("results/merged/me/heart_rate.parquet", "one", 1)
    place.job("normalize", [raw], [table], run="r1")
    poll = {
        "subject": "me",
        "source": "band",
        "reachable": True,
        "why": None,
        "documents": 1,
        "new_exports": ["aaaa"],
        "gone": 0,
    }
    place.job("ingest", run="r1", poll=poll)
    place.run(
        "r1",
        {"event": "job_planned", "jobid": 1, "rule": "normalize", "wildcards": {}, "reason": "new"},
        {"event": "job_ended", "jobid": 1, "status": "COMPLETE"},
    )
    again = place.file("results/merged/me/heart_rate.parquet", "two", 2)
    place.job("normalize", [place.file("resources/raw/me/bbbb", "second")], [again], run="r2")
    place.job("summarize", [again], [place.file("results/summary/me/daily.parquet", "d", 1)], run="r2")
    place.run("r2")


def versions(place: Workplace) -> list[tuple[Any, ...]]:
    with sqlite3.connect(place.root / "lineage.sqlite") as connection:
        join = "dataset_version join dataset on dataset.id = dataset_id"
        query = f"select path, number, rows, made_by from {join} order by path, number"
        return list(connection.execute(query))


def test_a_fold_takes_every_receipt_in_and_archives_it(place: Workplace) -> None:
    two_runs(place)
    record.fold(place.root)
    contents = place.contents()
    assert {table: len(contents[table]) for table in ("run", "job_run", "source_poll", "run_job")} == {
        "run": 2,
        "job_run": 4,
        "source_poll": 1,
        "run_job": 1,
    }
    assert place.spooled() == []
    assert len(place.archived()) == 6
    assert [path.name for path in place.root.glob("receipts/*.jsonl")] == ["2026-11.jsonl"]


def test_a_job_without_a_key_of_a_run_that_is_not_on_record_yet_is_taken_in(place: Workplace) -> None:
    place.job("normalize", run="r1", key=None)
    record.fold(place.root)
    contents = place.contents()
    assert len(contents["job_run"]) == 1
    assert len(contents["run"]) == 1
    assert contents["code_version"] == []


def test_a_version_is_new_exactly_when_the_bytes_differ(place: Workplace) -> None:
    path = "results/merged/me/heart_rate.parquet"
    for content in ("one", "one", "two", "one"):
        place.job("merge", [], [place.file(path, content)])
    record.fold(place.root)
    assert [row[:2] for row in versions(place)] == [(path, 1), (path, 2), (path, 3)]


def test_bytes_made_again_after_a_run_whose_clock_was_ahead_are_current(place: Workplace) -> None:
    path = "results/merged/me/heart_rate.parquet"
    for run, content, ended in (("r1", "one", "2026"), ("r2", "two", "2029"), ("r3", "one", "2027")):
        place.job("merge", [], [place.file(path, content)], run=run, ended=f"{ended}-11-23T06:00:00.000Z")
        place.run(run)
        record.fold(place.root)
    for _ in ("as folded", "as made anew from the archives"):
        assert [row[:2] for row in versions(place)] == [(path, 1), (path, 2), (path, 3)]
        record.rebuild(place.root)


def test_a_reader_of_an_old_version_does_not_make_it_current(place: Workplace) -> None:
    path = "results/merged/me/heart_rate.parquet"
    old = place.file(path, "one")
    place.job("merge", [], [old])
    place.job("merge", [], [place.file(path, "two")])
    place.job("summarize", [old], [])
    record.fold(place.root)
    assert [row[:2] for row in versions(place)] == [(path, 1), (path, 2)]


def test_bytes_that_no_job_made_are_never_the_current_version(place: Workplace) -> None:
    path = "results/merged/me/heart_rate.parquet"
    good = place.file(path, "one")
    place.job("merge", [], [good])
    place.job("summarize", [place.file(path, "flipped")], [])
    record.fold(place.root)
    with database.reading(place.root) as session:
        newest = queries.newest(session, path)
        assert newest is not None
        assert (newest.number, newest.sha256) == (1, good["sha256"])
        assert [version.number for version in queries.current_versions(session)] == [1]
    place.job("merge", [], [place.file(path, "one")])
    record.fold(place.root)
    assert [(row[1], row[3] is not None) for row in versions(place)] == [(1, True), (2, False)]
    place.job("merge", [], [place.file(path, "three")])
    record.fold(place.root)
    assert [row[1] for row in versions(place)] == [1, 2, 3]
    with database.reading(place.root) as session:
        assert (queries.newest(session, path) or newest).number == 3


def test_a_version_that_was_read_before_its_maker_spoke_is_the_makers(place: Workplace) -> None:
    path = "results/merged/me/heart_rate.parquet"
    place.job("merge", [], [place.file(path, "one")])
    new = place.file(path, "two")
    place.job("summarize", [new], [])
    record.fold(place.root)
    place.job("merge", [], [new])
    record.fold(place.root)
    assert [(row[1], row[3] is not None) for row in versions(place)] == [(1, True), (2, True)]


def test_a_failed_job_makes_no_version(place: Workplace) -> None:
    out = place.file("results/merged/me/heart_rate.parquet", "half")
    place.job("merge", [], [out], status="FAIL", error={"type": "ValueError", "message": "no"})
    record.fold(place.root)
    assert versions(place) == []
    assert "ValueError" in place.contents()["job_run"][0]


def test_folding_twice_changes_nothing(place: Workplace) -> None:
    two_runs(place)
    record.fold(place.root)
    before, lines = place.contents(), place.archived()
    record.fold(place.root)
    assert (place.contents(), place.archived()) == (before, lines)


def test_a_deleted_registry_comes_back_equal(place: Workplace) -> None:
    two_runs(place)
    record.fold(place.root)
    before = place.contents()
    (place.root / "lineage.sqlite").unlink()
    record.fold(place.root)
    assert place.contents() == before
    record.rebuild(place.root)
    assert place.contents() == before


def test_an_empty_registry_comes_back_equal(place: Workplace) -> None:
    two_runs(place)
    record.fold(place.root)
    before = place.contents()
    (place.root / "lineage.sqlite").write_bytes(b"")
    record.fold(place.root)
    assert place.contents() == before


def test_an_older_copy_of_the_registry_catches_up(place: Workplace) -> None:
    place.job("merge", [], [place.file("results/merged/me/heart_rate.parquet", "one")])
    record.fold(place.root)
    shutil.copy(place.root / "lineage.sqlite", place.folder / "older.sqlite")
    two_runs(place)
    record.fold(place.root)
    before = place.contents()
    shutil.copy(place.folder / "older.sqlite", place.root / "lineage.sqlite")
    record.fold(place.root)
    assert place.contents() == before


def steps_of(place: Workplace) -> list[str]:
    seen: list[str] = []
    record.fold(place.root, step=seen.append)
    return seen


def test_killed_at_any_step_nothing_is_lost_and_nothing_stands_twice(place: Workplace, tmp_path: Path) -> None:
    two_runs(place)
    calm = Workplace(tmp_path / "undisturbed")
    for path in place.spool.iterdir():
        shutil.copy(path, calm.spool)
    steps = steps_of(calm)
    assert len(steps) > 15
    for number, name in enumerate(steps):
        folder = tmp_path / f"killed {number}"
        trial = Workplace(folder)
        for path in place.spool.iterdir():
            shutil.copy(path, trial.spool)

        def die(step: str, name: str = name) -> None:
            if step == name:
                raise Kill

        with pytest.raises(Kill):
            record.fold(trial.root, step=die)
        record.fold(trial.root)
        assert trial.spooled() == [], name
        assert trial.contents() == calm.contents(), name
        assert sorted(line["id"] for line in trial.archived()) == sorted(line["id"] for line in calm.archived()), name
        (trial.root / "lineage.sqlite").unlink()
        record.fold(trial.root)
        assert trial.contents() == calm.contents(), name


def test_a_kill_inside_the_archive_line_loses_nothing(place: Workplace) -> None:
    place.job("merge", [], [place.file("results/merged/me/heart_rate.parquet", "one")])
    record.fold(place.root)
    archive = place.root / "receipts" / "2026-11.jsonl"
    identity = place.job("merge", [], [place.file("results/merged/me/heart_rate.parquet", "two")])
    archive.write_text(
        archive.read_text() + json.dumps(json.loads((place.spool / f"{identity}.json").read_text()))[:70]
    )
    record.fold(place.root)
    before = place.contents()
    assert [line["id"] for line in place.archived()][-1] == identity
    (place.root / "lineage.sqlite").unlink()
    record.fold(place.root)
    after = place.contents()
    assert after == before


def test_two_folds_at_once_are_safe(place: Workplace) -> None:
    for number in range(5):
        place.job("merge", [], [place.file(f"results/merged/me/{number}.parquet", "one")])
    steps: list[str] = []
    second = threading.Thread(
        target=record.fold, args=(place.root,), kwargs={"step": lambda name: steps.append("second")}
    )

    def during_the_first(name: str) -> None:
        steps.append("first")
        if name == "archived":
            second.start()
            second.join(timeout=1)  # without the lock it would be done long before

    record.fold(place.root, step=during_the_first)
    second.join()
    assert "".join(step[0] for step in steps).rstrip("s").strip("f") == ""
    assert len(place.contents()["job_run"]) == 5
    assert len(place.archived()) == 5


def test_a_receipt_that_is_no_receipt_is_set_aside_and_the_good_one_is_taken(place: Workplace) -> None:
    (place.spool / "torn.json").write_text('{"kind": "job", "id": "x"')
    (place.spool / "poor.json").write_text('{"kind": "job", "id": "y"}')
    place.job("merge", [], [place.file("results/merged/me/heart_rate.parquet", "one")])
    record.fold(place.root)
    assert place.spooled() == ["poor.json.damaged", "torn.json.damaged"]
    assert len(place.contents()["job_run"]) == 1


@pytest.mark.parametrize("key", [b"jobid", b"status", b"host"])
@pytest.mark.parametrize("bit", [1, 128], ids=["text", "no text"])
def test_bits_that_flip_in_a_runs_events_cost_that_line_and_no_later_fold(
    place: Workplace, key: bytes, bit: int
) -> None:
    two_runs(place)
    events = place.spool / "r1.run.jsonl"
    content = bytearray(events.read_bytes())
    content[content.index(key)] ^= bit
    events.write_bytes(bytes(content))
    record.fold(place.root)
    assert place.spooled() == []
    assert {row.split("'")[1] for row in place.contents()["run"]} == {"r1", "r2"}
    assert len(place.contents()["job_run"]) == 4


def test_a_registry_is_made_again_from_an_archive_in_which_two_jobs_of_a_run_got_one_number(place: Workplace) -> None:
    jobs = [
        {"event": "job_planned", "jobid": number, "rule": "merge", "wildcards": {}, "reason": ""} for number in (1, 3)
    ]
    place.run("r1", *jobs)
    place.job("merge", [], [place.file("results/merged/me/heart_rate.parquet", "one")], run="r1")
    record.fold(place.root)
    (archive,) = place.root.glob("receipts/*.jsonl")
    archive.write_text(archive.read_text().replace('"jobid":3', '"jobid":1'))
    record.rebuild(place.root)
    assert len(place.contents()["job_run"]) == 1
    assert place.contents()["run_job"] == []


def test_a_killed_run_is_an_abort_and_its_late_job_is_still_taken(place: Workplace) -> None:
    place.run("r1", {"event": "job_planned", "jobid": 1, "rule": "merge", "wildcards": {}, "reason": "x"}, status=None)
    record.fold(place.root)
    place.job("merge", [], [place.file("results/merged/me/heart_rate.parquet", "one")], run="r1")
    record.fold(place.root)
    contents = place.contents()
    assert "'ABORT'" in contents["run"][0]
    assert "'ABORT'" in contents["run_job"][0]
    assert len(contents["job_run"]) == 1


def test_a_job_whose_run_lives_hangs_on_a_started_run_that_its_end_completes(place: Workplace) -> None:
    place.job("merge", [], [], run="r1")
    record.fold(place.root)
    assert "'START'" in place.contents()["run"][0]
    place.run("r1")
    record.fold(place.root)
    assert len(place.contents()["run"]) == 1
    assert "'COMPLETE'" in place.contents()["run"][0]


def test_without_receipts_there_is_nothing_to_fold(tmp_path: Path) -> None:
    record.fold(tmp_path / "results")
    assert list(tmp_path.iterdir()) == []
