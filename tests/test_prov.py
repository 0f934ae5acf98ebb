"""One number's way as W3C PROV: read back by the prov package, connected to the raw file, and without its value."""

from __future__ import annotations

import hashlib
import json
import shutil
from graphlib import TopologicalSorter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result
from prov.model import (
    ProvActivity,
    ProvAgent,
    ProvAssociation,
    ProvDerivation,
    ProvDocument,
    ProvEntity,
    ProvGeneration,
    ProvRelation,
    ProvUsage,
)

from pdp.cli import main
from tests.workplace import Workplace, measured

FIGURE = ("daily", "--day", "2025-03-14", "--figure", "bp_systolic_mean_mmhg")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder where a run has ended."""
    folder = tmp_path_factory.mktemp("finished")
    measured(Workplace(folder))
    return folder


@pytest.fixture
def folder(finished: Path, tmp_path: Path) -> Path:
    """A copy of it for one test."""
    shutil.copytree(finished, tmp_path, dirs_exist_ok=True)
    return tmp_path


def asked(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["prov", *arguments, "--results", str(folder / "results")])


def document(folder: Path, *arguments: str) -> ProvDocument:
    result = asked(folder, *arguments)
    assert result.exit_code == 0, result.output
    return ProvDocument.deserialize(content=result.stdout, format="json")


def of_type(told: ProvDocument, name: str) -> list[Any]:
    return [one for one in told.get_records() if any(str(kind) == f"pdp:{name}" for kind in one.get_asserted_types())]


def test_what_the_package_reads_back_is_what_was_written(folder: Path) -> None:
    told = document(folder, *FIGURE)
    assert ProvDocument.deserialize(content=told.serialize(format="json"), format="json") == told
    assert asked(folder, *FIGURE).stdout == asked(folder, *FIGURE).stdout


def test_a_way_leads_from_the_figure_to_the_raw_export(folder: Path) -> None:
    told = document(folder, *FIGURE)
    (figure,), (raw,) = of_type(told, "Figure"), of_type(told, "RawExport")
    ways: dict[str, set[str]] = {}
    for relation in told.get_records(ProvRelation):
        (_, start), (_, end) = relation.formal_attributes[:2]
        ways.setdefault(str(start), set()).add(str(end))
    for kinds in ((ProvDerivation,), (ProvGeneration, ProvUsage)):
        edges = _edges(told, kinds)
        assert str(raw.identifier) in _reached(str(figure.identifier), edges), kinds
    everything = {
        str(one.identifier) for kind in (ProvEntity, ProvActivity, ProvAgent) for one in told.get_records(kind)
    }
    assert _reached(str(figure.identifier), ways) == everything


def _edges(told: ProvDocument, kinds: tuple[type, ...]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for kind in kinds:
        for relation in told.get_records(kind):
            (_, start), (_, end) = relation.formal_attributes[:2]
            found.setdefault(str(start), set()).add(str(end))
    return found


def _reached(start: str, edges: dict[str, set[str]]) -> set[str]:
    seen, todo = set(), [start]
    while todo:
        if (one := todo.pop()) not in seen:
            seen.add(one)
            todo += edges.get(one, ())
    return seen


def test_digests_are_those_of_the_files(folder: Path) -> None:
    told = document(folder, *FIGURE)
    digests = {
        value for one in told.get_records(ProvEntity) for name, value in one.attributes if str(name) == "pdp:sha256"
    }
    way = (
        "summary/me/daily",
        "merged/me/blood_pressure",
        "validated/me/*/*/blood_pressure",
        "normalized/me/*/*/blood_*",
    )
    (raw,) = (folder / "resources/raw/me").iterdir()
    files = [raw, *(path for one in way for path in folder.glob(f"results/{one}.parquet"))]
    assert len(files) == 5
    assert digests == {hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_the_constraints_of_prov_hold(folder: Path) -> None:
    """Ids are of one kind, every end of a relation is there, one job generates each entity, within its time."""
    told = document(folder, *FIGURE)
    assert sorted(map(str, told.unified().get_records())) == sorted(map(str, told.get_records()))
    elements = {
        kind: {one.identifier for one in told.get_records(kind)} for kind in (ProvEntity, ProvActivity, ProvAgent)
    }
    known = set().union(*elements.values())
    assert len(known) == sum(map(len, elements.values()))
    for relation in told.get_records(ProvRelation):
        for _, end in relation.formal_attributes[:2]:
            assert end in known
    generated: dict[Any, list[Any]] = {}
    times = {one.identifier: (one.get_startTime(), one.get_endTime()) for one in told.get_records(ProvActivity)}
    for relation in told.get_records(ProvGeneration):
        (_, entity), (_, activity), (_, at) = relation.formal_attributes
        generated.setdefault(entity, []).append(activity)
        start, end = times[activity]
        assert start <= at <= end
    assert {len(made) for made in generated.values()} == {1}
    used = [tuple(end for _, end in one.formal_attributes[:2]) for one in told.get_records(ProvUsage)]
    assert len(used) == len(set(used))


def test_nothing_leads_back_to_itself_and_everything_was_there_before_it_was_used(folder: Path) -> None:
    assert_possible(document(folder, *FIGURE))


def test_bytes_made_again_by_newer_code_were_not_read_before_they_were_there(folder: Path) -> None:
    """Both tables are made anew after daily, with the same bytes: daily still comes from what stood before."""
    place = Workplace(folder)
    base = "results/merged/me/blood_pressure.parquet"
    (raw,) = (folder / "resources/raw/me").iterdir()
    normalized = f"results/normalized/me/cuff/{raw.name}/blood_pressure.parquet"
    validated = f"results/validated/me/cuff/{raw.name}/blood_pressure.parquet"
    told = {path: _vouched(folder, path) for path in (f"resources/raw/me/{raw.name}", normalized, validated, base)}
    later: dict[str, Any] = {"started": "2026-11-24T06:00:00.000Z", "ended": "2026-11-24T06:00:01.000Z", "run": "r2"}
    for number, (rule, (read, written)) in enumerate(
        zip(("normalize", "validate", "merge"), pairwise(told), strict=True)
    ):
        place.job(rule, [told[read]], [told[written]], id=f"again{number}", code={f"pdp.{rule}": "9999"}, **later)
    place.run("r2", at="2026-11-24T06:00:02.000Z")
    found = document(folder, *FIGURE)
    assert_possible(found)
    modules = {
        str(value) for one in found.get_records(ProvAgent) for name, value in one.attributes if "module" in str(name)
    }
    assert not [module for module in modules if "9999" in module]
    assert len(list(found.get_records(ProvActivity))) == 4


def _vouched(folder: Path, path: str) -> dict[str, Any]:
    content = (folder / path).read_bytes()
    rows = pq.read_metadata(folder / path).num_rows if path.endswith(".parquet") else None
    digest = hashlib.sha256(content).hexdigest()
    return {"name": Path(path).stem, "path": path, "sha256": digest, "bytes": len(content), "rows": rows}


def assert_possible(told: ProvDocument) -> None:
    """No circle; a job starts before it ends, uses what was there before it started, and derives from what it used."""
    edges: dict[Any, set[Any]] = {}
    ends: dict[type, list[tuple[Any, ...]]] = {}
    for kind in (ProvDerivation, ProvGeneration, ProvUsage):
        ends[kind] = [tuple(end for _, end in one.formal_attributes) for one in told.get_records(kind)]
        for start, end, *_ in ends[kind]:
            edges.setdefault(start, set()).add(end)
    tuple(TopologicalSorter(edges).static_order())  # raises on a circle
    times = {one.identifier: (one.get_startTime(), one.get_endTime()) for one in told.get_records(ProvActivity)}
    assert all(start <= end for start, end in times.values())
    born = {entity: at for entity, _, at, *_ in ends[ProvGeneration]}
    used = {(activity, entity) for activity, entity, *_ in ends[ProvUsage]}
    late = [(activity, entity) for activity, entity in used if entity in born and born[entity] > times[activity][0]]
    assert late == []
    by = {(entity, activity) for entity, activity, *_ in ends[ProvGeneration]}
    for made, source, activity, *_ in ends[ProvDerivation]:
        assert activity is None or {(activity, source)} <= used
        assert activity is None or {(made, activity)} <= by


def test_each_job_is_associated_with_its_code(folder: Path) -> None:
    told = document(folder, *FIGURE)
    agents = {str(one.identifier): one for one in told.get_records(ProvAgent)}
    pairs = [one.formal_attributes[:2] for one in told.get_records(ProvAssociation)]
    assert len(pairs) == len(list(told.get_records(ProvActivity))) == 4
    modules = {
        str(value)
        for (_, _), (_, agent) in pairs
        for name, value in agents[str(agent)].attributes
        if str(name) == "pdp:module"
    }
    assert {"pdp.normalize 1111", "pdp.formats.bp_log 2222"} <= modules


def test_no_value_and_no_name_unless_asked_for(folder: Path) -> None:
    explained = CliRunner().invoke(main, ["explain", *FIGURE, "--json", "--results", str(folder / "results")])
    answer = json.loads(explained.stdout)
    plain, full = asked(folder, *FIGURE).stdout, asked(folder, *FIGURE, "--with-values").stdout
    assert "pdp:value" not in plain
    for text in (plain, full):
        assert [one for one in ("/me/", "cuff", "Berlin", "subjects") if one in text] == []
        assert [row["text"] for row in answer["rows"] if row["text"] in text] == []
    (figure,) = of_type(ProvDocument.deserialize(content=full, format="json"), "Figure")
    assert [value for name, value in figure.attributes if str(name) == "pdp:value"] == [answer["shown"]]


def test_a_file_with_the_answer_is_its_owners_alone_and_replaced_as_a_whole(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "new" / "figure.json"
    for _ in range(2):
        result = asked(folder, *FIGURE, "--json-out", str(out))
        assert (result.exit_code, result.stdout) == (0, "")
    assert (out.stat().st_mode & 0o777, out.read_text()) == (0o600, asked(folder, *FIGURE).stdout)
    assert [path.name for path in out.parent.iterdir()] == ["figure.json"]


def test_what_cannot_be_told_is_said_in_a_sentence(folder: Path) -> None:
    for arguments, said in (
        (("daily", "--day", "2031-01-01", "--figure", "bp_systolic_mean_mmhg"), "there is no such row"),
        (("daily", "--day", "2025-03-14", "--figure", "bp_sistolic"), 'no column "bp_sistolic"'),
        (("merged/blood_pressure", "--figure", "systolic_mmhg"), "summary tables"),
        ((*FIGURE, "--key", "nonsense"), "COLUMN=VALUE"),
    ):
        result = asked(folder, *arguments)
        assert (result.exit_code, said in result.output) == (2, True), result.output
