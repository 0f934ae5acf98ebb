"""`pdp state init`: a new state, and the keys to it, which are shown once."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from pdp.cli.asking import tell
from pdp.cli.state_opening import as_json_option, here, new_password, tell_identity, tell_recovery_key
from pdp.errors import PdpError, StateError

if TYPE_CHECKING:
    from pdp.state.opening import Made


@click.command()
@click.argument("address")
@click.option("--machine", "machines", multiple=True, help="A machine that gets a key of its own, such as ci.")
@as_json_option
def init(address: str, machines: tuple[str, ...], as_json: bool) -> None:
    """Make a state at ADDRESS: folder:/path, google_drive: or google_fixed:<folder id>."""
    from pdp.state import backends, opening, secret

    environment = os.environ.get(secret.PASSWORD)
    password = secret.Password(environment) if environment else new_password()
    pairs = {name: secret.new_machine_identity() for name in machines}
    made = opening.create(
        here(), backends.open_backend(address), password, {name: pair[1] for name, pair in pairs.items()}
    )
    identities = {name: pair[0] for name, pair in pairs.items()}
    if as_json:
        tell({"address": made.address, "recovery_key": made.recovery_key, "machines": identities})
    else:
        _tell_made(made, identities)
    if made.failure:
        raise _not_read_back(made.failure)


def _tell_made(made: Made, identities: dict[str, str]) -> None:
    if not made.failure:
        click.echo("The state is made. It is empty: `pdp state push` brings everything of this folder in.\n")
    tell_recovery_key(made.recovery_key)
    click.echo("Whoever has it can read everything. If the password is lost and this key too, nobody can.")
    for name, identity in identities.items():
        tell_identity(name, identity)
    click.echo("\nAddress of the state; this folder knows it, on other machines set PDP_STATE to it:\n")
    click.echo(f"    {made.address}")


def _not_read_back(failure: PdpError) -> StateError:
    return StateError(
        f"the state may have been made, but it could not be read back: {failure.what}",
        where=failure.where,
        hint=f"Keep the keys above. {failure.hint} Then set PDP_STATE to the address above and run pdp state verify: "
        "if it finds commit 0, all is well. If it says that there is no state, run pdp state init again and throw "
        "these keys away.",
    )
