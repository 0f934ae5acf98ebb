"""How often a password may be tried and costly work asked for, and whose requests are counted together."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

from flask import Flask, request
from flask_limiter import Limiter
from werkzeug.middleware.proxy_fix import ProxyFix

from dash_app.settings import Proxy
from pdp.lineage.cell import MOST_DAYS

PER_ADDRESS = "5 per minute"
# From everywhere together. It can lock the owner out while somebody else tries: a restart forgets all counts.
OVERALL = "30 per hour"
# What one visitor may ask of the only processor, about half of it: a download of 200,000 rows takes 1.5 s, the chain of
# a number or the report 0.5 s.
WORK = "60 per minute"
COSTS = {"/download/": 3, "/lineage": 1, "/report.pdf": 1}
DAYS_PER_COST = 200  # of a sum that is made again: half a second
IPV6_NETWORK = 64  # bits; one household or one rented machine has a whole one
Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def visitor() -> str:
    """Whose tries are counted together: an IPv4 address, or an IPv6 network."""
    try:
        address = ipaddress.ip_address(request.remote_addr or "")
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, IPV6_NETWORK), strict=False))
    return str(address)


def cost() -> int:
    """How much of WORK the request takes; 0: it is not counted."""
    price = next((price for path, price in COSTS.items() if request.path.startswith(path)), 0)
    return price + _days() // DAYS_PER_COST if price else 0


def _days() -> int:
    """Days from `since` to `day` that the number's page has to make again; 0 where the address asks for no sum."""
    try:
        first = date.fromisoformat(request.args.get("since", ""))
        last = date.fromisoformat(request.args["day"]) if request.args.get("day") else date.max
    except ValueError:
        return 0
    return min(max((last - first).days, 0), MOST_DAYS)


def limiter(server: Flask) -> Limiter:
    """The limiter of a server, which holds visitors to WORK; counts live in memory, as sessions do."""
    return Limiter(
        visitor,
        app=server,
        storage_uri="memory://",
        strategy="moving-window",
        headers_enabled=False,
        application_limits=[WORK],
        application_limits_cost=cost,
        application_limits_exempt_when=lambda: not cost(),
    )


def behind(server: Flask, proxy: Proxy) -> None:
    """Believe what the proxy in front says of visitors, and nobody else.

    On Fly the last entry of X-Forwarded-For is the app's own address, and the ones before are the visitor's to write;
    Fly-Client-IP is always Fly's own (https://fly.io/docs/networking/request-headers/).
    """
    if proxy == "1":
        server.wsgi_app = ProxyFix(server.wsgi_app, x_for=1, x_proto=1)  # type: ignore[method-assign]
    elif proxy == "fly":
        server.wsgi_app = _behind_fly(server.wsgi_app)  # type: ignore[method-assign, assignment]


def _behind_fly(inner: Wsgi) -> Wsgi:
    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        environ["REMOTE_ADDR"] = environ.get("HTTP_FLY_CLIENT_IP", "")
        environ["wsgi.url_scheme"] = "http" if environ.get("HTTP_FLY_FORWARDED_PROTO") == "http" else "https"
        return inner(environ, start_response)

    return answer
