"""Sealing: everything that leaves this machine is an age file, named by a keyed hash of what is in it.

One age X25519 identity is the secret of a state. Its text (AGE-SECRET-KEY-1...) opens every blob, also with the
`age` command alone; HKDF-SHA256 of that text gives the keys of names and of MACs, so that neither says anything about
the other. Nothing is kept in the module: without a `Keys` nothing can be opened.

The bytes that `unseal` has written before it raises are genuine but cut short, so they must not be used: stage and
delete, as `unseal_file` does.
"""

from __future__ import annotations

import hmac
import io
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

import pyrage
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from pdp import store
from pdp.errors import StateError
from pdp.state.streams import BLOCK_BYTES, Reader, Tee, Writer, raise_own

FIRST_LINE = b"age-encryption.org/v1\n"
_NAMES = b"pdp state 1: names"
_MACS = b"pdp state 1: mac of "


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Keys:
    """What opens and seals one state. Says nothing about itself in repr, str or pickle.

    Args:
        _identity: The age identity's text, AGE-SECRET-KEY-1..., in capitals.
        _naming: 32 bytes, the key of blob names.
    """

    _identity: str
    _naming: bytes

    @classmethod
    def new(cls) -> Keys:
        """Fresh keys for a new state, from the system's randomness."""
        return cls.of(str(pyrage.x25519.Identity.generate()))

    @classmethod
    def of(cls, identity: str) -> Keys:
        """The keys that an age identity's text gives.

        Raises:
            StateError: It is not one; the text is not repeated.
        """
        text = str(parse_identity(identity))
        return cls(text, derived(text, _NAMES))

    def identity(self) -> str:
        """The secret itself, as text. For the keyring's slots alone."""
        return self._identity

    def name_of(self, source: Path | bytes | BinaryIO) -> str:
        """The blob name of a plaintext: 64 hex characters, HMAC-SHA256. A stream is read from where it stands."""
        digest = hmac.new(self._naming, digestmod=sha256)
        if isinstance(source, bytes):
            digest.update(source)
        elif isinstance(source, Path):
            with source.open("rb") as stream:
                _feed(stream, digest.update)
        else:
            _feed(source, digest.update)
        return digest.hexdigest()

    def mac(self, data: bytes, purpose: str = "commit") -> str:
        """64 hex characters that only a holder of the keys can make of `data`; each purpose has a key of its own."""
        return hmac.new(derived(self._identity, _MACS + purpose.encode()), data, sha256).hexdigest()

    def is_mac(self, mac: str, data: bytes, purpose: str = "commit") -> bool:
        """Whether `mac` is what `mac()` makes of `data`, compared in constant time."""
        return hmac.compare_digest(mac.encode("utf-8", "replace"), self.mac(data, purpose).encode())

    def seal(self, source: BinaryIO, target: BinaryIO) -> None:
        """Write what `source` still holds to `target` as an age file, in bounded memory.

        Raises:
            OSError: As reading or writing raised it; what `target` holds is then no whole file.
        """
        recipient = pyrage.x25519.Identity.from_str(self._identity).to_public()
        reader, writer = Reader(source), Writer(target)
        try:
            pyrage.encrypt_io(reader, writer, [recipient])
        except (pyrage.EncryptError, OSError) as error:
            raise_own(reader, writer)
            raise StateError(f"sealing failed ({type(error).__name__}).") from None
        # pyrage drops what a write raised while it flushes its last chunk and calls that success: ask the streams.
        raise_own(reader, writer)

    def unseal(self, source: BinaryIO, target: BinaryIO) -> None:
        """Write the plaintext of the age file `source` to `target`, in bounded memory.

        Raises:
            StateError: Cut short, altered, sealed with other keys, or no age file. Discard what `target` got.
            OSError: As reading or writing raised it.
        """
        reader, writer = Reader(source), Writer(target)
        try:
            pyrage.decrypt_io(reader, writer, [pyrage.x25519.Identity.from_str(self._identity)])
        except (pyrage.DecryptError, OSError) as error:
            raise_own(reader, writer)
            _refuse(str(error), reader.start or b"")
        raise_own(reader, writer)

    def seal_bytes(self, data: bytes) -> bytes:
        """`data` as an age file; another one each time."""
        target = io.BytesIO()
        self.seal(io.BytesIO(data), target)
        return target.getvalue()

    def unseal_bytes(self, data: bytes) -> bytes:
        """The plaintext of an age file; all of it or StateError."""
        target = io.BytesIO()
        self.unseal(io.BytesIO(data), target)
        return target.getvalue()

    def seal_file(self, source: Path, target: Path) -> None:
        """Seal a file into a file: staged, synced and moved, so that `target` is whole or not there."""
        with store.commit(target) as staged, source.open("rb") as plain, staged.open("wb") as sealed:
            self.seal(plain, sealed)

    def unseal_file(self, source: Path, target: Path, *, name: str | None = None) -> None:
        """Unseal a file into a file: staged beside `target`, verified to the end, then moved.

        Args:
            source: An age file.
            target: Replaced when all is well; untouched, and nothing left beside it, when not.
            name: The blob name the plaintext must have, if known: a blob put in another one's place is noticed.

        Raises:
            StateError: As `unseal`, or the plaintext has another name.
        """
        with store.commit(target) as staged:
            digest = hmac.new(self._naming, digestmod=sha256)
            with source.open("rb") as sealed, staged.open("wb") as plain:
                self.unseal(sealed, Tee(plain, digest.update))  # type: ignore[arg-type]
            if name is not None and not hmac.compare_digest(digest.hexdigest(), name):
                raise StateError(
                    "a sealed file holds something else than its name says: it was put in another one's place.",
                    hint="Fetch it again; if that does not help, this copy of the state is damaged: use another.",
                )

    def __repr__(self) -> str:
        return "Keys(hidden)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("keys are never written down: they can't be pickled or copied")


def parse_identity(text: str) -> Any:
    """An age X25519 identity from its text.

    Raises:
        StateError: It is none; the text is not repeated.
    """
    try:
        return pyrage.x25519.Identity.from_str(text.strip())
    except (pyrage.IdentityError, UnicodeError):
        raise StateError(
            "this is not an age identity: AGE-SECRET-KEY-1 and 58 more characters, of which the last six are a check.",
            hint="Copy it again, whole, on one line.",
        ) from None


def derived(identity: str, info: bytes) -> bytes:
    """32 bytes by HKDF-SHA256 (RFC 5869) of the identity's text, without salt: it is uniformly random already."""
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(identity.encode())


def _feed(stream: BinaryIO, update: Callable[[bytes], object]) -> None:
    while block := stream.read(BLOCK_BYTES):
        update(block)


def _refuse(said: str, start: bytes) -> NoReturn:
    """Say in a sentence what age says in half a one."""
    if "No matching keys" in said:
        what = "a sealed file was sealed with other keys, or was altered."
        hint = "See that the keyring and the files are of the same state; if so, fetch the file again."
    elif not FIRST_LINE.startswith(start[: len(FIRST_LINE)]):
        what = "this is not a sealed file: it does not begin as an age file does."
        hint = "Fetch it again, or see what was put in its place."
    else:
        what = "a sealed file is damaged: cut short or altered."
        hint = "Fetch it again; if that does not help, this copy of the state is damaged: use another."
    raise StateError(what, hint=hint) from None
