"""The first paint: a page's components as HTML, so that it can be read before, and without, any script.

Charts become boxes of their final height. The browser swaps this for the live page (assets/first_paint.js).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from dash.development.base_component import Component

from dash_app.native import Markup, escape, markup_of

NAMES = {"className": "class", "htmlFor": "for", "dateTime": "datetime"}
UNSEEN = frozenset({"Download", "Interval", "Location", "Store"})  # of dcc: they draw nothing
OURS = frozenset({"children", "style", "n_clicks", "n_clicks_timestamp", "disable_n_clicks", "key", "loading_state"})


def to_html(node: Any) -> Markup:
    """A component, text, number, or a list of these, as HTML."""
    if node is None or isinstance(node, bool):
        return Markup()
    if isinstance(node, (list, tuple)):
        return Markup().join(to_html(each) for each in node)
    if not isinstance(node, Component):
        return escape(node)
    if node._namespace == "pdp_native":
        # What only scripts read comes with the live page.
        seen = {name: value for name, value in node.attributes.items() if not name.startswith("data-")}
        given = {"id": getattr(node, "id", None), **seen}
        return markup_of(node.element, Markup(node.markup), given)
    if node._namespace == "dash_html_components":
        return _element(node)
    return _widget(node)


def _element(node: Component) -> Markup:
    name = node._type.removesuffix("El").lower()
    props = node.to_plotly_json()["props"]
    given = {NAMES.get(key, key if "-" in key else key.lower()): props[key] for key in props if key not in OURS}
    if isinstance(given.get("id"), Mapping):
        del given["id"]
    return markup_of(name, to_html(props.get("children")), {**given, "style": _css(props.get("style"))})


def _widget(node: Component) -> Markup:
    """A component of dcc: a box of its size, or nothing; a link stays a link."""
    if node._type in UNSEEN:
        return Markup()
    inside = to_html(getattr(node, "children", None))
    if node._type == "Link":
        return markup_of("a", inside, {"href": node.href, "class": getattr(node, "className", None)})
    given = {"class": f"box {getattr(node, 'className', '')}".strip(), "style": _css(getattr(node, "style", None))}
    return markup_of("div", inside, given)


def _css(style: Mapping[str, Any] | None) -> str | None:
    if not style:
        return None
    return ";".join(f"{re.sub('[A-Z]', lambda c: '-' + c[0].lower(), name)}:{value}" for name, value in style.items())


def parts(node: Any) -> Iterable[Component]:
    """A component and all within it, from the outside in."""
    if isinstance(node, (list, tuple)):
        for each in node:
            yield from parts(each)
    elif isinstance(node, Component):
        yield node
        yield from parts(getattr(node, "children", None))
