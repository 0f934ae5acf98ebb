"""Where the code of a job stands: an address only as told, a commit only where it holds the code that ran."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from pdp import run
from pdp.cli import main
from pdp.config import Config, OpenLineage
from pdp.interchange.code_location import Location, address
from pdp.interchange.registry_stream import Code
from pdp.keys import Code as Digests
from tests.lineage_canary import of_runs
from tests.openlineage_schema import validator

AT_GITHUB = {"GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "ada/pdp"}
REPOSITORY = "https://code.example/study/pdp"


@pytest.mark.parametrize(
    ("environment", "is_discreet", "expected"),
    [
        ({}, False, ""),
        (AT_GITHUB, False, "https://github.com/ada/pdp"),
        (AT_GITHUB, True, ""),
        ({"GITHUB_SERVER_URL": "https://github.com"}, False, ""),
        (AT_GITHUB | {"OPENLINEAGE_REPOSITORY": REPOSITORY}, True, REPOSITORY),
        ({"OPENLINEAGE_REPOSITORY": "https://ada:token@code.example/study/pdp.git/?key=1#x"}, False, REPOSITORY),
        ({"OPENLINEAGE_REPOSITORY": "git@code.example:study/pdp.git"}, False, ""),
        ({"OPENLINEAGE_REPOSITORY": "/home/ada/pdp"}, False, ""),
    ],
)
def test_an_address_is_told_as_given_without_credentials_and_an_account_only_where_names_are(
    environment: dict[str, str], is_discreet: bool, expected: str
) -> None:
    assert address(environment, is_discreet=is_discreet) == expected


def git(folder: Path, *arguments: str) -> str:
    known = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    who = ("-c", "user.name=ada", "-c", "user.email=ada@example.org", "-c", "commit.gpgsign=false")
    command = ["git", "-C", str(folder), *who, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ | known).stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository with one rule's script and its module, committed."""
    for name, text in (
        ("Snakefile", "rule all:\n"),
        ("scripts/merge.py", "from pdp import merge\n"),
        ("src/pdp/__init__.py", ""),
        ("src/pdp/merge/__init__.py", "ONE = 1\n"),
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "-m", "one")
    return tmp_path


def recorded(folder: Path) -> Code:
    digests, libraries = Digests(folder / "src", folder / "digests.json").closure(folder / "scripts/merge.py")
    assert set(digests) == {"scripts/merge.py", "pdp.merge", "pdp"}
    return Code(digests, libraries, "3.12")


def test_the_commit_is_told_where_it_holds_the_code_that_ran(checkout: Path) -> None:
    commit = git(checkout, "rev-parse", "HEAD")
    place = Location(REPOSITORY, checkout).of_rule(recorded(checkout))
    assert place is not None
    assert (place.type, place.version, place.path) == ("git", commit, "scripts/merge.py")
    assert place.url == f"{REPOSITORY}/blob/{commit}/scripts/merge.py"
    assert place.repoUrl == f"{REPOSITORY}.git"
    (checkout / "notes.txt").write_text("no code")
    assert Location(REPOSITORY, checkout).of_rule(recorded(checkout)) == place


def versions(checkout: Path, code: Code) -> list[str | None]:
    places = (Location(REPOSITORY, checkout).of_rule(code), Location(REPOSITORY, checkout / "src").of_rule(code))
    assert all(place is not None and place.url == REPOSITORY for place in places)
    return [place.version for place in places if place]


def test_no_commit_is_told_of_other_code_of_edited_code_and_of_no_checkout(checkout: Path) -> None:
    code = recorded(checkout)
    (checkout / "Snakefile").write_text("rule all: pass\n")
    assert versions(checkout, code) == [None, None]
    git(checkout, "commit", "--quiet", "-am", "two")
    assert Location(REPOSITORY, checkout).of_rule(code).version  # type: ignore[union-attr]
    (checkout / "src/pdp/merge/__init__.py").write_text("ONE = 2\n")
    git(checkout, "commit", "--quiet", "-am", "three")
    assert versions(checkout, code) == [None, None]
    assert Location("", checkout).of_rule(code) is None
    assert Location(REPOSITORY, checkout).of_rule(None) is None


def test_events_say_where_the_code_is_when_a_repository_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = of_runs(tmp_path)

    def facets(*options: str) -> dict[str, dict[str, str]]:
        done = CliRunner().invoke(main, ["openlineage", "--all", *options, "--results", str(place.root)])
        events = [json.loads(line) for line in done.stdout.splitlines()]
        for event in events:
            validator().validate(event)
        found = {event["job"]["name"]: event["job"]["facets"].get("sourceCodeLocation") for event in events}
        return {name: facet for name, facet in found.items() if facet}

    for name in (*AT_GITHUB, "OPENLINEAGE_REPOSITORY"):
        monkeypatch.delenv(name, raising=False)
    assert facets() == {}
    for name, value in AT_GITHUB.items():
        monkeypatch.setenv(name, value)
    assert facets()["workflow"]["path"] == "Snakefile"
    assert facets()["workflow"]["url"] == "https://github.com/ada/pdp"
    assert facets("--discreet") == {}
    monkeypatch.setattr(os, "environ", dict(os.environ))
    run.name_lineage_server(Config(subjects={}, openlineage=OpenLineage(repository=REPOSITORY)))
    assert facets("--discreet")["workflow"]["repoUrl"] == f"{REPOSITORY}.git"
