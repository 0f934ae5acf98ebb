"""Signing in and out: two small pages without any script, and the session's cookie.

The password is tried by the gateway's door. Here it is a text that comes in a form and goes; it is not logged, not
kept, and not shown again. What a visitor is told does not depend on why a password failed.
"""

from __future__ import annotations

import logging
from html import escape
from pathlib import Path
from typing import Any, cast

from dash import Dash
from flask import Flask, Response, redirect, request

from dash_app import limits
from dash_app.gateway_session import BusyError, NotNowError, SessionGateway, WrongPasswordError
from dash_app.settings import Settings

LOG = logging.getLogger("dash_app.sign_in")
PATH, OUT_PATH = "/sign-in", "/sign-out"
LARGEST_FORM = 16 << 10  # bytes; a password has 1,024 characters at most
WRONG = "That is not the password."
BUSY = "Another password is being tried just now. Wait some seconds and try again."
NOT_NOW = "Your data can't be opened now. The log of the server says why."
TOO_OFTEN = "Too many tries. Wait a minute and try again; if others are trying too, wait an hour or restart the server."
TOO_MUCH = "<h1>Too many requests</h1><p>Wait a minute and try again: this server has one processor for everybody.</p>"
TITLE = "Sign in"
CLOSED = f"<h1>{TITLE}</h1><p>Nobody can sign in here: this server has no state, or can't use it.</p>"


def install(app: Dash, gateway: SessionGateway, settings: Settings) -> None:
    """Add the pages, and with them the limits. After `create_app`; at most once."""
    server: Flask = app.server
    often = limits.limiter(server)
    per_address = often.limit(limits.PER_ADDRESS, methods=["POST"])
    overall = often.limit(limits.OVERALL, key_func=lambda: "everybody", methods=["POST"])

    def show() -> Response:
        if gateway.is_signed_in():
            return _to_the_start()
        return _page(app, _form("")) if gateway.can_sign_in() else _page(app, CLOSED, 503)

    def try_password() -> Response:
        request.max_content_length = LARGEST_FORM
        password = request.form.get("password", "")
        if gateway.door is None:
            return _page(app, CLOSED, 503)
        try:
            opened = gateway.door.enter(password)
        except WrongPasswordError:
            LOG.warning("a sign-in was refused: wrong password")
            return _page(app, _form(WRONG), 401)
        except BusyError:
            return _page(app, _form(BUSY), 503)
        except NotNowError:
            return _page(app, _form(NOT_NOW), 503)
        gateway.sessions.end(request.cookies.get(gateway.cookie))
        response = _to_the_start()
        _set(response, settings, gateway.sessions.begin(opened))
        LOG.warning("somebody signed in")
        return response

    def ask_out() -> Response:
        return _page(app, _out_form()) if gateway.is_signed_in() else _to_the_start()

    def leave() -> Response:
        gateway.sessions.end(request.cookies.get(gateway.cookie))
        response = _to_the_start()
        _set(response, settings, "")
        # Not "cookies": that would also take those of other servers on this host.
        response.headers["Clear-Site-Data"] = '"cache", "storage"'
        return response

    server.add_url_rule(PATH, "sign_in", show, methods=["GET"])
    server.add_url_rule(PATH, "try_password", overall(per_address(try_password)), methods=["POST"])
    server.add_url_rule(OUT_PATH, "ask_out", ask_out, methods=["GET"])
    server.add_url_rule(OUT_PATH, "sign_out", leave, methods=["POST"])
    server.register_error_handler(429, lambda _: _too_often(app))


def _too_often(app: Dash) -> Response:
    response = _page(app, _form(TOO_OFTEN) if request.path == PATH else TOO_MUCH, 429)
    response.headers["Retry-After"] = "60"
    return response


def _set(response: Response, settings: Settings, id: str) -> None:
    """The cookie; "" takes it away. Without Max-Age it goes when the browser is closed."""
    response.set_cookie(
        settings.cookie,
        id,
        max_age=None if id else 0,
        secure=not settings.is_loopback,
        httponly=True,
        samesite="Strict",
        path="/",
    )


def _to_the_start() -> Response:
    return cast(Response, redirect("/", 303))


def _page(app: Dash, inside: str, code: int = 200) -> Response:
    # The name with the time of change is what may be kept; guard.with_headers.
    sheets = "".join(
        f'<link rel="stylesheet" href="{escape(app.get_asset_url(path.name))}?m={path.stat().st_mtime}">'
        for path in sorted(Path(cast(Any, app.config.assets_folder)).glob("*.css"))
    )
    # Named by the address; else the system's: tokens.css follows it where the element says nothing.
    named = request.args.get("theme")
    theme = f' data-theme="{named}"' if named in ("light", "dark") else ""
    text = (
        f'<!doctype html><html lang="en"{theme}><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{TITLE} · Personal Data Platform</title>{sheets}"
        f'<link rel="icon" href="{escape(app.get_asset_url("icon.svg"))}"></head>'
        f'<body><main class="sign-in">{inside}<p><a href="/">Back to the dashboard</a></p></main></body></html>'
    )
    return Response(text, code, mimetype="text/html")


def _form(told: str) -> str:
    alert = f'<p class="alert" role="alert" id="told">{escape(told, quote=False)}</p>' if told else ""
    return (
        f'<h1>{TITLE}</h1><form method="post" action="{PATH}">{alert}'
        '<p><label for="password">Password of your data</label>'
        '<input id="password" name="password" type="password" autocomplete="current-password" maxlength="1024" '
        f"required autofocus{' aria-describedby=told' if told else ''}></p>"
        '<p><button type="submit">Sign in</button></p>'
        '<p class="method">It opens your data in the memory of this server until you sign out, leave it alone for '
        "15 minutes, or 8 hours have passed. Without it everybody sees the demo: somebody who does not exist.</p>"
        "</form>"
    )


def _out_form() -> str:
    button = '<p><button type="submit">Sign out</button></p>'
    return f'<h1>Sign out</h1><form method="post" action="{OUT_PATH}">{button}</form>'
