"""Where the secret that opens a state comes from: the environment, else a prompt. Never a file of the project.

PDP_STATE_KEY wins over PDP_STATE_PASSWORD, which wins over the prompt. A line end or a comment around a machine's key
is left out. A password is taken to the letter: blanks at its ends count, and a line end in it is refused with a
sentence, since some tools add one silently and "wrong password" would be all that one saw.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import pyrage

from pdp.errors import StateError
from pdp.state import recovery_key
from pdp.state.sealing import derived, parse_identity

_SLOT = b"pdp state 1: slot"
KEY, PASSWORD = "PDP_STATE_KEY", "PDP_STATE_PASSWORD"
LEAST_CHARACTERS = (
    14  # what guesses offline on rented hardware against argon2id can't reach; OWASP ASVS 5 asks for 8, 15
)
MOST_CHARACTERS = 1024
MOST_KEY_FILE_BYTES = 1 << 16


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class _Hidden:
    """A text that shows itself in no repr, str or pickle."""

    _text: str

    def __repr__(self) -> str:
        return f"{type(self).__name__}(hidden)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("secrets are never written down: they can't be pickled or copied")


class Password(_Hidden):
    """The owner's password, as it was typed."""

    __slots__ = ()

    def encoded(self) -> bytes:
        """The bytes the key derivation gets: RFC 8265's OpaqueString, so that macOS and Linux give the same ones.

        Every kind of blank becomes a plain space, letters are composed (NFC), the result is UTF-8.

        Raises:
            StateError: Empty, too long, not text, or with a control character such as a line end.
        """
        blanks = "".join(" " if unicodedata.category(letter) == "Zs" else letter for letter in self._text)
        text = unicodedata.normalize("NFC", blanks)
        if any(unicodedata.category(letter) == "Cc" for letter in text):
            raise StateError(
                "the password holds a control character, such as a line end.",
                hint=f"Give it without; if it comes from a file, {PASSWORD}=$(cat file) leaves the line end out.",
            )
        if not text or len(text) > MOST_CHARACTERS:
            raise StateError(
                f"the password is empty or longer than {MOST_CHARACTERS} characters.", hint="Give another."
            )
        try:
            return text.encode()
        except UnicodeEncodeError:  # it would show the password
            raise StateError("the password is not text in UTF-8.", hint="Set your terminal to UTF-8.") from None

    def check_strength(self) -> None:
        """Refuse a new password that is too short to withstand guessing.

        Raises:
            StateError: Fewer than 14 characters, or as `encoded`.
        """
        if len(self.encoded().decode()) < LEAST_CHARACTERS:
            raise StateError(
                f"the password has fewer than {LEAST_CHARACTERS} characters. Whoever gets a copy of the state can try "
                "passwords for years with nobody counting; length is what stops that, so it is the only rule.",
                hint="Four or five words that have nothing to do with one another are easy to keep in mind.",
            )


class MachineKey(_Hidden):
    """A machine's age identity."""

    __slots__ = ()

    def identity(self) -> str:
        """AGE-SECRET-KEY-1..., or StateError."""
        return str(parse_identity(self._text))


class RecoveryKey(_Hidden):
    """The printed recovery key, as somebody typed it from paper."""

    __slots__ = ()

    def identity(self) -> str:
        """AGE-SECRET-KEY-1..., or StateError."""
        return recovery_key.read(self._text)


Secret = Password | MachineKey | RecoveryKey


def from_environment(prompt: Callable[[], str] | None = None) -> Secret:
    """What opens the state on this machine.

    Args:
        prompt: Asks a person for the password; None where nobody is there.

    Raises:
        StateError: Nothing is set and nobody can be asked, or PDP_STATE_KEY is neither a key nor a file with one.
    """
    if key := os.environ.get(KEY):
        return MachineKey(_key_text(key))
    if password := os.environ.get(PASSWORD):
        return Password(password)
    if prompt is not None:
        return Password(prompt())
    raise StateError(
        "nothing here opens the state.",
        hint=f"Set {PASSWORD} to the owner's password, or {KEY} to this machine's age identity or its file's path.",
    )


def new_machine_identity() -> tuple[str, str]:
    """A key for a machine: its identity (secret, for PDP_STATE_KEY) and its recipient, for the keyring."""
    identity = str(pyrage.x25519.Identity.generate())
    return identity, recipient_of(identity)


def recipient_of(identity: str) -> str:
    """What a keyring must know of a key: its age recipient, "+", and 32 hex characters that only its holder can tell.

    With the recipient alone, which anybody reads in the keyring, a stranger could put a keyring and a state of his own
    in the place of ours, and the machine would go on to seal its data for him. The second half shows in no keyring.
    """
    return f"{parse_identity(identity).to_public()}+{derived(identity, _SLOT)[:16].hex()}"


def _key_text(value: str) -> str:
    """The identity in a variable's value or in the file it names, as `age-keygen` writes it. Never tells the value."""
    text = value if "AGE-SECRET-KEY-" in value.upper() else _content(value)
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    if len(lines) != 1:
        raise StateError(
            f"there are {len(lines)} keys in what {KEY} gives; one is needed.", hint="Leave this machine's alone in it."
        )
    return str(parse_identity(lines[0]))


def _content(path: str) -> str:
    try:
        with Path(path).expanduser().open(encoding="utf-8") as stream:
            return stream.read(MOST_KEY_FILE_BYTES)
    except (OSError, ValueError, RuntimeError):
        raise StateError(
            f"{KEY} is neither an age identity (AGE-SECRET-KEY-1...) nor the path of a file that can be read as one.",
            hint="`pdp state machine add` makes a key for a machine.",
        ) from None
