"""The command `pdp`: where a number comes from, why it changed, what ran, whether the bytes are what they were."""

from __future__ import annotations

import re
from dataclasses import asdict
from pathlib import Path
from typing import Any, NoReturn

import click

from pdp import store
from pdp.cli import text as cli_text
from pdp.cli import withheld
from pdp.cli.asking import for_people_and_programs, registry, tell
from pdp.cli.forget_command import forget
from pdp.cli.google_commands import google
from pdp.cli.history_command import history
from pdp.cli.interchange_command import COMMANDS as INTERCHANGE
from pdp.cli.preview_command import preview
from pdp.cli.row_commands import explain, rejected
from pdp.cli.state_commands import state
from pdp.cli.verify_command import verify
from pdp.errors import PdpError


class _Family(click.Group):
    """Our own errors are one sentence on stderr and exit code 2, never a trace."""

    def invoke(self, context: click.Context) -> Any:
        try:
            with store.told(Path()):  # a folder that one may only read, a disk that is full
                return super().invoke(context)
        except PdpError as error:
            _refuse(context, error)


def _refuse(context: click.Context, error: PdpError) -> NoReturn:
    click.echo(f"pdp: {error}", err=True)
    context.exit(2)


@click.group(cls=_Family, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Ask where the results come from."""


@main.command()
@for_people_and_programs
@click.option("-n", "--last", default=10, show_default=True, type=click.IntRange(1), help="How many.")
@click.option("--prune", is_flag=True, help="Take runs that found nothing to do out of the registry, but the last 30.")
@click.option("--dry-run", "is_trial", is_flag=True, help="With --prune: only say how many.")
def runs(root: Path, as_json: bool, last: int, prune: bool, is_trial: bool) -> None:
    """The last runs: when, how they ended, what they did."""
    from pdp.lineage import queries, summary

    if is_trial and not prune:
        raise click.UsageError("--dry-run is for --prune.")
    if prune:
        return _prune(root, as_json, is_trial)
    with registry(root) as session:
        lines = queries.runs(session, last)
    if as_json:
        return tell([{**asdict(line), "duration_s": summary.seconds(line.started, line.ended)} for line in lines])
    if not lines:
        return click.echo("No run is on record yet.")
    rows = [
        [
            summary.when(line.started),
            "running or lost" if line.status == "START" else line.status,
            summary.duration(summary.seconds(line.started, line.ended)),
            cli_text.number(line.ran),
            cli_text.number(line.reused),
            cli_text.number(line.failed),
            f"{line.polls}{f' ({line.unreachable} unreachable)' if line.unreachable else ''}",
            cli_text.number(line.new_exports),
            line.id,
        ]
        for line in lines
    ]
    header = ["STARTED", "STATUS", "TOOK", "RAN", "REUSED", "FAILED", "POLLS", "NEW", "RUN"]
    click.echo(cli_text.columns(header, rows, right=(2, 3, 4, 5, 7)))
    for line in lines:
        if line.error:
            click.echo(f"{line.id}: {line.error}")


def _prune(root: Path, as_json: bool, is_trial: bool) -> None:
    from pdp.lineage import pruning

    pruned = pruning.prune(root, is_trial=is_trial)
    if as_json:
        return tell(asdict(pruned))
    verb = "would go" if is_trial else "are taken out"
    click.echo(f"{pruned.runs:,} runs that found nothing to do, with {pruned.jobs:,} polls, {verb}.")
    if not is_trial and pruned.runs:
        sizes = f"{cli_text.size(pruned.bytes_before)} -> {cli_text.size(pruned.bytes_after)}"
        click.echo(f"The registry: {sizes}. Their receipts stay in {root}/receipts.")


def _version_number(context: click.Context, parameter: click.Parameter, value: str | None) -> int | None:
    if value is None:
        return None
    if not re.fullmatch(r"v?[0-9]{1,9}", value):
        raise click.BadParameter(f'"{value}" is no version. Write v3 or 3.')
    return int(value.removeprefix("v"))


@main.command()
@for_people_and_programs
@click.argument("dataset")
@click.option(
    "--from", "before", callback=_version_number, help="The older version, such as v3.  [default: one before]"
)
@click.option("--to", "after", callback=_version_number, help="The newer version.  [default: the current one]")
@click.option("--subject", help="Whose, where several have such a table.")
def why(root: Path, as_json: bool, dataset: str, before: int | None, after: int | None, subject: str | None) -> None:
    """Why DATASET changed between two versions, or why nothing ran."""
    from pdp.cli import why_text as cli_why
    from pdp.lineage import dataset_names, erased

    erased.refuse(root, dataset)
    with registry(root) as session:
        path = dataset_names.resolve(session, dataset, subject)
        answer = cli_why.answer(session, root, path, before, after)
    tell(withheld.for_anyone(answer)) if as_json else click.echo(cli_why.text(answer))


main.add_command(explain)
main.add_command(forget)
main.add_command(google)
main.add_command(history)
for _command in INTERCHANGE:
    main.add_command(_command)
main.add_command(preview)
main.add_command(rejected)
main.add_command(state)
main.add_command(verify)
