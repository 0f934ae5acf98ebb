"""What goes over the wire: a request as it came, an answer, and Google's ways of saying no."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message
from typing import Any

RPC_STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}


@dataclass(frozen=True)
class Request:
    """One request, its body read whole. path and query are as sent, percent signs and all."""

    method: str
    target: str
    path: str
    query: Mapping[str, list[str]]
    headers: Message
    body: bytes
    is_cut: bool = False  # the connection broke before all of the body came

    def one(self, name: str, default: str = "") -> str:
        """The last value of a query parameter."""
        return self.query.get(name, [default])[-1]

    def is_true(self, name: str) -> bool:
        """Whether a query parameter says true."""
        return self.one(name).lower() == "true"

    def header(self, name: str) -> str:
        """A header's value, "" without it."""
        return str(self.headers.get(name, ""))

    def json(self) -> dict[str, Any]:
        """The body as a JSON object; Google's 400 where it is none."""
        if not self.body:
            return {}
        try:
            value = json.loads(self.body)
        except ValueError:
            raise Refused(400, "Parse Error", "parseError") from None
        if not isinstance(value, dict):
            raise Refused(400, "Parse Error", "parseError")
        return value


@dataclass
class Answer:
    """What is sent back. With sent set, the connection dies after so many bytes of the body."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    sent: int | None = None


class Dropped(Exception):
    """The connection ends without an answer."""


class Refused(Exception):
    """An answer of 4xx or 5xx, in Drive's or in Sheets' form."""

    def __init__(
        self,
        status: int,
        message: str,
        reason: str = "",
        *,
        domain: str = "global",
        location: tuple[str, str] | None = None,
        details: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        rpc_status: str = "",
        is_from_platform: bool = False,
    ) -> None:
        """location: (kind, name), such as ("parameter", "fileId"). details: an ErrorInfo's metadata and reason."""
        super().__init__(message)
        self.status = status
        self.message = message
        self.reason = reason
        self.domain = domain
        self.location = location
        self.details = details
        self.headers = dict(headers or {})
        self.rpc_status = rpc_status or RPC_STATUS.get(status, "UNKNOWN")
        self.is_from_platform = is_from_platform or details is not None

    def answer(self, path: str) -> Answer:
        """The error's JSON: with errors[].reason for Drive, with status for Sheets."""
        error: dict[str, Any] = {"code": self.status, "message": self.message}
        is_drive = not path.startswith("/v4/")
        if is_drive:
            entry = {"message": self.message, "domain": self.domain, "reason": self.reason}
            if self.location is not None:
                entry |= {"locationType": self.location[0], "location": self.location[1]}
            error["errors"] = [entry]
        if self.is_from_platform or not is_drive:
            error["status"] = self.rpc_status
        if self.details is not None:
            info = dict(self.details)
            error["details"] = [
                {
                    "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                    "reason": info.pop("reason"),
                    "domain": "googleapis.com",
                    "metadata": info,
                }
            ]
        return as_json({"error": error}, self.status, self.headers)


def as_json(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """A JSON answer as Google lays it out."""
    body = json.dumps(value, indent=1, ensure_ascii=False).encode()
    return Answer(status, body, {"Content-Type": "application/json; charset=UTF-8"} | dict(headers or {}))


def no_such_file(file_id: str) -> Refused:
    """404 of a file that is not there, or that the caller may not know of."""
    return Refused(404, f"File not found: {file_id}.", "notFound", location=("parameter", "fileId"))


def invalid_value(name: str, message: str = "Invalid Value") -> Refused:
    """400 of a query parameter."""
    return Refused(400, message, "invalid", location=("parameter", name))
