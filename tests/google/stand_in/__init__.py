"""A stand-in for Google on 127.0.0.1: sign-in, Drive v3 and v2, Sheets v4, and faults on purpose.

    with StandIn() as google:
        reader = google.service_account()
        sheet = google.sheets.put("Log", {"2026": [["Date", "Sys"], [date(2026, 1, 2), 131]]}, shared_with=[reader])
        google.faults.add(r"GET /v4/", status(429, retry_after=1), times=2)

What it knows of Google's behaviour is documented by Google or was seen by people who use it; tests/google/live lets an
owner hold the two against each other. What it does not know it refuses, loudly.
"""

from __future__ import annotations

import ssl
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.google.stand_in import certificates, control, routes
from tests.google.stand_in.cells import Formula
from tests.google.stand_in.faults import (
    HTTPLIB2_TRIES,
    Faults,
    Hold,
    Kind,
    apply_then,
    apply_then_call,
    apply_then_drop,
    around,
    call,
    cut_request,
    delay,
    drop,
    flip,
    instead,
    shorten,
    status,
    tell,
    truncate,
)
from tests.google.stand_in.file import DOCUMENT, FOLDER, SHORTCUT, SPREADSHEET
from tests.google.stand_in.files import Files
from tests.google.stand_in.people import OWNER, People
from tests.google.stand_in.server import Server
from tests.google.stand_in.sheets import Sheets
from tests.google.stand_in.wire import Answer, Dropped, Request
from tests.google.stand_in.world import World

__all__ = [
    "DOCUMENT", "FOLDER", "HTTPLIB2_TRIES", "OWNER", "SHORTCUT", "SPREADSHEET", "Formula", "Hold", "Kind", "StandIn",
    "apply_then", "apply_then_call", "apply_then_drop", "call", "cut_request", "delay", "drop", "flip", "instead",
    "shorten", "status", "tell", "truncate",
]  # fmt: skip


class StandIn:
    """One Google of its own: nobody, no file at the start."""

    def __init__(self, *, tls: bool = False, port: int = 0) -> None:
        """port 0 = any that is free."""
        self.world = World()
        self.ca: Path | None = None
        context: ssl.SSLContext | None = None
        if tls:
            self.ca, context = certificates.authority()
        self._server = Server(self._serve, self.world.clock.date_header, port, context)
        self.root = f"{'https' if tls else 'http'}://127.0.0.1:{self._server.port}"
        self.world.root = self.world.people.root = self.root

    def __enter__(self) -> StandIn:
        self._server.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()

    @property
    def people(self) -> People:
        """Identities and tokens."""
        return self.world.people

    @property
    def files(self) -> Files:
        """The Drive's files."""
        return self.world.files

    @property
    def sheets(self) -> Sheets:
        """The spreadsheets."""
        return self.world.sheets

    @property
    def faults(self) -> Faults:
        """What goes wrong on purpose."""
        return self.world.faults

    def service_account(self, name: str = "reader") -> dict[str, Any]:
        """A new service account's key file."""
        return self.people.service_account(name)

    def owner(
        self, address: str = OWNER, scopes: Collection[str] = ("drive.file",), app: str = "pdp"
    ) -> dict[str, Any]:
        """An owner's sign-in to an app, as an authorized_user file."""
        return self.people.owner(address, scopes, app)

    def expire_tokens(self) -> None:
        """End every access token given so far."""
        self.people.expire_tokens()

    def revoke(self, who: str | Mapping[str, Any]) -> None:
        """Withdraw an identity."""
        self.people.revoke(who)

    def disable_api(self, api: str) -> None:
        """Act as if a project had not enabled an API: drive or sheets."""
        self.world.disabled_apis.add(api)

    def enable_api(self, api: str) -> None:
        """Undo disable_api."""
        self.world.disabled_apis.discard(api)

    def list_lag(self, lists: int) -> None:
        """A new file is missing from so many lists after its making."""
        self.files.list_lag = lists

    @property
    def clock_offset(self) -> float:
        """How far Google's clock is ahead of this machine's, s."""
        return self.world.clock.offset_s

    @clock_offset.setter
    def clock_offset(self, seconds: float) -> None:
        self.world.clock.offset_s = seconds

    @property
    def no_quota_for_service_accounts(self) -> bool:
        """Whether service accounts cannot create files in My Drive, as since 2025."""
        return self.world.no_quota_for_service_accounts

    @no_quota_for_service_accounts.setter
    def no_quota_for_service_accounts(self, is_so: bool) -> None:
        self.world.no_quota_for_service_accounts = is_so

    @property
    def is_quota_full(self) -> bool:
        """Whether the owner's Drive is full."""
        return self.world.is_quota_full

    @is_quota_full.setter
    def is_quota_full(self, is_so: bool) -> None:
        self.world.is_quota_full = is_so

    @property
    def is_network_down(self) -> bool:
        """Whether every connection ends without an answer."""
        return self.world.is_network_down

    @is_network_down.setter
    def is_network_down(self, is_so: bool) -> None:
        self.world.is_network_down = is_so

    @property
    def requests(self) -> list[tuple[str, str]]:
        """Method and path (with query) of every request so far, in the order of their coming."""
        return list(self.world.requests)

    def every_byte(self) -> Iterator[bytes]:
        """Everything ever received or stored: addresses, headers, bodies, contents of files, names."""
        yield from list(self.world.received)
        yield from self.files.stored()

    def _serve(self, request: Request) -> Answer:
        world = self.world
        if request.path.startswith("/_control/"):
            return control.serve(self, request)
        world.requests.append((request.method, request.target))
        world.received += [request.target.encode(), str(request.headers).encode(), request.body]
        if world.is_network_down:
            raise Dropped
        return around(world.faults.next_for(request), request, lambda asked: routes.serve(world, asked))
