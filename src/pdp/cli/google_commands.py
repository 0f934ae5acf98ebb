"""The commands about Google: does it work (`pdp google check`), and signing in (`pdp google sign-in`)."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from pdp.cli.asking import tell
from pdp.errors import GoogleError


@click.group()
def google() -> None:
    """Whether Google lets us in, and signing in."""


@google.command()
@click.option(
    "--configfile",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="Whose sources are looked at, such as config/me.yaml.  [default: credentials alone]",
)
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON, for programs.")
def check(configfile: Path | None, as_json: bool) -> None:
    """Who we are to Google, and whether each Google source can be read. Exit code 1 if anything is not right."""
    from pdp.cli import google_check

    findings = google_check.findings(configfile)
    if as_json:
        tell({"is_right": all(one.is_right for one in findings), "findings": [asdict(one) for one in findings]})
    else:
        for one in findings:
            click.echo(f"{'ok   ' if one.is_right else 'WRONG'} {one.what}: {one.says}")
            if one.to_do:
                click.echo(f"      {one.to_do}")
    if not all(one.is_right for one in findings):
        click.get_current_context().exit(1)


@google.command("sign-in")
@click.option(
    "--client",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="The JSON file of your OAuth client (type Desktop app).",
)
@click.option(
    "--for",
    "purpose",
    type=click.Choice(["sources", "state"]),
    default="sources",
    show_default=True,
    help="To read your spreadsheets and folders, or to keep the state in files that pdp makes.",
)
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, help="Where the browser comes back to.  [default: any]"
)
@click.option("--no-browser", is_flag=True, help="Print the address, open nothing.")
@click.option("--force", is_flag=True, help="Replace the credentials that are there.")
def sign_in(client: Path, purpose: str, port: int, no_browser: bool, force: bool) -> None:
    """Sign in as the owner by a browser on this machine; writes a file of credentials that only you can read."""
    from pdp.google import credentials
    from pdp.google import sign_in as flow

    is_state = purpose == "state"
    target = credentials.STATE_FILE if is_state else credentials.SOURCE_FILE
    if target.exists() and not force:
        raise GoogleError("bad_credentials", "is there already.", where=str(target), hint="Replace it by --force.")
    scopes = credentials.OWNER_STATE_SCOPES if is_state else credentials.SOURCE_SCOPES
    flow.sign_in(client, scopes, target, port=port, opens_browser=not no_browser)
    click.echo(f"Signed in: {target} is written, and only you can read it. Try it by pdp google check.")
    click.echo(
        "Does your OAuth consent screen have the status Testing? Then this ends after 7 days: publish it "
        "(Google Cloud console, Google Auth Platform, Audience, Publish app) and sign in again by --force."
    )
