"""What is told of a change is what it did: the days of its own measure, between its own versions, and no more."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from sqlalchemy import select
from sqlalchemy.event import listen

from pdp.cli import main
from pdp.lineage import compare, database, noted, record
from pdp.lineage.model import JobRun
from tests.workplace import Workplace

DAILY, PRESSURE = "results/summary/me/daily.parquet", "results/merged/me/blood_pressure.parquet"
OLD, NEW = "0123456789abcdef", "fedcba9876543210"


def pdp(place: Workplace, *arguments: str) -> str:
    return CliRunner().invoke(main, [*arguments, "--results", str(place.root)]).output


def why(place: Workplace, *arguments: str) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(pdp(place, "why", *arguments, "--json"))
    return said


def stored(place: Workplace, path: str, table: pa.Table) -> dict[str, Any]:
    """A table moved into place as the store does: what was noted last is a link to the old file."""
    file = place.folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    staged = file.with_name("staged")
    pq.write_table(table, staged)
    staged.replace(file)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    return {"name": file.stem, "path": path, "sha256": digest, "bytes": file.stat().st_size, "rows": len(table)}


def reading(place: Workplace, systolic: float) -> dict[str, Any]:
    start = pa.array([datetime(2026, 3, 1, 6, tzinfo=UTC)], pa.timestamp("ms", "UTC"))
    return stored(place, PRESSURE, pa.table({"start_utc": start, "systolic_mmhg": [systolic]}))


def summarized(
    place: Workplace, run: str, inputs: list[dict[str, Any]], *, is_killed: bool = False, **columns: float
) -> None:
    """The daily table of one day, made in a run; what it changed is noted when that is over."""
    day = pa.array([date(2026, 3, 1)], pa.date32())
    made = stored(place, DAILY, pa.table({"date": day, **{name: [value] for name, value in columns.items()}}))
    place.job("summarize", inputs, [made], run=run)
    if not is_killed:
        noted.note(place.root, "2026-11-23T12:00:00.000Z")


def export(place: Workplace, source: str, name: str, content: str = "x") -> dict[str, Any]:
    return place.file(f"results/validated/me/{source}/{name}/blood_pressure.parquet", content, 40)


@pytest.fixture
def week(place: Workplace) -> Workplace:
    """r1: both. r2: steps alone. r3: a reading, and a summary that fails. r4: the summary, with other steps."""
    old, new = export(place, "cuff", OLD), export(place, "cuff", NEW, "y")
    first = reading(place, 131.0)
    place.job("merge", [old], [first], run="r1")
    summarized(place, "r1", [first], bp_systolic_mean_mmhg=131.0, steps=4000)
    summarized(place, "r2", [first], bp_systolic_mean_mmhg=131.0, steps=5000)
    second = reading(place, 141.0)
    place.job("merge", [new], [second], run="r3")
    place.job("summarize", [second], [], run="r3", status="FAIL", error={"type": "X", "message": ""})
    summarized(place, "r4", [second], bp_systolic_mean_mmhg=141.0, steps=6000)
    for run in ("r1", "r2", "r3", "r4"):
        place.run(run)
    manifest = {"documents": [{"id": "log", "name": "my log.csv", "revisions": [{"export": OLD}, {"export": NEW}]}]}
    place.file("results/manifests/me/cuff.json", json.dumps(manifest))
    return place


def test_a_change_of_one_measure_is_told_by_its_own_figures_between_its_own_versions(week: Workplace) -> None:
    (daily,) = why(week, "merged/blood_pressure")["effects"][-1:]
    assert (daily["before"], daily["after"], daily["only"]) == (2, 3, ["blood_pressure"])
    assert daily["effect"]["corrected"] == {"2026-03-01": {"bp_systolic_mean_mmhg": [131.0, 141.0]}}
    assert daily["effect"]["n_corrected"] == 1
    (back,) = why(week, "merged/blood_pressure", "--from", "v2", "--to", "v1")["effects"][-1:]
    assert (back["before"], back["after"]) == (3, 2)
    assert back["effect"]["corrected"] == {"2026-03-01": {"bp_systolic_mean_mmhg": [141.0, 131.0]}}
    (whole,) = why(week, "daily", "--from", "v1")["effects"]
    assert whole["effect"]["corrected"]["2026-03-01"] == {
        "bp_systolic_mean_mmhg": [131.0, 141.0],
        "steps": [4000.0, 6000.0],
    }


def test_an_edited_document_is_one_line_with_its_name(week: Workplace) -> None:
    text = pdp(week, "why", "merged/blood_pressure")
    assert "  cuff (my log.csv) has new content (01234567 -> fedcba98): as before 40 accepted" in text
    assert "2026-03-01 bp_systolic_mean_mmhg: 131 -> 141 (+10)" in text


def test_nobody_reads_a_name_or_a_value_where_anyone_may_look(week: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PDP_DISCREET", "1")
    asked = [(name, *form) for name in ("merged/blood_pressure", "daily") for form in ((), ("--json",))]
    text = "".join(pdp(week, "why", *words) for words in asked)
    assert "bp_systolic_mean_mmhg" in text
    assert not [word for word in ("my log", "131", "141", "6000", "2026-03-01") if word in text]


def test_versions_of_the_same_bytes_have_no_difference_to_explain(place: Workplace) -> None:
    path = "results/merged/me/step_count.parquet"
    for content in ("one", "two", "one"):
        place.job("merge", [], [place.file(path, content)], code={"pdp.merge": content})
    told = why(place, "merged/step_count", "--from", "v1", "--to", "v3")
    assert told["causes"] == []
    said = pdp(place, "why", "merged/step_count", "--from", "v1", "--to", "v3")
    assert "Both have the same bytes: nothing differs between them." in said
    assert "Because of" not in said
    assert "v2 is both: there is nothing to compare." in pdp(place, "why", path, "--from", "v2", "--to", "v2")
    versions = json.loads(pdp(place, "history", path, "--json"))["versions"]
    assert versions[-1]["cause"] == "code: pdp.merge (the bytes of v1 again)"


def test_what_a_killed_run_could_not_note_is_said_to_come(place: Workplace) -> None:
    summarized(place, "r1", [], steps=4000)
    summarized(place, "r2", [], is_killed=True, steps=5000)
    assert "Values of daily, v1 -> v2: not noted yet" in pdp(place, "why", "daily")
    noted.note(place.root, "2026-11-23T13:00:00.000Z")
    assert "2026-03-01 steps: 4000 -> 5000 (+1000)" in pdp(place, "why", "daily")
    (place.root / "history/me/summary.daily.jsonl").unlink()
    assert "Values of daily, v1 -> v2: not noted when it happened." in pdp(place, "why", "daily")


def test_a_renamed_source_is_told_as_such(place: Workplace) -> None:
    for source in ("cuff", "upper_arm"):
        place.job("merge", [export(place, source, OLD)], [place.file(PRESSURE, source)])
    assert why(place, "merged/blood_pressure")["causes"] == ["export 01234567 is of upper_arm now, was of cuff"]


def test_that_a_source_was_asked_is_no_cause(place: Workplace) -> None:
    path, raw = "results/normalized/me/cuff/x/unread.parquet", f"resources/raw/me/{OLD}"
    planned = [
        {"event": "job_planned", "jobid": n, "rule": rule, "wildcards": {}, "reason": reason}
        for n, (rule, reason) in enumerate({"ingest": "Forced execution", "normalize": "Code has changed"}.items())
    ]
    for run, digest in (("r1", "aaaa"), ("r2", "bbbb")):
        manifest = place.file("results/manifests/me/cuff.json", "{}")
        place.job("ingest", [], [manifest], run=run)
        inputs = [place.file(raw, "raw"), manifest]
        place.job("normalize", inputs, [place.file(path, "same")], run=run, code={"pdp.normalize": digest})
        place.run(run, *planned)
    assert why(place, path)["again"]["causes"] == ["code: pdp.normalize"]


def test_a_person_who_is_not_configured_any_more_is_said_not_to_be(place: Workplace) -> None:
    place.job("summarize", [], [place.file(DAILY, "one")], run="r1")
    place.run("r1", subjects={"me": ["cuff"]})
    place.run("r2", subjects={"you": ["cuff"]})
    assert "me was not in the configuration of the last run (r2)" in pdp(place, "why", "daily", "--subject", "me")


def test_the_runs_before_of_many_jobs_are_looked_up_once_a_rule_and_are_of_the_same_wildcards(place: Workplace) -> None:
    for number in range(12):
        for measure in ("heart_rate", "step_count"):
            made = place.file(f"results/merged/me/{measure}.parquet", f"{measure} {number}")
            code = {"pdp.merge": f"{number // 4}", f"pdp.{measure}": f"{number // 3}"}
            place.job("merge", [], [made], wildcards={"measure": measure}, code=code)
    record.fold(place.root)
    asked: list[str] = []
    with database.reading(place.root) as session:
        connection = session.connection()
        listen(connection, "before_cursor_execute", lambda _c, _cursor, statement, *_: asked.append(statement))
        jobs = session.scalars(select(JobRun).order_by(JobRun.seq)).all()
        causes = [compare.what_made_it_run(session, job)[1] for job in jobs]
    assert sum("job_run.status = ?" in statement for statement in asked) == 1
    assert causes[:2] == [[], []]
    assert causes[6:10] == [
        ["code: pdp.heart_rate"],
        ["code: pdp.step_count"],
        ["code: pdp.merge"],
        ["code: pdp.merge"],
    ]
