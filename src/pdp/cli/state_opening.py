"""What every command about the state begins with: where the state is, and what opens it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from pdp.state.backends import Backend
    from pdp.state.sealing import Keys
    from pdp.state.secret import Password

as_json_option = click.option("--json", "as_json", is_flag=True, help="Answer as JSON, for programs.")


def here() -> Path:
    """The working folder."""
    return Path.cwd()


def backend() -> Backend:
    """The back end at the known address."""
    from pdp.state import backends, memory

    return backends.open_backend(memory.address(here()))


def opened() -> tuple[Backend, Keys]:
    """The state at the known address, opened with what the environment or a person gives."""
    from pdp.state import keyring, secret

    place = backend()
    given = secret.from_environment(ask_password if sys.stdin.isatty() else None)
    return place, keyring.open_with(place.read_keyring(), given)


def ask_password() -> str:
    """The password, from a person."""
    return str(click.prompt("Password of the state", hide_input=True, err=True))


def new_password() -> Password:
    """A new password, typed twice."""
    from pdp.state.secret import Password

    words = "New password (14 characters or more)"
    return Password(click.prompt(words, hide_input=True, confirmation_prompt=True, err=True))


def tell_recovery_key(key: str) -> None:
    """Show it, once."""
    click.echo("RECOVERY KEY. It is shown once and kept nowhere. Write it on paper, or print it, now:\n")
    click.echo(f"    {key}\n")


def tell_identity(name: str, identity: str) -> None:
    """Show a machine's key, once."""
    click.echo(f'\nKey of machine "{name}", shown once; on that machine set PDP_STATE_KEY to it, as a secret:\n')
    click.echo(f"    {identity}")
