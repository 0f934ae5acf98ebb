"""The owner signs in by a browser on this machine, once; what remains is a file of credentials."""

from __future__ import annotations

import json
import os
import uuid
import webbrowser
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from google_auth_oauthlib.flow import InstalledAppFlow, WSGITimeoutError
from oauthlib.oauth2 import AccessDeniedError, InvalidClientError, OAuth2Error
from requests.adapters import HTTPAdapter

from pdp.errors import GoogleError
from pdp.google import services
from pdp.google.credentials import check_google_address

WAIT_FOR_BROWSER_S = 300

_PROMPT = "Open this address in a browser on this machine and sign in:\n\n{url}\n"
# Shown before anything is checked, so it says nothing about success.
_DONE = "This window can be closed. What came of it stands where you typed the command."
_FIELDS = ("client_id", "client_secret", "auth_uri", "token_uri")
_HOW = (
    "Make an OAuth client of the type Desktop app (Google Cloud console, Google Auth Platform, Clients) and "
    "download its JSON."
)


def sign_in(client_file: Path, scopes: Sequence[str], target: Path, *, port: int, opens_browser: bool) -> None:
    """Let the owner consent in a browser, and write what Google gives for it, readable by nobody else.

    Args:
        client_file: The OAuth client of the owner's own project.
        scopes: What is asked for.
        target: Replaced as a whole, or left as it is.
        port: Of this machine, to which the browser comes back; 0 for any.
        opens_browser: Whether to open one; the address is printed anyway.

    Raises:
        GoogleError: The client's file is no such thing, consent was refused or did not come in five minutes.
    """
    services.prepare()
    client = _client(client_file)
    flow = InstalledAppFlow.from_client_config({"installed": dict(client)}, list(scopes))
    for scheme in ("https://", "http://"):
        flow.oauth2session.mount(scheme, _Bounded())
    if urlsplit(client["token_uri"]).scheme == "http":  # a stand-in on this machine; elsewhere refused above
        os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"
    credentials = _consented(flow, port, opens_browser and _has_browser())
    if not credentials.refresh_token:
        raise GoogleError(
            "not_signed_in",
            "Google gave a pass for one hour only.",
            hint="Remove the application at https://myaccount.google.com/connections and sign in again.",
        )
    _write(
        target,
        {
            "type": "authorized_user",
            "client_id": client["client_id"],
            "client_secret": client["client_secret"],
            "refresh_token": credentials.refresh_token,
            "token_uri": client["token_uri"],
        },
    )


def _client(file: Path) -> Mapping[str, str]:
    try:
        found = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        raise GoogleError("bad_credentials", "this is no readable JSON file.", where=str(file), hint=_HOW) from None
    client = found.get("installed") if isinstance(found, dict) else None
    if not isinstance(client, dict):
        raise GoogleError(
            "bad_credentials", "this is no OAuth client of the type Desktop app.", where=str(file), hint=_HOW
        )
    missing = [name for name in _FIELDS if not (isinstance(client.get(name), str) and client[name])]
    if missing:
        fields = ", ".join(f'"{name}"' for name in missing)
        raise GoogleError("bad_credentials", f"lacks {fields}.", where=str(file), hint=_HOW)
    for name in ("auth_uri", "token_uri"):
        check_google_address(client[name], name, str(file))
    return client


def _consented(flow: Any, port: int, opens_browser: bool) -> Any:
    again = "Run the command again and follow the page to its end."
    try:
        return flow.run_local_server(
            host="127.0.0.1",
            port=port,
            open_browser=opens_browser,
            authorization_prompt_message=_PROMPT,
            success_message=_DONE,
            timeout_seconds=WAIT_FOR_BROWSER_S,
            access_type="offline",
            prompt="consent",  # else Google gives a lasting pass only the first time
        )
    except AccessDeniedError:
        raise GoogleError("not_signed_in", "the sign-in was refused in the browser.", hint=again) from None
    except WSGITimeoutError:
        what = f"nobody signed in within {WAIT_FOR_BROWSER_S // 60} minutes."
        raise GoogleError("not_signed_in", what, hint=again) from None
    except Warning:  # oauthlib's, when other scopes were granted than were asked for
        what = "not everything that was asked for was allowed."
        raise GoogleError("not_signed_in", what, hint="Run the command again and tick every box.") from None
    except InvalidClientError:
        what = "Google does not know this OAuth client."
        raise GoogleError("bad_credentials", what, hint=_HOW) from None
    except OAuth2Error as error:
        what = f"the sign-in did not come to its end ({type(error).__name__})."
        raise GoogleError("not_signed_in", what, hint=again) from None
    except requests.RequestException as error:
        what = f"Google could not be asked for the credentials ({type(error).__name__})."
        raise GoogleError("unreachable", what, hint="Check that this machine is online.") from None
    except OSError as error:
        what = f"the port can't be listened on ({error.strerror})."
        raise GoogleError("unreachable", what, hint="Choose another by --port, or 0 for any.") from None


def _has_browser() -> bool:
    try:
        webbrowser.get()
    except webbrowser.Error:
        return False
    return True


def _write(target: Path, content: Mapping[str, str]) -> None:
    """Never readable by others, not even for an instant; never half-written."""
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    staged = target.with_name(f"{target.name}.{uuid.uuid4().hex}.tmp")
    try:
        with os.fdopen(os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as stream:
            json.dump(content, stream, indent=1)
            stream.flush()
            os.fsync(stream.fileno())
        staged.replace(target)
    finally:
        staged.unlink(missing_ok=True)


class _Bounded(HTTPAdapter):
    """oauthlib asks for the token without a time limit."""

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        options["timeout"] = options.get("timeout") or services.CALL_TIMEOUT_S
        return super().send(request, *args, **options)
