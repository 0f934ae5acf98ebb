"""The commands about the state: `pdp state init`, pull, push, and what looks after it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from pdp.cli.asking import tell
from pdp.cli.state_init import init
from pdp.cli.state_opening import as_json_option, here, opened
from pdp.cli.state_repair import repairing, tell_repaired
from pdp.cli.state_ways_in import machine, new_recovery_key, password, recover

if TYPE_CHECKING:
    from pdp.state.push import Pushed


@click.group()
def state() -> None:
    """Keep everything sealed in a place of yours, so that any machine can go on where another stopped."""


@state.command()
@click.option("--tables", is_flag=True, help="Also bring back tables that were made again here since the last pull.")
@as_json_option
def pull(tables: bool, as_json: bool) -> None:
    """Bring what was pushed into this folder. What only this folder has stays."""
    from pdp.state import pull as pulling

    pulled = pulling.pull(here(), *opened(), wants_tables=tables)
    if as_json:
        return tell(asdict(pulled))
    if pulled.is_empty:
        click.echo("The state holds nothing yet: `pdp state push` brings in what is in this folder.")
    elif not pulled.is_changed:
        click.echo(f"Nothing new: this folder is at commit {pulled.seq}.")
    else:
        click.echo(
            f"Pulled commit {pulled.seq}: {_count(pulled.files, 'file')}, "
            f"{_count(pulled.new_raw, 'raw export')} of them new."
        )
    if pulled.our_receipts:
        click.echo("This folder has work that was not pushed; it is kept, and united with what came.")
    if pulled.forgotten:  # until that is done no run starts
        click.echo(
            f"What was forgotten on another machine is still here, in {_count(pulled.forgotten, 'place')} of this "
            "folder. Erase it here as well: pdp forget --finish"
        )
    else:
        _tell_waiting(pulled.waiting)


@state.command()
@click.option("--allow-shrink", is_flag=True, help="Push although more than a fifth of the tables or rows is gone.")
@click.option("--repair", "is_repair", is_flag=True, help="First store again what is gone or damaged in the storage.")
@as_json_option
def push(allow_shrink: bool, is_repair: bool, as_json: bool) -> None:
    """Seal what is new in this folder and commit it. What others pushed meanwhile is united with it."""
    from pdp.state import push as pushing

    place, keys = opened()
    repaired = repairing(place, keys) if is_repair else None
    try:
        pushed = pushing.push(here(), place, keys, allow_shrink=allow_shrink)
        if repaired and repaired.lost and pushed.is_new:
            repaired = repairing(place, keys)  # tables may have been replaced
    finally:
        if repaired and not as_json:
            tell_repaired(repaired)
    if as_json:
        tell(asdict(pushed) | ({"repaired": asdict(repaired)} if repaired else {}))
    else:
        _tell_pushed(pushed)
    if repaired and repaired.lost:
        click.get_current_context().exit(1)


def _tell_pushed(pushed: Pushed) -> None:
    from pdp.cli import text as cli_text

    if pushed.is_new:
        size = cli_text.size(pushed.bytes)
        click.echo(f"Pushed commit {pushed.seq}: {size} sealed, {_count(pushed.new_raw, 'new raw export')}.")
        if pushed.is_united:
            click.echo(
                "Another machine had pushed: both are united. Run snakemake again and push, so that tables follow."
            )
        elif pushed.has_failed:
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
    """Read every commit, and fetch, unseal and compare all that the newest holds. Exit code 1 if not all is whole."""
    from pdp.state import verify as verification

    verdict = verification.verify(here(), *opened(), is_quick=quick)
    if as_json:
        tell(asdict(verdict))
    else:
        for path, why in verdict.findings:
            click.echo(f"NOT WHOLE  {path}: {why}")
        looked = f"Commit {verdict.seq}: {_count(verdict.files, 'file')} in {_count(verdict.blobs, 'blob')}"
        looked += f", {_count(verdict.commits, 'commit')} of history" if verdict.commits else ""
        click.echo(f"{looked}, {f'{len(verdict.findings):,} not whole.' if verdict.findings else 'all whole.'}")
        if verdict.cut is not None:
            click.echo(
                f"Commit {verdict.cut} erased what was forgotten: of commits before it the lists of files and their "
                "contents were deleted on purpose. What they counted, and when, is still told by pdp state log."
            )
        if verdict.findings:
            click.echo(
                "pdp state push --repair, on a machine that has these files, stores them again. Or restore the storage "
                "from a backup."
            )
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

    lines = logging.history(here(), *opened(), last)
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
@click.option("--yes", "is_real", is_flag=True, help="Put them into the trash.  [default: only say what there is]")
@as_json_option
def collect(is_real: bool, as_json: bool) -> None:
    """Blobs that the last 30 commits do not need and that are older than 14 days: into the storage's trash."""
    from pdp.cli import text as cli_text
    from pdp.state import garbage

    found = garbage.collect(here(), *opened(), is_real=is_real)
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


for each in (init, password, recover, new_recovery_key, machine):
    state.add_command(each)
