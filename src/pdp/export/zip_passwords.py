"""Which of the configured passwords opens a zip."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pdp.errors import DamagedMemberError, UnreadableExportError
from pdp.export.zip_stream import WrongPasswordError, ZipStream, is_readable

_READ_BYTES = 1024 * 1024
_CERTAIN_BITS = 16  # one wrong password in 65,536 passes


def find_password(path: Path, infos: Sequence[Any], passwords: Sequence[str]) -> bytes | None:
    """The first password that opens the encrypted members; None where nothing is encrypted.

    A wrong password passes a ZipCrypto member's own check once in 256 times, so there the smallest
    member is read to its end; the check of AES is trusted unless several passwords pass it.

    Raises:
        UnreadableExportError: no_password, wrong_password.
    """
    locked = [info for info in infos if info.is_encrypted and is_readable(info)]
    if not locked:
        return None
    if not passwords:
        what = "the zip is protected by a password, and none is configured."
        hint = "List the name of an environment variable that holds it in passwords_from, and set that variable."
        raise UnreadableExportError("no_password", what, hint=hint)
    locked.sort(key=lambda info: info.compress_size)
    candidates = [word for text in passwords for word in _spellings(text)]
    fitting = [word for word in candidates if _fits(path, locked[0], word)]
    for word in fitting:
        if len(fitting) == 1 and _bits(locked[0]) >= _CERTAIN_BITS:
            return word
        if _reads(path, locked[0], word):
            return word
    # right by its check byte in every file, yet unreadable: a file is damaged rather than the password wrong
    others = [word for word in fitting if len(locked) > 1 and all(_fits(path, info, word) for info in locked[1:9])]
    if others:
        return others[0]
    if len(passwords) == 1:
        what = "the password that passwords_from names does not open the zip."
    else:
        what = f"none of the {len(passwords)} passwords that passwords_from names opens the zip."
    hint = "Each export has its own password: add the variable of this one to passwords_from."
    raise UnreadableExportError("wrong_password", what, hint=hint)


def _spellings(text: str) -> list[bytes]:
    """A password as bytes: UTF-8, and what older tools write where that differs."""
    words = [text.encode()]
    for encoding in ("latin-1", "cp437"):
        try:
            word = text.encode(encoding)
        except UnicodeEncodeError:
            continue
        if word not in words:
            words.append(word)
    return words


def _bits(info: Any) -> int:
    """Size of the check value that a password must meet before any byte is read."""
    return 16 if info.wz_aes_version is not None else 8


def _fits(path: Path, info: Any, word: bytes) -> bool:
    try:
        ZipStream(path.open("rb"), info, word).close()
    except (WrongPasswordError, DamagedMemberError):
        return False
    return True


def _reads(path: Path, info: Any, word: bytes) -> bool:
    try:
        with ZipStream(path.open("rb"), info, word) as stream:
            while stream.read(_READ_BYTES):
                pass
    except (WrongPasswordError, DamagedMemberError):
        return False
    return True
