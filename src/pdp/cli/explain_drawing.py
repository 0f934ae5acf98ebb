"""`pdp explain --svg`: the way of a table, a row or a number as a drawing in a file of its own."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote

from pdp import drawing, store
from pdp.drawing import lineage
from pdp.errors import PdpError
from pdp.lineage import export_names
from pdp.lineage.chain import Link


def write(root: Path, answer: Mapping[str, Any], file: Path) -> None:
    """Draw what `pdp explain` answered.

    Args:
        root: The results folder.
        answer: As for --json.
        file: Replaced if it is there; whole or not at all.

    Raises:
        PdpError: The answer has no way to draw, or the file can't be written.
    """
    links = [Link(**link) for link in answer.get("chain", [])]
    if not links:
        raise PdpError(
            "this answer has no way from raw exports to draw.",
            where="--svg",
            hint="Ask for a table, a row or a figure: pdp explain daily --svg daily.svg",
        )
    path = links[0].path
    number = _number(answer)
    name = PurePosixPath(path).stem.replace("_", " ")
    title = f"How {number[1] if number else name} was made, back to the raw exports"
    names = lineage.Names(*export_names.every(root))
    graph = lineage.of_tables(
        links, title, names=names, wanted=frozenset([path]), href=_beside(root, file), number=number
    )
    with store.commit(file) as staged:
        staged.write_text(drawing.svg(graph, is_alone=True), encoding="utf-8")


def _beside(root: Path, file: Path) -> Callable[[Link], str]:
    """Where a box leads: to its file, as seen from the drawing; from one kept elsewhere to none, nor is a path told."""
    base, folder = root.absolute().parent, file.absolute().parent

    def href(link: Link) -> str:
        place = base / link.path
        if not folder.is_relative_to(base) or not place.is_file():
            return ""
        return quote(os.path.relpath(place, folder))

    return href


def _number(answer: Mapping[str, Any]) -> tuple[str, str] | None:
    """The number and what it is, where one was asked for."""
    if "figure" not in answer or "shown" not in answer:
        return None
    about = answer["figure"]
    unit = "" if about["unit"] == "1" else f" {about['unit'].replace('mm[Hg]', 'mmHg')}"
    shown = "no value" if answer["shown"] is None else f"{answer['shown']:g}{unit}"
    return shown, f"{answer['day']}, {about['name']}"
