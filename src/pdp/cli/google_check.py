"""What `pdp google check` finds: each credential, each Google source of a configuration, the state."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pdp import transports
from pdp.config import Source, Subject
from pdp.errors import ConfigError, GoogleError, PdpError
from pdp.google import credentials
from pdp.google.credentials import Identity
from pdp.google.drive import Drive
from pdp.settings import build
from pdp.tabular import google_sheet

_PREFIX = "google_"
_PROBE = b"pdp google check"
_MOST_NAMES = 10


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        what: Such as "credentials", "me/cuff_sheet", "state".
        is_right: Whether it works.
        says: What was found, for people.
        to_do: The cure, "" where nothing is to be done.
    """

    what: str
    is_right: bool
    says: str
    to_do: str = ""


def findings(configfile: Path | None) -> list[Finding]:
    """Everything, in the order in which one mends it.

    Raises:
        ConfigError: The configuration can't be read.
    """
    sources = list(_sources(configfile)) if configfile else []
    found = [_credentials("credentials", credentials.for_sources)] if _asks_for_sources(sources) else []
    found += [_source(name, source) for name, source in sources]
    if credentials.has_own_for_state() or _state_address().startswith(_PREFIX):
        found.append(_credentials("credentials of the state", credentials.for_state))
        if found[-1].is_right:
            found.append(_state(credentials.for_state()))
    if configfile and not sources:
        found.append(Finding("sources", True, "the configuration has none at Google."))
    return found


def _asks_for_sources(sources: list[tuple[str, Source]]) -> bool:
    """Without a Google source, a machine that only keeps its state at Google needs no credentials for any."""
    return bool(sources) or not credentials.has_own_for_state() or credentials.has_some_for_sources()


def _sources(configfile: Path) -> Iterator[tuple[str, Source]]:
    """The sources at Google, by subject and name. Only these are looked at: passwords and folders of others are not."""
    import dacite
    import yaml

    try:
        values = yaml.safe_load(configfile.read_text("utf-8")) or {}
        people = {name: build(Subject, person) for name, person in values.get("subjects", {}).items()}
    except (OSError, ValueError, TypeError, AttributeError, yaml.YAMLError, dacite.DaciteError):
        # Whatever is wrong with it, the check of a run says it better, with the key and the line.
        raise ConfigError(
            "the configuration can't be read.",
            where=str(configfile),
            hint=f"See what is wrong: snakemake --dry-run --configfile {configfile}",
        ) from None
    for name, person in people.items():
        for source, settings in person.sources.items():
            if settings.transport.startswith(_PREFIX):
                yield f"{name}/{source}", settings


def _credentials(what: str, find: Any) -> Finding:
    try:
        identity: Identity = find()
        address = Drive(identity).about() or identity.address
    except PdpError as error:
        return _wrong(what, error)
    if identity.kind == "owner" and os.environ.get("PDP_DISCREET") == "1":
        return Finding(what, True, f"the owner's account, from {identity.is_from}.")
    who = "the service account" if identity.kind == "service_account" else "the account of"
    return Finding(what, True, f"{who} {address}, from {identity.is_from}.")


def _source(name: str, source: Source) -> Finding:
    try:
        transport = transports.load(source.transport)
        settings = build(transport.Settings, source.location)
        listing = transport.documents(settings)
        names = [document.name for document in listing.documents]
        if source.transport == "google_sheets":
            with transport.fetch(settings, listing.documents[0]) as stream:
                names = list(google_sheet.read(stream.read()).worksheets)
    except PdpError as error:
        return _wrong(name, error)
    if not names and not listing.postponed:
        what = "can be read, but no file in it matches."
        return Finding(name, False, what, "Check location.pattern, and that this is the folder.")
    kind = "worksheet" if source.transport == "google_sheets" else "file"
    says = f"can be read, {_counted(names, kind)}."
    if listing.postponed:
        says += f" {len(listing.postponed):,} can't be taken: {'; '.join(sorted(set(listing.postponed.values())))}."
    return Finding(name, True, says)


def _counted(names: list[str], kind: str) -> str:
    """How many, and which: the first of them, and none in a public log."""
    counted = f"{len(names):,} {kind}{'' if len(names) == 1 else 's'}"
    if not names or os.environ.get("PDP_DISCREET") == "1":
        return counted
    more = f" and {len(names) - _MOST_NAMES:,} more" if len(names) > _MOST_NAMES else ""
    return f"{counted}: {', '.join(sorted(names)[:_MOST_NAMES])}{more}"


def _state(identity: Identity) -> Finding:
    """Whether files can be written: by writing one; in the fixed form, whether the owner's may be changed."""
    drive = Drive(identity)
    kind, _, folder = _state_address().partition(":")
    try:
        if kind == "google_fixed":
            return _fixed(drive, folder)
        (id,) = drive.generate_ids(1)
        drive.create(id, "pdp-google-check", [], "application/octet-stream", _PROBE, {})
        drive.trash(id)
    except PdpError as error:
        return _wrong("state", error)
    return Finding("state", True, "files can be written (a small one was, and put in the bin).")


def _state_address() -> str:
    """Where the state is, "" where none is known."""
    from pdp.state import memory

    try:
        return memory.address(Path())
    except PdpError:
        return ""


def _fixed(drive: Drive, folder: str) -> Finding:
    to_do = f"Share it with {drive.identity.address or 'who is signed in'} as Editor."
    try:
        can = drive.get(folder, "capabilities(canEdit)").get("capabilities", {})
    except GoogleError as error:
        is_closed = error.reason in ("not_found", "not_shared")
        return Finding("state", False, error.what, to_do) if is_closed else _wrong("state", error)
    if not can.get("canEdit"):
        return Finding("state", False, "the folder of the state can be read, but its files can't be changed.", to_do)
    return Finding("state", True, "the files in its folder can be changed.")


def _wrong(what: str, error: PdpError) -> Finding:
    says = f"{error.where}: {error.what}" if error.where else error.what
    return Finding(what, False, says, error.hint)
