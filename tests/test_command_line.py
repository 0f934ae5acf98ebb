"""What is refused of Snakemake's own options, because it would go wrong without a word."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from pdp.command_line import Asked
from pdp.errors import ConfigError


def asked(*arguments: str, cores: int = 4, is_dry: bool = False) -> Asked:
    """A call with these words."""
    workflow = SimpleNamespace(
        resource_settings=SimpleNamespace(cores=cores), output_settings=SimpleNamespace(dryrun=is_dry)
    )
    return Asked(workflow, ["snakemake", "--cores", "4", *arguments])


@pytest.mark.parametrize("option", ["--touch", "-t"])
def test_results_are_not_dated_as_made_by_what_did_not_make_them(option: str) -> None:
    with pytest.raises(ConfigError, match=r"--touch: would date results .* no run would mend that"):
        asked(option).check(["ada"])


@pytest.mark.parametrize(
    "words", [["--until", "validate"], ["-U", "merge", "-n"], ["--until=merge"], ["-U", "ingest", "normalize"]]
)
def test_until_a_rule_that_no_graph_holds_before_the_poll_names_the_option_that_works(words: list[str]) -> None:
    with pytest.raises(ConfigError, match="--omit-from merge stops after validate"):
        asked(*words).check(["ada"])


@pytest.mark.parametrize(
    "words", [["--until", "ingest"], ["-U", "events", "--omit-from", "merge"], ["--forcerun", "merge"]]
)
def test_until_a_rule_that_every_graph_holds_is_let_through(words: list[str]) -> None:
    asked(*words).check(["ada"])


def test_without_a_core_no_run_waits_for_ever() -> None:
    with pytest.raises(ConfigError, match="no job can ever start"):
        asked(cores=0).check(["ada"])
    asked(cores=0, is_dry=True).check(["ada"])


def test_a_report_before_there_are_pages_says_what_to_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("ada", "bob"):
        place = tmp_path / "results/summary" / name / "pages"
        place.mkdir(parents=True)
        if name == "ada":
            (place / "days.html").touch()
    asked("--report", "r.html").check(["ada"])
    with pytest.raises(ConfigError, match=r"nothing to report of bob yet: .* snakemake --cores 4"):
        asked("--report=r.html").check(["ada", "bob"])
