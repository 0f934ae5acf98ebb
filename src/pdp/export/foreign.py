"""Files that no format reads, told by their first bytes, so that people learn what they have and what to do."""

from __future__ import annotations

from pdp.errors import UnreadableExportError

_REPACK = "Unpack it, and give the files one by one or packed as an ordinary zip."
_SAVE = "Export or save the data as CSV or XLSX."
_BEGINNINGS = (
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", _REPACK),
    (b"Rar!\x1a\x07", "a RAR archive", _REPACK),
    (b"\x1f\x8b\x08", "a gzip archive", _REPACK),
    (b"%PDF-", "a PDF document", _SAVE),
    (b"{\\rtf", "a rich-text document", _SAVE),
    (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        "an Excel workbook in the old format, or one with a password",
        "Save it without a password as XLSX or CSV.",
    ),
)
_PAGE_BEGINNINGS = (b"<!doctype html", b"<html")
_HEAD_BYTES = 512


def refuse_foreign(head: bytes) -> None:
    """Raise where a file is something that nobody can mean to be read as readings.

    Args:
        head: Its beginning.

    Raises:
        UnreadableExportError: foreign_file.
    """
    for beginning, kind, hint in _BEGINNINGS:
        if head.startswith(beginning):
            raise UnreadableExportError("foreign_file", f"the file is {kind}.", hint=hint)
    text = head[:_HEAD_BYTES].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if text.startswith(_PAGE_BEGINNINGS):
        what = "the file is a web page: the download gave a page, perhaps to sign in, instead of the export."
        raise UnreadableExportError("foreign_file", what, hint="Sign in and download it again.")
