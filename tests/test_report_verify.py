"""`pdp verify report.pdf`: whether a printed report is what was made here, and of the data as they are."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pdp import store
from pdp.cli import main
from pdp.report import document, model, verification
from pdp.report.sheet import Marks
from tests.report_states import facts_of, measured_days
from tests.summary_subject import Subject
from tests.workplace import Workplace

FACTS, PDF = "results/summary/me/report.json", "results/published/me/report.pdf"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workplace:
    """A folder whose last runs chose the facts and printed the report."""
    monkeypatch.chdir(tmp_path)
    made = Workplace(tmp_path)
    text = written(measured_days(20), tmp_path / "tables")
    made.job("report_facts", [], [made.file(FACTS, text)], run="r1")
    printed(made, text)
    made.job("report_pdf", [made.file(FACTS, text)], [vouched(PDF)], run="r2")
    return made


def written(subject: Subject, folder: Path) -> str:
    return json.dumps(model.to_json(facts_of(subject, folder)))


def printed(place: Workplace, text: str, path: str = PDF, guideline: str = "esc_2024") -> Path:
    """Print the facts of this text, named by the digest of the text."""
    facts = model.parse(text.replace('"guideline": "esc_2024"', f'"guideline": "{guideline}"'))
    marks = Marks(place.file("elsewhere.json", text)["sha256"], "c0de" * 16 if path == PDF else "")
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_bytes(document.print_pdf(facts, marks))
    return Path(path)


def vouched(path: str) -> dict[str, object]:
    name, size = Path(path).stem, Path(path).stat().st_size
    return {"name": name, "path": path, "sha256": store.sha256(Path(path)), "bytes": size, "rows": None}


def verify(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["verify", *arguments])


def test_the_printed_report_is_recognised_with_its_versions_and_runs(place: Workplace) -> None:
    answer = verify(PDF)
    assert answer.exit_code == 0, answer.output
    assert f"File: byte for byte v1 of {PDF}" in answer.output
    assert "run r2)" in answer.output
    assert f"v1 of {FACTS}" in answer.output
    assert "run r1)" in answer.output
    assert answer.output.endswith("Now: the data are still these.\n")


def test_a_copy_elsewhere_under_another_name_is_recognised_too(place: Workplace, tmp_path: Path) -> None:
    copy = tmp_path / "from the doctor.pdf"
    copy.write_bytes(Path(PDF).read_bytes())
    assert json.loads(verify("--json", str(copy)).output)["bytes_are"] == "recorded"


def test_a_single_altered_byte_is_seen(place: Workplace) -> None:
    pdf = bytearray(Path(PDF).read_bytes())
    pdf[len(pdf) // 3] ^= 1
    Path("altered.pdf").write_bytes(bytes(pdf))
    answer = verify("altered.pdf")
    assert answer.exit_code == 1
    assert "File: NOT what is printed from these data" in answer.output
    assert f"v1 of {FACTS}" in answer.output


@pytest.mark.parametrize("guideline", ["esc_2024", "acc_aha_2017"])
def test_what_the_dashboard_printed_is_proved_by_printing_again(place: Workplace, guideline: str) -> None:
    text = Path(FACTS).read_text()
    answer = json.loads(verify("--json", str(printed(place, text, "dashboard.pdf", guideline))).output)
    assert answer["bytes_are"] == "reprinted"
    assert answer["is_genuine"] is True


def test_newer_data_are_told(place: Workplace, tmp_path: Path) -> None:
    place.job("report_facts", [], [place.file(FACTS, written(measured_days(21), tmp_path / "tables"))], run="r3")
    answer = verify(PDF)
    assert answer.exit_code == 0
    assert "Now: the data have changed since; the newest is v2. Print anew: snakemake report" in answer.output


def test_facts_that_were_altered_behind_the_registry_are_told(place: Workplace) -> None:
    Path(FACTS).write_text(Path(FACTS).read_text() + " ")
    answer = verify(PDF)
    assert f"Now: {FACTS} is not as it was made. Ask what is wrong: pdp verify" in answer.output
    assert verify().exit_code == 1


def test_a_report_of_another_folder_is_not_vouched_for(place: Workplace, tmp_path: Path) -> None:
    foreign = printed(place, written(measured_days(9), tmp_path / "tables"), "foreign.pdf")
    answer = verify(str(foreign))
    assert answer.exit_code == 1
    assert "File: NOT on record" in answer.output
    assert "NOT on record: made in another folder" in answer.output


@pytest.mark.parametrize("content", [b"%PDF-1.7\nsomething else", b"", b"data-sha256=" + b"0" * 64])
def test_any_other_file_is_refused_with_what_to_name(place: Workplace, content: bytes) -> None:
    Path("other.pdf").write_bytes(content)
    answer = verify("other.pdf")
    assert answer.exit_code == 2
    assert "other.pdf: names no data that it was made from." in answer.stderr
    assert verification.data_sha256(content) == ""


def test_a_file_that_is_not_there_is_said_so(place: Workplace) -> None:
    answer = verify("none.pdf")
    assert answer.exit_code == 2
    assert "none.pdf: can't be read: No such file or directory." in answer.stderr


def test_the_printed_file_may_be_missing_without_being_a_loss(place: Workplace) -> None:
    Path(FACTS).with_name("report.json").touch()
    Path(PDF).unlink()
    findings = json.loads(verify("--json").output)["findings"]
    assert [each for each in findings if "published" in each["path"]] == []


def test_an_altered_printed_file_is_found_by_the_general_check(place: Workplace) -> None:
    Path(PDF).write_bytes(Path(PDF).read_bytes() + b"\n")
    findings = json.loads(verify("--json").output)["findings"]
    assert [(each["kind"], each["path"]) for each in findings if "published" in each["path"]] == [("altered", PDF)]
