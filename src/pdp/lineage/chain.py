"""How a dataset was made: version by version, back to the raw exports."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from pdp.lineage import queries
from pdp.lineage.differences import is_manifest


@dataclass(frozen=True)
class Link:
    """One version and the job that made it; `rule` is "" for what came from outside.

    Attributes:
        key: Content digest of the job's identity (code, settings, libraries).
        code: Digest by module.
        inputs: "path vN" of what the job read.
    """

    path: str
    version: int
    sha256: str
    rows: int | None
    rule: str
    run: str | None
    ended: str
    key: str
    code: dict[str, str]
    settings: dict[str, Any]
    libraries: dict[str, str]
    python: str
    inputs: tuple[str, ...]


def chain(session: Session, path: str, is_wanted: Callable[[str], bool] = lambda _: True) -> list[Link]:
    """The dataset's current version first, then what it was made of, and so on, each once.

    Args:
        session: Of the registry.
        path: The dataset.
        is_wanted: Which inputs to follow.
    """
    start = queries.newest(session, path)
    links: list[Link] = []
    queue, seen = ([start] if start else []), set()
    while queue:
        version = queue.pop(0)
        if version.id in seen:
            continue
        seen.add(version.id)
        link, inputs = link_of(session, version)
        links.append(link)
        queue += [one for one in inputs if is_wanted(one.path)]
    return links


def link_of(session: Session, version: queries.Version) -> tuple[Link, tuple[queries.Version, ...]]:
    """A version with the job that made it last, and what that job read, manifests left out."""
    makers = queries.makers(session, version)
    made = queries.made(session, makers[-1].id) if makers else None
    inputs = [one for _, one in made.inputs if not is_manifest(one.path)] if made else []
    return _link(version, made, inputs), tuple(inputs)


def _link(version: queries.Version, made: queries.Made | None, inputs: list[queries.Version]) -> Link:
    key = made.key if made else {}
    return Link(
        path=version.path,
        version=version.number,
        sha256=version.sha256,
        rows=version.rows,
        rule=made.job.rule if made else "",
        run=made.job.run_id if made else None,
        ended=made.job.ended if made else version.seen,
        key=(made.job.key_sha256 or "") if made else "",
        code=dict(key.get("code") or {}),
        settings=dict(key.get("settings") or {}),
        libraries=dict(key.get("libraries") or {}),
        python=str(key.get("python") or ""),
        inputs=tuple(f"{one.path} v{one.number}" for one in inputs),
    )
