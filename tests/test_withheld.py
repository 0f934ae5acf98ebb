"""PDP_DISCREET: the log of a machine that others may read shows no measured value and no name of the owner's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from pdp.cli import main
from pdp.cli.withheld import WORD, for_anyone
from tests.workplace import Workplace, measured

DAY = ("--day", "2025-03-14")
FIGURE = ("--figure", "bp_systolic_mean_mmhg")
QUESTIONS: tuple[tuple[str, ...], ...] = (
    ("explain", "daily", *DAY, *FIGURE),
    ("explain", "daily", *DAY),
    ("explain", "daily", "--where", "day_length_min=1440"),
    ("explain", "merged/blood_pressure", "--where", "source=cuff"),
    ("explain", "merged/blood_pressure"),
    ("explain", "quarantine/cuff"),
    ("rejected",),
    ("history", "daily", *DAY, *FIGURE),
    ("history", "merged/blood_pressure", "--where", "row=2"),
    ("history", "merged/blood_pressure"),
    ("why", "merged/blood_pressure"),
)
# of the log: values, what they come to, the document, when it was, a reading that was refused, a setting
PRIVATE = ("128", "81", "66", r"127\.66*7", "900", "my cuff", "07:12", "06:12", "07:05", "06:05", "Europe")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Workplace:
    """A log taken through every stage."""
    made = Workplace(tmp_path_factory.mktemp("place"))
    measured(made)
    return made


def said(place: Workplace, question: tuple[str, ...]) -> str:
    done = CliRunner().invoke(main, [*question, "--results", str(place.root)])
    assert done.exit_code in (0, 2), done.output
    return done.output


def private_in(text: str) -> list[str]:
    """Canaries in a text; a digit of a digest is none."""
    return [one for one in PRIVATE if re.search(rf"(?<![0-9a-z.]){one}(?![0-9a-z])", text)]


@pytest.mark.parametrize("form", [(), ("--json",)], ids=["for people", "for programs"])
def test_no_question_shows_a_value_or_a_name_where_anyone_may_read_the_answer(
    place: Workplace, monkeypatch: pytest.MonkeyPatch, form: tuple[str, ...]
) -> None:
    shown = {word for question in QUESTIONS for word in private_in(said(place, (*question, *form)))}
    assert shown >= set(PRIVATE) - {"07:05", "06:05", "07:12", "06:12"}  # as JSON instants are UTC
    monkeypatch.setenv("PDP_DISCREET", "1")
    found = {question: private_in(said(place, (*question, *form))) for question in QUESTIONS}
    assert {question: words for question, words in found.items() if words} == {}


def test_what_is_on_no_list_is_withheld_also_as_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = {
        "dataset": "results/summary/me/daily.parquet",
        "effects": [{"path": "p", "effect": {"added": ["2026-03-01"], "corrected": {"2026-03-02": {"steps": [1, 2]}}}}],
        "changes": [
            {"kind": "setting", "name": "worksheet", "before": "Mine", "after": "Ours", "verb": "changed"},
            {"kind": "module", "name": "pdp.merge", "before": "1111", "after": "", "verb": "gone"},
        ],
        "rows": [{"date": "2026-03-01", "rows": 4}, {"proof": "same", "row": 5, "value": 7}],
        "something new": 4,
    }
    assert for_anyone(answer) is answer
    monkeypatch.setenv("PDP_DISCREET", "1")
    assert for_anyone(answer) == {
        "dataset": "results/summary/me/daily.parquet",
        "effects": [{"path": "p", "effect": {"added": 1, "corrected": 1}}],
        "changes": [
            {"kind": "setting", "name": "worksheet", "before": WORD, "after": WORD, "verb": "changed"},
            {"kind": "module", "name": "pdp.merge", "before": "1111", "after": "", "verb": "gone"},
        ],
        "rows": [{"date": WORD, "rows": WORD}, {"proof": "same", "row": 5, "value": WORD}],
        "something new": WORD,
    }


def test_values_of_a_chain_go_into_a_file_alone(
    place: Workplace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PDP_DISCREET", "1")
    question = ("prov", "daily", *DAY, *FIGURE, "--with-values")
    assert "--json-out FILE" in said(place, question)
    assert said(place, (*question, "--json-out", str(tmp_path / "chain.json"))) == ""
    assert "127.6" in (tmp_path / "chain.json").read_text()
