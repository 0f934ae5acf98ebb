"""Which address is which service."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote

from tests.google.stand_in import drive_v2, drive_v3, drive_writes, sheets_v4, uploads
from tests.google.stand_in.people import Caller
from tests.google.stand_in.wire import Answer, Refused, Request
from tests.google.stand_in.world import World

FILES, FILE = "/drive/v3/files", r"/drive/v3/files/([^/]+)"
SHEET = r"/v4/spreadsheets/([^/:]+)"


@dataclass(frozen=True)
class Route:
    """One method of one service; the pattern's groups are the handler's further arguments."""

    method: str
    path: re.Pattern[str]
    handler: Callable[..., Answer]


def _route(method: str, path: str, handler: Callable[..., Answer]) -> Route:
    return Route(method, re.compile(path), handler)


ROUTES = (
    _route("GET", FILES, drive_v3.list_files),
    _route("POST", FILES, drive_writes.create_bare),
    _route("GET", FILES + "/generateIds", drive_v3.generate_ids),
    _route("GET", FILE, drive_v3.get),
    _route("PATCH", FILE, drive_writes.update_bare),
    _route("DELETE", FILE, drive_writes.delete),
    _route("GET", "/drive/v3/about", drive_v3.about),
    _route("POST", "/upload" + FILES, uploads.begin),
    _route("PATCH", "/upload" + FILE, uploads.begin),
    _route("GET", "/drive/v2/files/([^/]+)", drive_v2.get),
    _route("PUT", "/drive/v2/files/([^/]+)", drive_v2.update_bare),
    _route("PUT", "/upload/drive/v2/files/([^/]+)", uploads.begin),
    _route("GET", SHEET, sheets_v4.get),
    _route("GET", SHEET + "/values:batchGet", sheets_v4.batch),
    _route("GET", SHEET + "/values/([^/]+)", sheets_v4.values),
    _route("PUT", SHEET + "/values/([^/]+)", sheets_v4.update),
)


def serve(world: World, request: Request) -> Answer:
    """Google's answer to a request; its own form of error where it refuses."""
    try:
        with world.lock:
            if request.path == "/token" and request.method == "POST":
                return world.people.token(request)
            if request.path.startswith("/upload/") and "upload_id" in request.query:
                return _upload(world, request)
            return _called(world, request, world.people.caller(request))
    except Refused as refused:
        return refused.answer(request.path)


def _upload(world: World, request: Request) -> Answer:
    if request.method not in ("PUT", "POST", "DELETE"):
        raise Refused(405, "Method not allowed.", "badRequest")
    return uploads.cancel(world, request) if request.method == "DELETE" else uploads.chunk(world, request)


def _called(world: World, request: Request, caller: Caller) -> Answer:
    api = "sheets" if request.path.startswith("/v4/") else "drive"
    if api in world.disabled_apis:
        raise _disabled(api)
    path = request.path.rstrip("/")
    for route in ROUTES:
        found = route.path.fullmatch(path)
        if found is not None and route.method == request.method:
            return route.handler(world, request, caller, *(unquote(group) for group in found.groups()))
    raise Refused(404, "The stand-in does not serve this address.", "notFound")


def _disabled(api: str) -> Refused:
    name = {"drive": "Google Drive API", "sheets": "Google Sheets API"}[api]
    service = f"{api}.googleapis.com"
    where = f"https://console.developers.google.com/apis/api/{service}/overview?project=1"
    return Refused(
        403,
        f"{name} has not been used in project 1 before or it is disabled. Enable it by visiting {where} then retry. "
        "If you enabled this API recently, wait a few minutes for the action to propagate to our systems and retry.",
        "accessNotConfigured",
        domain="usageLimits",
        details={"reason": "SERVICE_DISABLED", "service": service, "consumer": "projects/1"},
    )
