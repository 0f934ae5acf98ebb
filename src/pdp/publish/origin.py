"""What every published file says of itself: of which run its numbers are, and whether the person exists."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from pdp.errors import PdpError

MOST_ROWS = 200_000  # of one file: a spreadsheet holds a million, a browser's patience some seconds


class RangeError(PdpError):
    """The days asked for can't be published; the text says which can."""


@dataclass(frozen=True)
class Origin:
    """Where the numbers come from.

    Args:
        run_id: The run that last made the tables; "" where no registry tells it.
        as_of: When that run ended.
        is_synthetic: Whether this is the demo, a person who does not exist.
        subject: Whose, in the configuration. It stands in no file; ids are made of it.
        beginning: What tells two people of one name apart (`pdp.manifest.beginning`); ids are made of it.
    """

    run_id: str
    as_of: datetime
    is_synthetic: bool
    subject: str
    beginning: str = ""

    @property
    def instant(self) -> str:
        """`as_of` in UTC, ISO 8601."""
        return utc_text(self.as_of)


@dataclass(frozen=True)
class Published:
    """A file to hand out.

    Args:
        content: Its bytes.
        media_type: Of the content.
        suffix: Of its name, with the point.
        data_sha256: Digest of the data in it, as it stands inside. The CSV and the Parquet file of the same rows
            have the same one.
    """

    content: bytes
    media_type: str
    suffix: str
    data_sha256: str


def utc_text(when: datetime) -> str:
    """2026-11-23T10:02:21.666Z: always with milliseconds, so that a column of them has one form."""
    return when.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
