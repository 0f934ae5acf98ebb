"""What all pages share: header with links, range, notes, footer, list of keys. None of it needs a script."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from dash import html
from dash.development.base_component import Component

from dash_app import ids, states
from dash_app.cards import moment
from dash_app.native import Markup, Native, tag
from dash_app.view import RANGES, View

KEYS = (
    ("Tab", "to the next link, field or chart's slider"),
    ("← →", "at the slider: the day before, the day after that has data"),
    ("Page Up, Page Down", "at the slider: a week on, a week back"),
    ("Home, End", "at the slider: the first day, the last day"),
    ("Enter", "at the slider: open that day"),
    ("← →", "on a day's page, where nothing has the focus: the day before, the day after"),
    ("?", "show or hide this list"),
)


@dataclass(frozen=True)
class Door:
    """What the header says about whose data this is.

    Args:
        is_synthetic: Whether it is the demo's.
        is_signed_in: Whether the owner is signed in.
        can_sign_in: Whether there is something to sign in to.
    """

    is_synthetic: bool = True
    is_signed_in: bool = False
    can_sign_in: bool = False


@dataclass(frozen=True)
class Link:
    """An entry of the navigation."""

    title: str
    path: str


def layout(
    title: str,
    content: Any,
    view: View | None,
    nav: Sequence[Link],
    door: Door,
    subtitle: str = "",
    has_range: bool = True,
) -> Component:
    """A whole page.

    Args:
        title: Heading of the first rank.
        content: Of the page.
        view: What is shown; None where there is no data to choose days from.
        nav: Entries of the navigation, in order.
        door: Whose data this is.
        subtitle: Below the title.
        has_range: Whether the page shows a range of days that can be chosen.
    """
    head = [html.Div([html.H1(title), html.P(subtitle, className="subtitle") if subtitle else None])]
    if view is not None and has_range:
        head.append(_ranges(view))
    return html.Div(
        [
            Native("a", "Skip to the content", {"href": f"#{ids.MAIN}", "class": "skip"}),
            _header(view, nav, door),
            html.Main(
                [html.Div(head, className="head"), *(states.notes(view) if view else []), *_listed(content)],
                id=ids.MAIN,
                tabIndex=-1,
            ),
            _footer(door),
            _keys(),
        ],
        id=ids.PAGE,
    )


def _header(view: View | None, nav: Sequence[Link], door: Door) -> Component:
    here = view.path if view else ""
    entries = Markup().join(
        tag("li", tag("a", link.title, href=view.link(link.path) if view else link.path, **_current(link.path == here)))
        for link in nav
    )
    more = [tag("span", "Demo data", class_="badge", title="This person does not exist")] if door.is_synthetic else []
    if view is not None:
        other = "light" if view.theme == "dark" else "dark"
        more.append(tag("a", other.title(), href=view.link(theme=other)))
    theme = f"?theme={view.theme}" if view is not None and view.is_theme_chosen else ""
    if door.is_signed_in:
        more.append(tag("a", "Sign out", href=ids.SIGN_OUT + theme))
    elif door.can_sign_in:
        more.append(tag("a", "Sign in", href=ids.SIGN_IN + theme))
    home = tag(
        "a",
        "PDP",
        href=view.link("/") if view else "/",
        class_="home",
        aria_label="PDP, Personal Data Platform: overview",
    )
    inside = [home, tag("nav", tag("ul", entries), aria_label="Pages"), tag("div", Markup().join(more), class_="door")]
    return Native("header", Markup().join(inside), {"class": "header"})


def _ranges(view: View) -> Native:
    """Links to the usual ranges, all of which end on the last day of data, and fields for any other."""
    end = view.data_last or view.last
    links = Markup()
    for days, name in RANGES.items():
        first = end - timedelta(days=days - 1)
        chosen = view.first == first and view.last == end
        links += tag("li", tag("a", name, href=view.link(from_=first, to=end), **_current(chosen, "true")))
    kept = dict(view.params) | view.choices
    fields = [tag("input", type="hidden", name=name, value=value) for name, value in kept.items()]
    for name, label, day in (("from", "From", view.first), ("to", "To", view.last)):
        fields.append(tag("label", Markup(f"{label} {tag('input', type='date', name=name, value=day, required=True)}")))
    fields.append(tag("button", "Show", type="submit"))
    custom = tag(
        "details", tag("summary", "Other days") + tag("form", Markup().join(fields), method="get", action=view.path)
    )
    shown = tag("p", f"{moment(view.first)} – {moment(view.last)}", class_="shown")
    inside = tag("ul", links) + custom + shown
    return Native("nav", inside, {"class": "ranges", "aria-label": "Days shown"})


def _footer(door: Door) -> Component:
    whose = "Synthetic data: this person does not exist. " if door.is_synthetic else ""
    keys = tag("a", "keys", href=f"#{ids.KEYS}", data_keys="")
    hint = tag("span", Markup(f"Press ? for the {keys}."), class_="screen")
    clock = "Times are by the local clock of where they were measured, unless they say UTC."
    told = tag("p", Markup(f"{whose}Not a diagnosis, and no medical device. {clock} {hint}"))
    return Native("footer", told, {"class": "footer"})


def _keys() -> Native:
    rows = Markup().join(tag("dt", tag("kbd", key)) + tag("dd", does) for key, does in KEYS)
    close = tag("button", "Close", type="button", data_close="")
    inside = tag("h2", "Keys", id="keys-title") + tag("dl", rows) + close
    return Native("dialog", inside, {"class": "keys", "aria-labelledby": "keys-title"}, id=ids.KEYS)


def _current(is_current: bool, value: str = "page") -> dict[str, str]:
    return {"aria_current": value} if is_current else {}


def _listed(content: Any) -> list[Any]:
    return list(content) if isinstance(content, (list, tuple)) else [content]
