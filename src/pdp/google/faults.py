"""What went wrong with Google, why, and what to do, in plain words and without an id."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager

import requests
from google.auth.exceptions import RefreshError

from pdp.errors import GoogleError
from pdp.google.answers import (
    LIBRARY_ERRORS,
    NETWORK_ERRORS,
    Answer,
    OddAnswerError,
    answer,
    is_certificate_error,
    is_name_error,
    is_timeout,
)
from pdp.google.credentials import Identity

# Google refuses a signature that is older or younger; the same bound tells a wrong clock from a slow line.
CLOCK_BOUND_S = 300.0

_SIGN_IN_AGAIN = (
    "Sign in again: pdp google sign-in --force --client <file of your OAuth client>{purpose}. If this comes back every "
    "7 days, the OAuth consent screen is in the status Testing: publish it (Google Cloud console, Google Auth "
    "Platform, Audience, Publish app)."
)
_SET_CLOCK = "Set this machine's clock (timedatectl set-ntp true) and try again."
_DISABLED = frozenset({"accessNotConfigured", "SERVICE_DISABLED"})
_NO_SCOPE = frozenset({"insufficientPermissions", "ACCESS_TOKEN_SCOPE_INSUFFICIENT", "insufficientScopes"})
_NO_SPACE = frozenset({"storageQuotaExceeded", "quotaExceeded", "teamDriveFileLimitExceeded"})
_MAY_NOT = frozenset(
    {"insufficientFilePermissions", "insufficientParentPermissions", "cannotDownloadFile", "appNotAuthorizedToFile"}
)
_CONFLICT = frozenset({"fileIdInUse", "conditionNotMet"})


@contextmanager
def told(identity: Identity, what: str) -> Iterator[None]:
    """Every fault of Google's libraries and of the network as a GoogleError; other exceptions pass.

    Args:
        identity: Who asked; the cure names the address to share with.
        what: What was asked for, as a noun without an id: "the spreadsheet".

    Raises:
        GoogleError: With reason, cause and cure.
    """
    try:
        yield
    except (*LIBRARY_ERRORS, *NETWORK_ERRORS) as error:
        raise tell(identity, what, error) from None  # the library's exception holds addresses with ids


def tell(identity: Identity, what: str, error: BaseException) -> GoogleError:
    """The error that says what an exception of a library means."""
    said = answer(error)
    if said is not None:
        return _refused(identity, what, said)
    if isinstance(error, RefreshError):
        return _not_let_in(identity, error)
    if is_certificate_error(error):
        return GoogleError(
            "unreachable",
            f"{what} can't be asked for: the other side's TLS certificate is not one that this machine trusts.",
            hint="Check the clock. Behind a proxy with a certificate of its own, set HTTPLIB2_CA_CERTS and "
            "REQUESTS_CA_BUNDLE to its file.",
        )
    if is_name_error(error):
        return GoogleError(
            "unreachable",
            f"{what} can't be asked for: Google's address can't be looked up.",
            hint="Check that this machine is online.",
        )
    if isinstance(error, OddAnswerError | json.JSONDecodeError | requests.JSONDecodeError):
        return GoogleError(
            "unavailable",
            f"{what}: the answer was not one that Google gives, tried again and again.",
            hint="Try again later. A proxy or a network that wants a sign-in of its own may answer in Google's place.",
        )
    if is_timeout(error):
        return GoogleError(
            "unavailable", f"{what}: no answer from Google in time, tried again and again.", hint="Try again later."
        )
    return GoogleError(
        "unreachable",
        f"{what}: the connection to Google failed or broke off ({type(error).__name__}), tried again and again.",
        hint="Check that this machine is online and that a firewall or proxy lets it speak with googleapis.com.",
    )


def _refused(identity: Identity, what: str, said: Answer) -> GoogleError:
    """An HTTP answer."""
    if said.status == 401:
        if said.clock_ahead_s is not None and abs(said.clock_ahead_s) > CLOCK_BOUND_S:
            way = "ahead of" if said.clock_ahead_s > 0 else "behind"
            minutes = f"{abs(said.clock_ahead_s) / 60:,.0f} minutes {way} Google's"
            return GoogleError("clock", f"Google refused the credentials: this clock is {minutes}.", hint=_SET_CLOCK)
        return GoogleError("expired", "Google refused the credentials.", where=identity.is_from, hint=_anew(identity))
    if said.status in (409, 412) or said.reasons & _CONFLICT:
        return GoogleError("conflict", f"{what} was made or changed by somebody else meanwhile.")
    if said.is_rate_limit:
        return GoogleError(
            "rate_limited",
            f"{what}: Google asks to be asked less often, and still did after several tries.",
            hint="Try again in some minutes; see the quotas in the Google Cloud console if it stays so.",
        )
    if said.is_transient:
        hint = "Try again later; https://www.google.com/appsstatus says whether Google has a fault."
        return GoogleError("unavailable", f"{what}: Google has a fault (HTTP {said.status}).", hint=hint)
    if said.reasons & _DISABLED:
        return _disabled(what, said)
    if said.reasons & _NO_SPACE:
        return _no_space(identity, what)
    if said.reasons & _NO_SCOPE:
        return GoogleError(
            "no_permission",
            f"{what}: the sign-in does not cover this.",
            where=identity.is_from,
            hint="Sign in again for it: pdp google sign-in (sources) or pdp google sign-in --for state.",
        )
    if said.status == 404:
        return GoogleError("not_found", f"{what} is not there, or is not shared.", hint=_share(identity))
    if said.reasons & _MAY_NOT or (said.status == 403 and identity.purpose == "state"):
        return GoogleError(
            "no_permission", f"{what} may be seen, but not used like this.", hint=_share(identity, "Editor")
        )
    if said.status == 403:
        return GoogleError("not_shared", f"{what} is not shared.", hint=_share(identity))
    if said.reasons & {"FAILED_PRECONDITION"} and "not supported for this document" in said.message:
        return GoogleError(
            "not_found",
            f"{what} is no Google Sheet but an Office file that lies in Drive.",
            hint="Read it by the transport google_drive, or save it as a Google Sheet (File, Save as Google Sheets).",
        )
    words = ", ".join(sorted(word for word in said.reasons if re.fullmatch(r"[A-Za-z_]{1,60}", word)))
    return GoogleError(
        "refused", f"{what}: Google refused the request (HTTP {said.status}{f', {words}' if words else ''})."
    )


def _not_let_in(identity: Identity, error: RefreshError) -> GoogleError:
    """No token was given."""
    text = " ".join(str(each) for each in error.args)
    if error.retryable:
        return GoogleError("unavailable", "Google's sign-in has a fault.", hint="Try again later.")
    if re.search(r"\biat\b|\bexp\b|timeframe|short-lived", text):
        return GoogleError("clock", "Google refused the credentials: this machine's clock is wrong.", hint=_SET_CLOCK)
    if "invalid_client" in text or "unauthorized_client" in text or "deleted_client" in text:
        return GoogleError(
            "bad_credentials",
            "Google does not know the application (OAuth client) that these credentials are for.",
            where=identity.is_from,
            hint="Make an OAuth client in the Google Cloud console and run pdp google sign-in with its file.",
        )
    why = "expired or was withdrawn" if identity.kind == "owner" else "its key or account was deleted or disabled"
    return GoogleError(
        "expired",
        f"Google refused the credentials: the sign-in {why}."
        if identity.kind == "owner"
        else f"Google refused the service account: {why}.",
        where=identity.is_from,
        hint=_anew(identity),
    )


def _anew(identity: Identity) -> str:
    if identity.kind == "owner":
        return _SIGN_IN_AGAIN.format(purpose=" --for state" if identity.purpose == "state" else "")
    return "Make a new key for the service account (Google Cloud console, IAM, Service Accounts, Keys)."


def _share(identity: Identity, role: str = "Viewer") -> str:
    """How to let the asking one in."""
    compare = "compare the id with the one in the browser's address line"
    if identity.kind == "owner":
        return f"Sign in as somebody who may open it (pdp google sign-in), and {compare}."
    return f"Share it with {identity.address} as {role}, and {compare}."


def _disabled(what: str, said: Answer) -> GoogleError:
    is_sheets = "preadsheet" in what or "heets" in said.message
    api = "Google Sheets API" if is_sheets else "Google Drive API"
    return GoogleError(
        "api_disabled",
        f"{what}: the {api} is not enabled in the project that the credentials belong to.",
        hint=f"Enable the {api} (Google Cloud console, APIs & Services, Library), wait some minutes, try again.",
    )


def _no_space(identity: Identity, what: str) -> GoogleError:
    if identity.kind == "owner":
        return GoogleError("quota", f"{what}: the Google Drive is full.", hint="Free some space, or buy more.")
    return GoogleError(
        "quota",
        f"{what}: a service account has no storage of its own and can't make files.",
        hint="Keep the state by the owner's OAuth sign-in (pdp google sign-in --for state), in a shared drive of a "
        "Workspace, or in the fixed form with files that the owner made.",
    )
