"""The list of files: what travels, what changes together, and that a list from outside is checked before it is used."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pdp.errors import StateError
from pdp.state import packs, tree
from pdp.state.tree import File, Sealed, Tree, kind_of, unit_of

DIGEST = "ab" * 32
RAW = f"resources/raw/ada/{DIGEST[:16]}"
TABLE = "results/merged/ada/blood_pressure.parquet"
BLOB = Sealed("blob-1", 10, "cd" * 32, True)


def of(*paths: str) -> Tree:
    return Tree({path: File(path, 3, DIGEST, 5, "name") for path in paths}, {"name": BLOB})


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (RAW, "raw"),
        ("resources/raw/ada/cuff.manifest.json", "source"),
        ("results/receipts/2026-11.jsonl", "receipts"),
        ("results/receipts/undated.jsonl", "receipts"),
        ("results/lineage.sqlite", "registry"),
        ("results/pipeline_state.json", "glance"),
        (TABLE, "derived"),
        ("results/keys/normalize/ada/cuff.json", "derived"),
        (".snakemake/metadata/cmVzdWx0cw==", "derived"),
        (".snakemake/metadata/@" + "a" * 250 + "/cmVz", "derived"),
    ],
)
def test_what_travels_is_known_by_its_place(path: str, kind: str) -> None:
    assert kind_of(path) == kind


@pytest.mark.parametrize(
    "path",
    [
        "results/benchmarks/merge/ada/x.tsv",
        "logs/merge.log",
        ".snakemake/log/x.log",
        ".snakemake/incomplete/x",
        "results/receipts/spool/1.json",
        "results/lineage.sqlite-wal",
        f"{TABLE}.0f.tmp",
        "resources/demo/cuff/log.csv",
        "resources/raw/ada/notes.txt",
        "config/me.yaml",
    ],
)
def test_logs_locks_and_what_is_staged_stay(path: str) -> None:
    assert kind_of(path) is None


def test_a_record_of_the_engine_goes_with_the_file_it_is_about() -> None:
    about = "results/validated/ada/cuff/00000000000000aa/steps.parquet"
    name = base64.urlsafe_b64encode(about.encode()).decode()

    assert unit_of(f".snakemake/metadata/{name}") == unit_of(about) == "tables/ada/cuff/00000000000000aa"


def test_a_long_record_is_cut_into_folders_and_still_known() -> None:
    about = "results/validated/ada/cuff/00000000000000aa/steps.parquet"
    name = base64.urlsafe_b64encode(about.encode()).decode()

    assert unit_of(f".snakemake/metadata/@{name[:20]}/@{name[20:40]}/{name[40:]}") == unit_of(about)


def test_all_tables_of_one_export_are_one_unit_and_of_two_are_two() -> None:
    places = (
        "normalized/ada/cuff/00aa/x.parquet",
        "validated/ada/cuff/00aa/x.parquet",
        "quarantine/ada/cuff/00aa.parquet",
    )

    assert {unit_of(f"results/{place}") for place in places} == {"tables/ada/cuff/00aa"}
    assert unit_of("results/validated/ada/cuff/00bb/x.parquet") == "tables/ada/cuff/00bb"


def test_a_list_comes_back_as_it_was_written() -> None:
    written = of(RAW, TABLE)

    assert tree.read(written.write()) == written


def broken(change: object) -> bytes:
    document = json.loads(of(RAW, TABLE).write())
    change(document)  # type: ignore[operator]
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda d: d.update(pdp_tree=3), "format 3, this program knows 2"),
        (lambda d: d.update(pdp_tree=0), "can't be read"),
        (lambda d: d.update(pdp_tree=True), "can't be read"),
        (lambda d: d.pop("files"), "can't be read"),
        (lambda d: d["files"].append(d["files"][0]), "names a file twice"),
        (lambda d: d["files"][0].__setitem__(2, "ff" * 32), "whose name is not that of its content"),
        (lambda d: d["files"][0].__setitem__(2, "short"), "can't be read"),
        (lambda d: d["files"][0].__setitem__(1, -1), "can't be read"),
        (lambda d: d["files"][0].__setitem__(4, "nowhere"), "lies in no blob"),
        (lambda d: d["files"][1].__setitem__(0, "../x"), "outside the places of a state"),
        (lambda d: d["files"].append([f"{TABLE}/x", 1, DIGEST, 1, "name"]), "has a file where it has a folder"),
        (lambda d: d["blobs"]["name"].update(size=-1), "can't be read"),
    ],
)
def test_a_list_that_can_not_be_true_is_refused(change: object, says: str) -> None:
    with pytest.raises(StateError, match=says):
        tree.read(broken(change))


@given(st.text(max_size=40))
def test_no_path_leads_out_of_the_folder(text: str) -> None:
    for path in (text, f"results/merged/{text}", f"resources/raw/{text}", f".snakemake/metadata/{text}"):
        if kind_of(path) is not None:
            assert Path("/here", path).resolve().is_relative_to("/here")
            assert "\\" not in path
            assert path.isprintable()


@given(st.binary(max_size=200))
def test_bytes_that_are_no_list_are_refused_with_a_sentence(data: bytes) -> None:
    with pytest.raises(StateError):
        tree.read(data)


def test_a_pack_depends_on_contents_alone(tmp_path: Path) -> None:
    for number in (1, 2):
        (tmp_path / f"a{number}").write_bytes(b"a")
        (tmp_path / f"b{number}").write_bytes(b"b")
    (tmp_path / "a2").chmod(0o600)
    packs.write(tmp_path / "one", {"x/a": tmp_path / "a1", "x/b": tmp_path / "b1"})
    packs.write(tmp_path / "two", {"x/b": tmp_path / "b2", "x/a": tmp_path / "a2"})

    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    packs.read(tmp_path / "one", {"x/b": tmp_path / "out"})
    assert (tmp_path / "out").read_bytes() == b"b"
    with pytest.raises(StateError, match="lacks 1 of its files"):
        packs.read(tmp_path / "one", {"x/c": tmp_path / "out"})
