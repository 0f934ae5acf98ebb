"""The door to data: what a data set gives, whose it is, and that nobody goes round it."""

from __future__ import annotations

import ast
import json
import os
import shutil
import stat
import tempfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

import dash_app
from dash_app import gateway_folder, gateway_process, gateway_tables
from dash_app.gateway import Dataset, NoDataError
from dash_app.gateway_folder import DemoGateway
from pdp.lineage import record
from tests.dash_app.owner import little_demo, own_folder
from tests.workplace import Workplace

DASH_APP = Path(dash_app.__file__).parent


@pytest.fixture
def demo(tmp_path: Path) -> Path:
    return little_demo(tmp_path)


def put(root: Path, name: str, columns: dict[str, Any]) -> None:
    """A summary table of the demo."""
    pq.write_table(pa.table(columns), root / "results/summary/demo" / f"{name}.parquet")


def dataset(root: Path) -> Dataset:
    return DemoGateway(root).dataset()


# Tables


def test_a_table_comes_with_the_columns_asked_for_in_that_order_and_their_metadata(demo: Path) -> None:
    field = pa.field("n", pa.int64(), metadata={"unit": "1"})
    schema = pa.schema([pa.field("date", pa.date32()), field, pa.field("other", pa.int64())])
    pq.write_table(
        pa.table({"date": [date(2025, 1, 1)], "n": [3], "other": [4]}, schema),
        demo / "results/summary/demo/counts.parquet",
    )
    for range_ in ({}, {"first": date(2025, 1, 1)}):
        table = dataset(demo).table("counts", ["n", "date"], **range_)
        assert table.column_names == ["n", "date"]
        assert table.schema.field("n").metadata == {b"unit": b"1"}


@given(st.lists(st.dates(date(2024, 1, 1), date(2024, 3, 1)), max_size=20), st.data())
def test_a_range_gives_the_days_from_first_to_last_and_no_others(
    tmp_path_factory: pytest.TempPathFactory, days: list[date], data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("t") / "t.parquet"
    pq.write_table(pa.table({"date": pa.array(days, pa.date32())}), path)
    first = data.draw(st.none() | st.dates(date(2023, 12, 1), date(2024, 4, 1)))
    last = data.draw(st.none() | st.dates(date(2023, 12, 1), date(2024, 4, 1)))
    found = gateway_tables.read(path, ["date"], first, last)["date"].to_pylist()
    assert found == [day for day in days if (first or date.min) <= day <= (last or date.max)]


@pytest.mark.parametrize("offset_min", [-720, -300, 0, 120, 840])
def test_a_range_of_a_table_without_days_goes_by_the_local_day_of_each_row(tmp_path: Path, offset_min: int) -> None:
    path = tmp_path / "t.parquet"
    starts = [datetime(2025, 3, 1, tzinfo=UTC) + timedelta(hours=hour) for hour in range(96)]
    offsets = pa.array([offset_min] * len(starts), pa.int16())
    pq.write_table(
        pa.table({"start_utc": pa.array(starts, pa.timestamp("ms", "UTC")), "utc_offset_min": offsets}), path
    )
    found = gateway_tables.read(path, ["start_utc"], date(2025, 3, 2), date(2025, 3, 3))
    expected = [
        start
        for start in starts
        if date(2025, 3, 2) <= (start + timedelta(minutes=offset_min)).date() <= date(2025, 3, 3)
    ]
    assert found["start_utc"].to_pylist() == expected
    assert found.column_names == ["start_utc"]
    assert len(expected) == 48


def test_what_is_not_there_is_said_in_a_sentence(demo: Path) -> None:
    with pytest.raises(NoDataError, match=r"^nights: is not there yet\. Run the workflow: make run\.$"):
        dataset(demo).table("nights")
    with pytest.raises(NoDataError, match="daily: has no column weight_kg"):
        dataset(demo).table("daily", ["date", "weight_kg"])
    assert not dataset(demo).has_table("nights")
    assert dataset(demo).has_table("daily")
    with pytest.raises(NoDataError, match="the demo is not built yet"):
        dataset(demo / "empty")


def test_a_damaged_table_is_said_in_a_sentence_without_its_content(demo: Path) -> None:
    (demo / "results/summary/demo/nights.parquet").write_bytes(b"PAR1 kanarienvogel")
    with pytest.raises(NoDataError, match=r"^nights: can't be read\. Run the workflow again: make run\.$"):
        dataset(demo).table("nights")


def test_without_a_table_of_events_there_are_none(demo: Path) -> None:
    assert dataset(demo).events().num_rows == 0
    put(demo, "events", {"date": [date(2025, 1, 1)], "kind": ["medication"], "text": ["began"]})
    known = gateway_folder.dataset(demo, "demo", is_synthetic=True)
    assert known.events()["text"].to_pylist() == ["began"]


def test_the_version_changes_with_the_content_and_with_nothing_else(demo: Path) -> None:
    first = dataset(demo)
    daily = demo / "results/summary/demo/daily.parquet"
    os.utime(daily, ns=(1, 1))
    assert dataset(demo).version == first.version
    put(demo, "daily", {"date": [date(2025, 1, 1)]})
    assert dataset(demo).version != first.version


def test_the_same_tables_have_another_version_when_they_are_somebodys_own(demo: Path) -> None:
    own = gateway_folder.dataset(demo, "demo", is_synthetic=False)
    assert own.version != dataset(demo).version


@pytest.mark.parametrize(
    "path",
    [
        "summary/me/daily.parquet",
        "summary/demo/../me/daily.parquet",
        "/etc/passwd",
        "../config/demo",
        "lineage.sqlite",
        "summary/demo/../../../demo",
    ],
)
def test_a_document_of_somebody_else_is_not_given(demo: Path, path: str) -> None:
    (demo / "results/summary/me").mkdir()
    (demo / "results/summary/me/daily.parquet").write_bytes(b"kanarienvogel")
    (demo / "results/lineage.sqlite").write_bytes(b"kanarienvogel")
    with pytest.raises(NoDataError, match="is no file of this data set"):
        dataset(demo).document(path)
    assert dataset(demo).document("summary/demo/conservation.json").startswith(b"{")


def manifest(root: Path, source: str, *seen: str) -> None:
    """A manifest of the person "me" with an export seen at each of these times."""
    folder = root / "results/manifests/me"
    folder.mkdir(parents=True, exist_ok=True)
    revisions = [{"first_seen": when, "sha256": f"{number:064d}"} for number, when in enumerate(seen)]
    (folder / f"{source}.json").write_text(json.dumps({"documents": [{"id": "x", "revisions": revisions}]}))


def test_how_somebodys_data_began_stays_whatever_comes_later_and_is_nobody_elses(tmp_path: Path) -> None:
    data = gateway_folder.dataset(own_folder(tmp_path), "me", is_synthetic=False)
    shutil.rmtree(tmp_path / "results/manifests")
    assert data.beginning() == ""
    manifest(tmp_path, "cuff", "2025-01-02T06:00:00.000Z")
    began = data.beginning()
    manifest(tmp_path, "cuff", "2025-01-02T06:00:00.000Z", "2025-01-09T06:00:00.000Z")
    manifest(tmp_path, "band", "2025-02-02T06:00:00.000Z")
    assert data.beginning() == began
    manifest(tmp_path, "cuff", "2025-01-02T06:00:00.001Z")
    assert data.beginning() not in (began, "")
    (tmp_path / "results/manifests/me/cuff.json").write_text("{")
    assert data.beginning() == ""


# The demo is the demo


def test_the_registry_of_a_folder_where_somebody_else_has_data_is_not_lent_to_everybody(tmp_path: Path) -> None:
    little_demo(tmp_path)
    place = Workplace(tmp_path)
    place.run("r1", subjects={"demo": ["cuff"]})
    place.job("summarize", run="r1", wildcards={"subject": "demo"})
    record.fold(tmp_path / "results")
    assert dataset(tmp_path).run_id == "r1"
    with dataset(tmp_path).registry() as session:
        assert session.is_active
    place.job("summarize", wildcards={"subject": "kanarienvogel"})
    record.fold(tmp_path / "results")
    with pytest.raises(NoDataError, match="it knows more people than the synthetic one"), dataset(tmp_path).registry():
        pass
    own = gateway_folder.dataset(tmp_path, "demo", is_synthetic=False)
    with own.registry() as session:
        assert session.is_active


@pytest.mark.parametrize("where", ["run", "poll"])
def test_a_person_who_was_only_configured_or_polled_counts_as_somebody_else(tmp_path: Path, where: str) -> None:
    little_demo(tmp_path)
    place = Workplace(tmp_path)
    if where == "run":
        place.run("r1", subjects={"demo": ["cuff"], "kanarienvogel": ["cuff"]})
    else:
        poll = {
            "subject": "kanarienvogel",
            "source": "c",
            "reachable": True,
            "documents": 0,
            "new_exports": [],
            "gone": 0,
        }
        place.job("ingest", poll=poll)
    record.fold(tmp_path / "results")
    with pytest.raises(NoDataError, match="more people"), dataset(tmp_path).registry():
        pass


def test_without_a_registry_lineage_says_so_and_the_time_is_that_of_the_tables(demo: Path) -> None:
    for path in (demo / "results/summary/demo").iterdir():
        os.utime(path, (1_700_000_000, 1_700_000_000))
    data = dataset(demo)
    assert (data.run_id, data.as_of) == ("", datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC))
    with pytest.raises(NoDataError, match="there is no registry yet"), data.registry():
        pass


def test_the_registry_can_be_asked_in_a_folder_that_is_read_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    little_demo(tmp_path)
    place = Workplace(tmp_path)
    place.job("summarize", wildcards={"subject": "demo"})
    record.fold(tmp_path / "results")
    before = {path.name for path in (tmp_path / "results").iterdir()}
    (tmp_path / "results").chmod(0o500)
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write everywhere

    def nowhere() -> str:
        raise FileNotFoundError("no usable temporary directory")

    if gateway_process.MEMORY.is_dir():  # a container whose root is read-only has no other place
        monkeypatch.setattr(tempfile, "gettempdir", nowhere)
    try:
        with dataset(tmp_path).registry() as session:
            place = Path(str(session.get_bind().engine.url.database)).parent
            assert place.name.startswith(gateway_process.PREFIX)
            assert stat.S_IMODE(place.stat().st_mode) == 0o700
        assert not place.exists()
    finally:
        (tmp_path / "results").chmod(0o700)
    assert {path.name for path in (tmp_path / "results").iterdir()} == before


def test_own_results_are_told_by_folder(tmp_path: Path) -> None:
    root = own_folder(tmp_path)
    assert gateway_folder.subjects(root) == ["me"]
    data = gateway_folder.dataset(root, "me", is_synthetic=False)
    assert data.table("daily", ["bp_systolic_mean_mmhg"]).num_rows == 2
    with pytest.raises(NoDataError, match="there are no results of somebody yet"):
        gateway_folder.dataset(root, "somebody", is_synthetic=False)


# Nobody goes round the door

OPENERS = {"open", "read_text", "read_bytes", "write_text", "write_bytes", "read_table", "read_schema", "read_parquet"}
OPENERS |= {"ParquetFile", "ParquetDataset", "memory_map", "OSFile", "fdopen", "copyfile", "read_csv", "read_json"}
ROOMS = (
    "pdp.state",
    "pdp.store",
    "pdp.raw_store",
    "pdp.google",
    "pdp.lineage.database",
    "sqlite3",
    "pyarrow.parquet",
    "pyarrow.dataset",
)
MAY = {"palette.py": ["write_text"]}  # run by hand, it writes the colours into assets/tokens.css
OTHERS = sorted(path for path in DASH_APP.rglob("*.py") if not path.name.startswith("gateway"))


def opened(text: str) -> list[str]:
    """What a module opens, or imports to open: calls and imports by name."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names if alias.name.startswith(ROOMS)]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]
            found += [name for name in names if name.startswith(ROOMS)]
        elif isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            found += [called] * (called in OPENERS)
        elif isinstance(node, ast.Attribute) and node.attr == "__import__":
            found.append("__import__")
    return found


@pytest.mark.parametrize("path", OTHERS, ids=[path.relative_to(DASH_APP).as_posix() for path in OTHERS])
def test_only_the_gateway_opens_files_or_the_state(path: Path) -> None:
    assert opened(path.read_text(encoding="utf-8")) == MAY.get(path.name, [])


@pytest.mark.parametrize(
    "text",
    [
        "open('x')",
        "Path('x').read_text()",
        "import pyarrow.parquet as pq",
        "from pyarrow import parquet",
        "from pdp.state import keyring",
        "from pdp import state",
        "import pdp.state.pull",
        "from pdp.lineage import database",
        "pd.read_parquet('x')",
    ],
)
def test_a_module_that_goes_round_the_gateway_is_found(text: str) -> None:
    assert opened(text) != []
