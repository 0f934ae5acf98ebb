"""What differs after two runs, in the order in which they were taken in."""

from __future__ import annotations

from pdp.lineage import database, record, run_difference
from tests.workplace import Workplace

DAILY = "results/summary/ada/daily.parquet"


def test_of_two_runs_the_one_that_was_taken_in_first_is_before_whatever_their_clocks_said(place: Workplace) -> None:
    for run, content, at in (
        ("fast", "one", "2027-01-01"),
        ("true", "two", "2026-11-23"),
        ("idle", "two", "2026-11-22"),
    ):
        if run != "idle":
            place.job("summarize", [], [place.file(DAILY, content, 1)], run=run, ended=f"{at}T06:00:00.000Z")
        place.run(run, at=f"{at}T06:00:01.000Z")
        record.fold(place.root)
    with database.reading(place.root) as session:
        for given in (("fast", "true"), ("true", "fast"), ("idle", "fast")):
            (found,) = run_difference.between(session, "ada", *given)
            assert found.before is not None
            assert found.after is not None
            assert (found.before.number, found.after.number) == (1, 2)
        assert run_difference.between(session, "ada", "true", "idle") == []
