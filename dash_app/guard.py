"""What every request must be and every answer carries, whoever asks. Nothing here knows about data or sessions."""

from __future__ import annotations

import json
import logging
import re
from typing import Any
from urllib.parse import urlsplit

from dash import Dash
from dash.exceptions import DependencyException
from flask import Flask, Response, abort, request
from werkzeug.exceptions import HTTPException, NotFound

from dash_app import theme

LOG = logging.getLogger("dash_app")
LARGEST_BODY = 1 << 20  # bytes; a callback's body is small
ASSETS = ("/assets/", "/_dash-component-suites/")
CALLBACKS = "/_dash-update-component"
FINGERPRINT = re.compile(r"\.v\d+_\d+_\d+m\d+\.|-\d+\.\d+\.\d+\.")  # Dash's own; a version in an asset's name
SAFE = ("GET", "HEAD", "OPTIONS")
OWN_SITE = ("same-origin", "none")  # none: the person typed the address


def install(app: Dash) -> None:
    """Add /healthz, the checks and the headers. The layout must be set."""
    server: Flask = app.server
    policy = content_policy(app)
    server.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    server.log_exception = log_exception  # type: ignore[method-assign]
    server.register_error_handler(HTTPException, plain)
    server.register_error_handler(DependencyException, no_such_script)

    @server.get("/healthz")
    def healthz() -> Response:
        return Response("ok\n", mimetype="text/plain")

    @server.before_request
    def check() -> None:
        check_origin()
        if request.path == CALLBACKS and request.method == "POST":
            check_callback(app)

    @server.after_request
    def headers(response: Response) -> Response:
        return with_headers(response, policy)


def check_origin() -> None:
    """Refuse what another site makes a browser do here: 403.

    A browser names the origin of every POST. Programs that are no browser name none and carry nobody's cookie. Pages
    of other sites may link here, but not embed or fetch from here.
    """
    own = request.host_url.rstrip("/").lower()
    origin = request.headers.get("Origin")
    if request.method not in SAFE:
        if origin is not None and origin.lower() != own:
            if origin.lower() == own.replace("http:", "https:"):
                LOG.warning("the own origin came as https, but no proxy is configured: set PDP_DASHBOARD_PROXY")
            abort(403)
        referrer = request.headers.get("Referer")
        if origin is None and referrer and _origin_of(referrer) != own:
            abort(403)
    site = request.headers.get("Sec-Fetch-Site")
    is_link = request.method == "GET" and request.headers.get("Sec-Fetch-Mode") == "navigate"
    if site is not None and site not in OWN_SITE and not is_link:
        abort(403)


def limit_hosts(server: Flask, hosts: tuple[str, ...]) -> None:
    """Answer to these names only: a name of somebody else's that leads here (DNS rebinding) gets 421 and no data."""

    @server.before_request
    def check_host() -> None:
        if hosts and request.path != "/healthz" and _without_port(request.host) not in hosts:
            abort(421)


def check_callback(app: Dash) -> None:
    """Refuse a callback's body that no page of ours sends: 400. (Dash itself refuses other kinds than JSON: 415.)"""
    try:
        body = json.loads(request.get_data(cache=True))
    except (ValueError, RecursionError):
        abort(400)
    known = app.callback_map.get(body.get("output")) if _is(body, dict) and _is(body.get("output"), str) else None
    if known is None or not _is_call(body, len(known["inputs"]), len(known["state"])):
        abort(400)


def with_headers(response: Response, policy: str) -> Response:
    """The headers of every answer."""
    response.headers["Content-Security-Policy"] = policy
    response.headers["X-Content-Type-Options"] = "nosniff"
    # Not no-referrer: browsers then call the origin of our own forms "null".
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
    response.headers["Strict-Transport-Security"] = "max-age=31536000"  # browsers heed it over https alone
    response.headers["Cache-Control"] = kept(response)
    if response.headers["Cache-Control"] == "no-store":
        response.vary.add("Cookie")  # for a cache between that keeps things all the same
    if response.mimetype == "text/html":
        theme.asked_for(response)
    return response


def kept(response: Response) -> str:
    """How long a browser may keep an answer: scripts, styles and fonts; everything else may hold data, so not at all.

    For good only under a name that changes with the content; else asked again each time.
    """
    if not request.path.startswith(ASSETS) or response.status_code not in (200, 304):
        return "no-store"
    if "m" in request.args or FINGERPRINT.search(request.path):
        return "public, max-age=31536000, immutable"
    return "no-cache"


def content_policy(app: Dash) -> str:
    """Own origin only. Inline scripts (Dash's, the theme's) go by their hashes; plotly writes inline styles."""
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src 'self' {theme.script_source()} {' '.join(app.csp_hashes())}",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data:",
            "font-src 'self'",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        ]
    )


def plain(error: HTTPException) -> Response:
    """An error as one line of text: no trace, nothing of the request."""
    response = error.get_response()
    response.set_data(f"{error.code} {error.name}\n")
    response.mimetype = "text/plain"
    return Response(response.get_data(), error.code, dict(response.headers))


def no_such_script(_: DependencyException) -> Response:
    """404 for a script or style that Dash does not hand out; its own words list all that it does."""
    return plain(NotFound())


def log_exception(exc_info: Any) -> None:
    """Type and place of what went wrong; its text may hold a value of somebody's."""
    kind, _, trace = exc_info
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "?"
    LOG.error("%s at %s, in answer to %s %s", kind.__name__, place, request.method, request.endpoint)


def _is_call(body: dict[str, Any], n_inputs: int, n_states: int) -> bool:
    inputs, states = body.get("inputs", []), body.get("state", [])
    changed = body.get("changedPropIds", [])
    return (
        _is(inputs, list)
        and _is(states, list)
        and len(inputs) == n_inputs
        and len(states) == n_states
        and all(_is_property(each) for each in [*inputs, *states])
        and _is(body.get("outputs", []), (list, dict))
        and _is(changed, list)
        and all(_is(each, str) for each in changed)
    )


def _is_property(value: Any) -> bool:
    """An {id, property, value}, or for wildcards a list of them."""
    if _is(value, list):
        return all(_is(each, dict) and _is_property(each) for each in value)
    return _is(value, dict) and _is(value.get("id"), (str, dict)) and _is(value.get("property"), str)


def _is(value: Any, kind: type | tuple[type, ...]) -> bool:
    return isinstance(value, kind)


def _origin_of(address: str) -> str:
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}".lower()


def _without_port(host: str) -> str:
    name, _, port = host.lower().rpartition(":")
    return name if name and port.isdigit() else host.lower()
