"""What an erasure would take, in plain words and numbers, for whoever is asked whether it may."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from pdp.cli import text as cli_text

if TYPE_CHECKING:
    from pdp.forget.plan import Export, Plan

_INTERNAL = ("versions", "documents", "names", "copies", "revisions")


def about(found: Plan) -> dict[str, Any]:
    """The plan for programs."""
    return {name: value for name, value in asdict(found).items() if name not in _INTERNAL}


def tell_plan(found: Plan) -> None:
    """Print it: every export, what else goes, and what goes although it was not asked for."""
    asked = found.asked
    is_period = asked.what == "period"
    rows = [_row(each, is_period) for each in found.exports]
    header = ["SOURCE", "RAW EXPORT", "SIZE", "ROWS", "REJECTED", "UNREAD", "DAYS", *(["STAYS"] if is_period else [])]
    right = (2, 4, 5, 6)
    click.echo(cli_text.columns([*header, "DOCUMENT"], rows, right=right))
    whose = f"of {asked.subject}"
    click.echo(f"Goes with them: all tables made of these; {whose} all merged tables, summaries, reports and what was")
    click.echo("noted of changes (the next run makes them again of what stays); logs, Snakemake's records of these;")
    click.echo("every results/as_of; names of the documents in receipts, manifests and the registry.")
    click.echo("It stays known when each was made, and of how many rows; not of what.")
    click.echo("Of the sealed state: all that was stored before, by every commit; its history of commits stays.")
    if not is_period:
        return
    cut = [each for each in found.exports if each.rows_left]
    if cut:
        left, undated = sum(each.rows_left for each in cut), sum(each.undated for each in cut)
        click.echo(
            f"Of {len(cut):,} export(s) a copy without these days stays, with {left:,} readings of other days. It is "
            "no longer the file that the source gave; a zip's copy has no password, and no files that are not read; a "
            "workbook's has the values of its cells alone. "
            "Nights and other stretches that reach into the days go as a whole."
        )
        if undated:
            click.echo(
                f"{undated:,} record(s) of these without a reading (unread, or of kinds that are not taken in) go, "
                "too: nobody can tell their day."
            )
    for each in found.exports:
        if each.why_whole:
            beside = (
                f"{each.days_beside:,} other day(s) go with it" if each.days else "how many days it holds is unknown"
            )
            click.echo(f"ATTENTION: {each.name} can only go as a whole, and {beside}: {each.why_whole}")
    if found.undated:
        click.echo(f"Of {len(found.undated)} export(s) nobody can tell the days; they stay: {', '.join(found.undated)}")
    if found.unread_elsewhere:
        click.echo(f"{found.unread_elsewhere:,} unread row(s) without a date lie in exports that stay.")


def _row(each: Export, is_period: bool) -> list[str]:
    return [
        each.source or "-",
        each.name,
        cli_text.size(each.bytes),
        ", ".join(f"{n:,} {measure}" for measure, n in each.rows.items()) or "-",
        cli_text.number(each.quarantined),
        cli_text.number(each.unread),
        f"{each.days:,}",
        *([f"{each.rows_left:,} readings" if each.rows_left else "nothing"] if is_period else []),
        ", ".join(each.documents) + (" (still at its source)" if each.is_at_source else ""),
    ]
