"""`pdp explain --svg`: the way of a table or a number, drawn into a file."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from pdp.cli import main
from tests.workplace import Workplace, measured

SVG = "{http://www.w3.org/2000/svg}"
FIGURE = ("daily", "--day", "2025-03-14", "--figure", "bp_systolic_mean_mmhg")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Workplace:
    found = Workplace(tmp_path_factory.mktemp("finished"))
    measured(found)
    return found


def drawn(place: Workplace, file: Path, *asked: str) -> Result:
    return CliRunner().invoke(main, ["explain", *asked, "--svg", str(file), "--results", str(place.root)])


def texts(file: Path) -> list[str]:
    return [text.text or "" for text in ElementTree.parse(file).getroot().iter(f"{SVG}text")]


def test_a_table_is_drawn_back_to_its_raw_export(place: Workplace, tmp_path: Path) -> None:
    file = tmp_path / "daily.svg"
    assert drawn(place, file, "daily").exit_code == 0
    told = texts(file)
    assert told[0] == "Raw exports"
    assert "daily" in told
    assert "blood pressure" in told
    assert "From left to right. Raw exports:" in (ElementTree.parse(file).getroot().findtext(f"{SVG}desc") or "")


def test_a_number_is_drawn_behind_its_table_with_its_unit_and_day(place: Workplace, tmp_path: Path) -> None:
    file = tmp_path / "number.svg"
    result = drawn(place, file, *FIGURE)
    assert result.exit_code == 0, result.output
    assert "computed again" in result.output.lower()
    told = texts(file)
    assert "The number" in told
    assert any(text.endswith(" mmHg") for text in told)
    assert any(text.startswith("2025-03-14, bp_") for text in told)


def test_the_same_question_draws_the_same_bytes(place: Workplace, tmp_path: Path) -> None:
    one, other = tmp_path / "one.svg", tmp_path / "other.svg"
    drawn(place, one, *FIGURE)
    drawn(place, other, *FIGURE)
    assert one.read_bytes() == other.read_bytes()


def test_boxes_lead_to_their_files_from_inside_the_folder_and_nowhere_from_outside(
    place: Workplace, tmp_path: Path
) -> None:
    inside, outside = place.folder / "my drawings/daily.svg", tmp_path / "daily.svg"
    inside.parent.mkdir()
    for file in (inside, outside):
        assert drawn(place, file, "daily").exit_code == 0
    links = [one.get("href") or "" for one in ElementTree.parse(inside).getroot().iter(f"{SVG}a")]
    places = [(inside.parent / unquote(link)).resolve() for link in links]
    assert place.folder / "results/summary/me/daily.parquet" in places
    assert all(one.is_file() for one in places)
    assert list(ElementTree.parse(outside).getroot().iter(f"{SVG}a")) == []
    assert str(place.folder) not in inside.read_text() + outside.read_text()


def test_an_answer_without_a_way_says_what_to_ask_instead(place: Workplace, tmp_path: Path) -> None:
    result = drawn(place, tmp_path / "none.svg", "unread")
    assert result.exit_code == 2
    assert "no way from raw exports to draw" in result.output
    assert "pdp explain daily --svg" in result.output
    assert not (tmp_path / "none.svg").exists()


def test_a_full_disk_leaves_the_drawing_that_was_there(place: Workplace, tmp_path: Path) -> None:
    file = tmp_path / "daily.svg"
    file.write_text("as it was")

    def nearly_full() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (2048, 2048))

    command = [sys.executable, "-m", "pdp.cli", "explain", "daily", "--svg", str(file), "--results", str(place.root)]
    drawn(place, tmp_path / "first.svg", "daily")  # folds the receipts: the registry itself fits no 2 kB
    done = subprocess.run(
        command, preexec_fn=nearly_full, env=os.environ, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 2, done.stderr
    assert file.read_text() == "as it was"
    assert not list(tmp_path.glob("*.tmp"))
