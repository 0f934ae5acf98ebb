"""Delimited text: encodings, delimiters, quotes.

Neither encoding nor delimiter is guessed: a byte-order mark or valid UTF-8 proves the encoding; else
that reading is right under which the header has known names. Where no reading has any, the settings
must say.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from pdp.errors import UnreadableExportError
from pdp.tabular.cells import Record, is_blank

Score = Callable[[Record], int]  # how many column names a record holds that the format knows

MAX_BYTES = 64 * 1024**2  # a life of readings by hand is under 10 MB; a larger file is something else
HEADER_WITHIN = 60  # records; titles and metadata above the header are at most some lines
DELIMITERS = (",", ";", "\t", "|")
_BOMS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
# Tried where a file is not UTF-8: Western, Central European, Cyrillic, Greek, Turkish Windows.
_CODE_PAGES = ("cp1252", "cp1250", "cp1251", "cp1253", "cp1254")
_WIDE = ("utf-16-le", "utf-16-be")
_LINE = re.compile(r"\r\n|\n|\r")


def decode(data: bytes, encoding: str | None, score: Score) -> tuple[str, str]:
    """The text and the encoding it was read in.

    Args:
        encoding: From settings.encoding; None to prove it.
        score: Tells a header read in the right encoding.

    Raises:
        UnreadableExportError: wrong_encoding, unknown_encoding; names the setting.
    """
    if encoding:
        try:
            return data.decode(encoding), encoding
        except LookupError:
            what = f'there is no text encoding "{encoding}".'
            raise UnreadableExportError("unknown_encoding", what, hint=_ENCODING_HINT) from None
        except UnicodeError:
            what = f"the file is not valid {encoding}."
            raise UnreadableExportError("wrong_encoding", what, hint=_ENCODING_HINT) from None
    for bom, name in _BOMS:
        if data.startswith(bom):
            try:
                return data.decode(name), name
            except UnicodeError:
                what = f"the file begins as {name} but is not valid {name} to its end."
                raise UnreadableExportError("wrong_encoding", what, hint="Export or copy the file again.") from None
    candidates: tuple[str, ...] = _CODE_PAGES
    if data[:4096].count(0) * 3 > len(data[:4096]):  # every second byte of UTF-16 in a Latin script is NUL
        candidates = _WIDE
    else:
        try:
            return data.decode("utf-8"), "utf-8"
        except UnicodeError:
            pass
    return _proven(data, candidates, score)


_ENCODING_HINT = "Set settings.encoding, for example to utf-8, cp1252 (Western Europe) or cp1251 (Cyrillic)."


def _proven(data: bytes, candidates: tuple[str, ...], score: Score) -> tuple[str, str]:
    """The one reading whose header has more known names than any reading with other letters."""
    best: dict[str, int] = {}
    texts = {}
    for name in candidates:
        try:
            texts[name] = data.decode(name)
        except UnicodeError:
            continue
        best[name] = max((header_score(texts[name], delimiter, score) for delimiter in DELIMITERS), default=0)
    top = [name for name in best if best[name] == max(best.values())]
    lowest = min(best.values(), default=0)
    is_same_text = len({texts[name] for name in top}) == 1
    if top and best[top[0]] > 1 and is_same_text and (best[top[0]] > lowest or len(best) == 1):
        return texts[top[0]], top[0]
    what = "the file is not UTF-8, and its header does not prove another encoding."
    raise UnreadableExportError("unknown_encoding", what, hint=_ENCODING_HINT)


def header_score(text: str, delimiter: str, score: Score) -> int:
    """The best score of the first records."""
    return max((score(record) for record in split(text, delimiter, HEADER_WITHIN)), default=0)


def choose_delimiter(text: str, score: Score) -> str:
    """The delimiter under which the header has most known names; among equals the one that cuts most."""

    def merit(delimiter: str) -> tuple[int, int]:
        head = [record for record in split(text, delimiter, HEADER_WITHIN) if not is_blank(record)]
        cuts = sum(len(record) > 1 for record in head)
        return max((score(record) for record in head), default=0), cuts

    return max(DELIMITERS, key=merit)


def split(text: str, delimiter: str, limit: int | None = None) -> list[list[str]]:
    """The records of a delimited text, blank lines included; a missing final newline ends the last one.

    Quoted cells may hold delimiters, line ends and doubled quotes. A quote that is never closed, or
    closed in mid-cell, is taken as an ordinary character: the cell then ends at the next delimiter
    or line end, so that one lost quote never swallows the records below it.
    """
    blanks = " " if delimiter == "\t" else r"[ \t]"
    quoted = re.compile(rf'{blanks}*"([^"]*+(?:""[^"]*+)*+)"{blanks}*(?={re.escape(delimiter)}|\r|\n|\Z)')
    plain = re.compile(rf"[^{re.escape(delimiter)}\r\n]*")
    records: list[list[str]] = []
    record: list[str] = []
    at, end = 0, len(text)
    while at < end and (limit is None or len(records) < limit):
        if match := quoted.match(text, at):
            record.append(match[1].replace('""', '"'))
        else:
            match = plain.match(text, at)
            assert match is not None  # an empty match always fits
            record.append(match[0].strip().strip('"') if '"' in match[0] else match[0])
        at = match.end()
        if at < end and text[at] == delimiter:
            at += 1
            if at < end:
                continue
            record.append("")
        line_end = _LINE.match(text, at)
        at = line_end.end() if line_end else at
        records.append([] if record == [""] else record)
        record = []
    return records
