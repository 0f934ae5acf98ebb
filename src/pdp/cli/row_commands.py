"""Questions about rows: where they come from (`pdp explain`), and why they were not taken (`pdp rejected`)."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import click

from pdp.cli.asking import for_people_and_programs, registry, tell
from pdp.cli.withheld import for_anyone

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


@click.command()
@for_people_and_programs
@click.argument("dataset")
@click.option(
    "--where", "conditions", multiple=True, metavar="COLUMN=VALUE", help="Rows of the table; several narrow it."
)
@click.option("--day", type=click.DateTime(["%Y-%m-%d"]), help="A local day of the daily table, or a night's.")
@click.option("--figure", help="A figure of that day, a column of the daily table.")
@click.option("--subject", help="Whose, where several have such a table.")
@click.option("--all", "is_all", is_flag=True, help="Show every row or job, not the first.")
@click.option("--svg", "drawing", type=click.Path(path_type=Path, dir_okay=False), help="Draw the way into this file.")
def explain(
    root: Path,
    as_json: bool,
    dataset: str,
    conditions: tuple[str, ...],
    day: datetime | None,
    figure: str | None,
    subject: str | None,
    is_all: bool,
    drawing: Path | None,
) -> None:
    """Where DATASET, a row of it or a figure of a day comes from, back to the raw record.

    Exit code 1: it does not come out again, or a raw record does not say so any more. 2: the question has no answer.

    \b
    pdp explain daily --day 2025-10-06 --figure bp_systolic_mean_mmhg
    pdp explain nights --day 2025-10-06
    pdp explain merged/blood_pressure --where start_utc=2025-10-06T04:54
    pdp explain quarantine/cuff
    pdp explain unread
    pdp explain nights --svg nights.svg
    """
    from pdp.cli import rejected_text
    from pdp.lineage import dataset_names, erased, rejects

    if figure and not day:
        raise click.UsageError("--figure needs --day: of which day?")
    erased.refuse(root, dataset)
    with registry(root) as session:
        scope = None if conditions or day else rejects.scope_of(session, root, dataset, subject)
        if scope is not None:
            most = sys.maxsize if is_all or as_json else rejected_text.MOST
            found = rejects.find(session, root, scope, most)
            answer, text = for_anyone(found.as_json()), rejected_text.text(found, most)
        else:
            path = dataset_names.resolve(session, dataset, subject)
            answer, text = _explained(session, root, path, conditions, day, figure, is_all)
        if drawing is not None:
            from pdp.cli import explain_drawing

            explain_drawing.write(root, answer, drawing)
    tell(answer) if as_json else click.echo(text)
    if not _holds(answer):
        click.get_current_context().exit(1)


def _holds(answer: dict[str, Any]) -> bool:
    """Whether the number came out again, and all raw records are there and give their rows."""
    rows = [row for row in answer.get("rows") or () if isinstance(row, dict)]
    is_intact = all(export["is_intact"] for export in answer.get("exports") or ())
    return bool(answer.get("is_equal", True)) and is_intact and all(row.get("proof") != "differs" for row in rows)


def _explained(
    session: Session,
    root: Path,
    path: str,
    conditions: tuple[str, ...],
    day: datetime | None,
    figure: str | None,
    is_all: bool,
) -> tuple[dict[str, Any], str]:
    """The answer for programs, and in words."""
    from pdp.cli import explain_text
    from pdp.lineage import explain as explaining

    most = sys.maxsize if is_all else explain_text.MOST_ROWS
    table = PurePosixPath(path).name
    if day and table not in ("daily.parquet", "nights.parquet"):
        raise click.UsageError("--day is for the daily table and the nights: pdp explain daily --day 2025-10-06")
    if figure and table != "daily.parquet":
        raise click.UsageError("--figure is for the daily table: pdp explain daily --day 2025-10-06 --figure NAME")
    if day and figure:
        answer = for_anyone(explaining.figure(session, root, path, day.date(), figure))
        return answer, explain_text.of_figure(answer, most)
    if day and table == "daily.parquet":
        answer = for_anyone(explaining.day_of(root, path, day.date()))
        return answer, explain_text.of_day(answer)
    if day:
        answer = for_anyone(explaining.night(session, root, path, day.date()))
        return answer, explain_text.of_night(answer, most)
    if conditions:
        answer = explaining.rows(session, root, path, conditions)
        if table == "nights.parquet" and answer["matching"] == 1:
            only = datetime.fromisoformat(answer["rows"][0]["night_date"])
            answer = for_anyone(explaining.night(session, root, path, only.date()))
            return answer, explain_text.of_night(answer, most)
        answer = for_anyone(answer)
        return answer, explain_text.of_rows(answer, most)
    answer = for_anyone(explaining.dataset(session, path))
    return answer, explain_text.of_dataset(answer, is_all)


@click.command()
@for_people_and_programs
@click.option("--subject", default="", help="Whose.")
@click.option("--source", default="", help="Of one source.")
@click.option("--measure", default="", help="Of one measure, such as blood_pressure.")
@click.option("--most", type=click.IntRange(0), metavar="N", help="Rows of each kind.  [default: 5; for --json all]")
def rejected(root: Path, as_json: bool, subject: str, source: str, measure: str, most: int | None) -> None:
    """Every row that was not taken: counted by reason, then file, record, what is wrong and what it says.

    \b
    pdp rejected
    pdp rejected --source cuff --most 50
    pdp rejected --measure sleep_stage --most 0
    """
    from pdp.cli import rejected_text
    from pdp.lineage import rejects

    shown = most if most is not None else sys.maxsize if as_json else rejected_text.MOST
    with registry(root) as session:
        scope = rejects.Scope(subject=subject, source=source, measure=measure)
        found = rejects.find(session, root, scope, shown)
    tell(for_anyone(found.as_json())) if as_json else click.echo(rejected_text.text(found, shown))
