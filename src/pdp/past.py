"""What was known on a day: the present's raw exports and manifests, cut where that day ends, in a folder of its own.

A folder of the past is laid out as the working folder is, and is the working directory of its run, so nothing of the
present is written: results, receipts, registry and Snakemake's records are its own; the raw exports are the present's,
by a link, and are only read.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np

from pdp import store
from pdp.errors import ConfigError
from pdp.timeframe import ZoneLedger

FOLDER = Path("results/as_of")
RAW = Path("resources/raw")
_HINT = "Write a day (2026-10-01), a local time (2026-10-01T18:30) or an instant (2026-10-01T16:30:00Z)."
_EPOCH = datetime(1970, 1, 1)
_MS = 1000


def folder(as_of: str) -> Path:
    """Where the results of that day are built, relative to the working folder.

    Raises:
        ConfigError: That is no day and no time.
    """
    return FOLDER / _parsed(as_of)[0]


def enter(place: Path) -> None:
    """Make the folder, link the raw exports, and go there: from here on every path is one of the past."""
    raw = RAW.absolute()
    place.joinpath(RAW.parent).mkdir(parents=True, exist_ok=True)
    link = place / RAW
    with suppress(FileNotFoundError):
        link.unlink()
    link.symlink_to(os.path.relpath(raw, link.parent.absolute()))
    os.chdir(place)


def until(as_of: str, time_zone: Any, now: str) -> str:
    """The last moment that counts, ISO 8601 UTC with milliseconds as in manifests.

    Args:
        as_of: A day counts to its end, by the person's own clock; a time without offset is local, too.
        time_zone: The subject's, as configured.
        now: The present, in the same form.

    Raises:
        ConfigError: That is no day and no time, or it has not come yet.
    """
    _, parsed = _parsed(as_of)
    try:
        moment, begin = _bounds(parsed, time_zone)
        is_to_come = _told(begin) > now
        told = _told(moment)
    except (OverflowError, ValueError):
        raise ConfigError("lies outside of what calendars can say.", where="as_of", hint=_HINT) from None
    if is_to_come:
        raise ConfigError("has not come yet.", where="as_of", hint="Leave it out for what is known now.")
    return told


def left_out(raw: Path, sources: Collection[str], moment: str) -> list[str]:
    """Sources that were known at a moment and that the configuration does not have: renamed, or taken out since.

    Args:
        raw: The subject's folder of raw exports.
        sources: Those configured.
        moment: As `until` gives it.
    """
    found = []
    for place in sorted(raw.glob("*.manifest.json")):
        name = place.name.removesuffix(".manifest.json")
        if name not in sources and known_at(store.read_json(place), moment, subject=raw.name, source=name)["documents"]:
            found.append(name)
    return found


def _bounds(parsed: date | datetime, time_zone: Any) -> tuple[int, int]:
    """The last moment that counts, and one by which it has come; ms since 1970 UTC."""
    ledger = ZoneLedger.from_config(time_zone)
    if not isinstance(parsed, datetime):
        begin, end = ledger.day_bounds(parsed)
        moment = end - 1
    elif parsed.tzinfo is not None:
        begin = moment = round(parsed.timestamp() * _MS)
    else:
        local = round((parsed - _EPOCH).total_seconds() * _MS)
        begin = moment = int(ledger.place_local(np.array([local], np.int64)).utc_ms[0])
    return moment, begin


def known_at(manifest: Mapping[str, Any] | None, moment: str, *, subject: str, source: str) -> dict[str, Any]:
    """A source's manifest as polls up to a moment left it: revisions first seen by then, documents that were there.

    Times are what the clocks said. Where nobody noted when a document that is gone vanished, it counts for as long as
    it was seen.
    """
    documents = []
    for document in (manifest or {}).get("documents", []):
        seen = [
            {**revision, "last_seen": min(revision["last_seen"], moment)}
            for revision in document["revisions"]
            if revision["first_seen"] <= moment
        ]
        for revision in seen:
            revision.pop("order", None)
        if seen:
            kept = {name: document[name] for name in ("id", "name")}
            documents.append({**kept, "present": _was_there(document, moment), "revisions": seen})
    about = {"subject": subject, "source": source}
    return {**about, "reachable": True, "why": None, "polled_at": moment, "documents": documents}


def _was_there(document: Mapping[str, Any], moment: str) -> bool:
    told = [(revision["first_seen"], True) for revision in document["revisions"]]
    told += [(change["at"], bool(change["present"])) for change in document.get("presence", [])]
    is_unnoted = not document["present"] and max(told)[1]
    if is_unnoted and moment > str(document["revisions"][-1]["last_seen"]):
        return False
    return max(each for each in told if each[0] <= moment)[1]


def _told(moment: int) -> str:
    return datetime.fromtimestamp(moment / _MS, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _parsed(as_of: str) -> tuple[str, date | datetime]:
    """A name for the folder, and the day or time."""
    try:
        parsed = date.fromisoformat(as_of) if len(as_of) == len("2026-10-01") else datetime.fromisoformat(as_of)
    except ValueError:
        raise ConfigError("is no day and no time.", where="as_of", hint=_HINT) from None
    return parsed.isoformat().replace(":", "").replace("+0000", "Z"), parsed
