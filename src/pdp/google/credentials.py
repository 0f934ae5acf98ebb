"""Who we are to Google: a service account or the owner, for reading sources and for keeping state."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pdp.errors import GoogleError
from pdp.google.endpoint import is_loopback

_AUTH = "https://www.googleapis.com/auth/"
SOURCE_SCOPES = (f"{_AUTH}spreadsheets.readonly", f"{_AUTH}drive.readonly")
# The owner's token for state sees only files that pdp made; a service account has no such files, it is given them.
OWNER_STATE_SCOPES = (f"{_AUTH}drive.file",)
ACCOUNT_STATE_SCOPES = (f"{_AUTH}drive",)

SOURCE_FILE = Path("credentials/google.json")
STATE_FILE = Path("credentials/google-state.json")

_SOURCE_VARIABLES = ("PDP_GOOGLE_CREDENTIALS", "GOOGLE_APPLICATION_CREDENTIALS")
_STATE_VARIABLES = ("PDP_STATE_GOOGLE_CREDENTIALS",)
_GOOGLE_HOSTS = frozenset({"oauth2.googleapis.com", "accounts.google.com", "www.googleapis.com"})
_FIELDS = {
    "service_account": ("client_email", "private_key", "token_uri"),
    "authorized_user": ("client_id", "client_secret", "refresh_token"),
}
_HOW = "docs/google.md says how to get credentials; pdp google check says whether they work."


@dataclass(frozen=True)
class Identity:
    """Somebody whom Google knows.

    Attributes:
        credentials: google-auth's object; never printed.
        kind: A service account, or the owner's own sign-in.
        address: The service account's e-mail address, "" for the owner.
        is_from: Where the credentials were found, for people.
        purpose: What they were taken for.
    """

    credentials: Any = field(repr=False, compare=False)
    kind: Literal["service_account", "owner"]
    address: str
    is_from: str
    purpose: Literal["sources", "state"] = "sources"


def for_sources() -> Identity:
    """Who reads spreadsheets and folders. Nothing is asked of Google yet.

    Raises:
        GoogleError: not_signed_in (there are no credentials) or bad_credentials (they can't be used).
    """
    found = _found(_SOURCE_VARIABLES, SOURCE_FILE)
    if found is None:
        raise GoogleError(
            "not_signed_in",
            f"there are no Google credentials: {_SOURCE_VARIABLES[0]} is not set and there is no file {SOURCE_FILE}.",
            hint=f"Run pdp google sign-in, or set the variable to a service account's key file. {_HOW}",
        )
    return _identity(*found, SOURCE_SCOPES)


def for_state() -> Identity:
    """Who keeps the state: credentials of its own, else those of the sources.

    Raises:
        GoogleError: As for_sources.
    """
    found = _found(_STATE_VARIABLES, STATE_FILE) or _found(_SOURCE_VARIABLES, SOURCE_FILE)
    if found is None:
        raise GoogleError(
            "not_signed_in",
            f"there are no Google credentials for the state: {_STATE_VARIABLES[0]} is not set and there is no file "
            f"{STATE_FILE}.",
            hint=f"Run pdp google sign-in --for state. {_HOW}",
        )
    return replace(_identity(*found, ACCOUNT_STATE_SCOPES), purpose="state")


def has_own_for_state() -> bool:
    """Whether the state has credentials of its own."""
    return _is_somewhere(_STATE_VARIABLES, STATE_FILE)


def has_some_for_sources() -> bool:
    """Whether there are credentials to read sources by."""
    return _is_somewhere(_SOURCE_VARIABLES, SOURCE_FILE)


def _is_somewhere(variables: Sequence[str], file: Path) -> bool:
    return any(os.environ.get(name, "").strip() for name in variables) or file.exists()


def _found(variables: Sequence[str], file: Path) -> tuple[str, str] | None:
    """The credentials' text and where it came from."""
    for name in variables:
        value = os.environ.get(name, "").strip()
        if value.startswith("{"):
            return value, f"the environment variable {name}"
        if value:
            # The value is not repeated: it may be the secret itself, written where its file's name belongs.
            return _text(Path(value).expanduser(), name), f"the file that {name} names"
    if not file.exists():
        return None
    if os.name == "posix" and stat.S_IMODE(file.stat().st_mode) & 0o077:
        raise GoogleError(
            "bad_credentials",
            "others on this machine can read it.",
            where=str(file),
            hint=f"chmod 600 {file}",
        )
    return _text(file, str(file)), str(file)


def _text(path: Path, where: str) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, ValueError) as error:
        why = "there is no such file" if isinstance(error, FileNotFoundError) else "it can't be read"
        hint = f"Write the path of the JSON file, or the JSON itself. {_HOW}"
        raise GoogleError("bad_credentials", f"the credentials can't be read: {why}.", where=where, hint=hint) from None


def _identity(text: str, is_from: str, account_scopes: Sequence[str]) -> Identity:
    info = checked(text, is_from)
    if info["type"] == "authorized_user":
        from pdp.google.account import OwnerCredentials

        # No scopes: a refresh that names others than were granted is refused, and the grant knows its own.
        owner = OwnerCredentials(  # type: ignore[no-untyped-call]
            None,
            refresh_token=info["refresh_token"],
            token_uri=info.get("token_uri") or "https://oauth2.googleapis.com/token",
            client_id=info["client_id"],
            client_secret=info["client_secret"],
        )
        return Identity(owner, "owner", "", is_from)
    from pdp.google.account import AccountCredentials

    try:
        make: Any = AccountCredentials.from_service_account_info
        account = make(dict(info), scopes=list(account_scopes))
    except (ValueError, TypeError):
        raise GoogleError(
            "bad_credentials",
            'the field "private_key" is no private key.',
            where=is_from,
            hint="Download the key anew (Google Cloud console, Service Accounts, Keys); it must be copied whole.",
        ) from None
    return Identity(account, "service_account", info["client_email"], is_from)


def checked(text: str, where: str) -> Mapping[str, Any]:
    """The fields of a credentials file, each known to be there.

    Raises:
        GoogleError: bad_credentials; names what is missing, never what stands there.
    """
    try:
        info = json.loads(text)
    except ValueError:
        info = None
    if not isinstance(info, dict):
        raise GoogleError("bad_credentials", "this is not a JSON object.", where=where, hint=_HOW)
    if "installed" in info or "web" in info:
        raise GoogleError(
            "bad_credentials",
            "this names an application (an OAuth client), not somebody who signed in.",
            where=where,
            hint="Run pdp google sign-in --client with this file; it writes the credentials.",
        )
    kind = str(info.get("type"))
    if kind not in _FIELDS:
        raise GoogleError(
            "bad_credentials",
            'the field "type" is neither "service_account" nor "authorized_user".',
            where=where,
            hint=_HOW,
        )
    missing = [name for name in _FIELDS[kind] if not (isinstance(info.get(name), str) and info[name].strip())]
    if missing:
        fields = ", ".join(f'"{name}"' for name in missing)
        raise GoogleError("bad_credentials", f"lacks {fields}.", where=where, hint=f"Get the file anew. {_HOW}")
    if info.get("token_uri") is not None:
        check_google_address(str(info["token_uri"]), "token_uri", where)
    return info


def check_google_address(uri: str, name: str, where: str) -> None:
    """Refuse a file that sends a signature, a refresh token or a browser elsewhere than to Google or this machine.

    Raises:
        GoogleError: bad_credentials.
    """
    try:
        parts = urlsplit(uri)
        is_google = parts.scheme == "https" and parts.hostname in _GOOGLE_HOSTS and parts.port in (None, 443)
        is_here = parts.scheme in ("http", "https") and is_loopback(parts.hostname or "")
        is_plain = "@" not in parts.netloc and "\\" not in uri
    except ValueError:
        is_google = is_here = is_plain = False
    if not ((is_google or is_here) and is_plain):
        raise GoogleError(
            "bad_credentials",
            f'the field "{name}" is not Google\'s.',
            where=where,
            hint="Do not use this file: it would send the credentials to somebody else. Get it anew from Google.",
        )
