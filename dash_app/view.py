"""What a page is asked to show. All of it stands in the address, so that a link or the back button brings it back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from urllib.parse import urlencode

from dash_app.palette import Palette, Theme, of

DEFAULT_DAYS = 90
LONGEST_DAYS = 7306  # twenty years; an address can't ask for more rows than that
EARLIEST, LATEST = date(1900, 1, 1), date(2200, 12, 31)  # pages look some years beyond the days that they show
RANGES = {7: "7 days", 30: "30 days", 90: "90 days", 365: "1 year"}
OURS = ("from", "to", "theme", "guide")


@dataclass(frozen=True)
class View:
    """What a page is asked to show.

    Args:
        first: First local day, inclusive.
        last: Last local day, inclusive.
        theme: light or dark.
        guideline: Key of the guideline whose thresholds are drawn; "" for the first there is.
        params: The address's other parameters, each a text of at most 200 characters.
        path: Of the page.
        data_first: First day of the data.
        data_last: Last day of the data.
        notes: What could not be understood in the address and what is shown instead, as sentences.
        is_default_range: Whether the address names no days.
        is_theme_chosen: Whether the address names the theme; else it is the system's, and links leave it open.
    """

    first: date
    last: date
    theme: Theme = "light"
    guideline: str = ""
    params: Mapping[str, str] = field(default_factory=dict)
    path: str = "/"
    data_first: date | None = None
    data_last: date | None = None
    notes: tuple[str, ...] = ()
    is_default_range: bool = True
    is_theme_chosen: bool = False

    @property
    def n_days(self) -> int:
        """Days shown, with or without data."""
        return (self.last - self.first).days + 1

    @property
    def palette(self) -> Palette:
        """Colours of the theme."""
        return of(self.theme)

    def days(self) -> list[date]:
        """Every day shown, with or without data."""
        return [self.first + timedelta(days=n) for n in range(self.n_days)]

    @property
    def choices(self) -> dict[str, str]:
        """What links and forms keep beside the days: the chosen theme and guideline."""
        return ({"theme": self.theme} if self.is_theme_chosen else {}) | (
            {"guide": self.guideline} if self.guideline else {}
        )

    def link(self, path: str | None = None, /, **changes: object) -> str:
        """Address of a page with this range, theme and guideline.

        Args:
            path: Of the page; None for this page with its other parameters too.
            changes: Parameters to set: from_, to, theme, guide or a page's own; None leaves one out.
        """
        now: dict[str, object] = dict(self.params) if path is None else {}
        if not self.is_default_range:
            now |= {"from": self.first, "to": self.last}
        now |= self.choices
        now |= {name.rstrip("_"): value for name, value in changes.items()}
        query = urlencode({name: str(value) for name, value in now.items() if value is not None})
        return (path or self.path) + (f"?{query}" if query else "")

    def lineage(self, metric: str, day: date | str) -> str:
        """Address of the page that tells how a number came to be.

        Args:
            metric: Column of a summary table, as "bp_systolic_mean_mmhg"; of another table than daily, "table.column".
            day: Local day of the row.
        """
        return self.link("/lineage", metric=metric, day=day)

    def day_page(self, day: date) -> str:
        """Address of one day's page."""
        return self.link("/day", date=day)


def parse(path: str, args: Mapping[str, str], data_first: date, data_last: date, system_theme: Theme = "light") -> View:
    """The view that an address asks for. Never fails: what can't be understood falls back, with a note.

    Args:
        path: Of the page.
        args: Parameters of the address; of one given twice, the first.
        data_first: First day of the data.
        data_last: Last day of the data, on which ranges end by default.
        system_theme: Where the address names none.
    """
    notes: list[str] = []
    first, last = _range(args, data_last, notes)
    is_default = bool(notes) or not (args.get("from") or args.get("to"))
    theme = args.get("theme", "")
    is_chosen = theme in ("light", "dark")
    if theme and not is_chosen:
        notes.append(f'"{_short(theme)}" is no theme (light, dark): this is {system_theme}.')
    theme = theme if is_chosen else system_theme
    guideline = args.get("guide", "")
    if not re.fullmatch(r"[a-z0-9_]{0,40}", guideline):
        notes.append(f'"{_short(guideline)}" is no guideline: this is the default one.')
        guideline = ""
    return View(
        first=first,
        last=last,
        theme="dark" if theme == "dark" else "light",
        guideline=guideline,
        params={name: value[:200] for name, value in args.items() if name not in OURS},
        path=path,
        data_first=data_first,
        data_last=data_last,
        notes=tuple(notes),
        is_default_range=is_default,
        is_theme_chosen=is_chosen,
    )


def _range(args: Mapping[str, str], data_last: date, notes: list[str]) -> tuple[date, date]:
    usual = data_last - timedelta(days=DEFAULT_DAYS - 1), data_last
    instead = f"These are the last {DEFAULT_DAYS} days with data."
    found: dict[str, date] = {}
    for name in ("from", "to"):
        if text := args.get(name):
            try:
                found[name] = date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d\d-\d\d", text) else date.max
            except ValueError:
                found[name] = date.max
            if found[name] == date.max:
                notes.append(f'"{_short(text)}" is no date (year-month-day, such as {data_last}). {instead}')
                return usual
            if not EARLIEST <= found[name] <= LATEST:
                notes.append(f"{text} is not between {EARLIEST} and {LATEST}. {instead}")
                return usual
    last = found.get("to", max(data_last, found.get("from", data_last)))
    first = found.get("from") or last - timedelta(days=DEFAULT_DAYS - 1)
    if first > last:
        notes.append(f"{first} is after {last}. {instead}")
        return usual
    if (last - first).days >= LONGEST_DAYS:
        notes.append(f"{first} to {last} is longer than {LONGEST_DAYS:,} days. {instead}")
        return usual
    return first, last


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:39] + "…"
