"""Ids of folders and spreadsheets, from the id itself or from the address that one copies from the browser.

An id may open what it names, so it is never repeated: not in an error, a manifest or a log.
"""

from __future__ import annotations

import hashlib
import os
import re

from pdp.errors import ConfigError, SourceUnreachableError

_ID = re.compile(r"[A-Za-z0-9_-]+")
_VARIABLE = re.compile(r"\$\{(\w*)\}|\$(\w+)")
_PLACES = {
    "spreadsheet": (re.compile(r"/spreadsheets/(?:u/\d+/)?d/(?!e/)([A-Za-z0-9_-]+)"),),
    "folder": (re.compile(r"/folders/([A-Za-z0-9_-]+)"), re.compile(r"/open\?(?:.*&)?id=([A-Za-z0-9_-]+)")),
}
_EXAMPLES = {
    "spreadsheet": "https://docs.google.com/spreadsheets/d/.../edit",
    "folder": "https://drive.google.com/drive/folders/...",
}


def check(text: str, kind: str) -> None:
    """Refuse what can't be an id or an address; what a variable holds is not known yet.

    Args:
        text: From the configuration.
        kind: "spreadsheet" or "folder", which is also the key's name.

    Raises:
        ConfigError: With the key.
    """
    if not _VARIABLE.search(text) and _found(text.strip(), kind) is None:
        raise ConfigError(f"is no id or address of a {kind}.", where=kind, hint=_hint(kind))


def id_of(text: str, kind: str) -> str:
    """The id, with ${VARIABLE} taken from the environment.

    Raises:
        SourceUnreachableError: A variable is not set, or what it holds is no id or address.
    """
    unset = [name for pair in _VARIABLE.findall(text) if (name := pair[0] or pair[1]) not in os.environ]
    if unset:
        what = f"the environment variable {unset[0]} of location.{kind} is not set."
        raise SourceUnreachableError(what, hint=f"Set it to the id or the address of the {kind}.")
    found = _found(os.path.expandvars(text).strip(), kind)
    if found is None:
        raise SourceUnreachableError(f"what location.{kind} holds is no id or address of a {kind}.", hint=_hint(kind))
    return found


def mark(id: str) -> str:
    """A name for what has this id, from which the id can't be found: 64 bits of a digest."""
    return hashlib.sha256(f"pdp:{id}".encode()).hexdigest()[:16]


def _found(text: str, kind: str) -> str | None:
    if _ID.fullmatch(text):
        return text
    matches = (place.search(text) for place in _PLACES[kind])
    return next((match[1] for match in matches if match and re.match(r"(https?://)?[a-z.]*google\.com/", text)), None)


def _hint(kind: str) -> str:
    hint = f"Open the {kind} in the browser and copy its address ({_EXAMPLES[kind]}), or write ${{VARIABLE}}."
    if kind == "spreadsheet":
        hint += " The address of a page that was published to the web (/d/e/...) is another one and won't do."
    return hint
