"""Control of a stand-in in another process, over HTTP, with the same words as in this one.

google = Remote(root)
google.files.put("a.zip", b"...", shared_with=["reader@..."])
google.faults.add("POST /upload/", apply_then(500))
google.set(clock_offset=3600)
"""

from __future__ import annotations

import base64
import json
import urllib.error
import urllib.request
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from tests.google.stand_in.faults import Kind
from tests.google.stand_in.wire import Answer, Request, as_json

if TYPE_CHECKING:
    from tests.google.stand_in import StandIn

ROOMS = ("files", "sheets", "faults", "people")
SETTINGS = ("clock_offset", "no_quota_for_service_accounts", "is_quota_full", "is_network_down")
ACTS = ("service_account", "owner", "expire_tokens", "revoke", "disable_api", "enable_api", "list_lag")
SENDER = "stand-in-control"


def serve(google: StandIn, request: Request) -> Answer:
    """POST /_control/<room>/<method> {"args": [...], "kwargs": {...}}; /_control/set {...}; GET /_control/requests."""
    if request.header("X-Sender") != SENDER:
        return as_json({"error": "not from a test"}, 403)
    what = request.path.removeprefix("/_control/")
    if what == "requests":
        return as_json(google.requests)
    if what == "every_byte":
        return Answer(200, b"\0".join(google.every_byte()))
    asked = {name: _read(value) for name, value in request.json().items()}
    try:
        if what == "set":
            for name, value in asked.items():
                if name not in SETTINGS:
                    raise AttributeError(f"There is no setting {name}. There are: {', '.join(SETTINGS)}.")
                setattr(google, name, value)
            return as_json({"result": None})
        room, _, method = what.rpartition("/")
        if method.startswith("_") or not (room in ROOMS or (not room and method in ACTS)):
            raise AttributeError(f"There is no {what} to control.")
        act = getattr(getattr(google, room) if room else google, method)
        return as_json({"result": _written(act(*asked.get("args", []), **asked.get("kwargs", {})))})
    except (AttributeError, TypeError, ValueError, KeyError) as fault:
        return as_json({"error": f"{type(fault).__name__}: {fault}"}, 400)


class Remote:
    """A stand-in in another process."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.files = _Room(self, "files/")
        self.sheets = _Room(self, "sheets/")
        self.faults = _Room(self, "faults/")
        self.people = _Room(self, "people/")

    def __getattr__(self, name: str) -> Any:
        if name not in ACTS:
            raise AttributeError(name)
        return getattr(_Room(self, ""), name)

    @property
    def requests(self) -> list[tuple[str, str]]:
        """Method and path of every request so far."""
        return [(method, path) for method, path in json.loads(self.ask("requests", None))]

    def every_byte(self) -> bytes:
        """Everything ever received or stored."""
        return self.ask("every_byte", None)

    def set(self, **settings: Any) -> None:
        """Set clock_offset and what else SETTINGS has."""
        self.ask("set", settings)

    def ask(self, what: str, content: Any) -> bytes:
        """One request to /_control/."""
        body = None if content is None else json.dumps(_written(content)).encode()
        headers = {"X-Sender": SENDER, "Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.root}/_control/{what}", body, headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return bytes(answer.read())
        except urllib.error.HTTPError as refused:
            raise ValueError(json.loads(refused.read())["error"]) from None


class _Room:
    def __init__(self, remote: Remote, path: str) -> None:
        self._remote = remote
        self._path = path

    def __getattr__(self, method: str) -> Any:
        def act(*args: Any, **kwargs: Any) -> Any:
            answer = self._remote.ask(self._path + method, {"args": list(args), "kwargs": kwargs})
            return _read(json.loads(answer)["result"])

        return act


def _written(value: Any) -> Any:
    if isinstance(value, bytes):
        return {"$bytes": base64.b64encode(value).decode()}
    if isinstance(value, Kind):
        if value.call is not None:
            raise ValueError("A function cannot be called in another process: use another kind of fault.")
        return {"$fault": asdict(value)}
    if isinstance(value, dict):
        return {name: _written(entry) for name, entry in value.items()}
    return [_written(entry) for entry in value] if isinstance(value, list | tuple) else value


def _read(value: Any) -> Any:
    if isinstance(value, dict):
        if "$bytes" in value:
            return base64.b64decode(value["$bytes"])
        if "$fault" in value:
            return Kind(**value["$fault"])
        return {name: _read(entry) for name, entry in value.items()}
    return [_read(entry) for entry in value] if isinstance(value, list) else value
