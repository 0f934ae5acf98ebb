"""`pdp verify`: whether the bytes are what they were; and, when told so, what can be made again goes."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pdp.cli.asking import for_people_and_programs, registry, tell

if TYPE_CHECKING:
    from pdp.lineage.verify import Verdict


@click.command()
@for_people_and_programs
@click.option("--repair", "is_repair", is_flag=True, help="Delete what the next run makes again; never a raw export.")
@click.option("--yes", "is_sure", is_flag=True, help="With --repair: do not ask.")
@click.argument("report", required=False, type=click.Path(path_type=Path))
def verify(root: Path, as_json: bool, is_repair: bool, is_sure: bool, report: Path | None) -> None:
    """Hash every raw export and every artifact again; or hold a REPORT (PDF) against its data.

    Receipts, registry, history, manifests and key files are held against each other. Exit code 0: all as it was made.
    1: something is not (with --repair: and neither this nor the next run makes it again). 2: it could not be looked
    at. Folders of results/as_of are left out.
    """
    if report is not None:
        return _verify_report(root, report, as_json)
    from pdp.cli import verify_text
    from pdp.lineage import repair, verify_opening
    from pdp.lineage import verify as verification

    with _run_lock(root) as is_alone:
        if is_repair and not is_alone:
            raise click.UsageError("A run is at work in this folder. Repair when it has ended.")
    with verify_opening.believable(root) as registered:
        verdict = verification.verify(registered.session, root, registered.wrong, is_remade=registered.is_remade)
    mendable = repair.can_be(verdict.findings, root)
    repaired: list[str] | None = None
    if is_repair and mendable and _is_agreed(verdict, len(mendable), is_sure, as_json):
        with _run_lock(root) as is_still_alone:
            if not is_still_alone:
                raise click.UsageError("A run is at work in this folder. Repair when it has ended.")
            repaired = repair.carry_out(mendable, root)
    if as_json:
        tell({**asdict(verdict), "repaired": repaired or [], "advice": verify_text.advice(verdict, mendable, repaired)})
    else:
        click.echo(verify_text.text(verdict, mendable, repaired, is_at_work=not is_alone))
    mended = set(mendable) if repaired is not None else set()
    left = [one for one in verdict.findings if one.is_fault and one not in mended]
    if left:
        click.get_current_context().exit(1)


def _is_agreed(verdict: Verdict, number: int, is_sure: bool, as_json: bool) -> bool:
    from pdp.cli import verify_text

    if is_sure or as_json:
        return is_sure
    click.echo(verify_text.table(verdict))
    return click.confirm(
        f"Repair {number:,} of them? What is altered in results/ is deleted, and a run makes it again."
    )


@contextmanager
def _run_lock(root: Path) -> Iterator[bool]:
    """Whether no run is at work in this folder; none begins meanwhile."""
    from pdp.run import LOCK

    place = root.absolute().parent / LOCK
    if not place.is_file():
        yield True
        return
    with place.open("a" if os.access(place, os.W_OK) else "r") as lock:  # NFS locks only what can be written
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


def _verify_report(root: Path, path: Path, as_json: bool) -> None:
    from pdp.cli import report_text
    from pdp.report import verification

    with registry(root) as session:
        verdict = verification.verify(session, root, path)
    told = {**asdict(verdict), "is_genuine": verdict.is_genuine}
    tell(told) if as_json else click.echo(report_text.text(verdict))
    if not verdict.is_genuine:
        click.get_current_context().exit(1)
