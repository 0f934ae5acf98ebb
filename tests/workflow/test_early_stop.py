"""An edit that changes no byte of a job's outputs ends there: nothing after it runs, in the same invocation."""

from __future__ import annotations

import pytest

from tests.workflow.conftest import ALL_OF_BAND, BAND, BAND_MERGES, SUMMARY, Tree

pytestmark = pytest.mark.workflow


def test_a_parser_that_gives_the_same_rows_makes_nothing_after_it_run(tree: Tree) -> None:
    tree.write("src/pdp/formats/bp_log.py", (tree.root / "src/pdp/formats/bp_log.py").read_text() + "\n_MORE = 1\n")
    before = tree.artifacts()
    assert tree.ran() == ["normalize ada/cuff"]
    assert tree.artifacts() == before
    assert tree.ran() == []


def test_what_did_change_goes_on_and_only_that(tree: Tree) -> None:
    """Of two parsers that were edited one gives other rows: what follows from it runs, once."""
    tree.write("src/pdp/formats/bp_log.py", (tree.root / "src/pdp/formats/bp_log.py").read_text() + "\n_MORE = 1\n")
    tree.write("in/band/HEARTRATE_AUTO_1.csv", BAND.replace("00:10,56", "00:10,66"))
    expected = ["normalize ada/cuff", *ALL_OF_BAND, *BAND_MERGES, *SUMMARY]
    # Merges whose tables came out as they were end there: the night's sleep has no part in a changed heart rate.
    ran = tree.ran()
    assert set(ran) <= set(expected)
    assert {"normalize ada/cuff", *ALL_OF_BAND, "merge ada/heart_rate", "pyramid ada", "summarize ada"} <= set(ran)
    assert "validate ada/cuff" not in ran
    assert tree.ran() == []


def test_a_job_that_fails_elsewhere_is_still_made_up_for(tree: Tree) -> None:
    tree.write("src/pdp/formats/bp_log.py", (tree.root / "src/pdp/formats/bp_log.py").read_text() + "\n_MORE = 1\n")
    tree.edit("src/pdp/pyramid/__init__.py", "ROWS_AT_A_TIME = 500_000", "ROWS_AT_A_TIME = 500_000\nraise ValueError")
    ran = tree.ran(fails=True)
    assert [name for name in ran if name.startswith(("normalize", "validate", "merge"))] == ["normalize ada/cuff"]
    tree.edit("src/pdp/pyramid/__init__.py", "\nraise ValueError", "")
    assert "pyramid ada" in tree.ran()
    assert tree.ran() == []
