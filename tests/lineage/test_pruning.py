"""Runs that found nothing to do can be taken out of the registry; nothing that anybody did is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from pdp.cli import main
from pdp.lineage import database, pruning, queries, record
from pdp.lineage.model import JobRun, Run
from tests.workplace import Workplace

DAILY = "results/summary/ada/daily.parquet"
MANIFEST = "results/manifests/ada/cuff.json"


def poll(place: Workplace, run: str, *, reachable: bool = True, new: list[str] | None = None) -> None:
    said: dict[str, Any] = {
        "subject": "ada",
        "source": "cuff",
        "reachable": reachable,
        "why": None,
        "documents": 1,
        "gone": 0,
    }
    place.job(
        "ingest", [], [place.file(MANIFEST, run)], run=run, poll=said | {"new_exports": new or [], "postponed": []}
    )


def filled(place: Workplace) -> None:
    """One that worked, one that heard news, one that could not reach its source, and many that did nothing."""
    poll(place, "first", new=["0123456789abcdef"])
    place.job("summarize", [place.file(MANIFEST, "first")], [place.file(DAILY, "one", 1)], run="first")
    place.run("first")
    poll(place, "news", new=["fedcba9876543210"])
    place.run("news")
    poll(place, "silent", reachable=False)
    place.run("silent")
    place.run("failed", status="FAIL")
    for number in range(pruning.KEPT + 12):
        poll(place, f"idle{number:02d}")
        place.run(f"idle{number:02d}")
    record.fold(place.root)


def runs(place: Workplace) -> list[str]:
    with database.reading(place.root) as session:
        return sorted(session.scalars(select(Run.id)))


def test_idle_runs_go_and_the_newest_and_all_that_did_or_heard_something_stay(place: Workplace) -> None:
    filled(place)
    assert pruning.prune(place.root, is_trial=True).runs == 12
    assert len(runs(place)) == 4 + pruning.KEPT + 12
    assert pruning.prune(place.root).runs == 12
    assert runs(place) == sorted(["first", "news", "silent", "failed", *(f"idle{n:02d}" for n in range(12, 42))])
    assert pruning.prune(place.root).runs == 0
    with database.reading(place.root) as session:
        assert {job.run_id for job in session.scalars(select(JobRun))} <= set(runs(place))
        assert [version.number for version in queries.versions(session, DAILY)] == [1]
        current = queries.newest(session, MANIFEST)
        assert current is not None
        assert queries.makers(session, current)[-1].run_id == "idle41"
    record.fold(place.root)
    assert len(runs(place)) == 4 + pruning.KEPT, "what the archives hold was taken in again"


def test_a_registry_made_again_has_them_all(place: Workplace) -> None:
    filled(place)
    before = runs(place)
    pruning.prune(place.root)
    record.rebuild(place.root)
    assert runs(place) == before


def test_what_went_and_the_sizes_are_told(place: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(place)
    monkeypatch.chdir(place.folder)
    said = CliRunner().invoke(main, ["runs", "--prune", "--dry-run"], catch_exceptions=False).output
    assert said == "12 runs that found nothing to do, with 12 polls, would go.\n"
    said = CliRunner().invoke(main, ["runs", "--prune"], catch_exceptions=False).output
    assert said.startswith("12 runs that found nothing to do, with 12 polls, are taken out.\nThe registry: ")
    assert Path("results/receipts").is_dir()
