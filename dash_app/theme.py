"""Light or dark: what the address names; else what the reader's system prefers, without a cookie.

The server draws the charts, so it must know. Browsers that send Sec-CH-Prefers-Color-Scheme are asked for it
(Accept-CH) and then send it with every request. For the others, and for the first request of those, SCRIPT stands in
the head, before anything is painted: where the page is light and the system dark, it asks once more, with the hint
where the browser has it, else with the theme in the address. Without scripts and without the hint, it is light.
"""

from __future__ import annotations

import base64
import hashlib

from flask import Response, request

from dash_app.palette import Theme

HINT = "Sec-CH-Prefers-Color-Scheme"
SCRIPT = (
    "(()=>{const root=document.documentElement,here=new URL(location.href);"
    'if(here.searchParams.has("theme")||root.dataset.theme!=="light"||'
    '!matchMedia("(prefers-color-scheme: dark)").matches)return;'
    'const again=performance.getEntriesByType("navigation")[0]?.type==="reload";'
    "if(isSecureContext&&navigator.userAgentData&&!again)location.reload();"
    'else{here.searchParams.set("theme","dark");location.replace(here)}})()'
)


def of_system() -> Theme:
    """The theme that the request's browser says its system prefers; light where it says nothing."""
    return "dark" if request.headers.get(HINT, "").strip('" ') == "dark" else "light"


def script_source() -> str:
    """What lets SCRIPT, and nothing else that stands in a page, run under the page's policy."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()}'"


def asked_for(response: Response) -> Response:
    """With the headers that ask the browser for the hint, and tell that the answer depends on it."""
    response.headers["Accept-CH"] = HINT
    response.vary.add(HINT)
    return response
