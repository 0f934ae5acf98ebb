"""An owner whose every name and value is a canary, the state that holds their data, and a demo beside them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from dash import Dash
from flask import Flask
from flask.testing import FlaskClient

from dash_app.app import create_app
from dash_app.gateway import Gateway
from dash_app.gateway_state import StateDoor
from dash_app.serving import serve_with_sign_in
from dash_app.settings import Settings
from pdp.lineage import record
from pdp.lineage.state import write as write_last_run
from pdp.state import keyring, opening
from pdp.state.backends import open_backend
from pdp.state.push import push
from pdp.state.secret import Password
from tests.dash_app.synthetic import ACCOUNT
from tests.workplace import Workplace, measured

PASSWORD = "korrekt Pferd Batterie Heftklammer"
SUBJECT = "me"  # of tests.workplace
CANARY = "kanarienvogel"
OWN_LOG = f"""Date,Time,Sys,Dia,Pulse,Note
2025-03-14,07:12,187,118,107,{CANARY}
2025-03-14,07:14,186,117,106,
2025-03-15,07:05,183,113,103,
"""
HOST = "pdp.example.org"
ORIGIN = f"https://{HOST}"


def little_demo(root: Path) -> Path:
    """A folder with some days of the synthetic person."""
    summary = root / "results/summary/demo"
    summary.mkdir(parents=True)
    (summary / "conservation.json").write_text(ACCOUNT)
    days = {
        "date": pa.array([20000, 20001, 20002], pa.date32()),
        "bp_n": [2, 0, 1],
        "bp_systolic_mean_mmhg": [121.5, None, 133.0],
    }
    pq.write_table(pa.table(days), summary / "daily.parquet")
    return root


def own_folder(root: Path) -> Path:
    """A folder with the owner's results, as a run leaves them."""
    measured(Workplace(root), text=OWN_LOG)
    record.fold(root / "results")
    write_last_run(root / "results")
    return root


def make_state(place: Path, *folders: Path) -> str:
    """A state with what these folders hold; its address."""
    address = f"folder:{place}"
    for number, folder in enumerate(folders):
        backend = open_backend(address)
        if number == 0:
            opening.create(folder, backend, Password(PASSWORD), {})
        keys = keyring.open_with(backend.read_keyring(), Password(PASSWORD))
        push(folder, backend, keys)
    return address


@dataclass
class Clock:
    """Seconds that pass when told to."""

    now: float = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Held:
    """What a session holds; knows whether it was dropped."""

    closed: threading.Event = field(default_factory=threading.Event)

    def close(self) -> None:
        assert not self.closed.is_set(), "closed twice"
        self.closed.set()


@dataclass
class Browser:
    """A visitor with one address, and the cookie that was set last."""

    server: Flask
    settings: Settings
    address: str = "203.0.113.7"
    cookie: str = ""
    origin: str | None = ORIGIN

    def client(self) -> FlaskClient:
        return self.server.test_client(use_cookies=False)

    def ask(self, method: str, path: str, **more: Any) -> Any:
        """A request as a browser on our own page makes it; keeps the cookie that the answer sets."""
        headers = {"Host": HOST, **more.pop("headers", {})}
        if self.origin is not None and method not in ("GET", "HEAD"):
            headers.setdefault("Origin", self.origin)
        if self.cookie:
            headers.setdefault("Cookie", f"{self.settings.cookie}={self.cookie}")
        answer = self.client().open(
            path,
            method=method,
            headers=headers,
            base_url=ORIGIN,
            environ_overrides={"REMOTE_ADDR": self.address},
            **more,
        )
        if set_cookie := answer.headers.get("Set-Cookie"):
            name, _, value = set_cookie.split(";")[0].partition("=")
            assert name == self.settings.cookie
            self.cookie = value
        return answer

    def get(self, path: str, **more: Any) -> Any:
        return self.ask("GET", path, **more)

    def post(self, path: str, **more: Any) -> Any:
        return self.ask("POST", path, **more)

    def sign_in(self, password: str = PASSWORD, **more: Any) -> Any:
        """Type a password."""
        return self.post("/sign-in", data={"password": password}, **more)


@dataclass
class Served:
    """A server with a demo for all and a state behind the password."""

    server: Flask
    settings: Settings
    gateway: Any

    def browser(self, **more: Any) -> Browser:
        """A visitor."""
        return Browser(self.server, self.settings, **more)


def serve(
    public: Path,
    address: str,
    settings: Settings | None = None,
    door: Any = "",
    make: Callable[[Gateway], Dash] = create_app,
) -> Served:
    """The dashboard as deployed, in this process."""
    settings = settings or Settings(state=address)
    door = StateDoor(address) if door == "" else door
    server = serve_with_sign_in(settings, public, door, make)
    return Served(server, settings, server.extensions["pdp_gateway"])
