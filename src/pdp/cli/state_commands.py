"""The commands about the state: `pdp state init`, pull, push, and what looks after it."""

from __future__ import annotations

import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pdp.cli.asking import tell

if TYPE_CHECKING:
    from pdp.state.backends import Backend
    from pdp.state.sealing import Keys
    from pdp.state.secret import Password

as_json_option = click.option("--json", "as_json", is_flag=True, help="Answer as JSON, for programs.")


@click.group()
def state() -> None:
    """Keep everything sealed in a place of yours, so that any machine can go on where another stopped."""


def _here() -> Path:
    return Path.cwd()


def _backend() -> Backend:
    from pdp.state import backends, memory

    return backends.open_backend(memory.address(_here()))


def _opened() -> tuple[Backend, Keys]:
    """The state at the known address, opened with what the environment or a person gives."""
    from pdp.state import keyring, secret

    backend = _backend()
    given = secret.from_environment(_ask_password if sys.stdin.isatty() else None)
    return backend, keyring.open_with(backend.read_keyring(), given)


def _ask_password() -> str:
    return str(click.prompt("Password of the state", hide_input=True, err=True))


def _new_password(words: str = "New password (14 characters or more)") -> Password:
    from pdp.state.secret import Password

    return Password(click.prompt(words, hide_input=True, confirmation_prompt=True, err=True))


@state.command()
@click.argument("address")
@click.option("--machine", "machines", multiple=True, help="A machine that gets a key of its own, such as ci.")
@as_json_option
def init(address: str, machines: tuple[str, ...], as_json: bool) -> None:
    """Make a state at ADDRESS: folder:/path, google_drive: or google_fixed:<folder id>."""
    from pdp.state import backends, opening, secret

    environment = os.environ.get(secret.PASSWORD)
    password = secret.Password(environment) if environment else _new_password()
    pairs = {name: secret.new_machine_identity() for name in machines}
    made = opening.create(
        _here(), backends.open_backend(address), password, {name: pair[1] for name, pair in pairs.items()}
    )
    identities = {name: pair[0] for name, pair in pairs.items()}
    if as_json:
        return tell({"address": made.address, "recovery_key": made.recovery_key, "machines": identities})
    click.echo("The state is made. It is empty: `pdp state push` brings everything of this folder in.\n")
    click.echo("RECOVERY KEY. It is shown once and kept nowhere. Write it on paper, or print it, now:\n")
    click.echo(f"    {made.recovery_key}\n")
    click.echo("Whoever has it can read everything. If the password is lost and this key too, nobody can.")
    for name, identity in identities.items():
        _tell_identity(name, identity)
    click.echo("\nOther machines need the state's address as PDP_STATE: it stands in resources/state/memory.json.")


def _tell_identity(name: str, identity: str) -> None:
    click.echo(f'\nKey of machine "{name}", shown once; on that machine set PDP_STATE_KEY to it, as a secret:\n')
    click.echo(f"    {identity}")


@state.command()
@as_json_option
def pull(as_json: bool) -> None:
    """Bring what was pushed into this folder. What only this folder has stays."""
    from pdp.state import pull as pulling

    pulled = pulling.pull(_here(), *_opened())
    if as_json:
        return tell(asdict(pulled))
    if not pulled.is_changed:
        click.echo(f"Nothing new: this folder is at commit {pulled.seq}.")
    else:
        click.echo(
            f"Pulled commit {pulled.seq}: {_count(pulled.files, 'file')}, "
            f"{_count(pulled.new_raw, 'raw export')} of them new."
        )
    if pulled.our_receipts:
        click.echo("This folder has work that was not pushed; it is kept, and united with what came.")
    _tell_waiting(pulled.waiting)


@state.command()
@click.option("--allow-shrink", is_flag=True, help="Push although more than a fifth of the tables or rows is gone.")
@as_json_option
def push(allow_shrink: bool, as_json: bool) -> None:
    """Seal what is new in this folder and commit it. What others pushed meanwhile is united with it."""
    from pdp.cli import text as cli_text
    from pdp.state import push as pushing

    pushed = pushing.push(_here(), *_opened(), allow_shrink=allow_shrink)
    if as_json:
        return tell(asdict(pushed))
    if pushed.is_new:
        size = cli_text.size(pushed.bytes)
        click.echo(f"Pushed commit {pushed.seq}: {size} sealed, {_count(pushed.new_raw, 'new raw export')}.")
        if pushed.is_united:
            click.echo(
                "Another machine had pushed: both are united. Run snakemake again and push, so that tables follow."
            )
        elif not pushed.has_tables:
            click.echo("The tables that travel are those of the last run that ended well: the last one here did not.")
    else:
        click.echo(f"Nothing new to push; the state is at commit {pushed.seq}.")
    if pushed.is_behind:
        click.echo("The state has more than this folder: pdp state pull")
    if pushed.brought_raw:
        click.echo(f"Other machines had pushed: {_count(pushed.brought_raw, 'raw export')} came from them.")
    _tell_waiting(pushed.waiting)


def _tell_waiting(waiting: int) -> None:
    if waiting:
        click.echo(f"The tables do not know {_count(waiting, 'raw export')} yet: run snakemake again, then push.")


@state.command()
@click.option("--quick", is_flag=True, help="Compare sizes and checksums that the storage tells; fetch nothing.")
@as_json_option
def verify(quick: bool, as_json: bool) -> None:
    """Fetch, unseal and compare all that the newest commit holds. Exit code 1 if anything is not whole."""
    from pdp.state import verify as verification

    verdict = verification.verify(_here(), *_opened(), is_quick=quick)
    if as_json:
        tell(asdict(verdict))
    else:
        for path, why in verdict.findings:
            click.echo(f"NOT WHOLE  {path}: {why}")
        looked = f"Commit {verdict.seq}: {_count(verdict.files, 'file')} in {_count(verdict.blobs, 'blob')}"
        click.echo(f"{looked}, {f'{len(verdict.findings):,} not whole.' if verdict.findings else 'all whole.'}")
        if verdict.findings:
            click.echo("Push from a machine that has these files, or restore where the state is stored from a backup.")
    if verdict.findings:
        click.get_current_context().exit(1)


@state.command()
@click.option("-n", "--last", default=10, show_default=True, type=click.IntRange(1), help="How many.")
@as_json_option
def log(last: int, as_json: bool) -> None:
    """The last commits: when, by which machine and code, and what changed."""
    from pdp.cli import text as cli_text
    from pdp.lineage import summary
    from pdp.state import log as logging

    lines = logging.history(_here(), *_opened(), last)
    if as_json:
        return tell([asdict(line) for line in lines])
    rows = [
        [
            str(line.seq),
            summary.when(line.made_at),
            line.runner,
            line.code_version,
            ", ".join(f"{change:+,} {name}" for name, change in line.changes.items() if change) or "-",
        ]
        for line in lines
    ]
    click.echo(cli_text.columns(["COMMIT", "MADE", "MACHINE", "CODE", "CHANGED"], rows, right=(0,)))


@state.command()
def password() -> None:
    """Set another password. The old one no longer opens the state."""
    from pdp.state import keyring, opening, secret

    backend = _backend()
    given = secret.from_environment(_ask_password)
    keyring.open_with(backend.read_keyring(), given)
    new = _new_password()
    opening.change_keyring(backend, given, lambda document, keys: keyring.with_password(document, keys, new))
    click.echo("The password is changed. Machines with a key of their own are not affected.")


@state.command()
def recover() -> None:
    """Set a new password with the recovery key, also on a machine that has nothing but PDP_STATE."""
    from pdp.state import keyring, opening, secret

    backend = _backend()
    given = secret.RecoveryKey(click.prompt("Recovery key", hide_input=True, err=True))
    keyring.open_with(backend.read_keyring(), given)
    new = _new_password()
    opening.change_keyring(backend, given, lambda document, keys: keyring.with_password(document, keys, new))
    click.echo("The new password is set, the recovery key stays valid. Bring your data back with: pdp state pull")


@state.group()
def machine() -> None:
    """Machines that open the state with a key of their own, such as CI."""


@machine.command("list")
@as_json_option
def machine_list(as_json: bool) -> None:
    """What opens the state: the password, the recovery key, machines."""
    from pdp.state import keyring

    ways = keyring.ways_in(_backend().read_keyring())
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
    public, given = recipient, secret.from_environment(_ask_password)
    opening.change_keyring(
        _backend(), given, lambda document, keys: keyring.with_recipient(document, keys, name, public)
    )
    if as_json:
        return tell({"name": name, "identity": identity})
    click.echo(f'Machine "{name}" may open the state now.')
    if identity:
        _tell_identity(name, identity)


@machine.command("remove")
@click.argument("name")
def machine_remove(name: str) -> None:
    """Take machine NAME's way in away. What it has read or copied, it has."""
    from pdp.state import keyring, opening, secret

    given = secret.from_environment(_ask_password)
    opening.change_keyring(_backend(), given, lambda document, keys: keyring.without_slot(document, keys, name))
    click.echo(
        f'The key of machine "{name}" no longer opens the state. If it may be in wrong hands, make a new state: who '
        "opened this one once may have kept its data key."
    )


@state.command()
@click.option("--yes", "is_real", is_flag=True, help="Put them into the trash.  [default: only say what there is]")
@as_json_option
def collect(is_real: bool, as_json: bool) -> None:
    """Blobs that the last 30 commits do not need and that are older than 14 days: into the storage's trash."""
    from pdp.cli import text as cli_text
    from pdp.state import garbage

    found = garbage.collect(_here(), *_opened(), is_real=is_real)
    if as_json:
        return tell(asdict(found))
    told = f"{_count(found.blobs, 'blob')}, {cli_text.size(found.bytes)}"
    if not found.blobs:
        click.echo("Nothing to collect.")
    elif found.is_done:
        click.echo(f"Put into the trash: {told}. Put back, as a push just needed them: {found.restored:,}.")
    else:
        click.echo(f"Nobody needs {told} any more. To put them into the trash: pdp state collect --yes")


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
