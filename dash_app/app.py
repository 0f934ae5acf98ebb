"""create_app(gateway): finds the pages and serves each as a document that can be read before any script has run.

A page is dash_app/pages/<name>.py, found by its file:

    TITLE = "Blood pressure"
    PATH = "/blood-pressure"
    NAV = 20                     # place in the navigation; None for none
    def page(data: Dataset, view: View) -> Component: ...

and, where wanted: SUBTITLE (text), HAS_RANGE = False (no range of days to choose), NAV_TITLE, and
`def register(app: Dash, gateway: Gateway) -> None` for callbacks and downloads.

One request makes one page, once: its HTML for the first paint and its components for Dash stand in the same document,
so no other address gives a layout away (/_dash-layout is empty).
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from dash import Dash, html
from dash.development.base_component import Component
from flask import Response, after_this_request, request
from flask_compress import Compress
from plotly.io.json import to_json_plotly
from werkzeug.exceptions import InternalServerError

import dash_app.pages
from dash_app import guard, ids, shell, states, theme
from dash_app.gateway import Gateway, NoDataError
from dash_app.ssr import to_html
from dash_app.view import View, parse

FONT = "fonts/inter-latin-5.3.0.woff2"
ONE_YEAR_S = 31_536_000
NAME = "Personal Data Platform"
# Brotli 5 is 9 % smaller than gzip on plotly's script, in 45 ms; level 4 is no smaller.
COMPRESSION = {"COMPRESS_ALGORITHM": "br, gzip", "COMPRESS_ALGORITHM_STREAMING": "br", "COMPRESS_BR_LEVEL": 5}


@dataclass(frozen=True)
class Page:
    """A page's module and what it says about itself."""

    module: ModuleType

    def __getattr__(self, name: str) -> Any:
        return getattr(self.module, name)

    def option(self, name: str, default: Any) -> Any:
        """A constant that a page need not have."""
        return getattr(self.module, name, default)


def create_app(gateway: Gateway, package: ModuleType = dash_app.pages) -> Dash:
    """The dashboard over a gateway; `create_app(...).server` is the Flask application.

    Args:
        gateway: Gives the data set that a request may see.
        package: Whose modules are the pages.
    """
    app = Served(gateway, pages(package))
    app.layout = html.Div()
    app.server.config.update(SEND_FILE_MAX_AGE_DEFAULT=ONE_YEAR_S, **COMPRESSION)
    Compress(app.server)
    for page in app.pages:
        page.option("register", lambda *_: None)(app, gateway)
    app.server.register_error_handler(InternalServerError, app.failed)
    guard.install(app)
    app.server.after_request(_kept)
    return app


def pages(package: ModuleType = dash_app.pages) -> list[Page]:
    """The pages that a package's modules are."""
    names = sorted(found.name for found in pkgutil.iter_modules(package.__path__) if not found.name.startswith("_"))
    return [Page(importlib.import_module(f"{package.__name__}.{name}")) for name in names]


class Served(Dash):
    """Dash, whose index is the asked page itself."""

    def __init__(self, gateway: Gateway, found: Sequence[Page]) -> None:
        super().__init__(
            "dash_app",
            title=NAME,
            update_title=None,
            compress=False,  # Compress below has its own settings
            suppress_callback_exceptions=True,
            assets_ignore=r".*\.(txt|woff2)$",
        )
        self.gateway = gateway
        self.pages = found

    def interpolate_index(self, **parts: str) -> str:
        """The document of the address that is being asked for."""
        title, layout, shown_in = self.document(request.path, request.args.to_dict())
        data = to_json_plotly(layout).replace("<", "\\u003c")
        return INDEX.format(
            **{**parts, "title": f"{title} · {NAME}", "app_entry": '<div id="react-entry-point"></div>'},
            theme=shown_in,
            theme_script=theme.SCRIPT,
            font=self.get_asset_url(FONT),
            icon=self.get_asset_url("icon.svg"),
            first_paint=ids.FIRST_PAINT,
            first=to_html(layout),
            layout_id=ids.LAYOUT,
            layout=data,
        )

    def document(self, path: str, args: dict[str, str]) -> tuple[str, Component, str]:
        """Title, components and theme of the page of an address."""
        page = next((page for page in self.pages if path == page.PATH), None)
        door = shell.Door(True, self.gateway.is_signed_in(), self.gateway.can_sign_in())
        try:
            data = self.gateway.dataset()
            door = shell.Door(data.is_synthetic, door.is_signed_in, door.can_sign_in)
            days = data.table("daily", ["date"])["date"]
            if not len(days):
                raise NoDataError("the data has no day yet.", hint="Run the workflow: make run.")
            view: View | None = parse(path, args, days[0].as_py(), days[-1].as_py(), theme.of_system())
            if page is None:
                return self._lost(view, door)
            content = page.page(data, view)
        except NoDataError as error:
            if page is None:
                return self._lost(None, door)
            content, view = states.error(f"{error}", ""), None
        more = {"subtitle": page.option("SUBTITLE", ""), "has_range": page.option("HAS_RANGE", True)}
        shown = shell.layout(page.TITLE, content, view, self.nav(), door, **more)
        return page.TITLE, shown, view.theme if view else theme.of_system()

    def nav(self) -> list[shell.Link]:
        """Entries of the navigation, in order."""
        found = [page for page in self.pages if page.option("NAV", None) is not None]
        return [shell.Link(page.option("NAV_TITLE", page.TITLE), page.PATH) for page in sorted(found, key=_place)]

    def failed(self, _: InternalServerError) -> Response:
        """The answer when the program failed: a page without data and without scripts. The log has the traceback."""
        told = states.error("This page could not be made.", "The data is as it was. The other pages may work.")
        page = to_html(shell.layout("Something failed", told, None, self.nav(), shell.Door(is_synthetic=False)))
        sheets = [self.get_asset_url(name) for name in ("tokens.css", "page.css")]
        styles = "".join(f'<link rel="stylesheet" href="{sheet}">' for sheet in sheets)
        return Response(FAILED.format(styles=styles, page=page), 500, mimetype="text/html")

    def _lost(self, view: View | None, door: shell.Door) -> tuple[str, Component, str]:
        """No page has this address."""
        after_this_request(_not_found)
        told = html.P(
            ["There is no page of this address. ", html.A("To the overview", href=view.link("/") if view else "/"), "."]
        )
        shown = shell.layout("No such page", told, view, self.nav(), door, has_range=False)
        return "No such page", shown, view.theme if view else theme.of_system()


def _place(page: Page) -> int:
    return int(page.NAV)


def _not_found(response: Response) -> Response:
    response.status_code = 404
    return response


def _kept(response: Response) -> Response:
    """Dash's own scripts have fingerprinted names, too: they may be kept like the assets."""
    if request.path.startswith("/_dash-component-suites/") and response.cache_control.max_age:
        response.cache_control.public = True
    return response


FAILED = """<!DOCTYPE html>
<html lang="en">
  <head><meta charset="utf-8"><title>Something failed</title>{styles}</head>
  <body>{page}</body>
</html>
"""
INDEX = """<!DOCTYPE html>
<html lang="en" data-theme="{theme}">
  <head>
    <meta charset="utf-8">
    <script>{theme_script}</script>
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="description" content="Blood pressure, heart rate and sleep, and where every number comes from.">
    {metas}
    <title>{title}</title>
    <link rel="icon" type="image/svg+xml" href="{icon}">
    <link rel="preload" as="font" type="font/woff2" href="{font}" crossorigin>
    {css}
    <noscript><style>.slider, .hint {{ display: none; }}</style></noscript>
  </head>
  <body>
    <div id="{first_paint}">{first}</div>
    {app_entry}
    <noscript><p class="noscript">The charts need JavaScript; the numbers and the tables do not.</p></noscript>
    <script id="{layout_id}" type="application/json">{layout}</script>
    {config}{scripts}{renderer}
  </body>
</html>
"""
