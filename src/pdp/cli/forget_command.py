"""`pdp forget`: show what an erasure takes, ask, erase, and say what a search found and what nobody here can reach."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pdp.cli import text as cli_text
from pdp.cli.asking import tell
from pdp.cli.forget_text import about, tell_plan
from pdp.errors import PdpError

if TYPE_CHECKING:
    from pdp.forget.carry_out import Done
    from pdp.forget.plan import Asked
    from pdp.state.backends import Backend
    from pdp.state.sealing import Keys

OUT_OF_REACH = (
    "Out of reach of this program: the source itself (the sheet, the folder, the phone); rows about this person in a "
    "file that another subject's source reads; backups and copies of this folder; reports, drawings and bundles that "
    "were handed on or written elsewhere; other machines that pulled before (there: pdp state pull, then "
    "pdp forget --finish); what Google keeps in its version history for 30 days; what a solid-state disk or a "
    "file system with snapshots keeps of overwritten files; other copies of the state's files, whose key is the same."
)


def _day(context: click.Context, parameter: click.Parameter, value: str | None) -> str:
    if value is None:
        return ""
    try:
        return date.fromisoformat(value).isoformat()
    except ValueError:
        raise click.BadParameter(f'"{value}" is no day. Write 2026-10-01.') from None


@click.command()
@click.option("--subject", help="Whose data.")
@click.option("--export", "export", default="", help="A raw export (its digits), or a document by its name or id.")
@click.option("--from", "first", callback=_day, help="First local day of a period.")
@click.option("--to", "last", callback=_day, help="Last local day of a period, included.")
@click.option(
    "--whole-exports",
    "is_whole",
    is_flag=True,
    help="Exports that a period can't be taken out of may go as a whole, with their other days.",
)
@click.option("--finish", "is_finishing", is_flag=True, help="Finish what was cut short, or forgotten elsewhere.")
@click.option("--dry-run", "is_dry", is_flag=True, help="Only show what would go.")
@click.option("--yes", "is_sure", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON, for programs; asks nothing, so needs --yes.")
def forget(
    subject: str | None,
    export: str,
    first: str,
    last: str,
    is_whole: bool,
    is_finishing: bool,
    is_dry: bool,
    is_sure: bool,
    as_json: bool,
) -> None:
    """Erase an export, a period or a whole subject for good: here, and in the sealed state.

    A raw export goes as a whole, with every revision of its document. Of exports that hold a period among other days, a
    copy without the period stays, where such a copy can be made and read as before. Exit code 1 if a search finds
    anything left.
    """
    from pdp.aside import aside
    from pdp.forget import carry_out
    from pdp.forget.plan import RAW

    root = Path.cwd()
    if is_finishing:
        done = carry_out.finish(root, _state(root))
        if not done and not as_json:
            click.echo("Nothing was begun, and nothing is left here of what was forgotten.")
        return _tell_done(done, as_json)
    asked = _asked(subject, export, first, last)
    state = None if is_dry else _state(root)
    if not is_dry:
        _refresh(root, state)
    with aside((root / RAW, root / "results")) as folder:
        _show_and_erase(root, asked, folder, state, is_dry=is_dry, is_sure=is_sure, is_whole=is_whole, as_json=as_json)


def _show_and_erase(
    root: Path,
    asked: Asked,
    folder: Path,
    state: tuple[Backend, Keys] | None,
    *,
    is_dry: bool,
    is_sure: bool,
    is_whole: bool,
    as_json: bool,
) -> None:
    from pdp.forget import carry_out
    from pdp.forget.plan import plan
    from pdp.run import FORGETTING

    found = plan(root, asked, folder)
    if not as_json:
        tell_plan(found)
    if is_dry:
        if as_json:
            tell(about(found))
        else:
            click.echo("Nothing was erased (--dry-run).")
        return
    uncut = [each for each in found.exports if each.why_whole and (each.days_beside or not each.days)]
    if uncut and not is_whole:
        raise PdpError(
            f"of {len(uncut):,} raw export(s) the period can't be erased alone: {found.days_beside:,} other day(s) "
            "would go, too. Nothing was erased.",
            where="--from/--to",
            hint="Add --whole-exports if these may go; or take the period out at the source, run snakemake, and erase "
            "the older versions with --export.",
        )
    if not is_sure:
        if as_json:
            raise PdpError("needs --yes with --json.", where="pdp forget")
        typed = click.prompt(f"This can't be undone. Type {asked.subject} to erase it", default="", show_default=False)
        if typed != asked.subject:
            click.echo("Nothing was erased.")
            click.get_current_context().exit(1)
    try:
        done = carry_out.erase(root, found, state)
    except PdpError:
        if (root / FORGETTING).exists():
            click.echo("The erasure has begun and is not done. When this is mended: pdp forget --finish", err=True)
        raise
    _tell_done([done], as_json, about(found))


def _asked(subject: str | None, export: str, first: str, last: str) -> Asked:
    from pdp.forget.plan import Asked

    if not subject:
        raise PdpError("is missing.", where="--subject", hint="Say whose data: --subject me")
    if export and (first or last):
        raise PdpError("name an export or a period, not both.", where="pdp forget")
    if bool(first) != bool(last) or first > last:
        raise PdpError("need each other, and the first is not after the last.", where="--from and --to")
    return Asked(subject, "export" if export else "period" if first else "subject", export, first, last)


def _state(root: Path) -> tuple[Backend, Keys] | None:
    """The state that this folder belongs to, opened; what is sealed there must go as well, so it must be in reach."""
    from pdp.cli.state_opening import opened
    from pdp.forget import carry_out

    return opened() if carry_out.known_state(root) else None


def _refresh(root: Path, state: tuple[Backend, Keys] | None) -> None:
    """What other machines pushed of it must be known before one can say what goes."""
    from pdp.state import pull

    if state is not None:
        pull.pull(root, *state)


def _tell_done(done: list[Done], as_json: bool, about: dict[str, Any] | None = None) -> None:
    left = [finding for each in done for finding in each.proof.found]
    if as_json:
        tell({**(about or {}), "done": [asdict(each) for each in done], "out_of_reach": OUT_OF_REACH})
    for each in () if as_json else done:
        click.echo(f"Erased: {each.files:,} files here.")
        if each.blobs is not None:
            click.echo(f"Erased of the state: {each.blobs:,} blobs; its commit {each.commit} holds what stays.")
        elif each.is_cut_elsewhere:
            click.echo("The sealed state: erased there by the machine where it was forgotten.")
        else:
            click.echo("This folder belongs to no state; nothing sealed was looked for.")
        looked = f"{each.proof.files:,} files, {cli_text.size(each.proof.bytes)}"
        click.echo(f"Searched every byte of {looked}: {'NOT CLEAN' if each.proof.found else 'nothing found'}.")
        for path, what in each.proof.found:
            click.echo(f"STILL THERE  {path}: {what}")
    if done and not as_json:
        click.echo("Now run snakemake: it makes the tables of what stays, and takes nothing in that was forgotten.")
        click.echo(OUT_OF_REACH)
    if left:
        click.get_current_context().exit(1)
