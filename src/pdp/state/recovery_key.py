"""The recovery key: an age identity in groups that a person can read off paper.

It is a whole age identity, not a code of our own, so that the `age` command alone opens a state when this program is
long gone. Bech32 (BIP 173), which age writes it in, has a check of six characters and an alphabet without 1, B, I and
O: whoever reads one of these from paper meant L, 8, L or 0, whichever looks alike.
"""

from __future__ import annotations

from pdp.errors import StateError
from pdp.state.sealing import parse_identity

PREFIX = "AGE-SECRET-KEY-1"
CHARACTERS = 58  # 32 bytes in base 32, and the check
GROUP = 4
_MEANT = str.maketrans("OIB1", "0L8L")
_LETTERS = frozenset("QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L")


def printed(identity: str) -> str:
    """The identity for paper: its prefix, then groups of four characters with blanks between."""
    rest = identity.removeprefix(PREFIX)
    return " ".join([PREFIX, *(rest[at : at + GROUP] for at in range(0, len(rest), GROUP))])


def read(text: str) -> str:
    """The identity that somebody typed: case, blanks, dashes, O for 0, I or 1 for L and B for 8 don't matter.

    Raises:
        StateError: Too many or too few characters, one that no key has, or a slip that the check notices.
    """
    typed = "".join(letter for letter in text.upper() if letter not in "-‐‑–—_.,:;" and not letter.isspace())
    typed = typed.translate(_MEANT)
    prefix = PREFIX.replace("-", "").translate(_MEANT)
    if len(typed) > CHARACTERS:
        typed = typed.removeprefix(prefix)
    strange = sorted(set(typed) - _LETTERS)
    if strange:
        raise StateError(
            f"{len(strange)} kind(s) of character in this recovery key occur in no recovery key.",
            hint="It has letters and digits, without 1, B, I and O.",
        )
    if len(typed) != CHARACTERS:
        raise StateError(
            f"this recovery key has {len(typed)} characters; {CHARACTERS} follow {PREFIX}.",
            hint="Compare it with the paper group by group.",
        )
    try:
        return str(parse_identity(PREFIX + typed))
    except StateError:
        raise StateError(
            "this recovery key has a slip in it: its check does not fit.",
            hint="Compare it with the paper group by group; it is not known which one is wrong.",
        ) from None
