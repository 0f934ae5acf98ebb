"""What an export of Zepp Life covers, and when the band was on the wrist."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from generator import clock
from generator.person import START, Sleep, live
from generator.sheet import Sheet

USER = "1000000007"

CHARGER_LOST = (clock.minute("2025-09-08 06:00"), clock.minute("2025-09-14 10:00"))  # UTC
CHARGED_EVERY_DAYS, CHARGING_MIN = 12, 70


@dataclass(frozen=True)
class Export:
    """What one zip covers.

    Attributes:
        stamp: Epoch milliseconds in the names.
        first: First local day.
        until: UTC minute of the export; nothing later is in it.
        is_newer: Has today's folders and columns.
    """

    stamp: int
    first: date
    until: int
    is_newer: bool

    @property
    def name(self) -> str:
        """Zip and folder inside."""
        return f"{USER}_{self.stamp}"

    def nights(self) -> list[Sleep]:
        """Nights that ended before the export."""
        return [night for night in live().nights if night.wake_date >= self.first and night.end <= self.until]

    def days(self) -> list[date]:
        """Local days."""
        return clock.days(self.first, clock.local_date(self.until))


EXPORTS = (
    Export(1749047212827, date(2024, 9, 1), clock.minute("2025-06-04 14:25"), is_newer=False),
    Export(1774994404113, date(2025, 2, 15), clock.minute("2026-03-31 21:55"), is_newer=True),
)


def is_worn(utc: int) -> bool:
    """Not at the charger and not without one."""
    if CHARGER_LOST[0] <= utc < CHARGER_LOST[1]:
        return False
    day, minute = divmod(utc - START, 1440)
    return day % CHARGED_EVERY_DAYS != 5 or not 1100 <= minute < 1100 + CHARGING_MIN


def occurs_twice(utc: int) -> bool:
    """The same wall-clock time stands for another instant too: the end of summer time, or the landing in New York."""
    wall = utc + clock.offset(utc)
    return sum(wall - ahead + clock.offset(wall - ahead) == wall for ahead in {-240, 60, 120}) > 1


def started(header: str) -> Sheet:
    """A file with its header: UTF-8 with a byte order mark."""
    sheet = Sheet(has_bom=True)
    sheet.add(header, "header")
    return sheet
