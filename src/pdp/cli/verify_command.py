"""`pdp verify`: whether the bytes are what they were; and, when told so, what can be made again goes."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pdp.cli import text as cli_text
from pdp.cli.asking import for_people_and_programs, registry, tell

if TYPE_CHECKING:
    from pdp.lineage.verify import Finding, Verdict

_MADE_AGAIN = ("altered", "spoiled")


@click.command()
@for_people_and_programs
@click.option("--repair", "is_repair", is_flag=True, help="Delete what the next run makes again; never a raw export.")
@click.option("--yes", "is_sure", is_flag=True, help="With --repair: do not ask.")
@click.argument("report", required=False, type=click.Path(path_type=Path))
def verify(root: Path, as_json: bool, is_repair: bool, is_sure: bool, report: Path | None) -> None:
    """Hash every raw export and every artifact again; or hold a REPORT (PDF) against its data.

    Exit code 0: all as it was made. 1: something is not (with --repair: and was not deleted to be made again).
    2: it could not be looked at. Folders of results/as_of are left out.
    """
    if report is not None:
        return _verify_report(root, report, as_json)
    from pdp.lineage import verify as verification

    with registry(root) as session:
        verdict = verification.verify(session, root)
    deleted = _repair(root, verdict, is_sure or as_json) if is_repair and (is_sure or not as_json) else []
    left = [finding for finding in verdict.findings if finding.path not in deleted]
    if as_json:
        tell({**asdict(verdict), "deleted": deleted})
    else:
        _tell(verdict, deleted)
    if left:
        click.get_current_context().exit(1)


def _tell(verdict: Verdict, deleted: list[str]) -> None:
    rows = [[finding.kind, finding.path, finding.detail] for finding in verdict.findings]
    if rows:
        click.echo(cli_text.columns(["FOUND", "FILE", "WHY"], rows))
    looked = f"{verdict.raw:,} raw exports and {verdict.artifacts:,} artifacts hashed"
    click.echo(f"{looked}: {f'{len(rows):,} not as they were.' if rows else 'all as they were.'}")
    rate = cli_text.size(round(verdict.bytes / max(verdict.seconds, 0.001)))
    left_out = f" Left out: {', '.join(verdict.left_out)}." if verdict.left_out else ""
    took = f"{cli_text.size(verdict.bytes)} in {verdict.seconds:.1f} s ({rate}/s)"
    click.echo(f"{took}, {verdict.receipts:,} receipts.{left_out}")
    if deleted:
        click.echo(f"Deleted: {len(deleted):,}. Now run snakemake: it makes them anew.")
    elif any(_can_be_made_again(finding) for finding in verdict.findings):
        click.echo(
            "Delete what is altered or spoiled in results/ and run snakemake: it is made anew. (pdp verify --repair)"
        )
    if any(f.path.startswith("resources/raw/") and f.kind != "unknown" for f in verdict.findings):
        click.echo("Delete an altered raw export: the next run fetches it anew if its source has it, else use a copy.")
    if any(finding.kind == "unvouched" for finding in verdict.findings):
        click.echo("Restore results/receipts from a backup, or by pdp state pull: the registry alone is no proof.")


def _can_be_made_again(finding: Finding) -> bool:
    return finding.path.startswith("results/") and finding.kind in (*_MADE_AGAIN, "missing")


def _repair(root: Path, verdict: Verdict, is_sure: bool) -> list[str]:
    """Delete altered and spoiled files of results; their paths. A run makes what is missing."""
    paths = sorted({f.path for f in verdict.findings if f.kind in _MADE_AGAIN and f.path.startswith(f"{root.name}/")})
    if not paths or not (is_sure or click.confirm(f"Delete {len(paths):,} file(s) that a run makes again?")):
        return []
    for path in paths:
        (root.absolute().parent / path).unlink(missing_ok=True)
    return paths


def _verify_report(root: Path, path: Path, as_json: bool) -> None:
    from pdp.cli import report_text
    from pdp.report import verification

    with registry(root) as session:
        verdict = verification.verify(session, root, path)
    told = {**asdict(verdict), "is_genuine": verdict.is_genuine}
    tell(told) if as_json else click.echo(report_text.text(verdict))
    if not verdict.is_genuine:
        click.get_current_context().exit(1)
