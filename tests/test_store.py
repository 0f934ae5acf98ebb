"""Artifacts are whole or not there; receipts vouch for what is."""

from __future__ import annotations

import errno
import hashlib
import io
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from pdp import jobs, store
from pdp.errors import DamagedMemberError, StoreError
from pdp.raw_store import RawStore


class Named(dict):
    """Stands for Snakemake's named lists."""

    def __iter__(self):  # type: ignore[no-untyped-def]
        return iter(self.values())


def snakemake(tmp_path: Path, **outputs: str) -> SimpleNamespace:
    key = tmp_path / "key.json"
    key.write_text(json.dumps({"rule": "stage", "settings": {"limit": 3}, "code": {}}))
    (tmp_path / "in.txt").write_text("in")
    return SimpleNamespace(
        rule="stage",
        wildcards=Named(subject="ada"),
        input=Named(data=str(tmp_path / "in.txt"), key=str(key)),
        output=Named({name: str(tmp_path / path) for name, path in outputs.items()}),
        log=[str(tmp_path / "log.txt")],
    )


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def receipts(folder: Path) -> list[dict]:
    return [json.loads(path.read_text()) for path in (folder / "results/receipts/spool").glob("*.json")]


def test_outputs_appear_together_when_the_job_is_done(folder: Path) -> None:
    with jobs.running(snakemake(folder, a="a.txt", b="b.txt")) as job:
        job.path(job.output["a"]).write_text("A")
        job.path(job.output["b"]).write_text("B")
        assert not (folder / "a.txt").exists()
    assert (folder / "a.txt").read_text() == "A"
    assert (folder / "b.txt").read_text() == "B"
    (receipt,) = receipts(folder)
    assert receipt["status"] == "COMPLETE"
    assert [output["sha256"] for output in receipt["outputs"]] == [
        hashlib.sha256(b"A").hexdigest(),
        hashlib.sha256(b"B").hexdigest(),
    ]
    assert receipt["inputs"] == [
        {"name": "data", "path": str(folder / "in.txt"), "sha256": hashlib.sha256(b"in").hexdigest(), "bytes": 2}
    ]
    assert receipt["key"]["content"]["settings"] == {"limit": 3}


def test_a_failing_job_leaves_a_receipt_and_no_output_and_no_measured_value(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "excepthook", sys.__excepthook__)
    (folder / "a.txt").write_text("old")
    with pytest.raises(ValueError, match="132") as raised, jobs.running(snakemake(folder, a="a.txt")) as job:
        job.path(job.output["a"]).write_text("half")
        raise ValueError(f"not a number: {100 + 32}/81")
    assert (folder / "a.txt").read_text() == "old"
    assert list(folder.glob("*.tmp")) == []
    (receipt,) = receipts(folder)
    assert receipt["status"] == "FAIL"
    assert receipt["error"]["type"] == "ValueError"
    sys.excepthook(ValueError, raised.value, raised.tb)
    said = capsys.readouterr().err
    log = (folder / "log.txt").read_text()
    assert "test_store.py" in log
    assert "ValueError: its text is withheld" in log
    assert "ValueError: its text is withheld" in said
    assert not any("132" in text for text in (json.dumps(receipt["error"]), log, said))


def test_a_fault_that_one_can_mend_is_told_in_its_sentence_alone(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "excepthook", sys.__excepthook__)
    with pytest.raises(StoreError) as raised, jobs.running(snakemake(folder, a="a.txt")):
        raise StoreError("the disk is full.", hint="Free some space.")
    sys.excepthook(StoreError, raised.value, raised.tb)
    assert capsys.readouterr().err == "the disk is full. Free some space.\n"
    assert receipts(folder)[0]["error"]["message"] == "the disk is full. Free some space."


def test_a_raw_export_whose_bytes_were_altered_is_not_read_in_silence(folder: Path) -> None:
    digest, _, _ = RawStore(folder).keep(io.BytesIO(b"export"))
    place = folder / digest[:16]
    place.chmod(0o640)
    place.write_bytes(b"eXport")
    asked = snakemake(folder, a="a.txt")
    asked.input["export"] = str(place)
    with (
        pytest.raises(StoreError, match=r"not those that arrived\. Delete the file and run again: it is fetched anew"),
        jobs.running(asked) as job,
    ):
        job.path(job.output["a"]).write_text("from altered bytes")
    assert not (folder / "a.txt").exists()


def test_a_job_whose_key_changed_meanwhile_throws_its_result_away(folder: Path) -> None:
    with (
        pytest.raises(StoreError, match="the code or the configuration changed while this job ran"),
        jobs.running(snakemake(folder, a="a.txt")) as job,
    ):
        job.path(job.output["a"]).write_text("stale")
        job.key_path.write_text("{}")
    assert not (folder / "a.txt").exists()


def test_a_full_disk_is_told_in_a_sentence(folder: Path) -> None:
    with (
        pytest.raises(StoreError, match=r"the disk is full\. Free some space and run again"),
        store.commit(folder / "a.txt"),
    ):
        raise OSError(errno.ENOSPC, "No space left on device", str(folder / "a.txt"))
    assert list(folder.glob("a.txt*")) == []


def test_raw_bytes_are_kept_once_under_their_digest(folder: Path) -> None:
    raw = folder / "raw"
    digest, size, is_new = RawStore(raw).keep(io.BytesIO(b"export"))
    assert (digest, size, is_new) == (hashlib.sha256(b"export").hexdigest(), 6, True)
    assert (raw / digest[:16]).read_bytes() == b"export"
    assert RawStore(raw).keep(io.BytesIO(b"export")) == (digest, 6, False)
    assert len(list(raw.iterdir())) == 1


def test_a_damaged_raw_file_is_replaced_by_the_true_bytes(folder: Path) -> None:
    digest, _, _ = RawStore(folder).keep(io.BytesIO(b"export"))
    (folder / digest[:16]).chmod(0o640)
    (folder / digest[:16]).write_bytes(b"eXport")
    assert RawStore(folder).keep(io.BytesIO(b"export"))[2] is True
    assert (folder / digest[:16]).read_bytes() == b"export"


def test_a_stream_that_breaks_leaves_nothing(folder: Path) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise ConnectionError("gone")

    with pytest.raises(ConnectionError):
        RawStore(folder / "raw").keep(Broken())
    assert list((folder / "raw").iterdir()) == []


def test_what_a_killed_job_staged_is_swept(folder: Path) -> None:
    staged = store.stage(folder / "results" / "a.parquet")
    staged.write_text("half")
    staged.with_name(f"{staged.name}.1.tmp").write_text("spilled")
    assert store.sweep(folder / "results") == 2
    assert list((folder / "results").iterdir()) == []


def test_what_is_known_of_a_source_lies_beside_its_raw_exports(folder: Path) -> None:
    raw = RawStore(folder / "raw")
    assert raw.recall("cuff") is None
    raw.remember("cuff", {"documents": []})
    assert raw.recall("cuff") == {"documents": []}


def test_a_discreet_job_names_no_file_in_its_log_and_its_last_words_but_in_its_receipt(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PDP_DISCREET", "1")
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    error = DamagedMemberError("Ada.csv", "wrong_password", "no password opens Ada.csv.")
    with pytest.raises(DamagedMemberError) as caught, jobs.running(snakemake(folder, a="a.txt")):
        raise error
    sys.excepthook(caught.type, caught.value, caught.tb)
    said = capsys.readouterr().err + (folder / "log.txt").read_text()
    assert said.count("wrong password: its details are withheld") == 2
    assert "Ada" not in said
    assert receipts(folder)[0]["error"]["message"] == "no password opens Ada.csv."
