"""What every answer carries: headers against injection and leaks; and the health check, which tells nothing."""

from __future__ import annotations

from dash import Dash
from flask import Response

LARGEST_BODY = 1 << 20  # bytes; a callback's body is small


def install(app: Dash) -> None:
    """Add /healthz, the limit of a request's body and the headers. The layout must be set."""
    policy = content_policy(app)
    app.server.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY

    @app.server.get("/healthz")
    def healthz() -> Response:
        return Response("ok\n", mimetype="text/plain")

    @app.server.after_request
    def headers(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = policy
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
        response.headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
        response.headers["Strict-Transport-Security"] = "max-age=31536000"  # browsers heed it over https alone
        # Scripts and styles have fingerprinted names; everything else may hold data.
        if not response.headers.get("Cache-Control", "").startswith("public"):
            response.headers["Cache-Control"] = "no-store"
        return response


def content_policy(app: Dash) -> str:
    """Own origin only. Dash's inline script goes by its hash; plotly writes inline styles."""
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src 'self' {' '.join(app.csp_hashes())}",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data:",
            "font-src 'self'",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        ]
    )
