"""Receipts without the erased: what was made of it alone is taken out, names and digests in the rest are replaced.

Receipts hold no measured values, but names of documents, and SHA-256 of tables; a table of a single reading could be
found again by trying. So digests of what goes become keyed ones, whose key is forgotten with the journal: equal stays
equal, versions keep their numbers, and nothing can be tried. A job whose tables go is set aside, as where the tables of
another machine took their place (pdp.lineage.entries): what it made is nowhere.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pdp import store
from pdp.forget.journal import Journal
from pdp.forget.places import is_erased, wipe
from pdp.lineage import archive, database, record, sealed_lines
from pdp.lineage import state as last_run

FORGOTTEN = "forgotten"
_DIGITS = 54  # so that with the word before it, it is as long as a SHA-256


def redact(root: Path, journal: Journal) -> None:
    """Rewrite every archive, and make the registry anew from them, in a file that never held the erased."""
    results = root / "results"
    folder = results / "receipts"
    if not folder.is_dir():
        return
    record.fold(results)
    with archive.alone(folder):
        for place in archive.files(folder):
            _rewrite(place, journal)
        for left in [*(folder / "spool").glob("*.damaged"), *folder.glob("*.old.tmp")]:
            wipe(left)
    old = [results / f"{database.FILE}{ending}" for ending in ("", "-wal", "-shm")]
    kept = []
    for path in old:
        if path.is_file():
            name = path.with_name(f"{path.name}.old.tmp")
            name.unlink(missing_ok=True)
            name.hardlink_to(path)
            kept.append(name)
    record.rebuild(results)
    for path in [*kept, *results.glob(f"{database.FILE}*.old.tmp")]:
        wipe(path)
    _compact(database.path_of(results))
    last_run.write(results)


def redacted(document: Mapping[str, Any], journal: Journal) -> dict[str, Any] | None:
    """A receipt without the erased; None where nothing of it is left."""
    if document.get("kind") == "run":
        return _run(document, journal)
    wildcards = document.get("wildcards") or {}
    if wildcards.get("subject", journal.subject) != journal.subject:
        return dict(document)
    is_of_erased = (wildcards.get("source"), wildcards.get("export")) in journal.erased
    if is_of_erased or (journal.is_subject and "subject" in wildcards):
        return None
    found = dict(document)
    for side in ("inputs", "outputs"):
        found[side] = [_artifact(each, journal) for each in document.get(side) or () if not _is_manifest(each, journal)]
    if any(is_erased(journal, str(each.get("path"))) for each in found["outputs"]):
        found["aside"] = True
    return _named(found, journal)


def _run(document: Mapping[str, Any], journal: Journal) -> dict[str, Any]:
    found = _named(dict(document), journal)
    if journal.is_subject:
        found["subjects"] = {k: v for k, v in (document.get("subjects") or {}).items() if k != journal.subject}
        jobs = found.get("jobs") or []
        found["jobs"] = [j for j in jobs if (j.get("wildcards") or {}).get("subject") != journal.subject]
        found = _replaced(found, {journal.subject: FORGOTTEN})
    return found


def _is_manifest(said: Mapping[str, Any], journal: Journal) -> bool:
    """Manifests name documents. Left as inputs of what stays, made by nobody, they would count as foreign bytes."""
    path = str(said.get("path"))
    return path.startswith("results/manifests/") and is_erased(journal, path)


def _artifact(said: Mapping[str, Any], journal: Journal) -> dict[str, Any]:
    digest = str(said.get("sha256"))
    if not is_erased(journal, str(said.get("path"))) or digest.startswith(FORGOTTEN):
        return dict(said)
    return {**said, "sha256": f"{FORGOTTEN}-{_keyed(digest, journal)[:_DIGITS]}"}


def _named(document: dict[str, Any], journal: Journal) -> dict[str, Any]:
    names = dict.fromkeys(journal.names, FORGOTTEN)
    for name in journal.names_of_exports:  # they begin a digest: replaced by as many characters that no guess leads to
        names[name] = f"{FORGOTTEN}-{_keyed(name, journal)[: len(name) - len(FORGOTTEN) - 1]}"
    found: dict[str, Any] = _replaced(document, names)
    return found


def _keyed(text: str, journal: Journal) -> str:
    return hmac.new(journal.secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def _replaced(value: Any, names: Mapping[str, str]) -> Any:
    """Names give way to others, wherever they stand as words of their own."""
    if not names:
        return value
    longest_first = sorted(names, key=len, reverse=True)
    pattern = re.compile("|".join(rf"(?<!\w){re.escape(name)}(?!\w)" for name in longest_first))
    return _walk(value, pattern, names)


def _walk(value: Any, pattern: re.Pattern[str], names: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return pattern.sub(lambda match: names[match[0]], value)
    if isinstance(value, list):
        return [_walk(each, pattern, names) for each in value]
    if isinstance(value, dict):
        fixed = {"id", "kind", "run", "rule", "status", "started", "ended"}
        return {name: each if name in fixed else _walk(each, pattern, names) for name, each in value.items()}
    return value


def _rewrite(place: Path, journal: Journal) -> None:
    redacted_all = (redacted(document, journal) for document in sealed_lines.moved(place))
    lines = sealed_lines.lines(left for left in redacted_all if left is not None)
    text = b"".join(line + b"\n" for line in lines)
    if text == place.read_bytes():
        return
    old = place.with_name(f"{place.name}.old.tmp")
    old.unlink(missing_ok=True)
    old.hardlink_to(place)
    with store.commit(place) as staged:
        staged.write_bytes(text)
    wipe(old)


def _compact(file: Path) -> None:
    """No page of the registry holds more than its rows, and no journal of it is left."""
    connection = sqlite3.connect(file, timeout=database.BUSY_TIMEOUT_S)
    try:
        connection.execute("PRAGMA secure_delete=ON")
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        connection.close()
