"""`pdp preview`: what a new export would bring, before anything is stored."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import NoReturn

import click

from pdp.cli.asking import for_people_and_programs, tell

NOTHING = 1  # exit code where nothing of the file would be taken
_LONG = 50_000_000  # bytes of a file from which a person is told what takes so long: some seconds


@click.command()
@for_people_and_programs
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True, readable=True))
@click.option(
    "--configfile",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="Whose file it is, such as config/me.yaml.  [default: config/config.yaml alone]",
)
@click.option("--subject", help="Whose, where the configuration has several.")
@click.option("--source", help="Of which source.  [default: found by format, place and name]")
@click.option("--format", "format_", metavar="NAME", help="Read it by this format, whatever it looks like.")
def preview(
    root: Path,
    as_json: bool,
    file: Path,
    configfile: Path | None,
    subject: str | None,
    source: str | None,
    format_: str | None,
) -> None:
    """What FILE, a new export, would bring: rows by fate, overlaps, daily values. Nothing is stored.

    Exit code 1 if nothing of it would be taken. A gigabyte takes about half a minute; memory does not grow with it.

    \b
    pdp preview ~/Downloads/export.zip --configfile config/me.yaml
    pdp preview log.csv --source cuff
    """
    from pdp.cli import preview_json, preview_text
    from pdp.preview import Asked
    from pdp.preview import preview as look

    if not file.is_file():
        raise click.UsageError(f'"{file}" is no ordinary file.')
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _leave)
    is_long = file.stat().st_size >= _LONG and sys.stderr.isatty()
    asked = Asked(file, root, configfile, subject, source, format_)
    try:
        found = look(asked, _say) if is_long else look(asked)
    except KeyboardInterrupt:  # click would end with 1, which says something of the file here
        _leave(signal.SIGINT, None)
    tell(preview_json.as_json(found)) if as_json else click.echo(preview_text.text(found))
    if not found.accepted:
        click.get_current_context().exit(NOTHING)


def _say(doing: str) -> None:
    click.echo(f"pdp: {doing} ...", err=True)


def _leave(number: int, frame: object) -> NoReturn:
    """Stopped from outside: go through the doors, so that the temporary folder is cleared."""
    raise SystemExit(128 + number)
