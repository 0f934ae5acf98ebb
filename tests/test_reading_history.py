"""A reading is followed through every revision of its document, and a figure through every noted version."""

from __future__ import annotations

import hashlib
import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pdp.cli import main
from pdp.lineage import noted
from pdp.lineage.figure_history import _states, n_of
from pdp.lineage.queries import Version
from tests.workplace import Workplace, measured

HEAD = "Date,Time,Sys,Dia,Pulse\n"
FIRST = "2025-03-14,07:12,128,81,66\n"  # 06:12 UTC
SECOND = "2025-03-14,07:14,124,79,64\n"
THIRD = "2025-03-14,20:30,131,84,70\n"
LOG = HEAD + FIRST + SECOND + THIRD


class Log:
    """A log brought through every stage once; what came before and after stands in the manifest and the raw store."""

    def __init__(self, folder: Path, current: str = LOG) -> None:
        self.place = Workplace(folder)
        self.export = measured(self.place, text=current)
        self.documents: dict[str, dict[str, Any]] = {}

    def saw(self, *texts: str, name: str = "my cuff.csv", presence: list[tuple[int, bool]] | None = None) -> None:
        """Revisions of a document, one a day from the 1st of April."""
        revisions = []
        for day, text in enumerate(texts, start=1):
            digest = hashlib.sha256(text.encode()).hexdigest()
            self.place.file(f"resources/raw/me/{digest[:16]}", text)
            seen = {"first_seen": f"2025-04-{day:02d}T06:00:00.000Z", "last_seen": f"2025-04-{day:02d}T18:00:00.000Z"}
            revisions.append({"export": digest[:16], "sha256": digest, "bytes": len(text), **seen})
        told = [{"at": f"2025-04-{day:02d}T03:00:00.000Z", "present": is_there} for day, is_there in presence or []]
        there = presence[-1][1] if presence else True
        self.documents[name] = {"id": name, "name": name, "present": there, "revisions": revisions, "presence": told}
        manifest = {"subject": "me", "source": "cuff", "documents": list(self.documents.values())}
        self.place.file("results/manifests/me/cuff.json", json.dumps(manifest))

    def ask(self, *arguments: str) -> Result:
        """The command line."""
        question = ["history", "merged/blood_pressure", "--results", str(self.place.root)]
        return CliRunner().invoke(main, [*question, *arguments])

    def versions(self, *conditions: str, document: int = 0) -> list[dict[str, Any]]:
        """What it says of one document."""
        where = [part for one in conditions for part in ("--where", one)]
        said = self.ask(*where, "--json")
        assert said.exit_code == 0, said.output
        return json.loads(said.output)["documents"][document]["versions"]  # type: ignore[no-any-return]


def short(versions: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """What, systolic value, rows."""
    values = [one["found"]["values"].get("systolic_mmhg") if one["found"] else None for one in versions]
    return [(one["what"], value, tuple(one["rows"])) for one, value in zip(versions, values, strict=True)]


def test_a_row_that_moves_is_the_same_reading(tmp_path: Path) -> None:
    log = Log(tmp_path)
    log.saw(HEAD + SECOND, HEAD + FIRST + SECOND, LOG)
    (version,) = log.versions("start_utc=2025-03-14T06:14")
    assert (version["what"], version["rows"], len(version["exports"])) == ("present", [2, 3], 3)
    assert (version["since"], version["until"]) == ("2025-04-01T06:00:00.000Z", "2025-04-03T18:00:00.000Z")


def test_a_time_that_was_corrected_is_the_same_reading_by_its_place(tmp_path: Path) -> None:
    log = Log(tmp_path)
    log.saw(LOG.replace("07:14", "19:14"), LOG)
    versions = log.versions("start_utc=2025-03-14T06:14")
    assert short(versions) == [("present", 124.0, (3,)), ("present", 124.0, (3,))]
    assert [one["found"]["start_utc"][:16] for one in versions] == ["2025-03-14T18:14", "2025-03-14T06:14"]
    assert "start_utc 2025-03-14T18:14:00 -> 2025-03-14T06:14:00" in log.ask("--where", "row=3").output


def test_the_row_that_moves_up_is_not_taken_for_the_one_that_was_deleted(tmp_path: Path) -> None:
    log = Log(tmp_path, HEAD + SECOND + THIRD)
    log.saw(LOG, HEAD + SECOND + THIRD)
    assert short(log.versions("start_utc=2025-03-14T06:12")) == [("present", 128.0, (2,)), ("absent", None, ())]
    assert "Now: not in the data set." in log.ask("--where", "start_utc=2025-03-14T06:12").output


def test_two_readings_of_one_minute_are_told_apart(tmp_path: Path) -> None:
    text = HEAD + FIRST + FIRST.replace("128,81", "122,80")
    log = Log(tmp_path, text)
    log.saw(HEAD + FIRST, text)
    said = log.ask("--where", "start_utc=2025-03-14T06:12")
    assert said.exit_code == 2
    assert "2 readings match: start_utc=2025-03-14T06:12:00 row=2 source=cuff; " in said.output
    assert not {"128", "122", "81", "80"} & set(said.output.replace(";", " ").replace("=", " ").split())
    at = "start_utc=2025-03-14T06:12"
    assert short(log.versions(at, "row=2")) == [("present", 128.0, (2,))]
    assert short(log.versions(at, "row=3")) == [("present", 122.0, (3,))]


def test_a_document_that_vanished_and_came_back_is_told_with_when(tmp_path: Path) -> None:
    log = Log(tmp_path)
    log.saw(LOG, presence=[(5, False), (9, True)])
    versions = log.versions("start_utc=2025-03-14T06:12")
    assert [(one["what"], one["since"][:10]) for one in versions] == [
        ("present", "2025-04-01"),
        ("gone", "2025-04-05"),
        ("present", "2025-04-09"),
    ]
    assert versions[1]["until"] == versions[2]["since"]
    said = log.ask("--where", "start_utc=2025-03-14T06:12").output
    assert "the document was not there" in said
    assert "again as before" in said


def test_a_reading_in_another_document_is_told_beside(tmp_path: Path) -> None:
    log = Log(tmp_path)
    log.saw(LOG.replace(FIRST, ""), name="a.csv")
    log.saw(LOG, HEAD + SECOND, name="b.csv", presence=[(4, False)])
    log.saw(HEAD + THIRD + FIRST, name="c.csv")
    answer = json.loads(log.ask("--where", "start_utc=2025-03-14T06:12", "--json").output)
    assert sorted(one["document"] for one in answer["documents"]) == ["b.csv", "c.csv"]
    told = {one["document"]: [each["what"] for each in one["versions"]] for one in answer["documents"]}
    assert told == {"b.csv": ["present", "absent", "gone"], "c.csv": ["present"]}


@pytest.mark.parametrize(
    ("spoil", "note"),
    [("missing", "the raw export is missing"), ("altered", "the raw export is not what it was when it arrived")],
)
def test_bytes_that_can_not_be_read_are_told_and_hide_nothing_else(tmp_path: Path, spoil: str, note: str) -> None:
    log = Log(tmp_path)
    middle = LOG.replace("128,81", "138,81")
    log.saw(LOG.replace("128,81", "118,81"), middle, LOG)
    raw = tmp_path / "resources/raw/me" / hashlib.sha256(middle.encode()).hexdigest()[:16]
    if spoil == "missing":
        raw.unlink()
    else:
        raw.write_text(middle + "more")
    versions = log.versions("start_utc=2025-03-14T06:12")
    assert short(versions) == [("present", 118.0, (2,)), ("unknown", None, ()), ("present", 128.0, (2,))]
    assert versions[1]["note"] == note


def test_what_nothing_matches_and_what_is_no_reading_is_said(tmp_path: Path) -> None:
    log = Log(tmp_path)
    log.saw(LOG)
    said = log.ask("--where", "start_utc=2001-01-01")
    assert (said.exit_code, "no reading matches" in said.output) == (2, True)
    said = log.ask("--day", "2025-03-14")
    assert (said.exit_code, "--day and --figure belong together" in said.output) == (2, True)
    said = CliRunner().invoke(main, ["history", "daily", "--where", "bp_n=3", "--results", str(log.place.root)])
    assert (said.exit_code, "is no table of readings" in said.output) == (2, True)


def test_no_value_and_no_name_is_printed_where_anyone_may_read_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Log(tmp_path)
    log.saw(LOG.replace("128,81", "oops,81"), LOG.replace("128,81", "138,81"), LOG)
    monkeypatch.setenv("PDP_DISCREET", "1")
    said = log.ask("--where", "start_utc=2025-03-14T06:12")
    assert said.exit_code == 0
    for private in ("my cuff", "128", "138", "oops"):
        assert private not in said.output, private


ROWS = [f"2025-03-{day:02d},07:00,{110 + day},70,60\n" for day in range(1, 7)]
REVISIONS = st.lists(st.sets(st.integers(0, 5)).map(sorted), min_size=1, max_size=4)


@pytest.fixture(scope="module")
def any_log(tmp_path_factory: pytest.TempPathFactory) -> Log:
    """A log whose revisions each example sets."""
    return Log(tmp_path_factory.mktemp("log"))


@settings(max_examples=6, deadline=None)
@given(REVISIONS, st.integers(0, 5))
def test_a_reading_is_present_exactly_in_the_revisions_that_have_its_row(
    any_log: Log, revisions: list[list[int]], wanted: int
) -> None:
    texts = [HEAD + "".join(ROWS[row] for row in rows) for rows in revisions]
    if not any(wanted in rows for rows in revisions):
        return
    any_log.saw(*texts)
    has = [wanted in rows for rows in revisions]
    has = has[has.index(True) :]
    expected = [is_there for at, is_there in enumerate(has) if at == 0 or has[at - 1] != is_there]
    versions = any_log.versions(f"start_utc=2025-03-{wanted + 1:02d}")
    assert [one["what"] == "present" for one in versions] == expected


DAY = date(2026, 3, 1)
TABLES = st.dictionaries(st.integers(0, 2), st.tuples(st.none() | st.sampled_from([1.5, 2.5]), st.integers(0, 2)))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(TABLES, min_size=1, max_size=5), st.integers(0, 2))
def test_a_figure_is_told_as_it_was_and_what_was_not_noted_as_unknown(
    tmp_path_factory: pytest.TempPathFactory, tables: list[dict[int, tuple[float | None, int]]], day: int
) -> None:
    root = tmp_path_factory.mktemp("figures") / "results"
    path = root / "summary/me/daily.parquet"
    path.parent.mkdir(parents=True)
    versions: list[Version] = []
    truth: list[tuple[bool, Any, Any]] = []
    for table in tables:
        columns = {
            "date": pa.array([DAY + timedelta(days=one) for one in sorted(table)], pa.date32()),
            "bp_systolic_mean_mmhg": pa.array([table[one][0] for one in sorted(table)], pa.float64()),
            "bp_n": pa.array([table[one][1] for one in sorted(table)], pa.int64()),
        }
        staged = root / "staged"
        pq.write_table(pa.table(columns), staged)
        staged.replace(path)
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        noted.note(root, "2026-11-23T12:00:00.000Z")
        if not versions or versions[-1].sha256 != sha256:
            number = len(versions) + 1
            versions.append(Version(number, "", number, sha256, 0, None, "", None))
            truth.append((day in table, *table.get(day, (None, None))))
    names = ("bp_systolic_mean_mmhg", "bp_n")
    told = _states(root, path, versions, (DAY + timedelta(days=day)).isoformat(), names)
    assert told == truth
    file = root / "history/me/summary.daily.jsonl"
    if file.exists():  # as they were noted before values of days that go were
        lines = [json.loads(line) | {"lost": {}} for line in file.read_text().splitlines()]
        file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    altered = Version(len(versions) + 1, "", len(versions) + 1, "0" * 64, 0, None, "", None)  # and then made again
    told = _states(root, path, [*versions, altered], (DAY + timedelta(days=day)).isoformat(), names)
    assert (told[-2:], len(told)) == ([truth[-1], None], len(truth) + 1)
    for state, was in zip(told, truth, strict=False):
        assert state is None or state[:2] == was[:2]
        assert state is None or state[2] in (None, was[2])


@pytest.mark.parametrize(
    ("figure", "counted"),
    [
        ("bp_systolic_mean_mmhg", "bp_n"),
        ("bp_morning_systolic_mean_mmhg", "bp_morning_n"),
        ("bp_pulse_mean_bpm", "bp_pulse_n"),
        ("hr_median_bpm", "hr_n"),
        ("rhr_vendor_bpm", "rhr_vendor_n"),
        ("steps", "steps_n"),
        ("sleep_total_min", "sleep_episodes_n"),
    ],
)
def test_a_figure_is_told_with_the_number_of_readings_behind_it(figure: str, counted: str) -> None:
    assert n_of(figure) == counted


def test_tables_that_a_run_made_are_believed_only_as_the_registry_has_them(tmp_path: Path) -> None:
    log = Log(tmp_path)
    log.saw(LOG.replace("128,81", "138,81"), LOG)
    asked = "start_utc=2025-03-14T06:12"
    said = log.versions(asked)
    assert short(said) == [("present", 138.0, (2,)), ("present", 128.0, (2,))]
    (table,) = log.place.root.glob("normalized/me/cuff/*/blood_pressure.parquet")
    made = pq.read_table(table)
    place = made.column_names.index("systolic_mmhg")
    pq.write_table(made.set_column(place, made.field(place), pa.array([99.0] * len(made))), table)
    assert log.versions(asked) == said
    table.unlink()
    assert log.versions(asked) == said
