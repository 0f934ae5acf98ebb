"""`pdp state push --repair`: what was stored again, and what this folder can't give."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pdp.cli.state_opening import here

if TYPE_CHECKING:
    from pdp.state.backends import Backend
    from pdp.state.repair import Repaired
    from pdp.state.sealing import Keys

_MOST_NAMED = 20


def repairing(place: Backend, keys: Keys) -> Repaired:
    """Store again what is gone or damaged, as far as this folder has it."""
    from pdp.state import repair

    return repair.repair(here(), place, keys)


def tell_repaired(repaired: Repaired) -> None:
    """In words."""
    from pdp.state import repair

    if repaired.restored:
        click.echo(f"Taken out of the trash: {repaired.restored:,} of {repaired.checked:,} blobs.")
    if repaired.files:
        click.echo(f"Repaired: {repaired.files:,} file(s) were stored again, as commit {repaired.seq}.")
    elif not repaired.lost and not repaired.restored:
        click.echo(f"Nothing to repair: all {repaired.checked:,} blobs of commit {repaired.seq} are whole.")
    for path in repaired.lost[:_MOST_NAMED]:
        click.echo(f"NOT REPAIRED  {path}: this folder does not have these bytes.")
    if len(repaired.lost) > _MOST_NAMED:
        click.echo(f"NOT REPAIRED  and {len(repaired.lost) - _MOST_NAMED:,} more")
    if repaired.lost:
        click.echo(repair.advice(repaired.lost))
