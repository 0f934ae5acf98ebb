"""Where the demo person is and what the clock on the wall shows there.

The offsets are written out, not looked up: they are the truth that the pipeline's own time
zones are tested against. The trip is what the demo's zone ledger in config/config.yaml says.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import date, datetime, timedelta

EPOCH = datetime(1970, 1, 1)


def minute(text: str) -> int:
    """Minutes since 1970-01-01 of an ISO date and time, whatever clock it is of."""
    return (datetime.fromisoformat(text) - EPOCH) // timedelta(minutes=1)


FIRST, LAST = date(2024, 9, 1), date(2026, 3, 31)
FLIGHT_OUT, FLIGHT_HOME = date(2025, 7, 5), date(2025, 7, 19)

# From this UTC minute on the wall clock is this many minutes ahead of UTC.
OFFSETS: tuple[tuple[int, int], ...] = (
    (minute("2024-08-01 00:00"), 120),  # Berlin, summer
    (minute("2024-10-27 01:00"), 60),  # 03:00 becomes 02:00
    (minute("2025-03-30 01:00"), 120),  # 02:00 becomes 03:00
    (minute("2025-07-05 18:00"), -240),  # lands in New York at 14:00
    (minute("2025-07-19 07:00"), 120),  # back in Berlin at 09:00
    (minute("2025-10-26 01:00"), 60),
    (minute("2026-03-29 01:00"), 120),
)
_SINCE = [since for since, _ in OFFSETS]


def offset(utc: int) -> int:
    """Minutes that the wall clock is ahead of UTC."""
    return OFFSETS[bisect_right(_SINCE, utc) - 1][1]


def local(utc: int) -> datetime:
    """What the wall clock shows."""
    return EPOCH + timedelta(minutes=utc + offset(utc))


def local_date(utc: int) -> date:
    """The local day of a UTC minute."""
    return local(utc).date()


def utc_of(day: date, minute_of_day: float) -> int:
    """The UTC minute of a wall-clock time; a negative minute is the evening before. The first of two that fit."""
    wall = (day - EPOCH.date()).days * 1440 + int(minute_of_day)
    for index, (since, ahead) in enumerate(OFFSETS):
        until = OFFSETS[index + 1][0] if index + 1 < len(OFFSETS) else wall + 2880
        if since <= wall - ahead < until:
            return wall - ahead
    return wall - offset(wall)


def utc_text(utc: int, second: int = 0) -> str:
    """As Zepp Life writes an instant."""
    return f"{EPOCH + timedelta(minutes=utc, seconds=second)}+0000"


def midnight_utc(day: date) -> int:
    """Epoch seconds of 00:00 UTC of a date: how Mi Fitness labels a local day."""
    return (day - EPOCH.date()).days * 86400


def days(first: date = FIRST, last: date = LAST) -> list[date]:
    """Every date from first to last."""
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]
