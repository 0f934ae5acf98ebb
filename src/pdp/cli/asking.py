"""What every question has: its options, the registry it asks, its answer as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

F = TypeVar("F", bound=Callable[..., Any])


def for_people_and_programs(command: F) -> F:
    """The two options that every question has."""
    command = click.option("--json", "as_json", is_flag=True, help="Answer as JSON, for programs.")(command)
    folder = click.Path(path_type=Path, file_okay=False)
    return click.option("--results", "root", type=folder, default=Path("results"), help="The results folder.")(command)


@contextmanager
def registry(root: Path) -> Iterator[Session]:
    """The registry, with everything taken in that finished or killed runs have left."""
    from pdp.lineage import database, read_only, record

    with read_only.askable(root) as place:
        record.fold(place)
        with database.reading(place) as session:
            yield session


def tell(answer: object) -> None:
    """Print an answer as JSON."""
    click.echo(json.dumps(answer, indent=1, ensure_ascii=False, default=str))
