"""The stretch of time that the zoom of heart rate shows: read from the address, moved, and found on the line of UTC.

Times are local, by the clock of the person then; on the day the clocks go back a time that occurs twice means both.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from dash_app.gateway import Dataset
from dash_app.view import View

FROM, TO = "zoom_from", "zoom_to"
EPOCH = datetime(1970, 1, 1)
SHORTEST = timedelta(minutes=10)
FARTHEST = timedelta(hours=15)  # beyond any clock's distance from UTC
SPANS: Mapping[str, tuple[str, timedelta | None]] = {
    "all": ("All", None),
    "year": ("1 year", timedelta(days=365)),
    "month": ("30 days", timedelta(days=30)),
    "week": ("7 days", timedelta(days=7)),
    "day": ("1 day", timedelta(days=1)),
    "hours": ("4 hours", timedelta(hours=4)),
}
MOVES = {"earlier": "← Earlier", "later": "Later →", "in": "+ Zoom in", "out": "− Zoom out"}
_TIME = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)?", re.ASCII)


@dataclass(frozen=True)
class Window:
    """Local times [first, last), whole minutes, within bounds.

    Args:
        first, last: The stretch.
        least, most: Of the data: the midnight before its first day, the one after its last.
    """

    first: datetime
    last: datetime
    least: datetime
    most: datetime

    @property
    def span(self) -> timedelta:
        """Its length by the wall clock."""
        return self.last - self.first

    def targets(self) -> dict[str, Window]:
        """Where each button leads. Usual lengths keep the right end."""
        found = {
            name: self.at(self.last - (length or self.most - self.least), self.last)
            for name, (_, length) in SPANS.items()
        }
        half, middle = self.span / 2, self.first + self.span / 2
        found["earlier"] = self.at(self.first - half, self.last - half)
        found["later"] = self.at(self.first + half, self.last + half)
        found["in"] = self.at(middle - half / 2, middle + half / 2)
        found["out"] = self.at(middle - 2 * half, middle + 2 * half)
        return found

    def at(self, first: datetime, last: datetime) -> Window:
        """Another stretch: as long as asked for, moved and cut to what there is."""
        length = min(max(last - first, SHORTEST), self.most - self.least)
        first = min(max(first, self.least), self.most - length)
        first = first.replace(second=0, microsecond=0)
        return Window(first, min(_whole_minute(first + length), self.most), self.least, self.most)

    def length_name(self) -> str:
        """Of SPANS, the one it is as long as; "" for none."""
        lengths = {name: length or self.most - self.least for name, (_, length) in SPANS.items()}
        return next((name for name, length in lengths.items() if length == self.span), "")

    def params(self) -> dict[str, str]:
        """Of the address."""
        return {FROM: f"{self.first:%Y-%m-%dT%H:%M}", TO: f"{self.last:%Y-%m-%dT%H:%M}"}


def asked(view: View) -> tuple[Window, str]:
    """The stretch that the address asks for, else the days of the view; and a note where it can't be understood."""
    least, most = view.data_first or view.first, view.data_last or view.last
    whole = Window(_midnight(least), _midnight(most, 1), _midnight(least), _midnight(most, 1))
    low, high = max(_midnight(view.first), whole.least), min(_midnight(view.last, 1), whole.most)
    usual = whole.at(low, high) if low < high else whole
    texts = [view.params.get(name) for name in (FROM, TO)]
    if texts == [None, None]:
        return usual, ""
    first, last = (_parsed(text or "") for text in texts)
    if first is None or last is None or first >= last:
        return usual, "The stretch of the zoom in the address can't be understood: these are the days chosen above."
    if first >= whole.most or last <= whole.least:
        return usual, "The stretch of the zoom in the address lies outside the data: these are the days chosen above."
    return whole.at(max(first, whole.least), min(last, whole.most)), ""


def to_utc_ms(data: Dataset, window: Window) -> tuple[int, int]:
    """[first, last) in UTC ms that holds all of the stretch, by where the local clock stood at either end."""
    first, last = window.first, window.last
    if not data.has_table("clock"):
        return _ms(first - FARTHEST), _ms(last + FARTHEST)
    begins, ends = [], []
    near_first = _pieces(data, first)
    near_last = near_first if first.date() == last.date() else _pieces(data, last)
    for start, end, offset in near_first:
        if end + offset > first:
            begins.append(max(start, first - offset))
    for start, end, offset in near_last:
        if start + offset < last:
            ends.append(min(end, last - offset))
    return _ms(min(begins, default=first - FARTHEST)), _ms(max(ends, default=last + FARTHEST))


def _pieces(data: Dataset, at: datetime) -> list[tuple[datetime, datetime, timedelta]]:
    """When the local clock stood how far from UTC, on the days around a time."""
    day, one = at.date(), timedelta(days=1)
    found = data.table("clock", None, day - one, day + one).to_pylist()
    return [
        (_naive(row["start_utc"]), _naive(row["end_utc"]), timedelta(minutes=row["utc_offset_min"])) for row in found
    ]


def _parsed(text: str) -> datetime | None:
    if not _TIME.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text[:16])
    except ValueError:
        return None


def _midnight(day: date, later: int = 0) -> datetime:
    return datetime.combine(day, time()) + timedelta(days=later)


def _whole_minute(at: datetime) -> datetime:
    return at if not at.second and not at.microsecond else at.replace(second=0, microsecond=0) + timedelta(minutes=1)


def _naive(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(tzinfo=None)


def _ms(at: datetime) -> int:
    return int((at - EPOCH).total_seconds() * 1000)
