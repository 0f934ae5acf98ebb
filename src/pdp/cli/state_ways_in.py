"""The commands about who may open the state: `pdp state password`, recover, machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pdp.cli.asking import tell
from pdp.cli.state_opening import (
    as_json_option,
    ask_password,
    backend,
    new_password,
    tell_identity,
    tell_recovery_key,
)
from pdp.errors import StateConflictError, StateError

if TYPE_CHECKING:
    from pdp.state.backends import Backend
    from pdp.state.sealing import Keys
    from pdp.state.secret import Secret


@click.command()
def password() -> None:
    """Set another password. The old one no longer opens the state."""
    from pdp.state import secret

    place = backend()
    _set_password(place, secret.from_environment(ask_password))
    click.echo("The password is changed. Machines with a key of their own are not affected.")


@click.command()
def recover() -> None:
    """Set a new password with the recovery key, also on a machine that has nothing but PDP_STATE."""
    from pdp.state import secret

    place = backend()
    _set_password(place, secret.RecoveryKey(click.prompt("Recovery key", hide_input=True, err=True)))
    click.echo("The new password is set, the recovery key stays valid. Bring your data back with: pdp state pull")


def _set_password(place: Backend, given: Secret) -> None:
    from pdp.state import keyring, opening

    keyring.open_with(place.read_keyring(), given)  # before a new password is asked for
    new = new_password()
    opening.change_keyring(place, given, lambda document, keys: keyring.with_password(document, keys, new))


@click.command("recovery-key")
def new_recovery_key() -> None:
    """Make a new recovery key, shown once. The one before no longer opens the state."""
    from pdp.state import keyring, opening, secret

    made: list[str] = []

    def change(document: bytes, keys: Keys) -> bytes:
        changed, printed = keyring.with_recovery(document, keys)
        made[:] = [printed]
        return changed

    try:
        opening.change_keyring(backend(), secret.from_environment(ask_password), change)
    except StateConflictError:
        raise
    except StateError as error:
        if not made:
            raise
        tell_recovery_key(made[0])
        raise StateError(
            f"this recovery key may have been stored, but that could not be seen: {error.what}",
            where=error.where,
            hint=f"Keep it and the one before. {error.hint} Then make another: pdp state recovery-key",
        ) from None
    tell_recovery_key(made[0])
    click.echo("The recovery key before this one no longer opens the state.")


@click.group()
def machine() -> None:
    """Machines that open the state with a key of their own, such as CI."""


@machine.command("list")
@as_json_option
def machine_list(as_json: bool) -> None:
    """What opens the state: the password, the recovery key, machines."""
    from pdp.state import keyring

    ways = keyring.ways_in(backend().read_keyring())
    if as_json:
        return tell([{"kind": kind, "name": name} for kind, name in ways])
    for kind, name in ways:
        click.echo(f"machine {name}" if kind == "recipient" else f"{kind}")


@machine.command("add")
@click.argument("name")
@click.option("--recipient", help="The machine's own age recipient (age1...), if its key was made there.")
@as_json_option
def machine_add(name: str, recipient: str | None, as_json: bool) -> None:
    """Let machine NAME open the state; its key is shown once."""
    from pdp.state import keyring, opening, secret

    identity = None
    if recipient is None:
        identity, recipient = secret.new_machine_identity()
    public, given = recipient, secret.from_environment(ask_password)
    opening.change_keyring(
        backend(), given, lambda document, keys: keyring.with_recipient(document, keys, name, public)
    )
    if as_json:
        return tell({"name": name, "identity": identity})
    click.echo(f'Machine "{name}" may open the state now.')
    if identity:
        tell_identity(name, identity)


@machine.command("remove")
@click.argument("name")
def machine_remove(name: str) -> None:
    """Take machine NAME's way in away. What it has read or copied, it has."""
    from pdp.state import keyring, opening, secret

    given = secret.from_environment(ask_password)
    opening.change_keyring(backend(), given, lambda document, keys: keyring.without_slot(document, keys, name))
    click.echo(
        f'The key of machine "{name}" no longer opens the state. If it may be in wrong hands, make a new state: who '
        "opened this one once may have kept its data key."
    )
