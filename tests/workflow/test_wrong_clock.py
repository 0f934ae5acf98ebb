"""A clock that was ahead and is right again: what it dated is neither an error nor newer than what comes now."""

from __future__ import annotations

import os

import pytest

from tests.workflow.conftest import GROWN, Tree

pytestmark = pytest.mark.workflow

THREE_YEARS_NS = 3 * 365 * 86_400 * 10**9


def date_ahead(tree: Tree) -> None:
    """As if the clock had been three years ahead when everything here was made."""
    for folder in ("results", "resources/raw"):
        for path in (tree.root / folder).rglob("*"):
            if path.is_file():
                os.utime(path, ns=(path.stat().st_mtime_ns + THREE_YEARS_NS,) * 2)


def test_results_dated_in_the_future_are_built_upon_and_not_made_again(tree: Tree) -> None:
    date_ahead(tree)
    assert tree.ran() == []
    date_ahead(tree)
    tree.write("in/cuff/second.csv", "Date,Time,Systolic,Diastolic,Pulse\n2025-04-02,07:10,133,85,62\n")
    assert tree.ran() == GROWN


def test_a_setting_that_changed_after_the_clock_was_set_right_is_noticed(tree: Tree) -> None:
    date_ahead(tree)
    tree.edit("config/config.yaml", "format: zepp_life", "format: zepp_life\n        device: Band 7")
    assert tree.would_run().items() >= {"normalize": 1, "validate": 1, "pyramid": 1, "summarize": 1}.items()
