"""A run as an RO-Crate: whole, of its profiles, the same bytes each time, and nothing of the data in it."""

from __future__ import annotations

import builtins
import errno
import io
import json
import re
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from rocrate.rocrate import ROCrate

from pdp import store
from pdp.cli import main
from pdp.interchange import crate, crate_disk, crate_facts, names
from pdp.lineage import database, record
from tests.lineage_canary import CANARIES, EXPORT, SUBJECT, failed_run, of_runs
from tests.workplace import Workplace

ROOT = Path(__file__).parents[1]
WORKFLOW = ("File", "SoftwareSourceCode", "ComputationalWorkflow")


@pytest.fixture
def place(tmp_path: Path) -> Workplace:
    """A registry full of names, beside the workflow's own files."""
    for name in ("Snakefile", "workflow", "scripts", "src", "LICENSE"):
        (tmp_path / name).symlink_to(ROOT / name)
    return of_runs(tmp_path)


def made(place: Workplace, out: str, *options: str) -> Path:
    result = asked(place, out, *options)
    assert result.exit_code == 0, result.output
    return place.folder / out


def asked(place: Workplace, out: str, *options: str) -> Result:
    return CliRunner().invoke(main, ["crate", str(place.folder / out), *options, "--results", str(place.root)])


def of_type(found: ROCrate, kind: str) -> list[Any]:
    return [one for one in found.get_entities() if kind in (one.type if isinstance(one.type, list) else [one.type])]


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_package_reads_a_workflow_run_crate(place: Workplace) -> None:
    found = ROCrate(made(place, "crate"))
    profiles = {one.id for one in found.root_dataset["conformsTo"]}
    assert profiles >= {"https://w3id.org/ro/wfrun/process/0.5", "https://w3id.org/ro/wfrun/workflow/0.5"}
    assert {"name", "description", "datePublished", "license"} <= found.root_dataset.properties().keys()
    workflow = found.mainEntity
    assert (workflow.id, tuple(workflow.type)) == ("Snakefile", WORKFLOW)
    assert workflow["programmingLanguage"]["name"] == "Snakemake"
    for action in found.root_dataset["mentions"]:
        assert (action.type, action["instrument"].id) == ("CreateAction", "Snakefile")
        assert action["startTime"] <= action["endTime"]
        assert action["actionStatus"] == "http://schema.org/CompletedActionStatus"
        slots = {one["exampleOfWork"].id for one in (*_all(action["object"]), *_all(action["result"]))}
        assert slots <= {one.id for one in (*_all(workflow["input"]), *_all(workflow["output"]))}
    for slot in of_type(found, "FormalParameter"):
        assert slot["additionalType"] in ("File", "PropertyValue")
    text = json.loads((place.folder / "crate/ro-crate-metadata.json").read_text())
    assert "https://w3id.org/ro/terms/workflow-run/context" in text["@context"]


def _all(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def test_every_entity_that_is_pointed_to_is_there_and_every_file_is_listed(place: Workplace) -> None:
    folder = made(place, "crate")
    graph = json.loads((folder / "ro-crate-metadata.json").read_text())["@graph"]
    ids = [one["@id"] for one in graph]
    assert len(ids) == len(set(ids))
    outside = (
        "http://schema.org/",
        "https://w3id.org/",
        "https://bioschemas.org/",
        "https://snakemake",
        "https://doi.org/",
    )
    pointed = set(_pointed(graph))
    assert [one for one in pointed - set(ids) if not one.startswith(outside)] == []
    parts = {one["@id"] for one in next(one for one in graph if one["@id"] == "./")["hasPart"]}
    assert parts | {"ro-crate-metadata.json", "ro-crate-preview.html"} == set(files(folder))
    assert {"Snakefile", "workflow/rules/merge.smk", "scripts/merge.py", "workflow/schemas/config.schema.yaml"} <= parts


def _pointed(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for one in value:
            yield from _pointed(one)
    elif isinstance(value, dict):
        if value.keys() == {"@id"}:
            yield value["@id"]
        for one in value.values():
            yield from _pointed(one)


def test_tables_and_exports_are_described_by_what_the_registry_vouches_for(place: Workplace) -> None:
    found = ROCrate(made(place, "crate"))
    last, first = found.root_dataset["mentions"]
    (daily,) = _all(last["result"])
    assert (daily["rowCount"], daily["contentSize"]) == (2, str(len("daily 774177 2")))
    (merged,) = _all(first["result"])
    exports = {one["sha256"][:16] for one in _all(first["object"]) if one.id.startswith("#export/")}
    assert exports == {EXPORT}
    assert {one["sha256"][:16] for one in _all(last["object"]) if one.id.startswith("#export/")} == {EXPORT, "e" * 16}
    assert merged["sha256"] == store.sha256(place.folder / f"results/merged/{SUBJECT}/blood_pressure.parquet")
    values = {one["name"]: json.loads(one["value"]) for one in of_type(found, "PropertyValue")}
    assert values == {"summary": {"morning": "05:00-12:00"}, "merge.blood_pressure": {"gap_min": 5}}
    libraries = {(one["name"], one["softwareVersion"]) for one in of_type(found, "SoftwareApplication")}
    assert libraries >= {("pyarrow", "26.0.1"), ("python", "3.11")}
    code = json.loads((place.folder / "crate/code.json").read_text())
    assert code["merge"]["modules"] == {"pdp.merge": "1111"}


def test_the_page_for_people_tells_runs_tables_and_exports_with_digests_and_asks_nobody(place: Workplace) -> None:
    folder = made(place, "crate")
    text = (folder / "ro-crate-preview.html").read_text()
    assert "The data is not in this crate" in text
    assert store.sha256(place.folder / f"results/merged/{SUBJECT}/blood_pressure.parquet") in text
    assert f"raw export {EXPORT}" in text
    assert (text.count("<h2>1. "), text.count("<h2>2. ")) == (1, 1)
    addresses = set(re.findall(r'(?:href|src)="([^"]+)"', text))
    assert addresses == {"Snakefile", "code.json", "ro-crate-metadata.json"}
    assert addresses <= set(files(folder))


def test_libraries_have_the_address_of_what_is_imported_by_their_name(place: Workplace) -> None:
    found = ROCrate(made(place, "crate"))
    addresses = {one["name"]: one.get("url") for one in of_type(found, "SoftwareApplication")}
    assert addresses["pyarrow"] == "https://pypi.org/project/pyarrow/26.0.1/"
    assert crate.library_address("yaml", "6.0") == "https://pypi.org/project/PyYAML/6.0/"
    assert crate.library_address("nobodyknowsit", "1") == ""


def test_digests_are_the_words_of_the_profile(place: Workplace) -> None:
    context = json.loads((made(place, "crate") / "ro-crate-metadata.json").read_text())["@context"]
    assert [term for part in context if isinstance(part, dict) for term in part] == ["rowCount"]


DIES = """
import os, signal, sys
def hook(event, arguments):
    is_written = event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR)
    if is_written and ".tmp" in str(arguments[0]) and sys.argv[1] in str(arguments[0]):
        os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(hook)
from pdp.cli import main
main(sys.argv[2:])
"""


@pytest.mark.parametrize(
    ("out", "at"),
    [
        ("crate", "scripts/merge.py"),
        ("crate", "metadata.json"),
        ("run.zip", "scripts/merge.py"),
        ("run.zip", "/run.zip."),
    ],
)
def test_killed_while_it_writes_there_is_no_crate_and_the_next_one_is_whole(
    place: Workplace, out: str, at: str
) -> None:
    record.fold(place.root)
    arguments = ["crate", str(place.folder / out), "--results", str(place.root)]
    child = subprocess.run([sys.executable, "-c", DIES, at, *arguments], cwd=place.folder, check=False, timeout=60)
    assert child.returncode == -signal.SIGKILL
    assert not (place.folder / out).exists()
    assert made(place, out).exists()


def test_an_older_run_is_told_with_what_stood_then(place: Workplace) -> None:
    found = ROCrate(made(place, "crate", "--run", "r1"))
    (action,) = _all(found.root_dataset["mentions"])
    assert {one["rowCount"] for one in _all(action["result"])} == {1, 3}


def test_no_byte_of_it_is_a_name_or_a_value_of_the_data(place: Workplace) -> None:
    failed_run(place, "ConfigError", f"subjects.{SUBJECT}: 774177")
    result = asked(place, "crate")
    assert result.exit_code == 0, result.output
    everything = {**files(place.folder / "crate"), "what it says": result.output.encode()}
    for name, content in everything.items():
        told = content + name.encode()
        assert [one for one in CANARIES if one.encode() in told.replace(str(place.folder).encode(), b"")] == [], name
    named = made(place, "named", "--with-names") / "ro-crate-metadata.json"
    assert f"results/merged/{SUBJECT}/blood_pressure.parquet" in named.read_text()


def test_a_failed_run_says_so(place: Workplace) -> None:
    failed_run(place, "ConfigError", "")
    found = ROCrate(made(place, "crate", "--run", "bad"))
    action = found.root_dataset["mentions"][0]
    assert (action["actionStatus"], action["error"]) == ("http://schema.org/FailedActionStatus", "RuleException")


def test_the_same_run_gives_the_same_bytes(place: Workplace) -> None:
    assert files(made(place, "one")) == files(made(place, "two"))
    archives = [made(place, f"{name}.zip").read_bytes() for name in ("one", "two")]
    assert archives[0] == archives[1]
    with zipfile.ZipFile(io.BytesIO(archives[0])) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == files(place.folder / "one")


def test_a_script_that_changed_since_is_named(place: Workplace) -> None:
    place.job("merge", [], [], run="r3", code={"scripts/merge.py": "0" * 16})
    table = place.file(f"results/merged/{SUBJECT}/heart_rate.parquet", "x", rows=1)
    place.job("merge", [], [table], run="r3", code={"scripts/merge.py": "0" * 16})
    place.run("r3", subjects={SUBJECT: []})
    result = asked(place, "crate")
    assert "Changed since that run, so not what ran: scripts/merge.py." in result.output
    assert "Changed since the run" in ROCrate(place.folder / "crate").get("scripts/merge.py")["description"]


def test_a_folder_with_something_in_it_stays_as_it_is(place: Workplace) -> None:
    (place.folder / "mine").mkdir()
    (place.folder / "mine/thesis.txt").write_text("three years of work")
    result = asked(place, "mine")
    assert (result.exit_code, "is there already" in result.output) == (2, True)
    assert files(place.folder / "mine") == {"thesis.txt": b"three years of work"}
    (place.folder / "empty").mkdir()
    assert "Snakefile" in files(made(place, "empty"))


def test_a_run_without_tables_and_a_folder_without_workflow_are_refused(tmp_path: Path) -> None:
    empty = Workplace(tmp_path / "empty")
    empty.run("r1")
    result = asked(empty, "crate")
    assert (result.exit_code, "no table stood" in result.output) == (2, True)


@pytest.mark.parametrize("out", ["crate", "crate.zip"])
def test_a_disk_that_is_full_at_any_write_leaves_nothing(
    place: Workplace, out: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    record.fold(place.root)
    with database.reading(place.root) as session:
        facts = crate_facts.gather(session, "r2")
        hashes = names.of_registry(session, is_discreet=True)
    before = {path.name for path in place.folder.iterdir()}
    real, left = builtins.open, 0

    def full_after(file: Any, mode: str = "r", *more: Any, **named: Any) -> Any:
        nonlocal left
        if set(mode) & set("wax"):
            left -= 1
            if left < 0:
                raise OSError(errno.ENOSPC, "No space left on device", str(file))
        return real(file, mode, *more, **named)

    for room in (0, 1, 7, 20):
        left = room
        with monkeypatch.context() as full, pytest.raises(Exception, match="disk is full"):
            full.setattr(builtins, "open", full_after)
            full.setattr(io, "open", full_after)
            crate_disk.write(crate.build(facts, place.folder, hashes), place.folder / out)
        assert {path.name for path in place.folder.iterdir()} == before
    crate_disk.write(crate.build(facts, place.folder, hashes), place.folder / out)
    assert (place.folder / out).exists()
