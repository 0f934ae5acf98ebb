"""What each new version of a table changed, noted when it is there: results/history/<subject>/<layer>.<table>.jsonl.

The version noted last is kept beside it under a hidden name: a hard link, which costs no space, since artifacts are
moved into place and never written to. Lines name versions by SHA-256, so they are true wherever the file travels.
They hold measured values, as the tables do.
"""

from __future__ import annotations

import os
import re
import shutil
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from operator import itemgetter
from pathlib import Path
from typing import Any

from pdp.lineage import sealed_lines
from pdp.lineage.effects import Effect, between, together, values_of
from pdp.store import sha256
from pdp.vocabulary import MEASURES

FOLDER = "history"
_PLACE = ("export", "member", "row")
_ENDS = re.compile(rb'\{"before": ?"([^"]+)", ?"after": ?"([^"]+)"')  # how every line begins


@dataclass(frozen=True)
class Noted:
    """How the rows of a table are compared.

    Attributes:
        keys: Columns that name a row.
        left_out: Columns that say where it stands.
        told_by: Columns that tell rows of one key apart.
        is_lost_told: Whether the values of rows that go are noted, since they are asked for by their key.
    """

    keys: tuple[str, ...]
    left_out: tuple[str, ...] = ()
    told_by: tuple[str, ...] = ()
    is_lost_told: bool = False


def _readings(measure: str) -> Noted:
    return Noted(("start_utc",), _PLACE, tuple(column.name for column in MEASURES[measure].columns))


TABLES: dict[str, Noted] = {
    "summary/daily": Noted(("date",), is_lost_told=True),
    "summary/nights": Noted(("night_date",)),
    "summary/bp_windows": Noted(("protocol", "from_date")),
    "summary/trends": Noted(("figure", "date", "window_days")),
    "summary/regularity": Noted(("date", "window_days")),
    "merged/blood_pressure": _readings("blood_pressure"),
    "merged/sleep_episode": _readings("sleep_episode"),
}


def note(root: Path, now: str) -> int:
    """Note what is new since the last time; the number of tables that changed. Quick where nothing did.

    Args:
        root: The results folder.
        now: ISO 8601 UTC.

    Raises:
        StoreError: Disk full or no permission.
    """
    noted = 0
    for table, how in TABLES.items():
        layer, name = table.split("/")
        for path in sorted((root / layer).glob(f"*/{name}.parquet")):
            kept = _kept(root, path)
            if kept.exists() and kept.samefile(path):
                continue
            if kept.exists() and (digests := (sha256(kept), sha256(path)))[0] != digests[1]:
                line = {"before": digests[0], "after": digests[1], "at": now}
                if (told := _difference(kept, path, how)) is not None:
                    _append(_file(root, path), line | asdict(told))
                    noted += 1
            _keep(path, kept)
    return noted


def _difference(kept: Path, path: Path, how: Noted) -> Effect | None:
    """What differs; None where either can't be read. Mostly the copy: bits that flip in a table flip in its link.

    Then nothing can be told of this change, and the next one is compared with the table that is there now.
    """
    import pyarrow as pa

    try:
        told = between(kept, path, how.keys, how.left_out, how.told_by)
        return replace(told, lost=values_of(kept, how.keys, {*told.gone})) if how.is_lost_told and told.gone else told
    except (OSError, pa.ArrowException):
        return None


def is_noted(path: str) -> bool:
    """Whether values of a dataset's versions are compared, by its path: results/<layer>/<subject>/<table>.parquet."""
    parts = Path(path).with_suffix("").parts
    return len(parts) == 4 and f"{parts[1]}/{parts[3]}" in TABLES


def is_pending(root: Path, path: Path) -> bool:
    """Whether the table that is there is still to be noted: its run is at work, or was killed."""
    kept = _kept(root, path)
    return path.is_file() and kept.is_file() and not kept.samefile(path) and sha256(kept) != sha256(path)


@dataclass(frozen=True)
class Notes:
    """What was noted of one table.

    Args:
        steps: From a version's SHA-256 to versions that a noted change leads to, by which line, and whether backwards.
    """

    steps: Mapping[str, Sequence[tuple[str, bytes, bool]]]

    def effect(self, before: str, after: str) -> Effect | None:
        """What differs between two versions, by their SHA-256; None where that was not noted.

        Of the ways from one to the other, over noted changes and back over them, the shortest is taken.
        """
        if before == after:
            return Effect()
        came_by: dict[str, tuple[str, bytes, bool] | None] = {before: None}
        todo = deque([before])
        while todo and after not in came_by:
            here = todo.popleft()
            for there, line, is_back in sorted(self.steps.get(here, []), key=itemgetter(2)):  # forwards says more
                if there not in came_by:
                    came_by[there] = (here, line, is_back)
                    todo.append(there)
        if after not in came_by:
            return None
        way, at = [], after
        while (step := came_by[at]) is not None:
            at, line, is_back = step
            try:
                told = _effect(sealed_lines.opened(line))
            except (ValueError, KeyError):  # damaged, or cut short by a kill: as if it had not been written
                return self._without(line).effect(before, after)
            way.append(told.back if is_back else told)
        return way[0] if len(way) == 1 else together(reversed(way))

    def _without(self, line: bytes) -> Notes:
        return Notes({here: [step for step in ways if step[1] != line] for here, ways in self.steps.items()})


def of(root: Path, path: Path) -> Notes:
    """The notes of a table, read once for any number of questions.

    Args:
        root: The results folder.
        path: Of the table, below it.
    """
    steps: dict[str, list[tuple[str, bytes, bool]]] = {}
    for before, after, line in _lines(_file(root, path)):
        steps.setdefault(before, []).append((after, line, False))
        steps.setdefault(after, []).append((before, line, True))
    return Notes(steps)


def effect(root: Path, path: Path, before: str, after: str) -> Effect | None:
    """As Notes.effect, for one question."""
    return of(root, path).effect(before, after)


def _kept(root: Path, path: Path) -> Path:
    return root / FOLDER / path.parent.name / f".{path.parent.parent.name}.{path.name}"


def _file(root: Path, path: Path) -> Path:
    return root / FOLDER / path.parent.name / f"{path.parent.parent.name}.{path.stem}.jsonl"


def _effect(line: dict[str, Any]) -> Effect:
    corrected = {
        key: {name: (pair[0], pair[1]) for name, pair in cells.items()} for key, cells in line["corrected"].items()
    }
    added, gone, columns = (tuple(line[name]) for name in ("added", "gone", "columns"))
    return Effect(added, gone, corrected, columns, line["n_corrected"], lost=line.get("lost", {}))


def _lines(file: Path) -> Iterator[tuple[str, str, bytes]]:
    """Versions before and after, and the line; years of lines are not taken apart where one of them is asked for."""
    if file.is_file():
        for line in file.read_bytes().splitlines():
            if ends := _ENDS.match(line):
                yield ends[1].decode(), ends[2].decode(), line


def _append(file: Path, line: dict[str, Any]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a+b") as stream:
        sealed_lines.append(stream, [line])


def _keep(path: Path, kept: Path) -> None:
    kept.parent.mkdir(parents=True, exist_ok=True)
    staged = kept.with_name(f"{kept.name}.tmp")
    staged.unlink(missing_ok=True)
    try:
        os.link(path, staged)
    except OSError:  # a file system without links
        shutil.copy2(path, staged)
    staged.replace(kept)
