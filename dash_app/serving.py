"""Putting the parts together: the page, its gateway, sign-in, and what must hold for this process."""

from __future__ import annotations

import atexit
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import cast

from dash import Dash
from flask import Flask

from dash_app import gateway_process, guard, limits, sign_in
from dash_app.app import create_app
from dash_app.gateway import Gateway
from dash_app.gateway_session import Door, NotNowError, SessionGateway
from dash_app.gateway_state import StateDoor, backend_at
from dash_app.settings import Settings

LOG = logging.getLogger("dash_app")


def serve_openly(settings: Settings, gateway: Gateway) -> Flask:
    """A dashboard that shows one gateway's data to whoever reaches it: the demo, or --private on this machine."""
    app = create_app(gateway)
    guard.limit_hosts(app.server, settings.hosts)
    limits.behind(app.server, settings.proxy)
    return cast(Flask, app.server)


def serve_with_sign_in(
    settings: Settings, public: Path, door: Door | None, make: Callable[[Gateway], Dash] = create_app
) -> Flask:
    """A dashboard that shows the demo to everybody, and the owner's data to the owner.

    Args:
        settings: How it is served.
        public: Working folder with the demo's results.
        door: To the owner's data; None: nobody can sign in.
        make: Makes the pages.
    """
    gateway = SessionGateway(public, settings.cookie, door)
    app = make(gateway)
    guard.limit_hosts(app.server, settings.hosts)
    sign_in.install(app, gateway, settings)
    limits.behind(app.server, settings.proxy)
    app.server.extensions["pdp_gateway"] = gateway
    gateway.sessions.watch()
    atexit.register(gateway.sessions.end_all)
    return cast(Flask, app.server)


def door_of(settings: Settings) -> Door | None:
    """The door of a server. None, and a line in the log, where the state can't be used: then the demo is all."""
    for name in ("PDP_STATE_PASSWORD", "PDP_STATE_KEY"):
        if os.environ.get(name):
            LOG.warning("%s is set and not used here. Unset it: whoever reads it can read your data.", name)
    if not settings.state:
        LOG.warning("PDP_STATE is not set: the demo is shown, and nobody can sign in")
        return None
    try:
        backend_at(settings.state)
    except NotNowError:
        LOG.warning("nobody can sign in until that is mended and the server restarted; the demo is shown")
        return None
    return StateDoor(settings.state, settings.subject)


def prepare() -> None:
    """Once per process, before there is anything private in it."""
    gateway_process.no_core_dumps()
    gateway_process.sweep()
    os.umask(0o077)
