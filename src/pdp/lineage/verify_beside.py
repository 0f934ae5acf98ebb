"""Files that are no artifacts and that runs and people rely on: sources' memories, keys, the last run at a glance."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pdp import forgotten, manifest
from pdp.lineage import archive, noted, queries, state
from pdp.lineage.manifests import RAW, SUFFIX
from pdp.lineage.model import JobRun

_EXPORT_NAME = "[0-9a-f]" * 16
_OURS = (_EXPORT_NAME, f"*{SUFFIX}", "*.tmp", forgotten.FILE)


def memories(base: Path, root: Path) -> Iterator[tuple[Path, str]]:
    """What is known of sources, beside the raw exports, against the manifests that jobs made of it.

    After a pull it may know more than the last run did; of what that run knew it must say the same.
    """
    is_of_the_present = not (base / RAW).is_symlink()  # a folder of the past has its own manifests
    for place in sorted((base / RAW).glob(f"*/*{SUFFIX}")):
        said = queries.read_json(place)
        made = root / "manifests" / place.parent.name / f"{place.name.removesuffix(SUFFIX)}.json"
        if not said:
            yield place, "it is no manifest any more: not JSON"
        elif is_of_the_present and made.is_file() and not _agree(said, place.read_bytes(), made):
            yield place, f"it says otherwise than {made.relative_to(root.parent).as_posix()}"


def _agree(said: Mapping[str, Any], content: bytes, made: Path) -> bool:
    other = queries.read_json(made)
    if not other or content == made.read_bytes():
        return True
    try:
        if _dates(manifest.union(said, other)) != _dates(said):
            return False
        if [_of_poll(said)[name] for name in _POLL] != [_of_poll(other)[name] for name in _POLL]:
            return True  # of a later poll, elsewhere
        here = {document["id"]: document for document in said["documents"]}
        changed = [one for one in other["documents"] if here[one["id"]] != one]
        is_more = len(here) > len(other["documents"]) or any(_has_more(here[one["id"]], one) for one in changed)
        is_about = {**_of_poll(said), "documents": 0} == {**_of_poll(other), "documents": 0}
        return is_about and is_more and all(_has_more(here[one["id"]], one) for one in changed)
    except (KeyError, TypeError, ValueError, AttributeError):
        return False


_POLL = ("polled_at", "order")


def _of_poll(said: Mapping[str, Any]) -> dict[str, Any]:
    return {"order": None, **said}


def _has_more(here: Mapping[str, Any], document: Mapping[str, Any]) -> bool:
    """Whether another machine saw more of a document: further revisions, or when it was gone."""
    names = "revisions", "presence"
    return any(len(here.get(name, ())) > len(document.get(name, ())) for name in names)


def _dates(said: Mapping[str, Any]) -> dict[str, list[tuple[Any, ...]]]:
    names = "export", "sha256", "checksum", "bytes", "first_seen"
    documents = said["documents"]
    return {one["id"]: [tuple(rev[name] for name in names) for rev in one["revisions"]] for one in documents}


def keys(session: Session, root: Path) -> Iterator[tuple[Path, str, bool]]:
    """Key files that no job ran with, why, and whether they were altered rather than written for the next run.

    The next run writes them anew in any case, before it reads them.
    """
    used: dict[tuple[str, ...], dict[str, str]] = defaultdict(dict)
    names = [func.json_extract(JobRun.wildcards, f"$.{name}") for name in ("subject", "source", "measure")]
    columns = JobRun.rule, *names, JobRun.key_sha256
    for *parts, digest, ended in session.execute(select(*columns, func.max(JobRun.ended)).group_by(*columns)).tuples():
        used[tuple(str(part) for part in parts if part is not None)][str(digest)] = str(ended)
    for place in sorted((root / "keys").rglob("*.json")):
        name = place.relative_to(root / "keys").with_suffix("").parts
        content = place.read_bytes()
        if not queries.read_json(place):
            yield place, "it is no key any more: not JSON", True
            continue
        by = {d: e for parts, ones in used.items() if parts[: len(name)] == name for d, e in ones.items()}
        if by and hashlib.sha256(content).hexdigest() not in by:
            newest = datetime.fromisoformat(max(by.values())).timestamp()
            is_altered = place.stat().st_mtime < newest
            why = "no job ran with it yet"
            yield place, "it says otherwise than when the last job used it" if is_altered else why, is_altered


def last_run(session: Session, root: Path) -> Iterator[tuple[Path, str]]:
    """results/pipeline_state.json against the registry and the proofs of conservation. The next run writes it anew."""
    place = root / state.FILE
    if not place.is_file():
        return
    said = queries.read_json(place)
    if not said:
        yield place, "it is not JSON any more"
        return
    now = _plain(state.told_by(session, root))
    if not _is_of(said, now):  # a run that was killed came after it, and has written none
        now = _plain(state.told_by(session, root, (said.get("run") or {}).get("id")))
        now = {name: now[name] for name in ("run", "stages", "failures")}
    if any(said.get(name) != told for name, told in now.items()):
        yield place, "it says otherwise than the registry"


def _plain(told: Mapping[str, Any]) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(json.dumps(told))
    return plain


def _is_of(said: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    return bool((said.get("run") or {}).get("id") == (now["run"] or {}).get("id"))


def strangers(base: Path, root: Path) -> Iterator[Path]:
    """Files among raw exports, receipts and history that are none of ours."""
    for place in sorted((base / RAW).rglob("*")):
        is_ours = len(place.relative_to(base / RAW).parts) == 2 and any(place.match(one) for one in _OURS)
        if not place.is_dir() and not is_ours:
            yield place
    ours = ("*.jsonl", archive.LOCK, "*.tmp")
    for place in sorted((root / "receipts").glob("*")):
        if place.name != "spool" and not any(place.match(one) for one in ours):
            yield place
    kept = {f".{table.replace('/', '.')}.parquet" for table in noted.TABLES}
    for place in sorted((root / noted.FOLDER).glob("*/*")):
        if place.suffix not in (".jsonl", ".tmp") and place.name not in kept:
            yield place
