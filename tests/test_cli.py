"""The command pdp, on a small data set that went through every stage."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from pdp.cli import main
from pdp.lineage import database, queries, record
from pdp.run import LOCK
from tests.workplace import SLEEP_TEXT, Workplace, measured


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder where a run has just ended, receipts not yet folded."""
    folder = tmp_path_factory.mktemp("finished")
    measured(Workplace(folder))
    return folder


@pytest.fixture
def place(finished: Path, tmp_path: Path) -> Workplace:
    """A copy of it for one test."""
    shutil.copytree(finished, tmp_path, dirs_exist_ok=True)
    place = Workplace(tmp_path)
    place._count = 100
    return place


def pdp(place: Workplace, *arguments: str) -> Result:
    return CliRunner().invoke(main, [*arguments, "--results", str(place.root)])


def told(place: Workplace, *arguments: str, code: int = 0) -> Any:
    result = pdp(place, *arguments, "--json")
    assert result.exit_code == code, result.output
    return json.loads(result.stdout)


def explained(place: Workplace, name: str, *more: str, code: int = 0) -> Any:
    return told(place, "explain", "daily", "--day", "2025-03-14", "--figure", name, *more, code=code)


# --- explain


def test_a_figure_is_explained_by_its_rows_read_again_from_the_raw_file(place: Workplace) -> None:
    answer = explained(place, "bp_systolic_mean_mmhg")
    assert answer["is_equal"] is True
    assert answer["computed_again"] == answer["shown"]
    assert [row["values"]["systolic_mmhg"] for row in answer["rows"]] == [128, 124, 131]
    assert {row["proof"] for row in answer["rows"]} == {"same"}
    assert [row["row"] for row in answer["rows"]] == [2, 3, 4]
    assert answer["rows"][0]["text"] == "2025-03-14,07:12,128,81,66,"
    assert answer["rows"][1]["text"] == '2025-03-14,07:14,124,79,64,"after coffee,\nand a walk"'
    raw = (place.folder / answer["exports"][0]["path"]).read_bytes()
    assert answer["exports"][0]["sha256"] == hashlib.sha256(raw).hexdigest()
    assert answer["exports"][0]["documents"] == ["my cuff.csv"]
    layers = [link["path"].split("/")[1] for link in answer["chain"]]
    assert layers == ["summary", "merged", "validated", "normalized", "raw"]
    assert answer["chain"][3]["code"]["pdp.formats.bp_log"] == "2222"
    assert answer["chain"][0]["run"] == "r1"


def test_people_read_the_same_in_words(place: Workplace) -> None:
    text = pdp(place, "explain", "daily", "--day", "2025-03-14", "--figure", "bp_systolic_mean_mmhg").output
    assert "equal to the table." in text
    assert "Rows: 3 of 3 read again from the raw bytes give the same values." in text
    assert "| 2025-03-14,20:30,131,84,70," in text
    assert '"my cuff.csv" of cuff, format bp_log' in text
    assert "2025-03-14 07:12:00 +01:00" in text
    assert "rule summarize" in text


def test_a_value_altered_in_merged_is_seen_not_to_stand_in_the_raw_file(place: Workplace) -> None:
    from pdp import schemas, tables

    path = place.root / "merged/me/blood_pressure.parquet"
    records = tables.read(path).to_pylist()
    records[0]["systolic_mmhg"] += 1
    writer = tables.SortingWriter(path, schemas.validated("blood_pressure"))
    import pyarrow as pa

    writer.write(pa.Table.from_pylist(records, schemas.validated("blood_pressure")))
    writer.close()
    answer = explained(place, "bp_systolic_mean_mmhg", code=1)
    assert answer["is_equal"] is False
    assert [row["proof"] for row in answer["rows"]] == ["differs", "same", "same"]
    text = pdp(place, "explain", "daily", "--day", "2025-03-14", "--figure", "bp_systolic_mean_mmhg").output
    assert "NOT equal: the table shows" in text
    assert "READ AGAIN, IT SAYS SOMETHING ELSE" in text


@pytest.mark.parametrize(
    ("harm", "note"),
    [
        (lambda path: path.unlink(), "the raw export is missing"),
        (lambda path: path.write_text("other bytes"), "the raw export is not what it was when it arrived"),
    ],
)
def test_without_the_raw_bytes_nothing_is_claimed(place: Workplace, harm: Any, note: str) -> None:
    (raw,) = (place.folder / "resources/raw/me").iterdir()
    harm(raw)
    answer = explained(place, "bp_systolic_mean_mmhg", code=1)
    assert answer["is_equal"] is True
    assert {(row["proof"], row["note"]) for row in answer["rows"]} == {("unproven", note)}
    assert answer["exports"][0]["is_intact"] is False


def test_a_figure_of_nothing_says_so(place: Workplace) -> None:
    answer = explained(place, "hr_median_bpm")
    assert (answer["shown"], answer["computed_again"], answer["is_equal"], answer["rows"]) == (None, None, True, [])
    assert explained(place, "hr_n")["is_equal"] is True


def test_every_figure_of_the_day_is_equal_when_computed_again(place: Workplace) -> None:
    from pdp.summarize.figures import FIGURES

    assert [name for name in FIGURES if not explained(place, name)["is_equal"]] == []


def test_rows_are_picked_by_conditions(place: Workplace) -> None:
    by_time = told(place, "explain", "merged/blood_pressure", "--where", "start_utc=2025-03-14T06:12")
    assert [row["row"] for row in by_time["rows"]] == [2]
    by_value = told(place, "explain", "merged/blood_pressure", "--where", "pulse_bpm=70", "--where", "source=cuff")
    assert [row["row"] for row in by_value["rows"]] == [4]
    assert told(place, "explain", "merged/blood_pressure", "--where", "note=")["matching"] == 2
    assert told(place, "explain", "merged/blood_pressure", "--where", "start_utc=2025-02")["matching"] == 0
    rejected = told(
        place, "explain", "results/quarantine/me/cuff/*.parquet".replace("*", _export(place)), "--where", "row=5"
    )
    assert rejected["rows"][0]["rule"] == "systolic_mmhg_impossible"


def _export(place: Workplace) -> str:
    return next(path.name for path in (place.folder / "resources/raw/me").iterdir() if len(path.name) == 16)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["explain", "merged/blood_presure"], 'Did you mean "merged/blood_pressure"?'),
        (
            ["explain", "daily", "--day", "2031-01-01", "--figure", "hr_n"],
            "there is no day 2031-01-01. It has 2025-03-14",
        ),
        (["explain", "daily", "--day", "2025-03-14", "--figure", "hr_medan_bpm"], 'Did you mean "hr_median_bpm"?'),
        (
            ["explain", "merged/blood_pressure", "--where", "systolic"],
            '"systolic" is no condition. Write --where "column=value".',
        ),
        (["explain", "merged/blood_pressure", "--where", "systolic=1"], 'Did you mean "systolic_mmhg"?'),
        (["explain", "merged/blood_pressure", "--where", "pulse_bpm=a"], '--where pulse_bpm: "a" is no number.'),
        (["explain", "merged/blood_pressure", "--where", "start_utc=soon"], '--where start_utc: "soon" is no time.'),
        (["explain", "merged/blood_pressure", "--where", "start_utc=2025-13"], '"2025-13" is no time.'),
        (["explain", "merged/blood_pressure", "--where", "start_utc=9999"], '"9999" is no time.'),
        (["explain", "daily", "--subject", "you"], 'there is no subject "you". Known: me.'),
        (["explain", "quarantine/cup"], '"cup" is no subject, source, measure or export. Known: '),
        (["explain", "nights", "--day", "2025-03-14", "--figure", "hr_n"], "--figure is for the daily table"),
        (["why", "daily", "--from", "v3"], "daily.parquet: there is no v3. It has v1 only."),
        (["why", "daily", "--from", "three"], '"three" is no version. Write v3 or 3.'),
        (["why", "daily", "--from", "v³"], '"v³" is no version. Write v3 or 3.'),
        (["explain", "daily", "--figure", "hr_n"], "--figure needs --day"),
    ],
)
def test_a_question_that_can_not_be_answered_gets_a_sentence(
    place: Workplace, arguments: list[str], sentence: str
) -> None:
    result = pdp(place, *arguments)
    assert result.exit_code == 2
    assert sentence in result.output.replace("\n", " ")
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    "command", [["runs"], ["history", "daily"], ["why", "daily"], ["verify"], ["explain", "daily"], ["rejected"]]
)
def test_a_missing_registry_is_a_sentence(tmp_path: Path, command: list[str]) -> None:
    result = CliRunner().invoke(main, [*command, "--results", str(tmp_path / "results")])
    assert result.exit_code == 2
    assert "there is no registry yet. Run the pipeline first: snakemake --cores 4" in result.output
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", [["runs"], ["why", "daily"], ["verify"]])
def test_a_folder_that_may_only_be_read_is_told_in_a_sentence(place: Workplace, command: list[str]) -> None:
    assert pdp(place, "runs").exit_code == 0
    lock = place.root / "receipts/.fold.lock"
    lock.unlink()
    lock.symlink_to("/sys/kernel/nobody-may-write-here")  # not even root
    result = pdp(place, *command)
    assert result.exit_code == 2
    assert "receipts/.fold.lock: " in result.output
    assert "run again" in result.output or "Mount it writable" in result.output


@pytest.mark.parametrize("command", [["runs"], ["why", "daily"], ["history", "daily"], ["verify"]])
def test_a_folder_that_may_only_be_read_is_asked_all_the_same(
    place: Workplace, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    assert pdp(place, "runs").exit_code == 0
    place.job("summarize", run="r9")  # in the spool: a question takes it in
    lock = place.root.parent / LOCK
    lock.parent.mkdir(parents=True, exist_ok=True)
    lock.touch()
    folders = [place.root, place.root / "receipts", place.root / "receipts/spool", place.root / "lineage.sqlite", lock]
    before = {path: path.read_bytes() for path in place.root.rglob("*") if path.is_file()}
    with monkeypatch.context() as patched:
        patched.setattr(os, "access", lambda _, mode, **__: not mode & os.W_OK)  # root may write everywhere
        for each in folders:
            each.chmod(0o500)
        asked = pdp(place, *command, "--json")
        for each in folders:
            each.chmod(0o700)
    assert before == {path: path.read_bytes() for path in place.root.rglob("*") if path.is_file()}
    later = pdp(place, *command, "--json")
    assert asked.exit_code == later.exit_code, asked.output
    one, other = json.loads(asked.stdout), json.loads(later.stdout)
    if command == ["verify"]:
        one.pop("seconds"), other.pop("seconds")
    assert one == other


@pytest.fixture
def sleeper(tmp_path: Path) -> Workplace:
    """A log of sleep: two good nights, two records that no rule can read, one that can't be."""
    place = Workplace(tmp_path)
    measured(place, "sleep_log", SLEEP_TEXT)
    return place


def test_a_night_is_explained_by_the_sleeps_behind_it(sleeper: Workplace) -> None:
    for question in (["--day", "2025-10-06"], ["--where", "night_date=2025-10-06"]):
        answer = told(sleeper, "explain", "nights", *question)
        assert (answer["shown"], answer["computed_again"], answer["is_equal"]) == (420.0, 420, True)
        assert [(row["row"], row["proof"], row["text"]) for row in answer["rows"]] == [
            (2, "same", "2025-10-05 23:05,2025-10-06 06:35,420")
        ]
    text = pdp(sleeper, "explain", "nights", "--day", "2025-10-06").output
    assert "Minutes asleep computed again from 1 row: 420.0, equal to the table." in text
    assert "| 2025-10-05 23:05,2025-10-06 06:35,420" in text
    several = pdp(sleeper, "explain", "nights", "--where", "night_date=2025-10").output
    assert "The raw rows behind one night: pdp explain nights --day DATE" in several
    assert "there is no night of 2031-01-01" in pdp(sleeper, "explain", "nights", "--day", "2031-01-01").output


def test_a_row_of_the_daily_table_leads_to_its_figures(place: Workplace) -> None:
    text = pdp(place, "explain", "daily", "--where", "date=2025-03-14").output
    assert "pdp explain daily --day 2025-03-14 --figure NAME" in text


def test_a_whole_table_is_explained_in_a_few_lines_and_in_full_when_asked(place: Workplace) -> None:
    text = pdp(place, "explain", "nights").output
    assert len(text.splitlines()) < 15
    assert "  merged      5 files, 3 rows: blood_pressure, heart_rate" in text
    assert f"  raw         1 file: {_export(place)}" in text
    whole = pdp(place, "explain", "nights", "--all").output
    assert whole.count("      rule ") > 10


# --- rejected


def test_every_row_that_was_not_taken_is_counted_and_shown_with_its_reason(sleeper: Workplace) -> None:
    answer = told(sleeper, "rejected")
    kinds = [(kind["fate"], kind["measure"], kind["reason"], kind["count"]) for kind in answer["kinds"]]
    assert kinds == [
        ("quarantined", "sleep_episode", "stages_exceed_interval", 1),
        ("unread", "", "no_date", 1),
        ("unread", "", "not_a_date", 1),
    ]
    assert (answer["quarantined"], answer["unread"]) == (1, 2)
    assert [(row["document"], row["row"], row["text"]) for row in answer["rows"]] == [
        ("my cuff.csv", 6, None),
        ("my cuff.csv", 4, "2025-10-07 13:00,,40"),
        ("my cuff.csv", 5, "soon,2025-10-08 06:40,410"),
    ]
    assert answer["rows"][0]["values"]["total_sleep_time_min"] == 1000
    text = pdp(sleeper, "rejected").output
    assert text.startswith("1 row quarantined (read, but impossible or in contradiction with itself); 2 rows unread")
    assert '"my cuff.csv", row 6' in text
    assert "total_sleep_time_min 1000" in text
    assert "      | soon,2025-10-08 06:40,410" in text


def test_rejected_rows_are_narrowed_and_limited_with_a_count_of_the_rest(place: Workplace) -> None:
    lines = "".join(f"2025-03-14,08:{minute:02d},900,81,66,\n" for minute in range(12))
    measured_again = Workplace(place.folder / "more")
    measured(measured_again, text=f"Date,Time,Sys,Dia,Pulse,Note\n{lines}x,07:12,128,81,66,\n")
    text = pdp(measured_again, "rejected").output
    assert text.count("systolic_mmhg 900: ") == 5
    assert "and 7 more (--most 12 shows them)" in text
    assert pdp(measured_again, "rejected", "--most", "12").output.count("systolic_mmhg 900: ") == 12
    assert pdp(measured_again, "rejected", "--most", "0").output.count("systolic_mmhg 900: ") == 0
    assert len(told(measured_again, "rejected")["rows"]) == 13
    narrowed = pdp(measured_again, "rejected", "--measure", "blood_pressure", "--subject", "me", "--source", "cuff")
    assert "1 unread row not shown: what could not be read belongs to no measure." in narrowed.output
    other = pdp(measured_again, "rejected", "--measure", "heart_rate").output
    assert other.startswith("Nothing was rejected: every row was taken.")
    for option, name in (("--subject", "you"), ("--source", "cufff"), ("--measure", "pulse")):
        refused = pdp(measured_again, "rejected", option, name)
        assert refused.exit_code == 2
        assert f'there is no {option[2:]} "{name}". Known: ' in refused.output


def test_rows_of_sources_that_are_not_configured_any_more_are_not_told(sleeper: Workplace) -> None:
    sleeper._count = 200
    sleeper.run("r2", subjects={"me": ["scale"]})
    assert told(sleeper, "rejected")["rows"] == []


@pytest.mark.parametrize(
    ("name", "fates"),
    [
        ("unread", {"unread"}),
        ("quarantine", {"quarantined"}),
        ("quarantine/cuff", {"quarantined"}),
        ("results/quarantine/me/cuff/{export}.parquet", {"quarantined"}),
        ("quarantine/sleep_episode", {"quarantined"}),
        ("normalized/me/cuff/{export}/unread", {"unread"}),
    ],
)
def test_rejected_rows_are_found_by_the_names_of_their_tables(sleeper: Workplace, name: str, fates: set[str]) -> None:
    answer = told(sleeper, "explain", name.format(export=_export(sleeper)))
    assert {row["fate"] for row in answer["rows"]} == fates


# --- why, history, runs


def test_why_names_the_module_the_setting_the_library_and_the_input_that_changed(place: Workplace) -> None:
    path = "results/merged/me/heart_rate.parquet"
    old, new = (
        place.file("results/validated/me/band/a.parquet", "1"),
        place.file("results/validated/me/band/a.parquet", "2"),
    )
    extra = place.file("results/validated/me/watch/0123456789abcdef/heart_rate.parquet", "3")
    same = {"pdp.tables": "5555"}
    place.job("validate", [], [old])
    place.job(
        "merge",
        [old],
        [place.file(path, "one")],
        code={"pdp.merge": "aaaa", **same},
        settings={"merge": {"fusion_min": 5}},
    )
    place.job("validate", [], [new], code={"pdp.validate.rules": "9999"})
    place.job(
        "merge",
        [new, extra],
        [place.file(path, "two")],
        code={"pdp.merge": "bbbb", **same},
        settings={"merge": {"fusion_min": 7}},
        libraries={"pyarrow": "26.0.2"},
    )
    answer = told(place, "why", "merged/heart_rate")
    assert [(c["kind"], c["name"].split("/")[-1], c["before"], c["after"], c["verb"]) for c in answer["changes"]] == [
        ("input", "a.parquet", "v1", "v2", "changed"),
        ("input", "heart_rate.parquet", "", "v1", "added"),
        ("module", "pdp.merge", "aaaa", "bbbb", "changed"),
        ("setting", "merge.fusion_min", "5", "7", "changed"),
        ("library", "pyarrow", "26.0.1", "26.0.2", "changed"),
    ]
    assert answer["causes"] == [
        "code: pdp.merge, pdp.validate, pdp.validate.rules",
        "new export 01234567 of watch",
        "setting merge.fusion_min",
        "library pyarrow",
    ]
    text = pdp(place, "why", "merged/heart_rate").output
    assert "  merge.fusion_min: 5 -> 7" in text
    assert "  pdp.merge: aaaa -> bbbb" in text


def test_a_change_without_effect_is_not_blamed_for_a_later_one(place: Workplace) -> None:
    path = "results/merged/me/step_count.parquet"
    for code, library, content in (("a", "1", "one"), ("b", "1", "one"), ("b", "2", "two")):
        place.job("merge", [], [place.file(path, content)], code={"pdp.merge": code}, libraries={"numpy": library})
    changes = told(place, "why", "merged/step_count")["changes"]
    assert [change["name"] for change in changes] == ["numpy"]


def test_why_names_what_made_a_job_run_again_for_the_same_bytes(place: Workplace) -> None:
    path, upper = "results/merged/me/step_count.parquet", "results/summary/me/extra.parquet"
    for run, code, fusion in (("r2", "a", 5), ("r3", "b", 7)):
        settings = {"merge": {"fusion_min": fusion}}
        out = place.file(path, "one", 3)
        place.job("merge", [], [out], run=run, code={"pdp.merge": code}, settings=settings, wildcards={"x": "y"})
        place.job("summarize", [out], [place.file(upper, "top")], run=run, wildcards={"subject": "me"})
        place.run(run)
    again = told(place, "why", path)["again"]
    assert (again["run"], again["is_same_bytes"]) == ("r3", True)
    assert again["causes"] == ["code: pdp.merge", "setting merge.fusion_min"]
    text = pdp(place, "why", path).output
    assert "run r3, because of: code: pdp.merge; setting merge.fusion_min. The bytes came out the same" in text
    assert "  merge.fusion_min: 5 -> 7" in text.replace("    ", "  ")
    assert "  pdp.merge: a -> b" in text.replace("    ", "  ")
    behind = told(place, "why", upper)["again"]
    assert (behind["causes"], behind["changes"]) == (["code: pdp.merge", "setting merge.fusion_min"], [])


def test_why_falls_back_on_the_engines_reason_where_nothing_differs(place: Workplace) -> None:
    path = "results/merged/me/step_count.parquet"
    job = {"event": "job_planned", "jobid": 1, "rule": "merge", "wildcards": {}, "reason": "Forced execution"}
    for run in ("r2", "r3"):
        place.job("merge", [], [place.file(path, "one", 3)], run=run)
        place.run(run, job, {"event": "job_ended", "jobid": 1, "status": "COMPLETE"})
    assert "run r3, because of: Forced execution. The bytes came" in pdp(place, "why", path).output


def test_why_names_the_missing_output_of_a_job_before(place: Workplace) -> None:
    path, upper = "results/merged/me/step_count.parquet", "results/summary/me/extra.parquet"
    reasons = {
        "merge": f"Missing output files: {path}",
        "summarize": f"Input files updated by another job: {path}, results/merged/me/heart_rate.parquet",
    }
    jobs = [
        {"event": "job_planned", "jobid": number, "rule": rule, "wildcards": {}, "reason": reason}
        for number, (rule, reason) in enumerate(reasons.items())
    ]
    for run in ("r2", "r3"):
        out = place.file(path, "one", 3)
        place.job("merge", [], [out], run=run)
        place.job("summarize", [out], [place.file(upper, "top")], run=run)
        place.run(run, *jobs)
    assert told(place, "why", upper)["again"]["causes"] == [f"Missing output files: {path}"]


def test_history_tells_the_newest_versions_and_how_many_are_older(place: Workplace) -> None:
    path = "results/merged/me/step_count.parquet"
    for number in range(25):
        place.job("summarize", [], [place.file(path, f"v{number}", 1)])
    text = pdp(place, "history", "merged/step_count").output
    assert "v25" in text
    assert "v7 " in text
    assert "v6 " not in text
    assert text.rstrip().endswith("and 6 older: --last 26")
    assert len(told(place, "history", "merged/step_count", "--last", "26")["versions"]) == 26


def test_why_tells_the_rows_of_both_versions(place: Workplace) -> None:
    path = "results/merged/me/step_count.parquet"
    for content, rows in (("one", 1200), ("two", 1207)):
        place.job("merge", [], [place.file(path, content, rows)], code={"pdp.merge": content})
    assert "Rows: 1,200 -> 1,207 (+7)" in pdp(place, "why", path).output


def test_why_compares_with_the_last_version_that_a_job_made(place: Workplace) -> None:
    path = "results/merged/me/step_count.parquet"
    place.job("merge", [], [place.file(path, "good")], code={"pdp.merge": "a"})
    place.job("summarize", [place.file(path, "flipped")], [])
    place.job("merge", [], [place.file(path, "better")], code={"pdp.merge": "b"})
    answer = told(place, "why", path)
    versions = told(place, "history", path)["versions"]
    foreign = next(version for version in versions if version["made_by"] is None)
    assert foreign["cause"] == "changed outside the pipeline"
    assert (answer["from"]["version"], answer["to"]["version"]) == (foreign["number"] - 1, foreign["number"] + 1)
    assert answer["causes"] == ["code: pdp.merge"]


def test_history_tells_the_cause_of_each_version(place: Workplace) -> None:
    path = "results/merged/me/heart_rate.parquet"
    place.job("merge", [], [place.file(path, "new")], run="r2", code={"pdp.merge": "4444"})
    place.run("r2")
    versions = told(place, "history", "merged/heart_rate")["versions"]
    assert [(v["number"], v["run"]) for v in versions] == [(1, "r1"), (2, "r2")]
    assert versions[0]["cause"] == "first made"
    assert versions[1]["cause"].startswith("code: pdp.merge; export gone:")
    assert "v2" in pdp(place, "history", "merged/heart_rate").output


def test_why_says_that_nothing_ran_because_nothing_changed(place: Workplace) -> None:
    place.run("r2", graph={"merge": {"reused": 5, "left": 0}})
    since = told(place, "why", "merged/heart_rate")["since"]
    assert since == [
        "It did not run in the last run (r2, COMPLETE): its inputs, code, settings and libraries are what they were."
    ]


def test_why_says_what_a_failed_job_left_behind(place: Workplace) -> None:
    job = {"event": "job_planned", "jobid": 1, "rule": "merge", "wildcards": {}, "reason": "x", "log": "logs/merge.log"}
    place.run("r2", job, {"event": "job_ended", "jobid": 1, "status": "FAIL"}, status="FAIL")
    since = told(place, "why", "merged/heart_rate")["since"]
    assert since == ["Its job failed in the last run (r2); this is the last good version. See logs/merge.log."]


def test_why_says_that_a_failed_job_left_no_file(place: Workplace) -> None:
    (place.root / "merged/me/heart_rate.parquet").unlink()
    job = {"event": "job_planned", "jobid": 1, "rule": "merge", "wildcards": {}, "reason": "x", "log": "logs/merge.log"}
    place.run("r2", job, {"event": "job_ended", "jobid": 1, "status": "FAIL"}, status="FAIL")
    (since,) = told(place, "why", "merged/heart_rate")["since"]
    assert since == "Its job failed in the last run (r2); the file is gone until it ends well. See logs/merge.log."


def test_a_subject_of_the_last_run_is_meant_before_those_of_earlier_ones(place: Workplace) -> None:
    place.job("summarize", [], [place.file("results/summary/demo/daily.parquet", "x")])
    assert "for several subjects: demo, me. Say which one: --subject NAME" in pdp(place, "history", "daily").output
    place.run("r2", subjects={"me": ["cuff"]})
    assert told(place, "history", "daily")["dataset"] == "results/summary/me/daily.parquet"
    assert told(place, "history", "daily", "--subject", "demo")["dataset"] == "results/summary/demo/daily.parquet"


def test_why_says_what_the_next_run_will_take_up(place: Workplace) -> None:
    place.run("r2")
    key = place.folder / "results/keys/merge.json"
    key.parent.mkdir(parents=True)
    key.write_text(
        json.dumps({"rule": "merge", "code": {"pdp.merge": "2"}, "settings": {}, "libraries": {}, "python": "3.11"})
    )
    (since,) = told(place, "why", "merged/heart_rate")["since"]
    assert "taken up by the next run that asks for it: module pdp.merge changed; library pyarrow gone." in since


def test_runs_are_told_newest_first_with_their_ends(place: Workplace) -> None:
    place.run("r2", {"event": "error", "text": "MissingInputException: no input"}, status="FAIL")
    place.run("r3", {"event": "job_planned", "jobid": 1, "rule": "merge", "wildcards": {}, "reason": ""}, status=None)
    lines = told(place, "runs")
    assert [(line["id"], line["status"], line["polls"], line["new_exports"]) for line in lines] == [
        ("r3", "ABORT", 0, 0),
        ("r2", "FAIL", 0, 0),
        ("r1", "COMPLETE", 1, 1),
    ]
    assert "r2: MissingInputException: no input" in pdp(place, "runs").output
    assert len(told(place, "runs", "--last", "1")) == 1


def test_runs_of_machines_that_were_united_are_told_by_when_they_started(place: Workplace) -> None:
    for run, day in (("here1", 1), ("here3", 3), ("there2", 2), ("there2b", 2)):
        place.run(run, at=f"2029-01-0{day}T06:00:00.000Z", status="COMPLETE")
        record.fold(place.root)
    assert [line["id"] for line in told(place, "runs", "--last", "4")] == ["here3", "there2b", "there2", "here1"]
    assert [line["id"] for line in told(place, "runs", "--last", "1")] == ["here3"]
    with database.reading(place.root) as session:
        last = queries.last_run(session)
    assert last is not None
    assert last.id == "there2b"


def test_the_target_rule_is_no_job(place: Workplace) -> None:
    planned = {"event": "job_planned", "jobid": 1, "rule": "all", "wildcards": {}, "reason": ""}
    ended = {"event": "job_ended", "jobid": 1, "status": "COMPLETE"}
    place.run("r2", planned, ended, graph={"merge": {"reused": 5, "left": 0}, "all": {"reused": 1, "left": 0}})
    (line,) = told(place, "runs", "--last", "1")
    assert (line["ran"], line["reused"], line["failed"]) == (0, 5, 0)


# --- verify


def test_an_untouched_store_is_verified(place: Workplace) -> None:
    result = pdp(place, "verify")
    assert result.exit_code == 0, result.output
    assert "1 raw exports and 26 artifacts hashed: all as they were." in result.output


def test_altered_missing_and_unknown_files_are_found_and_the_exit_code_says_so(place: Workplace) -> None:
    (raw,) = (place.folder / "resources/raw/me").iterdir()
    raw.write_text("other")
    (place.root / "merged/me/heart_rate.parquet").write_text("other")
    (place.root / "summary/me/nights.parquet").unlink()
    (place.root / "merged/me/stranger.parquet").write_text("who")
    (place.root / "merged/me/heart_rate.parquet.1234.tmp").write_text("left by a killed job, swept by the next run")
    result = pdp(place, "verify", "--json")
    assert result.exit_code == 1
    found = [(f["kind"], f["path"]) for f in json.loads(result.stdout)["findings"]]
    assert found == [
        ("altered", f"resources/raw/me/{raw.name}"),
        ("altered", "results/merged/me/heart_rate.parquet"),
        ("missing", "results/summary/me/nights.parquet"),
        ("unknown", "results/merged/me/stranger.parquet"),
    ]
    assert "4 not as they were." in pdp(place, "verify").output


def test_an_altered_intermediate_is_found_also_after_a_job_has_read_it(place: Workplace) -> None:
    pdp(place, "runs")
    merged = place.root / "merged/me/blood_pressure.parquet"
    content = _flip(merged.read_bytes())
    merged.write_bytes(content)
    flipped = {
        "name": "merged",
        "path": "results/merged/me/blood_pressure.parquet",
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
    }
    altered = ("altered", "results/merged/me/blood_pressure.parquet")
    assert findings(place) == [altered]
    place.job("summarize", [flipped], [place.file("results/summary/me/daily.parquet", "of the altered")], run="r2")
    place.job("report", [place.file("results/summary/me/daily.parquet", "of the altered")], [], run="r2")
    assert findings(place) == [altered, ("spoiled", "results/summary/me/daily.parquet")]
    text = pdp(place, "verify").output
    assert "was made from altered bytes of results/merged/me/blood_pressure.parquet" in text
    assert "Delete what is altered or spoiled in results/ and run snakemake: it is made anew." in text
    good = {**flipped, "sha256": hashlib.sha256(_flip(content)).hexdigest()}
    place.job("summarize", [good], [place.file("results/summary/me/daily.parquet", "of the altered")], run="r3")
    assert findings(place) == [altered]


def _flip(content: bytes) -> bytes:
    return content[:10] + bytes([content[10] ^ 1]) + content[11:]


def findings(place: Workplace) -> list[tuple[str, str]]:
    return [(f["kind"], f["path"]) for f in json.loads(pdp(place, "verify", "--json").stdout)["findings"]]


def test_the_manifest_beside_the_raw_exports_is_known_and_vouches_for_them(place: Workplace) -> None:
    manifest = place.root / "manifests/me/cuff.json"
    beside = place.folder / "resources/raw/me/cuff.manifest.json"
    shutil.copy(manifest, beside)
    assert findings(place) == []
    manifest.unlink()
    raw = place.folder / "resources/raw/me" / _export(place)
    (other,) = [place.folder / "resources/raw/me" / "0123456789abcdef"]
    other.write_text("no manifest speaks of it")
    result = pdp(place, "verify").output
    assert "missing  results/manifests/me/cuff.json" in result
    assert f"{raw.name} " not in result
    assert "its name (no manifest speaks of it) says 0123456789abcdef" in result
    raw.write_text("other")
    assert "its manifest says" in pdp(place, "verify").output
    beside.write_text("{torn")
    assert ("altered", "resources/raw/me/cuff.manifest.json") in findings(place)
