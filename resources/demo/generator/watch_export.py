"""What the export of Mi Fitness covers, and when the watch was on the wrist."""

from __future__ import annotations

from datetime import date

from generator import clock
from generator.person import START
from generator.sheet import Sheet

UID = "7000000007"
WATCH, PHONE = "900000042", "900000017"  # Sid
FOLDER = f"20260105_{UID}_MiFitness_fr1_data_copy"
NAME = f"{FOLDER}.zip"
FIRST, LAST = date(2025, 6, 15), date(2026, 1, 4)
EXPORTED = clock.minute("2026-01-05 08:40") * 60  # seconds
CHARGED_EVERY_DAYS, CHARGING_MIN = 8, 80
NOT_WORN = (date(2025, 11, 20), date(2025, 11, 22))

Row = tuple[str, str, int, object, tuple[str, ...]]  # key, Sid, epoch seconds, value, quirks


def is_worn(utc: int) -> bool:
    """On the wrist."""
    if NOT_WORN[0] <= clock.local_date(utc) <= NOT_WORN[1]:
        return False
    day, minute = divmod(utc - START, 1440)
    return day % CHARGED_EVERY_DAYS != 2 or not 1080 <= minute < 1080 + CHARGING_MIN


def started(header: str) -> Sheet:
    """A file with its header."""
    sheet = Sheet()
    sheet.add(header, "header")
    return sheet
