"""The words of README and docs agree with the commands that exist."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from pdp.cli import main

ROOT = Path(__file__).parents[1]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
_QUOTED = re.compile(r"`(pdp [^`]+)`|^    (pdp .+?)(?:\s+#.*)?$", re.M)
_PLACEHOLDER = "[<|…"  # <name>, [options] and the like: a form of the command and no call of it


def _calls() -> list[tuple[str, str]]:
    found = []
    for page in PAGES:
        for match in _QUOTED.finditer(page.read_text(encoding="utf-8")):
            call = (match[1] or match[2]).replace("\n", " ")
            if not call.startswith("pdp state 1: "):  # HKDF labels of the format, in docs/state-format.md
                found.append((page.name, call))
    return found


def _commands(group: click.Group, prefix: str = "pdp") -> Iterator[str]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from _commands(command, f"{prefix} {name}")
        elif not command.hidden:
            yield f"{prefix} {name}"


@pytest.mark.parametrize(("page", "call"), _calls())
def test_a_command_that_the_docs_write_down_exists_with_these_options(page: str, call: str) -> None:
    words = shlex.split(call)[1:]
    command: click.Command = main
    context = click.Context(main, info_name="pdp")
    while isinstance(command, click.Group) and words:
        name = words.pop(0)
        assert name in command.commands, f"{page}: {call}"
        command = command.commands[name]
        context = click.Context(command, info_name=name, parent=context)
    options = {word for parameter in command.params for word in (*parameter.opts, *parameter.secondary_opts)}
    for word in words:
        if word.startswith("-") and not set(word) & set(_PLACEHOLDER):
            assert word.split("=")[0] in options | {"-h", "--help"}, f"{page}: {call}: {word}"


@pytest.mark.parametrize("command", list(_commands(main)))
def test_every_command_is_written_down_for_whoever_reads_the_docs(command: str) -> None:
    assert any(call.startswith(command) for _, call in _calls())
