"""Erasure and the real snakemake: what was forgotten is nowhere, does not come back, and what stays is as if alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pdp.state import keyring
from pdp.state.secret import Password
from tests.workflow.conftest import Tree
from tests.workflow.test_state import PASSWORD, address, pdp

pytestmark = pytest.mark.workflow

CANARY = b"197"  # systolic, nowhere else
NOTE = "Canary-7f3a"
SECRET_LOG = f"Date,Time,Systolic,Diastolic,Pulse,Note\n2025-05-01,07:10,{CANARY.decode()},117,93,{NOTE}\n"


@pytest.fixture
def told(tree: Tree) -> Tree:
    """A built tree with a second document that holds the canary, and a state that holds all of it."""
    tree.write("in/cuff/private_diary.csv", SECRET_LOG)
    pdp(tree, "state", "init", address(tree))
    pdp(tree, "state", "push")
    tree.snakemake()
    pdp(tree, "state", "push")
    return tree


def texts(root: Path, *places: str) -> Iterator[tuple[str, str]]:
    """Every file as text, Parquet and SQLite by their values."""
    for place in places:
        for path in sorted((root / place).rglob("*")):
            if path.is_symlink() or not path.is_file():
                continue
            if path.suffix == ".parquet":
                yield path.as_posix(), repr(pq.read_table(path).to_pylist()) + repr(pq.read_metadata(path).metadata)
            yield path.as_posix(), path.read_bytes().decode("latin-1")


def unsealed(tree: Tree) -> Iterator[tuple[str, bytes]]:
    """Every blob and commit that the state's folder still has, opened with the owner's key."""
    store = tree.root.parent / "store"
    newest = max(store.glob("keyrings/*/document"), default=store / "genesis/document")
    keys = keyring.open_with(newest.read_bytes(), Password(PASSWORD))
    for path in sorted(store.rglob("*")):
        data = path.read_bytes() if path.is_file() else b""
        if data.startswith(b"{") and b"\n" in data:
            data = data.split(b"\n", 1)[1]
        if data.startswith(b"age-encryption.org"):
            yield path.as_posix(), keys.unseal_bytes(data)


def test_an_erased_document_is_nowhere_and_does_not_come_back(told: Tree) -> None:
    tree = told
    before = tree.artifacts()
    assert any(NOTE in text for _, text in texts(tree.root, "results", "resources"))
    assert any(NOTE.encode() in data for _, data in unsealed(tree))

    said = pdp(tree, "forget", "--subject", "ada", "--export", "private_diary.csv", "--yes")

    assert "nothing found" in said
    tree.snakemake()
    for path, text in texts(tree.root, "results", "resources", ".snakemake", "logs"):
        assert [word for word in (NOTE, "private_diary") if word in text] == [], path
    for path, data in unsealed(tree):
        assert [word for word in (NOTE.encode(), b"private_diary") if word in data] == [], path
    assert "all as they were" in pdp(tree, "verify")
    assert "all whole" in pdp(tree, "state", "verify")
    assert before != tree.artifacts()
    proof = json.loads((tree.root / "results/summary/ada/conservation.json").read_text())
    assert len([one for one in proof["exports"] if one["source"] == "cuff"]) == 1
    assert "forgotten" in tree.snakemake()
    assert "Nothing to collect" in pdp(tree, "state", "collect")
    pdp(tree, "state", "push")
    assert "an export of cuff was erased at the owner's wish" in pdp(tree, "history", "merged/blood_pressure")


def test_after_a_period_all_is_as_if_its_sources_never_had_it_and_it_does_not_come_back(
    tree: Tree, fresh: Tree, tmp_path: Path
) -> None:
    period = ("forget", "--subject", "ada", "--from", "2025-03-29", "--to", "2025-03-29")
    before = tree.artifacts()
    said = pdp(tree, *period, "--dry-run")
    assert "Of 2 export(s) a copy without these days stays, with 3 readings of other days." in said
    assert "2 record(s) of these without a reading" in said
    assert "Nothing was erased" in said
    assert tree.artifacts() == before
    assert "nothing found" in pdp(tree, *period, "--yes")
    tree.snakemake()

    alone = fresh.copy(tmp_path / "alone")
    for path in ("in/cuff/log.csv", "in/band/HEARTRATE_AUTO_1.csv"):
        lines = (alone.root / path).read_text().splitlines(keepends=True)
        alone.write(path, "".join(line for line in lines if "03-29" not in line and "oops" not in line))
    alone.snakemake()
    assert tree.artifacts() == alone.artifacts()
    assert "all as they were" in pdp(tree, "verify")

    tree.edit("in/cuff/log.csv", "07:20,127", "07:21,128")  # another version, the erased day still in it
    tree.snakemake()

    rows = pq.read_table(tree.root / "results/merged/ada/blood_pressure.parquet").to_pylist()
    assert [row["systolic_mmhg"] for row in rows] == [128]
    for path, text in texts(tree.root, "results", "resources", ".snakemake", "logs"):
        assert [word for word in ("03-29,07:1", "131,84", "129,83", "21:05,abc") if word in text] == [], path
    assert "all as they were" in pdp(tree, "verify")
