"""A Google spreadsheet kept by hand or filled by a form: one document, whose revisions are its states when polled.

Its bytes are made here (pdp.tabular.google_sheet), from the cells as Google stores them and nothing else, so that a
new title, a colour, a wider column or a drag of a tab make no new revision.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import BinaryIO

from pdp.errors import DocumentPostponedError, GoogleError, SourceUnreachableError
from pdp.google import addresses
from pdp.settings import option, required
from pdp.tabular import google_sheet
from pdp.transports import Document, Listing, unreachable

TITLE = "A Google spreadsheet"

NAME = "Google Sheet"  # its title is the owner's naming, and may change


@dataclass(frozen=True)
class Settings:
    """Which spreadsheet, and which of its worksheets."""

    spreadsheet: str = required(
        "The spreadsheet: the address one copies from the browser, its id, or ${VARIABLE} that holds either."
    )
    worksheets: tuple[str, ...] = option((), "Names of the worksheets to read; none for all that are not hidden.")

    def __post_init__(self) -> None:
        addresses.check(self.spreadsheet, "spreadsheet")


@dataclass(frozen=True)
class _Read(Document):
    """The document with the bytes its checksum is of: a second reading might find other cells."""

    data: bytes = field(repr=False, default=b"")


def documents(settings: Settings) -> Listing:
    """The spreadsheet as it is now.

    Raises:
        SourceUnreachableError: It can't be read; names the worksheets there are, if one is missing.
    """
    data = _read(settings)
    identity = f"sheet-{addresses.mark(addresses.id_of(settings.spreadsheet, 'spreadsheet'))}"
    checksum = f"sha256:{hashlib.sha256(data).hexdigest()}"
    return Listing((_Read(identity, NAME, len(data), "", checksum, data),), {})


@contextmanager
def fetch(settings: Settings, document: Document) -> Iterator[BinaryIO]:
    """The bytes that were listed; read anew for a document that does not carry them.

    Raises:
        DocumentPostponedError: Read anew, it holds something else.
        SourceUnreachableError: It can't be read.
    """
    data = document.data if isinstance(document, _Read) else _read(settings)
    if f"sha256:{hashlib.sha256(data).hexdigest()}" != document.checksum:
        raise DocumentPostponedError("it was edited while it was read.", hint="It is taken in the next run.")
    yield io.BytesIO(data)


def _read(settings: Settings) -> bytes:
    from pdp.google import credentials, sheets  # costs half a second, which a check of the configuration need not pay

    spreadsheet = addresses.id_of(settings.spreadsheet, "spreadsheet")
    wanted = settings.worksheets
    try:
        found = sheets.read(credentials.for_sources(), spreadsheet, wanted)
    except GoogleError as error:
        raise unreachable(error) from None
    chosen = [sheet for sheet in found.sheets if wanted or not sheet.hidden]
    if not chosen:
        raise SourceUnreachableError(
            "the spreadsheet has no worksheet that is not hidden.", hint="Name those to read in location.worksheets."
        )
    tables = sorted((sheet.title, sheet.cells) for sheet in chosen)
    return google_sheet.write(found.locale, found.time_zone, tables)
