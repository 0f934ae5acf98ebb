"""Google's clock, which may be wrong on purpose."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime


@dataclass
class Clock:
    """offset_s: how far Google's clock is ahead of this machine's, s."""

    offset_s: float = 0.0

    def now(self) -> datetime:
        """Google's present instant, UTC."""
        return datetime.now(UTC) + timedelta(seconds=self.offset_s)

    def date_header(self) -> str:
        """The present instant as a Date header has it."""
        return format_datetime(self.now().replace(microsecond=0), usegmt=True)


def written(instant: datetime) -> str:
    """An instant as Drive writes it: RFC 3339 with milliseconds."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{instant.microsecond // 1000:03d}Z"
