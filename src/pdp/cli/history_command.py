"""`pdp history`: the versions of a dataset, of one reading, of one figure of a day."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import click

from pdp.cli import text as cli_text
from pdp.cli.asking import for_people_and_programs, registry, tell
from pdp.cli.withheld import for_anyone

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


@click.command()
@for_people_and_programs
@click.argument("dataset")
@click.option(
    "--where", "conditions", multiple=True, metavar="COLUMN=VALUE", help="One reading of the table; several narrow it."
)
@click.option("--day", type=click.DateTime(["%Y-%m-%d"]), help="A local day of the daily table, with --figure.")
@click.option("--figure", help="A figure of that day, a column of the daily table.")
@click.option("--subject", help="Whose, where several have such a table.")
@click.option("-n", "--last", default=20, show_default=True, type=click.IntRange(1), help="How many versions.")
def history(
    root: Path,
    as_json: bool,
    dataset: str,
    conditions: tuple[str, ...],
    day: datetime | None,
    figure: str | None,
    subject: str | None,
    last: int,
) -> None:
    """The versions of DATASET: when, by which run, and why; or of one reading or figure in it.

    A reading is followed through every revision of its document, corrections, deletions and returns among them.

    \b
    pdp history daily
    pdp history merged/blood_pressure --where start_utc=2025-10-06T04:54
    pdp history daily --day 2025-10-06 --figure bp_systolic_mean_mmhg
    """
    from pdp.cli import history_text
    from pdp.lineage import dataset_names, erased, figure_history, reading_history

    if bool(day) != bool(figure):
        raise click.UsageError("--day and --figure belong together: which figure of which day?")
    if conditions and day:
        raise click.UsageError("--where asks for a reading, --day for a figure: ask one after the other.")
    erased.refuse(root, dataset)
    with registry(root) as session:
        path = dataset_names.resolve(session, dataset, subject)
        if conditions:
            found = reading_history.reading(session, root, path, conditions)
            answer, text = asdict(found), history_text.of_reading(found)
        elif day and figure:
            told = figure_history.figure(session, root, path, day.date(), figure)
            answer, text = asdict(told), history_text.of_figure(told)
        else:
            answer, text = _of_dataset(session, path, last)
    tell(for_anyone(answer)) if as_json else click.echo(text)


def _of_dataset(session: Session, path: str, last: int) -> tuple[dict[str, Any], str]:
    from pdp.lineage import compare, erased, queries, summary

    known = queries.versions(session, path)
    found = []
    for version in known[-last:]:
        makers = queries.makers(session, version)
        cause = compare.cause_in_few_words(session, path, version.number)
        run = makers[0].run_id if makers else None
        found.append({**asdict(version), "run": run, "times_made": len(makers), "cause": cause})
    rows = [
        [
            f"v{one['number']}",
            summary.when(one["seen"]),
            cli_text.number(one["rows"]),
            cli_text.size(one["bytes"]),
            "erased" if erased.is_erased(one["sha256"]) else one["sha256"][:12],
            one["run"] or "-",
            one["cause"],
        ]
        for one in found
    ]
    header = ["VERSION", "MADE", "ROWS", "SIZE", "SHA-256", "RUN", "CAUSE"]
    table = cli_text.columns(header, rows, right=(2, 3))
    older = len(known) - len(found)
    more = f"\nand {older} older: --last {len(known)}" if older else ""
    return {"dataset": path, "versions": found, "older": older}, f"{PurePosixPath(path)}\n{table}{more}"
