"""What was erased at its owner's wish is said to be so, wherever somebody asks for it."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from pdp.cli import main
from pdp.forgotten import EXPORT, FILE, PERIOD, SUBJECT, Entry, Forgotten
from pdp.lineage import erased
from tests.workplace import Workplace

GONE, DAILY = "0123456789abcdef", "results/summary/me/daily.parquet"
PRESSURE = "results/merged/me/blood_pressure.parquet"


def forgot(place: Workplace, *entries: Entry) -> None:
    folder = place.folder / "resources/raw/me"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FILE).write_bytes(Forgotten(entries).write())


def redacted(artifact: dict[str, Any]) -> dict[str, Any]:
    """As receipts name what was erased."""
    return artifact | {"sha256": f"{erased.MARK}{artifact['sha256'][10:]}"}


def table(place: Workplace) -> dict[str, Any]:
    """A daily table of one day without a reading."""
    told = place.file(DAILY, "")
    file = place.folder / DAILY
    pq.write_table(pa.table({"date": pa.array([date(2026, 11, 1)], pa.date32()), "bp_n": [0]}), file)
    return told | {"sha256": hashlib.sha256(file.read_bytes()).hexdigest(), "bytes": file.stat().st_size, "rows": 1}


def pdp(place: Workplace, *arguments: str) -> str:
    return CliRunner().invoke(main, [*arguments, "--results", str(place.root)]).output


@pytest.fixture
def erasure(place: Workplace) -> Workplace:
    """A daily table of two sources, one of which was erased, and the table made anew."""
    stays = place.file("results/validated/me/cuff/fedcba9876543210/blood_pressure.parquet", "cuff")
    goes = place.file(f"results/validated/me/band/{erased.MARK}e06ae7/heart_rate.parquet", "band")
    place.job("validate", [], [stays])
    place.job("summarize", [stays, redacted(goes)], [redacted(place.file(DAILY, "one", 9))], run="r1", aside=True)
    place.job("summarize", [stays, redacted(goes)], [redacted(place.file(DAILY, "two", 9))], run="r2", aside=True)
    place.job("summarize", [stays], [table(place)], run="r3")
    for run in ("r1", "r2", "r3"):
        place.run(run)
    forgot(place, Entry("1", "2026-11-20T06:00:00.000Z", EXPORT, exports=(GONE + "0" * 48,)))
    return place


def test_a_table_made_again_of_what_stayed_is_not_said_to_have_come_out_otherwise(place: Workplace) -> None:
    read, merged = place.file(PRESSURE.replace("merged", "validated/me/cuff"), "cuff"), place.file(PRESSURE, "mine", 3)
    was = redacted(merged)
    place.job("merge", [read], [was], run="r1", aside=True)
    place.job("summarize", [was], [redacted(place.file(DAILY, "one", 9))], run="r1", aside=True)
    place.job("merge", [read], [merged], run="r2")
    place.job("summarize", [merged], [table(place)], run="r2", settings={"days": 2})
    for run in ("r1", "r2"):
        place.run(run)
    forgot(place, Entry("1", "2026-11-20T06:00:00.000Z", EXPORT, exports=(GONE + "0" * 48,)))
    said = json.loads(pdp(place, "why", "merged/blood_pressure", "--json"))
    assert said["causes"] == ["made again after an erasure"]
    (cause,) = json.loads(pdp(place, "why", "daily", "--json"))["causes"]
    assert "days" in cause


def test_what_two_machines_erased_each_under_a_name_of_its_own_is_not_said_to_come_from_outside(
    place: Workplace,
) -> None:
    read, merged = place.file(PRESSURE.replace("merged", "validated/me/cuff"), "cuff"), place.file(PRESSURE, "mine", 3)
    here, there = (merged | {"sha256": f"{erased.MARK}{digit * 54}"} for digit in "12")
    place.job("merge", [read], [here], run="r1", aside=True)
    place.job("summarize", [here], [redacted(place.file(DAILY, "one", 9))], run="r1", aside=True)
    place.job("summarize", [there], [redacted(place.file(DAILY, "two", 9))], run="r2", aside=True)
    place.job("merge", [read], [merged], run="r3")
    place.job("summarize", [merged], [table(place)], run="r3", settings={"days": 2})
    for run in ("r1", "r2", "r3"):
        place.run(run)
    forgot(place, Entry("1", "2026-11-20T06:00:00.000Z", EXPORT, exports=(GONE + "0" * 48,)))

    (cause,) = json.loads(pdp(place, "why", "daily", "--json"))["causes"]
    assert "days" in cause
    said = json.loads(pdp(place, "why", "daily", "--from", "v1", "--to", "v2", "--json"))
    assert said["causes"] == ["what was read was erased at the owner's wish"]
    assert "outside the pipeline" not in pdp(place, "history", "daily")


def test_a_table_made_anew_after_an_erasure_says_what_made_it_differ(erasure: Workplace) -> None:
    said = json.loads(pdp(erasure, "why", "daily", "--json"))
    assert (said["from"]["version"], said["to"]["version"]) == (2, 3)
    assert said["causes"] == ["an export of band was erased at the owner's wish"]
    text = pdp(erasure, "why", "daily")
    assert "Values of daily, v2 -> v3: what they said is erased." in text
    assert "On 2026-11-20 1 export was erased at the owner's wish (pdp forget); nothing of it is kept." in text


def test_versions_of_before_are_listed_as_erased(erasure: Workplace) -> None:
    lines = pdp(erasure, "history", "daily").splitlines()[2:]
    assert ["  erased  " in line for line in lines] == [True, True, False]
    told = pdp(erasure, "history", "daily", "--day", "2026-11-01", "--figure", "bp_n").splitlines()
    assert "v1-v2" in told[2]
    assert "erased" in told[2]


@pytest.mark.parametrize("question", ["why", "explain", "history"])
def test_who_asks_for_an_erased_export_is_told_when_it_went(erasure: Workplace, question: str) -> None:
    for name in (f"validated/band/{GONE}/heart_rate", f"resources/raw/me/{GONE}", f"normalized/band/{GONE[:8]}/x"):
        told = pdp(erasure, question, name)
        assert "was erased on 2026-11-20 at the owner's wish (pdp forget)" in told
    assert "Did you mean" in pdp(erasure, question, "dayly")


def test_a_period_is_told_only_of_its_days(tmp_path: Path) -> None:
    place = Workplace(tmp_path)
    forgot(
        place,
        Entry("1", "2026-11-20T06:00:00.000Z", PERIOD, first="2026-03-01", last="2026-03-02"),
        Entry("2", "2026-11-21T06:00:00.000Z", SUBJECT),
    )
    of_period = (
        "On 2026-11-20 what was measured from 2026-03-01 to 2026-03-02 was erased at the owner's wish (pdp forget); "
        "nothing of it is kept."
    )
    of_all = "On 2026-11-21 everything of me was erased at the owner's wish (pdp forget); nothing of it is kept."
    assert erased.sentences(place.root, "me", "2026-03-02") == [of_all, of_period]
    assert erased.sentences(place.root, "me", "2026-03-03") == [of_all]
    assert erased.sentences(place.root, "you") == []
