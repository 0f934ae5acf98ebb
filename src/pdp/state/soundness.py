"""What a push looks at before it seals: a file damaged here must not become what every machine pulls."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from sqlalchemy.orm import Session

from pdp.errors import StateError
from pdp.lineage import database, queries
from pdp.state.tree import File, Tree, kind_of


def refuse_damaged_raw(here: Mapping[str, File]) -> None:
    """Raise if a raw export has other bytes than its name, the beginning of their SHA-256, says.

    One that the state has whole was refused before (pdp.state.conflict), with another cure.

    Raises:
        StateError: Names the first, and the cure.
    """
    damaged = [p for p, file in here.items() if kind_of(p) == "raw" and not file.sha256.startswith(Path(p).name)]
    if damaged:
        raise StateError(
            f"this raw export does not have the bytes that its name says{_and_more(damaged)}: it was damaged or "
            "edited. Nothing was pushed.",
            where=damaged[0],
            hint="Delete it and push again; the next run fetches it anew, or take it from a backup if its source has "
            "it no more. pdp verify names all that are damaged.",
        )


def refuse_damaged_tables(root: Path, here: Mapping[str, File], theirs: Tree) -> None:
    """Raise if a table that would be new in the state has other bytes than the job wrote that made it.

    Args:
        root: The working folder; its registry knows what was written. Files that no receipt speaks of pass.
        here: What is here.
        theirs: The tree of the commit before; what it has is not sent again.

    Raises:
        StateError: Names the first, and the cure.
    """
    file = database.path_of(root / "results")
    fresh = {
        path: each.sha256
        for path, each in here.items()
        if kind_of(path) == "derived" and (path not in theirs.files or theirs.files[path].sha256 != each.sha256)
    }
    if not fresh or not file.is_file():
        return
    with database.opened(file) as engine, Session(engine) as session:
        made = {each.path: each.sha256 for each in queries.current_versions(session) if each.made_by is not None}
    damaged = [path for path, digest in fresh.items() if path in made and made[path] != digest]
    if damaged:
        raise StateError(
            f"this table does not have the bytes that its job wrote{_and_more(damaged)}: it was damaged or edited. "
            "Nothing was pushed.",
            where=damaged[0],
            hint="pdp verify names all that are altered: delete them, run snakemake, and push again.",
        )


def _and_more(paths: list[str]) -> str:
    return f", nor do {len(paths) - 1} more" if len(paths) > 1 else ""
