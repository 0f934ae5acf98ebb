"""Elements that dash.html lacks (SVG, native inputs, long tables): made as markup on the server, once.

The browser's half is assets/native.js. Text goes through `escape`; what is passed as markup must have.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dash.development.base_component import Component
from markupsafe import Markup, escape

__all__ = ["Markup", "Native", "escape", "tag"]

VOID = frozenset({"area", "br", "col", "hr", "img", "input", "link", "meta", "wbr"})  # elements without an end


class Native(Component):
    """One element with attributes as HTML spells them and markup inside.

    Args:
        element: Its name, such as "table".
        markup: What is inside: Markup, or text, which is escaped.
        attributes: By HTML's names ("class", "data-day"); None and False leave one out, True has no value.
    """

    _namespace = "pdp_native"
    _type = "Native"
    _prop_names = ("id", "element", "attributes", "markup")
    _valid_wildcard_attributes = ()
    _base_nodes = ()
    _children_props = ()
    available_properties = _prop_names
    available_wildcard_properties = ()

    def __init__(self, element: str, markup: str = "", attributes: Mapping[str, Any] | None = None, **ids: str) -> None:
        # A plain dict with plain strings: what goes into the page's JSON.
        given = {
            name: str(value) if value is not True else "" for name, value in (attributes or {}).items() if _on(value)
        }
        super().__init__(element=element, markup=str(escape(markup)), attributes=given, **ids)


def tag(element: str, inside: str = "", **attributes: Any) -> Markup:
    """Markup of one element.

    Args:
        element: Its name.
        inside: Markup, or text, which is escaped.
        attributes: A trailing underscore is left out of a name, inner ones become hyphens: class_, aria_label.
    """
    written = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
    return markup_of(element, escape(inside), written)


def markup_of(element: str, inside: Markup, attributes: Mapping[str, Any]) -> Markup:
    """Markup of one element by HTML's names of its attributes."""
    told = "".join(
        f" {name}" if value is True else f' {name}="{escape(str(value))}"'
        for name, value in attributes.items()
        if _on(value)
    )
    return Markup(f"<{element}{told}>" if element in VOID else f"<{element}{told}>{inside}</{element}>")  # noqa: S704


def _on(value: Any) -> bool:
    return value is not None and value is not False
