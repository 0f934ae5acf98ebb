"""The pipeline places every wall clock of the demo where the demo person really was.

The generator knows the instant of each record and never tells it in the files; its offsets are
written out by hand, so nothing here is compared with itself.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
import yaml

from pdp import formats, normalize, schemas, tables
from pdp.timeframe import ZoneLedger
from pdp.vocabulary import MEASURES

ROOT = Path(__file__).resolve().parents[1]
DEMO = ROOT / "resources" / "demo"
LOCAL_MEMBERS = {"HEARTRATE_AUTO": "heart_rate", "ACTIVITY_MINUTE": "step_count", "SLEEP_MINUTE": "sleep_stage"}


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    """The generator's front door."""
    spec = importlib.util.spec_from_file_location("demo_generate", DEMO / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    before = list(sys.path)
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path[:] = before
    return module


@pytest.fixture(scope="module")
def ledger() -> ZoneLedger:
    """The zones that the config states for the demo."""
    config = yaml.safe_load((ROOT / "config" / "config.yaml").read_text())
    return ZoneLedger.from_config(config["subjects"]["demo"]["time_zone"])


@pytest.fixture(scope="module")
def normalized(ledger: ZoneLedger, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Export -> folder with its canonical tables."""
    folders = {}
    zepp_life = formats.load("zepp_life")
    for path in sorted(DEMO.glob("band/*.zip")):
        into = tmp_path_factory.mktemp(path.stem)
        normalize.normalize_file(
            path,
            zepp_life,
            zepp_life.Settings(),
            source="band",
            ledger=ledger,
            writers=lambda into=into: {  # type: ignore[misc]
                "unread": tables.SortingWriter(into / "unread.parquet", schemas.UNREAD),
                **{m: tables.SortingWriter(into / f"{m}.parquet", schemas.normalized(m)) for m in MEASURES},
            },
        )
        folders[path.relative_to(DEMO).as_posix()] = into
    return folders


def _of_member(folder: Path, category: str) -> pa.Table:
    table = tables.read(folder / f"{LOCAL_MEMBERS[category]}.parquet")
    return table.filter(pc.match_substring(table["member"].cast(pa.string()), f"/{category}/"))


@pytest.mark.parametrize("category", LOCAL_MEMBERS)
def test_every_record_of_the_band_stands_at_its_true_instant(
    generate: ModuleType, normalized: dict[str, Path], category: str
) -> None:
    placed = 0
    for export, members in generate.instants().items():
        for member, truth in members.items():
            if f"/{category}/" not in member:
                continue
            table = _of_member(normalized[export], category)
            start = table["start_utc"].cast(pa.int64()).to_numpy() // 60_000
            true = np.array([truth[row] for row in table["row"].to_pylist()])
            wrong = np.flatnonzero(start != true)
            assert not len(wrong), table["row"].to_numpy()[wrong][:5]
            placed += len(true)
    assert placed > 75_000


def test_both_passes_of_the_repeated_hour_and_of_the_landing_are_kept(
    generate: ModuleType, normalized: dict[str, Path]
) -> None:
    newer = sorted(normalized)[-1]
    table = _of_member(normalized[newer], "HEARTRATE_AUTO")
    (quirks,) = (truth["quirks"] for name, truth in generate.expected()[newer].items() if "/HEARTRATE_AUTO/" in name)
    sentinels = {*quirks["sentinel_0"], *quirks["sentinel_255"]}
    twice = set(quirks["wall_clock_occurs_twice"]) - sentinels
    is_ambiguous = pc.equal(table["offset_basis"].cast(pa.string()), "ambiguous")
    assert set(table["row"].filter(is_ambiguous).to_pylist()) == twice
    assert "ambiguous_time" not in pc.unique(table["flags"].cast(pa.string())).to_pylist()


def test_nothing_personal_is_taken_in(normalized: dict[str, Path]) -> None:
    words = set()
    for folder in normalized.values():
        for path in folder.glob("*.parquet"):
            table = tables.read(path)
            for name in table.column_names:
                if pa.types.is_dictionary(table.schema.field(name).type) or name in ("text", "detail", "note"):
                    words |= set(pc.unique(table[name].cast(pa.string())).to_pylist())
    assert any("/SLEEP/" in (word or "") for word in words)
    assert not [word for word in words if word and ("NOT-TO-BE" in word or "/USER/" in word or "/BODY/" in word)]
