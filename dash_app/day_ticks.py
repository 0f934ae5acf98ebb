"""Where days are named below a chart: as many as stand apart on a phone, as the server does not know the width."""

from __future__ import annotations

from datetime import date, timedelta

MOST = 7  # labels of two short lines; they stand apart on 200 px
DAYS = (1, 2, 4, 7, 14)  # between two labels
MONTHS = (1, 2, 3, 4, 6, 12, 24, 60, 120)
MONDAY = date(2024, 1, 1)


def ticks(first: date, last: date) -> tuple[list[date], list[str]]:
    """Days to name and what to call them: the day over its month, or the month over its year, where these change."""
    for step in DAYS:
        # Of weeks the Mondays, so that a range that moves on by a day keeps its labels.
        begin = first + timedelta(days=-(first - MONDAY).days % step) if step >= 7 else first
        at = [begin + timedelta(days=n) for n in range(0, (last - begin).days + 1, step)]
        if 0 < len(at) <= MOST:
            return at, _named(at)
    every = [date(n // 12, n % 12 + 1, 1) for n in range(_month(first), _month(last) + 1)]
    for step in MONTHS:
        at = [month for month in every if month >= first and (_month(month)) % step == 0]
        if len(at) <= MOST:
            break
    years = [0, *(month.year for month in at)]
    return at, [
        f"{month:%b}<br>{month.year}" if month.year != before else f"{month:%b}"
        for month, before in zip(at, years, strict=False)
    ]


def _month(day: date) -> int:
    """Months since the year 0."""
    return 12 * day.year + day.month - 1


def _named(days: list[date]) -> list[str]:
    names = []
    for n, day in enumerate(days):
        before = days[n - 1] if n else None
        month = "" if before and (before.year, before.month) == (day.year, day.month) else f"<br>{day:%b}"
        # A year fits in short where no other month's name follows at the next label.
        year = f" ’{day:%y}" if before and before.year != day.year else ""
        names.append(f"{day.day}{month}{year}")
    return names
