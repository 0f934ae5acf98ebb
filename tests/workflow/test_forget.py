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
    assert "forgotten-" in pdp(tree, "history", "merged/blood_pressure")


def test_forgotten_days_stay_out_of_every_table_also_when_the_source_offers_them_again(tree: Tree) -> None:
    said = pdp(tree, "forget", "--subject", "ada", "--from", "2025-03-29", "--to", "2025-03-29", "--dry-run")
    assert "day(s) outside the period lie in the same exports" in said
    assert "Nothing was erased" in said
    pdp(tree, "forget", "--subject", "ada", "--from", "2025-03-29", "--to", "2025-03-29", "--yes")
    said = tree.snakemake()
    assert "log.csv" not in said
    assert "it was forgotten on" in said
    assert not [path for path in (tree.root / "resources/raw/ada").iterdir() if len(path.name) == 16]

    tree.edit("in/cuff/log.csv", "07:20,127", "07:21,127")  # another version, the erased day still in it
    tree.snakemake()

    rows = pq.read_table(tree.root / "results/merged/ada/blood_pressure.parquet").to_pylist()
    assert [row["systolic_mmhg"] for row in rows] == [127]
    assert pq.read_table(tree.root / "results/merged/ada/heart_rate.parquet").num_rows == 0
    (export,) = json.loads((tree.root / "results/summary/ada/conservation.json").read_text())["exports"]
    assert export["out_of_scope"]["forgotten"] == 2
    assert "all as they were" in pdp(tree, "verify")
