"""What the exceptions of Google's libraries say, without the addresses (with ids) that they hold."""

from __future__ import annotations

import http.client
import json
import re
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httplib2
import requests
from google.auth.exceptions import GoogleAuthError, RefreshError, TransportError
from googleapiclient.errors import HttpError
from gspread.exceptions import APIError


class OddAnswerError(Exception):
    """Success by its status, but not what was asked for: a proxy's page, null, a part that is always there missing."""


# What a call to Google may raise, apart from an OSError, which may be the local disk's.
LIBRARY_ERRORS = (
    HttpError,
    APIError,
    GoogleAuthError,
    httplib2.HttpLib2Error,
    requests.RequestException,
    http.client.HTTPException,
    json.JSONDecodeError,
    OddAnswerError,
)
# OSErrors of the network. (requests' errors are OSErrors too.) The rest, such as a full disk, is not Google's.
NETWORK_ERRORS = (ssl.SSLError, TimeoutError, ConnectionError, socket.gaierror)


_RATE = frozenset({"userRateLimitExceeded", "rateLimitExceeded"})


@dataclass(frozen=True)
class Answer:
    """An HTTP answer that was no success.

    Attributes:
        status: HTTP's.
        reasons: Google's code words, in every place where its two error formats have them.
        message: Google's sentence. It may hold an id: looked at, never shown.
        retry_after_s: What Retry-After asks for, in seconds from the answer on.
        clock_ahead_s: How far this machine's clock is ahead of the Date header, if there is one.
    """

    status: int
    reasons: frozenset[str]
    message: str
    retry_after_s: float | None
    clock_ahead_s: float | None

    @property
    def is_rate_limit(self) -> bool:
        return self.status == 429 or (self.status == 403 and bool(self.reasons & _RATE))

    @property
    def is_transient(self) -> bool:
        return self.is_rate_limit or self.status == 408 or self.status >= 500


def answer(error: BaseException) -> Answer | None:
    """The HTTP answer that an exception stands for, if it is one."""
    if isinstance(error, HttpError):
        return _read(int(error.resp.status), {key.lower(): value for key, value in error.resp.items()}, error.content)
    if isinstance(error, APIError):
        response = error.response
        headers = {key.lower(): value for key, value in response.headers.items()}
        return _read(response.status_code, headers, response.content)
    return None


def is_transient(error: BaseException) -> bool:
    """Whether the same call may succeed a little later."""
    said = answer(error)
    if said is not None:
        return said.is_transient
    if isinstance(error, RefreshError):
        return bool(error.retryable)
    if is_certificate_error(error):
        return False
    if isinstance(error, requests.RequestException):
        cut = (requests.Timeout, requests.ConnectionError, requests.exceptions.ChunkedEncodingError)
        return isinstance(error, (*cut, requests.JSONDecodeError))
    others = (
        OddAnswerError,
        TransportError,
        http.client.HTTPException,
        json.JSONDecodeError,
        httplib2.ServerNotFoundError,
    )
    return isinstance(error, others + NETWORK_ERRORS)


def is_certificate_error(error: BaseException) -> bool:
    """Whether the other side could not prove to be Google. Text, because every library wraps it in its own way."""
    return isinstance(error, ssl.SSLCertVerificationError) or "CERTIFICATE_VERIFY_FAILED" in str(error)


def is_name_error(error: BaseException) -> bool:
    """Whether the name could not be looked up: there is no network, mostly."""
    if isinstance(error, (socket.gaierror, httplib2.ServerNotFoundError)):
        return True
    return bool(re.search(r"NameResolutionError|getaddrinfo|Unable to find the server", str(error)))


def is_timeout(error: BaseException) -> bool:
    """Whether no answer came in time."""
    return isinstance(error, (TimeoutError, requests.Timeout)) or "timed out" in str(error)


def _read(status: int, headers: Mapping[str, str], content: bytes) -> Answer:
    fault = _fault(content)
    reasons = {str(each.get("reason", "")) for each in _dicts(fault.get("errors")) + _dicts(fault.get("details"))}
    reasons.add(str(fault.get("status", "")))
    sent = _time(headers.get("date"))
    now = datetime.now(UTC)
    ahead = (now - sent).total_seconds() if sent else None
    retry_after = _retry_after(headers.get("retry-after"), sent or now)
    return Answer(status, frozenset(reasons - {""}), str(fault.get("message", "")), retry_after, ahead)


def _fault(content: bytes) -> dict[str, Any]:
    try:
        fault = json.loads(content)["error"]
    except (ValueError, KeyError, TypeError):
        return {}
    return fault if isinstance(fault, dict) else {}


def _dicts(value: object) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _retry_after(value: str | None, sent: datetime) -> float | None:
    """Seconds, or an HTTP date, which is held against the same server's clock and not against ours."""
    if value is None:
        return None
    if re.fullmatch(r"\d{1,9}(\.\d+)?", value.strip()):
        return float(value)
    until = _time(value)
    return max(0.0, (until - sent).total_seconds()) if until else None


def _time(value: str | None) -> datetime | None:
    try:
        found = parsedate_to_datetime(value or "")
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
