"""What the owner says happened: a CSV or a list, and what is said of one that can't be read."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pdp import config as configuration
from pdp import config_schema, described, events, tables
from pdp.errors import ConfigError

HEADER = "date,kind,text\n"
TABLET = {"date": "2026-05-01", "kind": "medication", "text": "Ramipril 5 mg, mornings"}


def written(folder: Path, text: str) -> Path:
    path = folder / "events.csv"
    path.write_bytes(text.encode())
    return path


def test_a_csv_and_the_same_as_a_list_give_the_same_table(tmp_path: Path) -> None:
    path = written(
        tmp_path, HEADER + '2026-07-05,travel,To New York\n2026-05-01,medication,"Ramipril 5 mg, mornings"\n'
    )
    found = events.from_file(path)
    assert found.equals(events.from_config([TABLET, {"date": "2026-07-05", "kind": "travel", "text": "To New York"}]))
    assert found.to_pylist()[0] == {**TABLET, "date": date(2026, 5, 1)}


def test_columns_in_another_order_a_byte_order_mark_blank_lines_and_windows_line_ends_are_read(tmp_path: Path) -> None:
    path = written(tmp_path, "\ufeffKind, Text ,DATE\r\n\r\nillness, Flu ,2026-02-10\r\n,,\r\n")
    assert events.from_file(path).to_pylist() == [{"date": date(2026, 2, 10), "kind": "illness", "text": "Flu"}]


def test_the_same_event_twice_is_one() -> None:
    assert events.from_config([TABLET, TABLET]).num_rows == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", r"events.csv: its first line has the columns of nothing. Write the first line as date,kind,text."),
        ("day,kind,text\n", r"has the columns day, kind, text"),
        (HEADER + "01.05.2026,note,x\n", r"events.csv, line 2: has no date that can be read. Write it as 2026-05-01."),
        (HEADER + "2026-05-01,medicine,x\n", r'line 2: there is no kind of event "medicine". .*medication'),
        (HEADER + "2026-05-01,,x\n", r"line 2: has no kind."),
        (HEADER + "\n2026-05-01,note, \n", r"line 3: has no text. Say in a few words what happened."),
        (
            HEADER + "2026-05-01,medication,Ramipril 5 mg, mornings\n",
            r"line 2: has 4 cells, not 3. Put a text with comm",
        ),
    ],
)
def test_a_fault_is_told_with_its_line_and_what_to_do(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=said):
        events.from_file(written(tmp_path, text))


def test_a_file_in_another_encoding_is_told(tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    path.write_bytes(HEADER.encode() + "2026-05-01,note,müde\n".encode("latin-1"))
    with pytest.raises(ConfigError, match="is not UTF-8 text"):
        events.from_file(path)


@given(st.text(st.sampled_from('2026-050,medication note"\r\n\0é'), max_size=120))
def test_any_text_is_a_table_or_a_sentence_that_says_where(text: str) -> None:
    try:
        found = events.from_text(HEADER + text, "events.csv")
    except ConfigError as error:
        found, said = None, str(error)
    assert said.startswith("events.csv, line") if found is None else found.schema.equals(events.SCHEMA)


@given(
    st.lists(
        st.tuples(
            st.dates(date(1970, 1, 1), date(2099, 12, 31)),
            st.sampled_from(events.KINDS),
            st.text(min_size=1).filter(lambda text: text.strip() and "\x00" not in text),
        ),
        max_size=8,
    )
)
def test_what_is_told_stands_in_the_table_by_day(told: list[tuple[date, str, str]]) -> None:
    found = events.from_config([{"date": str(day), "kind": kind, "text": text} for day, kind, text in told])
    assert [tuple(row.values()) for row in found.to_pylist()] == sorted(
        {(day, kind, text.strip()) for day, kind, text in told}
    )


def test_without_events_the_table_is_empty_and_says_what_its_columns_are(tmp_path: Path) -> None:
    described.write(tmp_path / "events.parquet", events.gather([], []))
    found = tables.read(tmp_path / "events.parquet")
    assert found.num_rows == 0
    assert found.schema.field("text").metadata[b"title"] == b"Event"


def loaded(folder: Path, told: Any) -> configuration.Config:
    schema = folder / "schema.yaml"
    schema.write_text(config_schema.schema_text())
    person = {
        "time_zone": "UTC",
        "sources": {"cuff": {"transport": "folder", "location": {"path": "in"}, "format": "bp_log"}},
        "events": told,
    }
    return configuration.load({"subjects": {"ada": person}}, {}, [], schema)


def test_the_configuration_takes_a_path_or_a_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = written(tmp_path, HEADER)
    ada = loaded(tmp_path, str(path)).subjects["ada"]
    assert (ada.events_file, ada.events_told) == ([str(path)], [])
    ada = loaded(tmp_path, [TABLET | {"date": date(2026, 5, 1)}]).subjects["ada"]  # as YAML reads a date
    assert (ada.events_file, ada.events_told) == ([], [TABLET])


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ("nowhere.csv", r'subjects.ada.events: there is no file "nowhere.csv". Name a CSV with the columns'),
        ([{**TABLET, "kind": "medicine"}], r'subjects.ada.events, entry 1, kind: "medicine" is not one of'),
        ([TABLET, {**TABLET, "date": "May"}], r"subjects.ada.events, entry 2: has no date that can be read"),
        ([{"date": "2026-05-01", "kind": "note"}], r'the key "text" is missing'),
    ],
)
def test_events_that_cannot_be_used_are_refused_before_anything_runs(
    told: Any, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=said):
        loaded(tmp_path, told)


def test_the_demo_tells_the_story_of_its_person() -> None:
    root = Path(__file__).parents[1]
    told = yaml.safe_load((root / "config/config.yaml").read_text(encoding="utf-8"))["subjects"]["demo"]["events"]
    story = (root / "resources/demo/README.md").read_text(encoding="utf-8")
    assert "a tablet from 17 March 2025" in story
    assert {str(event["date"]): event["kind"] for event in told}["2025-03-17"] == "medication"
    assert events.from_config([{**event, "date": str(event["date"])} for event in told]).num_rows == len(told)
