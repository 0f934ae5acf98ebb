"""Where the erased lies in this folder, and how it goes: overwritten, then unlinked. Done twice, it is as done once."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Any

from pdp import forgotten, store
from pdp.forget.journal import Journal
from pdp.forget.plan import RAW, SUFFIX, Plan
from pdp.raw_store import RawStore
from pdp.run import INSTALLING
from pdp.state import receiving
from pdp.state.snapshot import DIGESTS
from pdp.state.tree import METADATA, recorded

BLOCK = 1 << 20
PER_EXPORT = ("normalized", "validated", "quarantine")
PER_SUBJECT = ("merged", "superseded", "summary", "published", "history")
ENGINE = (".snakemake/log", ".snakemake/backups", ".snakemake/scripts", ".snakemake/auxiliary", ".snakemake/incomplete")
STAGED = Path("resources/state/redacted")  # copies without a period, until they stand among the raw exports


def is_erased(journal: Journal, path: str) -> bool:
    """Whether an artifact goes, by its path below the working folder."""
    parts = PurePosixPath(path).parts
    match parts:
        case ("resources", "raw", subject, name):
            return subject == journal.subject and (journal.is_subject or name in journal.names_of_exports)
        case ("results", "manifests", subject, name):
            return subject == journal.subject and (
                journal.is_subject or name.removesuffix(".json") in _sources(journal)
            )
        case ("results", layer, subject, source, export, *_) if layer in PER_EXPORT:
            place = (source, export.removesuffix(".parquet"))
            return subject == journal.subject and (journal.is_subject or place in journal.erased)
        case ("results", layer, subject, *_) if layer in PER_SUBJECT:
            return subject == journal.subject
        case ("results", "keys", *_):
            return journal.is_subject and journal.subject in (*parts, PurePosixPath(path).stem)
    return False


def remember(root: Path, journal: Journal) -> None:
    """Say for good that it was forgotten, before anything goes: a run can't take it in again."""
    folder = root / RAW / journal.subject
    folder.mkdir(parents=True, exist_ok=True)
    known = forgotten.read(folder)
    with store.commit(folder / forgotten.FILE) as staged:
        staged.write_bytes(known.with_entry(journal.entry).write())


def redact_manifests(root: Path, journal: Journal) -> None:
    """Take the erased revisions out of the memory of the subject's sources."""
    for place in sorted((root / RAW / journal.subject).glob(f"*{SUFFIX}")):
        if journal.is_subject:
            wipe(place)
            continue
        said = json.loads(place.read_bytes())
        left = redacted(said, place.name.removesuffix(SUFFIX), journal)
        if left != said:
            old = place.with_name(f"{place.name}.old.tmp")  # swept, if a kill leaves it
            old.unlink(missing_ok=True)
            os.link(place, old)
            store.commit_json(place, left)
            wipe(old)


def redacted(manifest: dict[str, Any], source: str, journal: Journal) -> dict[str, Any]:
    """A manifest without the erased, with copies where there are; documents of which nothing is left are not in it."""
    copies = {(of, name): (sha256, size) for of, name, sha256, size in journal.copies if size}
    documents = []
    for document in manifest["documents"]:
        left: list[dict[str, Any]] = []
        for each in document["revisions"]:
            place = (source, each["export"])
            revision = _copied(each, *copies[place], journal.id) if place in copies else each
            is_there = any(all(one[of] == revision[of] for of in ("export", "first_seen")) for one in left)
            if (place in copies or place not in journal.erased) and not is_there:
                left.append(revision)
        if left or not document["revisions"]:
            documents.append({**document, "revisions": left})
    return {**manifest, "documents": documents}


def _copied(revision: dict[str, Any], sha256: str, size: int, erasure: str) -> dict[str, Any]:
    """A revision that is a copy now. What the source says of its version is a digest of the whole, and so goes, too."""
    about = {"export": sha256[:16], "sha256": sha256, "checksum": forgotten.REDACTED, "bytes": size}
    return {**revision, **about, forgotten.REDACTED: erasure}


def stage_copies(root: Path, plan: Plan) -> None:
    """Take copies in, where they wait until the erasure has begun."""
    for _, copy in plan.copies:
        if copy.path is not None:
            (root / STAGED).mkdir(parents=True, exist_ok=True)
            with store.commit(root / STAGED / copy.sha256) as staged:
                shutil.copyfile(copy.path, staged)


def put_copies(root: Path, journal: Journal) -> None:
    """Put copies where raw exports are."""
    raw = RawStore(root / RAW / journal.subject)
    for place in sorted((root / STAGED).glob("[0-9a-f]" * 64)):
        with place.open("rb") as stream:
            raw.keep(stream)


def erase(root: Path, journal: Journal) -> Iterator[str]:
    """Every file that goes, one after the other; yields its path when it is gone."""
    for path in [*artifacts(root, journal), *traces(root, journal)]:
        wipe(path)
        yield (path.relative_to(root) if path.is_relative_to(root) else path).as_posix()  # a cache may lie elsewhere
    for layer in (*PER_EXPORT, *PER_SUBJECT, "manifests", "benchmarks", "keys"):
        _prune(root / "results" / layer)
    _prune(root / "logs")
    shutil.rmtree(root / "results" / "as_of", ignore_errors=True)
    for name in ENGINE:
        shutil.rmtree(root / name, ignore_errors=True)


def artifacts(root: Path, journal: Journal) -> list[Path]:
    """Raw exports, tables, reports and what else results has of them, that are here."""
    found = [path for path in _files(root / RAW / journal.subject) if path.suffix == ".tmp"]
    for place in (root / RAW / journal.subject, root / "results"):
        for path in _files(place):
            relative = path.relative_to(root).as_posix()
            if is_erased(journal, relative) and not path.name.endswith((SUFFIX, forgotten.FILE)):
                found.append(path)
    return sorted(set(found))


def traces(root: Path, journal: Journal) -> list[Path]:
    """Logs, the engine's records, what a pull or push set aside, caches: all that speaks of the erased."""
    found = [
        path for path in _files(root / METADATA) if is_erased(journal, recorded(path.relative_to(root).as_posix()))
    ]
    for place in (root / "logs", root / "results" / "benchmarks"):
        found += [path for path in _files(place) if journal.subject in path.relative_to(place).with_suffix("").parts]
    for name in ENGINE:
        found += _files(root / name)
    found += _files(root / "results" / "as_of")
    state = (root / INSTALLING).parent
    for aside in state.glob("conflict-*"):
        found += [path for path in _files(aside) if _is_of(journal, path.relative_to(aside).as_posix())]
    told = [
        path for kind in ("*.html", "*.zip", "*.svg") for path in (root / "results").glob(kind)
    ]  # reports, drawings
    found += [path for path in (state / DIGESTS, *told) if path.is_file()]
    return found + receiving.cached()


def _is_of(journal: Journal, path: str) -> bool:
    """Of what was set aside: the erased raw exports, and manifests and receipts, which this folder has in any case."""
    return is_erased(journal, path) or path.endswith((SUFFIX, ".jsonl"))


def _sources(journal: Journal) -> set[str]:
    return {source for source, _, _ in journal.exports}


def _files(folder: Path) -> Iterator[Path]:
    """All files below, links among them, without following one."""
    for place, _, names in os.walk(folder):
        for name in names:
            yield Path(place, name)


def _prune(folder: Path) -> None:
    """Folders with nothing in them; their names may be that of an export or a subject."""
    for place, _, _ in os.walk(folder, topdown=False):
        with suppress(OSError):
            Path(place).rmdir()


def wipe(path: Path) -> None:
    """Overwrite a file where it lies, force that to the disk, and unlink it.

    A link is only unlinked, and so is one of several names of the same bytes: what is set aside in a conflict shares
    them with what stays. The last name of what goes is overwritten.
    """
    if path.is_symlink():
        return path.unlink()
    try:
        status = path.stat()
        left = status.st_size if status.st_nlink == 1 else 0
        if left:
            path.chmod(0o600)
        with path.open("r+b") as stream:
            while left > 0:
                left -= stream.write(bytes(min(left, BLOCK)))
            stream.flush()
            os.fsync(stream.fileno())
    except FileNotFoundError:
        return
    except PermissionError:
        pass  # somebody else's; it can still be unlinked where the folder is ours
    path.unlink(missing_ok=True)
