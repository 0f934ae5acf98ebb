"""`pdp verify`: receipts, history, strangers, and what --repair may delete."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pdp import sealed
from pdp.cli import main, verify_text
from pdp.lineage import record, repair, sealed_lines, state
from pdp.lineage.verify import Finding, Verdict
from tests.workplace import Workplace

RAW = "resources/raw/me/"


@pytest.fixture
def place(tmp_path: Path) -> Workplace:
    """A raw export, a table made of it, and a run."""
    work = Workplace(tmp_path)
    raw = work.file(f"{RAW}export", "date,systolic\n")
    path = f"{RAW}{raw['sha256'][:16]}"
    (tmp_path / raw["path"]).rename(tmp_path / path)
    made = work.file("results/merged/me/blood_pressure.parquet", "a table")
    work.job("merge", [{**raw, "path": path}], [made], run="r1")
    work.run("r1")
    assert pdp(work).exit_code == 0
    return work


def pdp(place: Workplace, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["verify", *arguments, "--results", str(place.root)])


def findings(place: Workplace) -> list[tuple[str, str]]:
    return [(one["kind"], one["path"]) for one in json.loads(pdp(place, "--json").stdout)["findings"]]


def test_it_says_how_much_was_read_how_fast_and_what_was_left_out(place: Workplace) -> None:
    (place.root / "as_of/2026-01-01").mkdir(parents=True)
    said = json.loads(pdp(place, "--json").stdout)
    assert (said["bytes"], said["receipts"], said["left_out"]) == (21, 2, ["results/as_of"])
    assert "Left out: results/as_of." in pdp(place).output


def test_what_only_the_registry_knows_is_found(place: Workplace) -> None:
    for archive in (place.root / "receipts").glob("*.jsonl"):
        archive.write_text("")
    lost = [("unvouched", "results/lineage.sqlite")] * 2
    assert findings(place) == [("altered", "results/receipts/2026-11.jsonl"), *lost]
    assert "Restore results/receipts from a backup" in pdp(place).output


def test_a_stranger_beside_the_raw_exports_is_unknown_and_stays(place: Workplace) -> None:
    stranger = place.folder / RAW / "notes.txt"
    stranger.write_text("mine")
    assert findings(place) == [("unknown", f"{RAW}notes.txt")]
    pdp(place, "--repair", "--yes")
    assert stranger.exists()


def test_a_copy_that_the_history_compares_with_must_be_a_version_that_was_made(place: Workplace) -> None:
    kept = place.root / "history/me/.merged.blood_pressure.parquet"
    kept.parent.mkdir(parents=True)
    shutil.copy(place.root / "merged/me/blood_pressure.parquet", kept)
    assert findings(place) == []
    kept.write_text("other")
    assert findings(place) == [("altered", "results/history/me/.merged.blood_pressure.parquet")]


def test_a_copy_of_altered_bytes_that_a_job_read_is_no_version_that_was_made(place: Workplace) -> None:
    kept = place.file("results/history/me/.merged.blood_pressure.parquet", "altered bytes")
    read = {**kept, "path": "results/merged/me/blood_pressure.parquet"}
    place.job("summarize", [read], [], run="r2", status="FAIL")
    place.run("r2", status="FAIL")
    assert ("altered", "results/history/me/.merged.blood_pressure.parquet") in findings(place)
    pdp(place, "--repair", "--yes")
    assert not (place.folder / kept["path"]).exists()


def test_repair_deletes_altered_tables_when_told_and_never_a_raw_export(place: Workplace) -> None:
    table = place.root / "merged/me/blood_pressure.parquet"
    (raw,) = (place.folder / RAW).iterdir()
    table.write_text("altered")
    raw.write_text("altered, too")

    declined = CliRunner().invoke(main, ["verify", "--repair", "--results", str(place.root)], input="n\n")
    assert (declined.exit_code, table.exists()) == (1, True)
    done = pdp(place, "--repair", "--yes")

    assert done.exit_code == 1  # the raw export is still not as it was
    assert "Deleted or made again: 1. Now run snakemake" in done.output
    assert not table.exists()
    assert raw.read_text() == "altered, too"


def test_tables_of_a_revision_that_was_replaced_are_held_to_their_bytes_and_not_missed(stored: Workplace) -> None:
    old, new = "0123456789abcdef", json.loads((stored.folder / MANIFEST).read_text())
    (document,) = new["documents"]
    document["revisions"].insert(0, {**document["revisions"][0], "export": old, "sha256": old * 4})
    known = [stored.file(place, json.dumps(new, indent=1)) for place in (MANIFEST, MEMORY)]
    stored.file(f"{RAW}{old}", "before")
    now = document["revisions"][1]["export"]
    tables = [f"results/validated/me/cuff/{export}/blood_pressure.parquet" for export in (old, now)]
    tables.append(f"results/quarantine/me/cuff/{old}.parquet")
    stored.job("validate", [], [known[0], *(stored.file(path, path) for path in tables)], run="r3")
    stored.run("r3")
    for path in tables:
        flip(stored.folder / path, 3)
    found = {path for kind, path in findings(stored) if kind == "altered"}
    assert found >= set(tables)
    pdp(stored, "--repair", "--yes")
    assert [path for kind, path in findings(stored) if kind == "missing"] == [tables[1]]


def test_repair_that_leaves_nothing_wrong_ends_well(place: Workplace) -> None:
    (place.root / "merged/me/blood_pressure.parquet").write_text("altered")
    assert pdp(place, "--repair", "--yes").exit_code == 0


def test_without_a_registry_it_can_not_look(tmp_path: Path) -> None:
    assert CliRunner().invoke(main, ["verify", "--results", str(tmp_path / "results")]).exit_code == 2


MANIFEST = "results/manifests/me/cuff.json"
MEMORY = f"{RAW}cuff.manifest.json"
KEY = "results/keys/merge/me/blood_pressure.json"
HISTORY = "results/history/me/summary.daily.jsonl"
RECEIPTS = "results/receipts/2026-11.jsonl"
REGISTRY = "results/lineage.sqlite"


@pytest.fixture
def stored(tmp_path: Path) -> Workplace:
    """One of every kind of file that a folder keeps."""
    work = Workplace(tmp_path)
    raw = work.file(f"{RAW}export", "date,systolic\n")
    path = f"{RAW}{raw['sha256'][:16]}"
    (tmp_path / raw["path"]).rename(tmp_path / path)
    seen = dict.fromkeys(("first_seen", "last_seen", "order"), "2026-11-23T06:00:00.000Z")
    revision = {"export": raw["sha256"][:16], "sha256": raw["sha256"], "checksum": "c", "bytes": raw["bytes"], **seen}
    document = {"id": "1", "name": "log.csv", "present": True, "revisions": [revision]}
    about = {"subject": "me", "source": "cuff", "reachable": True, "why": None, "polled_at": seen["last_seen"]}
    text = json.dumps({**about, "order": seen["order"], "documents": [document]}, indent=1) + "\n"
    work.file(MEMORY, text)
    poll = {"subject": "me", "source": "cuff", "reachable": True, "documents": 1, "new_exports": [], "gone": 0}
    of_source = {"subject": "me", "source": "cuff"}
    work.job("ingest", [], [work.file(MANIFEST, text)], run="r1", wildcards=of_source, poll=poll)
    tables = [work.file(f"results/merged/me/{name}.parquet", name) for name in ("blood_pressure", "heart_rate")]
    of_table = {"subject": "me", "measure": "blood_pressure"}
    job = work.job("merge", [{**raw, "path": path}], tables, run="r1", wildcards=of_table)
    key = json.loads((work.spool / f"{job}.json").read_text())["key"]
    work.file(KEY, json.dumps(key["content"]))
    os.utime(tmp_path / KEY, (0, 0))  # before the job
    work.run("r1")
    work.job("merge", [{**raw, "path": path}], tables, run="r2", wildcards=of_table)
    work.run("r2")
    record.fold(work.root)
    state.write(work.root)
    lines = [{"before": "a", "after": each} for each in ("b", "c")]
    (tmp_path / HISTORY).parent.mkdir(parents=True)
    with (tmp_path / HISTORY).open("ab+") as file:
        sealed_lines.append(file, lines)
    assert findings(work) == []
    return work


def flip(path: Path, at: int) -> None:
    """One bit, and nothing that shows from outside."""
    status = path.stat()
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def edit(place: Workplace, statement: str) -> None:
    with closing(sqlite3.connect(place.root / "lineage.sqlite")) as connection:
        connection.execute(statement)
        connection.commit()


@pytest.mark.parametrize(
    "path",
    [MANIFEST, MEMORY, KEY, HISTORY, RECEIPTS, "results/pipeline_state.json", "results/merged/me/heart_rate.parquet"],
)
@pytest.mark.parametrize("where", [0.0, 0.35, 0.7])
def test_one_bit_is_found_in_every_kind_of_file(stored: Workplace, path: str, where: float) -> None:
    file = stored.folder / path
    flip(file, int(where * file.stat().st_size))
    assert ("altered", path) in findings(stored)
    assert pdp(stored).exit_code == 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE dataset_version SET sha256 = replace(sha256, 'a', 'b')",
        "UPDATE dataset_version SET made_by = NULL WHERE made_by = (SELECT max(made_by) FROM dataset_version)",
        "UPDATE dataset_version SET number = 7",
        "UPDATE dataset_version SET seen = '2020'",
        "UPDATE job_run SET rule = 'marge'",
        "UPDATE job_run SET wildcards = '{'",
        "UPDATE job_run SET error_message = 'x'",
        "UPDATE run SET status = 'FAIL' WHERE id = 'r1'",
        "UPDATE code_version SET content = '{}'",
        "UPDATE source_poll SET documents = 2",
        "UPDATE job_run_input SET name = 'y'",
        "DELETE FROM job_run_output WHERE job_run_id = (SELECT max(id) FROM job_run)",
        "DELETE FROM job_run_input WHERE job_run_id = (SELECT max(id) FROM job_run)",
        "INSERT INTO dataset_version (dataset_id, number, sha256, bytes, seen) VALUES (3, 2, 'f', 1, '2026')",
    ],
)
def test_a_registry_that_says_otherwise_than_its_receipts_is_found_and_made_again(
    stored: Workplace, statement: str
) -> None:
    edit(stored, statement)
    assert [one for one in findings(stored) if one[1] == REGISTRY][:1] == [("altered", REGISTRY)]
    assert not [one for one in findings(stored) if one[1].startswith("results/merged")], "blamed for the registry"
    assert pdp(stored, "--repair", "--yes").exit_code == 0
    assert findings(stored) == []


def test_a_registry_that_can_not_be_read_hides_nothing(stored: Workplace) -> None:
    file = stored.root / "lineage.sqlite"
    for ending in ("-wal", "-shm"):
        file.with_name(file.name + ending).unlink(missing_ok=True)
    file.write_bytes(b"\0" * 100 + file.read_bytes()[100:])
    flip(stored.root / "merged/me/heart_rate.parquet", 1)
    assert findings(stored) == [("altered", REGISTRY), ("altered", "results/merged/me/heart_rate.parquet")]
    assert pdp(stored, "--repair", "--yes").exit_code == 0
    assert findings(stored) == [("missing", "results/merged/me/heart_rate.parquet")]


@pytest.mark.parametrize("byte", [3, 18, 19, 21, 24, 100, 1000])
def test_a_damaged_header_or_page_costs_no_receipt_that_came_since(stored: Workplace, byte: int) -> None:
    """Such as the byte by which SQLite still reads and no longer writes: a run after it could record nothing."""
    file = stored.root / "lineage.sqlite"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for ending in ("-wal", "-shm"):
        file.with_name(file.name + ending).unlink(missing_ok=True)
    data = bytearray(file.read_bytes())
    data[byte] ^= 4
    file.write_bytes(data)
    stored.job("merge", [], [stored.file("results/merged/me/step_count.parquet", "steps")], run="r3")
    stored.run("r3")
    assert set(findings(stored)) <= {("altered", REGISTRY)}
    assert pdp(stored, "--repair", "--yes").exit_code == 0
    assert findings(stored) == []
    assert len(stored.archived()) == 7


def test_a_receipt_taken_out_of_archive_and_registry_alike_is_missed_by_the_next_line(stored: Workplace) -> None:
    file = stored.folder / RECEIPTS
    lines = file.read_bytes().splitlines(keepends=True)
    assert b'"run":"r1"' in lines[1]
    file.write_bytes(b"".join([lines[0], *lines[2:]]))
    record.rebuild(stored.root)
    assert findings(stored) == [("altered", RECEIPTS)]
    assert "what stood before line 2 was altered or taken out" in pdp(stored).output
    assert pdp(stored, "--repair", "--yes").exit_code == 1  # nothing here can make it again


def test_a_registry_is_not_made_from_receipts_that_were_lost(stored: Workplace) -> None:
    edit(stored, "UPDATE job_run SET rule = 'marge'")
    (stored.folder / RECEIPTS).write_text("")
    assert pdp(stored, "--repair", "--yes").exit_code == 1
    with closing(sqlite3.connect(stored.root / "lineage.sqlite")) as connection:
        assert connection.execute("SELECT DISTINCT rule FROM job_run").fetchall() == [("marge",)]


def test_a_receipt_altered_before_it_was_taken_in_vouches_for_nothing(stored: Workplace) -> None:
    receipt = stored.job("merge", [], [stored.file("results/merged/me/step_count.parquet", "steps")])
    file = stored.spool / f"{receipt}.json"
    told = sealed.sealed(json.loads(file.read_text()))
    file.write_text(json.dumps(told).replace('"bytes": 5', '"bytes": 4'))
    assert findings(stored) == [
        ("altered", f"results/receipts/spool/{receipt}.json.damaged"),
        ("unknown", "results/merged/me/step_count.parquet"),
    ]


def test_a_memory_of_a_source_is_put_back_as_the_last_run_had_it(stored: Workplace) -> None:
    memory = stored.folder / MEMORY
    before = memory.read_bytes()
    memory.write_text("{")
    assert pdp(stored, "--repair", "--yes").exit_code == 0
    assert memory.read_bytes() == before
    assert findings(stored) == []


def test_a_memory_that_knows_more_than_the_last_run_is_sound(stored: Workplace) -> None:
    """As a pull leaves it: another machine has polled since."""
    told = json.loads((stored.folder / MEMORY).read_text())
    told |= {"polled_at": "2026-11-24T06:00:00.000Z", "order": "2026-11-24T06:00:00.000Z"}
    told["documents"][0]["revisions"][0] |= {"last_seen": told["polled_at"], "order": told["order"]}
    (stored.folder / MEMORY).write_text(json.dumps(told))
    assert findings(stored) == []
    told["documents"][0]["revisions"][0]["sha256"] = "0" * 64
    (stored.folder / MEMORY).write_text(json.dumps(told))
    assert ("altered", MEMORY) in findings(stored)


def test_a_key_written_for_the_next_run_is_told_and_no_fault(stored: Workplace) -> None:
    (stored.folder / KEY).write_text(json.dumps({"rule": "merge", "code": {"pdp.merge": "2222"}}))
    assert findings(stored) == [("unrun", KEY)]
    assert pdp(stored).exit_code == 0


def test_history_that_ends_before_the_version_noted_last_is_found(stored: Workplace) -> None:
    copy = stored.file("results/history/me/.summary.daily.parquet", "the version noted last")
    assert findings(stored) == [("altered", HISTORY)]
    stored.job("summarize", [], [{**copy, "path": "results/summary/me/daily.parquet", "sha256": "0" * 64}])
    stored.file("results/summary/me/daily.parquet", "the version noted last")
    kept = ("altered", "results/history/me/.summary.daily.parquet")  # it proves nothing of its history
    assert findings(stored) == [kept, ("altered", "results/summary/me/daily.parquet")]


def replaced_by_a_link(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to("elsewhere")


def replaced_by_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize(
    ("damage", "kind"),
    [
        (replaced_by_a_link, "altered"),
        (replaced_by_a_folder, "unreadable"),
        (Path.unlink, "missing"),
        (lambda path: path.write_bytes(b""), "altered"),
        (lambda path: path.write_bytes(path.with_name("blood_pressure.parquet").read_bytes()), "altered"),
    ],
)
def test_whatever_stands_in_the_place_of_a_table_is_named(
    stored: Workplace, damage: Callable[[Path], object], kind: str
) -> None:
    damage(stored.root / "merged/me/heart_rate.parquet")
    assert (kind, "results/merged/me/heart_rate.parquet") in findings(stored)


@pytest.mark.parametrize(
    "path", [f"{RAW}deep/er.csv", "resources/raw/top.csv", "results/history/me/x.csv", "results/receipts/x"]
)
def test_a_stranger_is_found_wherever_we_keep_things(stored: Workplace, path: str) -> None:
    stored.file(path, "mine")
    assert findings(stored) == [("unknown", path)]


def test_while_a_run_is_at_work_nothing_is_repaired(stored: Workplace) -> None:
    lock = stored.folder / ".snakemake/pdp/run.lock"
    lock.parent.mkdir(parents=True)
    table = stored.root / "merged/me/heart_rate.parquet"
    table.write_text("half")
    with lock.open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        said = pdp(stored, "--repair", "--yes")
        assert (said.exit_code, "A run is at work" in said.output, table.exists()) == (2, True, True)
        assert "may have been caught half-way" in pdp(stored).output
    assert pdp(stored, "--repair", "--yes").exit_code == 0


def test_the_advice_takes_as_long_as_there_are_findings_and_not_their_square() -> None:
    folders = (f"results/normalized/me/cuff/{number:016x}" for number in range(15_000))
    found = tuple(Finding("missing", f"{folder}/heart_rate.parquet", "v1 in the registry") for folder in folders)
    begun = time.process_time()
    mendable = repair.can_be(found, Path("results"))
    said = verify_text.advice(Verdict(1, 1, found), mendable, None)
    assert time.process_time() - begun < 5  # s; compared one by one it is more than a minute
    assert len(mendable) == len(found)
    assert "(pdp verify --repair)" in said[0]
