"""The committed demo exports are what the generator writes, on any machine."""

from __future__ import annotations

import csv
import importlib.util
import io
import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import yaml

from pdp.timeframe import ZoneLedger

DEMO = Path(__file__).resolve().parents[1] / "resources" / "demo"
OLDER, NEWER = sorted(path.relative_to(DEMO).as_posix() for path in DEMO.glob("band/*.zip"))
(WATCH,) = (path.relative_to(DEMO).as_posix() for path in DEMO.glob("watch/*.zip"))
(LOG,) = (path.relative_to(DEMO).as_posix() for path in DEMO.glob("cuff/*.csv"))
(OMRON,) = (path.relative_to(DEMO).as_posix() for path in DEMO.glob("omron/*.csv"))
EXPORTS = {OLDER, NEWER, WATCH, LOG, OMRON}
MAX_BYTES = 6_000_000  # of a clone's first download; more than this is felt
EXPECTED: dict[str, dict[str, dict[str, object]]] = json.loads((DEMO / "expected.json").read_text())


@pytest.fixture(scope="module")
def regenerated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo written anew by a bare interpreter in another zone and with another hash seed."""
    into = tmp_path_factory.mktemp("demo")
    environment = {**os.environ, "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo", "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-S", str(DEMO / "generate.py"), "--into", str(into)]
    subprocess.run(command, check=True, env=environment, capture_output=True)
    return into


def test_the_generator_writes_the_committed_files_and_no_others(regenerated: Path) -> None:
    written = {path.relative_to(regenerated).as_posix() for path in regenerated.rglob("*") if path.is_file()}
    assert written == EXPORTS | {"expected.json"}


@pytest.mark.parametrize("name", [LOG, OMRON, "expected.json"])
def test_a_plain_file_is_regenerated_byte_for_byte(regenerated: Path, name: str) -> None:
    assert (regenerated / name).read_bytes() == (DEMO / name).read_bytes()


@pytest.mark.parametrize("name", [OLDER, NEWER, WATCH])
def test_a_zip_is_regenerated_member_for_member(regenerated: Path, name: str) -> None:
    with zipfile.ZipFile(regenerated / name) as new, zipfile.ZipFile(DEMO / name) as committed:
        assert [(e.filename, e.date_time, e.compress_type, e.CRC) for e in new.infolist()] == [
            (e.filename, e.date_time, e.compress_type, e.CRC) for e in committed.infolist()
        ]
        assert all(new.read(one) == committed.read(one) for one in committed.namelist())


def test_a_zip_with_the_right_members_is_left_alone_whatever_deflated_it(regenerated: Path) -> None:
    stored = regenerated / WATCH
    with zipfile.ZipFile(DEMO / WATCH) as committed, zipfile.ZipFile(stored, "w", zipfile.ZIP_STORED) as other:
        for entry in committed.namelist():
            other.writestr(entry, committed.read(entry))
    before = stored.read_bytes()
    (regenerated / LOG).write_bytes(b"something else")
    command = [sys.executable, "-S", str(DEMO / "generate.py"), "--into", str(regenerated)]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert stored.read_bytes() == before
    assert (regenerated / LOG).read_bytes() == (DEMO / LOG).read_bytes()
    assert said.endswith("1 written, 5 already as they should be\n")


def test_the_demo_stays_small() -> None:
    assert sum((DEMO / export).stat().st_size for export in EXPORTS) < MAX_BYTES


@pytest.mark.parametrize(("export", "member"), [(export, member) for export in EXPECTED for member in EXPECTED[export]])
def test_a_file_has_as_many_records_as_it_is_said_to_have(export: str, member: str) -> None:
    if member:
        with zipfile.ZipFile(DEMO / export) as archive:
            data = archive.read(member)
    else:
        data = (DEMO / export).read_bytes()
    records = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    assert len(records) == EXPECTED[export][member]["records"]


def test_no_two_files_in_one_zip_share_a_category() -> None:
    for export in (OLDER, NEWER):
        with zipfile.ZipFile(DEMO / export) as archive:
            folders = [member.split("/")[1] for member in archive.namelist()]
            stamps = {member.rsplit("_", 1)[1] for member in archive.namelist()}
        assert len(folders) == len(set(folders)) == len(stamps)


def test_the_readme_names_every_kind_of_quirk() -> None:
    readme = (DEMO / "README.md").read_text()
    kinds = {kind for members in EXPECTED.values() for truth in members.values() for kind in truth["quirks"]}  # type: ignore[attr-defined]
    keys_of_the_vendor = {"heart_rate", "single_heart_rate", "resting_heart_rate", "sleep", "stress", "spo2"}
    unnamed = {kind for kind in kinds if f"`{kind}`" not in readme and not kind.startswith("daily_report_")}
    assert unnamed == keys_of_the_vendor | {"header"}


def test_the_config_has_the_zones_in_which_the_person_was() -> None:
    config = yaml.safe_load((DEMO.parents[1] / "config" / "config.yaml").read_text())
    ledger = ZoneLedger.from_config(config["subjects"]["demo"]["time_zone"])
    spec = importlib.util.spec_from_file_location("demo_clock", DEMO / "generator" / "clock.py")
    assert spec is not None
    assert spec.loader is not None
    clock = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(clock)
    changes = [at for since, _ in clock.OFFSETS for at in (since - 1, since)]
    offsets = ledger.offsets(np.array(changes, np.int64) * 60_000)
    assert offsets.tolist()[1:] == [clock.offset(at) for at in changes][1:]


def test_the_readme_states_the_zones_of_the_config() -> None:
    config = yaml.safe_load((DEMO.parents[1] / "config" / "config.yaml").read_text())
    ledger = [(entry["zone"], entry.get("since", "")) for entry in config["subjects"]["demo"]["time_zone"]]
    readme = (DEMO / "README.md").read_text()
    assert re.findall(r"^\| (\w+/\w+) \| (\S*) ?\|$", readme, re.MULTILINE) == ledger
